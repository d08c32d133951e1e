"""Moments of the past as people write them, in their own time zone."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Annotated

import typer

AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        help="As it stood then: 2026-03-01 (the start of that day), 2026-03-01T12:00, yesterday or last friday"
        " (the end of that day), 3 days ago; in the person's time zone.",
    ),
]

_WEEKDAYS = [name.lower() for name in calendar.day_name]
_AGO = re.compile(r"(an?|\d{1,5}) (second|minute|hour|day|week|month|year)s? ago")
_INSTANT = timedelta(microseconds=1)


def past_moment(text: str, zone: tzinfo, now: datetime) -> datetime:
    """Return the moment that a text names: ISO 8601, or a few plain English forms.

    A date is the moment it begins; a day called by a word (``today``, ``yesterday``, ``last friday``) is its end,
    which for a day that is not over is still to come. Raises BadParameter.
    """
    words = " ".join(text.lower().split())
    if words == "now":
        return now
    day = _day_called(words, now.astimezone(zone).date())
    if day is not None:
        return _start_of(day + timedelta(days=1), zone) - _INSTANT
    ago = _AGO.fullmatch(words)
    if ago is not None:
        count = 1 if ago[1] in ("a", "an") else int(ago[1])
        return _before(now.astimezone(zone), count, ago[2])
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("a moment such as 2026-03-01T12:00, yesterday or 3 days ago") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)


def _day_called(words: str, today: date) -> date | None:
    if words in ("today", "yesterday"):
        return today - timedelta(days=words == "yesterday")
    weekday = words.removeprefix("last ")
    if not words.startswith("last ") or weekday not in _WEEKDAYS:
        return None
    return today - timedelta(days=(today.weekday() - _WEEKDAYS.index(weekday) - 1) % 7 + 1)


def _before(now: datetime, count: int, unit: str) -> datetime:
    """Go back by the clock for seconds to hours, by the calendar for what is longer."""
    try:
        if unit in ("second", "minute", "hour"):
            return now.astimezone(UTC) - timedelta(**{f"{unit}s": count})
        if unit in ("day", "week"):
            return now - timedelta(**{f"{unit}s": count})
        months = now.year * 12 + now.month - 1 - (count * 12 if unit == "year" else count)
        year, month = months // 12, months % 12 + 1
        return now.replace(year=year, month=month, day=min(now.day, calendar.monthrange(year, month)[1]))
    except (OverflowError, ValueError):
        raise typer.BadParameter("a moment after the year 1") from None


def _start_of(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone)
