"""Where a task stands, who is to do it and what it takes."""

from __future__ import annotations

from typing import Any

import pytest

from domain.productivity.task import Task
from domain.productivity.task_terms import Energy, TaskClosed
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput
from domain.shared.peers import PeerRef
from domain.shared.record import Record
from domain.shared.values import new_id
from tests.domain.productivity.tasks import a_done_task, a_task


def topics(task: Task) -> list[str]:
    return [event.TOPIC for event in task.pending_events if isinstance(event, Record.Event)][1:]


def test_task_is_moved_to_a_section_of_a_list_and_out_of_it() -> None:
    task = a_task(list_name="Home")
    task.move_to_list("Home")
    task.move_to_list("Home", section="Garden")
    assert (task.list_name, task.section) == ("Home", "Garden")
    task.move_to_list(None)
    assert (task.list_name, task.section) == (None, None)
    assert topics(task) == ["task.moved_to_list", "task.moved_to_list"]


def test_task_is_given_a_place_once() -> None:
    task = a_task()
    task.reorder("a0")
    task.reorder("a0")
    assert (task.position, topics(task)) == ("a0", ["task.reordered"])


@pytest.mark.parametrize("position", ["", "a b", "a" * 65, "ä"])
def test_place_is_a_short_word_that_sorts_the_same_everywhere(position: str) -> None:
    with pytest.raises(InvalidInput):
        commands_of(Task)["reorder"].arguments((position,), {})


def test_task_is_assigned_to_a_contact_and_taken_back() -> None:
    task, contact_id = a_task(), new_id()
    task.unassign()
    task.assign(contact_id)
    task.assign(contact_id)
    assert task.named_peers == {PeerRef("contact", contact_id)}
    task.unassign()
    assert (task.assignee_contact_id, task.named_peers) == (None, frozenset())
    assert topics(task) == ["task.assigned", "task.unassigned"]


def test_done_task_is_not_assigned() -> None:
    with pytest.raises(TaskClosed):
        a_done_task().assign(new_id())


@pytest.mark.parametrize("suited", [{"context": "phone"}, {"energy": Energy.LOW}, {}])
def test_task_says_what_it_takes_and_no_longer(suited: dict[str, Any]) -> None:
    task = a_task()
    task.suit("town", energy=Energy.HIGH)
    task.suit("town", energy=Energy.HIGH)
    task.suit(**suited)
    assert (task.context, task.energy) == (suited.get("context"), suited.get("energy"))
    assert topics(task) == ["task.suited", "task.suited"]


def test_task_is_to_be_done_at_a_place_of_the_address_book_or_anywhere() -> None:
    task, shop = a_task(), new_id()
    task.locate(None)
    task.locate(shop)
    task.locate(shop)
    named = task.named_peers
    task.locate(None)
    assert named == {PeerRef("contact", shop)}
    assert not task.named_peers
    assert topics(task) == ["task.located", "task.located"]
