"""Loads the shadow from the ledger, a portion at a time, and gives its tables their indexes when all is in.

Events are read record by record, so that each record is folded once, from its first event to its last, and
becomes rows once. The tables begin empty and without indexes: nothing is fetched, nothing deleted.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
from psycopg import Connection
from psycopg_pool import ConnectionPool

from infrastructure.connections import reported
from infrastructure.errors import RebuildAborted, StatementRefused
from infrastructure.ledger.events import EventRow
from infrastructure.ledger.scan import Scan
from infrastructure.ledger.sealing import ErasureEvent, Sealer
from infrastructure.projector import rows, schema
from infrastructure.projector.fold import BatchFold, Changes
from infrastructure.projector.rebuild import shadow
from infrastructure.projector.rebuild.plan import Plan
from infrastructure.projector.rebuild.portions import Portion
from infrastructure.projector.rows import Key
from infrastructure.projector.schema import SHADOW
from projections.table import Table
from projections.view import Row

PAGE_EVENTS = 4000  # read, folded and copied at a time: what bounds the memory of a worker
WAIT = 0.05  # seconds, while others load the last portions
INDEX_MEMORY = "128MB"  # of the server, for each worker that builds indexes


class Stopped(Exception):
    """The worker was told to leave."""


class Unwritable(Exception):
    """A row was refused by PostgreSQL or psycopg."""


class Filler:
    """One worker at a shadow; any number share it, in any number of processes."""

    def __init__(self, scan: Scan, sealer: Sealer, pool: ConnectionPool[Connection[Any]], plan: Plan) -> None:
        self._scan = scan
        self._sealer = sealer
        self._pool = pool
        self._plan = plan

    def work(self, stop: threading.Event) -> None:
        """Load portions and index tables until all is done or ``stop`` is set.

        Raises RebuildAborted, Unavailable, KeyUnavailable.
        """
        while self.step(stop):
            pass

    def step(self, stop: threading.Event) -> bool:
        """Do the next piece of work, or wait for others to finish theirs; return whether there is more."""
        try:
            if self._load_one(stop):
                return True
            with at_leisure(self._pool) as connection:
                state = shadow.loaded(connection, self._plan)
            if state.events == state.of:
                return self._index_one() or bool(state.bare and not stop.wait(WAIT))
        except Stopped:
            return False
        return not stop.wait(WAIT)

    def _load_one(self, stop: threading.Event) -> bool:
        """Load a portion that nobody has; return False where there is none."""
        with at_leisure(self._pool) as connection:
            portion = shadow.lease_portion(connection, self._plan)
            if portion is None:
                return False
            try:
                with connection.transaction():
                    self._load(connection, portion, {}, stop)
            except Unwritable:
                unwritable = self._unwritable(connection, portion, stop)
                if not unwritable:
                    raise
                with connection.transaction():
                    self._load(connection, portion, unwritable, stop)
            shadow.portion_done(connection, portion)
        return True

    def _load(
        self,
        connection: Connection[Any],
        portion: Portion,
        unwritable: Mapping[Key, str],
        stop: threading.Event,
    ) -> None:
        total = Changes()
        for part in self._parts(connection, portion, unwritable, stop):
            self._copy(connection, part.inserts)
            rows.park(connection, SHADOW, part.parked)
            for table, groups in part.sums.items():
                for group, values in groups.items():
                    total.add((table, group, values), +1)
        # Last, and in one order everywhere: groups are shared, and their rows locked until the commit.
        for table, sums in sorted(total.sums.items(), key=lambda item: item[0].name):
            amounts = [(*group, *values) for group, values in sorted(sums.items(), key=repr) if any(values)]
            rows.add(connection, SHADOW, table, amounts)

    def _parts(
        self,
        connection: Connection[Any],
        portion: Portion,
        unwritable: Mapping[Key, str],
        stop: threading.Event,
    ) -> Iterator[Changes]:
        """Yield what the events of a portion come to; a record's rows are in the part its stream ends in."""
        fold = BatchFold([], set(), unwritable)
        reach = reached(connection, SHADOW)
        erasures = self._erasures(portion, reach)
        for page in self._scan.read(portion.stretch, reach, PAGE_EVENTS):
            if stop.is_set():
                raise Stopped
            events = [row for row in self._concerned(page) if _is_left_by(erasures, row)]
            self._sealer.preload(events)
            for row in events:
                fold.take(row, self._sealer.open)
            yield self._plan.restricted(fold.part((page[-1].bucket, page[-1].record_id)))
        yield self._plan.restricted(fold.finish())

    def _erasures(self, portion: Portion, reach: Mapping[int, int]) -> list[ErasureEvent]:
        """Return what was erased of a portion: read by record, its events come before the erasure and behind it."""
        heads = {bucket: reach[bucket] for bucket, *_ in portion.stretch.parts(sorted(reach))}
        opened = map(self._sealer.open, self._scan.erasures(heads))
        return [each for each in opened if isinstance(each, ErasureEvent)]

    def _concerned(self, page: Sequence[EventRow]) -> list[EventRow]:
        """Return the events that the plan asks for: of its kinds, and of no record after its moment."""
        moment = self._plan.as_of
        events = list(page) if self._plan.whole else [row for row in page if self._plan.concerns(row)]
        if moment is None or all(row.recorded_at is not None and row.recorded_at <= moment for row in events):
            return events
        records: dict[int, set[UUID]] = defaultdict(set)
        for row in events:
            records[row.bucket].add(row.record_id)
        last = {
            (bucket, record): version
            for bucket, each in records.items()
            for record, version in self._scan.last_versions(bucket, sorted(each), moment).items()
        }
        return [row for row in events if row.version <= last.get((row.bucket, row.record_id), 0)]

    def _copy(self, connection: Connection[Any], inserts: Mapping[Table, Sequence[Row]]) -> None:
        try:
            for table, values in inserts.items():
                rows.insert(connection, SHADOW, table, rows.pack(connection, table, values))
        except psycopg.OperationalError:
            raise
        except Exception as error:
            raise Unwritable from error

    def _unwritable(
        self, connection: Connection[Any], portion: Portion, stop: threading.Event
    ) -> dict[Key, str]:
        """Find the records whose rows cannot be written, by writing each alone and taking it back."""
        found: dict[Key, str] = {}
        for part in self._parts(connection, portion, {}, stop):
            if _refused(connection, part.inserts) is None:
                continue
            for key, inserts in _by_record(part).items():
                reason = _refused(connection, inserts)
                if reason is not None:
                    found[key] = reason
        return found

    def _index_one(self) -> bool:
        """Give a table its key, indexes and statistics; return False where none is left to take."""
        with at_leisure(self._pool) as connection:
            table = shadow.lease_bare(connection, self._plan)
            if table is None:
                return False
            connection.execute("SELECT set_config('maintenance_work_mem', %s, true)", (INDEX_MEMORY,))
            connection.execute("SET LOCAL max_parallel_maintenance_workers = 0")  # the workers are parallel
            schema.complete(connection, SHADOW, table)
            rows.analyse(connection, SHADOW, table)
            shadow.bare_done(connection, table)
        return True


