"""How changed occurrences come together with their series."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from domain.productivity.calendar_event_terms import IcalStatus, Override
from domain.shared.values import LAST_YEAR
from infrastructure.importers.draft import Draft, Outcome, Reading, Refused
from infrastructure.importers.icalendar.overrides import MAX_FOLLOWING
from tests.importers.calendars import IMPORTER, entries
from tests.importers.reading import written


def test_many_changes_of_many_series_with_one_uid_end_soon(tmp_path: Path) -> None:
    def day(number: int) -> str:
        return f"{2025 + number // 336}{1 + number // 28 % 12:02}{1 + number % 28:02}"

    many = 1500
    wholes = (f"DTSTART:{day(each)}T000000Z\nSUMMARY:{each}\nRRULE:FREQ=DAILY" for each in range(many))
    changes = (f"RECURRENCE-ID:{day(each)}T120000Z\nDTSTART:20250101T000000Z" for each in range(many))
    text = "".join(f"BEGIN:VEVENT\nUID:s\n{each}\nEND:VEVENT\n" for each in (*wholes, *changes))
    path = written(tmp_path, "calendar.ics", text)
    begun = process_time()
    found = list(IMPORTER.read(path, Reading()))
    assert process_time() - begun < 8  # it takes one second, and took 18
    assert sum(isinstance(each, Draft) for each in found) == 2 * many


def test_every_entry_is_read_in_its_own_calendar(tmp_path: Path) -> None:
    calendars = (
        f"BEGIN:VCALENDAR\nMETHOD:{method}\nX-WR-CALNAME:{method}\nBEGIN:VEVENT\nUID:u\nSEQUENCE:{sequence}\n"
        "DTSTART:20261224\nEND:VEVENT\nEND:VCALENDAR\n"
        for sequence, method in enumerate(("CANCEL", "REQUEST"))
    )
    _, newer = entries(tmp_path, "".join(calendars))
    assert isinstance(newer, Draft)
    assert newer.arguments["calendar_name"] == "REQUEST"
    assert newer.arguments["ical_status"] is IcalStatus.CONFIRMED


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        ("LAST-MODIFIED:20260601T000000Z", "LAST-MODIFIED:20260101T000000Z", "first"),
        ("DTSTAMP:20260101T000000Z", "DTSTAMP:20260601T000000Z", "second"),
        ("DTSTAMP:20260601T000000Z", "DTSTAMP:20260601T000000Z", "second"),
        ("DTSTAMP:20260601T000000Z", "DTSTAMP:", "second"),
    ],
)
def test_of_equal_states_the_one_changed_last_counts(
    tmp_path: Path, first: str, second: str, kept: str
) -> None:
    states = (
        f"BEGIN:VEVENT\nUID:u\nDTSTART:20261224\n{stamp}\nDESCRIPTION:{said}\nEND:VEVENT\n"
        for stamp, said in ((first, "first"), (second, "second"))
    )
    (draft,) = (each for each in entries(tmp_path, "".join(states)) if isinstance(each, Draft))
    assert draft.arguments["description"] == kept


def series(*changes: str, rule: str = "FREQ=WEEKLY;COUNT=5") -> str:
    """Return a series on Mondays at nine in Berlin, for an hour, from 6 January 2025, and changes of it."""
    master = (
        "DTSTART;TZID=Europe/Berlin:20250106T090000\nDTEND;TZID=Europe/Berlin:20250106T100000\n"
        f"RRULE:{rule}\nSUMMARY:Choir"
    )
    return "".join(f"BEGIN:VEVENT\nUID:s\n{each}\nEND:VEVENT\n" for each in (master, *changes))


@pytest.mark.parametrize(
    "occurrence", [";TZID=Europe/Berlin:20250113T000000", ";VALUE=DATE:20250113", ":20250113T000000"]
)
def test_midnight_of_a_day_names_the_occurrence_of_that_day(tmp_path: Path, occurrence: str) -> None:
    change = f"RECURRENCE-ID{occurrence}\nDTSTART;TZID=Europe/Berlin:20250114T160000\nSUMMARY:Choir"
    whole, part = entries(tmp_path, series(change))
    assert isinstance(whole, Draft)
    assert [each.occurrence for each in whole.arguments["overrides"]] == [datetime(2025, 1, 13, 9)]  # noqa: DTZ001 - wall time
    assert part == Refused("part_of_series", Outcome.SKIPPED)


def followed(day: str, *lines: str) -> str:
    return "\n".join((f"RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:{day}T090000", *lines))


def moved(day: str, clock: str) -> str:
    return f"DTSTART;TZID=Europe/Berlin:{day}T{clock}0000"


def arguments_of(folder: Path, text: str) -> dict[str, Any]:
    """Return the arguments of the series, which takes up all its changes."""
    master, *changes = entries(folder, text)
    assert {each.reason for each in changes if isinstance(each, Refused)} <= {"part_of_series"}
    assert isinstance(master, Draft)
    return dict(master.arguments)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_change_of_this_and_all_later_occurrences_moves_them_all(tmp_path: Path) -> None:
    change = followed(
        "20250120", moved("20250121", "11"), "DTEND;TZID=Europe/Berlin:20250121T130000", "SUMMARY:Later"
    )
    own = f"RECURRENCE-ID;TZID=Europe/Berlin:20250127T090000\n{moved('20250127', '15')}"
    assert arguments_of(tmp_path, series(change, own))["overrides"] == (
        Override(at("2025-01-20T09:00"), at("2025-01-21T11:00"), at("2025-01-21T13:00"), "Later"),
        Override(at("2025-01-27T09:00"), at("2025-01-27T15:00")),
        Override(at("2025-02-03T09:00"), at("2025-02-04T11:00"), at("2025-02-04T13:00"), "Later"),
    )


def test_later_change_of_all_that_follow_takes_over(tmp_path: Path) -> None:
    changes = followed("20250113", "SUMMARY:One"), followed("20250127", moved("20250127", "09"))
    found = arguments_of(tmp_path, series(*changes))["overrides"]
    assert {each.occurrence.day: each.title for each in found} == {13: "One", 20: "One", 27: None}


def test_endless_series_follows_as_far_as_it_is_documented_and_says_so(tmp_path: Path) -> None:
    found = arguments_of(tmp_path, series(followed("20250120", moved("20250120", "10")), rule="FREQ=WEEKLY"))
    assert len(found["overrides"]) == 1 + MAX_FOLLOWING
    assert found["overrides"][-1].start_local == at("2044-03-21T10:00")
    assert found["description"] == "RECURRENCE-ID;RANGE=THISANDFUTURE: 20250120T090000"


@pytest.mark.parametrize("rule", ["FREQ=WEEKLY", "FREQ=WEEKLY;COUNT=5000", "FREQ=WEEKLY;UNTIL=20991231"])
def test_endless_series_that_is_cancelled_from_some_day_on_ends(tmp_path: Path, rule: str) -> None:
    found = arguments_of(tmp_path, series(followed("20250120", "STATUS:CANCELLED"), rule=rule))
    assert all(each.cancelled for each in found["overrides"])
    assert found["rrule"] == "FREQ=WEEKLY;UNTIL=20440321T090000"
    assert found["description"] == ""


def test_change_of_all_that_follow_without_its_series_says_so(tmp_path: Path) -> None:
    alone = series(followed("20250120", moved("20250120", "10"))).partition("END:VEVENT\n")[2]
    (own,) = entries(tmp_path, alone)
    assert isinstance(own, Draft)
    assert own.arguments["description"] == "RECURRENCE-ID;RANGE=THISANDFUTURE: 20250120T090000"


def test_moved_series_stays_in_years_that_a_record_holds(tmp_path: Path) -> None:
    change = followed("20250106", moved("20260106", "10"))
    found = arguments_of(tmp_path, series(change, rule="FREQ=YEARLY"))
    assert found["overrides"][-1].start_local.year == LAST_YEAR


def test_many_changes_of_all_that_follow_end_soon(tmp_path: Path) -> None:
    days = [date(2025, 1, 6) + timedelta(days=each) for each in range(2000)]
    changes = (followed(f"{day:%Y%m%d}", "SUMMARY:x") for day in days)
    path = written(tmp_path, "calendar.ics", series(*changes, rule="FREQ=DAILY;COUNT=10000"))
    begun = process_time()
    (draft, *_) = IMPORTER.read(path, Reading())
    assert process_time() - begun < 8  # it takes one second
    assert isinstance(draft, Draft)
    assert len(draft.arguments["overrides"]) == 2000 + MAX_FOLLOWING


def test_end_that_a_changed_occurrence_cannot_have_is_kept_in_words(tmp_path: Path) -> None:
    series = ("DTSTART:20261201T180000Z", "DTEND:20261201T190000Z", "RRULE:FREQ=DAILY;COUNT=9")
    change = ("DTSTART:20261203T180000Z", "DTEND:20261203T170000Z")
    held = ("RECURRENCE-ID:20261203T180000Z", *change)
    alone = ("RECURRENCE-ID:20270101T180000Z", *change)
    text = "\n".join(
        f"BEGIN:VEVENT\nUID:1\n{chr(10).join(each)}\nEND:VEVENT" for each in (series, held, alone)
    )
    found = [each.arguments for each in entries(tmp_path, text) if isinstance(each, Draft)]
    (override,) = found[0]["overrides"]
    assert (override.end_local, override.description) == (None, "DTEND: 20261203T170000Z")
    assert found[1]["description"] == "DTEND: 20261203T170000Z"
