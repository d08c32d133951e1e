"""Workers into all read models: new records, of many people or one, and records whose events lie far apart."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from psycopg import Connection, sql

from benchmarks import peer
from benchmarks.bench import Bench, Beside, Figure, in_turns
from benchmarks.crew import Crew
from benchmarks.history import fill_people
from infrastructure.bootstrap import open_store
from infrastructure.interpreter import switch_sooner
from infrastructure.ledger.ledger import Ledger
from infrastructure.projector import rows, schema
from infrastructure.settings import Settings
from projections.catalogue import all_tables

EVENTS = 20_000
PEOPLE = 100
PEER_EVENTS = 2000
BARE = "bare_read"
CHUNK = 2000
LIMIT = "reading the events + COPY of the rows"


def run(bench: Bench) -> list[Figure]:
    bench.store.catch_up()
    figures = []
    for name, people, events_each, spread in (
        ("new records", PEOPLE, 1, False),
        ("new records of one person", 1, 1, False),
        ("events far apart", PEOPLE, 4, True),
    ):
        begun = bench.store.engine.ledger.heads()
        records = max(bench.count(EVENTS) // people // events_each, 1)
        fill_people(bench.store.engine, people, records, events_each, spread=spread)
        figures += _pattern(bench, name, people * records * events_each, begun)
    return figures


def _pattern(bench: Bench, name: str, events: int, begun: dict[int, int]) -> list[Figure]:
    def afresh() -> None:
        start_again(bench, begun)

    afresh()
    bench.store.catch_up()
    peer_events = bench.count(PEER_EVENTS)
    with (
        bench.connect("ledger") as connection,
        Crew(projecting, [(bench.settings,)]) as one_worker,
        Crew(projecting, [(bench.settings,)] * 2) as two_workers,
    ):
        works: list[tuple[int, Callable[[], object]]] = [
            (events, one_worker),
            (events, two_workers),
            (events, _limit(bench, connection, begun)),
            (peer_events, _library(bench, peer_events)),
        ]
        one, two, bare, library = in_turns(works, rounds=bench.rounds, between=afresh)
    beside = (Beside(LIMIT, bare), Beside(f"{peer.NAME} runner, 1 table", library, 15.0))
    return [
        Figure(f"projection, {name}, 1 worker", one, "events/s", 12_000, beside=beside),
        Figure(f"projection, {name}, 2 workers", two, "events/s", beside=(Beside("1 worker", one, 1.6),)),
    ]


def projecting(resources: ExitStack, settings: Settings) -> Callable[[], object]:
    """Set up a member of a crew that projects until nothing lags, also what another member still holds."""
    store = resources.enter_context(open_store(settings))
    switch_sooner()  # as workers do

    def until_done() -> None:
        while store.engine.projector.lag():
            if not store.catch_up():
                time.sleep(0.001)

    return until_done


def start_again(bench: Bench, begun: dict[int, int]) -> None:
    """Empty the read tables and put the checkpoints where they were before the events that are measured."""
    names = (*(table.name for table in all_tables()), schema.PARKED)
    with bench.connect("ledger") as connection:
        for name in names:
            connection.execute(sql.SQL("TRUNCATE {}").format(sql.Identifier(schema.SCHEMA, name)))
        connection.execute(
            "UPDATE read.checkpoints AS c SET position = coalesce(n.position, 0)"
            " FROM (SELECT b AS bucket, (%s::jsonb ->> b::text)::bigint AS position"
            "       FROM generate_series(0, 1023) AS b) AS n WHERE c.bucket = n.bucket",
            (_json(begun),),
        )


def _json(begun: dict[int, int]) -> str:
    return "{" + ", ".join(f'"{bucket}": {position}' for bucket, position in begun.items()) + "}"


def _limit(bench: Bench, connection: Connection[Any], begun: dict[int, int]) -> Callable[[], object]:
    """Return the work of reading the events and copying finished rows into tables like ours."""
    ledger: Ledger = bench.store.engine.ledger
    after = {bucket: begun.get(bucket, 0) for bucket in ledger.heads()}
    rows.adapt(connection)
    schema.drop(connection, BARE)
    schema.create(connection, BARE, logged=False)
    filled = {}
    for table in all_tables():
        columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.written)
        statement = sql.SQL("SELECT {} FROM {}").format(columns, sql.Identifier(schema.SCHEMA, table.name))
        found = connection.execute(statement, binary=True).fetchall()
        if found:
            filled[table] = found

    def work() -> None:
        connection.execute(
            sql.SQL("TRUNCATE {}").format(
                sql.SQL(", ").join(sql.Identifier(BARE, table.name) for table in filled)
            )
        )
        ledger.tails(after, 1_000_000)
        for table, found in filled.items():
            for start in range(0, len(found), CHUNK):
                packed = rows.pack(connection, table, found[start : start + CHUNK])
                rows.insert(connection, BARE, table, packed)

    return work


def _library(bench: Bench, events: int) -> Callable[[], object]:
    """Return the work of the library's own runner: each time on a database it has not projected yet."""
    prepared = []
    for _ in range(bench.rounds):
        name = f"{peer.DATABASE}_{secrets.token_hex(4)}"
        bench.connect(name).close()
        prepared.append(peer.environment(bench.servers.postgres_url(name)))
        other = peer.Peer(prepared[-1])
        other.save_batches(events)
        other.close()
    return lambda: peer.project(prepared.pop(), events)
