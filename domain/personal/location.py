"""Where a device was on one day: its points, and the visits and trips found in them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, ClassVar, TypeVar
from uuid import UUID

from domain.personal.location_terms import (
    MAX_POINTS,
    MAX_TRIPS,
    MAX_VISITS,
    EmptyBatch,
    Metres,
    Motion,
    PartKnown,
    PlaceMeaning,
    Point,
    Trip,
    TripsOverlap,
    Visit,
    VisitIsDismissed,
    VisitsOverlap,
    VisitStatus,
    VisitTooLong,
    days_near,
    in_order,
    new_points,
    overlap,
    require_day,
    require_span,
    walk,
    way_between,
)
from domain.shared.content import Content
from domain.shared.errors import ItemNotFound
from domain.shared.known import told
from domain.shared.peers import Claim
from domain.shared.record import Origin, TooMany, peers_of
from domain.shared.values import (
    LEDGER_ONLY,
    Country,
    Day,
    Fraction,
    Id,
    Label,
    Latitude,
    Line,
    Longitude,
    Many,
    Moment,
    Name,
    new_id,
    text_key,
)

P = TypeVar("P", Visit, Trip)


class LocationDay(Content):
    """A device's day, by the calendar of the place where it was.

    The points are in the ledger only. Everything else in the state can be kept up without them: a projection
    applies an event to a day that has none.
    """

    KIND: ClassVar[str] = "location"

    day: date
    device: str
    points: Annotated[tuple[Point, ...], LEDGER_ONLY] = ()
    """In the order of their batches; within a batch by time."""
    outliers: Annotated[tuple[int, ...], LEDGER_ONLY] = ()
    """The places in ``points`` of those that cannot be true."""
    point_count: int = 0
    outlier_count: int = 0
    min_latitude: float | None = None
    max_latitude: float | None = None
    min_longitude: float | None = None
    """The box is the plain one: a day that crosses the 180th meridian has a box around the Earth."""
    max_longitude: float | None = None
    first_at: datetime | None = None
    last_at: datetime | None = None
    last_latitude: float | None = None
    last_longitude: float | None = None
    distance_m: float = 0.0
    visits: tuple[Visit, ...] = ()
    trips: tuple[Trip, ...] = ()

    class Event(Content.Event):
        """Any event of a day of places."""

    class BatchRecorded(Event, Content.Created):
        TOPIC = "location.batch_recorded"
        day: date
        device: str
        points: tuple[Point, ...]
        distance_m: float

        def apply(self, location: LocationDay) -> None:
            location._take_in(self.points)

    class BatchAdded(Event):
        TOPIC = "location.batch_added"
        BY_SOURCE = True
        points: tuple[Point, ...]
        distance_m: float
        """Of the whole day: a late batch may lie between earlier points, which a projection does not have."""

        def apply(self, location: LocationDay) -> None:
            location.points = (*location.points, *self.points)
            location.distance_m = self.distance_m
            location._take_in(self.points)

    class OutliersFlagged(Event):
        TOPIC = "location.outliers_flagged"
        indices: tuple[int, ...]

        def apply(self, location: LocationDay) -> None:
            location.outliers = (*location.outliers, *self.indices)
            location.outlier_count += len(self.indices)

    class VisitDetected(Event):
        TOPIC = "location.visit_detected"
        visit: Visit

        def apply(self, location: LocationDay) -> None:
            location.visits = (*location.visits, self.visit)

    class VisitConfirmed(Event):
        TOPIC = "location.visit_confirmed"
        visit_id: UUID

        def apply(self, location: LocationDay) -> None:
            visit = replace(location._visit(self.visit_id), status=VisitStatus.CONFIRMED)
            location.visits = _with(location.visits, visit)

    class VisitCorrected(Event):
        TOPIC = "location.visit_corrected"
        visit: Visit

        def apply(self, location: LocationDay) -> None:
            location.visits = _with(location.visits, self.visit)

    class VisitDismissed(Event):
        TOPIC = "location.visit_dismissed"
        visit_id: UUID
        reason: str

        def apply(self, location: LocationDay) -> None:
            visit = replace(location._visit(self.visit_id), status=VisitStatus.DISMISSED)
            location.visits = _with(location.visits, visit)

    class TripDetected(Event):
        TOPIC = "location.trip_detected"
        trip: Trip

        def apply(self, location: LocationDay) -> None:
            location.trips = (*location.trips, self.trip)

    class TripModeCorrected(Event):
        TOPIC = "location.trip_mode_corrected"
        trip_id: UUID
        mode: Motion

        def apply(self, location: LocationDay) -> None:
            trip = replace(location._trip(self.trip_id), mode=self.mode)
            location.trips = _with(location.trips, trip)

    @classmethod
    def record_batch(cls, origin: Origin, *, day: Day, device: Label, points: Many[Point]) -> LocationDay:
        """Begin a day; ``device`` is the id of a device's record or what the source calls it."""
        fresh = new_points((), points)
        if not fresh:
            raise EmptyBatch
        require_day(day, fresh)
        distance, _ = walk(fresh)
        return cls._begin(
            origin, cls.BatchRecorded, day=day, device=device, points=fresh, distance_m=distance
        )

    def add_batch(self, points: Many[Point]) -> None:
        """Add the points that the day does not have yet; nothing happens where it has them all."""
        fresh = new_points(self.points, points)
        if not fresh:
            return
        require_day(self.day, fresh)
        if len(self.points) + len(fresh) > MAX_POINTS:
            raise TooMany
        distance, _ = walk(in_order((*self.points, *fresh)))
        self.trigger_event(LocationDay.BatchAdded, points=fresh, distance_m=distance)

    def flag_outliers(self) -> None:
        """Flag the points that could only be reached faster than 1,200 km/h; ``distance_m`` never counts them."""
        by_time = sorted(range(len(self.points)), key=lambda index: self.points[index].recorded_at)
        _, found = walk([self.points[index] for index in by_time])
        indices = tuple(sorted({by_time[place] for place in found} - set(self.outliers)))
        if indices:
            self.trigger_event(LocationDay.OutliersFlagged, indices=indices)

    def detect_visit(
        self,
        arrived_at: Moment,
        *,
        latitude: Latitude,
        longitude: Longitude,
        left_at: Moment | None = None,
        place_name: Line = "",
        address: Line = "",
        country: Country | None = None,
        confidence: Fraction | None = None,
        semantic: PlaceMeaning = PlaceMeaning.UNKNOWN,
        visit_id: Id | None = None,
    ) -> None:
        visit = Visit(
            id=visit_id or new_id(),
            latitude=latitude,
            longitude=longitude,
            arrived_at=arrived_at,
            left_at=left_at,
            place_name=place_name,
            address=address,
            country=country,
            confidence=confidence,
            status=VisitStatus.DETECTED,
            semantic=semantic,
        )
        if visit in self.visits:
            return
        if any(each.id == visit.id for each in self.visits):
            raise PartKnown
        if len(self.visits) >= MAX_VISITS:
            raise TooMany
        self._require_room_for(visit)
        self.trigger_event(LocationDay.VisitDetected, visit=visit)

    def confirm_visit(self, visit_id: Id) -> None:
        if self._standing_visit(visit_id).status is not VisitStatus.CONFIRMED:
            self.trigger_event(LocationDay.VisitConfirmed, visit_id=visit_id)

    def correct_visit(
        self,
        visit_id: Id,
        *,
        arrived_at: Moment | None = None,
        left_at: Moment | None = None,
        latitude: Latitude | None = None,
        longitude: Longitude | None = None,
        place_name: Line | None = None,
        address: Line | None = None,
        country: Country | None = None,
        semantic: PlaceMeaning | None = None,
    ) -> None:
        """Say what a visit really was, which confirms it; None keeps what was detected."""
        visit = self._standing_visit(visit_id)
        corrected = replace(
            visit,
            arrived_at=told(arrived_at, visit.arrived_at),
            left_at=told(left_at, visit.left_at),
            latitude=told(latitude, visit.latitude),
            longitude=told(longitude, visit.longitude),
            place_name=told(place_name, visit.place_name),
            address=told(address, visit.address),
            country=told(country, visit.country),
            semantic=told(semantic, visit.semantic),
            status=VisitStatus.CONFIRMED,
        )
        if (corrected.arrived_at, corrected.left_at) != (visit.arrived_at, visit.left_at):
            self._require_room_for(corrected)
        if corrected != visit:
            self.trigger_event(LocationDay.VisitCorrected, visit=corrected)

    def dismiss_visit(self, visit_id: Id, reason: Line = "") -> None:
        """Say that there was no such visit; its time is free for another."""
        if self._visit(visit_id).status is not VisitStatus.DISMISSED:
            self.trigger_event(LocationDay.VisitDismissed, visit_id=visit_id, reason=reason)

    def detect_trip(
        self,
        started_at: Moment,
        *,
        ended_at: Moment,
        mode: Motion = Motion.UNKNOWN,
        distance_m: Metres | None = None,
        from_name: Name | None = None,
        to_name: Name | None = None,
        trip_id: Id | None = None,
    ) -> None:
        """Keep a trip; its length is measured on the day's points unless it is given."""
        if distance_m is None:
            distance_m = way_between(self.points, started_at, ended_at)
        trip = Trip(trip_id or new_id(), started_at, ended_at, mode, distance_m, from_name, to_name)
        if trip in self.trips:
            return
        if any(each.id == trip.id for each in self.trips):
            raise PartKnown
        if len(self.trips) >= MAX_TRIPS:
            raise TooMany
        require_span(self.day, started_at, ended_at)
        if any(overlap(started_at, ended_at, other.started_at, other.ended_at) for other in self.trips):
            raise TripsOverlap
        self.trigger_event(LocationDay.TripDetected, trip=trip)

    def correct_trip_mode(self, trip_id: Id, mode: Motion) -> None:
        if self._trip(trip_id).mode is not mode:
            self.trigger_event(LocationDay.TripModeCorrected, trip_id=trip_id, mode=mode)

    @property
    def claims(self) -> frozenset[Claim]:
        """One stream a device and day, be it in the trash."""
        return frozenset({_claim(self.device, self.day)})

    def _take_in(self, points: tuple[Point, ...]) -> None:
        """Keep up what is known of all points, from what was known and the new ones alone."""
        latitudes = [point.latitude for point in points]
        longitudes = [point.longitude for point in points]
        if self.min_latitude is not None and self.max_latitude is not None:
            latitudes += (self.min_latitude, self.max_latitude)
        if self.min_longitude is not None and self.max_longitude is not None:
            longitudes += (self.min_longitude, self.max_longitude)
        self.min_latitude, self.max_latitude = min(latitudes), max(latitudes)
        self.min_longitude, self.max_longitude = min(longitudes), max(longitudes)
        self.point_count += len(points)
        first, last = points[0], points[-1]
        if self.first_at is None or first.recorded_at < self.first_at:
            self.first_at = first.recorded_at
        if self.last_at is None or last.recorded_at >= self.last_at:
            self.last_at = last.recorded_at
            self.last_latitude, self.last_longitude = last.latitude, last.longitude

    def _visit(self, visit_id: UUID) -> Visit:
        return _found(self.visits, visit_id)

    def _standing_visit(self, visit_id: UUID) -> Visit:
        visit = self._visit(visit_id)
        if visit.status is VisitStatus.DISMISSED:
            raise VisitIsDismissed
        return visit

    def _trip(self, trip_id: UUID) -> Trip:
        return _found(self.trips, trip_id)

    def _require_room_for(self, visit: Visit) -> None:
        require_span(self.day, visit.arrived_at, visit.until)
        if visit.until > visit.must_end:
            raise VisitTooLong
        for other in _standing(self.visits):
            if other.id != visit.id and overlap(
                visit.arrived_at, visit.left_at, other.arrived_at, other.left_at
            ):
                raise VisitsOverlap
        self._require_apart((visit,))

    def _require_apart(self, visits: Collection[Visit]) -> None:
        """Check visits against those of the device's other days; a day in the trash has left its time to others."""
        near = {day for visit in visits for day in days_near(visit)} - {self.day}
        days = peers_of(self).holders(LocationDay, {_claim(self.device, day) for day in near})
        taken = [each for day in days if day.deleted_at is None for each in _standing(day.visits)]
        for visit in visits:
            if any(overlap(visit.arrived_at, visit.until, each.arrived_at, each.until) for each in taken):
                raise VisitsOverlap

    def _require_way_back(self) -> None:
        self._require_apart(_standing(self.visits))

    def _require_fit(self) -> None:
        if self.deleted_at is None:
            self._require_way_back()


def _claim(device: str, day: date) -> Claim:
    return Claim("location.day", f"{text_key(device)}:{day}")


def _standing(visits: Iterable[Visit]) -> tuple[Visit, ...]:
    return tuple(visit for visit in visits if visit.status is not VisitStatus.DISMISSED)


def _found(parts: tuple[P, ...], part_id: UUID) -> P:
    for part in parts:
        if part.id == part_id:
            return part
    raise ItemNotFound


def _with(parts: tuple[P, ...], changed: P) -> tuple[P, ...]:
    return tuple(changed if part.id == changed.id else part for part in parts)
