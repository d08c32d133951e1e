"""Makes tasks of VTODOs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from domain.productivity.calendar_event_terms import TimeKind
from domain.productivity.task_terms import MAX_DEPENDENCIES, MAX_LAG_MINUTES, Priority, Status
from infrastructure.importers.content_lines import Component, ContentLine
from infrastructure.importers.draft import Awaited, Draft
from infrastructure.importers.icalendar.alarms import reminders, unkept_reminders
from infrastructure.importers.icalendar.people import person_in_words
from infrastructure.importers.icalendar.remarks import bounded, remark
from infrastructure.importers.icalendar.series import kept_rule, rule_in_words, unknown_zone
from infrastructure.importers.icalendar.times import Instant, UnreadableTime, duration, instant
from infrastructure.importers.icalendar.words import (
    LABEL_CHARACTERS,
    LINE_CHARACTERS,
    TEXT_CHARACTERS,
    TITLE_CHARACTERS,
    Surroundings,
    attachments_of,
    described,
    entry_digest,
    labels,
    place_of,
    source_name,
    title_of,
    unkept_pages,
    url_of,
)
from infrastructure.importers.text import one_line, plain_text

MAX_TAGS = 100
UNTITLED = "Untitled"

_STATES = {
    "NEEDS-ACTION": Status.TODO,
    "NEEDS ACTION": Status.TODO,  # vCalendar 1.0
    "IN-PROCESS": Status.IN_PROGRESS,
    "COMPLETED": Status.DONE,
    "CANCELLED": Status.CANCELLED,
    "CANCELED": Status.CANCELLED,
}
_PART_OF = frozenset({"", "PARENT"})
_DEPENDS_ON = "DEPENDS-ON"
_DONE = 100
_MEDIUM = 5


@dataclass(frozen=True, slots=True)
class _End:
    """When a task begins or is due: a day, or a time of it on the wall."""

    day: date | None = None
    at: datetime | None = None
    zone: str | None = None


def parent_of(component: Component) -> str:
    """Return the UID of the task that a task is part of, empty where it is part of none."""
    parents = (line for line in component.all("RELATED-TO") if line.param("RELTYPE").upper() in _PART_OF)
    return next((uid for line in parents if (uid := one_line(line.text, LINE_CHARACTERS))), "")


def awaited_by(component: Component) -> tuple[Awaited, ...]:
    """Return the UIDs of the tasks that must be done before this one is begun."""
    lines = (line for line in component.all("RELATED-TO") if line.param("RELTYPE").upper() == _DEPENDS_ON)
    found: dict[str, Awaited] = {}
    for line in lines:
        uid = one_line(line.text, LINE_CHARACTERS)
        if uid and len(found) < MAX_DEPENDENCIES:
            found.setdefault(uid, Awaited(uid, _lag(line) or 0))
    return tuple(found.values())


def task_of(
    uid: str,
    component: Component,
    around: Surroundings,
    whole: str = "",
    awaited: tuple[Awaited, ...] = (),
    *,
    here: Collection[str] = (),
) -> Draft:
    """Return the task; a changed occurrence of a recurring one is a task of its own.

    ``whole`` is the UID of the task that it is part of, and ``awaited`` has those that it waits for; such a task may
    be in another file. ``here`` has the UIDs of this one.
    """
    recurrence = component.text("RECURRENCE-ID").strip()
    name = source_name(uid, recurrence) if uid else entry_digest(component)
    elsewhere = [f"Part of: {whole}"] if whole and whole not in here else []
    elsewhere += [f"Waits for: {each.source_id}" for each in awaited if each.source_id not in here]
    said = _said(component, around, elsewhere)
    alarms = reminders(component, name, around)
    if alarms:
        said["reminders"] = alarms
    arguments = {**said, "list_name": one_line(around.calendar_name, LABEL_CHARACTERS) or None}
    return Draft(
        "task",
        "create",
        name,
        arguments,
        update="refresh",
        update_arguments=said,
        tags=labels(component)[:MAX_TAGS],
        revision=component.number("SEQUENCE"),
        under=source_name(whole, "") if whole else None,
        awaited=tuple(Awaited(source_name(each.source_id, ""), each.lag_minutes) for each in awaited),
    )


def _said(component: Component, around: Surroundings, elsewhere: Iterable[str]) -> dict[str, Any]:
    start = _time(component, "DTSTART", around)
    due = _end(_time(component, "DUE", around) or _after(component, start))
    begin = _begin(start, due, around)
    zone = due.zone if due.at is not None else begin.zone
    percent = min(component.number("PERCENT-COMPLETE") or 0, _DONE)
    status = _status(component, percent)
    rule, remarks = _rule(component, begin, due, zone, around)
    if zone is None and (begin.at is not None or due.at is not None):
        remarks = (*unknown_zone(component.first("DUE", "DTSTART")), *remarks)
    times = _unkept_times(component, start, begin, due)
    remarks = (
        *elsewhere,
        *remarks,
        *_unkept_dates(component),
        *times,
        *_unkept_ties(component),
        *_unkept_people(component),
        *unkept_pages(component),
        *unkept_reminders(component, around),
    )
    return {
        "title": _title(component),
        "notes": _notes(component, remarks),
        "priority": _priority(component.number("PRIORITY") or 0),
        "start_on": begin.day,
        "start_at": begin.at,
        "due": due.day,
        "due_at": due.at,
        "timezone": zone,
        "recurrence": rule,
        "status": status,
        "completed_at": _completed(component, around) if status is Status.DONE else None,
        "percent_complete": _DONE if status is Status.DONE else min(percent, _DONE - 1),
    }


def _unkept_times(component: Component, start: Instant | None, begin: _End, due: _End) -> Iterator[str]:
    """Yield as remarks a start that lies after the end, and what is no time that a record can hold."""
    is_begin_kept = begin.at is not None or (
        begin.day is not None and start is not None and start.kind is TimeKind.ALL_DAY
    )
    first, last = component.first("DTSTART"), component.first("DUE", "DURATION")
    for line, is_kept in ((first, is_begin_kept), (last, due.day is not None)):
        if line is not None and not is_kept:
            yield f"{line.name}: {one_line(line.value, LINE_CHARACTERS)}"


def _unkept_ties(component: Component) -> Iterator[str]:
    """Yield as remarks what a task is tied to in no way that a record knows.

    Such are the ties in time of RFC 9253, whose ends programs write both ways round, leads, and whatever is neither
    what the task is part of nor what it waits for.
    """
    whole, awaited = parent_of(component), {each.source_id for each in awaited_by(component)}
    ties: list[str] = []
    for line in component.all("RELATED-TO"):
        how, uid = line.param("RELTYPE").upper(), one_line(line.text, LINE_CHARACTERS)
        if how == _DEPENDS_ON:
            is_kept = uid in awaited and (not line.param("GAP").strip() or _lag(line) is not None)
        else:
            is_kept = how in _PART_OF and uid == whole
        if uid and not is_kept:
            ties.append(f"{_tie(how, line)}: {uid}")
    yield from bounded(ties, "RELATED-TO")


def _tie(how: str, line: ContentLine) -> str:
    how, gap = one_line(how, LABEL_CHARACTERS), one_line(line.param("GAP"), LABEL_CHARACTERS)
    return f"RELATED-TO{how and f';RELTYPE={how}'}{gap and f';GAP={gap}'}"


def _unkept_people(component: Component) -> Iterator[str]:
    """Yield as remarks who gave a task to whom."""
    for name in ("ORGANIZER", "ATTENDEE"):
        people = (person_in_words(line) for line in component.all(name))
        yield from bounded(filter(None, people), name)


def _unkept_dates(component: Component) -> Iterator[str]:
    """Yield as remarks what a series leaves out, and the dates that it has besides its rule."""
    for name in ("EXDATE", "RDATE", "EXRULE"):
        lines = (line for line in component.all(name) if line.value.strip())
        yield from bounded((remark(line, "TZID") for line in lines), name)


def _lag(line: ContentLine) -> int | None:
    """Return the minutes of a GAP; None for what is none, and for a lead: a task that is done first is done before."""
    gap = duration(line.param("GAP"))
    minutes = -1 if gap is None else round(gap.total / timedelta(minutes=1))
    return minutes if 0 <= minutes <= MAX_LAG_MINUTES else None


def _rule(
    component: Component, begin: _End, due: _End, zone: str | None, around: Surroundings
) -> tuple[str | None, tuple[str, ...]]:
    """Return the rule, which counts from the start or else from the end, and what is to be said of it in words."""
    time_of_first, first_day = begin.at or due.at, begin.day or due.day
    if time_of_first is not None:
        return kept_rule(component, Instant(TimeKind.FLOATING, time_of_first, zone), around.zones)
    if first_day is not None:
        first = Instant(TimeKind.ALL_DAY, datetime.combine(first_day, time.min))
        return kept_rule(component, first, around.zones)
    lines = (line for line in component.all("RRULE") if line.value.strip())
    return None, tuple(map(rule_in_words, lines))


def _title(component: Component) -> str:
    """Return the title, or the first words there are instead of one."""
    return (
        title_of(component)
        or one_line(component.text("DESCRIPTION").strip().partition("\n")[0], TITLE_CHARACTERS)
        or UNTITLED
    )


def _notes(component: Component, remarks: tuple[str, ...]) -> str:
    """Return the description, with the place, the page and the attachments that a task has no room of its own for."""
    place, url = place_of(component), url_of(component)
    also = dict.fromkeys(each for each in (place, url, *attachments_of(component), *remarks) if each)
    return plain_text(described(component, also), TEXT_CHARACTERS)


def _time(component: Component, name: str, around: Surroundings) -> Instant | None:
    for line in component.all(name):
        try:
            found = instant(line, around.zones)
        except UnreadableTime:
            continue
        if found.in_range:
            return found
    return None


def _end(instant: Instant | None) -> _End:
    if instant is None:
        return _End()
    if instant.kind is TimeKind.ALL_DAY:
        return _End(instant.local.date())
    return _End(instant.local.date(), instant.local, "UTC" if instant.kind is TimeKind.UTC else instant.zone)


def _begin(start: Instant | None, due: _End, around: Surroundings) -> _End:
    """Return the start on the clock of the end; no more of it than lies before that."""
    begin = _end(start)
    if start is not None and begin.at is not None and due.at is not None and begin.zone != due.zone:
        local = start.moment(around.home).astimezone(ZoneInfo(due.zone or around.home)).replace(tzinfo=None)
        begin = _End(local.date(), local, due.zone)
    if begin.day is not None and due.day is not None and begin.day > due.day:
        return _End()
    if begin.at is not None and due.at is not None and begin.at > due.at:
        return _End(begin.day)
    return begin


def _after(component: Component, start: Instant | None) -> Instant | None:
    """Return the end of a task that says how long it lasts instead of when it is due."""
    length = duration(component.word("DURATION"))
    if start is None or length is None:
        return None
    try:
        due = Instant(start.kind, length.after(start), start.zone)
    except UnreadableTime:
        return None
    return due if due.in_range else None


def _status(component: Component, percent: int) -> Status:
    status = _STATES.get(component.word("STATUS"))
    if status is not None:
        return status
    if percent == _DONE or component.first("COMPLETED") is not None:
        return Status.DONE
    return Status.IN_PROGRESS if percent else Status.TODO


def _completed(component: Component, around: Surroundings) -> datetime | None:
    completed = _time(component, "COMPLETED", around)
    return None if completed is None else completed.moment(around.home)


def _priority(rank: int) -> Priority:
    """Return what the ranks of RFC 5545 stand for: 1 is the highest, 9 the lowest."""
    if rank == 0:
        return Priority.NONE
    if rank == 1:
        return Priority.URGENT
    if rank < _MEDIUM:
        return Priority.HIGH
    return Priority.MEDIUM if rank == _MEDIUM else Priority.LOW
