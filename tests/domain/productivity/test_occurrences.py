"""Series expand to what RFC 5545 says, within bounds; dateutil is the second opinion where it is right."""

from __future__ import annotations

import calendar
from datetime import datetime, timedelta
from itertools import islice
from time import process_time

import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.productivity.occurrences import MAX_OCCURRENCES, matching, occurrences, occurs_at
from domain.productivity.rule import RuleUnreadable
from domain.shared.recurrence import normal_rule


def wall(text: str) -> datetime:
    """Return a time on the wall: it has no zone."""
    return datetime.fromisoformat(text)


START = wall("2026-01-05 09:00")  # a Monday
DAY = timedelta(days=1)
ALWAYS = wall("2999-12-31")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def expand(
    rule: str | None,
    count: int | None = None,
    *,
    start: datetime = START,
    before: datetime = ALWAYS,
    timezone: str | None = None,
) -> list[datetime]:
    found = occurrences(start, rule, (), (), after=start, before=before, timezone=timezone)
    return list(islice(found, count))


def days(*texts: str) -> list[datetime]:
    return [wall(f"{text} 09:00") for text in texts]


def test_event_without_a_rule_occurs_once() -> None:
    assert expand(None) == [START]


def test_weekly_rule_takes_its_weekday_from_the_start() -> None:
    assert expand("FREQ=WEEKLY", 3) == days("2026-01-05", "2026-01-12", "2026-01-19")


def test_monthly_rule_leaves_out_the_months_without_that_day() -> None:
    start = wall("2026-01-31 09:00")
    assert expand("FREQ=MONTHLY", 3, start=start) == days("2026-01-31", "2026-03-31", "2026-05-31")


def test_yearly_rule_on_29_february_leaves_out_the_common_years() -> None:
    start = wall("2096-02-29 09:00")
    assert expand("FREQ=YEARLY", 2, start=start) == days("2096-02-29", "2104-02-29")


def test_last_weekday_of_the_month_is_counted_from_the_end() -> None:
    rule = "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"
    assert expand(rule, 3, start=wall("2026-01-30 09:00")) == days("2026-01-30", "2026-02-27", "2026-03-31")


def test_first_weekday_of_the_month_may_be_its_seventh_day() -> None:
    """7 June 2026 is a Sunday, and so is 1 November."""
    found = expand("FREQ=MONTHLY;BYDAY=1SU;BYMONTH=6,11", 4)
    assert found[1:] == days("2026-06-07", "2026-11-01", "2027-06-06")


def test_position_counts_from_one() -> None:
    found = expand("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,3", 4)
    assert found == days("2026-01-05", "2026-02-02", "2026-02-04", "2026-03-02")


def test_plain_and_numbered_weekdays_add_up() -> None:
    rule = "FREQ=MONTHLY;BYDAY=MO,2TU"
    assert expand(rule, 5) == days("2026-01-05", "2026-01-12", "2026-01-13", "2026-01-19", "2026-01-26")


def test_week_52_takes_in_the_new_year_days_that_belong_to_it() -> None:
    """1 January 2011 was a Saturday of week 52 of 2010 (ISO 8601)."""
    found = expand(
        "FREQ=YEARLY;BYWEEKNO=52;BYDAY=SA", start=wall("2010-06-05 09:00"), before=wall("2011-06-01")
    )
    assert found == days("2010-06-05", "2011-01-01")


def test_weeks_are_counted_from_the_end_of_the_year_too() -> None:
    """2026 and 2032 have 53 weeks; the first of 2032 begins in 2031."""
    rule = "FREQ=YEARLY;BYDAY=MO;BYWEEKNO="
    assert expand(rule + "-1", 3)[1:] == days("2026-12-28", "2027-12-27")
    assert expand(rule + "-53", 2)[1:] == days("2031-12-29")


def test_week_start_decides_which_weeks_an_interval_skips() -> None:
    """The example of RFC 5545 section 3.8.5.3."""
    start = wall("1997-08-05 09:00")
    rule = "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST="
    assert expand(rule + "MO", start=start) == days("1997-08-05", "1997-08-10", "1997-08-19", "1997-08-24")
    assert expand(rule + "SU", start=start) == days("1997-08-05", "1997-08-17", "1997-08-19", "1997-08-31")


def test_start_is_the_first_occurrence_though_the_rule_does_not_match_it() -> None:
    assert expand("FREQ=WEEKLY;BYDAY=WE;COUNT=3") == days("2026-01-05", "2026-01-07", "2026-01-14")


def test_leap_second_is_the_second_before() -> None:
    assert expand("FREQ=DAILY;BYSECOND=60;BYMINUTE=0", 2)[1] == wall("2026-01-05 09:00:59")


