"""What an entry of a calendar tells and a record has no field for stands in its words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from domain.productivity.calendar_event_terms import MAX_ATTENDEES
from domain.productivity.reminder_terms import MAX_REMINDERS
from infrastructure.importers.icalendar.remarks import MAX_REMARKS
from infrastructure.importers.run import import_paths
from infrastructure.store.session import Session
from tests.importers.calendars import event, task
from tests.importers.reading import written
from tests.importers.test_runs import READING, heads, outcomes

SERIES = ("SUMMARY:Tea", "DTSTART;TZID=Europe/Berlin:20261221T090000", "RRULE:FREQ=DAILY")
MORE = (
    "EXDATE;TZID=Europe/Berlin:20261224T090000,20261225T090000",
    "RDATE;VALUE=DATE:20270101",
    "ORGANIZER;CN=Tilda Brandt:mailto:tilda@example.org",
    "ATTENDEE;CN=Ada;PARTSTAT=ACCEPTED;ROLE=CHAIR:mailto:ada@example.org",
    "ATTENDEE:mailto:jim@example.org",
    "RELATED-TO;RELTYPE=SIBLING:1",
    "RELATED-TO;RELTYPE=CHILD:2",
)
TOLD = """\
EXDATE;TZID=Europe/Berlin: 20261224T090000,20261225T090000
RDATE: 20270101
RELATED-TO;RELTYPE=SIBLING: 1
RELATED-TO;RELTYPE=CHILD: 2
ORGANIZER: Tilda Brandt <tilda@example.org>
ATTENDEE;ROLE=CHAIR;PARTSTAT=ACCEPTED: Ada <ada@example.org>
ATTENDEE: jim@example.org"""


def test_task_tells_its_people_its_ties_and_the_dates_of_its_series_in_the_notes(tmp_path: Path) -> None:
    assert task(tmp_path, *SERIES, *MORE)["notes"] == TOLD


def test_what_a_task_tells_in_its_notes_is_bounded_and_says_how_much_more_there_is(tmp_path: Path) -> None:
    guests = (f"ATTENDEE:mailto:{number}@example.org" for number in range(MAX_REMARKS + 7))
    *told, last = task(tmp_path, "SUMMARY:Tea", *guests)["notes"].split("\n")
    assert (len(told), told[-1], last) == (MAX_REMARKS, "ATTENDEE: 99@example.org", "ATTENDEE: 7 more")
    long = task(tmp_path, *SERIES, "EXDATE:" + ",".join(["20261224T090000"] * 999))["notes"]
    assert (len(long) < 5000, long.endswith(" [cut]")) == (True, True)


def alarm(trigger: str) -> tuple[str, ...]:
    return ("BEGIN:VALARM", f"TRIGGER:{trigger}", "END:VALARM")


def test_guests_beyond_those_that_an_event_has_room_for_are_told(tmp_path: Path) -> None:
    guests = [f"ATTENDEE:mailto:{number}@example.org" for number in range(MAX_ATTENDEES)]
    more = ("ATTENDEE;CN=Ada:mailto:ada@example.org", "ATTENDEE:mailto:5@example.org", "ATTENDEE:")
    found = event(tmp_path, "DTSTART:20261224", *guests, *more)
    assert (len(found["attendees"]), found["description"]) == (
        MAX_ATTENDEES,
        "ATTENDEE: Ada <ada@example.org>",
    )


def test_alarms_that_there_is_no_room_for_or_that_never_go_off_are_told(tmp_path: Path) -> None:
    alarms = [line for minutes in range(MAX_REMINDERS) for line in alarm(f"-PT{minutes}M")]
    more = (*alarm("-PT1M"), *alarm("-PT1000M"), *alarm("soon"))
    told = "VALARM: -PT1000M\nVALARM: soon"
    found = event(tmp_path, "DTSTART:20261224", *alarms, *more)
    assert (len(found["reminders"]), found["description"]) == (MAX_REMINDERS, told)
    assert task(tmp_path, "SUMMARY:Tea", "DUE:20261224T180000Z", *alarms, *more)["notes"] == told


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["EXRULE:FREQ=WEEKLY;COUNT=3;BYDAY=TH"], ""),
        (["EXRULE:FREQ=WEEKLY;COUNT=3;BYDAY=TH", "EXRULE:FREQ=MONTHLY"], "EXRULE: FREQ=MONTHLY"),
        (["EXRULE:now and then"], "EXRULE: now and then"),
        (["EXRULE:FREQ=WEEKLY;BYDAY=TH"], "EXRULE: FREQ=WEEKLY;BYDAY=TH"),
        (["EXRULE:FREQ=DAILY;INTERVAL=2;COUNT=1500"], "EXRULE: FREQ=DAILY;INTERVAL=2;COUNT=1500"),
        (["EXRULE:FREQ=DAILY;INTERVAL=2;COUNT=1000"], ""),
    ],
)
def test_exclusion_rule_that_is_not_kept_to_its_end_is_told(
    tmp_path: Path, lines: list[str], told: str
) -> None:
    assert event(tmp_path, "DTSTART:20261221", "RRULE:FREQ=DAILY", *lines)["description"] == told


def test_exclusion_rule_of_an_event_that_takes_place_once_is_not_told(tmp_path: Path) -> None:
    assert event(tmp_path, "DTSTART:20261221", "EXRULE:now and then")["description"] == ""


@pytest.mark.parametrize("of", [event, task])
def test_pages_besides_the_first_are_told_where_the_description_does_not_name_them(
    tmp_path: Path, of: Callable[..., dict[str, Any]]
) -> None:
    url, call = "URL:https://example.org/", "CONFERENCE;LABEL=Dial in:tel:+351-1"
    said = "notes" if of is task else "description"
    head = ("DTSTART:20261221", "SUMMARY:Tea")
    told = "CONFERENCE;LABEL=Dial in: tel:+351-1"
    assert of(tmp_path, *head, url, url, call)[said].endswith(told)
    assert "CONFERENCE" not in of(tmp_path, *head, call)[said]
    named = "DESCRIPTION:Call tel:+351-1"
    assert told not in of(tmp_path, *head, url, call, named)[said]


def test_task_that_says_more_than_was_kept_is_refreshed_once(me: Session, tmp_path: Path) -> None:
    def imported(*lines: str) -> dict[str, int]:
        text = "\n".join(
            ("BEGIN:VCALENDAR", "BEGIN:VTODO", "UID:u", *lines, "END:VTODO", "END:VCALENDAR", "")
        )
        return outcomes(import_paths(me, [written(tmp_path, "plan.ics", text)], READING))

    assert imported(*SERIES) == {"created": 1}  # all that was kept of it before
    assert imported(*SERIES, *MORE) == {"refreshed": 1}
    events = heads(me)
    assert imported(*SERIES, *MORE) == {"unchanged": 1}
    assert heads(me) == events
