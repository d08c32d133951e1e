"""A device is at one place at a time, whichever of its days tell of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.personal.location import LocationDay
from domain.personal.location_terms import (
    LONGEST_VISIT,
    OffTheDay,
    PlaceMeaning,
    Visit,
    VisitsOverlap,
    VisitStatus,
    VisitTooLong,
    days_near,
    overlap,
    touches,
)
from domain.shared.errors import DomainError
from domain.shared.peers import Peers
from domain.shared.record import attach
from domain.shared.values import new_id
from tests.domain.personal.days import APART, MIDNIGHT, OVERLAPPING, Days, Stay, hours


def tell(days: Days, stay: Stay) -> tuple[LocationDay, UUID]:
    """Detect a visit on the record of its day, which is made where it is not there yet."""
    known = (each for each in days.days if (each.day, each.device) == (stay.date, stay.device))
    record, visit_id = next(known, None) or days.begin(stay.date, stay.device), new_id()
    record.detect_visit(**stay.told, visit_id=visit_id)
    return record, visit_id


def a_visit(stay: Stay) -> Visit:
    return Visit(
        id=new_id(),
        place_name="",
        address="",
        country=None,
        confidence=None,
        status=VisitStatus.DETECTED,
        semantic=PlaceMeaning.UNKNOWN,
        **stay.told,
    )


def in_both_orders(pairs: Mapping[str, tuple[Stay, Stay]]) -> list[Any]:
    return [
        pytest.param(*ordered, id=f"{name}, {order}")
        for name, pair in pairs.items()
        for order, ordered in (("first to last", pair), ("last to first", pair[::-1]))
    ]


@pytest.mark.parametrize(("first", "second"), in_both_orders(OVERLAPPING))
def test_visits_told_on_two_days_do_not_overlap(first: Stay, second: Stay) -> None:
    days = Days()
    tell(days, first)
    with pytest.raises(VisitsOverlap):
        tell(days, second)
    assert [len(each.visits) for each in days.days] == [1, 0]


@pytest.mark.parametrize(("first", "second"), in_both_orders(APART))
def test_visits_of_two_days_that_share_no_time_are_both_kept(first: Stay, second: Stay) -> None:
    days = Days()
    tell(days, first)
    tell(days, second)
    assert [len(each.visits) for each in days.days] == [1, 1]


def test_a_visit_is_not_corrected_into_one_of_another_day() -> None:
    days = Days()
    monday, visit_id = tell(days, Stay(-1, 0))
    tell(days, Stay(0.5, 2, day=1))
    with pytest.raises(VisitsOverlap):
        monday.correct_visit(visit_id, left_at=MIDNIGHT + hours(1))
    monday.correct_visit(visit_id, left_at=MIDNIGHT + hours(0.5))


def test_a_dismissed_visit_leaves_its_time_to_other_days() -> None:
    days = Days()
    monday, visit_id = tell(days, Stay(-1, 1))
    monday.dismiss_visit(visit_id)
    tell(days, Stay(0.5, 2, day=1))


def test_a_day_in_the_trash_leaves_its_time_to_others_and_comes_back_when_it_is_free() -> None:
    days = Days()
    monday, _ = tell(days, Stay(-1, 1))
    monday.trash()
    tuesday, visit_id = tell(days, Stay(0.5, 2, day=1))
    version = monday.version
    with pytest.raises(VisitsOverlap):
        monday.restore()
    assert monday.version == version
    tuesday.dismiss_visit(visit_id)
    monday.restore()
    assert monday.deleted_at is None


def test_what_was_dismissed_is_no_obstacle_to_restoring() -> None:
    days = Days()
    monday, visit_id = tell(days, Stay(-1, 1))
    monday.dismiss_visit(visit_id)
    monday.trash()
    tell(days, Stay(0.5, 2, day=1))
    monday.restore()


def test_a_revert_brings_no_overlap_back() -> None:
    days = Days()
    monday, visit_id = tell(days, Stay(-1, 1))
    earlier = replayed(monday, days)
    monday.dismiss_visit(visit_id)
    tuesday, other_id = tell(days, Stay(0.5, 2, day=1))
    with pytest.raises(VisitsOverlap):
        monday.revert_to(earlier, "")
    tuesday.dismiss_visit(other_id)
    monday.revert_to(earlier, "")
    assert monday.visits[0].status is VisitStatus.DETECTED


def test_a_day_goes_back_to_the_trash_whatever_has_its_time_now() -> None:
    days = Days()
    monday, visit_id = tell(days, Stay(-1, 1))
    monday.trash()
    earlier = replayed(monday, days)
    monday.restore()
    monday.dismiss_visit(visit_id)
    tell(days, Stay(0.5, 2, day=1))
    monday.revert_to(earlier, "")
    assert monday.deleted_at is not None


def test_a_visit_lasts_two_days_at_most() -> None:
    days = Days()
    record, visit_id = tell(days, Stay(-24, 24))
    with pytest.raises(VisitTooLong):
        record.correct_visit(visit_id, left_at=MIDNIGHT + hours(24) + timedelta(microseconds=1))
    with pytest.raises(VisitTooLong):
        tell(Days(), Stay(-24, 24.01))


def test_two_days_are_forty_eight_hours_also_when_the_clocks_change() -> None:
    there = ZoneInfo("Europe/Lisbon")
    spring, autumn = datetime(2026, 3, 28, 12, tzinfo=there), datetime(2026, 10, 24, 12, tzinfo=there)
    for arrived in (spring, autumn):
        day = Days().begin(arrived.date())
        left = arrived.astimezone(UTC) + LONGEST_VISIT
        day.detect_visit(arrived, left_at=left.astimezone(there), latitude=1, longitude=2)
        assert day.visits[0].until == left
    with pytest.raises(VisitTooLong):  # 49 hours
        Days().begin(autumn.date()).detect_visit(
            autumn, left_at=autumn.replace(day=26), latitude=1, longitude=2
        )


def test_a_visit_still_going_on_touches_the_day_before_it_is_too_long() -> None:
    tell(Days(), Stay(-24 - 14 - 48, None))  # DAY begins 14 hours earlier in the east
    with pytest.raises(OffTheDay):
        tell(Days(), Stay(-24 - 14 - 48.01, None))


def told_before_the_rule(days: Days, stay: Stay) -> tuple[LocationDay, Visit]:
    record, visit = days.begin(stay.date), a_visit(stay)
    record.trigger_event(LocationDay.VisitDetected, visit=visit)
    return record, visit


def test_a_visit_longer_than_visits_are_now_still_replays_and_takes_what_is_no_time() -> None:
    days = Days()
    record, visit = told_before_the_rule(days, Stay(-12, 24 * 365))
    assert replayed(record, days).visits == (visit,)
    record.correct_visit(visit.id, place_name="Hut")
    record.confirm_visit(visit.id)
    with pytest.raises(VisitTooLong):
        record.correct_visit(visit.id, left_at=MIDNIGHT + hours(24 * 300))
    earlier = replayed(record, days)
    record.correct_visit(visit.id, left_at=MIDNIGHT)
    record.revert_to(earlier, "")
    assert record.visits[0].left_at == MIDNIGHT + hours(24 * 365)


def test_a_day_with_an_overlap_of_before_the_rule_can_be_put_right() -> None:
    days = Days()
    told_before_the_rule(days, Stay(-1, 1))
    tuesday, visit = told_before_the_rule(days, Stay(0.5, 2, day=1))
    tuesday.correct_visit(visit.id, place_name="Library")
    with pytest.raises(VisitsOverlap):
        tuesday.correct_visit(visit.id, arrived_at=MIDNIGHT + hours(0.6))
    tuesday.correct_visit(visit.id, arrived_at=MIDNIGHT + hours(1))


stays = st.builds(
    lambda arrived, length, day: Stay(arrived, None if length is None else arrived + length, day),
    st.integers(-90, 90),
    st.none() | st.integers(0, 48),
    st.integers(-3, 3),
)


@given(st.lists(stays, max_size=12))
def test_whatever_is_told_in_whatever_order_no_two_visits_overlap(told: list[Stay]) -> None:
    days = Days()
    for stay in told:
        try:
            tell(days, stay)
        except DomainError:
            continue
    standing = [(day, visit) for day in days.days for visit in day.visits]
    for (_, one), (_, other) in combinations(standing, 2):
        assert not overlap(one.arrived_at, one.until, other.arrived_at, other.until)


@given(stays, stays)
def test_a_day_whose_visit_shares_time_with_one_is_looked_at(one: Stay, other: Stay) -> None:
    visit, near = a_visit(one), a_visit(other)
    if overlap(visit.arrived_at, visit.until, near.arrived_at, near.until) and touches(
        other.date, near.arrived_at, near.until
    ):
        assert other.date in days_near(visit)


def test_few_days_are_looked_at_for_one_visit() -> None:
    assert len(list(days_near(a_visit(Stay(-12, -11))))) <= 7
    assert len(list(days_near(a_visit(Stay(-12, 24 * 365 * 900))))) <= 9


def replayed(record: LocationDay, peers: Peers) -> LocationDay:
    """Return the record as it would be loaded."""
    state: Any = None
    for event in record.pending_events:
        state = event.mutate(state)
    attach(state, new_id(), peers)
    return state  # type: ignore[no-any-return]
