"""Series of a calendar for tests."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from domain.productivity.calendar_event import CalendarEvent
from domain.productivity.calendar_event_terms import TimeKind
from domain.shared.record import Origin
from domain.shared.values import new_id


def wall(text: str) -> datetime:
    """Return a time on the wall: it has no zone."""
    return datetime.fromisoformat(text)


START = wall("2026-01-05 09:00")  # a Monday
END = wall("2026-01-05 10:00")
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
MIDNIGHT = wall("2026-01-05")


def an_event(start_local: datetime = START, end_local: datetime | None = END, **fields: Any) -> CalendarEvent:
    zone: dict[str, Any] = {"time_kind": TimeKind.ZONED, "timezone": "Europe/Berlin"}
    origin = Origin(new_id())
    return CalendarEvent.schedule(
        origin, "Breakfast", start_local=start_local, end_local=end_local, **(zone | fields)
    )


def a_day(
    start_local: datetime = MIDNIGHT, end_local: datetime | None = None, **fields: Any
) -> CalendarEvent:
    return an_event(start_local, end_local, time_kind=TimeKind.ALL_DAY, timezone=None, **fields)
