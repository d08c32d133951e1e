"""When events of a calendar take place: times and zones as they are written, series with their exceptions."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from domain.productivity.calendar_event_terms import Override, TimeKind
from infrastructure.importers.draft import Draft, Outcome, Refused
from tests.importers.calendars import entries, event, task

PART_OF_SERIES = Refused("part_of_series", Outcome.SKIPPED)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def start(folder: Path, line: str, **more: Any) -> tuple[TimeKind, datetime, str | None]:
    found = event(folder, line, **more)
    return found["time_kind"], found["start_local"], found["timezone"]


@pytest.mark.parametrize(
    ("value", "kind", "local"),
    [
        (":20261224", TimeKind.ALL_DAY, "2026-12-24"),
        (";VALUE=DATE:20261224T000000", TimeKind.ALL_DAY, "2026-12-24"),
        (":20261224T180000", TimeKind.FLOATING, "2026-12-24T18:00"),
        (";TZID=:20261224T180000", TimeKind.FLOATING, "2026-12-24T18:00"),
        (";TZID=Middle Earth:20261224T180000", TimeKind.FLOATING, "2026-12-24T18:00"),
        (":20261224t180000z", TimeKind.UTC, "2026-12-24T18:00"),
        (";TZID=UTC:20261224T180000", TimeKind.UTC, "2026-12-24T18:00"),
        (":20261224T200000+0200", TimeKind.UTC, "2026-12-24T18:00"),
        (":2026-12-24T18:00:00.000Z", TimeKind.UTC, "2026-12-24T18:00"),
        (":20261224T1800", TimeKind.FLOATING, "2026-12-24T18:00"),
        (":20261224T240000", TimeKind.FLOATING, "2026-12-25T00:00"),
        (":20261224T235960Z", TimeKind.UTC, "2026-12-24T23:59:59"),
    ],
)
def test_times_are_kept_as_they_are_on_the_wall(
    tmp_path: Path, value: str, kind: TimeKind, local: str
) -> None:
    assert start(tmp_path, f"DTSTART{value}") == (kind, at(local), None)


@pytest.mark.parametrize(
    ("tzid", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ('"Europe/Berlin"', "Europe/Berlin"),
        ("America/Los Angeles", "America/Los_Angeles"),
        ("/mozilla.org/20070129_1/America/New_York", "America/New_York"),
        (
            "/freeassociation.sourceforge.net/Tzfile/America/Argentina/Buenos_Aires",
            "America/Argentina/Buenos_Aires",
        ),
        ("posix/Europe/Vaduz", "Europe/Vaduz"),
        ("US-Eastern", "US/Eastern"),
        ("America-Port-au-Prince", "America/Port-au-Prince"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("W. Europe Daylight Time", "Europe/Berlin"),
        ("Eastern", "America/New_York"),
        ("Pacific Time (US & Canada)", "America/Los_Angeles"),
        ('"(UTC+01:00) Amsterdam, Berlin, Rome"', "Europe/Amsterdam"),
        ("GMT+0200", "Etc/GMT-2"),
        ("GMT+02:00", "Etc/GMT-2"),
    ],
)
def test_names_of_zones_become_those_of_iana(tmp_path: Path, tzid: str, zone: str) -> None:
    expected = (TimeKind.ZONED, at("2026-12-24T18:00"), zone)
    assert start(tmp_path, f"DTSTART;TZID={tzid}:20261224T180000") == expected


def test_name_of_a_zone_that_nothing_tells_is_kept_in_words(tmp_path: Path) -> None:
    found = event(tmp_path, "DTSTART;TZID=Middle Earth:20261224T180000", "DESCRIPTION:Tea")
    assert (found["time_kind"], found["description"]) == (TimeKind.FLOATING, "Tea\n\nTZID: Middle Earth")
    due = task(tmp_path, "DUE;TZID=Middle Earth:20261224T180000", "DESCRIPTION:Tea")
    assert due["notes"] == "Tea\n\nTZID: Middle Earth"
    for known in ("DTSTART:20261224T180000", "DTSTART;TZID=US-Eastern:20261224T180000"):
        assert event(tmp_path, known, "DESCRIPTION:Tea")["description"] == "Tea"


def test_moment_in_utc_with_a_zone_is_that_moment_in_the_zone(tmp_path: Path) -> None:
    found = start(tmp_path, "DTSTART;TZID=America/New_York:20261224T180000Z")
    assert found == (TimeKind.ZONED, at("2026-12-24T13:00"), "America/New_York")


def described(summer: str, winter: str, *more: str) -> str:
    """Return a zone with the days on which Europe changes its clocks."""
    parts = [
        ("DAYLIGHT", "19960331T020000", 3, winter, summer),
        ("STANDARD", "19961027T030000", 10, summer, winter),
    ]
    text = "".join(
        f"BEGIN:{name}\nDTSTART:{first}\nRRULE:FREQ=YEARLY;BYMONTH={month};BYDAY=-1SU\n"
        f"TZOFFSETFROM:{before}\nTZOFFSETTO:{after}\nEND:{name}\n"
        for name, first, month, before, after in parts
    )
    head = "".join(f"{line}\n" for line in more)
    return f"BEGIN:VTIMEZONE\nTZID:here\n{head}{text}END:VTIMEZONE\n"


@pytest.mark.parametrize(
    ("zone", "home", "expected"),
    [
        (described("+0200", "+0100"), "UTC", (TimeKind.ZONED, "2026-07-01T12:00", "Europe/Berlin")),
        (described("+0200", "+0100"), "Europe/Madrid", (TimeKind.ZONED, "2026-07-01T12:00", "Europe/Madrid")),
        (
            described("+0200", "+0100", "X-LIC-LOCATION:Europe/Rome"),
            "UTC",
            (TimeKind.ZONED, "2026-07-01T12:00", "Europe/Rome"),
        ),
        (described("+0217", "+0117"), "UTC", (TimeKind.UTC, "2026-07-01T09:43", None)),
    ],
)
def test_zones_that_only_the_file_describes_are_found_by_their_clock(
    tmp_path: Path, zone: str, home: str, expected: tuple[TimeKind, str, str | None]
) -> None:
    text = (
        f"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;TZID=here:20260701T120000\nEND:VEVENT\n{zone}END:VCALENDAR\n"
    )
    (draft,) = entries(tmp_path, text, timezone=home)
    assert isinstance(draft, Draft)
    kind, local, name = expected
    found = draft.arguments
    assert (found["time_kind"], found["start_local"], found["timezone"]) == (kind, at(local), name)


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        ("DTSTART;TZID=Europe/Berlin:20261224T180000", "DTEND:20261224T190000Z", "2026-12-24T20:00"),
        ("DTSTART;TZID=Europe/Berlin:20261224T180000", "DTEND:20261225", "2026-12-25"),
        ("DTSTART:20261224T180000Z", "DURATION:PT1H30M", "2026-12-24T19:30"),
        ("DTSTART;TZID=Europe/Berlin:20261024T180000", "DURATION:P1D", "2026-10-25T18:00"),
        ("DTSTART;TZID=Europe/Berlin:20261024T180000", "DURATION:PT24H", "2026-10-25T17:00"),
        ("DTSTART:20261224", "DTEND:20261226", "2026-12-26"),
        ("DTSTART:20261224", "DURATION:PT36H", "2026-12-26"),
        ("DTSTART:20261224", "DTEND:20261225T120000", "2026-12-26"),
        ("DTSTART:20261224", "DTEND:20261224", None),
        ("DTSTART:20261224T180000Z", "DTEND:20261224T170000Z", None),
        ("DTSTART:20261224T180000Z", "DTEND:30001224T170000Z", None),
        ("DTSTART:20261224T180000Z", "DTEND:tomorrow", None),
        ("DTSTART:20261224T180000Z", "DURATION:P999999999999999999W", None),
        ("DTSTART:20261224T180000Z", "DURATION:-PT1H", None),
    ],
)
def test_end_lies_after_the_start_on_the_same_wall(
    tmp_path: Path, begin: str, end: str, expected: str | None
) -> None:
    assert event(tmp_path, begin, end)["end_local"] == (None if expected is None else at(expected))


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (("DTSTART:20261224T180000Z", "DTEND:20261224T170000Z"), "DTEND: 20261224T170000Z"),
        (("DTSTART:20261224T180000Z", "DTEND:30001224T170000Z"), "DTEND: 30001224T170000Z"),
        (("DTSTART:20261224T180000Z", "DTEND:tomorrow"), "DTEND: tomorrow"),
        (("DTSTART:20261224T180000Z", "DURATION:-PT1H"), "DURATION: -PT1H"),
        (("DTSTART:20261224", "DTEND:20261223", "RRULE:FREQ=HOURLY"), "RRULE: FREQ=HOURLY\nDTEND: 20261223"),
        (("DTSTART:20261224", "DTEND:20261224"), ""),
        (("DTSTART:20261224T180000Z", "DTEND:20261224T180000Z"), ""),
        (("DTSTART:20261224T180000Z", "DURATION:PT0S"), ""),
        (("DTSTART:20261224T180000Z", "DTEND:"), ""),
        (
            ("DTSTART;TZID=Europe/Berlin:20261025T023000", "DTEND:20261025T011500Z"),
            "",  # when clocks show two for the second time
        ),
    ],
)
def test_end_that_an_event_cannot_have_is_kept_in_words(
    tmp_path: Path, lines: tuple[str, ...], text: str
) -> None:
    assert event(tmp_path, *lines)["description"] == text


def test_midnights_that_outlook_marks_as_whole_days_are_days(tmp_path: Path) -> None:
    found = event(
        tmp_path,
        "DTSTART;TZID=Europe/Berlin:20261224T000000",
        "DTEND;TZID=Europe/Berlin:20261226T000000",
        "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE",
    )
    assert (found["time_kind"], found["timezone"]) == (TimeKind.ALL_DAY, None)
    assert found["end_local"] == at("2026-12-26")


def test_marked_days_in_utc_are_those_of_the_own_zone(tmp_path: Path) -> None:
    lines = ("DTSTART:20261224T050000Z", "DTEND:20261226T050000Z", "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE")
    found = event(tmp_path, *lines, timezone="America/New_York")
    assert found["time_kind"] is TimeKind.ALL_DAY
    assert (found["start_local"], found["end_local"]) == (at("2026-12-24"), at("2026-12-26"))
    assert event(tmp_path, *lines, timezone="Europe/Berlin")["time_kind"] is TimeKind.UTC


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ("freq=weekly; byday=MO, TU;", "FREQ=WEEKLY;BYDAY=MO,TU"),
        ("FREQ=DAILY;INTERVAL=0;BYHOUR=09", "FREQ=DAILY;BYHOUR=9"),
        ("FREQ=DAILY;COUNT=5;UNTIL=20270101", "FREQ=DAILY;COUNT=5"),
        ("FREQ=DAILY;UNTIL=20261228T180000;COUNT=5", "FREQ=DAILY;COUNT=5"),
        ("FREQ=DAILY;COUNT=5;UNTIL=20261228T175959", "FREQ=DAILY;UNTIL=20261228T175959"),
        ("FREQ=YEARLY;COUNT=100;UNTIL=28001231", "FREQ=YEARLY;COUNT=100"),
        ("FREQ=YEARLY;COUNT=102;UNTIL=28001231", "FREQ=YEARLY;UNTIL=28001231"),  # not counted so far
        ("FREQ=DAILY;COUNT=5000000;UNTIL=28001231", "FREQ=DAILY;UNTIL=28001231"),
        ("FREQ=DAILY;COUNT=5;UNTIL=20200101", "FREQ=DAILY;UNTIL=20200101"),
        ("FREQ=DAILY;UNTIL=2027-01-01T10:00:00+01:00", "FREQ=DAILY;UNTIL=20270101T090000Z"),
        ("FREQ=HOURLY;INTERVAL=4", "FREQ=HOURLY;INTERVAL=4"),
        (
            "FREQ=MINUTELY;INTERVAL=30;COUNT=5;UNTIL=20261224T190000",
            "FREQ=MINUTELY;INTERVAL=30;UNTIL=20261224T190000",
        ),
        ("FREQ=SECONDLY;COUNT=3", "FREQ=SECONDLY;COUNT=3"),
        ("RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=OMIT;X-OWN=1;BYDAY=", "FREQ=YEARLY"),
    ],
)
def test_rules_are_tidied(tmp_path: Path, rule: str, kept: str) -> None:
    assert event(tmp_path, "DTSTART:20261224T180000", f"RRULE:{rule}")["rrule"] == kept


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=MINUTELY",
        "FREQ=DAILY;UNTIL=20261399",
        "FREQ=DAILY;UNTIL=20261399;COUNT=3",
        "FREQ=DAILY;UNTIL=20270101;COUNT=0",
        "RSCALE=CHINESE;FREQ=YEARLY",
        "W1 MO #0",
    ],
)
def test_rules_that_no_record_holds_are_kept_in_words(tmp_path: Path, rule: str) -> None:
    found = event(
        tmp_path, "DTSTART:20261224T180000", "DESCRIPTION:Tea", f"RRULE:{rule}", "EXDATE:20261225T180000"
    )
    assert (found["rrule"], found["exdates"]) == (None, ())
    assert found["description"] == f"Tea\n\nRRULE: {rule}"


def test_skipped_dates_are_local_starts_however_they_are_written(tmp_path: Path) -> None:
    found = event(
        tmp_path,
        "DTSTART;TZID=Europe/Berlin:20261221T180000",
        "RRULE:FREQ=DAILY",
        "EXDATE;TZID=Europe/Berlin:20261222T180000,20261222T180000",
        "EXDATE:20261223T170000Z",
        "EXDATE;VALUE=DATE:20261224",
        "EXDATE:20261225T000000",
        "EXDATE:20261226T070000Z",
        "EXDATE:",
        "EXDATE:29990101T180000,99990101T180000",
    )
    days = ["2026-12-22", "2026-12-23", "2026-12-24", "2026-12-25", "2999-01-01"]
    assert found["exdates"] == tuple(at(f"{day}T18:00") for day in days)


def test_extra_dates_are_kept_also_of_periods(tmp_path: Path) -> None:
    found = event(
        tmp_path,
        "DTSTART;TZID=Europe/Berlin:20261221T180000",
        "RDATE;VALUE=PERIOD:20261222T170000Z/PT1H,20261223T170000Z/20261223T180000Z",
        "RDATE;VALUE=DATE:20261224",
        "RDATE;TZID=Europe/Berlin:20261221T180000",
    )
    assert found["rdates"] == tuple(at(f"2026-12-{day}T18:00") for day in (22, 23, 24))


def test_extra_date_lasts_as_long_as_its_period(tmp_path: Path) -> None:
    found = event(
        tmp_path,
        "DTSTART;TZID=Europe/Berlin:20261221T180000",
        "DTEND;TZID=Europe/Berlin:20261221T190000",
        "RDATE;VALUE=PERIOD:20261222T170000Z/20261222T203000Z,20261223T170000Z/PT1H,20261224T170000Z/PT30M",
        "RDATE;VALUE=PERIOD:20261225T170000Z/PT2H,20261226T170000Z/20261226T160000Z,20261227T170000Z/later",
        "RDATE;VALUE=PERIOD;TZID=Europe/Berlin:20261228T180000/P1D",
        "EXDATE:20261225T170000Z",
    )
    assert found["overrides"] == (
        Override(at("2026-12-22T18:00"), end_local=at("2026-12-22T21:30")),
        Override(at("2026-12-24T18:00"), end_local=at("2026-12-24T18:30")),
        Override(at("2026-12-28T18:00"), end_local=at("2026-12-29T18:00")),
    )
    assert (len(found["rdates"]), found["exdates"]) == (7, (at("2026-12-25T18:00"),))


def test_extra_day_lasts_as_long_as_its_period(tmp_path: Path) -> None:
    found = event(
        tmp_path,
        "DTSTART;VALUE=DATE:20261221",
        "DTEND;VALUE=DATE:20261222",
        "RDATE;VALUE=PERIOD:20261224T100000/PT2H,20261226T100000/PT36H",
    )
    assert found["overrides"] == (Override(at("2026-12-26"), end_local=at("2026-12-28")),)


def test_changed_extra_date_lasts_as_long_as_its_change(tmp_path: Path) -> None:
    change = (
        "RECURRENCE-ID:20261222T163000Z\nSUMMARY:Coffee\nDTSTART:20261222T190000Z\nDTEND:20261222T200000Z"
    )
    _, master = entries(tmp_path, series(change, extra="RDATE;VALUE=PERIOD:20261222T163000Z/PT3H\n"))
    assert isinstance(master, Draft)
    assert master.arguments["overrides"] == (
        Override(at("2026-12-22T17:30"), start_local=at("2026-12-22T20:00"), title="Coffee"),
    )


def test_exclusion_rule_of_old_calendars_skips_dates(tmp_path: Path) -> None:
    found = event(tmp_path, "DTSTART:20261221", "RRULE:FREQ=DAILY", "EXRULE:FREQ=WEEKLY;COUNT=3;BYDAY=TH")
    assert found["exdates"] == (at("2026-12-24"), at("2026-12-31"))


def series(*changes: str, extra: str = "") -> str:
    """Return a daily series at 18:00 in Berlin and changed occurrences of it."""
    master = (
        "UID:s\nDTSTART;TZID=Europe/Berlin:20261221T180000\nDTEND;TZID=Europe/Berlin:20261221T190000\n"
        f"RRULE:FREQ=DAILY\nSUMMARY:Tea\nLOCATION:Home\n{extra}"
    )
    parts = [*(f"UID:s\n{change}\n" for change in changes), master]
    return "".join(f"BEGIN:VEVENT\n{part}END:VEVENT\n" for part in parts)


def test_changed_occurrence_is_part_of_its_series_wherever_it_stands(tmp_path: Path) -> None:
    text = series(
        "RECURRENCE-ID:20261222T170000Z\nSUMMARY:Coffee\nLOCATION:Home\n"
        "DTSTART;TZID=Europe/London:20261222T190000\nDTEND;TZID=Europe/London:20261222T200000",
        "RECURRENCE-ID;TZID=Europe/Berlin:20261223T180000\nSTATUS:CANCELLED\nSUMMARY:Tea",
        "RECURRENCE-ID;VALUE=DATE:20261224\nDTSTART;TZID=Europe/Berlin:20261224T180000\nDURATION:PT3H",
        extra="EXDATE;TZID=Europe/Berlin:20261224T180000\n",
    )
    *changes, master = entries(tmp_path, text)
    assert changes == [PART_OF_SERIES] * 3
    assert isinstance(master, Draft)
    assert master.arguments["overrides"] == (
        Override(at("2026-12-22T18:00"), start_local=at("2026-12-22T20:00"), title="Coffee"),
        Override(at("2026-12-23T18:00"), cancelled=True),
        Override(at("2026-12-24T18:00"), end_local=at("2026-12-24T21:00")),
    )
    assert master.arguments["exdates"] == ()


def test_newest_change_of_an_occurrence_counts(tmp_path: Path) -> None:
    change = "RECURRENCE-ID:20261222T170000Z\nSEQUENCE:{0}\nSUMMARY:{0}"
    newer, older, master = entries(tmp_path, series(change.format(2), change.format(1)))
    assert (newer, older) == (PART_OF_SERIES, Refused("superseded", Outcome.SKIPPED))
    assert isinstance(master, Draft)
    assert [each.title for each in master.arguments["overrides"]] == ["2"]


def test_occurrence_that_its_series_cannot_hold_becomes_an_event(tmp_path: Path) -> None:
    own, master = entries(tmp_path, series("RECURRENCE-ID:20261222T170000Z\nDTSTART;VALUE=DATE:20261222"))
    assert isinstance(own, Draft)
    assert (own.source_id, own.arguments["time_kind"]) == ("s/2026-12-22T17:00:00", TimeKind.ALL_DAY)
    assert isinstance(master, Draft)
    assert master.arguments["exdates"] == (at("2026-12-22T18:00"),)


def test_change_of_no_occurrence_becomes_an_event(tmp_path: Path) -> None:
    stray, master = entries(
        tmp_path, series("RECURRENCE-ID:20261222T050000Z\nDTSTART;TZID=Europe/Berlin:20261222T200000")
    )
    assert isinstance(stray, Draft)
    assert stray.source_id == "s/2026-12-22T05:00:00"
    assert isinstance(master, Draft)
    assert (master.source_id, master.arguments["overrides"]) == ("s", ())


def test_change_without_its_series_becomes_an_event(tmp_path: Path) -> None:
    lines = (
        "BEGIN:VEVENT",
        "UID:s",
        "RECURRENCE-ID;TZID=Europe/Berlin:20261222T180000",
        "DTSTART:20261222T190000Z",
    )
    (orphan,) = entries(tmp_path, "\n".join((*lines, "END:VEVENT")))
    assert isinstance(orphan, Draft)
    assert (orphan.source_id, orphan.arguments["ical_uid"]) == ("s/2026-12-22T17:00:00", "s")


def test_endless_rules_and_thousands_of_exceptions_end_soon(tmp_path: Path) -> None:
    never = "RRULE:FREQ=DAILY;COUNT=999999;BYMONTH=2;BYMONTHDAY=30\n"
    skipped = "EXDATE:29990101T180000Z\n" * 5000
    changes = [f"RECURRENCE-ID:202{year}0101T170000Z\nSUMMARY:x" for year in range(7, 10)] * 300
    found = entries(tmp_path, series(*changes).replace("RRULE:FREQ=DAILY\n", never + skipped))
    assert isinstance(found[-1], Draft)
    assert {each.reason for each in found if isinstance(each, Refused)} == {"superseded", "no_start"}
