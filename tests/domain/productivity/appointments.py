"""Calendar events for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from domain.productivity.calendar_event import CalendarEvent
from domain.productivity.calendar_event_terms import TimeKind
from domain.shared.record import Origin, Source
from domain.shared.values import new_id

START = datetime.fromisoformat("2026-01-05 09:00")  # a Monday
END = START + timedelta(hours=1)
WEEK = timedelta(weeks=1)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
BERLIN: dict[str, Any] = {
    "time_kind": TimeKind.ZONED,
    "start_local": START,
    "end_local": END,
    "timezone": "Europe/Berlin",
}


def an_event(title: str = "Breakfast", **fields: Any) -> CalendarEvent:
    return CalendarEvent.schedule(Origin(new_id()), title, **(BERLIN | fields))


def an_imported_event(**fields: Any) -> CalendarEvent:
    origin = Origin(new_id(), source=Source("ical", "7"))
    return CalendarEvent.schedule(origin, "Breakfast", **(BERLIN | fields))


def refresh(event: CalendarEvent, title: str = "Breakfast", **fields: Any) -> None:
    event.refresh(title, **(BERLIN | fields))
