"""Reads when a VEVENT takes place: its start and end, its rule, its extra and its skipped dates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta

from domain.productivity.calendar_event_terms import TimeKind
from domain.productivity.occurrences import MAX_OCCURRENCES, matching, occurrences, require_moderate
from domain.productivity.rule import read_rule
from domain.shared.errors import RuleBroken
from domain.shared.recurrence import normal_rule
from domain.shared.values import LAST_YEAR
from infrastructure.importers.content_lines import Component, ContentLine
from infrastructure.importers.icalendar.remarks import bounded
from infrastructure.importers.icalendar.skip import without_skip
from infrastructure.importers.icalendar.times import (
    DAY,
    Instant,
    UnreadableTime,
    duration,
    instant,
    instants,
    until_day,
    until_text,
)
from infrastructure.importers.icalendar.zones import Zones, wall_time
from infrastructure.importers.text import one_line

_NOTE_CHARACTERS = 500
_MAX_RULE = 1000
_COUNT_DIGITS = 6
"""A rule that is to occur more often is not counted."""
_COUNTED = timedelta(days=100 * 366)
"""How long a series is counted that also has an end; one with a later end is ended by that."""
_LEADING_ZEROS = re.compile(r"(?<![0-9])0+(?=[0-9])")
_ALL_DAY_MARKS = ("X-MICROSOFT-CDO-ALLDAYEVENT", "X-FUNAMBOL-ALLDAY")
_DAYS_OF_SYMBIAN = frozenset({"ANNIVERSARY", "EVENT"})
_EXCLUDED_YEARS = timedelta(days=10 * 366)
_MAX_EXCLUDED = 1000
_FURTHER = 50
"""How many starts behind those are looked at."""
_SECOND = timedelta(seconds=1)
_LAST = datetime(LAST_YEAR, 12, 31)  # noqa: DTZ001 - wall time


class Unfit(ValueError):
    """The entry is no record; the message is a short code."""


@dataclass(frozen=True, slots=True)
class Span:
    """A start and, where there is one, an end after it, on the same wall."""

    start: Instant
    end: datetime | None = None

    @property
    def length(self) -> timedelta | None:
        """How long it lasts on the wall."""
        return None if self.end is None else self.end - self.start.local


@dataclass(frozen=True, slots=True)
class Series:
    """When a VEVENT takes place, as far as it stands alone."""

    span: Span
    rule: str | None
    extra: tuple[datetime, ...]
    skipped: tuple[datetime, ...]
    remarks: tuple[str, ...]
    """What was said of time that a record cannot hold, for a person to read."""
    ends: Mapping[datetime, datetime] = field(default_factory=dict)
    """The ends of those occurrences that do not last as long as the others."""

    @property
    def recurs(self) -> bool:
        """Whether there is more than the start."""
        return self.rule is not None or bool(self.extra)

    def given(self, asked: Iterable[datetime]) -> frozenset[datetime]:
        """Return those of the local starts that belong to the series."""
        if not self.recurs:
            return frozenset()
        start = self.span.start
        return matching(start.local, self.rule, self.extra, asked, timezone=start.zone)

    def meant(self, asked: Iterable[datetime]) -> Mapping[datetime, datetime]:
        """Return the occurrences that local starts name; a midnight that is none stands for that day."""
        time_of_day = self.span.start.local.time()
        choices = {
            each: (each, datetime.combine(each, time_of_day)) if each.time() == time.min else (each,)
            for each in asked
        }
        given = self.given({choice for some in choices.values() for choice in some})
        found = {each: next((one for one in some if one in given), None) for each, some in choices.items()}
        return {each: one for each, one in found.items() if one is not None}


def span_of(component: Component, zones: Zones) -> Span:
    """Read start and end of what stands for itself; raises Unfit.

    On the wall, but in UTC where clocks that are set back show the start or the end for the second time: a time on
    the wall means the first.
    """
    start, end = _bounds(component, zones)
    if start.kind is TimeKind.ZONED and (start.local.fold or (end is not None and end.fold)):
        end = end and Instant(start.kind, end, start.zone).utc()
        start = Instant(TimeKind.UTC, start.utc())
    return _span(start, end)


def span_on_wall(component: Component, zones: Zones) -> Span:
    """Read start and end of an occurrence, on the wall that its series is on; raises Unfit."""
    return _span(*_bounds(component, zones))


def _span_of_series(component: Component, zones: Zones) -> Span:
    """Read start and end of a series; raises Unfit.

    A DURATION is as long on the wall every time (RFC 5545 section 3.8.5.3): clocks that are set on the day of the
    first occurrence make no other one longer or shorter.
    """
    span = span_on_wall(component, zones)
    length = duration(component.word("DURATION"))
    if component.first("DTEND") is not None or length is None or span.start.kind is TimeKind.ALL_DAY:
        return span
    try:
        return _span(span.start, span.start.local + length.total)
    except OverflowError:
        return span


def _bounds(component: Component, zones: Zones) -> tuple[Instant, datetime | None]:
    start = _start(component, zones)
    if start.kind is not TimeKind.ALL_DAY and _is_all_day(component):
        start = _day_begun(start, zones)
    try:
        return start, _end(component, start, zones)
    except UnreadableTime:
        return start, None


def _span(start: Instant, end: datetime | None) -> Span:
    if end is None or end <= start.local or not Instant(start.kind, end).in_range:
        return Span(start)
    return Span(start, end)


def unkept_end(component: Component, span: Span, zones: Zones) -> tuple[str, ...]:
    """Return as a remark an end that a span has been left without: it is before the start, or no time at all."""
    line = component.first("DTEND", "DURATION")
    if span.end is not None or line is None:
        return ()
    start, end = _bounds(component, zones)
    if end == start.local:
        return ()
    return (f"{line.name}: {one_line(line.value, _NOTE_CHARACTERS)}",)


def series_of(component: Component, zones: Zones) -> Series:
    """Read when an event takes place; raises Unfit. A rule, zone or end that it cannot have is remarked on."""
    span = _span_of_series(component, zones)
    rule, remarks = kept_rule(component, span.start, zones)
    if span.start.kind is TimeKind.FLOATING:
        remarks = (*unknown_zone(component.first("DTSTART")), *remarks)
    extra = _local_times(component.all("RDATE"), span.start, zones)
    skipped = _local_times(component.all("EXDATE"), span.start, zones)
    starts = tuple(each for each in extra if each != span.start.local)
    if rule is None and not starts:
        span = span_of(component, zones)
    remarks = (*remarks, *unkept_end(component, span, zones))
    series = Series(span, rule, starts, (), remarks, _own_ends(extra, span))
    excluded, unkept = _excluded(component, series, zones)
    remarks = (*remarks, *bounded(unkept, "EXRULE"))
    return replace(series, skipped=_in_series((*skipped, *excluded), series), remarks=remarks)


def _own_ends(extra: Mapping[datetime, datetime | None], span: Span) -> dict[datetime, datetime]:
    """Return the ends of the extra dates that last longer or shorter than the series has it."""
    return {
        start: end
        for start, end in extra.items()
        if end is not None and end > start and start != span.start.local and end - start != span.length
    }


def _in_series(skipped: Iterable[datetime], series: Series) -> tuple[datetime, ...]:
    """Return the skipped occurrences that there are."""
    return tuple(dict.fromkeys(series.meant(skipped).values()))[:MAX_OCCURRENCES]


def kept_rule(component: Component, start: Instant, zones: Zones) -> tuple[str | None, tuple[str, ...]]:
    """Return the first rule that a record can hold, and remarks on the others."""
    kept: str | None = None
    remarks = []
    for line in component.all("RRULE"):
        rule = _readable(line.value, start, zones) if kept is None else None
        if rule is not None:
            kept = rule
        elif line.value.strip():
            remarks.append(rule_in_words(line))
    return kept, tuple(remarks)


def rule_in_words(line: ContentLine) -> str:
    """Return as a remark a rule that a record cannot hold."""
    return f"{line.name}: {one_line(line.value, _NOTE_CHARACTERS)}"


def _start(component: Component, zones: Zones) -> Instant:
    lines = [line for line in component.all("DTSTART") if line.value.strip()]
    if not lines:
        raise Unfit("no_start")
    for line in lines:
        try:
            start = instant(line, zones)
        except UnreadableTime:
            continue
        if not start.in_range:
            raise Unfit("date_out_of_range")
        return start
    raise Unfit("bad_start")


def unknown_zone(line: ContentLine | None) -> tuple[str, ...]:
    """Return as a remark the zone that a time names which has to be left floating."""
    tzid = "" if line is None else one_line(line.param("TZID"), _NOTE_CHARACTERS)
    return (f"TZID: {tzid}",) if tzid else ()


def _day_begun(start: Instant, zones: Zones) -> Instant:
    """Return the day that begins then, on the wall or in the calendar's own zone; the time where none does."""
    local = _on_own_wall(start, zones)
    return Instant(TimeKind.ALL_DAY, local) if local.time() == time.min else start


