"""Visits and trips of a day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.personal import location
from domain.personal.location import LocationDay
from domain.personal.location_terms import (
    EndsBeforeItStarts,
    Motion,
    OffTheDay,
    PartKnown,
    PlaceMeaning,
    TripsOverlap,
    VisitIsDismissed,
    VisitsOverlap,
    VisitStatus,
)
from domain.shared.errors import ItemNotFound
from domain.shared.record import TooMany
from domain.shared.values import new_id
from tests.domain.personal.days import DEGREE_M, NOON, at, begun, hours


def with_visit(**details: Any) -> tuple[LocationDay, UUID]:
    record = begun()
    visit_id = new_id()
    visit: dict[str, Any] = {"arrived_at": NOON, "latitude": 1.0, "longitude": 2.0, "visit_id": visit_id}
    record.detect_visit(**(visit | details))
    return record, visit_id


def test_detected_visit_waits_for_the_person() -> None:
    record, visit_id = with_visit(left_at=NOON + hours(1), place_name="Library", confidence=0.6)
    (visit,) = record.visits
    assert (visit.id, visit.place_name, visit.confidence) == (visit_id, "Library", 0.6)
    assert (visit.status, visit.semantic) == (VisitStatus.DETECTED, PlaceMeaning.UNKNOWN)
    record.confirm_visit(visit_id)
    record.confirm_visit(visit_id)
    assert (record.visits[0].status, record.version) == (VisitStatus.CONFIRMED, 3)


def test_same_visit_again_is_no_event_and_another_under_its_id_is_refused() -> None:
    record, visit_id = with_visit(left_at=NOON + hours(1))
    record.detect_visit(NOON, latitude=1.0, longitude=2.0, left_at=NOON + hours(1), visit_id=visit_id)
    assert record.version == 2
    with pytest.raises(PartKnown):
        record.detect_visit(NOON + hours(2), latitude=1.0, longitude=2.0, visit_id=visit_id)


@pytest.mark.parametrize(
    ("arrived", "left", "overlaps"),
    [
        (-2, -1, False),
        (-1, 0, False),
        (-1, 0.5, True),
        (0.2, 0.5, True),
        (-1, 3, True),
        (1, 2, False),
        (0.5, None, True),
        (1, None, False),
        (-1, None, True),
    ],
)
def test_visits_do_not_overlap(arrived: float, left: float | None, *, overlaps: bool) -> None:
    record, _ = with_visit(left_at=NOON + hours(1))
    left_at = None if left is None else NOON + hours(left)
    if not overlaps:
        record.detect_visit(NOON + hours(arrived), left_at=left_at, latitude=1, longitude=2)
        assert len(record.visits) == 2
        return
    with pytest.raises(VisitsOverlap):
        record.detect_visit(NOON + hours(arrived), left_at=left_at, latitude=1, longitude=2)


def test_visit_still_going_on_leaves_no_room_after_it() -> None:
    record, _ = with_visit()
    with pytest.raises(VisitsOverlap):
        record.detect_visit(NOON + hours(3), latitude=1, longitude=2)


def test_dismissed_visit_frees_its_time_and_stays_dismissed() -> None:
    record, visit_id = with_visit()
    record.dismiss_visit(visit_id, "traffic jam")
    record.dismiss_visit(visit_id)
    assert (record.visits[0].status, record.version) == (VisitStatus.DISMISSED, 3)
    record.detect_visit(NOON, latitude=1, longitude=2)
    with pytest.raises(VisitIsDismissed):
        record.confirm_visit(visit_id)
    with pytest.raises(VisitIsDismissed):
        record.correct_visit(visit_id, place_name="Home")


def test_corrected_visit_is_confirmed_and_keeps_the_rest() -> None:
    record, visit_id = with_visit(left_at=NOON + hours(1), place_name="Libary", country="DE")
    record.correct_visit(
        visit_id, place_name="Library", semantic=PlaceMeaning.SCHOOL, left_at=NOON + hours(2)
    )
    (visit,) = record.visits
    assert (visit.place_name, visit.semantic, visit.status) == (
        "Library",
        PlaceMeaning.SCHOOL,
        VisitStatus.CONFIRMED,
    )
    assert (visit.arrived_at, visit.left_at, visit.country) == (NOON, NOON + hours(2), "DE")
    record.correct_visit(visit_id, place_name="Library")
    assert record.version == 3


def test_corrected_visit_does_not_run_into_another() -> None:
    record, visit_id = with_visit(left_at=NOON + hours(1))
    record.detect_visit(NOON + hours(2), latitude=1, longitude=2)
    with pytest.raises(VisitsOverlap):
        record.correct_visit(visit_id, left_at=NOON + hours(3))
    with pytest.raises(EndsBeforeItStarts):
        record.correct_visit(visit_id, left_at=NOON - hours(1))
    assert record.visits[0].left_at == NOON + hours(1)


def test_visit_ends_after_it_starts_and_touches_the_day() -> None:
    with pytest.raises(EndsBeforeItStarts):
        with_visit(left_at=NOON - hours(1))
    with pytest.raises(OffTheDay):
        with_visit(arrived_at=NOON + hours(25))
    with pytest.raises(OffTheDay):
        with_visit(arrived_at=NOON - hours(60), left_at=NOON - hours(48))
    overnight, _ = with_visit(arrived_at=NOON - hours(40), left_at=NOON)
    assert len(overnight.visits) == 1


def test_unknown_visit_or_trip_is_not_found() -> None:
    record, _ = with_visit()
    for verb in (record.confirm_visit, record.correct_visit, record.dismiss_visit):
        with pytest.raises(ItemNotFound):
            verb(new_id())
    with pytest.raises(ItemNotFound):
        record.correct_trip_mode(new_id(), Motion.BUS)


def test_visits_and_trips_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(location, "MAX_VISITS", 1)
    monkeypatch.setattr(location, "MAX_TRIPS", 1)
    record, _ = with_visit(left_at=NOON + hours(1))
    with pytest.raises(TooMany):
        record.detect_visit(NOON + hours(2), latitude=1, longitude=2)
    record.detect_trip(NOON, ended_at=NOON + hours(1))
    with pytest.raises(TooMany):
        record.detect_trip(NOON + hours(1), ended_at=NOON + hours(2))


def test_trip_keeps_its_given_length() -> None:
    record, trip_id = begun(), new_id()
    record.detect_trip(
        NOON, ended_at=NOON + hours(1), mode=Motion.TRAIN, distance_m=5.0, to_name="Work", trip_id=trip_id
    )
    (trip,) = record.trips
    assert (trip.id, trip.mode, trip.distance_m, trip.to_name) == (trip_id, Motion.TRAIN, 5.0, "Work")


def test_trip_is_measured_on_its_accurate_points() -> None:
    record = begun(
        at(0),
        at(600, latitude=0.01, longitude=0.02, horizontal_accuracy_m=5000.0),
        at(900, latitude=0.5, horizontal_accuracy_m=5001.0),
        at(1200, latitude=0.02),
        at(9000, latitude=0.1),
    )
    record.detect_trip(NOON, ended_at=NOON + timedelta(seconds=1200))
    assert record.trips[0].distance_m == pytest.approx(2 * 0.05**0.5 * 0.1 * DEGREE_M, rel=0.001)


def test_trips_do_not_overlap_and_end_after_they_start() -> None:
    record = begun()
    record.detect_trip(NOON, ended_at=NOON + hours(1))
    record.detect_trip(NOON + hours(1), ended_at=NOON + hours(2))
    with pytest.raises(TripsOverlap):
        record.detect_trip(NOON + hours(0.5), ended_at=NOON + hours(0.6))
    with pytest.raises(EndsBeforeItStarts):
        record.detect_trip(NOON + hours(4), ended_at=NOON + hours(3))
    with pytest.raises(OffTheDay):
        record.detect_trip(NOON + hours(40), ended_at=NOON + hours(41))
    assert len(record.trips) == 2


def test_same_trip_again_is_no_event_and_another_under_its_id_is_refused() -> None:
    record, trip_id = begun(), new_id()
    for _ in range(2):
        record.detect_trip(NOON, ended_at=NOON + hours(1), trip_id=trip_id)
    assert record.version == 2
    with pytest.raises(PartKnown):
        record.detect_trip(NOON + hours(2), ended_at=NOON + hours(3), trip_id=trip_id)


def test_mode_of_a_trip_is_corrected_once() -> None:
    record, trip_id = begun(), new_id()
    record.detect_trip(NOON, ended_at=NOON + hours(1), mode=Motion.BUS, trip_id=trip_id)
    record.detect_trip(NOON + hours(1), ended_at=NOON + hours(2), mode=Motion.BUS)
    record.correct_trip_mode(trip_id, Motion.TRAM)
    record.correct_trip_mode(trip_id, Motion.TRAM)
    assert [trip.mode for trip in record.trips] == [Motion.TRAM, Motion.BUS]
    assert record.version == 4
