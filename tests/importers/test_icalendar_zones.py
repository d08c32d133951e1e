"""Time zones that only their file describes: the offsets of their clocks, within bounds."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from time import process_time

import pytest

from domain.productivity.calendar_event_terms import TimeKind
from infrastructure.importers.draft import Draft
from tests.importers.calendars import entries, event

SECONDS = 10.0  # of the processor for one hostile file, however busy the machine
"""What takes a second or two, and took most of a minute before it was bounded."""


def observance(offset: str, *lines: str, start: str = "16010101T000000", before: str = "+0013") -> str:
    begin = (f"DTSTART:{start}", f"TZOFFSETFROM:{before}", f"TZOFFSETTO:{offset}")
    return "\n".join(("BEGIN:STANDARD", *begin, *lines, "END:STANDARD", ""))


def zone(*observances: str, name: str = "here") -> str:
    return f"BEGIN:VTIMEZONE\nTZID:{name}\n{''.join(observances)}END:VTIMEZONE\n"


def starts(folder: Path, zones: str, *times: str, tzid: str = "here") -> list[datetime]:
    """Return what becomes of times in a zone that is no other: their moments in UTC."""
    events = "".join(f"BEGIN:VEVENT\nDTSTART;TZID={tzid}:{time}\nEND:VEVENT\n" for time in times)
    found = entries(folder, f"BEGIN:VCALENDAR\n{events}{zones}END:VCALENDAR\n")
    assert all(isinstance(each, Draft) for each in found)
    arguments = [each.arguments for each in found if isinstance(each, Draft)]
    assert {each["time_kind"] for each in arguments} == {TimeKind.UTC}
    return [each["start_local"] for each in arguments]


def test_rule_that_has_ended_still_tells_the_last_change(tmp_path: Path) -> None:
    until = "UNTIL=20060101T000000Z"
    described = zone(
        observance("+0217", f"RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;{until}", start="19960331T020000"),
        observance("+0117", f"RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU;{until}", start="19951029T030000"),
    )
    found = starts(tmp_path, described, "20260701T120000", "20050701T120000", "19900701T120000")
    assert found == [
        datetime.fromisoformat(f"{each}")
        for each in ("2026-07-01T10:43", "2005-07-01T09:43", "1990-07-01T11:47")
    ]


def test_described_clocks_are_looked_up_and_not_wound_anew_for_every_time(tmp_path: Path) -> None:
    dates = "RDATE:" + ",".join(f"{year}0101T000000" for year in range(1000, 2000))
    yearly = "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH={}"
    described = zone(
        *(observance(f"+00{10 + each % 40}", yearly.format(1 + each % 12), dates) for each in range(200))
    )
    times = [f"20{year}{month:02d}01T120000" for year in range(20, 29) for month in range(1, 13)]
    began = process_time()
    assert len(starts(tmp_path, described, *times)) == len(times)
    assert process_time() - began < SECONDS


def test_endless_rules_of_many_zones_are_followed_for_so_many_years(tmp_path: Path) -> None:
    rule = "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"
    names = [f"zone {each}" for each in range(20)]
    zones = "".join(zone(*[observance("+0017", rule)] * 100, name=name) for name in names)
    skipped = "".join(f"EXDATE;TZID={name}:20250101T000000\n" for name in names)
    event = f"BEGIN:VEVENT\nDTSTART:20250101T000000\nRRULE:FREQ=DAILY\n{skipped}END:VEVENT\n"
    began = process_time()
    (found,) = entries(tmp_path, f"BEGIN:VCALENDAR\n{event}{zones}END:VCALENDAR\n")
    assert isinstance(found, Draft)
    assert process_time() - began < SECONDS


@pytest.mark.parametrize("tzid", ["/" * 1_000_000, "a" * 1_000_000])
def test_endless_name_of_a_zone_is_none(tmp_path: Path, tzid: str) -> None:
    began = process_time()
    (found,) = entries(tmp_path, f"BEGIN:VEVENT\nDTSTART;TZID={tzid}:20260701T120000\nEND:VEVENT\n")
    assert isinstance(found, Draft)
    assert found.arguments["time_kind"] is TimeKind.FLOATING
    assert process_time() - began < SECONDS


BERLIN = "TZID=Europe/Berlin"
"""Where on 25 October 2026 the wall shows two to three o'clock twice: from midnight to two in UTC."""


