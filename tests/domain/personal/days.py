"""Days of places for tests."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from domain.personal.location import LocationDay
from domain.personal.location_terms import Point
from domain.shared.record import Origin
from domain.shared.values import new_id

DAY = date(2026, 3, 10)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DEGREE_M = 111_195.08  # of latitude, on a globe of the mean radius


def at(seconds: float, latitude: float = 0.0, longitude: float = 0.0, **details: Any) -> Point:
    return Point(NOON + timedelta(seconds=seconds), latitude, longitude, **details)


def begun(*points: Point, day: date = DAY, device: str = "phone") -> LocationDay:
    return LocationDay.record_batch(Origin(new_id()), day=day, device=device, points=points or (at(0),))


def hours(count: float) -> timedelta:
    return timedelta(hours=count)
