"""Every queue is bounded: who cannot be served in time, or finds the queue full, hears Busy."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, LiteralString
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from domain.productivity.task import Task
from infrastructure import connections
from infrastructure.bootstrap import open_store
from infrastructure.connections import Connections
from infrastructure.errors import Busy, Unavailable
from infrastructure.ledger.buckets import bucket_of
from infrastructure.ledger.events import EventRow
from infrastructure.ledger.ledger import Ledger
from infrastructure.settings import Settings
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.conftest import Databases

CONNECTIONS = 2
CALLERS = 6


@pytest.fixture
def small_store(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store with two connections to each database, whose callers wait half a second for one."""
    monkeypatch.setattr(connections, "POOL_SIZE", CONNECTIONS)
    monkeypatch.setattr(connections, "POOL_PATIENCE", 0.5)
    with open_store(settings) as store:
        yield store


@pytest.fixture
def somebody(small_store: Store) -> Session:
    """A person with a task that is in the read tables."""
    session = small_store.acting_as(small_store.register("ada", "ada@example.org"))
    session.do(Task.create, title="known")
    small_store.catch_up()
    return session


@contextmanager
def locked(url: str, statement: LiteralString, *parameters: Any) -> Iterator[Callable[[], None]]:
    """Hold a lock that others wait for, until the block ends or what it is given is called."""
    with psycopg.connect(url) as connection:
        connection.execute(statement, parameters)
        yield connection.rollback


def outcomes(work: Callable[[], object], let_go: Callable[[], None]) -> Counter[str]:
    """Let all callers work at once; unlock when those have given up who will, and count how it ended."""

    def attempt() -> str:
        try:
            work()
        except Busy:
            return "busy"
        return "done"

    with ThreadPoolExecutor(CALLERS) as callers:
        attempts = [callers.submit(attempt) for _ in range(CALLERS)]
        time.sleep(1.0)
        let_go()
        return Counter(each.result() for each in attempts)


EXPECTED = {"done": CONNECTIONS, "busy": CALLERS - CONNECTIONS}


def test_a_command_that_gets_no_connection_in_time_is_refused_and_stores_nothing(
    small_store: Store, somebody: Session, databases: Databases
) -> None:
    bucket = bucket_of(somebody.subject_id)
    before = small_store.engine.ledger.head(bucket)
    lock: LiteralString = "SELECT FROM ledger.bucket_heads WHERE bucket = %s FOR UPDATE"
    with locked(databases.ledger, lock, bucket) as let_go:
        found = outcomes(lambda: somebody.do(Task.create, title="one of many"), let_go)
    assert found == EXPECTED
    assert small_store.engine.ledger.head(bucket) == before + CONNECTIONS
    small_store.catch_up()
    assert somebody.count(Task) == 1 + CONNECTIONS


def test_a_question_that_gets_no_connection_in_time_is_refused(
    somebody: Session, databases: Databases
) -> None:
    with locked(databases.ledger, "LOCK TABLE read.tasks") as let_go:
        assert outcomes(lambda: somebody.count(Task), let_go) == EXPECTED


def test_a_key_that_gets_no_connection_in_time_is_refused(small_store: Store, databases: Databases) -> None:
    keys = small_store.engine.keys

    def first_write() -> None:
        small_store.engine.repository.key_for_new(uuid4(), Task, datetime.now(UTC))

    keys.subject_secret(uuid4(), "index")  # the lease is fresh, so that what is asked for is the key
    with locked(databases.keys, "LOCK TABLE keys.period_keys") as let_go:
        assert outcomes(first_write, let_go) == EXPECTED


def test_who_waits_too_long_for_the_lease_of_the_keys_is_refused(
    small_store: Store, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infrastructure.crypto.keyring.LEASE", 0.0)
    monkeypatch.setattr("infrastructure.crypto.keyring.LEASE_PATIENCE", 0.5)
    keys, subject = small_store.engine.keys, uuid4()
    keys.subject_secret(subject, "index")
    with locked(databases.keys, "LOCK TABLE keys.destructions") as let_go:
        found = outcomes(lambda: keys.subject_secret(subject, "index"), let_go)
    assert found == {"done": 1, "busy": CALLERS - 1}


def test_a_snapshot_that_cannot_be_kept_does_not_refuse_what_is_stored(
    me: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[EventRow] = []

    def refuse(_self: Ledger, row: EventRow, _fences: int) -> None:
        asked.append(row)
        raise Busy

    monkeypatch.setattr("infrastructure.ledger.repository.SNAPSHOT_EVERY", 2)
    monkeypatch.setattr(Ledger, "keep_snapshot", refuse)
    made = me.do(Task.create, title="one")
    assert me.do(Task.retitle, made.id, "two").version == 2
    assert len(asked) == 1
    assert me.load(made.id).version == 2


def test_a_full_queue_answers_at_once(
    settings: Settings, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "POOL_SIZE", 1)
    monkeypatch.setattr(connections, "POOL_QUEUE", 1)
    with open_store(settings) as store:
        with locked(databases.ledger, "LOCK TABLE ledger.bucket_heads") as let_go:
            waiting = [threading.Thread(target=store.engine.ledger.heads) for _ in range(2)]
            for each in waiting:
                each.start()
            time.sleep(0.3)
            asked = time.monotonic()
            with pytest.raises(Busy):
                store.engine.ledger.heads()
            assert time.monotonic() - asked < connections.POOL_PATIENCE / 2
            let_go()
            for each in waiting:
                each.join()
        assert store.engine.ledger.heads() == {}


def test_a_server_that_is_gone_is_unavailable_not_busy(databases: Databases) -> None:
    """A pool that cannot make connections and one whose connections are all lent both run out of time."""
    url = psycopg.conninfo.make_conninfo(databases.ledger, dbname=f"nowhere_{uuid4().hex}")
    with Connections(url, min_size=1, max_size=2, timeout=0.3) as pool, pytest.raises(Unavailable):
        pool.getconn()


def test_connections_that_break_at_work_are_not_counted_as_lent(databases: Databases) -> None:
    with Connections(databases.ledger, min_size=1, max_size=1, timeout=5.0) as pool:
        for _ in range(3):
            with pytest.raises(psycopg.OperationalError), pool.connection() as connection:
                connection.execute(sql.SQL("SELECT pg_terminate_backend(pg_backend_pid())"))
        with pool.connection(), pytest.raises(Busy):
            pool.getconn(timeout=0.1)
        with pool.connection() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
