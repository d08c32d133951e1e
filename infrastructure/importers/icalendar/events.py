"""Makes calendar events of the VEVENTs that share a UID: a series with its changed occurrences is one event."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from domain.productivity.calendar_event_terms import (
    Classification,
    IcalStatus,
    Override,
    TimeKind,
    Transparency,
)
from domain.productivity.occurrences import MAX_OCCURRENCES
from infrastructure.importers.content_lines import Component
from infrastructure.importers.draft import Draft, Outcome, Refused
from infrastructure.importers.icalendar.alarms import reminders, unkept_reminders
from infrastructure.importers.icalendar.overrides import (
    Change,
    Whole,
    cancels,
    change_of,
    override_of,
    placed,
    spread,
    status_of,
)
from infrastructure.importers.icalendar.people import (
    attendees,
    is_organizer,
    organizer,
    own_answer,
    unkept_guests,
)
from infrastructure.importers.icalendar.series import Series, Span, Unfit, series_of, span_of, unkept_end
from infrastructure.importers.icalendar.times import DAY
from infrastructure.importers.icalendar.words import (
    LABEL_CHARACTERS,
    LINE_CHARACTERS,
    Surroundings,
    attachments_of,
    described,
    entry_digest,
    labels,
    place_of,
    position_of,
    source_name,
    title_of,
    unkept_pages,
    url_of,
)
from infrastructure.importers.text import digest_of, one_line

PART_OF_SERIES = Refused("part_of_series", Outcome.SKIPPED)
"""A changed occurrence: it is in the event made of its series."""
SUPERSEDED = Refused("superseded", Outcome.SKIPPED)
"""An older state of an event that the file holds in a newer one."""
CANCELLATION = Refused("cancellation", Outcome.SKIPPED)
"""It cancels an event of the file, and is in it."""

_STAMP = re.compile(r"[0-9]{8}T[0-9]{6}Z?")
_CLASSES = {
    "": Classification.PUBLIC,
    "PUBLIC": Classification.PUBLIC,
    "CONFIDENTIAL": Classification.CONFIDENTIAL,
}
_LOWEST_PRIORITY = 9
_DIGEST_CHARACTERS = 16


def events_of(uid: str, said: Sequence[tuple[Component, Surroundings]]) -> list[Draft | Refused]:
    """Return, in their order, what becomes of the VEVENTs with a UID; of a single one, where the UID is empty."""
    results: dict[int, Draft | Refused] = dict.fromkeys(range(len(said)), SUPERSEDED)
    wholes: list[Whole] = []
    changes: list[Change] = []
    cancellations: list[tuple[int, Component]] = []
    for place, (component, around) in enumerate(said):
        if component.first("RECURRENCE-ID") is not None:
            changes.append(change_of(place, component, around))
            continue
        if uid and cancels(component, around):
            cancellations.append((place, component))
            continue
        try:
            wholes.append(Whole(place, component, around, series_of(component, around.zones)))
        except Unfit as unfit:
            results[place] = Refused(str(unfit))
    masters = _newest(wholes)
    for count, master in enumerate(masters):
        master.name = _name(uid, master, count)
    for change, master_and_time in placed(_newest_changes(changes), masters):
        results[change.place] = _folded(uid, change, master_and_time)
    for place, component in sorted(cancellations, key=lambda each: _age(each[1]))[-1:]:
        results[place] = _called_off(source_name(uid), _age(component), masters)
    for master in masters:
        spread(master)
        results[master.place] = _draft(uid, master)
    return list(results.values())


def _newest(wholes: list[Whole]) -> list[Whole]:
    """Return the events among several with one UID, in their newest state.

    Those of one SEQUENCE are told apart by start and title: programs that give one UID to different events do
    not count them up. Of several with the same the one counts that was changed last, as far as all of them say when.
    """
    age = max((_age(each.component) for each in wholes), default=0)
    living = [each for each in wholes if _age(each.component) == age]
    if all(_changed(each.component) for each in living):
        living.sort(key=lambda each: _changed(each.component))
    newest = {each.identity: each for each in living}
    return [newest[identity] for identity in sorted(newest)]


def _newest_changes(changes: Iterable[Change]) -> list[Change]:
    newest = {each.occurrence_name: each for each in sorted(changes, key=lambda each: _age(each.component))}
    return list(newest.values())


def _age(component: Component) -> int:
    return component.number("SEQUENCE") or 0


def _changed(component: Component) -> str:
    """Return when a state was written down, a text that sorts like the time; empty where it does not say."""
    stamp = component.word("LAST-MODIFIED") or component.word("DTSTAMP")
    return stamp if _STAMP.fullmatch(stamp) else ""


def _name(uid: str, master: Whole, count: int) -> str:
    if not uid:
        return entry_digest(master.component)
    start, title = master.identity
    return source_name(uid, digest_of(start.isoformat(), title)[:_DIGEST_CHARACTERS] if count else "")


def _folded(uid: str, change: Change, master_and_time: tuple[Whole, datetime] | None) -> Draft | Refused:
    """Make a change part of its series; one that fits none becomes an event of its own."""
    if master_and_time is not None:
        master, time = master_and_time
        if time in master.overrides:
            return SUPERSEDED
        has_room = len(master.overrides) < MAX_OCCURRENCES
        override = override_of(change, time, master) if has_room else None
        if override is not None:
            master.overrides[time] = override
            if change.is_followed:
                master.ranges[time] = override
            return PART_OF_SERIES
    name = source_name(uid, change.occurrence_name) if uid else entry_digest(change.component)
    if uid and cancels(change.component, change.around):
        return _called_off(name, _age(change.component))
    try:
        span = span_of(change.component, change.around.zones)
        remarks = (*change.remarks, *unkept_end(change.component, span, change.around.zones))
    except Unfit as unfit:
        return Refused(str(unfit))
    if master_and_time is not None:
        master_and_time[0].moved_out.append(master_and_time[1])
    series = Series(span, None, (), (), remarks)
    return _draft(uid, Whole(change.place, change.component, change.around, series, name))


def _called_off(name: str, age: int, events: Sequence[Whole] = ()) -> Draft | Refused:
    """Cancel the events of the file, or, where it has none of the UID, what is known by its name."""
    if not events:
        told = {"sequence": age}
        return Draft("calendar_event", None, name, told, update="call_off", revision=age or None)
    if age < _age(events[0].component):
        return SUPERSEDED
    for each in events:
        each.called_off = age
    return CANCELLATION


def _draft(uid: str, event: Whole) -> Draft:
    series = event.series
    skipped = dict.fromkeys((*event.moved_out, *series.skipped))
    lasting = {
        time: Override(time, end_local=end) for time, end in series.ends.items() if time not in skipped
    }
    changed = {**lasting, **event.overrides}
    arguments = {
        "title": title_of(event.component),
        "time_kind": series.span.start.kind,
        "start_local": series.span.start.local,
        "end_local": series.span.end,
        "timezone": series.span.start.zone,
        "rrule": series.rule,
        "rdates": series.extra,
        "exdates": tuple(each for each in skipped if each not in changed)[:MAX_OCCURRENCES],
        "overrides": tuple(changed.values())[:MAX_OCCURRENCES],
        "ical_uid": one_line(uid, LINE_CHARACTERS) or None,
        "description": described(event.component, (*series.remarks, *_unkept(event))),
        **_said(event.component, series.span, event.name, event.around),
    }
    revision = event.component.number("SEQUENCE")
    if event.called_off is not None:
        revision = event.called_off
        arguments |= {"ical_status": IcalStatus.CANCELLED, "sequence": revision}
    return Draft("calendar_event", "schedule", event.name, arguments, update="refresh", revision=revision)


def _unkept(event: Whole) -> Iterator[str]:
    """Yield as remarks what an event has no room for."""
    component, lasts = event.component, _lasts(event.series.span)
    yield from unkept_pages(component)
    yield from unkept_guests(component)
    yield from unkept_reminders(component, event.around, lasts=lasts)


def _said(component: Component, span: Span, name: str, around: Surroundings) -> dict[str, Any]:
    """Return the arguments that have nothing to do with the series."""
    invited = attendees(component)
    where = position_of(component)
    return {
        "calendar_name": around.calendar_name or None,
        "location": place_of(component),
        "latitude": where and where[0],
        "longitude": where and where[1],
        "url": url_of(component),
        "sequence": _age(component),
        "ical_status": status_of(component, around),
        "transparency": _transparency(component),
        "classification": _CLASSES.get(component.word("CLASS"), Classification.PRIVATE),
        "priority": min(component.number("PRIORITY") or 0, _LOWEST_PRIORITY),
        "organizer": organizer(component),
        "is_organizer": is_organizer(component, around.addresses),
        "attachments": attachments_of(component),
        "attendees": invited,
        "my_rsvp": own_answer(invited, around.addresses),
        "reminders": reminders(component, name, around, lasts=_lasts(span)),
        "categories": labels(component),
        "colour": one_line(component.text("COLOR"), LABEL_CHARACTERS) or None,
    }


def _lasts(span: Span) -> timedelta:
    """Return how long an event is on the wall; of one without an end, a day or nothing."""
    return span.length or (DAY if span.start.kind is TimeKind.ALL_DAY else timedelta())


def _transparency(component: Component) -> Transparency:
    word = component.word("TRANSP") or component.word("X-MICROSOFT-CDO-BUSYSTATUS")
    return Transparency.FREE if word in {"TRANSPARENT", "FREE", "1"} else Transparency.BUSY
