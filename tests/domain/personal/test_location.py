"""What a day of places keeps: each point once, a true distance, and visits and trips that do not overlap."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, get_type_hints
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.catalogue import events_of
from domain.personal import location, location_terms
from domain.personal.location import LocationDay
from domain.personal.location_terms import (
    EmptyBatch,
    EndsBeforeItStarts,
    Motion,
    OffTheDay,
    PartKnown,
    PlaceMeaning,
    Point,
    TripsOverlap,
    VisitIsDismissed,
    VisitsOverlap,
    VisitStatus,
    metres_between,
)
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput, ItemNotFound, RecordTrashed
from domain.shared.record import LEDGER_ONLY, Claim, Origin, TooMany, state_fields
from domain.shared.values import new_id

DAY = date(2026, 3, 10)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DEGREE_M = 111_195.08  # of latitude, on a globe of the mean radius


def at(seconds: float, latitude: float = 0.0, longitude: float = 0.0, **details: Any) -> Point:
    return Point(NOON + timedelta(seconds=seconds), latitude, longitude, **details)


def begun(*points: Point, day: date = DAY, device: str = "phone") -> LocationDay:
    return LocationDay.record_batch(Origin(new_id()), day=day, device=device, points=points or (at(0),))


def with_visit(**details: Any) -> tuple[LocationDay, UUID]:
    record = begun()
    visit_id = new_id()
    visit: dict[str, Any] = {"arrived_at": NOON, "latitude": 1.0, "longitude": 2.0, "visit_id": visit_id}
    record.detect_visit(**(visit | details))
    return record, visit_id


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def replayed(record: LocationDay) -> LocationDay:
    state: Any = None
    for event in record.pending_events:
        state = event.mutate(state)
    return state  # type: ignore[no-any-return]


def state_of(record: LocationDay, *, but: frozenset[str] = frozenset()) -> dict[str, Any]:
    return {
        name: getattr(record, name) for name in (*state_fields(LocationDay), "version") if name not in but
    }


def ledger_only() -> frozenset[str]:
    hints = get_type_hints(LocationDay, include_extras=True)
    return frozenset(name for name, hint in hints.items() if LEDGER_ONLY in getattr(hint, "__metadata__", ()))


# Points ------------------------------------------------------------------------------------------------


def test_batch_begins_the_day_with_its_box_and_its_ends() -> None:
    record = begun(at(20, 48.1, 11.6), at(0, 48.2, 11.5), at(10, 48.0, 11.7, altitude_m=520.0))
    assert record.pending_events[0].TOPIC == "location.batch_recorded"  # type: ignore[attr-defined]
    assert record.point_count == 3
    assert (record.min_latitude, record.max_latitude) == (48.0, 48.2)
    assert (record.min_longitude, record.max_longitude) == (11.5, 11.7)
    assert (record.first_at, record.last_at) == (NOON, NOON + timedelta(seconds=20))
    assert (record.last_latitude, record.last_longitude) == (48.1, 11.6)
    assert [point.latitude for point in record.points] == [48.2, 48.0, 48.1]
    assert record.points[1].altitude_m == 520.0


def test_day_belongs_to_one_device() -> None:
    assert begun(device="watch").claims == {Claim("location.day", "watch:2026-03-10")}


def test_batch_without_points_begins_no_day() -> None:
    with pytest.raises(EmptyBatch):
        LocationDay.record_batch(Origin(new_id()), day=DAY, device="phone", points=())


def test_later_batch_grows_the_day() -> None:
    record = begun(at(0, 10, 10))
    record.add_batch((at(3600, 11, 9),))
    assert record.pending_events[1].TOPIC == "location.batch_added"  # type: ignore[attr-defined]
    assert (record.point_count, len(record.points)) == (2, 2)
    assert (record.min_latitude, record.max_latitude, record.min_longitude, record.max_longitude) == (
        10,
        11,
        9,
        10,
    )
    assert (record.last_at, record.last_latitude) == (NOON + hours(1), 11)


def test_late_batch_leaves_the_last_position_alone() -> None:
    record = begun(at(3600, 11, 9))
    record.add_batch((at(0, 10, 10),))
    assert (record.first_at, record.last_at) == (NOON, NOON + hours(1))
    assert (record.last_latitude, record.last_longitude) == (11, 9)


def test_batch_with_nothing_new_is_no_event() -> None:
    points = (at(0, 1, 1), at(10, 2, 2))
    record = begun(*points)
    record.add_batch(points)
    record.add_batch(())
    assert (record.version, record.point_count) == (1, 2)


def test_batch_keeps_only_its_new_points() -> None:
    record = begun(at(0, 1, 1))
    record.add_batch((at(0, 1, 1), at(10, 1, 1)))
    assert record.pending_events[1].points == (at(10, 1, 1),)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("other", "count"),
    [
        (at(0.0004, 1.0, 1.0), 1),  # the same millisecond
        (at(0.001, 1.0, 1.0), 2),
        (at(0, 1.0000004, 1.0), 1),  # the same millionth of a degree
        (at(0, 1.000001, 1.0), 2),
        (at(0, 1.0, 0.999999), 2),
        (at(0, 1.0, 1.0, altitude_m=3.0), 1),
    ],
)
def test_point_is_the_same_by_millisecond_and_millionth_of_a_degree(other: Point, count: int) -> None:
    assert begun(at(0, 1.0, 1.0), other).point_count == count
    grown = begun(at(0, 1.0, 1.0))
    grown.add_batch((other,))
    assert grown.point_count == count


def test_same_moment_at_another_offset_is_the_same_point() -> None:
    there = Point(NOON.astimezone(timezone(hours(5))), 1.0, 1.0)
    assert begun(at(0, 1.0, 1.0), there).point_count == 1


def test_points_of_one_moment_keep_the_order_of_their_source() -> None:
    record = begun(at(1, 3), at(0, 2), at(0, 1), at(0, 3))
    assert [point.latitude for point in record.points] == [2, 1, 3, 3]


@pytest.mark.parametrize(
    ("moment", "allowed"),
    [
        (datetime(2026, 3, 9, 10, tzinfo=UTC), True),  # midnight of the 10th on Kiritimati
        (datetime(2026, 3, 9, 9, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 11, 11, 59, tzinfo=UTC), True),  # the end of the 10th on Baker Island
        (datetime(2026, 3, 11, 12, tzinfo=UTC), False),
    ],
)
def test_point_lies_on_the_day_somewhere_on_earth(moment: datetime, *, allowed: bool) -> None:
    point = Point(moment, 0.0, 0.0)
    if allowed:
        assert begun(point).point_count == 1
        return
    with pytest.raises(OffTheDay):
        begun(at(0), point)
    record = begun(at(0))
    with pytest.raises(OffTheDay):
        record.add_batch((point,))


def test_points_of_a_day_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(location, "MAX_POINTS", 3)
    record = begun(at(0), at(1))
    record.add_batch((at(2),))
    with pytest.raises(TooMany):
        record.add_batch((at(3),))


@pytest.mark.parametrize(
    "point",
    [
        '{"recorded_at": "2026-03-10T12:00:00Z", "latitude": 90.1, "longitude": 0}',
        '{"recorded_at": "2026-03-10T12:00:00Z", "latitude": 0, "longitude": 180.1}',
        '{"recorded_at": "2026-03-10T12:00:00Z", "latitude": 0, "longitude": 0, "horizontal_accuracy_m": -1}',
        '{"recorded_at": "2026-03-10T12:00:00", "latitude": 0, "longitude": 0}',
        '{"latitude": 0, "longitude": 0}',
    ],
)
def test_impossible_or_timeless_point_is_refused_at_the_border(point: str) -> None:
    record_batch = commands_of(LocationDay)["record_batch"]
    body = f'{{"day": "2026-03-10", "device": "phone", "points": [{point}]}}'
    with pytest.raises(InvalidInput):
        record_batch.arguments_from_json(body)


# Distance ----------------------------------------------------------------------------------------------


def test_distance_is_the_great_circle() -> None:
    assert metres_between(at(0, 0, 0), at(0, 1, 0)) == pytest.approx(DEGREE_M, abs=1)
    assert metres_between(at(0, 0, 179.5), at(0, 0, -179.5)) == pytest.approx(DEGREE_M, abs=1)
    assert metres_between(at(0, 60, 0), at(0, 60, 1)) == pytest.approx(DEGREE_M / 2, rel=0.001)
    assert metres_between(at(0, 90, 0), at(0, -90, 0)) == pytest.approx(180 * DEGREE_M, abs=200)


def test_distance_is_the_same_however_the_points_arrive() -> None:
    points = [
        at(600 * step, latitude=0.01 * step * (-1) ** step, longitude=0.02 * step) for step in range(12)
    ]
    whole = begun(*points)
    pieces = begun(*points[4:8])
    pieces.add_batch(tuple(points[8:]))
    pieces.add_batch(tuple(reversed(points[:4])))
    assert whole.distance_m > 1000
    assert pieces.distance_m == whole.distance_m


def test_distance_leaves_out_what_no_airliner_could_reach() -> None:
    fast = at(100, latitude=0.31)  # 1,241 km/h
    record = begun(at(0), fast, at(200, latitude=0.01))
    assert record.distance_m == pytest.approx(0.01 * DEGREE_M, rel=0.001)
    airliner = begun(at(0), at(100, latitude=0.29))  # 1,161 km/h
    assert airliner.distance_m == pytest.approx(0.29 * DEGREE_M, rel=0.001)


def test_jitter_within_one_second_is_no_outlier() -> None:
    record = begun(at(0), at(0, latitude=0.0001))
    record.flag_outliers()
    assert (record.outlier_count, record.version) == (0, 1)


def test_outliers_are_flagged_once_and_kept() -> None:
    record = begun(at(0), at(10, latitude=50), at(20, latitude=0.001), at(30, latitude=-50))
    record.flag_outliers()
    assert (record.outliers, record.outlier_count, record.point_count) == ((1, 3), 2, 4)
    record.flag_outliers()
    assert record.version == 2
    record.add_batch((at(15, latitude=20),))
    record.flag_outliers()
    assert (record.outliers, record.outlier_count) == ((1, 3, 4), 3)


# Visits ------------------------------------------------------------------------------------------------


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


# Trips -------------------------------------------------------------------------------------------------


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


# All together ------------------------------------------------------------------------------------------


def full_day() -> LocationDay:
    record = begun(at(0), at(10, latitude=50), at(20, latitude=0.001))
    record.flag_outliers()
    record.add_batch((at(40, latitude=0.002), at(-30, latitude=-0.001)))
    visit_id, other_id, trip_id = new_id(), new_id(), new_id()
    record.detect_visit(NOON, latitude=1, longitude=2, left_at=NOON + hours(1), visit_id=visit_id)
    record.detect_visit(NOON + hours(1), latitude=1, longitude=2, visit_id=other_id)
    record.confirm_visit(visit_id)
    record.correct_visit(visit_id, place_name="Library")
    record.dismiss_visit(other_id)
    record.detect_trip(NOON, ended_at=NOON + hours(1), trip_id=trip_id)
    record.correct_trip_mode(trip_id, Motion.WALKING)
    return record


def test_replay_of_all_events_gives_the_same_state() -> None:
    record = full_day()
    assert state_of(replayed(record)) == state_of(record)
    own = {event for event in events_of(LocationDay).values() if "{kind}" not in event.TOPIC}
    assert {type(event) for event in record.pending_events} == own, "every event belongs into this replay"


def test_read_table_is_kept_up_without_the_points() -> None:
    record = full_day()
    assert ledger_only() == {"points", "outliers"}
    state: Any = None
    for event in record.pending_events:
        state = event.mutate(state)
        for name in ledger_only():
            setattr(state, name, ())
    assert state_of(state, but=ledger_only()) == state_of(record, but=ledger_only())


def test_trashed_day_takes_no_batch() -> None:
    record = begun()
    record.trash()
    with pytest.raises(RecordTrashed):
        record.add_batch((at(1),))


def test_repr_shows_no_place() -> None:
    assert "48.137" not in repr(begun(at(0, 48.137, 11.575)))


POINTS = st.lists(
    st.builds(at, st.integers(-40_000, 40_000), st.floats(-90, 90), st.floats(-180, 180)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(POINTS, min_size=1, max_size=4))
def test_any_batches_keep_each_point_once_within_the_box(batches: list[list[Point]]) -> None:
    record = begun(*batches[0])
    for batch in batches[1:]:
        record.add_batch(tuple(batch))
    given_points = [point for batch in batches for point in batch]
    keys = [location_terms.key_of(point) for point in record.points]
    assert len(keys) == len(set(keys)) == record.point_count
    assert set(keys) == {location_terms.key_of(point) for point in given_points}
    assert record.min_latitude == min(point.latitude for point in record.points)
    assert record.max_longitude == max(point.longitude for point in record.points)
    assert record.first_at == min(point.recorded_at for point in given_points)
    assert record.last_at == max(point.recorded_at for point in given_points)
    assert begun(*given_points).distance_m == pytest.approx(record.distance_m)
    assert state_of(replayed(record)) == state_of(record)
