"""Erasing a person: until the keys are destroyed, until the read tables are empty; and one record among many.

From asking on, as the times of the steps in the receipt tell it.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from benchmarks.bench import Bench, Beside, Figure
from benchmarks.figures import Median
from benchmarks.history import fill
from domain.productivity.task import Task
from infrastructure.erasure.journal import Erasure
from infrastructure.store.session import Session

SIZES = (100, 10_000, 100_000)
LARGE = 1_000_000
EVENTS_A_RECORD = 5
PERIODS = 500
RECORDS = 100_000
GOAL_MS = 50
CONSTANT = 2.0
"""What the largest person may cost, as a multiple of the smallest: fsync alone differs by that."""
CURVE = "keys destroyed by events of the person"
GROUNDS = "benchmark"


def run(bench: Bench) -> list[Figure]:
    sizes = (*SIZES, LARGE) if bench.options.large else SIZES
    taken = [(bench.count(size), _keys_of_people(bench, bench.count(size))) for size in sizes]
    (_, smallest), *_ = taken
    figures = [_figure(f"{size:,} events", took, smallest, at=size) for size, took in taken]
    periods = bench.count(PERIODS)
    figures.append(_figure(f"{periods:,} period keys", _keys_of_people(bench, 100, periods), smallest))
    return figures + _among_many(bench)


def _figure(of: str, took: Median, smallest: Median, at: float | None = None) -> Figure:
    beside = () if took is smallest else (Beside("the smallest person", smallest, CONSTANT if at else None),)
    curve = CURVE if at else None
    return Figure(f"keys of a person destroyed, {of}", took, "ms", GOAL_MS, beside=beside, curve=curve, at=at)


def _keys_of_people(bench: Bench, events: int, periods: int = 0) -> Median:
    """Erase some people who have so many events; their keys go before anything that grows with these."""
    took = []
    for _ in range(bench.rounds):
        me = bench.person()
        fill(bench.store.engine, me.subject_id, events // EVENTS_A_RECORD or 1, EVENTS_A_RECORD)
        for number in range(periods):
            bench.store.engine.keys.key_for_new(me.subject_id, Task.KIND, f"{number:04}")
        took.append(1000 * _seconds_to("keys", _erased(bench, me)))
    return Median(took)


def _among_many(bench: Bench) -> list[Figure]:
    """Erase one of many records of a period, then the person."""
    me, records = bench.person(), bench.count(RECORDS)
    one, *_ = fill(bench.store.engine, me.subject_id, records, 1)
    bench.store.catch_up()
    alone = _seconds_to("receipt", _erased(bench, me, one))
    gone = _seconds_to("tables", _erased(bench, me))
    return [
        Figure(f"one record erased of a period of {records:,}", alone, "s", 10),
        Figure(f"read tables rid of {records:,} records", gone, "s", 5),
    ]


def _erased(bench: Bench, me: Session, record_id: UUID | None = None) -> Erasure:
    erasure = bench.store.erase(me.subject_id, grounds=GROUNDS, record_id=record_id)
    assert erasure.done
    return erasure


def _seconds_to(step: str, erasure: Erasure) -> float:
    done = datetime.fromisoformat(erasure.steps[step]["at"])
    return (done - erasure.request.requested_at).total_seconds()
