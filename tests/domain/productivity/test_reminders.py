"""When a person is reminded of an event or a task, and what becomes of it; older rules are in test_calendar_event."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
import pytest

from domain.catalogue import topic_of
from domain.productivity.calendar_event import CalendarEvent
from domain.productivity.calendar_event_terms import EventCancelled
from domain.productivity.reminder_terms import (
    MAX_REMINDERS,
    Proximity,
    Reminder,
    ReminderAnchor,
    ReminderNotFound,
    ReminderSnoozedIntoPast,
    ReminderUnclear,
    RepetitionUnclear,
)
from domain.productivity.task import Task
from domain.productivity.task_terms import TaskClosed
from domain.shared import clock
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput
from domain.shared.record import Origin, TooMany, state_of
from domain.shared.values import new_id
from infrastructure.ledger.codec import decode_event, encode_event
from tests.domain.productivity.appointments import an_event
from tests.domain.productivity.tasks import NOON, SOURCE, a_task
from tests.domain.shelf import Shelf

Kept = CalendarEvent | Task
MAKERS: list[Callable[[], Kept]] = [an_event, a_task]
LATER = datetime(2999, 1, 1, tzinfo=UTC)
END = ReminderAnchor.END


@pytest.fixture(params=MAKERS, ids=["event", "task"])
def kept(request: pytest.FixtureRequest) -> Kept:
    made: Kept = request.param()
    return made


def last_topic(record: Kept) -> str:
    event = record.pending_events[-1]
    assert isinstance(event, CalendarEvent.Event | Task.Event)
    return topic_of(type(event), type(record)).partition(".")[2]


def test_reminder_has_all_that_was_said(kept: Kept) -> None:
    first, second = new_id(), new_id()
    kept.add_reminder(
        minutes_before=30, relative_to=END, repeat=2, repeat_every_minutes=10, reminder_id=first
    )
    kept.add_reminder(proximity=Proximity.ARRIVE, reminder_id=second)
    assert last_topic(kept) == "reminder_added"
    assert kept.reminders == (
        Reminder(first, 30, relative_to=END, repeat=2, repeat_every_minutes=10),
        Reminder(second, proximity=Proximity.ARRIVE),
    )
    kept.remove_reminder(first)
    assert (len(kept.reminders), last_topic(kept)) == (1, "reminder_removed")


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"minutes_before": 5, "at": NOON},
        {"at": NOON, "relative_to": END},
        {"proximity": Proximity.DEPART, "relative_to": END},
    ],
)
def test_reminder_is_due_in_one_way(kept: Kept, said: dict[str, Any]) -> None:
    with pytest.raises(ReminderUnclear):
        kept.add_reminder(**said)


@pytest.mark.parametrize("said", [{"repeat": 2}, {"repeat_every_minutes": 5}])
def test_repetition_has_a_number_and_a_distance(kept: Kept, said: dict[str, Any]) -> None:
    with pytest.raises(RepetitionUnclear):
        kept.add_reminder(minutes_before=5, **said)


@pytest.mark.parametrize(
    "said", [{"repeat": -1}, {"repeat": 1001}, {"repeat_every_minutes": 0}, {"repeat_every_minutes": 525_601}]
)
def test_repetition_is_bounded(kept: Kept, said: dict[str, Any]) -> None:
    add = commands_of(type(kept))["add_reminder"]
    with pytest.raises(InvalidInput, match=next(iter(said))):
        add.arguments((), {"minutes_before": 5, **said})


def test_reminder_is_snoozed_until_it_is_seen(kept: Kept) -> None:
    reminder_id = new_id()
    kept.add_reminder(minutes_before=5, reminder_id=reminder_id)
    kept.acknowledge_reminder(reminder_id)
    kept.snooze_reminder(reminder_id, LATER)
    kept.snooze_reminder(reminder_id, LATER)
    assert (kept.reminders[0].snoozed_until, last_topic(kept), kept.version) == (LATER, "reminder_snoozed", 4)
    kept.acknowledge_reminder(reminder_id)
    assert (kept.reminders[0].snoozed_until, kept.version) == (None, 5)
    kept.acknowledge_reminder(reminder_id)
    assert kept.version == 5


def test_reminder_is_not_snoozed_into_the_past_nor_where_there_is_none(kept: Kept) -> None:
    reminder_id = new_id()
    kept.add_reminder(minutes_before=5, reminder_id=reminder_id)
    with clock.reading(lambda: NOON), pytest.raises(ReminderSnoozedIntoPast):
        kept.snooze_reminder(reminder_id, NOON)
    with pytest.raises(ReminderNotFound):
        kept.snooze_reminder(new_id(), LATER)


def test_nothing_reminds_of_what_is_over() -> None:
    event, task, reminder_id = an_event(), a_task(), new_id()
    for each in (event, task):
        each.add_reminder(minutes_before=5, reminder_id=reminder_id)
    event.cancel()
    with pytest.raises(EventCancelled):
        event.snooze_reminder(reminder_id, LATER)
    task.complete()
    for command in (task.remove_reminder, task.acknowledge_reminder):
        with pytest.raises(TaskClosed):
            command(reminder_id)


def test_reminders_of_a_new_task_obey_the_rules_too() -> None:
    reminder = Reminder(new_id(), minutes_before=5)
    assert a_task(reminders=(reminder,)).reminders == (reminder,)
    with pytest.raises(ReminderUnclear):
        a_task(reminders=(Reminder(new_id()),))
    with pytest.raises(TooMany):
        a_task(reminders=tuple(Reminder(new_id(), n) for n in range(MAX_REMINDERS + 1)))


def test_source_of_a_task_tells_its_reminders_until_the_person_does() -> None:
    first, second = Reminder(new_id(), minutes_before=5), Reminder(new_id(), at=NOON)
    task = Task.create(Origin(new_id(), source=SOURCE), "Task", reminders=(first,))
    task.refresh("Task", reminders=(first,))
    assert task.version == 2
    task.refresh("Task", reminders=(first, second))
    assert (task.reminders, task.version) == ((first, second), 3)
    task.snooze_reminder(first.id, LATER)
    task.refresh("Task", reminders=())
    assert len(task.reminders) == 2


def test_next_instance_of_a_task_is_reminded_of_anew() -> None:
    shelf, ids = Shelf(), [new_id() for _ in range(3)]
    reminders = (
        Reminder(ids[0], 30, relative_to=END, repeat=2, repeat_every_minutes=5, acknowledged_at=NOON),
        Reminder(ids[1], at=NOON),
        Reminder(ids[2], proximity=Proximity.DEPART),
    )
    origin = Origin(new_id(), peers=shelf)
    task = Task.create(origin, "Water", due=date(2026, 3, 2), recurrence="FREQ=WEEKLY", reminders=reminders)
    task.complete(completed_at=NOON)
    assert task.next_id is not None
    following = shelf.get(Task, task.next_id)
    assert following is not None
    assert following.reminders == (
        Reminder(ids[0], 30, relative_to=END, repeat=2, repeat_every_minutes=5),
        Reminder(ids[2], proximity=Proximity.DEPART),
    )


def test_reminders_of_earlier_events_are_read_and_are_no_news() -> None:
    reminder = Reminder(new_id(), 15, acknowledged_at=NOON)
    event = an_event(reminders=(reminder,))
    scheduled = event.pending_events[0]
    assert isinstance(scheduled, CalendarEvent.Scheduled)
    body = orjson.loads(encode_event(scheduled, None))
    for each in body["data"]["reminders"]:
        for name in ("relative_to", "repeat", "repeat_every_minutes", "snoozed_until", "proximity"):
            del each[name]
    envelope = (event.id, 1, scheduled.timestamp)
    read, _ = decode_event("calendar_event", "calendar_event.scheduled", 1, envelope, orjson.dumps(body))
    assert state_of(read.mutate(None)) == state_of(event)
    (kept_reminder,) = event.reminders
    assert kept_reminder == reminder


def test_acknowledged_reminder_of_a_series_may_be_snoozed_again_next_time() -> None:
    reminder = Reminder(new_id(), minutes_before=5)
    event = an_event(rrule="FREQ=WEEKLY", reminders=(reminder,))
    event.acknowledge_reminder(reminder.id, acknowledged_at=NOON)
    event.snooze_reminder(reminder.id, LATER)
    event.acknowledge_reminder(reminder.id, acknowledged_at=NOON + timedelta(days=7))
    (seen,) = event.reminders
    assert (seen.acknowledged_at, seen.snoozed_until) == (NOON + timedelta(days=7), None)
