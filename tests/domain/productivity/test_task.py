"""What may be done with a task, and when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.productivity.task import Task
from domain.productivity.task_terms import (
    MAX_CHECKLIST,
    ItemExists,
    NotWaiting,
    Priority,
    StartAfterDue,
    Status,
    TaskClosed,
    TaskOpen,
    TimeOverlap,
)
from domain.shared import clock
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput, ItemNotFound, RecordTrashed
from domain.shared.record import Origin, Record, TooMany
from domain.shared.values import new_id
from tests.domain.productivity.tasks import NOON, SOURCE, a_task, some_tasks


def an_imported_task(**fields: Any) -> Task:
    return Task.create(Origin(new_id(), source=SOURCE), "Renew passport", **fields)


def test_task_that_came_in_as_begun_goes_on_after_waiting() -> None:
    task = an_imported_task(status=Status.IN_PROGRESS)
    task.wait_for("the office")
    task.stop_waiting()
    assert task.status is Status.IN_PROGRESS


def last_topic(task: Task) -> str:
    event = task.pending_events[-1]
    assert isinstance(event, Record.Event)
    return event.TOPIC


def test_new_task_is_to_be_done() -> None:
    task = a_task(due=date(2026, 12, 1), priority=Priority.HIGH)
    assert (task.status, task.due, task.priority) == (Status.TODO, date(2026, 12, 1), Priority.HIGH)
    assert last_topic(task) == "task.created"


def test_task_imported_as_done_is_complete() -> None:
    task = an_imported_task(status=Status.DONE, completed_at=NOON, percent_complete=30)
    assert (task.percent_complete, task.completed_at, task.is_open) == (100, NOON, False)


def test_task_imported_as_open_is_not_complete() -> None:
    task = an_imported_task(completed_at=NOON, percent_complete=100)
    assert (task.percent_complete, task.completed_at) == (99, None)


def test_task_cannot_start_after_it_is_due() -> None:
    with pytest.raises(StartAfterDue):
        a_task(start_on=date(2026, 5, 2), due=date(2026, 5, 1))
    with pytest.raises(StartAfterDue):
        a_task().reschedule(date(2026, 5, 1), start_on=date(2026, 5, 2))


def test_retitling_and_noting() -> None:
    task = a_task()
    task.retitle("Renew both passports")
    assert (task.title, last_topic(task)) == ("Renew both passports", "task.retitled")
    task.write_notes("Bring photos")
    assert (task.notes, last_topic(task)) == ("Bring photos", "task.notes_written")


def test_starting_keeps_the_first_start() -> None:
    with clock.reading(lambda: NOON):
        task = a_task()
        task.start()
    task.wait_for("the office")
    task.start()
    assert (task.status, task.started_at) == (Status.IN_PROGRESS, NOON)


def test_waiting_ends_where_it_began() -> None:
    fresh, begun = a_task(), a_task()
    begun.start()
    for task in (fresh, begun):
        task.wait_for("the office")
        assert (task.status, task.waiting_for) == (Status.WAITING, "the office")
        task.stop_waiting()
        assert task.waiting_for is None
    assert (fresh.status, begun.status) == (Status.TODO, Status.IN_PROGRESS)


def test_task_that_waits_for_nothing_cannot_stop_waiting() -> None:
    with pytest.raises(NotWaiting):
        a_task().stop_waiting()


def test_completing_ends_all_progress() -> None:
    task = a_task()
    task.wait_for("the office")
    task.complete(completed_at=NOON)
    assert (task.status, task.percent_complete, task.completed_at) == (Status.DONE, 100, NOON)
    assert task.waiting_for is None


def test_completion_is_now_unless_said_otherwise() -> None:
    task = a_task()
    with clock.reading(lambda: NOON):
        task.complete()
    assert task.completed_at == NOON


def test_reopened_task_begins_afresh() -> None:
    task = a_task()
    task.start()
    task.complete()
    task.reopen()
    assert (task.status, task.percent_complete) == (Status.TODO, 0)
    assert task.completed_at is task.started_at is task.cancelled_at is None
    with pytest.raises(TaskOpen):
        task.reopen()


def test_cancelled_task_tells_why_until_it_is_reopened() -> None:
    with clock.reading(lambda: NOON):
        task = a_task()
        task.cancel("moved abroad")
    assert (task.status, task.cancelled_at, task.cancel_reason) == (Status.CANCELLED, NOON, "moved abroad")
    task.reopen()
    assert (task.cancelled_at, task.cancel_reason) == (None, "")


@pytest.mark.parametrize(
    "change",
    [
        Task.start,
        Task.complete,
        Task.cancel,
        Task.clear_due,
        lambda task: task.wait_for("x"),
        lambda task: task.reschedule(date(2026, 5, 1)),
        lambda task: task.reprioritise(Priority.LOW),
        lambda task: task.estimate(5),
        lambda task: task.record_progress(5),
        lambda task: task.add_dependency(new_id()),
        lambda task: task.add_checklist_item("x"),
        lambda task: task.set_recurrence("FREQ=DAILY"),
    ],
)
@pytest.mark.parametrize("close", [Task.complete, Task.cancel])
def test_closed_task_must_be_reopened_before_it_changes(
    close: Callable[[Task], None], change: Callable[[Task], None]
) -> None:
    task = a_task()
    close(task)
    with pytest.raises(TaskClosed):
        change(task)


def test_rescheduling_replaces_all_dates() -> None:
    task = a_task(start_on=date(2026, 4, 1), due=date(2026, 5, 1))
    due_at = datetime.fromisoformat("2026-06-01 17:00")
    task.reschedule(date(2026, 6, 1), due_at=due_at, timezone="Europe/Berlin")
    assert (task.start_on, task.due, task.due_at) == (None, date(2026, 6, 1), due_at)
    assert task.timezone == "Europe/Berlin"


def test_clearing_the_due_date_keeps_the_start() -> None:
    task = a_task(start_on=date(2026, 4, 1), due=date(2026, 5, 1))
    task.clear_due()
    assert (task.start_on, task.due, task.due_at, task.timezone) == (date(2026, 4, 1), None, None, None)


def test_priority_estimate_progress_and_recurrence_are_kept() -> None:
    task = a_task()
    task.reprioritise(Priority.URGENT)
    task.estimate(90)
    task.record_progress(40)
    task.set_recurrence("FREQ=WEEKLY")
    assert (task.priority, task.estimate_minutes, task.percent_complete) == (Priority.URGENT, 90, 40)
    assert task.recurrence == "FREQ=WEEKLY"
    task.stop_recurrence()
    assert task.recurrence is None


def test_hundred_percent_is_said_by_completing() -> None:
    with pytest.raises(InvalidInput):
        commands_of(Task)["record_progress"].arguments_from_json('{"percent": 100}')


def test_nothing_happens_where_nothing_would_change() -> None:
    task, parent = some_tasks(2)
    task.wait_for("the office")
    task.start()
    task.wait_for("the office")
    task.reschedule(date(2026, 6, 1))
    task.reprioritise(Priority.LOW)
    task.estimate(5)
    task.record_progress(5)
    task.set_recurrence("FREQ=DAILY")
    task.nest_under(parent.id)
    task.add_dependency(parent.id)
    item_id = new_id()
    task.add_checklist_item("x", item_id=item_id)
    version = task.version
    task.retitle(task.title)
    task.write_notes(task.notes)
    task.wait_for("the office")
    task.reschedule(date(2026, 6, 1))
    task.reprioritise(Priority.LOW)
    task.estimate(5)
    task.record_progress(5)
    task.set_recurrence("FREQ=DAILY")
    task.nest_under(parent.id)
    task.add_dependency(parent.id)
    task.remove_dependency(new_id())
    task.uncheck_item(item_id)
    assert task.version == version
    fresh = a_task()
    fresh.clear_due()
    fresh.promote()
    fresh.stop_recurrence()
    assert fresh.version == 1


def test_started_task_starts_once() -> None:
    task = a_task()
    task.start()
    task.start()
    assert task.version == 2


def test_checklist_items_are_checked_one_by_one() -> None:
    task = a_task()
    photo, form = new_id(), new_id()
    task.add_checklist_item("photo", item_id=photo)
    task.add_checklist_item("form", item_id=form)
    task.check_item(photo)
    task.check_item(form)
    task.uncheck_item(form)
    assert [(item.text, item.checked) for item in task.checklist] == [("photo", True), ("form", False)]
    task.remove_item(photo)
    assert [item.id for item in task.checklist] == [form]


@pytest.mark.parametrize("use", [Task.check_item, Task.uncheck_item, Task.remove_item])
def test_item_that_is_not_there_cannot_be_used(use: Callable[[Task, UUID], None]) -> None:
    with pytest.raises(ItemNotFound):
        use(a_task(), new_id())


def test_checklist_item_has_an_id_of_its_own() -> None:
    task = a_task()
    task.add_checklist_item("photo")
    with pytest.raises(ItemExists):
        task.add_checklist_item("form", item_id=task.checklist[0].id)


def test_checklist_is_bounded() -> None:
    task = a_task()
    for _ in range(MAX_CHECKLIST):
        task.add_checklist_item("one more")
    with pytest.raises(TooMany):
        task.add_checklist_item("one too many")


def test_logged_time_adds_up() -> None:
    task = a_task()
    task.log_time(NOON, NOON + timedelta(minutes=30))
    task.log_time(NOON + timedelta(minutes=30), NOON + timedelta(minutes=45))
    assert task.spent_minutes == 45


@pytest.mark.parametrize(("begin", "end"), [(0, 0), (5, 3), (29, 31), (-5, 40), (10, 20)])
def test_logged_times_end_after_they_start_and_do_not_overlap(begin: int, end: int) -> None:
    task = a_task()
    task.log_time(NOON, NOON + timedelta(minutes=30))
    with pytest.raises(TimeOverlap):
        task.log_time(NOON + timedelta(minutes=begin), NOON + timedelta(minutes=end))


def test_refresh_takes_what_the_source_says_now() -> None:
    task = an_imported_task()
    task.refresh("Renew passport", status=Status.DONE, completed_at=NOON)
    assert (task.status, task.completed_at, task.percent_complete) == (Status.DONE, NOON, 100)
    assert task.edited_fields == ()


def test_refresh_without_news_is_no_event() -> None:
    task = an_imported_task(notes="Bring photos")
    task.refresh("Renew passport", notes="Bring photos")
    assert task.version == 1


def test_refresh_keeps_what_the_person_wrote() -> None:
    task = an_imported_task()
    task.retitle("Mine")
    task.refresh("Theirs", notes="news")
    assert (task.title, task.notes) == ("Mine", "news")


@pytest.mark.parametrize(
    ("act", "status"),
    [
        (Task.start, Status.IN_PROGRESS),
        (Task.complete, Status.DONE),
        (Task.cancel, Status.CANCELLED),
        (lambda task: task.wait_for("x"), Status.WAITING),
        (lambda task: task.record_progress(40), Status.TODO),
    ],
)
def test_refresh_does_not_undo_how_far_the_person_has_come(
    act: Callable[[Task], None], status: Status
) -> None:
    task = an_imported_task()
    act(task)
    before = (task.percent_complete, task.completed_at)
    task.refresh("News", status=Status.IN_PROGRESS if status is Status.TODO else Status.TODO)
    assert (task.title, task.status) == ("News", status)
    assert (task.percent_complete, task.completed_at) == before


def test_refresh_does_not_bring_back_a_date_or_recurrence_the_person_removed() -> None:
    given: dict[str, Any] = {"due": date(2026, 5, 1), "recurrence": "FREQ=DAILY"}
    task = an_imported_task(**given)
    task.clear_due()
    task.stop_recurrence()
    task.refresh("News", **given)
    assert (task.title, task.due, task.recurrence) == ("News", None, None)


def test_refresh_cannot_start_after_due() -> None:
    with pytest.raises(StartAfterDue):
        an_imported_task().refresh("x", start_on=date(2026, 5, 2), due=date(2026, 5, 1))


def test_trashed_task_cannot_be_changed() -> None:
    task = a_task()
    task.trash()
    with pytest.raises(RecordTrashed):
        task.start()


def test_task_claims_nothing() -> None:
    assert a_task().claims == frozenset()


def test_every_command_has_a_json_schema() -> None:
    for command in commands_of(Task).values():
        assert command.json_schema()["type"] == "object"


def test_error_and_repr_show_no_content() -> None:
    task = a_task("Secret")
    task.complete()
    with pytest.raises(TaskClosed) as caught:
        task.wait_for("Secret")
    assert "Secret" not in f"{caught.value}{task!r}"
