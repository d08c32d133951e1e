"""What is built from the ledger beside the tables that serve: it forgets too, and brings nothing back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.productivity.task import Task
from domain.shared import clock
from infrastructure.erasure.steps import Steps
from infrastructure.errors import RebuildAborted
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.erasure.lives import live_a_little, spend

GROUNDS = "art. 17(1)(b), consent withdrawn"


@pytest.fixture
def ada(store: Store) -> Session:
    return live_a_little(store, "ada")


@pytest.fixture
def eve(store: Store) -> Session:
    return live_a_little(store, "eve")


def erase_each_grain(store: Store, ada: Session, eve: Session) -> None:
    store.erase(eve.subject_id, grounds=GROUNDS, record_id=spend(eve, 3))
    store.erase(eve.subject_id, grounds=GROUNDS, kind=Task)
    eve.do(Task.create, title="begun afresh")
    store.erase(ada.subject_id, grounds=GROUNDS)


def test_a_rebuild_makes_the_tables_that_erasures_have_left(store: Store, ada: Session, eve: Session) -> None:
    erase_each_grain(store, ada, eve)
    store.catch_up()
    report = store.engine.care.rebuilder.rebuild(check=True)
    assert [each.table for each in report.compared if not each.equal] == []
    assert report.rows["tasks"] == 1  # the comparison had something to compare


def test_a_rebuild_before_the_ledger_is_compacted_leaves_out_what_is_erased(
    store: Store, ada: Session, eve: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, int] = {}

    def rebuilt_now(steps: Steps, *_: object) -> dict[str, object]:
        report = steps.rebuilder.rebuild(check=True)
        assert report.equal
        seen.update(report.rows)
        return {}

    monkeypatch.setattr(Steps, "content", rebuilt_now)
    store.erase(ada.subject_id, grounds=GROUNDS)
    store.catch_up()
    assert seen["tasks"] == len(eve.find(Task)) > 0


def test_stores_of_earlier_moments_go_with_the_person_they_hold(
    store: Store, ada: Session, eve: Session
) -> None:
    store.catch_up()
    store.engine.care.rebuilder.freeze("with_ada", clock.now())
    with clock.reading(lambda: datetime.now(UTC) + timedelta(days=1)):
        store.engine.care.rebuilder.freeze("before_her", datetime(2020, 1, 1, tzinfo=UTC))
    store.erase(ada.subject_id, grounds=GROUNDS)
    assert [each.name for each in store.engine.care.rebuilder.frozen_stores()] == ["before_her"]
    store.engine.care.rebuilder.freeze("again", clock.now())
    assert len(eve.find(Task)) > 0


def test_an_erasure_stops_a_rebuild_that_may_hold_what_it_takes(store: Store, ada: Session) -> None:
    store.catch_up()
    rebuilder = store.engine.care.rebuilder
    erased: list[object] = []

    def tell(stage: object) -> None:
        if not erased:
            erased.append(stage)
            store.erase(ada.subject_id, grounds=GROUNDS)

    with pytest.raises(RebuildAborted):
        rebuilder.rebuild(tell=tell)
    assert erased
    assert list(ada.find(Task)) == []
    assert rebuilder.rebuild(check=True).equal


def test_a_past_that_is_open_forgets_with_the_present(store: Store, ada: Session, eve: Session) -> None:
    with ada.as_of(clock.now()) as hers, eve.as_of(clock.now()) as his:
        assert len(hers.find(Task)) == len(his.find(Task)) > 0
        store.erase(ada.subject_id, grounds=GROUNDS)
        assert list(hers.find(Task)) == []
        assert len(his.find(Task)) > 0
