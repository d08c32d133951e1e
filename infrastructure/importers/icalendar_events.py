"""Makes calendar events of the VEVENTs that share a UID: a series with its changed occurrences is one event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from domain.productivity.calendar_event_terms import (
    Classification,
    IcalStatus,
    Override,
    TimeKind,
    Transparency,
)
from domain.productivity.occurrences import MAX_OCCURRENCES
from infrastructure.importers.content_lines import Component, position
from infrastructure.importers.draft import Draft, Outcome, Refused
from infrastructure.importers.icalendar_people import attendees, organizer, own_answer, reminders
from infrastructure.importers.icalendar_series import Series, Span, Unfit, series_of, span_of
from infrastructure.importers.icalendar_times import Instant, UnreadableTime, instant
from infrastructure.importers.icalendar_words import (
    LABEL_CHARACTERS,
    LINE_CHARACTERS,
    Surroundings,
    described,
    entry_digest,
    labels,
    place_of,
    source_name,
    title_of,
    url_of,
)
from infrastructure.importers.text import digest_of, one_line

PART_OF_SERIES = Refused("part_of_series", Outcome.SKIPPED)
"""A changed occurrence: it is in the event made of its series."""
SUPERSEDED = Refused("superseded", Outcome.SKIPPED)
"""An older state of an event that the file holds in a newer one."""

_STATES = {
    "TENTATIVE": IcalStatus.TENTATIVE,
    "CANCELLED": IcalStatus.CANCELLED,
    "CANCELED": IcalStatus.CANCELLED,
}
_CLASSES = {
    "": Classification.PUBLIC,
    "PUBLIC": Classification.PUBLIC,
    "CONFIDENTIAL": Classification.CONFIDENTIAL,
}
_LOWEST_PRIORITY = 9
_DIGEST_CHARACTERS = 16


@dataclass
class _Whole:
    """An event that stands for itself: a series, or something that takes place once."""

    place: int
    component: Component
    series: Series
    name: str = ""
    overrides: dict[datetime, Override] = field(default_factory=dict)
    moved_out: list[datetime] = field(default_factory=list)
    """Occurrences that are events of their own."""

    @property
    def identity(self) -> tuple[datetime, str]:
        """What tells it from another one with the same UID."""
        return self.series.span.start.local, title_of(self.component)

    @cached_property
    def words(self) -> tuple[str, str, str]:
        """Title, place and description, with which those of changed occurrences are compared."""
        return title_of(self.component), place_of(self.component), described(self.component)


@dataclass(frozen=True, slots=True)
class _Change:
    """A VEVENT that says how one occurrence of a series differs."""

    place: int
    component: Component
    occurrence: Instant | None

    @property
    def occurrence_name(self) -> str:
        """What tells it from the other changes, in whatever zone its file names the occurrence."""
        if self.occurrence is not None:
            return self.occurrence.utc().isoformat()
        return one_line(self.component.text("RECURRENCE-ID"), LABEL_CHARACTERS)


def events_of(uid: str, components: Sequence[Component], around: Surroundings) -> list[Draft | Refused]:
    """Return, in their order, what becomes of the VEVENTs with a UID; of a single one, where the UID is empty."""
    results: dict[int, Draft | Refused] = dict.fromkeys(range(len(components)), SUPERSEDED)
    wholes: list[_Whole] = []
    changes: list[_Change] = []
    for place, component in enumerate(components):
        if component.first("RECURRENCE-ID") is not None:
            changes.append(_Change(place, component, _occurrence(component, around)))
            continue
        try:
            wholes.append(_Whole(place, component, series_of(component, around.zones)))
        except Unfit as unfit:
            results[place] = Refused(str(unfit))
    masters = _newest(wholes)
    for count, master in enumerate(masters):
        master.name = _name(uid, master, count)
    for change, master_and_time in _placed(_newest_changes(changes), masters):
        results[change.place] = _folded(uid, change, master_and_time, around)
    for master in masters:
        results[master.place] = _draft(uid, master, around)
    return list(results.values())


def _newest(wholes: list[_Whole]) -> list[_Whole]:
    """Return the events among several with one UID, each in its newest state.

    Programs that give one UID to different events do not count them up in SEQUENCE.
    """
    if len(wholes) < 2:  # noqa: PLR2004 - there is nothing to choose
        return wholes
    if len({_age(each.component) for each in wholes}) == len(wholes):
        return [max(wholes, key=lambda each: _age(each.component))]
    newest: dict[tuple[datetime, str], _Whole] = {}
    for each in sorted(wholes, key=lambda each: _age(each.component)):
        newest[each.identity] = each
    return [newest[identity] for identity in sorted(newest)]


def _newest_changes(changes: Iterable[_Change]) -> Iterable[_Change]:
    newest = {each.occurrence_name: each for each in sorted(changes, key=lambda each: _age(each.component))}
    return newest.values()


def _age(component: Component) -> int:
    return component.number("SEQUENCE") or 0


def _name(uid: str, master: _Whole, count: int) -> str:
    if not uid:
        return entry_digest(master.component)
    start, title = master.identity
    return source_name(uid, digest_of(start.isoformat(), title)[:_DIGEST_CHARACTERS] if count else "")


def _occurrence(component: Component, around: Surroundings) -> Instant | None:
    line = component.first("RECURRENCE-ID")
    try:
        found = None if line is None else instant(line, around.zones)
    except UnreadableTime:
        return None
    return found if found is not None and found.in_range else None


def _placed(
    changes: Iterable[_Change], masters: Sequence[_Whole]
) -> Iterator[tuple[_Change, tuple[_Whole, datetime] | None]]:
    """Yield each change with the series that has its occurrence, and the local start it has there."""
    known = [each for each in changes if each.occurrence is not None]
    found: dict[int, tuple[_Whole, datetime]] = {}
    for master in masters:
        frame = master.series.span.start
        asked = {each.place: each.occurrence.as_in(frame) for each in known if each.occurrence is not None}
        given = master.series.given(asked.values())
        for place, time in asked.items():
            if time in given:
                found.setdefault(place, (master, time))
    for each in changes:
        yield each, found.get(each.place)


def _folded(
    uid: str, change: _Change, master_and_time: tuple[_Whole, datetime] | None, around: Surroundings
) -> Draft | Refused:
    """Make a change part of its series; one that fits none becomes an event of its own."""
    if master_and_time is not None:
        master, time = master_and_time
        if time in master.overrides:
            return SUPERSEDED
        override = _override(change.component, time, master, around)
        if override is not None and len(master.overrides) < MAX_OCCURRENCES:
            master.overrides[time] = override
            return PART_OF_SERIES
    try:
        series = Series(span_of(change.component, around.zones), None, (), (), ())
    except Unfit as unfit:
        return Refused(str(unfit))
    if master_and_time is not None:
        master_and_time[0].moved_out.append(master_and_time[1])
    name = source_name(uid, change.occurrence_name) if uid else entry_digest(change.component)
    return _draft(uid, _Whole(change.place, change.component, series, name), around)


def _override(
    component: Component, occurrence: datetime, master: _Whole, around: Surroundings
) -> Override | None:
    """Return how the occurrence differs; None where the series cannot hold it (a timed day of an all-day one)."""
    frame, length = master.series.span.start, master.series.span.length
    start: datetime | None = None
    end: datetime | None = None
    if component.first("DTSTART") is not None:
        try:
            span = span_of(component, around.zones)
        except Unfit:
            return None
        if (span.start.kind is TimeKind.ALL_DAY) is not (frame.kind is TimeKind.ALL_DAY):
            return None
        start = span.start.as_in(frame)
        if span.end is not None:
            end = Instant(span.start.kind, span.end, span.start.zone).as_in(frame)
            end = None if end <= start or end - start == length else end
        start = None if start == occurrence else start
    words = title_of(component), place_of(component), described(component)
    title, place, text = (
        None if own in {"", usual} else own for own, usual in zip(words, master.words, strict=True)
    )
    cancelled = _status(component, around) is IcalStatus.CANCELLED
    return Override(occurrence, start, end, title, place, text, cancelled)


def _draft(uid: str, event: _Whole, around: Surroundings) -> Draft:
    series, changed = event.series, event.overrides
    skipped = dict.fromkeys((*event.moved_out, *series.skipped))
    arguments = {
        "title": title_of(event.component),
        "time_kind": series.span.start.kind,
        "start_local": series.span.start.local,
        "end_local": series.span.end,
        "timezone": series.span.start.zone,
        "rrule": series.rule,
        "rdates": series.extra,
        "exdates": tuple(each for each in skipped if each not in changed)[:MAX_OCCURRENCES],
        "overrides": tuple(changed.values()),
        "ical_uid": one_line(uid, LINE_CHARACTERS) or None,
        "description": described(event.component, series.remarks),
        **_said(event.component, series.span, event.name, around),
    }
    return Draft("calendar_event", "schedule", event.name, arguments, update="refresh")


def _said(component: Component, span: Span, name: str, around: Surroundings) -> dict[str, Any]:
    """Return the arguments that have nothing to do with the series."""
    invited = attendees(component)
    where = position(component.text("GEO"))
    return {
        "calendar_name": around.calendar_name or None,
        "location": place_of(component),
        "latitude": where and where[0],
        "longitude": where and where[1],
        "url": url_of(component),
        "sequence": _age(component),
        "ical_status": _status(component, around),
        "transparency": _transparency(component),
        "classification": _CLASSES.get(component.word("CLASS"), Classification.PRIVATE),
        "priority": min(component.number("PRIORITY") or 0, _LOWEST_PRIORITY),
        "organizer": organizer(component),
        "attendees": invited,
        "my_rsvp": own_answer(invited, around.addresses),
        "reminders": reminders(component, span, name, around.zones, around.home),
        "categories": labels(component),
        "colour": one_line(component.text("COLOR"), LABEL_CHARACTERS) or None,
    }


def _status(component: Component, around: Surroundings) -> IcalStatus:
    if around.is_cancelled:
        return IcalStatus.CANCELLED
    return _STATES.get(component.word("STATUS"), IcalStatus.CONFIRMED)


def _transparency(component: Component) -> Transparency:
    word = component.word("TRANSP") or component.word("X-MICROSOFT-CDO-BUSYSTATUS")
    return Transparency.FREE if word in {"TRANSPARENT", "FREE", "1"} else Transparency.BUSY
