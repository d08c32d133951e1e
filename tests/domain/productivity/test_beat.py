"""Rules by the hour, the minute and the second give what RFC 5545 says, however far the window lies, at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice
from time import process_time

import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.productivity.calendar_event import CalendarEvent
from domain.productivity.calendar_event_terms import NotMidnight, TimeKind
from domain.productivity.occurrences import (
    MAX_OCCURRENCES,
    TooFrequent,
    every_occurrence,
    occurrences,
    occurs_at,
)
from domain.shared.record import Origin
from domain.shared.recurrence import normal_rule
from domain.shared.values import new_id


def wall(text: str) -> datetime:
    """Return a time on the wall: it has no zone."""
    return datetime.fromisoformat(text)


START = wall("2026-01-05 09:00")  # a Monday
FAR = wall("2999-12-31")


def expand(rule: str, count: int | None = None, *, start: datetime = START) -> list[str]:
    found = islice(occurrences(start, rule, (), (), after=start, before=FAR), count)
    return [f"{each:%d %H:%M:%S}" for each in found]


def scheduled(rule: str, start: datetime = START) -> CalendarEvent:
    return CalendarEvent.schedule(
        Origin(new_id()), "Drops", start_local=start, time_kind=TimeKind.FLOATING, rrule=normal_rule(rule)
    )


@pytest.mark.parametrize(
    ("rule", "times"),
    [
        ("FREQ=HOURLY;INTERVAL=3;UNTIL=20260105T170000", ["05 09:00:00", "05 12:00:00", "05 15:00:00"]),
        ("FREQ=MINUTELY;INTERVAL=90;COUNT=4", ["05 09:00:00", "05 10:30:00", "05 12:00:00", "05 13:30:00"]),
        ("FREQ=HOURLY;INTERVAL=5;COUNT=5", ["05 09:00:00", "05 14:00:00", "05 19:00:00", "06 00:00:00", "06 05:00:00"]),
        ("FREQ=HOURLY;BYHOUR=9,17;BYDAY=MO;COUNT=3", ["05 09:00:00", "05 17:00:00", "12 09:00:00"]),
        ("FREQ=HOURLY;BYMINUTE=0,30;COUNT=3", ["05 09:00:00", "05 09:30:00", "05 10:00:00"]),
        ("FREQ=HOURLY;BYMINUTE=0,20,40;BYSETPOS=-1;COUNT=3", ["05 09:00:00", "05 09:40:00", "05 10:40:00"]),
        ("FREQ=MINUTELY;BYSECOND=0,30;BYMINUTE=59;COUNT=3", ["05 09:00:00", "05 09:59:00", "05 09:59:30"]),
        ("FREQ=SECONDLY;INTERVAL=45;COUNT=3", ["05 09:00:00", "05 09:00:45", "05 09:01:30"]),
        ("FREQ=HOURLY;INTERVAL=48;COUNT=3", ["05 09:00:00", "07 09:00:00", "09 09:00:00"]),
    ],
)  # fmt: skip
def test_shorter_parts_expand_the_unit_and_longer_ones_limit_it(rule: str, times: list[str]) -> None:
    """The first two are examples of RFC 5545 section 3.8.5.3."""
    assert expand(rule) == times


def test_every_twenty_minutes_of_office_hours_is_the_same_by_the_day_and_by_the_minute() -> None:
    """An example of RFC 5545 section 3.8.5.3."""
    daily = expand("FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40", 100)
    assert daily == expand("FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16", 100)
    assert len(daily) == 100


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30;COUNT=5",
        "FREQ=SECONDLY;INTERVAL=2;BYSECOND=1,3,5",
        "FREQ=HOURLY;INTERVAL=12;BYHOUR=10",
        "FREQ=HOURLY;BYSETPOS=5",
    ],
)
def test_rule_that_never_matches_ends_soon(rule: str) -> None:
    begun = process_time()
    assert expand(rule) == ["05 09:00:00"]
    assert process_time() - begun < 1  # dateutil: for ever


def test_second_of_a_series_of_a_thousand_years_is_found_at_once() -> None:
    begun, last = process_time(), wall("2990-05-05 23:59:58")
    start = wall("1990-01-01 00:00:01")
    assert occurs_at(start, "FREQ=SECONDLY;INTERVAL=7", (), start + timedelta(seconds=7 * 4_000_000_000))
    assert not occurs_at(
        start, "FREQ=SECONDLY;INTERVAL=7", (), start + timedelta(seconds=7 * 4_000_000_000 + 1)
    )
    found = occurrences(start, "FREQ=SECONDLY", (), (), after=last, before=FAR)
    assert next(found) == last
    assert process_time() - begun < 1


@st.composite
def matched_rules(draw: st.DrawFn) -> tuple[datetime, str]:
    """Return a start and a rule whose every part allows the start, so that dateutil counts from it too."""
    start = wall("2000-01-01") + timedelta(seconds=draw(st.integers(0, 400_000_000)))
    frequency = draw(st.sampled_from(["HOURLY", "MINUTELY", "SECONDLY"]))
    parts = [f"FREQ={frequency}", f"INTERVAL={draw(st.integers(1, 400) | st.integers(1, 9999))}"]
    limits = {
        "BYMONTH": (start.month, 1, 12),
        "BYMONTHDAY": (start.day, 1, 31),
        "BYHOUR": (start.hour, 0, 23),
        "BYMINUTE": (start.minute, 0, 59),
        "BYSECOND": (start.second, 0, 59),
    }
    for name, (own, low, high) in limits.items():
        if draw(st.booleans()):
            values = {own, *draw(st.sets(st.integers(low, high), max_size=4))}
            parts.append(f"{name}={','.join(map(str, sorted(values)))}")
    if draw(st.booleans()):
        parts.append(f"COUNT={draw(st.integers(1, 30))}")
    return start, normal_rule(";".join(parts))


@settings(max_examples=150, deadline=None)
@given(matched_rules(), st.integers(0, 40), st.integers(1, 40))
def test_expansion_agrees_with_dateutil_wherever_the_window_lies(
    series: tuple[datetime, str], skipped: int, length: int
) -> None:
    start, rule = series
    after = start + timedelta(hours=skipped)
    before = after + timedelta(hours=length)
    expected: list[datetime] = []
    bounded = rule if "COUNT" in rule else f"{rule};UNTIL={before:%Y%m%dT%H%M%S}"
    assume("COUNT" not in rule or "BYMONTH" not in rule)  # dateutil walks through the years, second by second
    for each in rrulestr(bounded, dtstart=start):
        if each >= before or len(expected) > 3000:
            break
        expected.append(each)
    assume(expected and expected[0] == start and len(expected) <= 3000)
    assert list(occurrences(start, rule, (), (), after=after, before=before)) == [
        each for each in expected if each >= after
    ]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=SECONDLY;COUNT=301",
        "FREQ=MINUTELY;INTERVAL=4",
        "FREQ=MINUTELY;BYDAY=SU",
        "FREQ=SECONDLY;BYMONTH=6,11;BYMONTHDAY=30",
        "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8;BYMINUTE=" + ",".join(map(str, range(60))),
        "FREQ=SECONDLY;UNTIL=20260105T090500",
    ],
)
def test_series_that_would_fill_the_agenda_is_refused(rule: str) -> None:
    with pytest.raises(TooFrequent):
        scheduled(rule)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=MINUTELY;INTERVAL=5",
        "FREQ=SECONDLY;COUNT=300",
        "FREQ=SECONDLY;UNTIL=20260105T090459",
        "FREQ=MINUTELY;BYHOUR=8,9,10,11,12",
        "FREQ=HOURLY;BYMINUTE=0,1,2,3,4,5,6,7,8,9,10,11,12,13;BYSETPOS=1,-1",
    ],
)
def test_month_of_a_dense_series_is_one_answer(rule: str) -> None:
    event = scheduled(rule)
    window = every_occurrence(START, event.rrule, (), (), after=START, before=START + timedelta(days=31))
    assert 1 < sum(1 for _ in window) <= MAX_OCCURRENCES


def test_count_that_no_answer_could_hold_is_refused() -> None:
    assert normal_rule("FREQ=DAILY;COUNT=10000")
    with pytest.raises(ValueError, match="valid values"):
        normal_rule("FREQ=DAILY;COUNT=10001")


def test_event_of_all_day_has_no_rule_by_the_hour() -> None:
    event = scheduled("FREQ=HOURLY;INTERVAL=6")
    with pytest.raises(NotMidnight):
        event.make_all_day()
    day = CalendarEvent.schedule(
        Origin(new_id()),
        "Fast",
        start_local=START.replace(hour=0),
        time_kind=TimeKind.ALL_DAY,
        rrule="FREQ=DAILY",
    )
    with pytest.raises(NotMidnight):
        day.set_recurrence("FREQ=HOURLY;INTERVAL=24")