_GONE = (psycopg.errors.UndefinedTable.sqlstate, psycopg.errors.InvalidSchemaName.sqlstate)


@contextmanager
def at_leisure(pool: ConnectionPool[Connection[Any]]) -> Iterator[Connection[Any]]:
    """Run one transaction of whatever length on read tables; raises RebuildAborted, Unavailable."""
    with dropped_is_aborted(), reported(), pool.connection() as connection:
        connection.execute("SET LOCAL statement_timeout = 0")
        connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield connection


@contextmanager
def dropped_is_aborted() -> Iterator[None]:
    """Raise RebuildAborted where the shadow is gone."""
    try:
        yield
    except StatementRefused as error:
        if error.sqlstate not in _GONE:
            raise
        raise RebuildAborted from None


def reached(connection: Connection[Any], name: str) -> dict[int, int]:
    """Return the positions that the tables of a schema have reached, of all buckets with events."""
    statement = psycopg.sql.SQL("SELECT bucket, position FROM {}.checkpoints WHERE position > 0")
    return dict(connection.execute(statement.format(psycopg.sql.Identifier(name))).fetchall())


def _refused(connection: Connection[Any], inserts: Mapping[Table, Sequence[Row]]) -> str | None:
    """Return the class of the error that rows are refused with, None where they can be written."""
    try:
        with connection.transaction(force_rollback=True):
            for table, values in inserts.items():
                rows.insert(connection, SHADOW, table, rows.pack(connection, table, values))
    except psycopg.OperationalError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a value can cause concerns its record only
        return type(error).__name__
    return None


def _by_record(part: Changes) -> dict[Key, dict[Table, list[Row]]]:
    """Return the rows of each record."""
    found: dict[Key, dict[Table, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for table, values in part.inserts.items():
        place = rows.record_place(table)
        for row in values:
            found[row[0], row[place]][table].append(row)
    return found


def _is_left_by(erasures: Iterable[ErasureEvent], row: EventRow) -> bool:
    """Return whether an event is there to be projected: neither compacted nor erased nor left to a hold."""
    return row.body is not None and not any(
        each.row.subject_id == row.subject_id and each.scope.withdraws(row) for each in erasures
    )
