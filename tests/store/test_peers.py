"""What commands look through to see other records: the same rules for the unit of work and for the fake of the domain's tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from domain.productivity.note import Note
from domain.productivity.task import Task
from domain.shared.record import Origin, Peers, Record
from domain.shared.values import new_id
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


def test_a_record_in_the_trash_is_found_too(among: Among, me: Session) -> None:
    task = a_task(me)
    task.trash()
    assert among(task).get(Task, task.id) is task


def test_a_record_that_is_added_is_found(among: Among, me: Session) -> None:
    task, peers = a_task(me), among()
    peers.add(task)
    assert peers.get(Task, task.id) is task