def test_occurrences_keep_the_microseconds_of_the_start() -> None:
    start = START.replace(microsecond=7)
    assert expand("FREQ=DAILY", 2, start=start) == [start, start + timedelta(days=1)]


def test_until_as_a_date_includes_all_of_that_day() -> None:
    assert expand("FREQ=DAILY;UNTIL=20260106") == days("2026-01-05", "2026-01-06")


def test_until_as_local_time_includes_that_time() -> None:
    assert expand("FREQ=DAILY;UNTIL=20260107T090000") == days("2026-01-05", "2026-01-06", "2026-01-07")
    assert expand("FREQ=DAILY;UNTIL=20260107T085959") == days("2026-01-05", "2026-01-06")


def test_until_in_utc_is_read_on_the_clock_of_the_zone() -> None:
    rule = "FREQ=DAILY;UNTIL=20260107T080000Z"  # 9:00 in Berlin, 3:00 in New York
    assert expand(rule, timezone="Europe/Berlin")[-1] == wall("2026-01-07 09:00")
    assert expand(rule, timezone="America/New_York")[-1] == wall("2026-01-06 09:00")
    assert expand(rule)[-1] == wall("2026-01-06 09:00")


def test_until_at_the_end_of_time_is_no_end() -> None:
    rule = "FREQ=YEARLY;UNTIL=99991231T235959Z"
    assert expand(rule, 2, timezone="Asia/Tokyo") == days("2026-01-05", "2027-01-05")


@pytest.mark.parametrize("until", ["20261301", "20260230T090000Z", "20260101T250000", "00000101"])
def test_until_on_a_date_that_does_not_exist_is_an_error_of_the_domain(until: str) -> None:
    with pytest.raises(RuleUnreadable):
        expand(f"FREQ=DAILY;UNTIL={until}")


def test_window_includes_its_beginning_and_not_its_end() -> None:
    found = occurrences(
        START, "FREQ=DAILY", (), (), after=wall("2026-01-07 09:00"), before=wall("2026-01-09 09:00")
    )
    assert list(found) == days("2026-01-07", "2026-01-08")
    assert list(occurrences(START, "FREQ=DAILY", (), (), after=START - DAY, before=START)) == []


def test_extra_dates_are_merged_in_order_and_once_and_skips_left_out() -> None:
    extra = days("2026-01-07", "2026-01-12")
    found = occurrences(
        START, "FREQ=WEEKLY", extra, days("2026-01-19"), after=START, before=wall("2026-01-27")
    )
    assert list(found) == days("2026-01-05", "2026-01-07", "2026-01-12", "2026-01-26")


def test_limit_counts_what_is_yielded_not_what_is_skipped() -> None:
    skips = days("2026-01-05", "2026-01-06")
    found = occurrences(START, "FREQ=DAILY", (), skips, after=START, before=ALWAYS, limit=2)
    assert list(found) == days("2026-01-07", "2026-01-08")


def test_no_call_yields_more_than_ten_thousand() -> None:
    found = occurrences(START, "FREQ=DAILY", (), (), after=START, before=ALWAYS, limit=10**9)
    assert sum(1 for _ in found) == MAX_OCCURRENCES


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=5",
        "FREQ=DAILY;BYSETPOS=5",
        "FREQ=WEEKLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=2",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYWEEKNO=53;BYMONTHDAY=20",
        "FREQ=YEARLY;INTERVAL=9999",
    ],
)
def test_rule_that_never_matches_ends_soon(rule: str) -> None:
    begun = process_time()
    assert expand(rule) == [START]
    assert process_time() - begun < 1  # dateutil: up to 7 s


def test_rarest_daily_rule_is_not_taken_for_a_dead_one() -> None:
    """29 February on a Sunday, over the gap of 40 years around 2100."""
    start = wall("2088-01-01 09:00")
    found = expand("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU", 3, start=start)
    assert found[1:] == days("2088-02-29", "2128-02-29")


def test_month_of_seconds_is_not_written_out_to_find_its_last() -> None:
    everything = ";".join(
        f"{name}={','.join(map(str, range(top)))}"
        for name, top in [("BYHOUR", 24), ("BYMINUTE", 60), ("BYSECOND", 60)]
    )
    begun = process_time()
    found = expand(f"FREQ=MONTHLY;BYMONTHDAY=1,31;BYSETPOS=-1;{everything}", 2)
    assert found == [START, wall("2026-01-31 23:59:59")]
    assert process_time() - begun < 0.5


