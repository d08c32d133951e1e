"""What of one task comes before what of another, and how long before; that it does at all is in test_task_order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from domain.productivity.task import Task
from domain.productivity.task_terms import (
    MAX_DEPENDENCIES,
    Dependency,
    DependencyType,
    PredecessorsOpen,
    Status,
    TaskCycle,
    TooEarly,
)
from domain.shared import clock
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput
from domain.shared.record import Origin
from domain.shared.values import new_id
from infrastructure.ledger.codec import decode_event, schema_version_of
from tests.domain.productivity.tasks import NOON, SOURCE, some_tasks
from tests.domain.shelf import Shelf

FS, SS = DependencyType.FINISH_TO_START, DependencyType.START_TO_START
FF, SF = DependencyType.FINISH_TO_FINISH, DependencyType.START_TO_FINISH
STARTS, FINISHES = [FS, SS], [FF, SF]
A_DAY = 24 * 60


def tied(how: DependencyType, lag_minutes: int = 0) -> tuple[Task, Task]:
    """Return a task and the one that it waits for."""
    task, first = some_tasks(2)
    task.add_dependency(first.id, dependency_type=how, lag_minutes=lag_minutes)
    return task, first


def at(moment: datetime) -> Any:
    return clock.reading(lambda: moment)


@pytest.mark.parametrize("how", STARTS)
def test_what_holds_the_start_up_blocks_a_task(how: DependencyType) -> None:
    task, _ = tied(how)
    assert task.status is Status.BLOCKED
    for refused in (task.start, task.complete):
        with pytest.raises(PredecessorsOpen):
            refused()
    task.start(force=True)
    assert task.is_begun


@pytest.mark.parametrize("how", FINISHES)
def test_what_holds_the_end_up_lets_a_task_begin(how: DependencyType) -> None:
    task, _ = tied(how)
    assert task.status is Status.TODO
    task.start()
    with pytest.raises(PredecessorsOpen):
        task.complete()
    task.complete(force=True)
    assert not task.is_open


@pytest.mark.parametrize("how", [SS, SF])
def test_it_is_enough_that_the_other_has_begun_where_its_start_comes_first(how: DependencyType) -> None:
    task, first = tied(how)
    first.start()
    assert task.status is Status.TODO
    task.complete()
    assert not task.is_open


@pytest.mark.parametrize("how", [FS, FF])
def test_it_is_not_enough_that_the_other_has_begun_where_its_end_comes_first(how: DependencyType) -> None:
    task, first = tied(how)
    first.start()
    with pytest.raises(PredecessorsOpen):
        task.complete()


@pytest.mark.parametrize("how", DependencyType)
@pytest.mark.parametrize("settle", [Task.complete, Task.cancel, Task.trash])
def test_one_that_is_done_cancelled_or_trashed_holds_nothing_up(
    how: DependencyType, settle: Callable[[Task], None]
) -> None:
    task, first = tied(how)
    settle(first)
    assert task.status is Status.TODO
    task.start()
    task.complete()
    assert not task.is_open


def test_one_that_was_begun_and_waits_has_begun_and_one_that_is_reopened_has_not() -> None:
    task, first = tied(SS)
    statuses = []
    for verb in ("wait_for", "stop_waiting", "start", "wait_for", "cancel", "reopen"):
        getattr(first, verb)(*(["an answer"] if verb == "wait_for" else []))
        statuses.append(task.status)
    blocked, free = Status.BLOCKED, Status.TODO
    assert statuses == [blocked, blocked, free, free, free, blocked]


def test_task_that_was_begun_goes_on_whatever_comes_first() -> None:
    task, first = some_tasks(2)
    task.start()
    task.wait_for("an answer")
    task.add_dependency(first.id)
    task.start()
    assert task.status is Status.IN_PROGRESS


def test_source_that_has_begun_a_task_unblocks_what_waits_for_that() -> None:
    shelf = Shelf()
    task, first = (Task.create(Origin(new_id(), source=SOURCE, peers=shelf), "Task") for _ in range(2))
    for each in (task, first):
        shelf.add(each)
    task.add_dependency(first.id, dependency_type=SS, lag_minutes=A_DAY)
    first.refresh("Task", status=Status.IN_PROGRESS)
    assert task.status is Status.TODO
    task.start()  # nobody has said since when the other is under way


@pytest.mark.parametrize("how", DependencyType)
def test_task_waits_until_the_lag_has_passed(how: DependencyType) -> None:
    with at(NOON):
        task, first = tied(how, A_DAY)
        first.start()
        if not Dependency(first.id, how).waits_for_start:
            first.complete()
    held_up = task.start if Dependency(first.id, how).holds_start else task.complete
    free_at = NOON + timedelta(days=1)
    assert task.status is Status.TODO
    with at(free_at - timedelta(seconds=1)), pytest.raises(TooEarly) as refused:
        held_up()
    assert refused.value.not_before == free_at
    assert str(free_at.year) not in str(refused.value)  # messages tell nothing of a person
    with at(free_at):
        held_up()
    assert task.status in (Status.IN_PROGRESS, Status.DONE)


def test_longest_of_several_lags_counts() -> None:
    task, first, second = some_tasks(3)
    task.add_dependency(first.id, lag_minutes=2 * A_DAY)
    task.add_dependency(second.id, lag_minutes=A_DAY)
    for each in (first, second):
        each.complete(completed_at=NOON)
    with at(NOON + timedelta(days=1)), pytest.raises(TooEarly) as refused:
        task.start()
    assert refused.value.not_before == NOON + timedelta(days=2)


def test_lag_is_held_against_the_moment_a_task_is_said_to_have_ended_at() -> None:
    task, first = tied(FS, A_DAY)
    first.complete(completed_at=NOON)
    with pytest.raises(TooEarly):
        task.complete(completed_at=NOON + timedelta(hours=23))
    task.complete(completed_at=NOON + timedelta(hours=24))
    assert not task.is_open


@pytest.mark.parametrize("settle", [Task.cancel, Task.trash])
def test_nothing_follows_after_a_lag_what_was_given_up(settle: Callable[[Task], None]) -> None:
    task, first = tied(FS, A_DAY)
    settle(first)
    task.start()
    assert task.status is Status.IN_PROGRESS


def test_lag_is_passed_over_by_force() -> None:
    task, first = tied(FS, A_DAY)
    first.complete()
    task.start(force=True)
    task.complete(force=True)
    assert not task.is_open


def test_tasks_that_end_together_wait_for_no_lag_between_them() -> None:
    parent, child = some_tasks(2)
    child.nest_under(parent.id)
    parent.add_dependency(child.id, lag_minutes=A_DAY)
    parent.complete(complete_subtasks=True)
    assert not parent.is_open


def test_what_is_said_last_of_a_predecessor_counts() -> None:
    task, first, second = some_tasks(3)
    task.add_dependency(first.id)
    task.add_dependency(second.id, dependency_type=FF)
    task.add_dependency(first.id, dependency_type=SF, lag_minutes=5)
    task.add_dependency(first.id, dependency_type=SF, lag_minutes=5)
    assert set(task.dependencies) == {Dependency(second.id, FF), Dependency(first.id, SF, 5)}
    assert (task.status, first.dependents) == (Status.TODO, (task.id,))
    assert sum(isinstance(each, Task.DependencyAdded) for each in task.pending_events) == 3


def test_full_task_can_still_say_otherwise_of_a_predecessor() -> None:
    task, *many = some_tasks(MAX_DEPENDENCIES + 1)
    for each in many:
        task.add_dependency(each.id)
    task.add_dependency(many[0].id, dependency_type=FF)
    assert len(task.dependencies) == MAX_DEPENDENCIES


@pytest.mark.parametrize("how", DependencyType)
def test_tasks_in_a_circle_are_refused_whatever_waits_for_what(how: DependencyType) -> None:
    task, first = tied(SF)
    with pytest.raises(TaskCycle):
        first.add_dependency(task.id, dependency_type=how)


@pytest.mark.parametrize("lag", [-1, 5_256_001])
def test_lag_lies_between_nothing_and_ten_years(lag: int) -> None:
    add = commands_of(Task)["add_dependency"]
    with pytest.raises(InvalidInput, match="lag_minutes"):
        add.arguments((new_id(),), {"lag_minutes": lag})


def test_dependency_of_the_first_version_is_from_finish_to_start() -> None:
    first_id = new_id()
    body = orjson.dumps({"purpose": None, "data": {"predecessor_id": str(first_id)}})
    event, _ = decode_event("task", "task.dependency_added", 1, (new_id(), 2, NOON), body)
    (task,) = some_tasks(1)
    event.apply(task)
    assert task.dependencies == (Dependency(first_id, FS, 0),)


def test_revert_of_the_time_when_dependencies_were_ids_is_read() -> None:
    first_id = new_id()
    state = {"title": "x", "dependencies": [str(first_id)]}
    data = {"state": state, "to_version": 1, "reason": ""}
    body = orjson.dumps({"purpose": None, "data": data})
    version = schema_version_of(Task.Reverted)
    event, _ = decode_event("task", "task.reverted", version, (new_id(), 3, datetime.now(UTC)), body)
    assert isinstance(event, Task.Reverted)
    assert event.state["dependencies"] == (Dependency(first_id),)


def test_reverted_task_is_held_up_as_it_was() -> None:
    task, first = some_tasks(2)
    earlier = Task.create(Origin(new_id(), task.id), "Task")
    task.add_dependency(first.id, dependency_type=SS)
    task.revert_to(earlier, "")
    assert (task.status, task.dependencies, first.dependents) == (Status.TODO, (), ())
