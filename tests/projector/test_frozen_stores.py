"""A store of an earlier moment answers as the store did then, and takes no commands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from domain.productivity.task import Task
from domain.shared import clock
from infrastructure.bootstrap import open_store
from infrastructure.errors import NotFound, ReadOnlyStore, RebuildRefused, UnknownReadModel
from infrastructure.projector import schema
from infrastructure.settings import Settings
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from projections.catalogue import EDITION, all_tables
from tests.conftest import Databases

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(hours: float) -> Callable[[], datetime]:
    return lambda: NOON + timedelta(hours=hours)


def test_every_question_is_answered_as_it_was_then(store: Store, me: Session, settings: Settings) -> None:
    with clock.reading(at(0)):
        early = me.do(Task.create, title="early").id
        trashed = me.do(Task.create, title="trashed later").id
    with clock.reading(at(1)):
        me.do(Task.retitle, early, "at one")
    with clock.reading(at(3)):
        me.do(Task.retitle, early, "at three")
        me.do(Task.trash, trashed)
        late = me.do(Task.create, title="late").id
    store.catch_up()
    store.engine.care.rebuilder.freeze("noon", at(2)())
    me.do(Task.create, title="later still")
    store.catch_up()
    with open_store(settings, as_of_name="noon") as then:
        person = then.acting_as(me.subject_id)
        assert {task.title for task in person.find(Task)} == {"at one", "trashed later"}
        assert person.load(early).version == 2
        assert len(person.history(early)) == 2
        assert [hit.record_id for hit in person.search("trashed")] == [trashed]
        assert {line.action for line in person.audit()} == {"task.created", "task.retitled"}
        with pytest.raises(NotFound):
            person.load(late)
        with pytest.raises(ReadOnlyStore):
            person.do(Task.create, title="no")
        with pytest.raises(ReadOnlyStore):
            then.register("eve", "eve@example.org")
        assert then.catch_up() == 0
        assert person.count(Task) == 2
    assert {task.title for task in me.find(Task)} == {
        "at three",
        "late",
        "later still",
    }  # the present goes on
    assert [each.name for each in store.engine.care.rebuilder.frozen_stores()] == ["noon"]
    assert store.engine.care.rebuilder.drop("noon")
    with pytest.raises(UnknownReadModel):
        open_store(settings, as_of_name="noon")


def test_what_was_recorded_after_the_clock_was_put_back_counts_from_the_latest_moment_before(
    store: Store, me: Session, settings: Settings
) -> None:
    with clock.reading(at(0)):
        task = me.do(Task.create, title="first").id
    with clock.reading(at(5)):
        me.do(Task.retitle, task, "the clock was fast")
    with clock.reading(at(1)):
        me.do(Task.retitle, task, "the clock was set right")
    for name, minutes, title in (("two", 2, "first"), ("five", 5, "the clock was set right")):
        store.engine.care.rebuilder.freeze(name, at(minutes)())
        with open_store(settings, as_of_name=name) as then:
            person = then.acting_as(me.subject_id)
            assert person.get(Task, task).title == person.load(task).title == title  # type: ignore[attr-defined]  # a task


def test_names_are_checked_and_moments_must_have_come(store: Store, me: Session) -> None:
    me.do(Task.create, title="one")
    rebuilder = store.engine.care.rebuilder
    for name in ("next", "old", "", "Upper", 'a"b', "x" * 41, "1st"):
        with pytest.raises(UnknownReadModel):
            rebuilder.freeze(name, clock.now())
    with pytest.raises(RebuildRefused, match="not come"):
        rebuilder.freeze("soon", clock.now() + timedelta(minutes=5))
    rebuilder.freeze("now", clock.now())
    with pytest.raises(RebuildRefused, match="of that name"):
        rebuilder.freeze("now", clock.now())


def test_a_store_that_a_crash_has_emptied_or_other_code_has_made_is_not_asked(
    store: Store, me: Session, settings: Settings, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    me.do(Task.create, title="one")
    store.engine.care.rebuilder.freeze("now", clock.now())
    open_store(settings, as_of_name="now").close()
    with monkeypatch.context() as patch:
        patch.setattr(schema, "EDITION", EDITION + 1)
        assert [each.usable for each in store.engine.care.rebuilder.frozen_stores()] == [False]
    with psycopg.connect(databases.ledger) as connection:
        for name in (*(table.name for table in all_tables()), schema.CHECKPOINTS, schema.PARKED):
            connection.execute(f"TRUNCATE read_now.{name}")
    with pytest.raises(RebuildRefused, match="emptied"):
        open_store(settings, as_of_name="now")
