"""When a series takes place, in local wall time: the start, its recurrence rule and its extra dates.

dateutil is not used here: it needs seconds to give up on a rule that never matches (4 s for
``FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30``, even with UNTIL, and nothing can stop it), walks through all years
from the start to reach the month that is asked for, and takes ``BYDAY=MO,2TU`` for never. The tests hold
this module against it where both are right.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from heapq import merge
from itertools import islice, product
from zoneinfo import ZoneInfo

from domain.shared.errors import RuleBroken
from domain.shared.recurrence import last_moment
from domain.shared.values import LAST_YEAR

MAX_OCCURRENCES = 10_000
"""How many occurrences one answer holds of a series, and how far a rule with COUNT is counted."""

MAX_IDLE_DAYS = 20_000
"""After so many examined days without an occurrence a rule is taken to be over.

The rarest rule that still has occurrences, a daily one for 29 February on a given weekday, needs 14,610.
"""

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_LAST = datetime(LAST_YEAR, 12, 31)  # noqa: DTZ001 - wall time
_TICK = timedelta(microseconds=1)


class RuleUnreadable(RuleBroken):
    """The recurrence rule ends on a date that does not exist."""


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


@dataclass(frozen=True, slots=True)
class Rule:
    """A recurrence rule with what it leaves to the start filled in; empty sets do not restrict."""

    frequency: str
    interval: int
    count: int | None
    until: datetime | None
    week_start: int
    months: frozenset[int]
    weeks: frozenset[int]
    year_days: frozenset[int]
    month_days: frozenset[int]
    weekdays: frozenset[tuple[int, int]]
    """(n, weekday): the n-th such day of its month or year, counted from the end where n < 0; 0 is every."""
    hours: tuple[int, ...]
    minutes: tuple[int, ...]
    seconds: tuple[int, ...]
    positions: tuple[int, ...]

    def admits(self, day: date) -> bool:
        """Return whether the parts of the rule that speak of days allow this one."""
        return (
            (not self.months or day.month in self.months)
            and (not self.month_days or _either_end(day.day, _month_length(day), self.month_days))
            and (not self.weekdays or self._fits_weekday(day))
            and (not self.year_days or _either_end(_year_day(day), _year_length(day), self.year_days))
            and (not self.weeks or self._fits_week(day))
        )

    def _fits_weekday(self, day: date) -> bool:
        weekday = day.weekday()
        if (0, weekday) in self.weekdays:
            return True
        if self.frequency == "MONTHLY" or self.months:
            place, length = day.day, _month_length(day)
        else:
            place, length = _year_day(day), _year_length(day)
        nth, nth_last = (place - 1) // 7 + 1, -((length - place) // 7 + 1)
        return (nth, weekday) in self.weekdays or (nth_last, weekday) in self.weekdays

    def _fits_week(self, day: date) -> bool:
        """Tell by the number of the week; a week belongs to the year that holds its fourth day, whatever day it starts on."""
        fourth = day + timedelta(days=3 - (day.weekday() - self.week_start) % 7)
        nth = (_year_day(fourth) - 1) // 7 + 1
        nth_last = -((_year_length(fourth) - _year_day(fourth)) // 7 + 1)
        return nth in self.weeks or nth_last in self.weeks


def read_rule(start_local: datetime, rrule: str, timezone: str | None) -> Rule:
    """Read a rule that has passed ``domain.shared.recurrence``; raises RuleUnreadable for an impossible UNTIL."""
    parts = dict(piece.split("=", 1) for piece in rrule.split(";"))
    frequency = parts["FREQ"]
    months = _numbers(parts, "BYMONTH")
    month_days = _numbers(parts, "BYMONTHDAY")
    weekdays = frozenset(_weekday(item, frequency) for item in parts.get("BYDAY", "").split(",") if item)
    if parts.keys().isdisjoint({"BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"}):
        if frequency == "WEEKLY":
            weekdays = frozenset({(0, start_local.weekday())})
        elif frequency != "DAILY":
            month_days = frozenset({start_local.day})
            if frequency == "YEARLY" and not months:
                months = frozenset({start_local.month})
    seconds = {
        min(each, 59) for each in _numbers(parts, "BYSECOND")
    }  # RFC 5545: no leap seconds, 60 means 59
    return Rule(
        frequency=frequency,
        interval=int(parts.get("INTERVAL", 1)),
        count=int(parts["COUNT"]) if "COUNT" in parts else None,
        until=read_until(parts["UNTIL"], timezone) if "UNTIL" in parts else None,
        week_start=_WEEKDAYS.index(parts.get("WKST", "MO")),
        months=months,
        weeks=_numbers(parts, "BYWEEKNO"),
        year_days=_numbers(parts, "BYYEARDAY"),
        month_days=month_days,
        weekdays=weekdays,
        hours=tuple(sorted(_numbers(parts, "BYHOUR"))) or (start_local.hour,),
        minutes=tuple(sorted(_numbers(parts, "BYMINUTE"))) or (start_local.minute,),
        seconds=tuple(sorted(seconds)) or (start_local.second,),
        positions=tuple(_numbers(parts, "BYSETPOS")),
    )


def read_until(text: str, timezone: str | None) -> datetime:
    """Return on the wall of a series when its rule ends; raises RuleUnreadable for an impossible UNTIL."""
    try:
        until = last_moment(text)
    except ValueError:
        raise RuleUnreadable from None
    if timezone is None or not text.endswith("Z"):
        return until
    try:
        return until.replace(tzinfo=UTC).astimezone(ZoneInfo(timezone)).replace(tzinfo=None)
    except OverflowError:  # 99991231T235959Z stands for ever
        return until


def _numbers(parts: dict[str, str], name: str) -> frozenset[int]:
    return frozenset(int(item) for item in parts.get(name, "").split(",") if item)


def _weekday(item: str, frequency: str) -> tuple[int, int]:
    nth = int(item[:-2] or 0) if frequency in {"MONTHLY", "YEARLY"} else 0  # elsewhere it means nothing
    return nth, _WEEKDAYS.index(item[-2:])


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
    for begin, end in _periods(start, rule, first, last):
        if (
            not rule.positions
        ):  # nobody counts within the period, so the days outside the window can be left out
            begin, end = max(begin, first.toordinal()), min(end, last.toordinal() + 1)  # noqa: PLW2901
        days = [day for day in map(date.fromordinal, range(begin, end)) if rule.admits(day)]
        idle += max(0, end - begin)
        for each in _times(days, rule, start.microsecond):
            if each > last:
                return
            if each >= first:
                idle = 0
                yield each
        if idle > MAX_IDLE_DAYS:
            return


def _periods(start: datetime, rule: Rule, first: datetime, last: datetime) -> Iterator[tuple[int, int]]:
    """Yield the years, months, weeks or days that the interval selects, as [begin, end) in ordinal days.

    They are reckoned from that of the start, beginning with the last one that begins before the window.
    """
    final = min(last, _LAST)
    if rule.frequency in {"DAILY", "WEEKLY"}:
        weekly = rule.frequency == "WEEKLY"
        length = 7 if weekly else 1
        step = rule.interval * length
        origin = start.toordinal() - ((start.weekday() - rule.week_start) % 7 if weekly else 0)
        skipped = max(0, (first.toordinal() - origin) // step) * step
        for begin in range(origin + skipped, final.toordinal() + 1, step):
            yield begin, begin + length
        return
    yearly = rule.frequency == "YEARLY"
    length = 12 if yearly else 1
    step = rule.interval * length
    origin = start.year * 12 if yearly else _month(start)
    skipped = max(0, (_month(first) - origin) // step) * step
    for month in range(origin + skipped, _month(final) + 1, step):
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


def _either_end(place: int, length: int, wanted: frozenset[int]) -> bool:
    return place in wanted or place - length - 1 in wanted


def _month_length(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _year_length(day: date) -> int:
    return 366 if calendar.isleap(day.year) else 365


def _year_day(day: date) -> int:
    return day.timetuple().tm_yday
