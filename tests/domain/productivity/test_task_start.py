"""When a task may be begun: on a day, or at a time of it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import orjson
import pytest

from domain.productivity.task import Task
from domain.productivity.task_terms import StartAfterDue
from domain.productivity.task_turns import Turn
from domain.shared.record import Origin
from domain.shared.values import new_id
from infrastructure.ledger.codec import decode_event
from tests.domain.productivity.tasks import NOON, a_task
from tests.domain.shelf import Shelf

MORNING = datetime(2026, 3, 2, 9)  # noqa: DTZ001 - wall time
EVENING = MORNING.replace(hour=18)


@pytest.mark.parametrize(
    "times",
    [
        {"start_at": EVENING, "due_at": MORNING},
        {"start_at": MORNING, "due": date(2026, 3, 1)},
        {"start_on": date(2026, 3, 3), "due_at": EVENING},
        {"start_on": date(2026, 3, 2), "start_at": MORNING.replace(day=4), "due": date(2026, 3, 3)},
    ],
)
def test_task_begins_no_later_than_it_is_due(times: dict[str, Any]) -> None:
    with pytest.raises(StartAfterDue):
        a_task(**times)
    with pytest.raises(StartAfterDue):
        a_task().reschedule(**times)


def test_task_may_begin_at_a_time_of_the_day_it_is_due() -> None:
    task = a_task(start_at=MORNING, due=MORNING.date())
    task.reschedule(start_at=MORNING, due_at=EVENING, timezone="Europe/Berlin")
    assert (task.start_at, task.due, task.due_at) == (MORNING, None, EVENING)


def test_start_keeps_its_clock_when_the_end_is_cleared() -> None:
    task = a_task(start_at=MORNING, due_at=EVENING, timezone="Europe/Berlin")
    task.clear_due()
    assert (task.start_at, task.due_at, task.timezone) == (MORNING, None, "Europe/Berlin")


def test_rule_counts_from_the_time_of_the_start_and_the_end_keeps_its_distance() -> None:
    turn = Turn("FREQ=DAILY;BYHOUR=9,17", None, MORNING.date(), MORNING.replace(hour=10), MORNING)
    following = turn.following(MORNING, Task.recurrence_mode, "Europe/Berlin")
    assert following is not None
    assert (following.start_at, following.due_at) == (MORNING.replace(hour=17), EVENING)


def test_next_instance_of_a_task_begins_at_its_time() -> None:
    shelf = Shelf()
    task = Task.create(Origin(new_id(), peers=shelf), "Water", start_at=MORNING, recurrence="FREQ=WEEKLY")
    task.complete(completed_at=NOON)
    assert task.next_id is not None
    following = shelf.get(Task, task.next_id)
    assert following is not None
    assert following.start_at == MORNING + timedelta(days=7)


@pytest.mark.parametrize("topic", ["task.created", "task.rescheduled", "task.refreshed"])
def test_event_of_the_first_version_tells_no_time_of_the_start(topic: str) -> None:
    details = {
        "title": "x", "notes": "", "priority": "none", "recurrence": None, "status": "todo",
        "completed_at": None, "percent_complete": 0,
    }  # fmt: skip
    times = {"start_on": "2026-03-02", "due": None, "due_at": None, "timezone": None}
    new: dict[str, Any] = {"source": None, "metadata": {}, "estimate_minutes": None, "list_name": None}
    data = times | (details if topic != "task.rescheduled" else {}) | (new if topic == "task.created" else {})
    body = orjson.dumps({"purpose": None, "data": data})
    event, _ = decode_event("task", topic, 1, (new_id(), 1, NOON), body)
    assert (getattr(event, "start_on"), getattr(event, "start_at")) == (date(2026, 3, 2), None)  # noqa: B009 - of any of the three
