"""The random histories that other tests stand on reach what they are to reach."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from domain.catalogue import KINDS, all_kinds, events_of
from infrastructure.store.store import Store
from tests.histories import Step, histories, live


@pytest.mark.filterwarnings("ignore:Do not use the `random` module")  # a pool's thread does, while we draw
def test_histories_make_records_of_every_kind_and_a_hundred_kinds_of_event(store: Store) -> None:
    """Each of another person: one who restricts the processing of everything has no further history."""
    reached: set[str] = set()
    taken = refused = 0
    numbers = count()

    @seed(1)
    @settings(
        max_examples=30,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(histories(every_kind=True, min_size=30, max_size=40))
    def gather(history: tuple[Step, ...]) -> None:
        nonlocal taken, refused
        number = next(numbers)
        me = store.acting_as(store.register(f"person{number}", f"person{number}@example.org"))
        lived = live(me, history)
        taken, refused = taken + len(lived.taken), refused + lived.refused
        for record_id in lived.ids.values():
            reached.update(str(row.topic) for row in me.engine.ledger.stream(me.subject_id, record_id))

    gather()
    known = {topic for kind in all_kinds() for topic in events_of(kind)}
    assert {topic.partition(".")[0] for topic in reached} == set(KINDS)
    assert len(known & reached) > 100
    assert taken > refused
