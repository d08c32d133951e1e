"""vCalendar 1.0, which phones and organizers wrote: its rules, times, alarms and categories."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from domain.productivity.calendar_event_terms import TimeKind
from domain.productivity.reminder_terms import ReminderAction
from infrastructure.importers.draft import Draft
from tests.importers.calendars import entries


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def first(folder: Path, *lines: str, name: str = "VEVENT", head: str = "VERSION:1.0") -> dict[str, Any]:
    """Return the arguments made of a single entry of vCalendar 1.0."""
    text = "\r\n".join(("BEGIN:VCALENDAR", head, f"BEGIN:{name}", *lines, f"END:{name}", "END:VCALENDAR"))
    (draft,) = entries(folder, text, timezone="Europe/Berlin")
    assert isinstance(draft, Draft)
    return dict(draft.arguments)


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ("D1 #10", "FREQ=DAILY;INTERVAL=1;COUNT=10"),
        ("D2 #0", "FREQ=DAILY;INTERVAL=2"),
        ("D4", "FREQ=DAILY;INTERVAL=4;COUNT=2"),
        ("D1 20030320T000000", "FREQ=DAILY;INTERVAL=1;UNTIL=20030320T000000"),
        ("D1 20030312 #10", "FREQ=DAILY;INTERVAL=1;UNTIL=20030312"),
        ("D1 #2 20030312", "FREQ=DAILY;INTERVAL=1;COUNT=2"),
        ("W1 MO #10", "FREQ=WEEKLY;INTERVAL=1;BYDAY=MO;COUNT=10"),
        ("w2 tu th 20031224T000000Z", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH;UNTIL=20031224T000000Z"),
        ("W1 #0", "FREQ=WEEKLY;INTERVAL=1"),
        ("MP1 1+ MO 20031231T000000Z", "FREQ=MONTHLY;INTERVAL=1;BYDAY=1MO;UNTIL=20031231T000000Z"),
        ("MP2 1+ 1- FR #0", "FREQ=MONTHLY;INTERVAL=2;BYDAY=1FR,-1FR"),
        ("MP6 1+ MO 2- TH FR #5", "FREQ=MONTHLY;INTERVAL=6;BYDAY=1MO,-2TH,-2FR;COUNT=5"),
        ("MD1 2 15 #0", "FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=2,15"),
        ("MD1 1+ 3- LD #0", "FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=1,-3,-1"),
        ("YM1 6 7 #8", "FREQ=YEARLY;INTERVAL=1;BYMONTH=6,7;COUNT=8"),
        ("YD1 #0", "FREQ=YEARLY;INTERVAL=1"),
        ("YD3 1 100 200 #0", "FREQ=YEARLY;INTERVAL=3;BYYEARDAY=1,100,200"),
    ],
)
def test_rule_is_translated(tmp_path: Path, rule: str, kept: str) -> None:
    found = first(tmp_path, "DTSTART:20030310T090000", f"RRULE:{rule}")
    assert (found["rrule"], found["description"]) == (kept, "")


@pytest.mark.parametrize(
    "rule",
    [
        "M60 #12",
        "D2 0600 1200 #2",
        "D1 #5 M10 #6",
        "D0 #5",
        "D1 #5 #6",
        "D1 20031399",
        "W2 MO$ TU #2",
        "MP1 #12",
        "MP1 MO 1+ TU #12",
        "MP1 1+ MO 2+ #12",
        "MP1 6+ MO #12",
        "MD1 32 #2",
        "YM1 13 #2",
        "YD1 367 #2",
        "tea",
    ],
)
def test_rule_that_cannot_be_translated_is_kept_in_words(tmp_path: Path, rule: str) -> None:
    found = first(tmp_path, "DTSTART:20030310T090000", f"RRULE:{rule}")
    assert (found["rrule"], found["description"]) == (None, f"RRULE: {rule}")


def test_excluding_rule_and_dates_skip(tmp_path: Path) -> None:
    found = first(
        tmp_path,
        "DTSTART:20030310T090000",
        "RRULE:D1 #10",
        "EXRULE:W1 WE #2",
        "EXDATE:20030311T090000;20030313T090000",
    )
    assert found["exdates"] == tuple(at(f"2003-03-{day}T09:00") for day in (11, 13, 12))


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        ("TZ:+01", (TimeKind.ZONED, "2003-03-10T09:00", "Etc/GMT-1")),
        ("TZ:-0500", (TimeKind.ZONED, "2003-03-10T09:00", "Etc/GMT+5")),
        ("TZ:+05:30", (TimeKind.UTC, "2003-03-10T03:30", None)),
        ("TZ:home", (TimeKind.FLOATING, "2003-03-10T09:00", None)),
        ("TZ:+01\r\nDAYLIGHT:FALSE", (TimeKind.ZONED, "2003-03-10T09:00", "Etc/GMT-1")),
        (
            "TZ:+01\r\nDAYLIGHT:TRUE;+02;20030330T020000;20031026T030000;CET;CEST",
            (TimeKind.FLOATING, "2003-03-10T09:00", None),
        ),
    ],
)
def test_floating_times_have_the_offset_of_the_calendar(
    tmp_path: Path, offset: str, expected: tuple[TimeKind, str, str | None]
) -> None:
    found = first(
        tmp_path, "DTSTART:20030310T090000", "DTEND:20030310T100000", head=f"VERSION:1.0\r\n{offset}"
    )
    assert (found["time_kind"], found["start_local"], found["timezone"]) == (
        expected[0],
        at(expected[1]),
        expected[2],
    )
    assert found["end_local"] - found["start_local"] == at("2003-01-01T10:00") - at("2003-01-01T09:00")


def test_times_that_are_not_floating_stay(tmp_path: Path) -> None:
    head = "VERSION:1.0\r\nTZ:+01"
    moment = first(tmp_path, "DTSTART:20030310T090000Z", head=head)
    assert (moment["time_kind"], moment["start_local"]) == (TimeKind.UTC, at("2003-03-10T09:00"))
    day = first(tmp_path, "DTSTART:20030310", head=head)
    assert (day["time_kind"], day["start_local"]) == (TimeKind.ALL_DAY, at("2003-03-10"))
    later = first(tmp_path, "DTSTART:20030310T090000", head="VERSION:2.0\r\nTZ:+01")
    assert later["time_kind"] is TimeKind.FLOATING


def test_task_is_due_at_the_offset_of_the_calendar(tmp_path: Path) -> None:
    found = first(tmp_path, "DUE:20030311T170000", "SUMMARY:Tea", name="VTODO", head="VERSION:1.0\r\nTZ:+01")
    assert (found["due_at"], found["timezone"]) == (at("2003-03-11T17:00"), "Etc/GMT-1")


def test_alarms_become_reminders(tmp_path: Path) -> None:
    found = first(
        tmp_path,
        "UID:1",
        "DTSTART:20030310T090000",
        "AALARM;TYPE=WAVE;VALUE=URL:20030310T085500;;;file:///media/taps.wav",
        "DALARM:20030310T075000Z;PT5M;2;Tea",
        "MALARM:;PT5M;2;Tea",
        head="VERSION:1.0\r\nTZ:+01",
    )
    assert [(each.at, each.minutes_before, each.action) for each in found["reminders"]] == [
        (datetime(2003, 3, 10, 7, 55, tzinfo=UTC), None, ReminderAction.AUDIO),
        (datetime(2003, 3, 10, 7, 50, tzinfo=UTC), None, ReminderAction.DISPLAY),
    ]


def test_categories_are_parted_by_semicolons(tmp_path: Path) -> None:
    lines = ("DTSTART:20030310", "CATEGORIES:MEETING;PHONE CALL;A\\;B")
    assert first(tmp_path, *lines)["categories"] == ("MEETING", "PHONE CALL", "A;B")
    assert first(tmp_path, *lines, head="VERSION:2.0")["categories"] == ("MEETING;PHONE CALL;A;B",)


@pytest.mark.parametrize("kind", ["ANNIVERSARY", "EVENT"])
def test_midnight_of_a_day_in_the_calendar_of_a_telephone_is_that_day(tmp_path: Path, kind: str) -> None:
    found = first(
        tmp_path,
        "DTSTART:19300412T000000",
        f"X-EPOCAGENDAENTRYTYPE:{kind}",
        "RRULE:YD1 #0",
        head="VERSION:1.0\r\nTZ:+01",
    )
    assert (found["time_kind"], found["start_local"], found["timezone"]) == (
        TimeKind.ALL_DAY,
        at("1930-04-12"),
        None,
    )
