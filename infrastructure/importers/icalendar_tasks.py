"""Makes tasks of VTODOs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from domain.productivity.calendar_event_terms import TimeKind
from domain.productivity.task_terms import Priority, Status
from infrastructure.importers.content_lines import Component
from infrastructure.importers.draft import Draft
from infrastructure.importers.icalendar_series import kept_rule, rule_in_words, unknown_zone
from infrastructure.importers.icalendar_times import Instant, UnreadableTime, duration, instant
from infrastructure.importers.icalendar_words import (
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
_DONE = 100
_MEDIUM = 5


@dataclass(frozen=True, slots=True)
class _Due:
    day: date | None = None
    at: datetime | None = None
    zone: str | None = None


def parent_of(component: Component) -> str:
    """Return the UID of the task that a task is part of, empty where it is part of none."""
    parents = (
        line for line in component.all("RELATED-TO") if line.param("RELTYPE").upper() in {"", "PARENT"}
    )
    return next((uid for line in parents if (uid := one_line(line.text, LINE_CHARACTERS))), "")


def task_of(uid: str, component: Component, around: Surroundings, whole: str = "") -> Draft:
    """Return the task; a changed occurrence of a recurring one is a task of its own.

    ``whole`` is the title of the task that it is part of: which record that is, no draft can say.
    """
    recurrence = component.text("RECURRENCE-ID").strip()
    name = source_name(uid, recurrence) if uid else entry_digest(component)
    said = _said(component, around, whole)
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
    )


def _said(component: Component, around: Surroundings, whole: str) -> dict[str, Any]:
    start = _time(component, "DTSTART", around)
    due = _due(component, start, around)
    start_on = None if start is None else start.local.date()
    last = due.day if due.at is None else due.at.date()
    if start_on is not None and last is not None and start_on > last:
        start_on = None
    percent = min(component.number("PERCENT-COMPLETE") or 0, _DONE)
    status = _status(component, percent)
    first = start if due.at is None else Instant(TimeKind.FLOATING, due.at, due.zone)
    if first is None and due.day is not None:
        first = Instant(TimeKind.ALL_DAY, datetime.combine(due.day, time.min))
    if first is None:
        lines = (line for line in component.all("RRULE") if line.value.strip())
        rule, remarks = None, tuple(map(rule_in_words, lines))
    else:
        rule, remarks = kept_rule(component, first, around.zones)
    if due.at is not None and due.zone is None:
        remarks = (*unknown_zone(component.first("DUE", "DTSTART")), *remarks)
    if whole:
        remarks = (f"Part of: {whole}", *remarks)
    return {
        "title": title_of_task(component),
        "notes": _notes(component, remarks),
        "priority": _priority(component.number("PRIORITY") or 0),
        "start_on": start_on,
        "due": due.day,
        "due_at": due.at,
        "timezone": due.zone,
        "recurrence": rule,
        "status": status,
        "completed_at": _completed(component, around) if status is Status.DONE else None,
        "percent_complete": _DONE if status is Status.DONE else min(percent, _DONE - 1),
    }


def title_of_task(component: Component) -> str:
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


def _due(component: Component, start: Instant | None, around: Surroundings) -> _Due:
    due = _time(component, "DUE", around) or _after(component, start)
    if due is None:
        return _Due()
    if due.kind is TimeKind.ALL_DAY:
        return _Due(due.local.date())
    return _Due(due.local.date(), due.local, "UTC" if due.kind is TimeKind.UTC else due.zone)


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
