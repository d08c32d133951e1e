"""What people send each other about an event (RFC 5546): which of it is the event, and which state is the newest."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.productivity.calendar_event_terms import IcalStatus
from infrastructure.importers.draft import Draft, Outcome, Refused
from tests.importers.calendars import entries


def message(method: str, *lines: str, uid: str = "u", name: str = "VEVENT") -> str:
    """Return a calendar of one entry."""
    inner = (f"BEGIN:{name}", f"UID:{uid}", *lines, f"END:{name}")
    return "\n".join(("BEGIN:VCALENDAR", f"METHOD:{method}", *inner, "END:VCALENDAR", ""))


REQUEST = message("REQUEST", "SEQUENCE:2", "DTSTART:20261224T180000Z", "SUMMARY:Tea")


@pytest.mark.parametrize("name", ["VEVENT", "VTODO"])
@pytest.mark.parametrize(
    ("method", "reason"),
    [
        ("REPLY", "reply"),
        ("REFRESH", "refresh_request"),
        ("COUNTER", "counter_proposal"),
        ("DECLINECOUNTER", "counter_declined"),
        ("ADD", "added_occurrence"),
    ],
)
def test_what_people_say_about_an_entry_is_not_the_entry(
    tmp_path: Path, method: str, reason: str, name: str
) -> None:
    said = message(method, "SEQUENCE:9", "DTSTART:20261225", "SUMMARY:Accepted: Tea", name=name)
    asked = REQUEST.replace("VEVENT", name)
    assert entries(tmp_path, said) == [Refused(reason, Outcome.SKIPPED)]
    before, request, after = entries(tmp_path, said + asked + said)
    assert before == after == Refused(reason, Outcome.SKIPPED)
    assert isinstance(request, Draft)
    assert request.arguments["title"] == "Tea"


def test_of_what_a_file_says_of_one_uid_the_highest_sequence_counts(tmp_path: Path) -> None:
    older = "".join(message("REQUEST", f"SEQUENCE:{each}", f"DTSTART:2026121{each}") for each in (1, 1, 0))
    *superseded, newest = entries(tmp_path, older + REQUEST)
    assert superseded == [Refused("superseded", Outcome.SKIPPED)] * 3
    assert isinstance(newest, Draft)
    assert (newest.source_id, newest.revision) == ("u", 2)


def test_cancellation_without_a_start_cancels_the_event_of_its_file(tmp_path: Path) -> None:
    cancelled, event = entries(tmp_path, message("CANCEL", "SEQUENCE:3") + REQUEST)
    assert cancelled == Refused("cancellation", Outcome.SKIPPED)
    assert isinstance(event, Draft)
    said = event.arguments
    assert (said["ical_status"], said["sequence"], said["title"]) == (IcalStatus.CANCELLED, 3, "Tea")
    assert event.revision == 3
    event, older = entries(tmp_path, REQUEST + message("CANCEL", "SEQUENCE:1"))
    assert isinstance(event, Draft)
    assert event.arguments["ical_status"] is IcalStatus.CONFIRMED
    assert older == Refused("superseded", Outcome.SKIPPED)


def test_event_without_uid_and_start_cancels_nothing(tmp_path: Path) -> None:
    assert entries(tmp_path, message("CANCEL", uid="")) == [Refused("no_start")]
