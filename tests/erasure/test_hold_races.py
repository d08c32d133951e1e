"""Holds and erasures at the same moment: a hold that was accepted is respected, whatever its erasure was about to do."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest

from domain.productivity.task import Task
from domain.shared import clock
from infrastructure.errors import Erased
from infrastructure.ledger.holds import Hold
from infrastructure.store.store import Person, Store

PURPOSE = "litigation"


def hold_after(store: Store, person: Person, task: UUID, delay: float) -> Hold | None:
    """Place a hold, or learn that it comes too late."""
    time.sleep(delay)
    until = clock.now() + timedelta(days=1)
    try:
        return store.hold(person, reason="r", purpose=PURPOSE, until=until, record_id=task)
    except Erased:
        return None


def test_a_hold_that_races_an_erasure_is_refused_or_respected(
    store: Store, reopened: Callable[[], Store]
) -> None:
    other, refused, respected = reopened(), 0, 0
    for number in range(16):
        person = store.register(f"u{number}", f"u{number}@example.org")
        task = store.acting_as(person).do(Task.create, title="wanted by two").id
        with ThreadPoolExecutor(1) as pool:
            placing = pool.submit(hold_after, other, person, task, number * 0.004)
            erasure = store.erase(person, grounds="a race")
        placed = placing.result()
        assert erasure.receipt is not None
        assert erasure.receipt["kept"] == ([str(task)] if placed else [])
        if placed is None:
            refused += 1
            assert store.holds.of(person.id) == []
        else:
            respected += 1
            held = other.under_hold(placed.hold_id, purpose=PURPOSE, actor_id=person.id)
            assert held.load(task).id == task
        with pytest.raises(Erased):
            store.acting_as(person).load(task)
    assert refused
    assert respected
