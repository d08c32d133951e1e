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
from infrastructure.projector.projector import Projector
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.conftest import Databases
from tests.projector.comparison import assert_projected, some_commands

PEOPLE, TASKS = 6, 10
BATCH = PEOPLE * TASKS // 2


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what lags be more than one batch."""
    monkeypatch.setattr(projector, "BATCH_EVENTS", BATCH)


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


@pytest.fixture
def folded(monkeypatch: pytest.MonkeyPatch) -> threading.Semaphore:
    """Released each time a batch has been folded."""
    counted, fold = threading.Semaphore(0), Projector._fold

    def counting(*batch: Any) -> Any:
        changes = fold(*batch)
        counted.release()
        return changes

    monkeypatch.setattr(Projector, "_fold", counting)
    return counted


@pytest.fixture
def taken_up(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each batch that was folded ahead could be written, in order; all are but for the first.

    Otherwise it would depend on which thread is the quicker one: what is written already can be leased.
    """
    answers: list[bool] = []
    take_up, fold_next, lease = Projector._take_up, Projector._fold_next, Projector._leased
    ahead = [False]

    def noted(*folded: Any) -> bool:
        answers.append(take_up(*folded))
        return answers[-1]

    def noting(self: Projector, resources: Any, writing: Any = None) -> Any:
        ahead[0] = writing is not None
        return fold_next(self, resources, writing)

    monkeypatch.setattr(Projector, "_take_up", noted)
    monkeypatch.setattr(Projector, "_fold_next", noting)
    monkeypatch.setattr(Projector, "_leased", lambda *given: {} if ahead[0] else lease(*given))
    return answers


def test_the_next_batch_is_folded_while_the_last_is_written(
    behind: Store,
    databases: Databases,
    bystander: psycopg.Connection[tuple[int]],
    folded: threading.Semaphore,
) -> None:
    lagging = list(behind.engine.ledger.heads())
    assert len(lagging) > 1
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


def test_the_next_batch_of_one_person_is_folded_from_where_the_last_will_leave_the_records(
    store: Store, me: Session, databases: Databases, folded: threading.Semaphore, taken_up: list[bool]
) -> None:
    some_commands(me, count=3 * BATCH)
    working = threading.Thread(target=store.catch_up)
    with psycopg.connect(databases.ledger) as reader:
        reader.execute("LOCK TABLE read.audit IN SHARE MODE")  # nothing is written until this ends
        working.start()
        assert all(folded.acquire(timeout=20) for _ in range(2)), "the next batch is left alone"
    working.join(30)
    assert not working.is_alive()
    assert len(taken_up) > 2
    assert all(taken_up)
    assert_projected(store, databases)


def test_a_batch_folded_ahead_is_dropped_where_another_projector_was_quicker(
    store: Store, me: Session, databases: Databases, taken_up: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    some_commands(me, count=3 * BATCH)
    take_up = Projector._take_up

    def late(self: Projector, folded: Any) -> bool:
        if not taken_up:
            assert self.run_once().events == BATCH
        return take_up(self, folded)

    monkeypatch.setattr(Projector, "_take_up", late)
    store.catch_up()
    assert taken_up[0] is False
    assert any(taken_up)
    assert_projected(store, databases)


def test_a_batch_folded_ahead_is_dropped_where_a_record_it_passed_over_was_put_right_meanwhile(
    store: Store, me: Session, databases: Databases, taken_up: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    poison = me.do(Task.create, title="poison")
    some_commands(me, count=BATCH)
    me.do(Task.retitle, poison.id, "poison still")
    some_commands(me, seed=2, count=2 * BATCH)
    mutate, take_up = Task.Created.mutate, Projector._take_up

    def fail(event: Task.Created, record: Any) -> Any:
        if event.originator_id == poison.id and not taken_up:
            raise ZeroDivisionError
        return mutate(event, record)

    def late(self: Projector, folded: Any) -> bool:
        if len(taken_up) == 1:
            (parked,) = self.parked()
            assert self.retry(parked)
        return take_up(self, folded)

    monkeypatch.setattr(Task.Created, "mutate", fail)
    monkeypatch.setattr(Projector, "_take_up", late)
    store.catch_up()
    assert taken_up[:2] == [True, False]
    assert_projected(store, databases)


def test_a_batch_folded_ahead_is_dropped_where_a_row_of_the_last_could_not_be_written(
    store: Store, me: Session, bystander: psycopg.Connection[tuple[int]], taken_up: list[bool]
) -> None:
    poison = me.do(Task.create, title="poison")
    bystander.execute("ALTER TABLE read.tasks ADD CONSTRAINT spoilt CHECK (title <> 'poison')")
    made = some_commands(me, count=BATCH)
    me.do(Task.retitle, poison.id, "poison still")
    store.catch_up()
    assert taken_up[0] is False
    (parked,) = store.engine.projector.parked()
    assert (parked.record_id, parked.reason) == (poison.id, "CheckViolation")
    assert all(me.get(Task, each).id == each for each in made)
    bystander.execute("ALTER TABLE read.tasks DROP CONSTRAINT spoilt")
    assert store.engine.projector.retry(parked)
    assert me.get(Task, poison.id).title == "poison still"


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
