"""What can be asked of calendar events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from domain.productivity.calendar_event import CalendarEvent
from domain.productivity.calendar_event_terms import TimeKind
from domain.productivity.rule import RuleUnreadable, read_rule
from domain.shared.json_text import json_of
from domain.shared.values import LAST_YEAR
from projections import agenda
from projections.record_table import RecordTable
from projections.search import Words, in_search
from projections.timeline import Moment, on_timeline
from projections.view import Derived, Row, View


def _moment(event: CalendarEvent) -> Moment:
    zone = ZoneInfo(event.timezone) if event.time_kind is TimeKind.ZONED and event.timezone else UTC
    return Moment(event.start_local.replace(tzinfo=zone).astimezone(UTC), event.title, event.location)


def _words(event: CalendarEvent) -> Words:
    people = [text for each in event.attendees for text in (each.name, each.address) if text]
    return Words(event.title, "\n".join((event.location, event.description, *event.categories, *people)))


def _planned(event: CalendarEvent) -> Iterator[Row]:
    series = agenda.Series(
        event.time_kind, event.start_local, event.end_local, event.timezone, event.rrule, event.rdates,
        event.exdates, event.overrides, event.title, event.location, event.ical_status,
    )  # fmt: skip
    moved = [each.start_local for each in event.overrides if each.start_local is not None]
    moved_ends = [each.end_local for each in event.overrides if each.end_local is not None]
    length = (event.end_local or event.start_local) - event.start_local
    first = min((event.start_local, *event.rdates, *moved))
    last = _last_start(event)
    if last is not None:
        last = max((last, event.start_local, *event.rdates, *moved)) + max(length, agenda.ANY_ZONE * 2)
        last = _utc(max((last, *moved_ends))) + agenda.ANY_ZONE
    long = event.rrule is not None or bool(event.rdates) or length > agenda.LONG
    yield (long, _utc(first) - agenda.ANY_ZONE, last, json_of(series))


def _last_start(event: CalendarEvent) -> datetime | None:
    """Return a wall time that no start of the series is after, None where it may go on for ever."""
    if event.rrule is None:
        return event.start_local
    try:
        until = read_rule(event.start_local, event.rrule, event.timezone).until
    except RuleUnreadable:
        return event.start_local
    return None if until is None or until.year >= LAST_YEAR else until


def _utc(wall: datetime) -> datetime:
    return wall.replace(tzinfo=UTC)


VIEW = View(
    CalendarEvent,
    RecordTable(
        CalendarEvent,
        "calendar_events",
        filters=("calendar_name",),
        orders=("start_local",),
        listed=("start_local", "timezone", "title", "location"),
    ),
    derived=(on_timeline(_moment), in_search(_words), Derived(agenda.TABLE, _planned)),
)
