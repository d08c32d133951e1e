"""Finds the IANA time zone that an iCalendar file means by its own name or description of one."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from itertools import chain, islice
from operator import itemgetter
from zoneinfo import ZoneInfo, available_timezones

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from domain.productivity.occurrences import occurrences
from domain.shared.errors import RuleBroken
from domain.shared.recurrence import normal_rule
from infrastructure.importers.content_lines import Component, ContentLine

_UTC_NAMES = frozenset({"UTC", "Etc/UTC", "Zulu", "Etc/Zulu", "UCT", "Etc/UCT", "Universal", "Etc/Universal"})
_WELL_KNOWN = (
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "Europe/Athens",
    "Europe/Moscow",
    "Asia/Kolkata",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Australia/Sydney",
)
"""Of several zones with the same clock, the one to take first."""
_PLACES = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
_FIXED = re.compile(r"\(?(?:UTC|GMT)?[ \t]*([+-])[ \t]*([0-9]{1,2})(?::?([0-9]{2}))?\)?", re.IGNORECASE)
_OFFSET = re.compile(r"([+-]?)([0-9]{2}):?([0-9]{2})(?::?([0-9]{2}))?")
_WORDS = re.compile(r"[,;/&()|]+")
_ONE_MONTH = re.compile(r"BYMONTH=[0-9]+(?:;|$)")
_UNTIL = re.compile(r"UNTIL=([0-9]{4})")
_STAMP = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})")
_TZID_CHARACTERS = 1000
_MAX_DEFINITIONS = 500
"""No file of a person describes so many zones; of one that does, those after them go by their names."""
_MAX_OBSERVANCES = 200
_MAX_RULED_YEARS = 1000
"""For so many years in all are the rules of one zone followed, each until it ends.

The laws of New York since 1918, each with its rule, come to less than half of it.
"""
_MAX_TRANSITIONS = 20_000
"""So often may the clocks of one zone be set; what its description names after them does not count.

Twice a year for a thousand years are 2,000, and the longest descriptions of real zones name some hundreds.
"""
_FIRST_RULED = datetime(1900, 1, 1)  # noqa: DTZ001 - wall time
_LAST_RULED = datetime(2100, 12, 31, 23, 59, 59)  # noqa: DTZ001 - wall time
"""Between these years the rules of a described zone are followed; no clock was set by one before."""
_ENOUGH_ALIKE = 0.85
"""Of the times looked at. A clock that is set a few weeks early or late is that of an older law."""
_NEVER = datetime.min  # noqa: DTZ901 - wall time
_TICK = timedelta(microseconds=1)
_YEARS_BEFORE = 2


@dataclass(frozen=True, slots=True)
class Zone:
    """A time zone: one of IANA's, or one that only the file describes."""

    name: str | None
    described: Definition | None = None

    @property
    def is_utc(self) -> bool:
        """Whether it is no zone of a place."""
        return self.name in _UTC_NAMES

    def to_utc(self, local: datetime) -> datetime:
        """Return the moment of a wall time, without a zone."""
        if self.name is None:
            return local - (self.described.offset_at(local) if self.described else timedelta())
        return local.replace(tzinfo=ZoneInfo(self.name)).astimezone(UTC).replace(tzinfo=None)


def wall_time(moment: datetime, zone: str) -> datetime:
    """Return what clocks of an IANA zone show at a moment of UTC; both without a zone."""
    return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


class Zones:
    """The zones of one file. ``home``, the person's own, is preferred among those with the same clock."""

    def __init__(self, definitions: Mapping[str, Component], home: str) -> None:
        self._definitions = definitions
        self._home = home
        described = [tzid for tzid in definitions if tzid]
        self._only = described[0] if len(described) == 1 else ""
        self._found: dict[str, Zone | None] = {}
        self.named = ""
        """What the calendar calls its own zone."""

    def within(self, calendar: Component) -> Zones:
        """Return them as they are within one calendar of the file, which may name its own zone."""
        zones = copy(self)
        zones.named = calendar.text("X-WR-TIMEZONE")
        return zones

    def own(self, near: datetime) -> str:
        """Return the zone that the calendar is kept in: the one it names, or describes alone, or the person's."""
        found = (self.zone(tzid, near) for tzid in (self.named, self._only))
        return next((zone.name for zone in found if zone is not None and zone.name is not None), self._home)

    def zone(self, tzid: str, near: datetime) -> Zone | None:
        """Return the zone of a name, None where nothing tells; ``near`` says which years its clock must fit."""
        tzid = tzid.strip().strip('"')
        if not tzid or len(tzid) > _TZID_CHARACTERS:
            return None
        if tzid not in self._found:
            self._found[tzid] = self._search(tzid, near)
        return self._found[tzid]

    def _search(self, tzid: str, near: datetime) -> Zone | None:
        component = self._definitions.get(tzid)
        location = "" if component is None else component.text("X-LIC-LOCATION").strip()
        exact = (*_exact(tzid), *_exact(location))
        placed = next((name for name in exact if "/" in name), None)
        if placed is not None:
            return Zone(placed)
        named = (*exact, *_guesses(tzid))
        definition = None if component is None else Definition.of(component)
        if definition is None:
            return Zone(named[0]) if named else _fixed(tzid)
        clock = definition.clock(near.year)
        others = (self._home, *_WELL_KNOWN, *WINDOWS_TO_OLSON.values())
        likeness = {
            name: _likeness(name, clock) for name in dict.fromkeys((*named, *others)) if name in available()
        }
        best = max(likeness, key=likeness.__getitem__)
        if likeness[best] == len(clock):
            return Zone(best)
        if named:  # described by rules that were law in other years
            return Zone(named[0])
        return Zone(best) if likeness[best] >= _ENOUGH_ALIKE * len(clock) else Zone(None, definition)


