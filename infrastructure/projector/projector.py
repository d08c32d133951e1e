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
from typing import Any, Protocol
from uuid import UUID

import psycopg
from psycopg import Connection
from psycopg_pool import ConnectionPool

from domain.shared.errors import LifeledgerError
from domain.shared.record import Record
from infrastructure.connections import reported
from infrastructure.errors import CorruptEvent
from infrastructure.ledger.erasure_events import is_erasure
from infrastructure.ledger.events import EventRow
from infrastructure.ledger.sealing import ErasureEvent, Sealer
from infrastructure.logs import log
from infrastructure.projector import editions, purge
from infrastructure.projector.fold import BatchFold, Changes
from infrastructure.projector.rows import Key
from infrastructure.projector.schema import SCHEMA, refill_checkpoints
from infrastructure.projector.tables import Parked, ReadTables, packed_rows
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
class Progress:
    """What one pass did."""

    events: int
    buckets: int


_NOTHING = Progress(0, 0)


@dataclass(frozen=True, slots=True)
class _Folded:
    """A batch with what it changes: whichever thread has it may write it."""

    connection: Connection[Any]
    leased: bool
    """Whether its checkpoints are locked; else it was folded ahead, while the batch before it was being written."""
    begun: Mapping[int, int]
    reached: Mapping[int, int]
    """The positions of its buckets before it and after."""
    events: int
    batch: Sequence[EventRow]
    """The events of the batch but for those that an erasure of the same batch takes."""
    purges: Sequence[purge.Purge]
    changes: Changes
    packed: Mapping[Table, bytes] | None
    """The rows to insert as they are sent; None where one of them cannot be."""

    @property
    def can_be_followed(self) -> bool:
        """Whether how its records will stand in the tables is known before it is written."""
        return self.packed is not None and not self.purges


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
        self._tables = ReadTables(schema)

    def run_once(self) -> Progress:
        """Project one batch of the buckets that lag; raises Unavailable, KeyUnavailable."""
        with ExitStack() as lease:
            folded = self._fold_next(lease)
            return self._store(folded) if folded is not None else _NOTHING

    def run_until_idle(self, stopping: Callable[[], bool] = lambda: False) -> int:
        """Project until nothing lags that another worker does not hold; return the number of events.

        While PostgreSQL writes a batch, the next one is folded: of other buckets, under a lease of its own, or else
        of the same ones, ahead of their lease. Once ``stopping`` says so, what has begun is finished and nothing
        else begun. Raises as ``run_once``.
        """
        total = 0
        folded: _Folded | None = None
        writing: Future[Progress] | None = None
        with ThreadPoolExecutor(1, "projector") as writer:
            while True:
                with ExitStack() as lease:
                    folded = None if stopping() else self._fold_next(lease, folded)
                    done = writing.result() if writing is not None else _NOTHING
                    if folded is None and not done.events:
                        return total
                    total += done.events
                    if folded is not None and not folded.leased and not self._take_up(folded):
                        folded = None
                    writing = writer.submit(self._release_stored, folded, lease.pop_all()) if folded else None

    def lag(self) -> int:
        """Return how many events the read tables are behind the ledger."""
        heads = self._ledger.heads()
        with self._pool.connection() as connection:
            known = self._known(connection)
        return sum(max(0, head - known.get(bucket, 0)) for bucket, head in heads.items())

    def parked(self) -> list[Parked]:
        """Return the records that wait for a fix, oldest first."""
        with self._pool.connection() as connection:
            return self._tables.parked(connection)

    def zone_data(self) -> str:
        """Return the version of the time zone data by which the tables tell local times in UTC."""
        with self._pool.connection() as connection:
            return editions.zones_of(connection, self._tables.schema)

    def retry(self, parked: Parked) -> bool:
        """Fold a parked record anew from its first event; return whether that worked."""
        key = (parked.bucket, parked.record_id)
        with self._pool.connection() as connection:
            reached = self._tables.lease(connection, [parked.bucket], 1).get(parked.bucket)
            if reached is None:
                return False
            stream = self._ledger.stream(parked.subject_id, parked.record_id)
            events = [row for row in stream if row.position <= reached]
            purges = self._purges(connection, events)
            fold = BatchFold(self._tables.records(connection, [(key, parked.kind or "")]), set())
            changes = fold.refold(events, self._sealer.open)
            if changes.parked:
                return False
            self._tables.unpark(connection, key)
            with self._caches.changing(changes.touched.union(*(each.touched for each in purges))):
                self._purge(connection, purges)
                self._tables.write(connection, changes)
                connection.commit()
            return True

    def _fold_next(self, lease: ExitStack, writing: _Folded | None = None) -> _Folded | None:
        """Fold a batch of buckets that lag, whose checkpoints stay locked until ``lease`` ends; None where none lag.

        Where there are no others, go on with the buckets of ``writing``, from where its batch will leave them. Having
        asked for a lease, even in vain, keeps a swap of the tables away until the transaction ends.
        """
        heads = self._ledger.heads()
        lease.enter_context(reported())
        connection = lease.enter_context(self._pool.connection())
        begun, last = self._leased(connection, heads), None
        if not begun and writing is not None and writing.can_be_followed:
            begun, last = _behind(heads, writing.reached), writing.changes
        each = max(BATCH_EVENTS // max(len(begun), 1), 1)
        batch = self._ledger.tails(begun, each) if begun else []
        if not batch:
            return None
        reached = _contiguous(batch, begun)
        purges = self._purges(connection, batch)
        if last is not None and purges:  # they look into the tables, which are not there yet
            return None
        left = _left_by(purges, batch)
        self._sealer.preload(left)
        changes = self._fold(connection, left, {}, last)
        packed = None
        # A row that psycopg cannot take is found, and its record parked, when the batch is written.
        with contextlib.suppress(Exception):
            packed = packed_rows(connection, changes)
        return _Folded(connection, last is None, begun, reached, len(batch), left, purges, changes, packed)

    def _leased(self, connection: Connection[Any], heads: Mapping[int, int]) -> dict[int, int]:
        """Lock checkpoints of buckets that lag and that nobody else works on; return their positions."""
        known = self._known(connection)
        if not known:  # a crash of PostgreSQL has emptied the unlogged tables, checkpoints included
            refill_checkpoints(connection, self._schema)
            connection.commit()
        lags = {bucket: head - known.get(bucket, 0) for bucket, head in heads.items()}
        lagging = [bucket for bucket, lag in lags.items() if lag > 0]
        # Where there is more than one batch to do, half of the buckets are left to the next, folded meanwhile.
        share = -(-len(lagging) // 2) if sum(lags.values()) > BATCH_EVENTS else len(lagging)
        return self._tables.lease(connection, lagging, min(share, BATCH_BUCKETS)) if lagging else {}

    def _take_up(self, folded: _Folded) -> bool:
        """Lock the checkpoints of a batch folded ahead; return whether the tables are what it was folded for.

        Whoever changes what they hold of a bucket has its lease, and moves its checkpoint or the record out of those
        parked.
        """
        connection, begun = folded.connection, folded.begun
        leased = self._tables.lease(connection, list(begun), len(begun))
        return leased == begun and self._tables.parked_in(connection, begun) == folded.changes.passed_over

    def _store(self, folded: _Folded) -> Progress:
        """Write what a batch changes, and how far it reaches, in one transaction."""
        connection, purges = folded.connection, folded.purges
        with self._caches.changing(folded.changes.touched.union(*(each.touched for each in purges))):
            self._purge(connection, purges)
            changes = self._written(connection, folded.batch, folded.changes, folded.packed)
            self._tables.advance(connection, folded.reached)
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
                self._tables.write(connection, changes, packed)
        except psycopg.OperationalError:
            raise
        except Exception:  # noqa: BLE001 - a row that PostgreSQL or psycopg cannot take
            changes = self._fold(connection, batch, self._unwritable(connection, batch))
            self._tables.write(connection, changes)
        return changes

    def _fold(
        self,
        connection: Connection[Any],
        batch: Sequence[EventRow],
        unwritable: Mapping[Key, str],
        last: Changes | None = None,
    ) -> Changes:
        """Return what a batch changes; records known to be unwritable are parked.

        ``last`` are the changes of the batch before where they are not in the tables yet.
        """
        begun = {(row.bucket, row.record_id) for row in batch if row.version == 1}
        going_on = {(row.bucket, row.record_id): row.kind or "" for row in batch if row.version > 1}
        for key in begun:
            going_on.pop(key, None)
        parked = self._tables.parked_in(connection, {row.bucket for row in batch})
        found: list[tuple[int, Record]] = []
        if last is not None:
            parked |= {(row.bucket, row.record_id) for row, _ in last.parked}
            for key in going_on.keys() & last.records.keys():
                del going_on[key]
                record = last.records[key]
                found += [] if record is None else [(key[0], record)]
        found += self._tables.records(connection, going_on.items())
        fold = BatchFold(found, parked, unwritable)
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
                    self._tables.write(connection, self._fold(connection, events, {}))
            except psycopg.OperationalError:
                raise
            except Exception as error:  # noqa: BLE001 - see _written
                found[key] = type(error).__name__
        return found

    def _known(self, connection: Connection[Any]) -> dict[int, int]:
        return self._tables.positions(connection)


def _behind(heads: Mapping[int, int], reached: Mapping[int, int]) -> dict[int, int]:
    """Return those positions that are not the heads of their buckets."""
    return {bucket: position for bucket, position in reached.items() if heads[bucket] > position}


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