@pytest.mark.parametrize(
    ("lines", "start", "end"),
    [
        ([f"DTSTART;{BERLIN}:20261025T023000", "DURATION:PT1H"], "00:30", "01:30"),
        ([f"DTSTART;{BERLIN}:20261025T023000", "DURATION:PT45M"], "00:30", "01:15"),
        ([f"DTSTART;{BERLIN}:20261025T013000", "DURATION:PT2H"], "23:30", "01:30"),
        ([f"DTSTART;{BERLIN}:20261025T023000", "DTEND:20261025T013000Z"], "00:30", "01:30"),
        ([f"DTSTART;{BERLIN}:20261025T023000", "DTEND;TZID=Asia/Tokyo:20261025T103000"], "00:30", "01:30"),
        (
            [f"DTSTART;{BERLIN}:20261025T024500+0100", f"DTEND;{BERLIN}:20261025T031500+0100"],
            "01:45",
            "02:15",
        ),
    ],
)
def test_event_in_the_hour_that_clocks_show_twice_is_kept_in_utc_where_its_end_is_in_the_second(
    tmp_path: Path, lines: list[str], start: str, end: str
) -> None:
    found = event(tmp_path, *lines)
    assert (found["time_kind"], found["timezone"]) == (TimeKind.UTC, None)
    assert (f"{found['start_local']:%H:%M}", f"{found['end_local']:%H:%M}") == (start, end)


@pytest.mark.parametrize(
    ("begin", "lines", "end"),
    [
        ("20261025T020000", [f"DTEND;{BERLIN}:20261025T023000"], "02:30"),
        ("20261025T020000", ["DURATION:PT30M"], "02:30"),
        ("20261025T010000", ["DURATION:PT4H"], "04:00"),
        ("20261025T010000", ["DURATION:PT4H", "RRULE:FREQ=DAILY"], "05:00"),
        ("20261025T023000", ["DURATION:PT1H", "RRULE:FREQ=DAILY"], "03:30"),
        ("20261025T023000", ["DURATION:PT1H", f"RDATE;{BERLIN}:20261101T023000"], "03:30"),
        ("20260329T013000", ["DURATION:PT2H", "RRULE:FREQ=DAILY"], "03:30"),
    ],
)
def test_event_that_the_wall_tells_and_every_series_stay_on_the_wall(
    tmp_path: Path, begin: str, lines: list[str], end: str
) -> None:
    found = event(tmp_path, f"DTSTART;{BERLIN}:{begin}", *lines)
    assert (found["time_kind"], found["timezone"]) == (TimeKind.ZONED, "Europe/Berlin")
    assert (f"{found['start_local']:%Y%m%dT%H%M%S}", f"{found['end_local']:%H:%M}") == (begin, end)


def test_changed_occurrence_that_is_an_event_of_its_own_is_kept_in_utc_too(tmp_path: Path) -> None:
    lines = "RECURRENCE-ID:20261025T000000Z", f"DTSTART;{BERLIN}:20261025T023000", "DURATION:PT1H"
    found = event(tmp_path, "UID:1", *lines)
    assert found["end_local"] - found["start_local"] == timedelta(hours=1)


LONDON = "X-LIC-LOCATION:Europe/London\n"
WEEKLY = "BEGIN:VEVENT\nDTSTART;VALUE=DATE:20240701\nRRULE:FREQ=WEEKLY;UNTIL={}\nEND:VEVENT\n"


def until(folder: Path, head: str, until: str, home: str = "UTC") -> str:
    """Return the end of a weekly all-day series that begins on 1 July 2024."""
    text = f"BEGIN:VCALENDAR\n{head}{WEEKLY.format(until)}END:VCALENDAR\n"
    (found,) = entries(folder, text, timezone=home)
    assert isinstance(found, Draft)
    return str(found.arguments["rrule"]).partition("UNTIL=")[2]


@pytest.mark.parametrize(
    ("head", "home", "end", "expected"),
    [
        (zone(LONDON, name="GMT Standard Time"), "UTC", "20240728T230000Z", "20240729"),
        ("X-WR-TIMEZONE:Europe/Berlin\n", "UTC", "20240728T220000Z", "20240729"),
        (f"X-WR-TIMEZONE:Europe/Berlin\n{zone(LONDON)}", "UTC", "20240728T220000Z", "20240729"),
        ("X-WR-TIMEZONE:America/New_York\n", "UTC", "20240730T035959Z", "20240729"),
        ("", "Europe/Berlin", "20240728T220000Z", "20240729"),
        ("", "UTC", "20240728T220000Z", "20240728T220000Z"),
        (f"{zone(LONDON)}{zone(name='there')}", "UTC", "20240728T230000Z", "20240728T230000Z"),
        ("X-WR-TIMEZONE:Europe/Berlin\n", "UTC", "20240728T235959Z", "20240728T235959Z"),
        ("X-WR-TIMEZONE:Europe/Berlin\n", "UTC", "20240728T220000", "20240728T220000"),
        ("X-WR-TIMEZONE:Europe/Berlin\n", "UTC", "99991231T235959Z", "99991231T235959Z"),
    ],
)
def test_all_day_series_ends_on_the_day_that_its_end_is_in_the_zone_of_the_calendar(
    tmp_path: Path, head: str, home: str, end: str, expected: str
) -> None:
    assert until(tmp_path, head, end, home) == expected
