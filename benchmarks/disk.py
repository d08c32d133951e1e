"""Bytes on disk per event, indexes and all: the ledger, the read models and the peer, against the JSON itself."""

from __future__ import annotations

from itertools import count
from typing import Any

from psycopg import Connection, sql

from benchmarks import payload, peer
from benchmarks.bench import Bench, Beside, Figure
from benchmarks.commands import create
from domain.productivity.task import Task
from domain.shared.record import Origin
from domain.shared.values import new_id
from infrastructure.ledger.codec import encode_event
from infrastructure.projector.schema import SCHEMA
from infrastructure.store.session import call

SINGLE = 2000
BATCHED = 20_000
CHUNK = 500
JSON = "the JSON itself"


def run(bench: Bench) -> list[Figure]:
    size = _json_bytes()
    single, batched = bench.count(SINGLE), bench.count(BATCHED)
    with bench.connect("ledger") as connection:
        me, numbers = bench.person(), count()
        before = _bytes(connection, "ledger")
        create(me, numbers, single)
        one_by_one = _bytes(connection, "ledger") - before
        events_only = _bytes(connection, "ledger", "events") / (single + 1)
        bench.store.catch_up()
        before, read_before = _bytes(connection, "ledger"), _bytes(connection, SCHEMA)
        for start in range(0, batched, CHUNK):
            tasks = [payload.task(next(numbers)) for _ in range(min(CHUNK, batched - start))]
            me.do_all([call(Task.create, **each) for each in tasks])
        together = _bytes(connection, "ledger") - before
        bench.store.catch_up()
        read = _bytes(connection, SCHEMA) - read_before
    library = _library(bench, batched)
    return [
        _figure("ledger, a command each", one_by_one / single, size, None),
        _figure("ledger, a command each, events table alone", events_only, size, None),
        _figure("ledger, 500 to a command", together / batched, size, 1.5),
        _figure("read models", read / batched, size, None),
        _figure(f"{peer.NAME}, 100 a save", library / batched, size, None),
    ]


def _figure(name: str, found: float, size: int, goal: float | None) -> Figure:
    return Figure(f"bytes of an event: {name}", found, "bytes", beside=(Beside(JSON, size, goal),))


def _json_bytes() -> int:
    task = Task.create(Origin(new_id()), **payload.task(1))
    (event,) = task.collect_events()
    return len(encode_event(event, "benchmark"))  # type: ignore[arg-type]  # ours are


def _library(bench: Bench, events: int) -> int:
    with bench.connect(peer.DATABASE) as connection:
        other = peer.Peer(peer.environment(bench.servers.postgres_url(peer.DATABASE)))
        before = _bytes(connection, "public")
        other.save_batches(events)
        other.close()
        return _bytes(connection, "public") - before


def _bytes(connection: Connection[Any], schema: str, table: str | None = None) -> int:
    """Return the size of tables with their indexes and TOAST, as they lie there: nothing is compacted before."""
    row = connection.execute(
        sql.SQL(
            "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = %s::regnamespace AND (%s::text IS NULL OR relname = %s)"
        ),
        (schema, table, table),
    ).fetchone()
    return int(row[0]) if row else 0
