"""What an entry of a calendar tells and a record has no field for stands in its words."""

from __future__ import annotations

from pathlib import Path

from infrastructure.importers.icalendar_remarks import MAX_REMARKS
from infrastructure.importers.run import import_paths
from infrastructure.store.session import Session
from tests.importers.calendars import task
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
