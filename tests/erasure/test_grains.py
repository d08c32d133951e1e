"""A person, a kind, a period, a record: each goes whole, and nothing else goes with it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from domain.personal.transaction import Transaction
from domain.productivity.note import Note
from domain.productivity.task import Task
from infrastructure.erasure.journal import Erasure
from infrastructure.errors import Erased, SubjectErased
from infrastructure.ledger.sealing import ErasedEvent
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.conftest import Databases
from tests.erasure.lives import live, readable, rebuilt, rows_of, spend, tables

GROUNDS = "art. 17(1)(b), consent withdrawn"


@pytest.fixture
def ada(store: Store) -> Session:
    return live(store, "ada")


@pytest.fixture
def eve(store: Store) -> Session:
    return live(store, "eve")


def erase(store: Store, me: Session, **scope: object) -> Erasure:
    erasure = store.erase(me.subject_id, grounds=GROUNDS, **scope)  # type: ignore[arg-type]  # as the test says
    assert erasure.done
    return erasure


def test_a_person_goes_and_their_neighbour_stays(
    store: Store, ada: Session, eve: Session, databases: Databases
) -> None:
    store.catch_up()
    before = tables(databases.ledger)
    assert len(rows_of(before, ada.subject_id)) > 20
    erase(store, ada)
    after = tables(databases.ledger)
    assert rows_of(after, ada.subject_id).keys() == {"audit"}
    assert len(rows_of(after, ada.subject_id)["audit"]) == 1
    assert rows_of(after, eve.subject_id) == rows_of(before, eve.subject_id)
    assert after == rebuilt(store, databases.ledger)
    assert not any(readable(ada).values())
    assert all(readable(eve).values())
    with pytest.raises(SubjectErased):
        ada.do(Task.create, title="too late")
    with pytest.raises(Erased):
        ada.load(ada.subject_id)
    assert list(ada.find(Task)) == []
    assert eve.do(Task.create, title="goes on").version == 1


def test_a_kind_goes_and_may_begin_afresh(store: Store, ada: Session, databases: Databases) -> None:
    gone = spend(ada, 7)
    store.catch_up()
    living = {kind: len(ada.find(kind)) for kind in (Task, Note)}
    erase(store, ada, kind=Transaction)
    assert tables(databases.ledger) == rebuilt(store, databases.ledger)
    assert list(ada.find(Transaction)) == []
    assert {kind: len(ada.find(kind)) for kind in (Task, Note)} == living
    with pytest.raises(Erased):
        ada.load(gone)
    afresh = spend(ada, 5)
    store.catch_up()
    assert [each.id for each in ada.find(Transaction)] == [afresh]
    assert tables(databases.ledger) == rebuilt(store, databases.ledger)
    erase(store, ada, kind=Transaction)
    assert list(ada.find(Transaction)) == []


def test_one_record_goes_and_those_of_its_period_live_on(
    store: Store, ada: Session, databases: Databases, reopened: Callable[[], Store]
) -> None:
    store.catch_up()
    first, second, third, *_ = [task.id for task in ada.find(Task)]
    erase(store, ada, record_id=first)
    assert tables(databases.ledger) == rebuilt(store, databases.ledger)
    for session in (ada, reopened().acting_as(ada.subject_id)):
        with pytest.raises(Erased):
            session.do(Task.retitle, first, "erased")
        assert all(isinstance(event, ErasedEvent) for event in session.history(first))
        session.do(Task.retitle, second, "still written")
        assert session.load(second).version >= 3
    fresh = ada.do(Task.create, title="a key of its own number").id
    erase(store, ada, record_id=second)
    erase(store, ada, record_id=fresh)
    assert {record_id for record_id, readable in readable(ada).items() if not readable} == {
        first,
        second,
        fresh,
    }
    assert ada.load(third).KIND == "task"
    store.catch_up()
    assert tables(databases.ledger) == rebuilt(store, databases.ledger)
    erase(store, ada, kind=Task)
    erase(store, ada)
    assert not any(readable(ada).values())
    assert tables(databases.ledger) == rebuilt(store, databases.ledger)
