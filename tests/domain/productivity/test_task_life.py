"""A task under any commands in any order."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, get_args
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.catalogue import events_of, topic_of
from domain.productivity.reminder_terms import Proximity
from domain.productivity.task import Task
from domain.productivity.task_terms import DependencyType, RecurrenceMode, StatedStatus, Status
from domain.shared.errors import DomainError
from domain.shared.record import Origin, state_fields
from domain.shared.values import new_id
from tests.domain.productivity.tasks import NOON, SOURCE
from tests.domain.shelf import Shelf


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


ITEMS = [new_id() for _ in range(3)]
HOW, LAGS = st.sampled_from(DependencyType), st.sampled_from((0, 60))
DAYS = st.none() | st.dates(date(2026, 1, 1), date(2026, 1, 9))


class TaskLife(RuleBasedStateMachine):
    """Whatever is done to a task and in whatever order, it stays sound and can be replayed."""

    @initialize(imported=st.booleans())
    def create(self, *, imported: bool) -> None:
        shelf = Shelf()
        for _ in range(3):
            shelf.add(Task.create(Origin(new_id(), peers=shelf), "Other"))
        self.others = list(shelf.records)
        self.shelf = shelf
        self.task = Task.create(Origin(new_id(), source=SOURCE if imported else None, peers=shelf), "Task")
        shelf.records[self.task.id] = self.task

    def attempt(self, command: Callable[..., None], *args: object, **kwargs: object) -> None:
        """Run a command; one that is refused leaves no trace, one that runs an event.

        With a next instance there is another, and one where the task comes to be blocked or no longer is.
        """
        before, next_id = state(self.task), self.task.next_id
        try:
            command(self.task, *args, **kwargs)
        except DomainError:
            assert state(self.task) == before
        events = self.task.pending_events[int(str(before["version"])) :]
        blocked = sum(isinstance(each, (Task.Blocked, Task.Unblocked)) for each in events)
        assert blocked <= 1
        assert len(events) - blocked in ({2} if self.task.next_id != next_id else {0, 1})
        if self.task.version == before["version"]:
            assert state(self.task) == before

    def other(self, index: int) -> Task:
        task = self.shelf.get(Task, self.others[index])
        assert task is not None
        return task

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

    @rule(
        index=st.integers(0, 2),
        verb=st.sampled_from([Task.start, Task.complete, Task.cancel, Task.reopen, Task.trash, Task.restore]),
    )
    def let_another_move_on(self, index: int, verb: Callable[[Task], None]) -> None:
        with suppress(DomainError):
            verb(self.other(index))

    @rule(index=st.integers(0, 2), under=st.none() | st.integers(0, 2))
    def let_another_be_nested(self, index: int, under: int | None) -> None:
        parent = self.task if under is None else self.other(under)
        with suppress(DomainError):
            self.other(index).nest_under(parent.id)

    @rule(index=st.integers(0, 2))
    def let_another_be_promoted(self, index: int) -> None:
        with suppress(DomainError):
            self.other(index).promote()

    @rule(index=st.integers(0, 2), first=st.none() | st.integers(0, 2), how=HOW, lag=LAGS)
    def let_another_wait(self, index: int, first: int | None, how: DependencyType, lag: int) -> None:
        predecessor = self.task if first is None else self.other(first)
        with suppress(DomainError):
            self.other(index).add_dependency(predecessor.id, dependency_type=how, lag_minutes=lag)

    @rule(rule=st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY;COUNT=2"]), mode=st.sampled_from(RecurrenceMode))
    def recur(self, rule: str, mode: RecurrenceMode) -> None:
        self.attempt(Task.set_recurrence, rule, mode=mode)

    @rule()
    def complete_with_all_under_it(self) -> None:
        self.attempt(Task.complete, force=True, complete_subtasks=True)

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

    @rule(index=st.integers(0, 3), how=HOW, lag=LAGS)
    def refer(self, index: int, how: DependencyType, lag: int) -> None:
        other = [*self.others, self.task.id][index]
        self.attempt(Task.nest_under, other)
        self.attempt(Task.add_dependency, other, dependency_type=how, lag_minutes=lag)

    @rule()
    def begin_in_any_case(self) -> None:
        self.attempt(Task.start, force=True)

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

    @rule(item=st.sampled_from(ITEMS), minutes=st.none() | st.integers(0, 5), near=st.sampled_from(Proximity))
    def remind(self, item: UUID, minutes: int | None, near: Proximity) -> None:
        self.attempt(Task.add_reminder, minutes_before=minutes, proximity=near, reminder_id=item)

    @rule(
        item=st.sampled_from(ITEMS), verb=st.sampled_from([Task.acknowledge_reminder, Task.remove_reminder])
    )
    def see(self, item: UUID, verb: Callable[[Task, UUID], None]) -> None:
        self.attempt(Task.snooze_reminder, item, datetime(2999, 1, 1, tzinfo=UTC))
        self.attempt(verb, item)

    @rule(begin=st.integers(0, 50), length=st.integers(0, 10))
    def log(self, begin: int, length: int) -> None:
        started_at = NOON + timedelta(minutes=begin)
        self.attempt(Task.log_time, started_at, started_at + timedelta(minutes=length))

    @rule(status=st.sampled_from(get_args(StatedStatus)), percent=st.integers(0, 100))
    def refresh(self, status: Status, percent: int) -> None:
        reminders = self.task.reminders
        self.attempt(Task.refresh, "Task", status=status, percent_complete=percent, reminders=reminders)

    @invariant()
    def is_sound(self) -> None:
        task = self.task
        assert (task.percent_complete == 100) is (task.status is Status.DONE)
        assert task.completed_at is None or task.status is Status.DONE
        assert task.start_on is None or task.due is None or task.start_on <= task.due
        assert task.id not in {*task.waits_for, task.parent_id}
        assert len({item.id for item in task.checklist}) == len(task.checklist)
        assert len({each.id for each in task.reminders}) == len(task.reminders)
        assert all(each.is_clear for each in task.reminders)
        spans = sorted((span.started_at, span.ended_at) for span in task.time_log)
        assert all(one[1] <= next_one[0] for one, next_one in pairwise(spans))

    @invariant()
    def is_known_to_what_it_lies_in(self) -> None:
        tasks = [task for task in self.shelf.records.values() if isinstance(task, Task)]
        for parent in tasks:
            assert set(parent.children) == {task.id for task in tasks if task.parent_id == parent.id}
            assert len(set(parent.children)) == len(parent.children)

    @invariant()
    def is_known_to_what_it_waits_for(self) -> None:
        tasks = [task for task in self.shelf.records.values() if isinstance(task, Task)]
        for first in tasks:
            assert set(first.dependents) == {task.id for task in tasks if first.id in task.waits_for}
            assert len(set(first.dependents)) == len(first.dependents)

    @invariant()
    def is_blocked_while_what_it_waits_for_is_open(self) -> None:
        tasks = {task.id: task for task in self.shelf.records.values() if isinstance(task, Task)}
        for task in tasks.values():
            held_up = any(
                not (
                    tasks[each.task_id].is_begun if each.waits_for_start else not tasks[each.task_id].is_open
                )
                for each in task.dependencies
                if each.holds_start and tasks[each.task_id].deleted_at is None
            )
            assert task.status is not (Status.TODO if held_up else Status.BLOCKED)
            assert len(set(task.waits_for)) == len(task.waits_for)

    @invariant()
    def replays_to_the_same(self) -> None:
        assert state(replayed(self.task)) == state(self.task)


TestTaskLife = TaskLife.TestCase
TestTaskLife.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