class Definition:
    """What a VTIMEZONE says: from when on clocks were set to which offset."""

    def __init__(self, observances: list[_Observance]) -> None:
        self._observances = observances

    @classmethod
    def of(cls, component: Component) -> Definition | None:
        """Read a VTIMEZONE; None where it says nothing."""
        found = (_Observance.of(part) for part in component.parts[:_MAX_OBSERVANCES])
        observances = [each for each in found if each is not None]
        return cls(observances) if observances else None

    def offset_at(self, local: datetime) -> timedelta:
        """Return the offset of a wall time."""
        return self._offset(local, self._transitions)

    def clock(self, year: int) -> dict[datetime, timedelta]:
        """Return the offsets on the first and the fifteenth of each month of two years."""
        first = min(max(year, 1970), 2036)
        days = [
            datetime(each, month, day, 12)  # noqa: DTZ001 - wall time
            for each in (first, first + 1)
            for month in range(1, 13)
            for day in (1, 15)
        ]
        onsets = self._onsets(days[0], days[-1])
        return {day: self._offset(day, onsets) for day in days}

    @cached_property
    def _transitions(self) -> list[tuple[datetime, timedelta]]:
        """All times at which clocks were set, in order."""
        return self._onsets(_FIRST_RULED, _LAST_RULED)

    def _onsets(self, first: datetime, last: datetime) -> list[tuple[datetime, timedelta]]:
        fixed = ((onset, each.offset) for each in self._observances for onset in each.fixed_onsets())
        return sorted(islice(chain(fixed, self._ruled(first, last)), _MAX_TRANSITIONS))

    def _ruled(self, first: datetime, last: datetime) -> Iterator[tuple[datetime, timedelta]]:
        left = _MAX_RULED_YEARS
        for each in self._observances:
            left -= each.ruled_years(first, last)
            if left < 0:
                return
            for onset in each.ruled_onsets(first, last):
                yield onset, each.offset

    def _offset(self, local: datetime, onsets: list[tuple[datetime, timedelta]]) -> timedelta:
        begun = bisect_right(onsets, local, key=itemgetter(0))
        return self._offset_before if begun == 0 else onsets[begun - 1][1]

    @cached_property
    def _offset_before(self) -> timedelta:
        return min(self._observances, key=lambda each: each.start).offset_before


@dataclass(frozen=True, slots=True)
class _Observance:
    start: datetime
    rule: str | None
    dates: tuple[datetime, ...]
    offset_before: timedelta
    offset: timedelta

    @classmethod
    def of(cls, part: Component) -> _Observance | None:
        start = _stamp(part.word("DTSTART"))
        offset = _offset(part.word("TZOFFSETTO"))
        if start is None or offset is None:
            return None
        before = _offset(part.word("TZOFFSETFROM"))
        dates = (_stamp(word) for line in part.all("RDATE") for word in line.value.split(",")[:1000])
        return cls(
            start,
            _rule(part.first("RRULE")),
            tuple(date for date in dates if date is not None),
            offset if before is None else before,
            offset,
        )

    def fixed_onsets(self) -> Iterator[datetime]:
        """Yield its start and dates."""
        yield from (self.start, *self.dates)

    def ruled_years(self, first: datetime, last: datetime) -> int:
        """Return in how many years ``ruled_onsets`` looks for its rule."""
        if self.rule is None:
            return 0
        until = _UNTIL.search(self.rule)
        end = last.year if until is None else min(last.year, int(until[1]))
        return max(1, end + 1 - max(self.start.year, first.year - _YEARS_BEFORE))

    def ruled_onsets(self, first: datetime, last: datetime) -> Iterator[datetime]:
        """Yield when it begins by its rule, from two years before the first time up to the last."""
        if self.rule is None:
            return
        after = first.replace(year=first.year - _YEARS_BEFORE, day=1)
        with suppress(RuleBroken):
            yield from occurrences(self.start, self.rule, (), (), after=after, before=last + _TICK)


