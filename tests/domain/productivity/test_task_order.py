"""Tasks after tasks; tasks under tasks are in test_task_tree."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from domain.productivity.task import Task
from domain.productivity.task_terms import (
    MAX_DEPENDENCIES,
    MAX_DEPENDENTS,
    PredecessorsOpen,
    Status,
    TaskCycle,
)
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput, PeerUnusable
from domain.shared.record import Origin, TooMany
from domain.shared.values import new_id
from tests.domain.productivity.tasks import SOURCE, some_tasks
from tests.domain.shelf import Shelf


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
    assert (task.parent_id, task.waits_for) == (near.id, (near.id,))


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


@pytest.mark.parametrize("bring_back", [(Task.complete, Task.reopen), (Task.trash, Task.restore)])
def test_task_is_blocked_while_a_predecessor_is_open(
    bring_back: tuple[Callable[[Task], None], Callable[[Task], None]],
) -> None:
    task, first, second = some_tasks(3)
    end, begin_again = bring_back
    task.add_dependency(first.id)
    task.add_dependency(second.id)
    statuses = [task.status]
    for step, predecessor in ((end, first), (end, second), (begin_again, first), (Task.cancel, first)):
        step(predecessor)
        statuses.append(task.status)
    assert statuses == [Status.BLOCKED, Status.BLOCKED, Status.TODO, Status.BLOCKED, Status.TODO]


def test_what_was_begun_or_waits_by_hand_is_not_blocked() -> None:
    begun, waiting, first = some_tasks(3)
    begun.start()
    waiting.wait_for("an answer")
    for task in (begun, waiting):
        task.add_dependency(first.id)
    statuses = [begun.status, waiting.status]
    waiting.stop_waiting()
    statuses.append(waiting.status)
    waiting.start(force=True)
    statuses.append(waiting.status)
    assert statuses == [Status.IN_PROGRESS, Status.WAITING, Status.BLOCKED, Status.IN_PROGRESS]


def test_reopened_task_is_blocked_again_while_a_predecessor_is_open() -> None:
    task, first = some_tasks(2)
    task.add_dependency(first.id)
    task.complete(force=True)
    task.reopen()
    assert task.status is Status.BLOCKED


def test_tasks_that_end_together_unblock_what_waits_for_them_once() -> None:
    parent, child, after = some_tasks(3)
    child.nest_under(parent.id)
    child.add_dependency(parent.id)
    after.add_dependency(parent.id)
    after.add_dependency(child.id)
    parent.complete(complete_subtasks=True)
    assert (parent.status, child.status, after.status) == (Status.DONE, Status.DONE, Status.TODO)
    assert sum(isinstance(each, Task.Unblocked) for each in after.pending_events) == 1
    assert not any(isinstance(each, Task.Unblocked) for each in child.pending_events)


def test_source_that_knows_of_no_predecessors_does_not_unblock_a_task() -> None:
    shelf = Shelf()
    task, first = (Task.create(Origin(new_id(), source=SOURCE, peers=shelf), "Task") for _ in range(2))
    for each in (task, first):
        shelf.add(each)
    task.add_dependency(first.id)
    task.refresh("Another title", status=Status.TODO)
    statuses = [task.status]
    for each in (first, task):
        each.refresh("Another title", status=Status.DONE)
        statuses.append(task.status)
    assert statuses == [Status.BLOCKED, Status.TODO, Status.DONE]


def test_task_that_waits_for_nothing_any_more_has_left_its_predecessor() -> None:
    task, first = some_tasks(2)
    task.add_dependency(first.id)
    waiting = [first.dependents]
    task.remove_dependency(first.id)
    waiting.append(first.dependents)
    assert waiting == [(task.id,), ()]


def test_predecessors_and_successors_are_bounded() -> None:
    task, *many = some_tasks(MAX_DEPENDENCIES + 2)
    for each in many[:-1]:
        task.add_dependency(each.id)
    with pytest.raises(TooMany):
        task.add_dependency(many[-1].id)
    first, *waiting = some_tasks(MAX_DEPENDENTS + 2)
    for each in waiting[:-1]:
        each.add_dependency(first.id)
    with pytest.raises(TooMany):
        waiting[-1].add_dependency(first.id)


def test_that_a_task_is_blocked_cannot_be_said() -> None:
    create = commands_of(Task)["create"]
    with pytest.raises(InvalidInput, match="status"):
        create.arguments_from_json('{"title": "x", "status": "blocked"}')
    assert create.arguments_from_json('{"title": "x", "status": "waiting"}')["status"] is Status.WAITING


def test_removed_dependency_holds_nothing_up() -> None:
    task, first = some_tasks(2)
    task.add_dependency(first.id)
    task.remove_dependency(first.id)
    task.complete()
    assert task.dependencies == ()
