"""Bringing records back to a moment: what comes back, what is left and why, and that it can be undone."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from domain.media.media import Media
from domain.media.media_terms import Processing
from domain.productivity.note import Note
from domain.productivity.task import Task
from domain.shared.errors import InvalidInput
from domain.shared.record import reverted_fields, state_of
from domain.web.bookmark import Bookmark
from infrastructure.errors import InvalidQuery, NotFound
from infrastructure.importers.run import import_paths
from infrastructure.ledger.sealing import OpenedEvent
from infrastructure.store import reverting
from infrastructure.store.changes import Became
from infrastructure.store.reverting import Action, Reversal
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.conftest import ROOT, Databases
from tests.histories import BEGINNING, Step, histories, live
from tests.store.test_past import HOUR, at, destroy_keys, in_table, newcomer, title_at

LATER = BEGINNING + HOUR


def told(me: Session, **which: Any) -> list[Reversal]:
    """Revert; return what was said of each record."""
    heard: list[Reversal] = []
    me.revert(**which, each=heard.append)
    return heard


def test_a_record_comes_back_by_an_event_that_says_who_why_and_to_what(me: Session) -> None:
    task = at(BEGINNING, me, Task.create, "first")
    at(LATER, me, Task.retitle, task, "second")
    (reversal,) = told(me, to=BEGINNING, record_id=task, reason="a mistake")
    assert (reversal.action, reversal.kind, reversal.to_version) == (Action.REVERTED, "task", 1)
    assert [(each.field, each.before, each.after) for each in reversal.fields] == [
        ("title", "second", "first")
    ]
    last = me.history(task)[-1]
    assert isinstance(last, OpenedEvent)
    assert isinstance(last.event, Task.Reverted)
    assert (last.row.actor_id, last.purpose, last.event.reason) == (me.subject_id, "testing", "a mistake")
    assert title_at(me, task, LATER) == "second"


def test_what_was_made_later_goes_to_the_trash_and_what_has_none_is_left(store: Store, me: Session) -> None:
    me.do(Task.create, "made later")
    store.catch_up()
    found = {reversal.kind: reversal for reversal in told(me, to=BEGINNING)}
    assert found["task"].action is Action.TRASHED
    assert (found["user"].action, found["user"].reason) == (Action.LEFT, "no_trash")
    store.catch_up()
    assert [task.title for task in me.find(Task, trashed=True)] == ["made later"]
    assert [line.action_class for line in me.audit(kind="task", limit=1)] == ["delete"]


def test_reverting_again_finds_nothing_to_do(me: Session) -> None:
    task = at(BEGINNING, me, Task.create, "first")
    at(LATER, me, Task.retitle, task, "second")
    assert len(told(me, to=BEGINNING, kind="task")) == 1
    before = me.engine.ledger.heads()
    assert told(me, to=BEGINNING, kind="task") == []
    assert me.engine.ledger.heads() == before


def test_a_preview_says_what_the_revert_then_does_and_stores_nothing(me: Session) -> None:
    parent, child = (at(BEGINNING, me, Task.create, title) for title in ("parent", "child"))
    at(BEGINNING, me, Task.nest_under, child, parent)
    at(LATER, me, Task.promote, child)
    at(LATER, me, Task.nest_under, parent, child)
    at(LATER, me, Bookmark.add, "https://example.org/")
    before = me.engine.ledger.heads()
    preview = told(me, to=BEGINNING, kind="task", dry_run=True)
    assert me.engine.ledger.heads() == before
    assert told(me, to=BEGINNING, kind="task") == preview
    assert {reversal.action for reversal in preview} == {Action.REVERTED}


def test_a_parent_and_a_child_that_changed_places_change_back_whoever_is_taken_first(me: Session) -> None:
    one, two = (at(BEGINNING, me, Task.create, title) for title in ("one", "two"))
    for above, below in ((one, two), (two, one)):
        start = me.do(Task.nest_under, below, above).recorded_at
        me.do(Task.promote, below)
        me.do(Task.nest_under, above, below)
        assert me.revert(to=start, kind="task") == Counter({Action.REVERTED: 2})
        child, parent = me.load(below), me.load(above)
        assert isinstance(child, Task)
        assert isinstance(parent, Task)
        assert (child.parent_id, parent.parent_id) == (above, None)
        me.do(Task.promote, below)


def test_what_would_break_a_rule_is_left_with_its_reason(me: Session) -> None:
    first = at(BEGINNING, me, Bookmark.add, "https://example.org/")
    at(LATER, me, Bookmark.trash, first)
    at(LATER, me, Bookmark.add, "https://example.org/")
    for dry_run in (True, False):
        (reversal,) = told(me, to=BEGINNING, record_id=first, dry_run=dry_run)
        assert (reversal.action, reversal.reason) == (Action.LEFT, "claim_taken")
    assert me.load(first).deleted_at is not None


def test_an_address_comes_back_to_its_bookmark_when_the_newer_one_goes(me: Session) -> None:
    first = at(BEGINNING, me, Bookmark.add, "https://example.org/")
    at(LATER, me, Bookmark.trash, first)
    at(LATER, me, Bookmark.add, "https://example.org/")
    assert me.revert(to=BEGINNING, kind="bookmark", dry_run=True) == Counter(
        {Action.REVERTED: 1, Action.TRASHED: 1}
    )
    assert me.revert(to=BEGINNING, kind="bookmark") == Counter({Action.REVERTED: 1, Action.TRASHED: 1})
    assert me.load(first).deleted_at is None


def test_erased_records_stay_erased(me: Session, databases: Databases) -> None:
    task = at(BEGINNING, me, Task.create, "first")
    note = at(BEGINNING, me, Note.write, "note")
    at(LATER, me, Task.retitle, task, "second")
    at(LATER, me, Note.retitle, note, "renamed")
    destroy_keys(databases, "task")
    me.engine.keys._checked_at = 0.0
    found = {reversal.record_id: reversal for reversal in told(me, to=BEGINNING)}
    assert (found[task].action, found[task].reason) == (Action.LEFT, "erased")
    assert found[note].action is Action.REVERTED
    assert [each.became for each in me.diff(BEGINNING, LATER) if each.record_id == task] == [Became.ERASED]


def test_an_import_is_undone_but_for_what_was_changed_since_and_the_undoing_is_undone(
    me: Session, tmp_path: Path
) -> None:
    for name in ("one", "two", "three"):
        (tmp_path / f"{name}.md").write_text(f"# {name}\n\ntext")
    report = import_paths(me, [tmp_path])
    notes = {span.record_id for span in me.engine.moments.by_run(me.subject_id, report.run_id)}
    assert len(notes) == 3
    kept = min(notes)
    me.do(Note.pin, kept)
    imported = datetime.now(UTC)
    found = {reversal.record_id: reversal for reversal in told(me, run=report.run_id)}
    assert {key: each.action for key, each in found.items()} == {
        note: Action.LEFT if note == kept else Action.TRASHED for note in notes
    }
    assert found[kept].reason == "changed_since"
    assert me.revert(to=imported) == Counter({Action.REVERTED: 2})
    assert all(me.load(note).deleted_at is None for note in notes)


def test_more_records_than_a_chunk_come_back_in_several_transactions(
    me: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reverting, "CHUNK", 3)
    tasks = [at(BEGINNING, me, Task.create, str(number)) for number in range(8)]
    for task in tasks:
        at(LATER, me, Task.start, task)
    assert me.revert(to=BEGINNING, kind="task") == Counter({Action.REVERTED: 8})
    commands = {me.history(task)[-1].row.command_id for task in tasks}
    runs = {me.history(task)[-1].row.correlation_id for task in tasks}
    assert (len(commands), len(runs)) == (3, 1)


def test_a_revert_that_was_killed_is_finished_by_the_next_and_takes_no_record_back_twice(
    me: Session, environment: dict[str, str]
) -> None:
    tasks = [at(BEGINNING, me, Task.create, str(number)) for number in range(30)]
    for task in tasks:
        at(LATER, me, Task.start, task)
    program = f"""
