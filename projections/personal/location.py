"""What can be asked of the person's days and ways."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time

from domain.personal import location_terms
from domain.personal.location import LocationDay
from projections import places
from projections.record_table import RecordTable
from projections.timeline import Moment, on_timeline
from projections.view import Derived, Row, Tally, View

_METRES = 1000
_NAME_LENGTH = 200  # characters; an index entry holds no more than 2,700 bytes


def _moment(day: LocationDay) -> Moment:
    at = day.first_at or datetime.combine(day.day, time(), UTC)
    return Moment(at, f"{day.distance_m / _METRES:.1f} km", f"{day.point_count} points")


def _name(visit: location_terms.Visit) -> str:
    """Return what a place is called; a nameless one by its coordinates, to about a hundred metres."""
    return visit.place_name[:_NAME_LENGTH] or f"{visit.latitude:.3f}, {visit.longitude:.3f}"


def _visits(day: LocationDay) -> Iterator[Row]:
    for number, visit in enumerate(day.visits):
        if visit.status is not location_terms.VisitStatus.DISMISSED:
            yield (number, _name(visit), visit.latitude, visit.longitude, visit.arrived_at, visit.left_at)


def _places(day: LocationDay) -> Iterator[tuple[Row, Row]]:
    for visit in day.visits:
        if visit.status is not location_terms.VisitStatus.DISMISSED:
            stayed = (visit.left_at or visit.arrived_at) - visit.arrived_at
            yield (_name(visit),), (1, round(stayed.total_seconds() / 60))


VIEW = View(
    LocationDay,
    RecordTable(
        LocationDay, "location_days", orders=("day",), listed=("day", "device", "point_count", "distance_m")
    ),
    kept_from=lambda record: _moment(record).at,
    derived=(on_timeline(_moment), Derived(places.VISITS, _visits)),
    tallies=(Tally(places.PLACES, _places),),
)
