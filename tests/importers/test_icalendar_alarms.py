"""What VALARM says (RFC 5545, RFC 9074), of events and of tasks."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest

from domain.productivity.calendar_event import CalendarEvent
from domain.productivity.reminder_terms import Proximity, Reminder, ReminderAction, ReminderAnchor
from domain.productivity.task import Task
from infrastructure.importers.draft import Draft, Outcome
from infrastructure.importers.icalendar.files import ICalendarFiles
from infrastructure.importers.run import import_paths
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.importers.reading import read, written

HEAD = {"VEVENT": "DTSTART:20261224T180000Z\nDTEND:20261224T200000Z", "VTODO": "DUE:20261224T200000Z"}
NEVER = "TRIGGER;VALUE=DATE-TIME:19760401T005545Z"
END = ReminderAnchor.END


def entry(*alarms: tuple[str, ...], name: str = "VEVENT") -> str:
    parts = "".join("BEGIN:VALARM\n" + "\n".join(lines) + "\nEND:VALARM\n" for lines in alarms)
    return f"BEGIN:{name}\nUID:1\nSUMMARY:Tea\n{HEAD[name]}\n{parts}END:{name}\n"


def reminders(folder: Path, *alarms: tuple[str, ...], name: str = "VEVENT") -> tuple[Reminder, ...]:
    (draft,) = read(ICalendarFiles(), written(folder, "calendar.ics", entry(*alarms, name=name)))
    assert isinstance(draft, Draft)
    found: tuple[Reminder, ...] = draft.arguments.get("reminders", ())
    return found


@pytest.mark.parametrize("name", HEAD)
def test_alarms_become_reminders_with_lasting_ids(tmp_path: Path, name: str) -> None:
    alarms = [
        ("TRIGGER:-PT15M", "ACTION:EMAIL", "ACKNOWLEDGED:20261224T174600Z"),
        ("TRIGGER;RELATED=END:-PT30M",),
        ("TRIGGER;VALUE=DATE-TIME:20261223T080000Z",),
        ("TRIGGER:-P9999D",),
        ("TRIGGER:soon",),
        ("ACTION:NONE", "TRIGGER:-PT1M"),
    ]
    first, again = reminders(tmp_path, *alarms, name=name), reminders(tmp_path, *alarms, name=name)
    assert [(each.minutes_before, each.at, each.relative_to) for each in first] == [
        (15, None, ReminderAnchor.START),
        (30, None, END),
        (None, datetime(2026, 12, 23, 8, tzinfo=UTC), ReminderAnchor.START),
    ]
    assert first[0].acknowledged_at == datetime(2026, 12, 24, 17, 46, tzinfo=UTC)
    assert first[0].action is ReminderAction.EMAIL
    assert first == again
    assert len({each.id for each in first}) == 3


def test_task_without_alarms_says_nothing_of_reminders(tmp_path: Path) -> None:
    (draft,) = read(ICalendarFiles(), written(tmp_path, "calendar.ics", entry(name="VTODO")))
    assert isinstance(draft, Draft)
    assert "reminders" not in draft.arguments


def test_alarm_before_the_end_of_an_event_keeps_the_id_it_had_as_one_after_the_start(tmp_path: Path) -> None:
    (found,) = reminders(tmp_path, ("TRIGGER;RELATED=END:-PT30M",))
    assert found.id == uuid5(NAMESPACE_URL, "1 -90 None display")


@pytest.mark.parametrize("name", HEAD)
@pytest.mark.parametrize(
    ("lines", "repetition"),
    [
        (("REPEAT:3", "DURATION:PT10M"), (3, 10)),
        (("REPEAT:3", "DURATION:PT20S"), (3, 1)),
        (("REPEAT:5000", "DURATION:P1D"), (1000, 1440)),
        (("REPEAT:3",), (0, None)),
        (("DURATION:PT10M",), (0, None)),
        (("REPEAT:0", "DURATION:PT10M"), (0, None)),
        (("REPEAT:3", "DURATION:-PT10M"), (0, None)),
        (("REPEAT:3", "DURATION:P900D"), (0, None)),
    ],
)
def test_alarm_repeats_where_it_says_how_often_and_how_far_apart(
    tmp_path: Path, name: str, lines: tuple[str, ...], repetition: tuple[int, int | None]
) -> None:
    (found,) = reminders(tmp_path, ("TRIGGER:-PT5M", *lines), name=name)
    assert (found.repeat, found.repeat_every_minutes) == repetition


def test_alarm_that_goes_off_by_being_near_has_no_time(tmp_path: Path) -> None:
    found = reminders(
        tmp_path,
        (NEVER, "PROXIMITY:ARRIVE"),
        (NEVER, "X-APPLE-PROXIMITY:DEPART"),
        ("TRIGGER:-PT5M", "PROXIMITY:ARRIVE"),
        (NEVER, "PROXIMITY:CONNECT"),
    )
    assert [(each.proximity, each.minutes_before, each.at is None) for each in found] == [
        (Proximity.ARRIVE, None, True),
        (Proximity.DEPART, None, True),
        (Proximity.ARRIVE, 5, True),
        (Proximity.NONE, None, False),
    ]


SNOOZE = ("UID:b", "RELATED-TO;RELTYPE=SNOOZE:a", "TRIGGER;VALUE=DATE-TIME:20261224T181000Z")


def test_alarm_that_was_snoozed_is_one_reminder(tmp_path: Path) -> None:
    first = ("UID:a", "TRIGGER:-PT5M", "ACKNOWLEDGED:20261224T175600Z")
    (found,) = reminders(tmp_path, SNOOZE, first)
    assert (found.minutes_before, found.snoozed_until) == (5, datetime(2026, 12, 24, 18, 10, tzinfo=UTC))
    (found,) = reminders(tmp_path, first, (*SNOOZE, "ACKNOWLEDGED:20261224T181100Z"))
    assert found.snoozed_until is None


def test_alarm_that_was_snoozed_and_is_gone_leaves_the_later_one(tmp_path: Path) -> None:
    (found,) = reminders(tmp_path, SNOOZE)
    assert found.at == datetime(2026, 12, 24, 18, 10, tzinfo=UTC)


@pytest.mark.parametrize(("name", "kind"), [("VEVENT", CalendarEvent), ("VTODO", Task)])
def test_calendar_that_says_the_same_of_its_alarms_changes_nothing(
    store: Store, me: Session, tmp_path: Path, name: str, kind: Any
) -> None:
    alarm = ("TRIGGER;RELATED=END:-PT5M", "REPEAT:2", "DURATION:PT1M")
    file = written(tmp_path, "calendar.ics", entry(alarm, name=name))
    import_paths(me, [file])
    head = me.engine.ledger.heads()
    assert dict(import_paths(me, [file]).outcomes) == {Outcome.UNCHANGED: 1}
    assert me.engine.ledger.heads() == head
    written(tmp_path, "calendar.ics", entry(alarm, (NEVER, "PROXIMITY:ARRIVE"), name=name))
    assert dict(import_paths(me, [file]).outcomes) == {Outcome.REFRESHED: 1}
    store.catch_up()
    (found,) = me.find(kind)
    assert [
        (each.minutes_before, each.relative_to, each.repeat, each.proximity) for each in found.reminders
    ] == [(5, END, 2, Proximity.NONE), (None, ReminderAnchor.START, 0, Proximity.ARRIVE)]
