"""A recurrence rule as a series reads it: with what it leaves to the start filled in."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.productivity.beat import UNITS, Beat, Times
from domain.shared.errors import RuleBroken
from domain.shared.recurrence import last_moment

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class RuleUnreadable(RuleBroken):
    """The recurrence rule ends on a date that does not exist."""


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
    beat: Beat | None
    """The times of day of a rule shorter than a day, which the hours, minutes, seconds and positions have gone into."""

    @property
    def most_a_day(self) -> int:
        """How often it may take place on one day."""
        if self.beat is not None:
            return self.beat.most_a_day
        times = len(self.hours) * len(self.minutes) * len(self.seconds)
        return min(times, len(self.positions)) if self.positions else times

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
        elif frequency in {"MONTHLY", "YEARLY"}:
            month_days = frozenset({start_local.day})
            if frequency == "YEARLY" and not months:
                months = frozenset({start_local.month})
    times, interval = _times_of_day(parts, start_local), int(parts.get("INTERVAL", 1))
    positions = tuple(_numbers(parts, "BYSETPOS"))
    return Rule(
        frequency=frequency,
        interval=interval,
        count=int(parts["COUNT"]) if "COUNT" in parts else None,
        until=read_until(parts["UNTIL"], timezone) if "UNTIL" in parts else None,
        week_start=_WEEKDAYS.index(parts.get("WKST", "MO")),
        months=months,
        weeks=_numbers(parts, "BYWEEKNO"),
        year_days=_numbers(parts, "BYYEARDAY"),
        month_days=month_days,
        weekdays=weekdays,
        hours=times[0],
        minutes=times[1],
        seconds=times[2],
        positions=positions,
        beat=Beat.of(start_local, frequency, interval, times, positions) if frequency in UNITS else None,
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


def _times_of_day(parts: dict[str, str], start: datetime) -> Times:
    """Return the hours, minutes and seconds that a rule names; what it leaves open is the start's, or any that its frequency repeats."""
    unit = UNITS.get(parts["FREQ"], 0)
    seconds = {
        min(each, 59) for each in _numbers(parts, "BYSECOND")
    }  # RFC 5545: no leap seconds, 60 means 59
    return (
        tuple(sorted(_numbers(parts, "BYHOUR"))) or (tuple(range(24)) if unit else (start.hour,)),
        tuple(sorted(_numbers(parts, "BYMINUTE")))
        or (tuple(range(60)) if unit in {60, 1} else (start.minute,)),
        tuple(sorted(seconds)) or (tuple(range(60)) if unit == 1 else (start.second,)),
    )


def _numbers(parts: dict[str, str], name: str) -> frozenset[int]:
    return frozenset(int(item) for item in parts.get(name, "").split(",") if item)


def _weekday(item: str, frequency: str) -> tuple[int, int]:
    nth = int(item[:-2] or 0) if frequency in {"MONTHLY", "YEARLY"} else 0  # elsewhere it means nothing
    return nth, _WEEKDAYS.index(item[-2:])


def _either_end(place: int, length: int, wanted: frozenset[int]) -> bool:
    return place in wanted or place - length - 1 in wanted


def _month_length(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _year_length(day: date) -> int:
    return 366 if calendar.isleap(day.year) else 365


def _year_day(day: date) -> int:
    return day.timetuple().tm_yday
