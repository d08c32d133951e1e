"""A rebuild gives the tables that live projection gives, while they serve, and takes their place at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import count
from random import Random
from typing import Any, Self
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings

from domain.personal.transaction import Transaction
from domain.productivity.note import Note
from domain.productivity.task import Task
from infrastructure.errors import KeyUnavailable, RebuildAborted, RebuildRefused, UnknownReadModel
from infrastructure.ledger.sealing import Sealer
from infrastructure.projector.rebuild import fill, portions
from infrastructure.projector.rebuild.rebuilder import Rebuilder, Report, Stage
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.conftest import Databases
from tests.histories import Step, histories, live
from tests.projector.comparison import actual_rows, assert_projected, some_commands

MARCH = date(2026, 3, 1)


@pytest.fixture
def rebuilder(store: Store) -> Rebuilder:
    return store.engine.care.rebuilder


def schemas(databases: Databases) -> set[str]:
    with psycopg.connect(databases.ledger) as connection:
        found = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'read%'").fetchall()
    return {row[0] for row in found}


def indexes(databases: Databases) -> set[tuple[Any, ...]]:
    with psycopg.connect(databases.ledger) as connection:
        found = connection.execute(
            "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'read'"
        ).fetchall()
    return set(found)


def statistics_targets(databases: Databases) -> set[tuple[Any, ...]]:
    with psycopg.connect(databases.ledger) as connection:
        found = connection.execute(
            "SELECT relname, relpersistence, attname, attstattarget FROM pg_attribute"
            " JOIN pg_class ON pg_class.oid = attrelid WHERE attnum > 0 AND relnamespace = 'read'::regnamespace"
        ).fetchall()
    return set(found)


@hypothesis_settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(history=histories(min_size=10, max_size=60, every_kind=True))
def test_a_rebuild_equals_live_projection_of_any_history(store: Store, history: tuple[Step, ...]) -> None:
    name = f"u{Random().getrandbits(64):x}"
    live(store.acting_as(store.register(name, f"{name}@example.org")), history)
    store.catch_up()
    report = store.engine.care.rebuilder.rebuild()
    assert report.swapped
    assert len(report.compared) == len(report.rows)
    assert [each for each in report.compared if not each.equal] == []


def test_what_was_swapped_in_is_defined_as_what_was_there(
    store: Store, me: Session, rebuilder: Rebuilder, databases: Databases
) -> None:
    some_commands(me)
    store.catch_up()
    before = indexes(databases), statistics_targets(databases)
    assert rebuilder.rebuild().equal
    assert (indexes(databases), statistics_targets(databases)) == before
    assert schemas(databases) == {"read"}
    me.do(Task.create, title="after")
    store.catch_up()
    assert_projected(store, databases)


def test_streams_that_go_on_over_pages_and_portions_are_folded_whole(
    store: Store, rebuilder: Rebuilder, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fill, "PAGE_EVENTS", 3)
    monkeypatch.setattr("infrastructure.projector.rebuild.portions.PORTION_EVENTS", 7)
    monkeypatch.setattr(portions.cut, "__defaults__", (7,))
    for number in range(3):
        person = store.register(f"person{number}", f"p{number}@example.org")
        some_commands(store.acting_as(person), seed=number, count=30)
    store.catch_up()
    assert rebuilder.rebuild().equal
    assert_projected(store, databases)


def test_sums_are_rebuilt_to_the_last_cent_though_groups_have_come_and_gone(
    store: Store, me: Session, rebuilder: Rebuilder
) -> None:
    for amount in ("1.10", "2.2", "3.30"):
        made = me.do(Transaction.record, Decimal(amount), currency="EUR", account_id="giro", booked_on=MARCH)
        store.catch_up()
    me.do(Transaction.trash, made.id)
    store.catch_up()
    assert rebuilder.rebuild().equal


def test_a_wrong_row_is_reported_by_its_record_and_put_right(
    store: Store, me: Session, rebuilder: Rebuilder, databases: Databases
) -> None:
    different, missing = (me.do(Task.create, title=title).id for title in ("one", "two"))
    store.catch_up()
    extra = UUID(int=7)
    with psycopg.connect(databases.ledger) as connection:
        connection.execute("UPDATE read.tasks SET title = 'other' WHERE id = %s", (different,))
        connection.execute("DELETE FROM read.tasks WHERE id = %s", (missing,))
        connection.execute(
            "INSERT INTO read.task_tree (bucket, subject_id, record_id, title, status)"
            " SELECT bucket, subject_id, %s, title, status FROM read.task_tree LIMIT 1",
            (extra,),
        )
    checked = rebuilder.rebuild(check=True)
    assert not checked.equal
    assert not checked.swapped
    tasks, tree = (found_in(checked, name) for name in ("tasks", "task_tree"))
    # "missing" from the tables that serve is "extra" in those that were built, and the other way round.
    assert (tasks.missing, tasks.extra, tasks.different) == (0, 1, 1)
    assert set(tasks.records) == {different, missing}
    assert (tree.missing, tree.extra, tree.different, tree.records) == (1, 0, 0, (extra,))
    assert "other" not in repr(checked)
    with pytest.raises(AssertionError):  # nothing was put right by looking
        assert_projected(store, databases)
    assert schemas(databases) == {"read"}
    rebuilder.rebuild()
    assert_projected(store, databases)


def found_in(report: Report, table: str) -> Any:
    return next(each.difference for each in report.compared if each.table == table)


def test_chosen_tables_are_rebuilt_and_the_others_stay(
    store: Store, me: Session, rebuilder: Rebuilder, databases: Databases
) -> None:
    some_commands(me)
    me.do(Note.write, title="a note")
    store.catch_up()
    with psycopg.connect(databases.ledger) as connection:
        connection.execute("UPDATE read.timeline SET title = 'wrong'")
        connection.execute("UPDATE read.search SET title = 'wrong'")
    report = rebuilder.rebuild(["timeline", "spending"])
    assert report.rows.keys() == {"timeline", "spending"}
    assert [each.equal for each in report.compared if each.table == "timeline"] == [False]
    rows = actual_rows(databases.ledger)
    assert "wrong" not in str(rows["timeline"])
    assert "wrong" in str(rows["search"])
    me.do(Note.write, title="another note")
    store.catch_up()
    rebuilder.rebuild(["search"])
    assert_projected(store, databases)
    assert rebuilder.rebuild().equal


def test_chosen_tables_must_be_known_and_nothing_be_parked(
    store: Store, me: Session, rebuilder: Rebuilder, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UnknownReadModel):
        rebuilder.rebuild(["tasks", "nonsense"])
    poison(monkeypatch, me.do(Task.create, title="poison").id)
    me.do(Task.create, title="well")
    store.catch_up()
    with pytest.raises(RebuildRefused, match="parked"):
        rebuilder.rebuild(["tasks"])
    report = rebuilder.rebuild()
    assert report.equal
    assert [parked.reason for parked in store.engine.projector.parked()] == ["ZeroDivisionError"]
    monkeypatch.undo()
    assert not rebuilder.rebuild().equal  # the record is well now, which the old tables did not know
    assert store.engine.projector.parked() == []
    assert_projected(store, databases)


def poison(monkeypatch: pytest.MonkeyPatch, record_id: UUID) -> None:
    broken = Task.Created.mutate

    def fail(event: Task.Created, record: Any) -> Any:
        if event.originator_id == record_id:
            raise ZeroDivisionError
        return broken(event, record)

    monkeypatch.setattr(Task.Created, "mutate", fail)


def test_a_row_that_cannot_be_written_parks_its_record_only(
    store: Store, me: Session, rebuilder: Rebuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [me.do(Task.create, title=f"task {number}").id for number in range(10)]
    store.catch_up()
    real = Task.Created.mutate

    def spoil(event: Task.Created, record: Any) -> Any:
        task = real(event, record)
        if event.originator_id == made[3]:
            task.title = "no \0 such text"
        return task

    monkeypatch.setattr(Task.Created, "mutate", spoil)
    report = rebuilder.rebuild()
    assert found_in(report, "tasks").records == (made[3],)
    assert [parked.record_id for parked in store.engine.projector.parked()] == [made[3]]
    assert me.count(Task) == 9


@dataclass
class Crowd:
    """A projector and people who change and ask, in threads, until the block is left."""

    store: Store
    me: Session
    tasks: list[UUID]
    stop: threading.Event = field(default_factory=threading.Event)
    nobody_waits: threading.Event = field(default_factory=threading.Event)
    wrong: list[str] = field(default_factory=list)
    asked: int = 0

    def __enter__(self) -> Self:
        works = [*(partial(self._change_and_ask, task) for task in self.tasks), self._project]
        self.threads = [threading.Thread(target=self._watched, args=(work,)) for work in works]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for thread in self.threads[:-1]:
            thread.join()
        self.nobody_waits.set()
        self.threads[-1].join()

    def _watched(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - what is looked for
            self.wrong.append(f"{error!r} in {work!r}, from {error.__context__!r}")

    def _project(self) -> None:
        while not self.nobody_waits.is_set():
            if not self.store.engine.projector.run_once().events:
                self.nobody_waits.wait(0.002)

    def _change_and_ask(self, task: UUID) -> None:
        for turn in count(1):
            receipt = self.me.do(Task.retitle, task, f"{turn}")
            got = self.me.get(Task, task, after=receipt).title
            found = {each.id: each.title for each in self.me.find(Task, after=receipt)}
            kept = {each.id: each.title for each in self.me.find(Task)}  # through the cache
            if not got == found[task] == kept[task] == f"{turn}" or len(found) != len(self.tasks):
                self.wrong.append(f"turn {turn}")
            self.asked += 3
            if self.stop.is_set():
                return


def test_whoever_waits_for_a_receipt_across_the_swap_sees_its_effect(
    store: Store, me: Session, rebuilder: Rebuilder
) -> None:
    tasks = [me.do(Task.create, title="0").id for _ in range(2)]
    with Crowd(store, me, tasks) as crowd:
        for names in ((), ["tasks", "timeline"], (), ["tasks"]):
            assert rebuilder.rebuild(names).equal
    assert crowd.wrong == []
    assert crowd.asked > 50
    store.catch_up()
    assert rebuilder.rebuild().equal


def test_no_answer_made_from_the_old_tables_is_given_after_the_swap(
    store: Store, me: Session, rebuilder: Rebuilder, reopened: Callable[[], Store], databases: Databases
) -> None:
    made = me.do(Task.create, title="right")
    store.catch_up()
    with psycopg.connect(databases.ledger) as connection:
        connection.execute("UPDATE read.tasks SET title = 'wrong'")
    other = reopened().acting_as(me.subject_id)
    for session in (me, other, other):
        assert session.find(Task)[0].title == "wrong"
    with psycopg.connect(databases.ledger) as connection:
        connection.execute("UPDATE read.tasks SET title = 'unseen'")
    assert other.find(Task)[0].title == "wrong"  # control: the answer was kept
    rebuilder.rebuild()
    assert [other.find(Task)[0].title, me.find(Task)[0].title] == ["right", "right"]
    assert other.get(Task, made.id).title == "right"


def test_of_two_who_rebuild_one_is_refused(
    rebuilder: Rebuilder, me: Session, store: Store, reopened: Callable[[], Store]
) -> None:
    some_commands(me)
    store.catch_up()
    other, refused = reopened().engine.care.rebuilder, list[RebuildRefused]()

    def tell(_stage: Stage) -> None:
        if not refused:
            with pytest.raises(RebuildRefused) as caught:
                other.rebuild()
            refused.append(caught.value)

    assert rebuilder.rebuild(tell=tell).equal
    assert len(refused) == 1
    assert other.rebuild().equal


@pytest.mark.parametrize("phase", ["loading", "indexing", "catching up", "comparing", "swapping"])
def test_what_is_built_can_be_aborted_by_anybody_in_any_phase(
    store: Store,
    me: Session,
    rebuilder: Rebuilder,
    reopened: Callable[[], Store],
    databases: Databases,
    monkeypatch: pytest.MonkeyPatch,
    phase: str,
) -> None:
    monkeypatch.setattr(portions.cut, "__defaults__", (20,))
    some_commands(me)
    store.catch_up()
    other, aborted = reopened().engine.care.rebuilder, []

    def tell(stage: Stage) -> None:
        if stage.name == phase and not aborting.ident:
            aborting.start()
            aborting.join(timeout=1)  # it may have to wait for what the builder holds

    aborting = threading.Thread(target=lambda: aborted.append(other.abort()))
    with pytest.raises(RebuildAborted):
        rebuilder.rebuild(tell=tell)
    aborting.join()
    assert aborted == [True]
    assert schemas(databases) == {"read"}
    assert_projected(store, databases)
    assert not other.abort()
    assert rebuilder.rebuild().equal


def test_keys_that_cannot_be_asked_for_stop_the_rebuild_and_change_nothing(
    store: Store, me: Session, rebuilder: Rebuilder, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    some_commands(me)
    store.catch_up()

    def unavailable(_self: Sealer, _row: Any) -> Any:
        raise KeyUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(Sealer, "open", unavailable)
        with pytest.raises(KeyUnavailable):
            rebuilder.rebuild()
    assert_projected(store, databases)
    assert schemas(databases) == {"read"}


def test_tables_far_behind_are_replaced_without_being_waited_for(
    store: Store, me: Session, rebuilder: Rebuilder, databases: Databases
) -> None:
    some_commands(me)
    report = rebuilder.rebuild()
    assert report.compared == ()
    assert store.engine.projector.lag() == 0
    assert_projected(store, databases)
