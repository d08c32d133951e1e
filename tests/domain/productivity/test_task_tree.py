"""Tasks under tasks: how deep they lie, and what is completed with what."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from itertools import pairwise

import pytest

from domain.productivity.task import Task
from domain.productivity.task_terms import PredecessorsOpen, Status, SubtasksOpen
from domain.shared.nesting import LiesInItself, NestedTooDeep
from tests.domain.productivity.tasks import NOON, some_tasks


def nested(*tasks: Task) -> None:
    """Put each task under the one before it."""
    for parent, child in pairwise(tasks):
        child.nest_under(parent.id)


def topics(task: Task) -> list[str]:
    return [type(event).__name__ for event in task.pending_events]


def test_both_ends_know_of_each_other() -> None:
    child, parent, other = some_tasks(3)
    child.nest_under(parent.id)
    assert (child.parent_id, parent.children) == (parent.id, (child.id,))
    child.nest_under(other.id)
    assert (parent.children, other.children) == ((), (child.id,))
    child.promote()
    child.promote()
    assert (child.parent_id, other.children) == (None, ())
    assert topics(other) == ["Created", "ChildAdded", "ChildRemoved"]


def test_task_cannot_be_nested_under_itself_not_even_through_others() -> None:
    a, b, c = some_tasks(3)
    with pytest.raises(LiesInItself):
        a.nest_under(a.id)
    nested(a, b, c)
    with pytest.raises(LiesInItself):
        a.nest_under(c.id)


def test_tasks_nest_ten_levels_deep() -> None:
    tasks = some_tasks(11)
    nested(*tasks[:10])
    with pytest.raises(NestedTooDeep):
        tasks[10].nest_under(tasks[9].id)


def test_what_lies_under_a_task_counts_when_it_is_moved() -> None:
    tasks = some_tasks(11)
    nested(*tasks[:6])
    nested(*tasks[6:])
    with pytest.raises(NestedTooDeep):
        tasks[6].nest_under(tasks[5].id)  # six levels above five
    tasks[6].nest_under(tasks[4].id)
    assert tasks[6].parent_id == tasks[4].id


def test_task_in_the_trash_still_has_its_place() -> None:
    parent, child, low = some_tasks(3)
    nested(parent, child, low)
    child.trash()
    with pytest.raises(LiesInItself):
        parent.nest_under(low.id)
    parent.trash()
    low.promote()
    assert child.children == ()  # one in the trash is told, too
    child.restore()
    child.promote()
    assert parent.children == ()


def test_task_is_not_completed_while_one_under_it_is_open() -> None:
    parent, child = some_tasks(2)
    nested(parent, child)
    with pytest.raises(SubtasksOpen):
        parent.complete()
    with pytest.raises(SubtasksOpen):
        parent.complete(force=True)  # that is about predecessors
    child.complete()
    parent.complete()
    assert not parent.is_open


def test_open_task_under_a_done_one_counts() -> None:
    parent, child, low = some_tasks(3)
    nested(parent, child, low)
    child.complete(complete_subtasks=True)
    low.reopen()
    with pytest.raises(SubtasksOpen):
        parent.complete()


@pytest.mark.parametrize("settle", [Task.cancel, Task.trash, Task.promote])
def test_subtask_that_is_cancelled_trashed_or_gone_holds_nothing_up(settle: Callable[[Task], None]) -> None:
    parent, child, low = some_tasks(3)
    nested(parent, child)
    settle(child)
    parent.complete()
    assert not parent.is_open
    assert low.is_open


def test_subtasks_are_completed_with_their_task_if_so_told() -> None:
    parent, child, low, done, cancelled = some_tasks(5)
    nested(parent, child, low)
    for each in (done, cancelled):
        each.nest_under(parent.id)
    done.complete()
    cancelled.cancel()
    versions = (done.version, cancelled.version)
    parent.complete(complete_subtasks=True, completed_at=NOON)
    assert {each.status for each in (parent, child, low)} == {Status.DONE}
    assert {each.completed_at for each in (parent, child, low)} == {NOON}
    assert (done.version, cancelled.version) == versions


def test_subtasks_that_wait_for_each_other_are_completed_together() -> None:
    parent, first, second, stranger = some_tasks(4)
    for each in (first, second):
        each.nest_under(parent.id)
    first.add_dependency(second.id)
    parent.add_dependency(first.id)
    second.add_dependency(stranger.id)
    with pytest.raises(PredecessorsOpen):
        parent.complete(complete_subtasks=True)
    assert all(each.is_open for each in (parent, first, second))
    stranger.complete()
    parent.complete(complete_subtasks=True)
    assert not any(each.is_open for each in (parent, first, second))


def test_revert_takes_a_task_back_to_its_place_and_both_parents_know() -> None:
    child, parent, other = some_tasks(3)
    child.nest_under(parent.id)
    earlier = deepcopy(child)
    child.nest_under(other.id)
    parent.trash()
    child.revert_to(earlier, "")
    assert (child.parent_id, parent.children, other.children) == (parent.id, (child.id,), ())


def test_revert_leaves_what_lies_in_a_task() -> None:
    child, parent = some_tasks(2)
    earlier = deepcopy(parent)
    child.nest_under(parent.id)
    parent.retitle("Another title")
    parent.revert_to(earlier, "")
    assert (parent.title, parent.children) == (earlier.title, (child.id,))


def test_task_that_is_done_can_be_put_under_another_and_taken_out_again() -> None:
    task, parent = some_tasks(2)
    task.complete()
    task.nest_under(parent.id)
    places = [(task.parent_id, parent.children)]
    task.promote()
    places.append((task.parent_id, parent.children))
    assert places == [(parent.id, (task.id,)), (None, ())]
