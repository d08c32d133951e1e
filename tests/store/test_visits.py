"""Visits of one device never overlap in the ledger, whichever days tell of them and whoever comes first."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest

from domain.personal import location_terms
from domain.personal.location import LocationDay
from domain.personal.location_terms import Point, Visit, VisitsOverlap
from domain.shared.peers import Claim
from domain.shared.record import R
from domain.shared.values import new_id
from infrastructure.erasure.steps import Counted, Steps
from infrastructure.errors import ErasureUnfinished, VersionConflict
from infrastructure.ledger.ledger import COPY_FROM
from infrastructure.store.calls import Call
from infrastructure.store.reverting import Action
from infrastructure.store.session import Session, call
from infrastructure.store.store import Store
from infrastructure.store.unit_of_work import UnitOfWork
from tests.domain.personal.days import APART, MIDNIGHT, OVERLAPPING, Stay, hours

MONDAY, TUESDAY = Stay(-1, 1), Stay(0.5, 2, day=1)
"""Stays that overlap."""


def begun(stay: Stay) -> dict[str, Any]:
    """Return the arguments that begin the day of a stay."""
    noon = MIDNIGHT + hours(24 * stay.day - 12)
    return {"day": stay.date, "device": stay.device, "points": (Point(noon, 1.0, 2.0),)}


def begin(me: Session, stay: Stay) -> UUID:
    return me.do(LocationDay.record_batch, **begun(stay)).id


def tell(me: Session, day_id: UUID, stay: Stay) -> UUID:
    visit_id = new_id()
    me.do(LocationDay.detect_visit, day_id, **stay.told, visit_id=visit_id)
    return visit_id


def begin_and_tell(me: Session, stay: Stay, *others: Call) -> UUID:
    """Begin a day with a visit, and carry out other commands, in one transaction."""
    day_id = new_id()
    made = call(LocationDay.record_batch, **begun(stay))
    me.given(record_id=day_id).do_all([made, call(LocationDay.detect_visit, day_id, **stay.told), *others])
    return day_id


def day_of(me: Session, day_id: UUID) -> LocationDay:
    day = me.load(day_id)
    assert isinstance(day, LocationDay)
    return day


def visits_of(me: Session, *day_ids: UUID) -> list[Visit]:
    return [visit for each in day_ids for visit in day_of(me, each).visits]


def in_both_orders(pairs: Mapping[str, tuple[Stay, Stay]]) -> list[Any]:
    return [pytest.param(*pair, id=name) for name, pair in pairs.items()] + [
        pytest.param(*pair[::-1], id=f"{name}, turned round") for name, pair in pairs.items()
    ]


@pytest.mark.parametrize(("first", "second"), in_both_orders(OVERLAPPING))
def test_visits_of_two_days_do_not_overlap(me: Session, first: Stay, second: Stay) -> None:
    tell(me, begin(me, first), first)
    day_id = begin(me, second)
    with pytest.raises(VisitsOverlap):
        tell(me, day_id, second)
    assert day_of(me, day_id).visits == ()


@pytest.mark.parametrize(("first", "second"), in_both_orders(APART))
def test_visits_of_two_days_that_share_no_time_are_kept(me: Session, first: Stay, second: Stay) -> None:
    days = begin(me, first), begin(me, second)
    tell(me, days[0], first)
    tell(me, days[1], second)
    assert len(visits_of(me, *days)) == 2


def test_days_of_one_transaction_see_each_other(me: Session) -> None:
    monday = begin(me, MONDAY)
    told = call(LocationDay.detect_visit, monday, **MONDAY.told)
    for others in ((told,), (call(LocationDay.tag, monday, "before"), told)):
        with pytest.raises(VisitsOverlap):
            begin_and_tell(me, TUESDAY, *others)
    with pytest.raises(VisitsOverlap):
        me.given(record_id=(tuesday := new_id())).do_all(
            [
                told,  # before there is the other day
                call(LocationDay.record_batch, **begun(TUESDAY)),
                call(LocationDay.detect_visit, tuesday, **TUESDAY.told),
            ]
        )
    assert visits_of(me, monday) == []
    later = Stay(1, 2, day=1)
    tuesday = begin_and_tell(me, later, told)
    assert len(visits_of(me, monday, tuesday)) == 2


def test_devices_of_two_people_have_nothing_to_do_with_each_other(me: Session, stranger: Session) -> None:
    tell(me, begin(me, MONDAY), MONDAY)
    tell(stranger, begin(stranger, TUESDAY), TUESDAY)


def test_a_day_that_is_erased_or_about_to_be_stands_in_nobodys_way(
    store: Store, me: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monday, tuesday = begin(me, MONDAY), begin(me, TUESDAY)
    tell(me, monday, MONDAY)
    store.catch_up()
    with monkeypatch.context() as held_up:
        held_up.setattr(Steps, "compaction", _wait)  # the ledger still has the claim of the day, and no key
        assert not store.erase(me.subject_id, grounds="asked", record_id=monday).done
        visit_id = tell(me, tuesday, TUESDAY)
    me.do(LocationDay.dismiss_visit, tuesday, visit_id)
    store.erasures.resume_all()
    tell(me, begin(me, MONDAY), MONDAY)
    with pytest.raises(VisitsOverlap):
        tell(me, tuesday, TUESDAY)


def _wait(*_: object) -> Counted:
    raise ErasureUnfinished


def test_a_day_is_restored_only_where_its_visits_have_room(me: Session) -> None:
    monday, tuesday = begin(me, MONDAY), begin(me, TUESDAY)
    tell(me, monday, MONDAY)
    me.do(LocationDay.trash, monday)
    visit_id = tell(me, tuesday, TUESDAY)
    with pytest.raises(VisitsOverlap):
        me.do(LocationDay.restore, monday)
    me.do(LocationDay.dismiss_visit, tuesday, visit_id)
    me.do(LocationDay.restore, monday)


def test_a_visit_goes_back_to_the_day_it_was_told_on_when_both_days_go_back(me: Session) -> None:
    monday, tuesday = begin(me, MONDAY), begin(me, TUESDAY)
    for stay, day, other in ((MONDAY, monday, tuesday), (TUESDAY, tuesday, monday)):
        visit_id = tell(me, day, stay)
        start = me.do(LocationDay.confirm_visit, day, visit_id).recorded_at
        me.do(LocationDay.dismiss_visit, day, visit_id)
        moved_id = tell(me, other, MONDAY)
        with_one = me.revert(to=start, record_id=day, dry_run=True)
        assert with_one == {Action.LEFT: 1}
        preview = me.revert(to=start, kind="location", dry_run=True)
        assert me.revert(to=start, kind="location") == preview == {Action.REVERTED: 2}
        standing = {visit.id for visit in visits_of(me, day, other) if visit.status != "dismissed"}
        assert standing == {visit_id}
        assert moved_id not in standing
        me.do(LocationDay.dismiss_visit, day, visit_id)


def test_a_visit_longer_than_visits_are_now_is_still_there(
    me: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monday, tuesday = begin(me, MONDAY), begin(me, TUESDAY)
    with monkeypatch.context() as before:
        before.setattr(location_terms, "LONGEST_VISIT", hours(1000))
        visit_id = tell(me, monday, Stay(-1, 500))
    (visit,) = visits_of(me, monday)
    assert visit.left_at == MIDNIGHT + hours(500)
    me.do(LocationDay.correct_visit, monday, visit_id, place_name="Hut")
    with pytest.raises(VisitsOverlap):
        tell(me, tuesday, TUESDAY)


Meanwhile = Callable[[Session, UUID], object]

MEANWHILE: Mapping[str, tuple[bool, Meanwhile]] = {
    "the other day begins": (False, lambda me, _: begin_and_tell(me, TUESDAY)),
    "the other day has a visit": (True, lambda me, tuesday: tell(me, tuesday, TUESDAY)),
    "the other day is restored": (True, lambda me, tuesday: me.do(LocationDay.restore, tuesday)),
}
"""Whether the other day is there, and what is done once it was looked at."""


@pytest.mark.parametrize("events", [1, COPY_FROM])
@pytest.mark.parametrize("meanwhile", MEANWHILE)
def test_what_is_told_while_another_day_is_looked_at_is_seen(
    me: Session, monkeypatch: pytest.MonkeyPatch, meanwhile: str, events: int
) -> None:
    is_there, happens = MEANWHILE[meanwhile]
    monday, tuesday = begin(me, MONDAY), begin(me, TUESDAY) if is_there else new_id()
    if "restored" in meanwhile:
        tell(me, tuesday, TUESDAY)
        me.do(LocationDay.trash, tuesday)
    look = UnitOfWork.holders
    looks: list[int] = []

    def look_and_miss(work: UnitOfWork, kind: type[R], claims: Collection[Claim]) -> tuple[R, ...]:
        seen = look(work, kind, claims)
        looks.append(len(seen))
        if len(looks) == 1:
            happens(me, tuesday)
        return seen

    monkeypatch.setattr(UnitOfWork, "holders", look_and_miss)
    tags = [call(LocationDay.tag, monday, f"tag {number}") for number in range(1, events)]
    told = [call(LocationDay.detect_visit, monday, **MONDAY.told), *tags]
    with pytest.raises(VisitsOverlap):
        me.do_all(told)
    assert looks[0] == int(is_there)
    assert visits_of(me, monday) == []
    assert day_of(me, monday).tags == ()


def test_whoever_expects_a_version_hears_of_a_day_that_began_meanwhile(
    me: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monday, look = begin(me, MONDAY), UnitOfWork.holders

    def look_and_miss(work: UnitOfWork, kind: type[R], claims: Collection[Claim]) -> tuple[R, ...]:
        seen = look(work, kind, claims)
        monkeypatch.undo()
        begin(me, TUESDAY)
        return seen

    monkeypatch.setattr(UnitOfWork, "holders", look_and_miss)
    with pytest.raises(VersionConflict):
        me.given(expected_version=1).do(LocationDay.detect_visit, monday, **MONDAY.told)
    tell(me, monday, MONDAY)


def test_of_two_who_tell_overlapping_visits_at_once_one_is_heard(
    me: Session, reopened: Callable[[], Store]
) -> None:
    sessions = [reopened().acting_as(me.subject_id) for _ in range(2)]
    start = Barrier(2)

    def each_tells(session: Session, tell_it: Callable[[Session], object]) -> bool:
        start.wait()
        try:
            tell_it(session)
        except VisitsOverlap:
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        for number in range(20):
            stays = [each._replace(device=f"phone {number}") for each in (MONDAY, TUESDAY)]
            monday = begin(me, stays[0])
            other = partial(tell, day_id=begin(me, stays[1])) if number % 2 else begin_and_tell
            tellings = [partial(tell, day_id=monday, stay=stays[0]), partial(other, stay=stays[1])]
            heard = list(threads.map(each_tells, sessions, tellings))
            assert sum(heard) == 1