def _on_own_wall(moment: Instant, zones: Zones) -> datetime:
    """Return what the wall shows; at a time in UTC that is no midnight, the wall of the calendar's own zone."""
    if moment.kind is not TimeKind.UTC or moment.local.time() == time.min:
        return moment.local
    return wall_time(moment.local, zones.own(moment.local))


def _is_all_day(component: Component) -> bool:
    is_marked = any(component.word(name) in {"TRUE", "1"} for name in _ALL_DAY_MARKS)
    return is_marked or component.word("X-EPOCAGENDAENTRYTYPE") in _DAYS_OF_SYMBIAN


def _end(component: Component, start: Instant, zones: Zones) -> datetime | None:
    line = component.first("DTEND")
    if line is not None:
        end = instant(line, zones)
        if not end.in_range:
            return None
        if start.kind is TimeKind.ALL_DAY:
            return _midnight_from(_on_own_wall(end, zones))
        if end.kind is TimeKind.ALL_DAY:
            return _midnight_from(end.local)
        return end.as_in(start)
    length = duration(component.word("DURATION"))
    if length is None:
        return None
    after = length.after(start)
    return _midnight_from(after) if start.kind is TimeKind.ALL_DAY else after


def _midnight_from(moment: datetime) -> datetime:
    """Return the next midnight, or the moment if it is one."""
    midnight = datetime.combine(moment, time.min)
    return midnight if midnight == moment else midnight + DAY


