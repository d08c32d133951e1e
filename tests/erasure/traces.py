"""Where strings may lie in the clear, and what proves that everything that was not erased is whole."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import cast
from uuid import UUID

import orjson
import psycopg
import redis
from psycopg import sql

from domain.catalogue import kind_named
from domain.shared.record import Record
from infrastructure.errors import Erased
from infrastructure.ledger.sealing import OpenedEvent
from infrastructure.settings import Settings
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from projections.catalogue import view_of
from tests.conftest import Databases
from tests.erasure.interleaving_model import Thing
from tests.privacy.scan import Needles

_TABLES = """
SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
"""


def assert_as_known(record: Record, thing: Thing) -> None:
    """Compare a record with what the model knows of its state."""
    assert (record.KIND, record.version) == (thing.kind, thing.version)
    assert (getattr(record, "tags", ()), getattr(record, "annotations", ())) == (
        thing.tags,
        thing.annotations,
    )
    assert (record.deleted_at is not None) is thing.trashed


def assert_whole(session: Session, record_id: UUID, thing: Thing) -> None:
    """Read a record in full: each event of it, and its row in the read tables."""
    events = session.history(record_id)
    assert len(events) == thing.version
    assert all(isinstance(event, OpenedEvent) for event in events)
    told = repr([vars(event.event) for event in events if isinstance(event, OpenedEvent)])
    assert [each for each in thing.planted if each not in told] == []
    loaded = session.load(record_id)
    assert_as_known(loaded, thing)
    row = view_of(thing.kind).table.row  # but for what only the ledger keeps
    assert row(0, session.get(kind_named(thing.kind), record_id)) == row(0, loaded)


def is_erased(session: Session, record_id: UUID) -> bool:
    """Tell whether a record is erased for a store; it is never merely missing."""
    try:
        session.load(record_id)
    except Erased:
        return True
    return False


def assert_forgotten(databases: Databases, strings: set[str]) -> None:
    """Look for strings in every cell of every table."""
    assert found_in_tables(databases, strings) == {}


def assert_found(databases: Databases, strings: set[str]) -> None:
    """Show that the search sees: what lives is found, in the read tables and only there."""
    found = found_in_tables(databases, strings)
    assert bool(found) is bool(strings)
    assert {schema for schema, _ in found} <= {"read"}


def found_in_tables(databases: Databases, strings: set[str]) -> dict[tuple[str, str], set[str]]:
    """Return which strings the cells of each table of both databases hold; tables without any are left out."""
    found: dict[tuple[str, str], set[str]] = {}
    if not strings:
        return found
    needles = Needles([*strings, "canary!"])
    for url in (databases.ledger, databases.keys):
        with psycopg.connect(url) as connection:
            for name in connection.execute(_TABLES).fetchall():
                rows = connection.execute(sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(*name)))
                if held := needles.in_bytes("\n".join(row for (row,) in rows).encode()):
                    found[name] = held
    return found


def assert_none_in_redis(settings: Settings, strings: set[str]) -> None:
    """Look for strings in every key and value of Redis: answers are sealed, whoever lives."""
    assert settings.redis_url is not None
    with redis.Redis.from_url(settings.redis_url.get_secret_value()) as client:
        keys = cast("list[bytes]", list(client.scan_iter()))
        values = [cast("bytes | None", client.get(key)) or b"" for key in keys]
    assert any(key.startswith(b"g:") for key in keys)
    assert Needles([*strings, "canary!"]).in_bytes(b"\n".join([*keys, *values])) == set()


def assert_dense(databases: Databases) -> None:
    """Count the positions of every bucket: 1, 2, 3 … to its head."""
    with psycopg.connect(databases.ledger) as connection:
        gaps = connection.execute(
            "SELECT h.bucket FROM ledger.bucket_heads h LEFT JOIN LATERAL (SELECT count(*), min(position),"
            " max(position) FROM ledger.events e WHERE e.bucket = h.bucket) e ON true WHERE h.position > 0"
            " AND (e.count, e.min, e.max) <> (h.position, 1, h.position)"
        ).fetchall()
    assert gaps == []


def assert_proven(store: Store, settings: Settings, databases: Databases) -> None:
    """Check every erasure: done, told once in the ledger and once in the file, with a receipt that holds."""
    erasures = store.erasures.all()
    assert all(each.done for each in erasures)
    assert [each.id for each in erasures if not store.erasures.verify(each.id).holds] == []
    path = settings.data_dir / "erasures" / "erasures.jsonl"
    lines = path.read_bytes().splitlines() if path.exists() else []
    told = [orjson.loads(line)["erasure_id"] for line in lines]
    ids = sorted(str(each.id) for each in erasures)
    assert sorted(told) == ids
    with psycopg.connect(databases.ledger) as connection:
        events = connection.execute("SELECT command_id::text FROM ledger.events WHERE topic = 'erasure'")
        assert sorted(each for (each,) in events) == ids


def assert_soon(holds: Callable[[], bool]) -> None:
    """Wait for what processes with warm keys have to notice within a second."""
    deadline = time.monotonic() + 1
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
