"""What may be done with a task, and when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, TypeVar
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.catalogue import events_of, topic_of
from domain.productivity.task import Task
from domain.productivity.task_terms import (
    MAX_CHECKLIST,
    ItemExists,
    NotWaiting,
    PredecessorsOpen,
    Priority,
    StartAfterDue,
    Status,
    TaskClosed,
    TaskCycle,
    TaskOpen,
    TaskTooDeep,
    TimeOverlap,
)
from domain.shared import clock
from domain.shared.commands import commands_of
from domain.shared.errors import DomainError, InvalidInput, ItemNotFound, PeerUnusable, RecordTrashed
from domain.shared.record import Origin, Record, Source, TooMany, state_fields
from domain.shared.values import new_id

R = TypeVar("R", bound=Record)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SOURCE = Source("todoist", "7")


class Shelf:
    """The other records of the person."""

    def __init__(self, *records: Record) -> None:
        self.records = {record.id: record for record in records}

    def get(self, kind: type[R], record_id: UUID) -> R | None:
        record = self.records.get(record_id)
        return record if isinstance(record, kind) else None


def a_task(title: str = "Renew passport", **fields: Any) -> Task:
    return Task.create(Origin(new_id()), title, **fields)


def an_imported_task(**fields: Any) -> Task:
    return Task.create(Origin(new_id(), source=SOURCE), "Renew passport", **fields)


def some_tasks(count: int) -> tuple[Task, ...]:
    """Return tasks that know each other."""
    shelf = Shelf()
    tasks = tuple(Task.create(Origin(new_id(), peers=shelf), "Task") for _ in range(count))
    shelf.records.update((task.id, task) for task in tasks)
    return tasks


def a_done_task() -> Task:
    task = a_task()
    task.complete()
    return task


def last_topic(task: Task) -> str:
    event = task.pending_events[-1]
    assert isinstance(event, Record.Event)
    return event.TOPIC


def state(task: Task) -> dict[str, object]:
    return {name: getattr(task, name) for name in state_fields(Task)} | {"version": task.version}


def replayed(task: Task) -> Task:
    again: Any = None
    for event in task.pending_events:
        assert isinstance(event, Task.Event)
        assert events_of(Task)[topic_of(type(event), Task)] is type(event)
        again = event.mutate(again)
    assert isinstance(again, Task)
    return again


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
        Task.promote,
        lambda task: task.wait_for("x"),
        lambda task: task.reschedule(date(2026, 5, 1)),
        lambda task: task.reprioritise(Priority.LOW),
        lambda task: task.estimate(5),
        lambda task: task.record_progress(5),
        lambda task: task.nest_under(new_id()),
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


def test_nested_task_can_be_promoted() -> None:
    child, parent = some_tasks(2)
    child.nest_under(parent.id)
    assert child.parent_id == parent.id
    child.promote()
    assert child.parent_id is None


def test_task_cannot_be_nested_under_itself_not_even_through_others() -> None:
    a, b, c = some_tasks(3)
    with pytest.raises(TaskCycle):
        a.nest_under(a.id)
    b.nest_under(a.id)
    c.nest_under(b.id)
    with pytest.raises(TaskCycle):
        a.nest_under(c.id)


def test_tasks_nest_ten_levels_deep() -> None:
    tasks = some_tasks(11)
    for child, parent in zip(tasks[1:10], tasks[:9], strict=True):
        child.nest_under(parent.id)
    with pytest.raises(TaskTooDeep):
        tasks[10].nest_under(tasks[9].id)


@pytest.mark.parametrize("refer", [Task.nest_under, Task.add_dependency])
def test_task_cannot_refer_to_one_that_is_missing_or_trashed(refer: Callable[[Task, UUID], None]) -> None:
    task, other = some_tasks(2)
    with pytest.raises(PeerUnusable):
        refer(task, new_id())
    other.trash()
    with pytest.raises(PeerUnusable):
        refer(task, other.id)


def test_trashed_task_further_up_or_on_does_not_stand_in_the_way() -> None:
    task, near, far = some_tasks(3)
    near.nest_under(far.id)
    near.add_dependency(far.id)
    far.trash()
    task.nest_under(near.id)
    task.add_dependency(near.id)
    assert (task.parent_id, task.dependencies) == (near.id, (near.id,))


def test_cycle_through_a_trashed_task_is_still_a_cycle() -> None:
    a, b, c = some_tasks(3)
    b.add_dependency(a.id)
    c.add_dependency(b.id)
    b.trash()
    with pytest.raises(TaskCycle):
        a.add_dependency(c.id)


def test_task_cannot_wait_for_itself_not_even_through_others() -> None:
    a, b, c = some_tasks(3)
    with pytest.raises(TaskCycle):
        a.add_dependency(a.id)
    b.add_dependency(a.id)
    c.add_dependency(b.id)
    with pytest.raises(TaskCycle):
        a.add_dependency(c.id)


def test_task_waits_for_its_predecessors_unless_forced() -> None:
    task, first = some_tasks(2)
    task.add_dependency(first.id)
    with pytest.raises(PredecessorsOpen):
        task.complete()
    task.complete(force=True)
    assert not task.is_open


@pytest.mark.parametrize("settle", [Task.complete, Task.cancel, Task.trash])
def test_predecessor_that_is_done_cancelled_or_trashed_holds_nothing_up(
    settle: Callable[[Task], None],
) -> None:
    task, first = some_tasks(2)
    task.add_dependency(first.id)
    settle(first)
    task.complete()
    assert not task.is_open


def test_removed_dependency_holds_nothing_up() -> None:
    task, first = some_tasks(2)
    task.add_dependency(first.id)
    task.remove_dependency(first.id)
    task.complete()
    assert task.dependencies == ()


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


ITEMS = [new_id() for _ in range(3)]
DAYS = st.none() | st.dates(date(2026, 1, 1), date(2026, 1, 9))


class TaskLife(RuleBasedStateMachine):
    """Whatever is done to a task and in whatever order, it stays sound and can be replayed."""

    @initialize(imported=st.booleans())
    def create(self, *, imported: bool) -> None:
        shelf = Shelf(*(a_task() for _ in range(3)))
        self.others = [record.id for record in shelf.records.values()]
        self.task = Task.create(Origin(new_id(), source=SOURCE if imported else None, peers=shelf), "Task")
        shelf.records[self.task.id] = self.task

    def attempt(self, command: Callable[..., None], *args: object, **kwargs: object) -> None:
        """Run a command; one that is refused must leave no trace, and one that runs at most one event."""
        before = state(self.task)
        try:
            command(self.task, *args, **kwargs)
        except DomainError:
            assert state(self.task) == before
        assert self.task.version - int(str(before["version"])) in {0, 1}
        if self.task.version == before["version"]:
            assert state(self.task) == before

    @rule(verb=st.sampled_from([Task.start, Task.stop_waiting, Task.complete, Task.reopen, Task.cancel]))
    def move_on(self, verb: Callable[[Task], None]) -> None:
        was_open = self.task.is_open
        self.attempt(verb)
        if was_open and verb is not Task.complete:
            assert self.task.completed_at is None

    @rule(
        verb=st.sampled_from([Task.trash, Task.restore, Task.promote, Task.clear_due, Task.stop_recurrence])
    )
    def undo(self, verb: Callable[[Task], None]) -> None:
        self.attempt(verb)

    @rule(text=st.sampled_from(["a", "b"]))
    def write(self, text: str) -> None:
        self.attempt(Task.retitle, text)
        self.attempt(Task.wait_for, text)

    @rule(start_on=DAYS, due=DAYS)
    def reschedule(self, start_on: date | None, due: date | None) -> None:
        self.attempt(Task.reschedule, due, start_on=start_on)

    @rule(percent=st.integers(0, 99))
    def progress(self, percent: int) -> None:
        self.attempt(Task.record_progress, percent)

    @rule(index=st.integers(0, 3))
    def refer(self, index: int) -> None:
        other = [*self.others, self.task.id][index]
        self.attempt(Task.nest_under, other)
        self.attempt(Task.add_dependency, other)

    @rule(index=st.integers(0, 2))
    def let_go(self, index: int) -> None:
        self.attempt(Task.remove_dependency, self.others[index])

    @rule(
        item=st.sampled_from(ITEMS),
        verb=st.sampled_from([Task.check_item, Task.uncheck_item, Task.remove_item]),
    )
    def tick(self, item: UUID, verb: Callable[[Task, UUID], None]) -> None:
        self.attempt(Task.add_checklist_item, "x", item_id=item)
        self.attempt(verb, item)

    @rule(begin=st.integers(0, 50), length=st.integers(0, 10))
    def log(self, begin: int, length: int) -> None:
        started_at = NOON + timedelta(minutes=begin)
        self.attempt(Task.log_time, started_at, started_at + timedelta(minutes=length))

    @rule(status=st.sampled_from(Status), percent=st.integers(0, 100))
    def refresh(self, status: Status, percent: int) -> None:
        self.attempt(Task.refresh, "Task", status=status, percent_complete=percent)

    @invariant()
    def is_sound(self) -> None:
        task = self.task
        assert (task.percent_complete == 100) is (task.status is Status.DONE)
        assert task.completed_at is None or task.status is Status.DONE
        assert task.start_on is None or task.due is None or task.start_on <= task.due
        assert task.id not in {*task.dependencies, task.parent_id}
        assert len({item.id for item in task.checklist}) == len(task.checklist)
        spans = sorted((span.started_at, span.ended_at) for span in task.time_log)
        assert all(one[1] <= next_one[0] for one, next_one in pairwise(spans))

    @invariant()
    def replays_to_the_same(self) -> None:
        assert state(replayed(self.task)) == state(self.task)


TestTaskLife = TaskLife.TestCase
TestTaskLife.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