def _local_times(
    lines: Iterable[ContentLine], frame: Instant, zones: Zones
) -> dict[datetime, datetime | None]:
    """Return the starts on the frame's wall and, of periods, the ends."""
    found: dict[datetime, datetime | None] = {}
    for line in lines:
        for start, end in instants(line, zones):
            if len(found) >= MAX_OCCURRENCES:
                return found
            local = start.as_in(frame)
            found[local] = found.get(local) if end is None else _local_end(end, frame)
    return found


def _local_end(end: Instant, frame: Instant) -> datetime:
    return _midnight_from(end.local) if frame.kind is TimeKind.ALL_DAY else end.as_in(frame)


def _excluded(component: Component, series: Series, zones: Zones) -> tuple[list[datetime], list[str]]:
    """Return the starts that the rule of EXRULE, which RFC 5545 has done away with, leaves out in ten years.

    A second rule, one that cannot be read, and one that goes on leaving out what the series has are remarked on.
    """
    lines = [line for line in component.all("EXRULE") if line.value.strip()] if series.recurs else []
    if not lines:
        return [], []
    start = series.span.start
    rule = _readable(lines[0].value, start, zones)
    if rule is None:
        return [], [rule_in_words(line) for line in lines]
    until = _years_on(start.local)
    starts = list(_starts_of(rule, start, start.local, until, _MAX_EXCLUDED))
    end = starts[-1] + _SECOND if len(starts) == _MAX_EXCLUDED else until
    goes_on = series.given(_starts_of(rule, start, end, _years_on(end), _FURTHER))
    return starts, [rule_in_words(line) for line in lines[0 if goes_on else 1 :]]


def _years_on(moment: datetime) -> datetime:
    return min(moment, _LAST - _EXCLUDED_YEARS) + _EXCLUDED_YEARS


def _starts_of(
    rule: str, start: Instant, after: datetime, before: datetime, limit: int
) -> Iterator[datetime]:
    skipped, zone = (start.local,), start.zone
    return occurrences(start.local, rule, (), skipped, after=after, before=before, limit=limit, timezone=zone)


def _readable(text: str, start: Instant, zones: Zones) -> str | None:
    rule = _tidied(text, start, zones)
    if len(rule) > _MAX_RULE:
        return None
    try:
        rule = normal_rule(_sooner_ended(rule, start))
        read = read_rule(start.local, rule, start.zone)
        require_moderate(start.local, read)
    except (ValueError, RuleBroken):
        return None
    return None if start.kind is TimeKind.ALL_DAY and read.beat is not None else rule


def _tidied(text: str, start: Instant, zones: Zones) -> str:
    """Return a rule without what programs write that means nothing, or nothing in this calendar."""
    parts: dict[str, str] = {}
    for piece in "".join(text.split()).upper().split(";"):
        name, _, value = piece.partition("=")
        if not value or name in parts or name.startswith("X-"):
            continue
        if name == "UNTIL":
            value = until_text(value)
            if start.kind is TimeKind.ALL_DAY and value.endswith("Z"):
                value = until_day(value, zones.own(start.local))
        else:
            value = ",".join(item for item in _LEADING_ZEROS.sub("", value).split(",") if item)
        parts[name] = value
    if parts.get("RSCALE") == "GREGORIAN":
        del parts["RSCALE"]
        parts = without_skip(parts, start.local)
    if parts.get("INTERVAL") == "0":
        del parts["INTERVAL"]
    return ";".join(f"{name}={value}" for name, value in parts.items())


def _sooner_ended(rule: str, start: Instant) -> str:
    """Return a rule that says both how often and how long with the one of the two that ends it first."""
    parts = dict(piece.partition("=")[::2] for piece in rule.split(";"))
    count = parts.pop("COUNT", "")
    if "UNTIL" not in parts or not count.isdecimal():
        return rule
    lasting = ";".join(f"{name}={value}" for name, value in parts.items())
    if len(count) > _COUNT_DIGITS:
        return lasting
    limit = min(int(count), MAX_OCCURRENCES)
    found = occurrences(
        start.local,
        normal_rule(lasting),
        (),
        (),
        after=start.local,
        before=start.local + _COUNTED,
        limit=limit,
        timezone=start.zone,
    )
    if sum(1 for _ in found) < limit:
        return lasting
    return ";".join(piece for piece in rule.split(";") if not piece.startswith("UNTIL="))
