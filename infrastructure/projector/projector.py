"""Takes the events of buckets that lag behind and brings the read tables up to them, exactly once.

The checkpoint row of a bucket is its lease: locked for the length of a batch, released by commit or crash.
Effects and checkpoint are one transaction, so an event is in the tables once or not yet.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString, Protocol
from uuid import UUID

import psycopg
from psycopg import Connection, sql
from psycopg.rows import class_row
from psycopg_pool import ConnectionPool

from domain.catalogue import KINDS
from domain.shared.errors import LifeledgerError
from domain.shared.record import Record
from infrastructure.connections import reported
from infrastructure.errors import CorruptEvent
from infrastructure.ledger.erasure_events import is_erasure
from infrastructure.ledger.events import EventRow
from infrastructure.ledger.sealing import ErasureEvent, Sealer
from infrastructure.logs import log
from infrastructure.projector import purge, rows
from infrastructure.projector.fold import BatchFold, Changes
from infrastructure.projector.rows import Key
from infrastructure.projector.schema import SCHEMA, refill_checkpoints
from projections.catalogue import view_of
from projections.table import Table

BATCH_EVENTS = 2000
BATCH_BUCKETS = 64


class GapInBucket(LifeledgerError):
    """The positions of a bucket are not dense: events are missing."""


class Events(Protocol):
    """Where a projector takes events from: the ledger, or as much of it as shall be projected."""

    def heads(self) -> dict[int, int]:
        """Return the position of every bucket that has events."""
        ...

    def tails(self, after: Mapping[int, int], limit: int) -> list[EventRow]:
        """Return up to ``limit`` events of each of several buckets past their positions, in order."""
        ...

    def stream(self, subject_id: UUID, record_id: UUID) -> list[EventRow]:
        """Return the events of a record, in order."""
        ...


class Caches(Protocol):
    """Whoever keeps answers: told around the commit that changes what they would be."""

    def changing(self, touched: Iterable[tuple[UUID, str]]) -> AbstractContextManager[None]:
        """Serve no kept answer of these (subject, kind) inside the block, and none made before its end."""
        ...


@dataclass(frozen=True, slots=True)
class Parked:
    """A record whose events a projection could not take, from ``position`` on."""

    bucket: int
    subject_id: UUID
    record_id: UUID
    kind: str | None
    position: int
    reason: str
    parked_at: datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """What one pass did."""

    events: int
    buckets: int


_NOTHING = Progress(0, 0)


@dataclass(frozen=True, slots=True)
class _Folded:
    """A batch under its lease, with what it changes: whichever thread has it may write it."""

    connection: Connection[Any]
    events: int
    batch: Sequence[EventRow]
    """The events of the batch but for those that an erasure of the same batch takes."""
    reached: Mapping[int, int]
    purges: Sequence[purge.Purge]
    changes: Changes
    packed: Mapping[Table, bytes] | None
    """The rows to insert as they are sent; None where one of them cannot be."""


class Projector:
    """Projects batches into one set of read tables. One per worker process or thread."""

    def __init__(
        self,
        ledger: Events,
        sealer: Sealer,
        pool: ConnectionPool[Connection[Any]],
        caches: Caches,
        *,
        schema: str = SCHEMA,
    ) -> None:
        self._ledger = ledger
        self._sealer = sealer
        self._pool = pool
        self._caches = caches
        self._schema = schema

    def run_once(self) -> Progress:
        """Project one batch of the buckets that lag; raises Unavailable, KeyUnavailable."""
        with ExitStack() as lease:
            folded = self._fold_next(lease)
            return self._store(folded) if folded is not None else _NOTHING

    def run_until_idle(self, stopping: Callable[[], bool] = lambda: False) -> int:
        """Project until nothing lags that another worker does not hold; return the number of events.

        While PostgreSQL writes a batch, the next one is folded: of other buckets, under a lease of its own. Once
        ``stopping`` says so, what has begun is finished and nothing else begun. Raises as ``run_once``.
        """
        total = 0
        with ThreadPoolExecutor(1, "projector") as writer:
            writing: Future[Progress] | None = None
            while True:
                with ExitStack() as lease:
                    folded = None if stopping() else self._fold_next(lease)
                    done = writing.result() if writing is not None else _NOTHING
                    if folded is None and not done.events:
                        return total
                    total += done.events
                    writing = writer.submit(self._release_stored, folded, lease.pop_all()) if folded else None

    def lag(self) -> int:
        """Return how many events the read tables are behind the ledger."""
        heads = self._ledger.heads()
        with self._pool.connection() as connection:
            known = self._known(connection)
        return sum(max(0, head - known.get(bucket, 0)) for bucket, head in heads.items())

    def parked(self) -> list[Parked]:
        """Return the records that wait for a fix, oldest first."""
        with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(Parked)) as cursor,
        ):
            return cursor.execute(
                self._sql(
                    "SELECT bucket, subject_id, record_id, kind, position, reason, parked_at"
                    " FROM {schema}.parked ORDER BY parked_at"
                )
            ).fetchall()

    def retry(self, parked: Parked) -> bool:
        """Fold a parked record anew from its first event; return whether that worked."""
        key = (parked.bucket, parked.record_id)
        with self._pool.connection() as connection:
            reached = self._lease(connection, [parked.bucket], 1).get(parked.bucket)
            if reached is None:
                return False
            stream = self._ledger.stream(parked.subject_id, parked.record_id)
            events = [row for row in stream if row.position <= reached]
            purges = self._purges(connection, events)
            fold = BatchFold(self._found(connection, [(key, parked.kind or "")]), set())
            changes = fold.refold(events, self._sealer.open)
            if changes.parked:
                return False
            connection.execute(
                self._sql("DELETE FROM {schema}.parked WHERE bucket = %s AND record_id = %s"), key
            )
            with self._caches.changing(changes.touched.union(*(each.touched for each in purges))):
                self._purge(connection, purges)
                self._write(connection, changes)
                connection.commit()
            return True

    def _fold_next(self, lease: ExitStack) -> _Folded | None:
        """Fold a batch of buckets that lag, whose checkpoints stay locked until ``lease`` ends; None where none lag."""
        heads = self._ledger.heads()
        lease.enter_context(reported())
        connection = lease.enter_context(self._pool.connection())
        known = self._known(connection)
        if not known:  # a crash of PostgreSQL has emptied the unlogged tables, checkpoints included
            refill_checkpoints(connection, self._schema)
            connection.commit()
        lags = {bucket: head - known.get(bucket, 0) for bucket, head in heads.items()}
        lagging = [bucket for bucket, lag in lags.items() if lag > 0]
        # Where there is more than one batch to do, half of the buckets are left to the next, folded meanwhile.
        share = -(-len(lagging) // 2) if sum(lags.values()) > BATCH_EVENTS else len(lagging)
        checkpoints = self._lease(connection, lagging, min(share, BATCH_BUCKETS)) if lagging else {}
        each = max(BATCH_EVENTS // max(len(checkpoints), 1), 1)
        batch = self._ledger.tails(checkpoints, each) if checkpoints else []
        if not batch:
            return None
        reached = _contiguous(batch, checkpoints)
        purges = self._purges(connection, batch)
        left = _left_by(purges, batch)
        self._sealer.preload(left)
        changes = self._fold(connection, left, {})
        packed = None
        # A row that psycopg cannot take is found, and its record parked, when the batch is written.
        with contextlib.suppress(Exception):
            packed = _packed(connection, changes)
        return _Folded(connection, len(batch), left, reached, purges, changes, packed)

    def _store(self, folded: _Folded) -> Progress:
        """Write what a batch changes, and how far it reaches, in one transaction."""
        connection, purges = folded.connection, folded.purges
        with self._caches.changing(folded.changes.touched.union(*(each.touched for each in purges))):
            self._purge(connection, purges)
            changes = self._written(connection, folded.batch, folded.changes, folded.packed)
            self._advance(connection, folded.reached)
            connection.commit()
        for row, reason in changes.parked:
            log().warning("parked", record_id=str(row.record_id), position=row.position, reason=reason)
        return Progress(folded.events, len(folded.reached))

    def _release_stored(self, folded: _Folded, lease: ExitStack) -> Progress:
        with lease:
            return self._store(folded)

    def _purges(self, connection: Connection[Any], batch: Iterable[EventRow]) -> list[purge.Purge]:
        """Return what the erasures of a batch take from the tables; one that cannot be read is parked later."""
        purges = []
        for row in filter(is_erasure, batch):
            with contextlib.suppress(CorruptEvent):
                opened = self._sealer.open(row)
                if isinstance(opened, ErasureEvent):
                    purges.append(purge.plan(connection, self._schema, opened))
        return purges

    def _purge(self, connection: Connection[Any], purges: Iterable[purge.Purge]) -> None:
        for each in purges:
            purge.carry_out(connection, self._schema, each)

    def _written(
        self,
        connection: Connection[Any],
        batch: Sequence[EventRow],
        changes: Changes,
        packed: Mapping[Table, bytes] | None = None,
    ) -> Changes:
        """Write what a batch changes; where a row cannot be written, its record is parked and the rest is."""
        try:
            with connection.transaction():
                self._write(connection, changes, packed)
        except psycopg.OperationalError:
            raise
        except Exception:  # noqa: BLE001 - a row that PostgreSQL or psycopg cannot take
            changes = self._fold(connection, batch, self._unwritable(connection, batch))
            self._write(connection, changes)
        return changes

    def _fold(
        self, connection: Connection[Any], batch: Sequence[EventRow], unwritable: Mapping[Key, str]
    ) -> Changes:
        """Return what a batch changes; records known to be unwritable are parked."""
        begun = {(row.bucket, row.record_id) for row in batch if row.version == 1}
        going_on = {(row.bucket, row.record_id): row.kind or "" for row in batch if row.version > 1}
        for key in begun:
            going_on.pop(key, None)
        found = self._found(connection, going_on.items())
        fold = BatchFold(found, self._parked_in(connection, {row.bucket for row in batch}), unwritable)
        for row in batch:
            fold.take(row, self._sealer.open)
        return fold.finish()

    def _unwritable(self, connection: Connection[Any], batch: Sequence[EventRow]) -> dict[Key, str]:
        """Find the records whose rows cannot be written, by writing each alone and taking it back."""
        by_record: dict[Key, list[EventRow]] = defaultdict(list)
        for row in batch:
            by_record[row.bucket, row.record_id].append(row)
        found: dict[Key, str] = {}
        for key, events in by_record.items():
            try:
                with connection.transaction(force_rollback=True):
                    self._write(connection, self._fold(connection, events, {}))
            except psycopg.OperationalError:
                raise
            except Exception as error:  # noqa: BLE001 - see _project
                found[key] = type(error).__name__
        return found

    def _known(self, connection: Connection[Any]) -> dict[int, int]:
        return dict(
            connection.execute(self._sql("SELECT bucket, position FROM {schema}.checkpoints")).fetchall()
        )

    def _lease(self, connection: Connection[Any], buckets: Sequence[int], most: int) -> dict[int, int]:
        """Lock the checkpoints of some buckets, past those that another batch has; return their positions."""
        statement = self._sql(
            "SELECT bucket, position FROM {schema}.checkpoints WHERE bucket = ANY(%s)"
            " LIMIT %s FOR UPDATE SKIP LOCKED"
        )
        return dict(connection.execute(statement, (list(buckets), most)).fetchall())

    def _found(
        self, connection: Connection[Any], wanted: Iterable[tuple[Key, str]]
    ) -> list[tuple[int, Record]]:
        """Return the records that the tables hold of those wanted, each with its bucket."""
        by_kind: dict[str, list[Key]] = defaultdict(list)
        for key, kind in wanted:
            by_kind[kind].append(key)
        found: list[tuple[int, Record]] = []
        for kind, keys in by_kind.items():
            if kind in KINDS:
                table = view_of(kind).table
                found += [
                    (row[0], table.record(row))
                    for row in rows.fetch(connection, self._schema, table.table, keys)
                ]
        return found

    def _parked_in(self, connection: Connection[Any], buckets: Iterable[int]) -> set[Key]:
        statement = self._sql("SELECT bucket, record_id FROM {schema}.parked WHERE bucket = ANY(%s)")
        return set(connection.execute(statement, (sorted(buckets),)).fetchall())

    def _write(
        self, connection: Connection[Any], changes: Changes, packed: Mapping[Table, bytes] | None = None
    ) -> None:
        for table, keys in changes.deletes.items():
            rows.delete(connection, self._schema, table, keys)
        for table, ready in (_packed(connection, changes) if packed is None else packed).items():
            rows.insert(connection, self._schema, table, ready)
        for table, sums in changes.sums.items():
            amounts = [(*group, *values) for group, values in sorted(sums.items(), key=repr) if any(values)]
            rows.add(connection, self._schema, table, amounts)
            fallen = [group for group, values in sums.items() if any(value < 0 for value in values)]
            rows.drop_empty(connection, self._schema, table, fallen)
        rows.park(connection, self._schema, changes.parked)

    def _advance(self, connection: Connection[Any], reached: Mapping[int, int]) -> None:
        connection.execute(
            self._sql(
                "UPDATE {schema}.checkpoints AS c SET position = n.position"
                " FROM unnest(%s::int2[], %s::int8[]) AS n (bucket, position) WHERE c.bucket = n.bucket"
            ),
            (list(reached), list(reached.values())),
        )

    def _sql(self, text: LiteralString) -> sql.Composed:
        return sql.SQL(text).format(schema=sql.Identifier(self._schema))


def _packed(connection: Connection[Any], changes: Changes) -> dict[Table, bytes]:
    return {
        table: rows.pack(connection, table, values) for table, values in changes.inserts.items() if values
    }


def _left_by(purges: Sequence[purge.Purge], batch: Sequence[EventRow]) -> list[EventRow]:
    """Return the events of a batch that are to be projected: neither compacted nor erased within the batch.

    Whether before or after the erasure makes no difference: no key and no record it names is used again.
    """
    return [row for row in batch if row.body is not None and not any(each.takes(row) for each in purges)]


def _contiguous(batch: Iterable[EventRow], checkpoints: dict[int, int]) -> dict[int, int]:
    """Return how far a batch reaches in each bucket; raises GapInBucket unless it starts and goes on densely."""
    reached = dict(checkpoints)
    for row in batch:
        if row.position != reached[row.bucket] + 1:
            raise GapInBucket
        reached[row.bucket] = row.position
    return reached
