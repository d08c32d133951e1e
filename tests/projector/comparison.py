"""What the read tables should hold, by a fold of the ledger that knows no batches, and what they do hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from random import Random
from typing import Any

import orjson
import psycopg

from domain.catalogue import KINDS
from domain.productivity.task import Task
from domain.shared.errors import DomainError
from domain.shared.peers import NoPeers
from domain.shared.record import Record, attach
from infrastructure.ledger.sealing import OpenedEvent
from infrastructure.projector import rows as wire
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from projections import audit, statistics
from projections.catalogue import all_tables, view_of
from projections.table import Table
from tests.conftest import Databases


def expected_rows(store: Store) -> dict[str, list[str]]:
    """Fold the whole ledger, event by event and without any batch, into the rows every table should have."""
    records: dict[Any, tuple[int, Record]] = {}
    tables: dict[str, list[str]] = {table.name: [] for table in all_tables()}
    events: dict[tuple[Any, str], list[int]] = {}
    for bucket, head in store.engine.ledger.heads().items():
        for row in store.engine.ledger.tail(bucket, 0, head):
            opened = store.engine.sealer.open(row)
            assert isinstance(opened, OpenedEvent)
            _, record = records.get(row.record_id, (bucket, None))
            record = opened.event.mutate(record)
            attach(record, row.subject_id, NoPeers())
            records[row.record_id] = (bucket, record)
            tables[audit.TABLE.name].append(repr((row.position, row.record_id, row.topic, opened.purpose)))
            count = events.setdefault((row.subject_id, row.kind or ""), [0, 0])
            count[0] += 1
            count[1] += len(row.body or b"")
    living: dict[tuple[Any, str], list[int]] = {}
    for bucket, record in records.values():
        view = view_of(record.KIND)
        own = view.table.row(bucket, record)
        tables[view.table.table.name].append(_shown((*own[2:6], *own[9:])))
        leading = (bucket, own[1], record.id)
        for derived in view.derived if record.deleted_at is None else ():
            tables[derived.table.name] += [_shown((*leading, *row)) for row in derived.rows(record)]
        counts = living.setdefault((own[1], record.KIND), [0, 0])
        counts[record.deleted_at is not None] += 1
    tables[statistics.TABLE.name] = [
        repr((subject, kind, *living.get((subject, kind), [0, 0]), *counts))
        for (subject, kind), counts in events.items()
    ]
    return {name: sorted(rows) for name, rows in tables.items()}


def actual_rows(url: str) -> dict[str, list[str]]:
    """Read every read table, in the form of ``expected_rows``."""
    found: dict[str, list[str]] = {}
    own = {view_of(kind).table.table.name: view_of(kind).table for kind in KINDS}
    with psycopg.connect(url, options="-c TimeZone=UTC") as connection:
        wire.adapt(connection)
        for table in all_tables():
            columns = ", ".join(f'"{column.name}"' for column in table.written)
            with connection.cursor() as cursor:
                rows = cursor.execute(f"SELECT {columns} FROM read.{table.name}", binary=True).fetchall()
            found[table.name] = sorted(_form(table, row, own.get(table.name)) for row in rows)
    return found


def _form(table: Table, row: tuple[Any, ...], own: Any) -> str:
    if own is not None:
        again = own.row(row[0], own.record(row))  # through the record, so that times and sequences look alike
        return _shown((*again[2:6], *again[9:]))
    if table is audit.TABLE:
        values = dict(zip([column.name for column in table.written], row, strict=True))
        return repr((values["position"], values["record_id"], values["action"], values["purpose"]))
    if table is statistics.TABLE:
        return repr(row[1:])
    return _shown(row)


def _shown(row: Iterable[Any]) -> str:
    """Return a row as text, the same for what was written and what PostgreSQL gives back."""
    return repr([_normal(value) for value in row])


def _normal(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    return orjson.loads(value) if isinstance(value, bytes) else value


def assert_projected(store: Store, databases: Databases) -> None:
    expected, actual = expected_rows(store), actual_rows(databases.ledger)
    for name, rows in expected.items():
        if name not in {"spending", "places"}:  # sums: compared where transactions and visits are made
            assert actual[name] == rows, name


def some_commands(me: Session, seed: int = 1, count: int = 60) -> list[Any]:
    """Give commands of which some change, some trash, some follow each other on one record."""
    random = Random(seed)
    verbs: list[Callable[[Task], None]] = [Task.start, Task.complete, Task.reopen, Task.trash, Task.restore]
    made = [me.do(Task.create, title=f"task {seed} {number}").id for number in range(count // 3)]
    for _ in range(count):
        task = random.choice(made)
        for verb in random.sample(verbs, 2):
            with suppress(DomainError):  # whatever the state forbids
                me.do(verb, task)
    return made
