"""Tasks after tasks; tasks under tasks are in test_task_tree."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from domain.productivity.task import Task
from domain.productivity.task_terms import PredecessorsOpen, TaskCycle
from domain.shared.errors import PeerUnusable
from domain.shared.values import new_id
from tests.domain.productivity.tasks import some_tasks


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
