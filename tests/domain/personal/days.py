"""Days of places for tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from domain.personal.location import LocationDay
from domain.personal.location_terms import Point
from domain.shared.record import Origin
from domain.shared.values import new_id
from tests.domain.shelf import Shelf

DAY = date(2026, 3, 10)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 11, tzinfo=UTC)  # that ends DAY
DEGREE_M = 111_195.08  # of latitude, on a globe of the mean radius


def at(seconds: float, latitude: float = 0.0, longitude: float = 0.0, **details: Any) -> Point:
    return Point(NOON + timedelta(seconds=seconds), latitude, longitude, **details)


def begun(*points: Point, day: date = DAY, device: str = "phone") -> LocationDay:
    return LocationDay.record_batch(Origin(new_id()), day=day, device=device, points=points or (at(0),))


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


class Days(Shelf):
    """The days of one person's devices."""

    @property
    def days(self) -> list[LocationDay]:
        return [each for each in self.records.values() if isinstance(each, LocationDay)]

    def begin(self, day: date = DAY, device: str = "phone") -> LocationDay:
        """Return a new day among the others."""
        point = replace(at(0), recorded_at=datetime.combine(day, time(12), UTC))
        record = LocationDay.record_batch(
            Origin(new_id(), peers=self), day=day, device=device, points=(point,)
        )
        self.add(record)
        return record


class Stay(NamedTuple):
    """A visit told on the record of a day; the times are hours from the midnight at which DAY ends."""

    arrived: float
    left: float | None
    day: int = 0
    """0 is DAY, 1 the day after it."""
    device: str = "phone"

    @property
    def date(self) -> date:
        return DAY + timedelta(days=self.day)

    @property
    def told(self) -> dict[str, Any]:
        """The arguments of its command."""
        return {
            "arrived_at": MIDNIGHT + hours(self.arrived),
            "left_at": None if self.left is None else MIDNIGHT + hours(self.left),
            "latitude": 1.0,
            "longitude": 2.0,
        }


OVERLAPPING: Mapping[str, tuple[Stay, Stay]] = {
    "around midnight": (Stay(-1, 1), Stay(0.5, 2, day=1)),
    "one within the other": (Stay(-8, 9), Stay(1, 2, day=1)),
    "told on its last day": (Stay(-3, -2), Stay(-4, 36, day=2)),
    "told on the day after, as it is east of here": (Stay(-10, -9), Stay(-10.5, 36, day=3)),
    "told on the day before, as it is west of here": (Stay(-37, 11, day=-2), Stay(10.5, 12, day=1)),
    "still going on": (Stay(-6, None), Stay(8, 9, day=1)),
    "both still going on": (Stay(-6, None), Stay(30, None, day=1)),
    "a device written in two ways": (
        Stay(-1, 1, device="t\u00e9l\u00e9phone"),
        Stay(0.5, 2, day=1, device="te\u0301le\u0301phone"),
    ),
}
APART: Mapping[str, tuple[Stay, Stay]] = {
    "one after the other": (Stay(-1, 1), Stay(1, 2, day=1)),
    "two devices": (Stay(-1, 1), Stay(0.5, 2, day=1, device="watch")),
    "going on for longer than a visit may": (Stay(-6, None), Stay(42, 43, day=2)),
}