def test_occurrence_is_named_by_start_rule_or_extra_date() -> None:
    extra = wall("2026-01-08 17:00")
    assert occurs_at(START, None, (), START)
    assert occurs_at(START, "FREQ=WEEKLY", (extra,), extra)
    assert occurs_at(START, "FREQ=WEEKLY", (), wall("2126-01-07 09:00"))
    assert not occurs_at(START, "FREQ=WEEKLY", (), wall("2026-01-12 09:30"))
    assert not occurs_at(START, "FREQ=WEEKLY", (), wall("2025-12-29 09:00"))
    assert not occurs_at(START, None, (), extra)


def test_counted_rule_does_not_name_what_comes_after_its_last() -> None:
    assert occurs_at(START, "FREQ=WEEKLY;COUNT=2", (), wall("2026-01-12 09:00"))
    assert not occurs_at(START, "FREQ=WEEKLY;COUNT=2", (), wall("2026-01-19 09:00"))


@st.composite
def matched_rules(draw: st.DrawFn) -> tuple[datetime, str]:
    """Return a start and a rule whose every part allows the start, so that dateutil counts from it too."""
    start = wall("2000-01-01") + timedelta(days=draw(st.integers(0, 5000)), hours=draw(st.integers(0, 23)))
    month_length = calendar.monthrange(start.year, start.month)[1]
    year_length = 366 if calendar.isleap(start.year) else 365
    year_day = start.timetuple().tm_yday
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={frequency}"]

    def part(name: str, own: list[int], others: st.SearchStrategy[int] | None) -> bool:
        chosen = draw(st.booleans() | st.just(value=False))
        if chosen:
            more = set() if others is None else draw(st.sets(others, max_size=4))
            values = {draw(st.sampled_from(own)), *more}
            parts.append(f"{name}={','.join(map(str, sorted(values)))}")
        return chosen

    part("INTERVAL", [draw(st.integers(1, 5))], None)
    part("COUNT", [draw(st.integers(1, 30))], None)
    by_month = part("BYMONTH", [start.month], st.integers(1, 12))
    part("BYMONTHDAY", [start.day, start.day - month_length - 1], st.integers(1, 31))
    part("BYHOUR", [start.hour], st.integers(0, 23))
    part("BYMINUTE", [0], st.integers(0, 59))
    if frequency == "YEARLY":
        part("BYYEARDAY", [year_day, year_day - year_length - 1], st.integers(1, 366))
        week = start.isocalendar().week
        if 1 < week < 51:  # at the turn of the year dateutil takes weeks of the wrong year
            part("BYWEEKNO", [week], st.integers(2, 50))
    own_day = WEEKDAYS[start.weekday()]
    plain = draw(st.sets(st.sampled_from(WEEKDAYS), max_size=3))
    match draw(st.sampled_from(["none", "plain", "numbered"])):
        case "plain":
            parts.append(f"BYDAY={','.join(sorted({own_day, *plain}))}")
        case "numbered" if frequency in {"MONTHLY", "YEARLY"}:
            in_month = frequency == "MONTHLY" or by_month
            place, length = (start.day, month_length) if in_month else (year_day, year_length)
            nth = draw(st.sampled_from([(place - 1) // 7 + 1, -((length - place) // 7 + 1)]))
            parts.append(f"BYDAY={','.join(sorted({f'{nth}{own_day}', *(f'-1{day}' for day in plain)}))}")
    if frequency != "WEEKLY":  # dateutil begins the first week at the start and counts positions from there
        part("BYSETPOS", [1, -1], st.sampled_from([2, 3, -2]))
    if not any(piece.startswith("BYWEEKNO") for piece in parts):
        parts.append(f"WKST={draw(st.sampled_from(WEEKDAYS))}")
    return start, normal_rule(";".join(parts))


@settings(max_examples=100, deadline=None)
@given(matched_rules(), st.integers(0, 1500), st.integers(1, 400))
def test_expansion_agrees_with_dateutil_wherever_the_window_lies(
    series: tuple[datetime, str], skipped: int, length: int
) -> None:
    start, rule = series
    after = start + timedelta(days=skipped)
    before = after + timedelta(days=length)
    expected: list[datetime] = []
    for each in rrulestr(rule, dtstart=start):
        if each >= before or len(expected) > 3000:
            break
        expected.append(each)
    assume(expected and expected[0] == start and len(expected) <= 3000)
    expected = [each for each in expected if each >= after]
    assert list(occurrences(start, rule, (), (), after=after, before=before)) == expected
    near = {each + timedelta(hours=1) for each in expected} | {start + timedelta(days=1), *expected}
    inside = {each for each in near if after <= each < before}
    assert matching(start, rule, (), inside) == inside.intersection(expected)
