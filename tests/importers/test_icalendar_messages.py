"""What people send each other about an event (RFC 5546): which of it is the event, and which state is the newest."""

from __future__ import annotations

from pathlib import Path

import pytest

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
