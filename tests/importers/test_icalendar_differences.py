"""What a changed occurrence says otherwise than its series stands in its description."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from domain.productivity.calendar_event_terms import Override
from infrastructure.importers.draft import Draft
from infrastructure.importers.run import import_paths
from infrastructure.store.session import Session
from tests.importers.calendars import entries
from tests.importers.reading import CUT, written
from tests.importers.test_runs import READING, heads, outcomes

AT = datetime(2026, 12, 3, 18)  # noqa: DTZ001 - wall time
SERIES = (
    "DTSTART:20261201T180000",
    "RRULE:FREQ=DAILY;COUNT=9",
    "SUMMARY:Choir",
    "URL:https://example.org/all",
    "CATEGORIES:music,evening",
    "ORGANIZER:mailto:tilda@example.org",
    "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ada@example.org",
    "ATTENDEE:mailto:jim@example.org",
    "BEGIN:VALARM",
    "TRIGGER:-PT15M",
    "ACTION:DISPLAY",
    "END:VALARM",
)
CHANGE = ("RECURRENCE-ID:20261203T180000", "DTSTART:20261203T180000")


def calendar(series: tuple[str, ...], *changes: tuple[str, ...]) -> str:
    parts = ("\n".join(("BEGIN:VEVENT", "UID:u", *each, "END:VEVENT", "")) for each in (series, *changes))
    return f"BEGIN:VCALENDAR\n{''.join(parts)}END:VCALENDAR\n"


def override(folder: Path, *change: str, series: tuple[str, ...] = SERIES) -> Override:
    draft, _ = entries(folder, calendar(series, (*CHANGE, *change)))
    assert isinstance(draft, Draft)
    (found,) = draft.arguments["overrides"]
    assert isinstance(found, Override)
    return found


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["STATUS:TENTATIVE"], "STATUS: TENTATIVE"),
        (["TRANSP:TRANSPARENT"], "TRANSP: TRANSPARENT"),
        (["URL:https://example.org/one"], "URL: https://example.org/one"),
        (["CONFERENCE;LABEL=Dial in:tel:+351-1"], "CONFERENCE;LABEL=Dial in: tel:+351-1"),
        (["CATEGORIES:music"], "CATEGORIES: music"),
        (
            ["ATTENDEE;PARTSTAT=DECLINED;CN=Ada:mailto:ADA@example.org", "ATTENDEE:mailto:jim@example.org"],
            "ATTENDEE;PARTSTAT=DECLINED: Ada <ADA@example.org>",
        ),
        (["ATTENDEE;PARTSTAT=ACCEPTED:mailto:ada@example.org"], "ATTENDEE: not jim@example.org"),
        (["ATTACH:https://example.org/score.pdf"], "ATTACH: https://example.org/score.pdf"),
        (["BEGIN:VALARM", "TRIGGER:-PT1H", "ACTION:EMAIL", "END:VALARM"], "VALARM;ACTION=EMAIL: -PT1H"),
    ],
)
def test_changed_occurrence_tells_in_words_what_it_has_no_field_for(
    tmp_path: Path, lines: list[str], told: str
) -> None:
    assert override(tmp_path, *lines).description == told


def test_changed_occurrence_tells_nothing_where_it_is_like_its_series(tmp_path: Path) -> None:
    same = (*SERIES[3:], "STATUS:CONFIRMED", "TRANSP:OPAQUE", "CLASS:PUBLIC")
    assert override(tmp_path, *same) == override(tmp_path) == Override(AT)
    cancelled = override(tmp_path, "STATUS:CANCELLED", "URL:https://example.org/one")
    assert cancelled == Override(AT, cancelled=True)


@pytest.mark.parametrize("own", ["", "DESCRIPTION:Bring cake"])
def test_what_a_changed_occurrence_tells_stands_below_its_description(tmp_path: Path, own: str) -> None:
    series = (*SERIES, "DESCRIPTION:Bring cake")
    found = override(tmp_path, own, "STATUS:TENTATIVE", series=series)
    assert found.description == "Bring cake\n\nSTATUS: TENTATIVE"
    other = override(tmp_path, "DESCRIPTION:Bring tea", "STATUS:TENTATIVE", series=series)
    assert other.description == "Bring tea\n\nSTATUS: TENTATIVE"


def test_long_description_of_a_series_is_not_told_again_with_every_change(tmp_path: Path) -> None:
    found = override(tmp_path, "STATUS:TENTATIVE", series=(*SERIES, f"DESCRIPTION:{'x' * 100_000}"))
    assert found.description is not None
    assert len(found.description) < 2100
    assert found.description.endswith(f"x\n\n{CUT}\n\nSTATUS: TENTATIVE")


def test_series_whose_changes_say_more_than_was_kept_is_refreshed_once(me: Session, tmp_path: Path) -> None:
    def imported(*change: str) -> dict[str, Any]:
        path = written(tmp_path, "plan.ics", calendar(SERIES, (*CHANGE, "SUMMARY:Concert", *change)))
        return outcomes(import_paths(me, [path], READING))

    assert imported() == {"created": 1, "skipped": 1}  # all that was kept of the change before
    assert imported("STATUS:TENTATIVE") == {"refreshed": 1, "skipped": 1}
    events = heads(me)
    assert imported("STATUS:TENTATIVE") == {"unchanged": 1, "skipped": 1}
    assert heads(me) == events
