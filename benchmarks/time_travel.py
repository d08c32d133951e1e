"""The past: one record among 10,000 events of its stream, and the first question about a person's tasks then."""

from __future__ import annotations

import time
from collections.abc import Callable
from random import Random
from statistics import median

from benchmarks.bench import Bench, Figure
from domain.productivity.task import Task
from infrastructure.store.session import call

EVENTS, TOGETHER = 10_000, 100
LOOKS = 200
PEERS = 2_000


def run(bench: Bench) -> list[Figure]:
    me = bench.person()
    task = me.do(Task.create, title="Changed often").id
    times = [
        me.do_all([call(Task.retitle, task, f"title {start + number}") for number in range(TOGETHER)])[0].recorded_at
        for start in range(0, EVENTS, TOGETHER)
    ]  # fmt: skip
    random = Random(1)  # noqa: S311 - the same moments at every run
    looks = [_milliseconds(lambda: me.load(task, as_of=random.choice(times))) for _ in range(LOOKS)]
    now = [_milliseconds(lambda: me.load(task)) for _ in range(LOOKS)]
    for start in range(0, PEERS, TOGETHER):
        me.do_all([call(Task.create, title=f"Task {start + number}") for number in range(TOGETHER)])

    def ask() -> None:
        with me.as_of(times[-1]) as then:
            then.find(Task)

    return [
        Figure("a record as of a moment, of 10,000 events, median", median(looks), "ms", 20, median(now)),
        Figure("the same, slowest of 200", max(looks), "ms", 20),
        Figure("first question about tasks as of a moment, 10,000 events", _milliseconds(ask), "ms", 2000),
    ]


def _milliseconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000
