"""One thread of a projector folds while another writes: each batch under a lease of its own, all of them exactly once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from domain.productivity.task import Task
from infrastructure.errors import Unavailable
from infrastructure.projector import projector
from infrastructure.store.store import Store
from tests.conftest import Databases
from tests.projector.comparison import assert_projected

PEOPLE, TASKS = 6, 10


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what lags be more than one batch."""
    monkeypatch.setattr(projector, "BATCH_EVENTS", PEOPLE * TASKS // 2)


@pytest.fixture
def behind(store: Store) -> Store:
    """A store whose read tables lag in several buckets."""
    for number in range(PEOPLE):
        one = store.acting_as(store.register(f"person{number}", f"person{number}@example.org"))
        for task in range(TASKS):
            one.do(Task.create, title=f"task {task} of {number}")
    return store


@pytest.fixture
def bystander(databases: Databases) -> Iterator[psycopg.Connection[tuple[int]]]:
    """A connection beside the store's."""
    with psycopg.connect(databases.ledger, autocommit=True) as connection:
        yield connection


def free_buckets(connection: psycopg.Connection[tuple[int]], lagging: list[int]) -> int:
    """Return how many of the buckets nobody has leased."""
    with connection.transaction(force_rollback=True):
        found = connection.execute(
            "SELECT bucket FROM read.checkpoints WHERE bucket = ANY(%s) FOR UPDATE SKIP LOCKED", (lagging,)
        )
        return len(found.fetchall())


def test_the_next_batch_is_folded_while_the_last_is_written(
    behind: Store,
    databases: Databases,
    bystander: psycopg.Connection[tuple[int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lagging = list(behind.engine.ledger.heads())
    assert len(lagging) > 1
    folded, fold = threading.Semaphore(0), projector.Projector._fold

    def counted(*batch: Any) -> Any:
        changes = fold(*batch)
        folded.release()
        return changes

    monkeypatch.setattr(projector.Projector, "_fold", counted)
    working = threading.Thread(target=behind.catch_up)
    with psycopg.connect(databases.ledger) as reader:
        reader.execute("LOCK TABLE read.audit IN SHARE MODE")  # nothing is written until this ends
        assert free_buckets(bystander, lagging) == len(lagging)
        working.start()
        assert all(folded.acquire(timeout=20) for _ in range(2)), "the next batch is left alone"
        assert free_buckets(bystander, lagging) == 0
    working.join(30)
    assert not working.is_alive()
    assert_projected(behind, databases)


def test_a_batch_whose_connection_is_cut_is_written_once_and_the_next_gives_up_its_lease(
    behind: Store, databases: Databases, bystander: psycopg.Connection[tuple[int]]
) -> None:
    bystander.execute(
        "CREATE FUNCTION read.cut() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$"
    )
    bystander.execute(
        "CREATE TRIGGER cut BEFORE INSERT ON read.audit FOR EACH ROW EXECUTE FUNCTION read.cut()"
    )
    with pytest.raises(Unavailable):
        behind.catch_up()
    lagging = list(behind.engine.ledger.heads())
    deadline = time.monotonic() + 20
    while free_buckets(bystander, lagging) < len(lagging) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert free_buckets(bystander, lagging) == len(lagging)
    bystander.execute("DROP TRIGGER cut ON read.audit")
    bystander.execute("DROP FUNCTION read.cut()")
    behind.catch_up()
    assert_projected(behind, databases)


def test_who_is_told_to_stop_finishes_what_is_begun_and_begins_nothing(
    behind: Store, databases: Databases
) -> None:
    asked = iter([False, True])
    done = behind.engine.projector.run_until_idle(lambda: next(asked, True))
    assert 0 < done <= projector.BATCH_EVENTS
    assert behind.engine.projector.lag() == sum(behind.engine.ledger.heads().values()) - done
    behind.catch_up()
    assert_projected(behind, databases)
