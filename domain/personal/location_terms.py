"""The words of a day of places: points, visits, trips, distances on the globe and the rules they keep."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from math import asin, cos, radians, sin, sqrt
from typing import Annotated, TypeAlias

from pydantic import Field

from domain.shared.errors import IllegalTransition, RuleBroken
from domain.shared.values import Country, Fraction, Id, Latitude, Line, Longitude, Moment, Name, Percent

MAX_POINTS = 200_000  # a day; two a second is what the keenest tracker writes
MAX_VISITS = 500
MAX_TRIPS = 500
LONGEST_VISIT = timedelta(days=2)  # bounds the days whose visits can meet one

EARTH_RADIUS_M = 6_371_008.8  # the mean radius (IUGG)
OUTLIER_SPEED_MPS = 1200 / 3.6
TRIP_ACCURACY_M = 5000.0
SAME_MOMENT = timedelta(milliseconds=1)
WEST_OF_ALL = timedelta(hours=-12)  # the offsets of the last and the first place on Earth where a day begins
EAST_OF_ALL = timedelta(hours=14)

Metres = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Altitude = Annotated[float, Field(ge=-12_000, le=1e7, allow_inf_nan=False)]
Speed = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]
ClimbRate = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
Heading = Annotated[float, Field(ge=0, le=360, allow_inf_nan=False)]


class Motion(StrEnum):
    """How the device moved; also the mode of a trip."""

    STATIONARY = "stationary"
    WALKING = "walking"
    RUNNING = "running"
    CYCLING = "cycling"
    DRIVING = "driving"
    BUS = "bus"
    TRAIN = "train"
    SUBWAY = "subway"
    TRAM = "tram"
    FERRY = "ferry"
    FLYING = "flying"
    SKIING = "skiing"
    UNKNOWN = "unknown"


class Sensor(StrEnum):
    GPS = "gps"
    WIFI = "wifi"
    CELL = "cell"
    FUSED = "fused"
    MANUAL = "manual"
    PHOTO_EXIF = "photo_exif"
    CHECKIN = "checkin"


class Charging(StrEnum):
    UNKNOWN = "unknown"
    UNPLUGGED = "unplugged"
    CHARGING = "charging"
    FULL = "full"


class Connectivity(StrEnum):
    WIFI = "wifi"
    MOBILE = "mobile"
    OFFLINE = "offline"


class VisitStatus(StrEnum):
    DETECTED = "detected"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"


class PlaceMeaning(StrEnum):
    """What a place is to the person."""

    HOME = "home"
    WORK = "work"
    SCHOOL = "school"
    OTHER = "other"
    UNKNOWN = "unknown"


class EmptyBatch(RuleBroken):
    """A day begins with at least one point."""


class OffTheDay(RuleBroken):
    """A point, visit or trip does not lie on this day anywhere on Earth."""


class EndsBeforeItStarts(RuleBroken):
    """A visit or trip must not end before it starts."""


class VisitsOverlap(RuleBroken):
    """A device is at one place at a time: visits must not overlap."""


class VisitTooLong(RuleBroken):
    """A visit lasts two days at most: a longer stay is told in several visits."""


class TripsOverlap(RuleBroken):
    """A device makes one trip at a time: trips must not overlap."""


class PartKnown(RuleBroken):
    """The day has another visit or trip under this id."""


class VisitIsDismissed(IllegalTransition):
    """The visit was dismissed."""


@dataclass(frozen=True, slots=True)
class Point:
    """Where a device was at a moment (WGS 84); what the device did not say is None.

    A point without a time (GPX allows it) has no place here: nothing says which day it belongs to. The
    moment should carry the offset that held where the point was taken.
    """

    recorded_at: Moment
    latitude: Latitude
    longitude: Longitude
    altitude_m: Altitude | None = None
    horizontal_accuracy_m: Metres | None = None
    vertical_accuracy_m: Metres | None = None
    speed_mps: Speed | None = None
    heading_deg: Heading | None = None
    vertical_speed_mps: ClimbRate | None = None
    motion: Motion | None = None
    activity_confidence: Fraction | None = None
    sensor: Sensor | None = None
    battery_percent: Percent | None = None
    charging: Charging | None = None
    connectivity: Connectivity | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """A stay at a place; without ``left_at`` it still goes on."""

    id: Id
    latitude: Latitude
    longitude: Longitude
    arrived_at: Moment
    left_at: Moment | None
    place_name: Line
    address: Line
    country: Country | None
    confidence: Fraction | None
    status: VisitStatus
    semantic: PlaceMeaning

    @property
    def until(self) -> datetime:
        """When it is over; for one that still goes on, when it has to be."""
        return self.must_end if self.left_at is None else self.left_at

    @property
    def must_end(self) -> datetime:
        """When it would be longer than a visit may be: not two days later on a clock that is changed meanwhile."""
        return self.arrived_at.astimezone(UTC) + LONGEST_VISIT


@dataclass(frozen=True, slots=True)
class Trip:
    """A way from one place to another."""

    id: Id
    started_at: Moment
    ended_at: Moment
    mode: Motion
    distance_m: Metres
    from_name: Name | None = None
    to_name: Name | None = None


PointKey: TypeAlias = tuple[datetime, int, int]


def key_of(point: Point) -> PointKey:
    """Return what makes a point the same as another of its device: the millisecond and the place to 1e-6 degrees."""
    moment = point.recorded_at
    return (
        moment.replace(microsecond=moment.microsecond // 1000 * 1000),
        round(point.latitude * 1_000_000),
        round(point.longitude * 1_000_000),
    )


def new_points(known: Iterable[Point], batch: Sequence[Point]) -> tuple[Point, ...]:
    """Return the points of a batch that are not known yet, by time; points of one moment keep their order."""
    if not batch:
        return ()
    moments = [point.recorded_at for point in batch]
    earliest, latest = min(moments) - SAME_MOMENT, max(moments) + SAME_MOMENT
    seen = {key_of(point) for point in known if earliest <= point.recorded_at <= latest}
    found = []
    for point in batch:
        key = key_of(point)
        if key not in seen:
            seen.add(key)
            found.append(point)
    return in_order(found)


def in_order(points: Iterable[Point]) -> tuple[Point, ...]:
    """Return the points by time; sorting is stable, so points of one moment keep their order."""
    return tuple(sorted(points, key=lambda point: point.recorded_at))


def metres_between(one: Point, other: Point) -> float:
    """Return the great-circle distance (haversine)."""
    north, other_north = radians(one.latitude), radians(other.latitude)
    east = radians(other.longitude - one.longitude)
    half = sin((other_north - north) / 2) ** 2 + cos(north) * cos(other_north) * sin(east / 2) ** 2
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(half)))


def walk(points: Sequence[Point]) -> tuple[float, list[int]]:
    """Return the length in metres of the way through points in order, and the indices of the outliers on it.

    An outlier could only be reached from the last good point faster than 1,200 km/h; the way leaves it out.
    Less than a second counts as one: clocks are coarser than positions.
    """
    total = 0.0
    outliers = []
    last: Point | None = None
    for index, point in enumerate(points):
        if last is not None:
            metres = metres_between(last, point)
            seconds = max(1.0, (point.recorded_at - last.recorded_at).total_seconds())
            if metres > OUTLIER_SPEED_MPS * seconds:
                outliers.append(index)
                continue
            total += metres
        last = point
    return total, outliers


def way_between(points: Iterable[Point], start: datetime, end: datetime) -> float:
    """Return the length in metres of a trip, measured on the points that are not too inaccurate for it."""
    used = [
        point
        for point in points
        if start <= point.recorded_at <= end and (point.horizontal_accuracy_m or 0) <= TRIP_ACCURACY_M
    ]
    distance, _ = walk(in_order(used))
    return distance


def require_day(day: date, points: Sequence[Point]) -> None:
    """Check the ends of points in order: what is between them is on the day if they are."""
    for point in (points[0], points[-1]):
        require_span(day, point.recorded_at, point.recorded_at)


def require_span(day: date, start: datetime, end: datetime) -> None:
    """Raise EndsBeforeItStarts, OffTheDay."""
    if end < start:
        raise EndsBeforeItStarts
    if not touches(day, start, end):
        raise OffTheDay


def touches(day: date, start: datetime, end: datetime) -> bool:
    """Return whether a span has a moment of the calendar day at some offset in use on Earth."""
    midnight = datetime.combine(day, time(), UTC)
    begins, ends = midnight - EAST_OF_ALL, midnight + timedelta(days=1) - WEST_OF_ALL
    return start < ends and end >= begins


def days_near(visit: Visit) -> Iterator[date]:
    """Yield the days that can have a visit which shares time with this one.

    Such a visit has a moment of its day, be it its last one, and is no longer than a visit may be.
    """
    start = visit.arrived_at.astimezone(UTC) - LONGEST_VISIT
    end = min(visit.until, visit.must_end).astimezone(UTC) + LONGEST_VISIT
    first, last = (start + WEST_OF_ALL).date(), (end + EAST_OF_ALL).date()
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def overlap(start: datetime, end: datetime | None, other_start: datetime, other_end: datetime | None) -> bool:
    """Return whether two spans share time; one without end goes on for ever."""
    return (other_end is None or start < other_end) and (end is None or other_start < end)
