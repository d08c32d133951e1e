"""When a series takes place, in local wall time: the start, its recurrence rule and its extra dates.

dateutil is not used here: it needs seconds to give up on a rule that never matches (4 s for
``FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30``, even with UNTIL, and nothing can stop it), walks through all years
from the start to reach the month that is asked for, and takes ``BYDAY=MO,2TU`` for never. The tests hold
this module against it where both are right.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from heapq import merge
from itertools import islice, product

from domain.productivity.beat import second_of_day
from domain.productivity.rule import Rule, read_rule
from domain.shared.errors import RuleBroken
from domain.shared.values import LAST_YEAR

MAX_OCCURRENCES = 10_000
"""How many occurrences one answer holds of a series, and how far a rule with COUNT is counted."""

MAX_IDLE_DAYS = 20_000
"""After so many examined days without an occurrence a rule is taken to be over.

The rarest rule that still has occurrences, a daily one for 29 February on a given weekday, needs 14,610.
"""

MAX_A_DAY = 300
"""How often a series takes place on one day at most, every five minutes and some: so a month of it is one answer."""

_LAST = datetime(LAST_YEAR, 12, 31)  # noqa: DTZ001 - wall time
_TICK = timedelta(microseconds=1)


class TooFrequent(RuleBroken):
    """The series takes place more than 300 times on a day."""


def require_moderate(start_local: datetime, rule: Rule) -> None:
    """Raise TooFrequent for a rule that may fill a day with more than anybody can read, unless it soon ends for good."""
    if rule.most_a_day > MAX_A_DAY:
        later = _rule_starts(start_local, rule, start_local, _LAST)
        if next(islice(later, MAX_A_DAY - 1, None), None) is not None:
            raise TooFrequent


def occurs_at(
    start_local: datetime,
    rrule: str | None,
    rdates: Iterable[datetime],
    moment: datetime,
    *,
    timezone: str | None = None,
) -> bool:
    """Return whether the series has an occurrence that starts at this local time."""
    return bool(matching(start_local, rrule, rdates, (moment,), timezone=timezone))


def matching(
    start_local: datetime,
    rrule: str | None,
    rdates: Iterable[datetime],
    moments: Iterable[datetime],
    *,
    timezone: str | None = None,
) -> frozenset[datetime]:
    """Return those of the moments at which an occurrence of the series starts."""
    asked = frozenset(moments)
    found = asked & {start_local, *rdates}
    asked -= found
    if rrule is None or not asked:
        return found
    rule = read_rule(start_local, rrule, timezone)
    if rule.count is not None:  # only counting from the start tells which occurrence is the last
        return found | asked.intersection(_rule_starts(start_local, rule, min(asked), max(asked) + _TICK))
    return found | {each for each in asked if each in _rule_starts(start_local, rule, each, each + _TICK)}


def occurrences(
    start_local: datetime,
    rrule: str | None,
    rdates: Iterable[datetime],
    exdates: Iterable[datetime],
    *,
    after: datetime,
    before: datetime,
    limit: int = MAX_OCCURRENCES,
    timezone: str | None = None,
) -> Iterator[datetime]:
    """Yield, in order, the local starts s of a series with after <= s < before, at most ``limit`` of them.

    The start itself is always the first occurrence, whether the rule matches it or not, and COUNT counts it
    (RFC 5545 section 3.8.5.3). ``timezone`` is that of a zoned series: an UNTIL in UTC is read as its wall time.
    """
    starts = every_occurrence(
        start_local, rrule, rdates, exdates, after=after, before=before, timezone=timezone
    )
    yield from islice(starts, max(0, min(limit, MAX_OCCURRENCES)))


def every_occurrence(
    start_local: datetime,
    rrule: str | None,
    rdates: Iterable[datetime],
    exdates: Iterable[datetime],
    *,
    after: datetime,
    before: datetime,
    timezone: str | None = None,
) -> Iterator[datetime]:
    """Yield what ``occurrences`` does, without a limit: there may be one a second."""
    skipped = frozenset(exdates)
    fixed = sorted({each for each in (start_local, *rdates) if after <= each < before})
    ruled: Iterable[datetime] = ()
    if rrule is not None:
        ruled = _rule_starts(start_local, read_rule(start_local, rrule, timezone), after, before)
    last: datetime | None = None
    for each in merge(fixed, ruled):
        if each != last and each not in skipped:
            yield each
        last = each


def _rule_starts(start: datetime, rule: Rule, after: datetime, before: datetime) -> Iterator[datetime]:
    """Yield what the rule gives after the start, which is an occurrence in any case, within the window."""
    last = before - _TICK if rule.until is None else min(before - _TICK, rule.until)
    if rule.count is None:
        yield from _candidates(start, rule, max(after, start + _TICK), last)
        return
    later = min(rule.count, MAX_OCCURRENCES) - 1
    for each in islice(_candidates(start, rule, start + _TICK, last), later):
        if each >= after:
            yield each


def _candidates(start: datetime, rule: Rule, first: datetime, last: datetime) -> Iterator[datetime]:
    """Yield the times from ``first`` to ``last`` that the rule matches; end early when it has gone idle."""
    idle = 0
    stretches = _stretches if rule.beat is None else _beaten_days
    for days, times in stretches(start, rule, first, min(last, _LAST)):
        idle += days
        for each in times:
            if each > last:
                return
            if each >= first:
                idle = 0
                yield each
        if idle > MAX_IDLE_DAYS:
            return


def _stretches(
    start: datetime, rule: Rule, first: datetime, last: datetime
) -> Iterator[tuple[int, Iterator[datetime]]]:
    """Yield what the periods that a rule selects have in the window: how many days are examined, and the times."""
    for begin, end in _periods(start, rule, first, last):
        if not rule.positions:  # nobody counts within the period: the days outside the window can be left out
            begin, end = max(begin, first.toordinal()), min(end, last.toordinal() + 1)  # noqa: PLW2901
        days = [day for day in map(date.fromordinal, range(begin, end)) if rule.admits(day)]
        yield max(0, end - begin), _times(days, rule, start.microsecond)


def _beaten_days(
    start: datetime, rule: Rule, first: datetime, last: datetime
) -> Iterator[tuple[int, Iterator[datetime]]]:
    """Yield what ``_stretches`` does for a rule shorter than a day, day by day."""
    since = second_of_day(first)
    for number in range(first.toordinal(), last.toordinal() + 1):
        day = datetime.fromordinal(number).replace(microsecond=start.microsecond)
        seconds = rule.beat.on(number, since) if rule.beat and rule.admits(day) else ()
        yield 1, (day + timedelta(seconds=second) for second in seconds)
        since = 0


def _periods(start: datetime, rule: Rule, first: datetime, last: datetime) -> Iterator[tuple[int, int]]:
    """Yield the years, months, weeks or days that the interval selects, as [begin, end) in ordinal days.

    They are reckoned from that of the start, beginning with the last one that begins before the window.
    """
    if rule.frequency in {"DAILY", "WEEKLY"}:
        weekly = rule.frequency == "WEEKLY"
        length = 7 if weekly else 1
        step = rule.interval * length
        origin = start.toordinal() - ((start.weekday() - rule.week_start) % 7 if weekly else 0)
        skipped = max(0, (first.toordinal() - origin) // step) * step
        for begin in range(origin + skipped, last.toordinal() + 1, step):
            yield begin, begin + length
        return
    yearly = rule.frequency == "YEARLY"
    length = 12 if yearly else 1
    step = rule.interval * length
    origin = start.year * 12 if yearly else _month(start)
    skipped = max(0, (_month(first) - origin) // step) * step
    for month in range(origin + skipped, _month(last) + 1, step):
        if yearly and rule.months and not rule.positions:  # only the months that the rule names
            for each in sorted(rule.months):
                yield _first_of_month(month + each - 1), _first_of_month(month + each)
        else:
            yield _first_of_month(month), _first_of_month(month + length)


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


def _first_of_month(month: int) -> int:
    return date(month // 12, month % 12 + 1, 1).toordinal()


def _times(days: list[date], rule: Rule, microsecond: int) -> Iterator[datetime]:
    if not rule.positions:
        for day, hour, minute, second in product(days, rule.hours, rule.minutes, rule.seconds):
            yield datetime(day.year, day.month, day.day, hour, minute, second, microsecond)  # noqa: DTZ001 - wall time
        return
    # Never written out: a month of seconds has 2.7 million places.
    total = len(days) * len(rule.hours) * len(rule.minutes) * len(rule.seconds)
    places = {place - 1 if place > 0 else total + place for place in rule.positions}
    for place in sorted(places):
        if 0 <= place < total:
            rest, second_at = divmod(place, len(rule.seconds))
            rest, minute_at = divmod(rest, len(rule.minutes))
            day_at, hour_at = divmod(rest, len(rule.hours))
            clock = time(rule.hours[hour_at], rule.minutes[minute_at], rule.seconds[second_at], microsecond)
            yield datetime.combine(days[day_at], clock)