@cache
def available() -> frozenset[str]:
    """Return the names of IANA zones, without those that mean this computer's own."""
    return frozenset(available_timezones()) - {"localtime", "Factory"}


@cache
def _by_lower_case() -> Mapping[str, str]:
    return {name.lower(): name for name in sorted(available())}


@cache
def _windows() -> Mapping[str, str]:
    return {name.lower(): zone for name, zone in WINDOWS_TO_OLSON.items()}


@cache
def _cities() -> Mapping[str, str]:
    """Return zones by the city they are named after."""
    names = (name for name in sorted(available(), reverse=True) if name.startswith(_PLACES))
    return {name.rpartition("/")[2].lower(): name for name in names}


def _exact(tzid: str) -> Iterator[str]:
    """Yield the zones whose name the text is, whatever stands before it (``/mozilla.org/20070129_1/``)."""
    name = tzid.replace(" ", "_").lower()
    while name:
        if name in _by_lower_case():
            yield _by_lower_case()[name]
        name = name.partition("/")[2]


def _guesses(tzid: str) -> Iterator[str]:
    """Yield the zones that the text seems to name: with a hyphen, as Windows does, by cities, or as Americans do."""
    parted = tzid.replace("-", "/", 1).replace(" ", "_").lower()  # US-Eastern
    if parted in _by_lower_case():
        yield _by_lower_case()[parted]
    name = " ".join(tzid.lower().split()).replace("daylight", "standard")
    if name in _windows():
        yield _windows()[name]
    words = [word.strip() for word in _WORDS.split(name)]
    for word in words:
        city = word.replace(" ", "_").strip("_.")
        if city in _cities():
            yield _cities()[city]
    for word in words:
        name = f"{word.removesuffix(' time')} standard time"
        if name in _windows():
            yield _windows()[name]


def _fixed(tzid: str) -> Zone | None:
    """Return the zone of a text that is nothing but an offset from UTC."""
    match = _FIXED.fullmatch(tzid)
    if match is None:
        return None
    hours, minutes = int(match[2]), int(match[3] or 0)
    if hours > 14 or minutes > 59:  # noqa: PLR2004 - there are none
        return None
    if minutes == 0:
        name = (
            "UTC" if hours == 0 else f"Etc/GMT{'-' if match[1] == '+' else '+'}{hours}"
        )  # its sign is turned round
        return Zone(name) if name in available() else None
    offset = timedelta(hours=hours, minutes=minutes)
    offset = -offset if match[1] == "-" else offset
    return Zone(None, Definition([_Observance(_NEVER, None, (), offset, offset)]))


def _likeness(name: str, clock: Mapping[datetime, timedelta]) -> int:
    """Return at how many of the times the zone has the same offset."""
    zone = ZoneInfo(name)
    return sum(local.replace(tzinfo=zone).utcoffset() == offset for local, offset in clock.items())


def _stamp(text: str) -> datetime | None:
    match = _STAMP.match(text)
    try:
        return None if match is None else datetime(*(int(group) for group in match.groups()))  # type: ignore[arg-type]  # noqa: DTZ001
    except ValueError:
        return None


def _offset(text: str) -> timedelta | None:
    match = _OFFSET.match(text)
    if match is None or int(match[2]) > 23:  # noqa: PLR2004 - no offset is a day
        return None
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]), seconds=int(match[4] or 0))
    return -offset if match[1] == "-" else offset


def _rule(line: ContentLine | None) -> str | None:
    """Return a rule of a time zone: they are all yearly, and name one month if they name anything."""
    try:
        rule = "" if line is None else normal_rule(line.value)
    except ValueError:
        return None
    return rule if "FREQ=YEARLY" in rule and ("BY" not in rule or _ONE_MONTH.search(rule)) else None


def zone_named(text: str) -> str | None:
    """Return the IANA zone that a text names or, as an offset in whole hours, means."""
    text = text.strip()
    found = Zones({}, "UTC").zone(text, _NEVER) if text else None
    return None if found is None else found.name


def definitions(components: Iterable[Component]) -> dict[str, Component]:
    """Return the descriptions of zones by name, the first of each."""
    found: dict[str, Component] = {}
    for each in islice(components, _MAX_DEFINITIONS):
        found.setdefault(each.text("TZID").strip().strip('"'), each)
    return found
