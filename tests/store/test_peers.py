"""What commands look through to see other records: the same rules for the unit of work and for the fake of the domain's tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from domain.productivity.note import Note
from domain.productivity.task import Task
from domain.shared.peers import Peers
from domain.shared.record import Origin, Record
from domain.shared.values import new_id
from domain.web.bookmark import Bookmark
from infrastructure.store.session import Session
from infrastructure.store.unit_of_work import UnitOfWork
from tests.domain.shelf import Shelf

Among = Callable[..., Peers]


@pytest.fixture(params=["shelf", "ledger"])
def among(request: pytest.FixtureRequest, me: Session) -> Among:
    """Return a function that gives the peers of a person who has these records."""

    def stored(*records: Record) -> Peers:
        engine = me.engine
        fences = engine.ledger.fences.known(me.subject_id)
        work = UnitOfWork(me.subject_id, engine.repository, engine.sealer, engine.keys, fences)
        for record in records:
            work.add(record)
        return work

    return Shelf if request.param == "shelf" else stored


def a_task(me: Session) -> Task:
    return Task.create(Origin(me.subject_id), "Renew passport")


def test_a_record_is_found_by_its_id_and_kind(among: Among, me: Session) -> None:
    task = a_task(me)
    peers = among(task)
    assert peers.get(Task, task.id) is task
    assert peers.get(Record, task.id) is task
    assert peers.get(Note, task.id) is None
    assert peers.get(Task, new_id()) is None


def test_records_are_found_together_in_the_order_asked_for(among: Among, me: Session) -> None:
    first, second, third = (a_task(me) for _ in range(3))
    third.trash()
    peers = among(first, second, third, mark := a_bookmark(me))
    asked = (third.id, mark.id, first.id, new_id(), second.id)
    assert peers.get_all(Task, asked) == (third, first, second)
    assert peers.get_all(Record, asked) == (third, mark, first, second)
    assert peers.get_all(Note, asked) == peers.get_all(Task, ()) == ()


def test_a_record_in_the_trash_is_found_too(among: Among, me: Session) -> None:
    task = a_task(me)
    task.trash()
    assert among(task).get(Task, task.id) is task


def test_a_record_that_is_added_is_found(among: Among, me: Session) -> None:
    task, peers = a_task(me), among()
    peers.add(task)
    assert peers.get(Task, task.id) is task


def a_bookmark(me: Session, url: str = "https://example.org/") -> Bookmark:
    return Bookmark.add(Origin(me.subject_id), url)


def test_the_holders_of_claims_are_found_each_once(among: Among, me: Session) -> None:
    first, second = a_bookmark(me), a_bookmark(me, "https://example.org/2")
    peers = among(first, second, a_task(me))
    assert peers.holders(Bookmark, first.claims) == (first,)
    assert {each.id for each in peers.holders(Record, first.claims | second.claims)} == {first.id, second.id}
    assert peers.holders(Task, first.claims) == ()
    assert peers.holders(Bookmark, a_bookmark(me, "https://example.org/3").claims) == ()
    assert peers.holders(Bookmark, ()) == ()


def test_a_claim_that_was_given_up_has_no_holder_until_another_takes_it(among: Among, me: Session) -> None:
    first, second = a_bookmark(me), a_bookmark(me)
    claims, peers = first.claims, among(first)
    assert peers.holders(Bookmark, claims) == (first,)
    first.trash()
    assert peers.holders(Bookmark, claims) == ()
    peers.add(second)
    assert peers.holders(Bookmark, claims) == (second,)


def test_a_claim_of_the_ledger_is_given_up_and_taken_within_a_unit_of_work(me: Session) -> None:
    held = me.do(Bookmark.add, "https://example.org/").id
    engine = me.engine
    fences = engine.ledger.fences.known(me.subject_id)
    work = UnitOfWork(me.subject_id, engine.repository, engine.sealer, engine.keys, fences)
    other = a_bookmark(me)
    (found,) = work.holders(Bookmark, other.claims)
    assert found.id == held
    found.trash()
    assert work.holders(Bookmark, other.claims) == ()
    work.add(other)
    assert work.holders(Bookmark, other.claims) == (other,)
