"""Reads dates and times as people and note programs write them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from domain.shared.values import FIRST_YEAR, LAST_YEAR
from infrastructure.importers.offsets import plain

_MAX_CHARACTERS = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HALF_DAY = 12  # hours
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july",
    "august", "september", "october", "november", "december",
)  # fmt: skip

_LINK = re.compile(r"\[{1,2}([^\[\]|]+)(?:\|[^\[\]]*)?\]{1,2}(?:\([^()]*\))?")
_STAMP = re.compile(r"([0-9]{9,10}|[0-9]{13})(?:\.[0-9]+)?")
_MILLISECOND_DIGITS = 13
_COMPACT = re.compile(r"([0-9]{8})([0-9]{4}(?:[0-9]{2})?)")  # as the ids of a Zettelkasten

_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}\.?,? )?"
_NAME, _DAY, _YEAR = (
    r"(?P<name>[a-z]{3,9})\.?",
    r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th|\.)?",
    r"(?P<year>[0-9]{4})",
)
_DATES = tuple(
    re.compile(_WEEKDAY + form, re.IGNORECASE)
    for form in (
        r"(?P<year>[0-9]{4})(?P<between>[/.-])(?P<month>[0-9]{1,2})(?P=between)(?P<day>[0-9]{1,2})",
        r"(?P<day>[0-9]{1,2})(?P<between>[/.-])(?P<month>[0-9]{1,2})(?P=between)(?P<year>[0-9]{4})",
        rf"{_NAME} {_DAY},? {_YEAR}",
        rf"{_DAY}[ -]{_NAME},?[ -]{_YEAR}",
    )
)
_DAY_FIRST = _DATES[1]
_TIME = re.compile(
    r"(?:,? (?:at )?|T)(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,][0-9]+)?)?"
    r"(?: ?(?P<half>[ap])\.?m\.?)?"
    r"(?: ?(?P<zone>Z|UTC|GMT)?(?:(?P<sign>[+-])(?P<hours>[0-9]{2}):?(?P<minutes>[0-9]{2}))?)?(?: \([^()]*\))?",
    re.IGNORECASE,
)


def first_moment(written: Iterable[str], zone: tzinfo) -> datetime | None:
    """Return the first of several texts that is a moment."""
    return next((moment for text in written if (moment := moment_of(text, zone))), None)


def moment_of(written: str, zone: tzinfo) -> datetime | None:
    """Return the moment that a text names, in the given zone where it names none itself; None for no moment.

    That is ISO 8601, the date of mail, a date in figures or in English, with or without a time, seconds or
    milliseconds since 1970, or a link to the note of a day. In ``02/01/2024``, whatever stands between the
    figures, the day comes first: a guess. In ``01/28/2024`` it cannot, and comes second.
    """
    text = " ".join(written[:_MAX_CHARACTERS].partition(" #")[0].split())
    link = _LINK.fullmatch(text)
    text = link[1].strip() if link else text
    for read in (_since_1970, _iso, _in_words):
        try:
            moment = read(text)
        except (ValueError, OverflowError):
            continue
        if moment is not None and FIRST_YEAR < moment.year < LAST_YEAR:
            return plain(moment if moment.tzinfo else moment.replace(tzinfo=zone))
    return None


def _since_1970(text: str) -> datetime | None:
    match = _STAMP.fullmatch(text)
    if match is None:
        return None
    per_second = 1000 if len(match[1]) == _MILLISECOND_DIGITS else 1
    return _EPOCH + timedelta(seconds=int(match[1]) / per_second)


def _iso(text: str) -> datetime:
    return datetime.fromisoformat(_COMPACT.sub(r"\1T\2", text) if text.isdigit() else text)


def _in_words(text: str) -> datetime | None:
    found = next((match for form in _DATES if (match := form.match(text))), None)
    if found is None:
        return None
    date = found.groupdict()
    day, month = int(date["day"]), int(date["month"]) if "month" in date else _month(date["name"])
    if month > len(_MONTHS) >= day and found.re is _DAY_FIRST:
        day, month = month, day
    moment = datetime(int(date["year"]), month, day)  # noqa: DTZ001 - the caller adds the zone
    if found.end() == len(text):
        return moment
    time = _TIME.fullmatch(text, found.end())
    return None if time is None else _at(moment, time.groupdict())


def _month(name: str) -> int:
    """Return the month of a name or its beginning, 0 for none."""
    return next((number for number, month in enumerate(_MONTHS, 1) if month.startswith(name.lower())), 0)


def _at(day: datetime, time: dict[str, str | None]) -> datetime:
    hour = int(time["hour"] or 0)
    if time["half"]:
        if not 0 < hour <= _HALF_DAY:
            raise ValueError
        hour = hour % _HALF_DAY + (_HALF_DAY if time["half"] in "pP" else 0)
    moment = day.replace(hour=hour, minute=int(time["minute"] or 0), second=int(time["second"] or 0))
    if time["sign"]:
        ahead = timedelta(hours=int(time["hours"] or 0), minutes=int(time["minutes"] or 0))
        return moment.replace(tzinfo=timezone(ahead if time["sign"] == "+" else -ahead))
    return moment.replace(tzinfo=UTC) if time["zone"] else moment