import time
from datetime import datetime
from uuid import UUID
from infrastructure.bootstrap import open_store
from infrastructure.store import reverting
reverting.CHUNK = 5
def slowly(reversal):
    print("back", flush=True)
    time.sleep(0.05)
store = open_store()
store.acting_as(UUID("{me.subject_id}")).revert(to=datetime.fromisoformat("{BEGINNING.isoformat()}"), kind="task", each=slowly)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program], env=environment, cwd=ROOT, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    for _ in range(7):
        assert process.stdout.readline() == b"back\n"
    process.kill()
    process.wait()
    process.stdout.close()
    rest = me.revert(to=BEGINNING, kind="task")[Action.REVERTED]
    assert 0 < rest < 30
    assert {len(me.history(task)) for task in tasks} == {3}


def test_a_record_that_somebody_changes_meanwhile_is_loaded_again(me: Session) -> None:
    tasks = [at(BEGINNING, me, Task.create, str(number)) for number in range(20)]
    for task in tasks:
        at(LATER, me, Task.start, task)
    stop = threading.Event()

    def annotate() -> None:
        while not stop.is_set():
            me.do(Task.annotate, tasks[0], "again")

    writer = threading.Thread(target=annotate)
    writer.start()
    try:
        assert me.revert(to=BEGINNING, kind="task").total() == 20
    finally:
        stop.set()
        writer.join()
    assert me.revert(to=BEGINNING, kind="task").total() <= 1
    assert all(state_of(me.load(task))["status"] == "todo" for task in tasks)


