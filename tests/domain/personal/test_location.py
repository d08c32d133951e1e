"""What a day of places keeps: each point once, a true distance, and visits and trips that do not overlap."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.catalogue import events_of
from domain.personal import location, location_terms
from domain.personal.location import LocationDay
from domain.personal.location_terms import EmptyBatch, Motion, OffTheDay, Point, metres_between
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput, RecordTrashed
from domain.shared.peers import Claim
from domain.shared.record import Origin, TooMany, state_fields
from domain.shared.values import LEDGER_ONLY, new_id
from tests.domain.personal.days import DAY, DEGREE_M, NOON, at, begun, hours


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
