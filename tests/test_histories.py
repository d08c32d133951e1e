"""The random histories that other tests stand on reach what they are to reach."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, seed, settings

from domain.catalogue import KINDS, all_kinds, events_of
from infrastructure.store.session import Session
from tests.histories import Step, histories, live


def test_histories_make_records_of_every_kind_and_a_hundred_kinds_of_event(me: Session) -> None:
    reached: set[str] = set()
    taken = refused = 0

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
        lived = live(me, history)
        taken, refused = taken + len(lived.taken), refused + lived.refused
        for record_id in lived.ids.values():
            reached.update(str(row.topic) for row in me.engine.ledger.stream(me.subject_id, record_id))

    gather()
    known = {topic for kind in all_kinds() for topic in events_of(kind)}
    assert {topic.partition(".")[0] for topic in reached} == set(KINDS)
    assert len(known & reached) > 100
    assert taken > refused