def test_a_revert_of_nothing_in_particular_or_of_too_much_is_refused(me: Session) -> None:
    task = at(BEGINNING, me, Task.create, "first")
    unclear: list[dict[str, Any]] = [
        {},
        {"to": LATER, "run": task},
        {"to": LATER, "record_id": task, "kind": "task"},
        {"to": LATER.replace(tzinfo=None)},
    ]
    for which in unclear:
        with pytest.raises(InvalidQuery):
            told(me, **which)
    with pytest.raises(NotFound):
        told(me, to=LATER, record_id=UUID(int=5))
    for fault in ({"kind": "nonsense"}, {"reason": "nul\x00"}):
        with pytest.raises(InvalidInput):
            told(me, to=LATER, **fault)


def test_a_difference_tells_each_record_once_with_its_fields(me: Session) -> None:
    task = at(BEGINNING, me, Task.create, "first")
    same = at(BEGINNING, me, Task.create, "same")
    at(LATER, me, Task.retitle, task, "second")
    at(LATER, me, Task.retitle, task, "third")
    at(LATER, me, Task.retitle, same, "other")
    at(LATER, me, Task.retitle, same, "same")
    new = at(LATER, me, Note.write, "note")
    at(LATER + HOUR, me, Task.trash, task)
    found = {each.record_id: each for each in me.diff(BEGINNING, LATER)}
    assert set(found) == {task, new}
    assert [(each.field, each.before, each.after) for each in found[task].fields] == [
        ("title", "first", "third")
    ]
    assert (found[task].became, found[new].became) == (Became.CHANGED, Became.CREATED)
    (trashed,) = me.diff(LATER, LATER + HOUR, kind="task")
    assert trashed.became is Became.TRASHED
    assert not list(me.diff(BEGINNING - HOUR, BEGINNING, kind="note"))


@pytest.mark.filterwarnings("ignore:Do not use the `random` module")  # a pool's thread does, while we draw
@settings(
    max_examples=6,
    phases=[Phase.generate],
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(history=histories(every_kind=True, min_size=10, max_size=30))
def test_after_a_revert_every_record_is_as_of_the_moment_and_after_its_revert_as_before(
    store: Store, history: tuple[Step, ...]
) -> None:
    me = newcomer(store)
    lived = live(me, history)
    moments = sorted(set(lived.moments))
    then = moments[len(moments) // 2]
    start = datetime.now(UTC)
    records = [each for each in lived.ids.values() if me.engine.ledger.stream(me.subject_id, each)]
    first = {record_id: state_of(me.load(record_id)) for record_id in records}
    left = {each.record_id: each.reason for each in told(me, to=then) if each.action is Action.LEFT}
    assert set(left.values()) <= {"not_revertible", "no_trash", "restricted"}
    for record_id in set(records) - set(left):
        assert stood(me, record_id, then)
    store.catch_up()
    for kind in ("task", "contact", "transaction"):
        assert {each.id: each.version for each in in_table(me, kind)} == {
            each: me.load(each).version for each in records if kind == me.load(each).KIND
        }
    again = {each.record_id for each in told(me, to=start) if each.action is Action.LEFT}
    for record_id in set(records) - set(left) - again:
        assert state_of(me.load(record_id)) == first[record_id]
    assert not any(me.load(record_id).REVERTIBLE for record_id in again - set(left))


def stood(me: Session, record_id: UUID, then: datetime) -> bool:
    """Whether the record is as it was; what was not there yet is in the trash."""
    now = me.load(record_id)
    try:
        earlier = me.load(record_id, as_of=then)
    except NotFound:
        return now.deleted_at is not None
    names = set(reverted_fields(type(now)))
    if (
        isinstance(now, Media) and now.processing is Processing.QUARANTINED
    ):  # going back takes no warning back
        names -= {"processing", "processing_problem"}
    return all(getattr(now, name) == getattr(earlier, name) for name in names)
