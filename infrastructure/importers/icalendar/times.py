"""Reads the times of iCalendar as they are on the wall, with the zone they are meant in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.productivity.calendar_event_terms import TimeKind
from domain.shared.values import FIRST_YEAR, LAST_YEAR
from infrastructure.importers.content_lines import ContentLine
from infrastructure.importers.icalendar.zones import Zones, wall_time
from infrastructure.importers.offsets import plain

DAY = timedelta(days=1)

_STAMP = re.compile(
    r"(?P<year>[0-9]{4})-?(?P<month>[0-9]{2})-?(?P<day>[0-9]{2})"
    r"(?:[T ]+(?:(?P<hour>[0-9]{2}):?(?P<minute>[0-9]{2})(?::?(?P<second>[0-9]{2}))?(?:[.,][0-9]{1,9})?)?)?"
    r"[ ]*(?P<offset>Z|[+-][0-9]{2}:?[0-9]{2})?",
    re.IGNORECASE,
)
_AFTER_COLON = re.compile(r"(.*):([0-9]{8}(?:T[0-9]{4,6}Z?)?)", re.IGNORECASE | re.DOTALL)
_DURATION = re.compile(
    r"(?P<sign>[+-]?)P(?:(?P<weeks>[0-9]{1,6})W)?(?:(?P<days>[0-9]{1,6})D)?"
    r"(?:T?(?:(?P<hours>[0-9]{1,8})H)?(?:(?P<minutes>[0-9]{1,9})M)?(?:(?P<seconds>[0-9]{1,10})S)?)?"
)
_SEPARATOR = re.compile("[,;]")
_MAX_VALUES = 20_000


class UnreadableTime(ValueError):
    """There is no such time."""


@dataclass(frozen=True, slots=True)
class Instant:
    """A time as an event of some kind has it; ``zone`` is an IANA name, and None for all kinds but zoned."""

    kind: TimeKind
    local: datetime
    zone: str | None = None

    @property
    def in_range(self) -> bool:
        """Whether a record can hold it."""
        return FIRST_YEAR <= self.local.year <= LAST_YEAR

    def as_in(self, frame: Instant) -> datetime:
        """Return what this time is on the wall that the frame is read from.

        A date among times means that day at the frame's time of day.
        """
        if frame.kind is TimeKind.ALL_DAY:
            return datetime.combine(self.local, time.min)
        if self.kind is TimeKind.ALL_DAY:
            return datetime.combine(self.local, frame.local.time())
        if TimeKind.FLOATING in {self.kind, frame.kind} or (self.kind, self.zone) == (frame.kind, frame.zone):
            return self.local
        moment = self.utc()
        return moment if frame.zone is None else wall_time(moment, frame.zone)

    def utc(self) -> datetime:
        """Return the moment in UTC, without a zone; a floating time as if it were one."""
        if self.zone is None:
            return self.local
        return self.local.replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC).replace(tzinfo=None)

    def moment(self, home: str) -> datetime:
        """Return the moment with its offset; a floating time is meant in the person's own zone."""
        zone = UTC if self.kind is TimeKind.UTC else ZoneInfo(self.zone or home)
        return plain(self.local.replace(tzinfo=zone))


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time: days, which may be 23 hours long, and exact time."""

    days: int
    exact: timedelta

    @property
    def total(self) -> timedelta:
        """The length where all days have 24 hours."""
        return timedelta(days=self.days) + self.exact

    def after(self, start: Instant) -> datetime:
        """Return the local end of what starts then; raises UnreadableTime where it is never."""
        try:
            end = start.local + timedelta(days=self.days)
            if start.zone is None or not self.exact:
                return end + self.exact
            return wall_time(Instant(start.kind, end, start.zone).utc() + self.exact, start.zone)
        except OverflowError:
            raise UnreadableTime from None


def instant(line: ContentLine, zones: Zones) -> Instant:
    """Read the time of a property; raises UnreadableTime."""
    found = _read(line.value, line.param("TZID"), zones)
    if line.param("VALUE").upper() == "DATE" and found.local.time() == time.min:
        return Instant(TimeKind.ALL_DAY, found.local)
    return found


def instants(line: ContentLine, zones: Zones) -> Iterator[tuple[Instant, Instant | None]]:
    """Yield those times of a property that can be read and kept; of periods, the starts with their ends."""
    tzid = line.param("TZID")
    for piece in _SEPARATOR.split(line.value, _MAX_VALUES)[:_MAX_VALUES]:
        begin, _, end = piece.partition("/")
        try:
            found = _read(begin, tzid, zones)
        except UnreadableTime:
            continue
        if found.in_range:
            yield found, _period_end(found, end, tzid, zones)


def _period_end(start: Instant, text: str, tzid: str, zones: Zones) -> Instant | None:
    """Return the end that a period gives as a time or as a length, None where it gives none."""
    length = duration(text)
    try:
        if length is not None:
            end = Instant(start.kind, length.after(start), start.zone)
        else:
            end = _read(text, tzid, zones)
    except UnreadableTime:
        return None
    return end if end.in_range else None


def duration(text: str) -> Duration | None:
    """Read a duration, None where it is none or too long to be one."""
    match = _DURATION.fullmatch("".join(text[:100].split()).upper())
    if match is None:
        return None
    weeks, days, hours, minutes, seconds = (int(each or 0) for each in match.groups()[1:])
    sign = -1 if match["sign"] == "-" else 1
    exact = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return Duration(sign * (7 * weeks + days), sign * exact)


def until_text(text: str) -> str:
    """Return the UNTIL of a rule as it ought to be written; as it is where it is no time."""
    match = _STAMP.fullmatch(text)
    if match is None:
        return text
    day = f"{match['year']}{match['month']}{match['day']}"
    if match["hour"] is None:
        return day
    stamp = f"{day}T{match['hour']}{match['minute']}{match['second'] or '00'}"
    offset = match["offset"] or ""
    if offset in {"", "z", "Z"}:
        return stamp + offset.upper()
    try:
        moment = datetime.strptime(stamp, "%Y%m%dT%H%M%S") - _signed(offset)  # noqa: DTZ007 - made UTC here
    except (ValueError, OverflowError):
        return text
    return f"{moment:%Y%m%dT%H%M%S}Z"


def until_day(until: str, zone: str) -> str:
    """Return the UNTIL of an all-day series as a date; Outlook writes the last midnight of its zone in UTC.

    As it is where it is neither the beginning nor the end of a day there.
    """
    try:
        moment = datetime.strptime(until, "%Y%m%dT%H%M%SZ")  # noqa: DTZ007 - wall time
        local = wall_time(moment, zone)
    except (ValueError, OverflowError):
        return until
    is_edge = (local.hour, local.minute) in {(0, 0), (23, 59)}
    return f"{local:%Y%m%d}" if is_edge and local.year >= FIRST_YEAR else until


def _read(text: str, tzid: str, zones: Zones) -> Instant:
    text = text.strip().partition("\n")[0].rstrip()
    if (
        parts := _AFTER_COLON.fullmatch(text)
    ) is not None:  # of a zone like "GMT+01:00", written without quotes
        tzid = f"{tzid}:{parts[1]}" if tzid else parts[1].removeprefix("TZID=")
        text = parts[2]
    match = _STAMP.fullmatch(text)
    if match is None:
        raise UnreadableTime
    try:
        return _placed(match, tzid, zones)
    except (ValueError, OverflowError):
        raise UnreadableTime from None


def _placed(match: re.Match[str], tzid: str, zones: Zones) -> Instant:
    local = datetime(int(match["year"]), int(match["month"]), int(match["day"]))  # noqa: DTZ001 - wall time
    if match["hour"] is None:
        return Instant(TimeKind.ALL_DAY, local)
    hour, minute, second = int(match["hour"]), int(match["minute"]), min(int(match["second"] or 0), 59)
    if (hour, minute) == (24, 0):
        local, hour = local + DAY, 0
    local = local.replace(hour=hour, minute=minute, second=second)
    zone = zones.zone(tzid, local)
    offset = match["offset"]
    if offset is not None:
        moment = local if offset in "zZ" else local - _signed(offset)
        if zone is None or zone.name is None or zone.is_utc:
            return Instant(TimeKind.UTC, moment)
        return Instant(TimeKind.ZONED, wall_time(moment, zone.name), zone.name)
    if zone is None:
        return Instant(TimeKind.FLOATING, local)
    if zone.name is None or zone.is_utc:
        return Instant(TimeKind.UTC, zone.to_utc(local))
    return Instant(TimeKind.ZONED, local, zone.name)


def _signed(offset: str) -> timedelta:
    size = timedelta(hours=int(offset[1:3]), minutes=int(offset[-2:]))
    return -size if offset[0] == "-" else size
