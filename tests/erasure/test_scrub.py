"""What was deleted is in no file of a read table, whatever transactions were open while it was rewritten."""

from __future__ import annotations

import secrets
import time

import psycopg
import pytest

from domain.productivity.task import Task
from infrastructure.erasure import scrub
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.conftest import Databases
from tests.privacy.scan import Needles


@pytest.mark.parametrize("database", ["keys", "ledger"])
def test_a_rewrite_waits_for_older_transactions_of_any_database(
    store: Store, me: Session, databases: Databases, monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    monkeypatch.setattr(scrub, "OLD_READERS_SECONDS", 0.5)
    title = f"canary{secrets.token_hex(9)}"
    me.do(Task.create, title=title)
    store.catch_up()
    with psycopg.connect(getattr(databases, database)) as older:
        older.execute("SELECT pg_current_xact_id()")
        erasure = store.erase(me.subject_id, grounds="test", kind=Task)
        assert not erasure.done
        assert "content" in erasure.steps
        assert "scrub" not in erasure.steps
    assert _in_pages_of_tasks(databases, title)  # deleted, and there all the same
    deadline = time.monotonic() + 60  # other tests have transactions of their own open on this server
    while not store.erase(me.subject_id, grounds="test", kind=Task).done:
        assert time.monotonic() < deadline
    assert not _in_pages_of_tasks(databases, title)


def _in_pages_of_tasks(databases: Databases, title: str) -> set[str]:
    """Return what the pages of the read table hold of a title, deleted rows included."""
    with psycopg.connect(databases.ledger) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pageinspect")
        pages = connection.execute(
            "SELECT get_raw_page('read.tasks', page::int)"
            " FROM generate_series(0, pg_relation_size('read.tasks') / 8192 - 1) AS page"
        ).fetchall()
    return Needles([title]).in_bytes(b"".join(page for (page,) in pages))
