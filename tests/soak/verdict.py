"""What must hold after the soak."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from domain.productivity.task import Task
from infrastructure.bootstrap import open_store
from infrastructure.cache.answers import NoCache
from infrastructure.ledger.sealing import OpenedEvent
from infrastructure.projector import schema
from infrastructure.projector.projector import Projector
from infrastructure.settings import Settings
from infrastructure.store.store import Store
from projections.catalogue import all_tables
from projections.table import Table
from tests.soak.journal import ACCEPTED, IMPORTED, REBUILT, Account

FRESH = "soak_fresh"


def assert_every_accepted_command_is_there_once(url: str, account: Account, writers: Iterable[UUID]) -> None:
    """Compare receipts and events in both directions: every writer knows how each of its commands ended."""
    accepted = Counter(
        (UUID(each["command_id"]), UUID(each["record_id"]), each["version"], each["bucket"], each["position"])
        for each in account.told(ACCEPTED)
    )
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT command_id, record_id, version, bucket, position FROM ledger.events"
            " WHERE subject_id = ANY(%s) AND topic <> 'user.registered'",
            (list(writers),),
        ).fetchall()
    assert accepted
    assert not accepted - Counter(found), "accepted and lost"
    assert not Counter(found) - accepted, "doubled, or stored without having been accepted"


def assert_everything_imported_is_there_once(store: Store, account: Account, importer: UUID) -> None:
    imported = {name for entry in account.told(IMPORTED) for name in entry["names"]}
    titles = Counter(title for title in _titles_made(store, importer))
    assert imported
    assert imported <= set(titles)
    assert max(titles.values()) == 1


def _titles_made(store: Store, subject_id: UUID) -> Iterable[str]:
    ledger, sealer = store.engine.ledger, store.engine.sealer
    for bucket, head in ledger.heads().items():
        for row in ledger.tail(bucket, 0, head):
            if row.subject_id == subject_id and row.topic == Task.Created.TOPIC:
                opened = sealer.open(row)
                assert isinstance(opened, OpenedEvent)
                assert isinstance(opened.event, Task.Created)
                yield opened.event.title


def assert_every_bucket_is_dense(url: str) -> None:
    with psycopg.connect(url) as connection:
        buckets = connection.execute(
            "SELECT h.bucket, h.position, count(e.position), min(e.position), max(e.position)"
            " FROM ledger.bucket_heads AS h LEFT JOIN ledger.events AS e ON e.bucket = h.bucket"
            " WHERE h.position > 0 GROUP BY 1, 2"
        ).fetchall()
    assert buckets
    for bucket, head, number, first, last in buckets:
        assert (first, last, number) == (1, head, head), f"bucket {bucket}"


def assert_rebuilds_were_equal(url: str, account: Account) -> None:
    """Look at what every finished rebuild found where it compared; one that was broken off has left nothing."""
    assert [each for each in account.told(REBUILT) if not each["equal"]] == []
    with psycopg.connect(url) as connection:
        left = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'read\\_%'").fetchall()
    assert left == []


def assert_tables_equal_a_fresh_projection(settings: Settings, url: str) -> None:
    """Project the whole ledger into a schema of its own and compare every row of every table."""
    with psycopg.connect(url) as connection:
        schema.drop(connection, FRESH)
        schema.create(connection, FRESH, logged=False)
    with open_store(settings) as store:
        engine = store.engine
        fresh = Projector(engine.ledger, engine.sealer, engine.projector._pool, NoCache(), schema=FRESH)
        while fresh.lag():
            fresh.run_until_idle()
        assert engine.projector.parked() == fresh.parked() == []
    with psycopg.connect(url) as connection:
        assert _number_of_rows(connection, FRESH) > 0
        differing = {table.name: differences(connection, table) for table in all_tables()}
    assert not any(differing.values()), differing


def differences(connection: psycopg.Connection[Any], table: Table) -> int:
    """Return how many rows are in one of the two tables and not in the other."""
    columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.written)
    live, fresh = (
        sql.SQL("SELECT {} FROM {}").format(columns, sql.Identifier(name, table.name))
        for name in (schema.SCHEMA, FRESH)
    )
    row = connection.execute(
        sql.SQL(
            "SELECT count(*) FROM (({live} EXCEPT ALL {fresh}) UNION ALL ({fresh} EXCEPT ALL {live})) AS either"
        ).format(live=live, fresh=fresh)
    ).fetchone()
    assert row is not None
    return int(row[0])


def _number_of_rows(connection: psycopg.Connection[Any], name: str) -> int:
    total = 0
    for table in all_tables():
        row = connection.execute(
            sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name, table.name))
        ).fetchone()
        total += int(row[0]) if row else 0
    return total
