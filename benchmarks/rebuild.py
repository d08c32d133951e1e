"""A rebuild of all read models: records of one event and records of several, by one process and by two."""

from __future__ import annotations

import os

from benchmarks import bulk
from benchmarks.bench import Bench, Figure
from domain.productivity.task import Task
from infrastructure.projector.rebuild.crew import Crew
from infrastructure.store.session import call

EVENTS = int(os.environ.get("LIFELEDGER_BENCH_EVENTS", "100000"))
CHUNK = 1000  # records; each gets four events


def run(bench: Bench) -> list[Figure]:
    bulk.run(bench)
    me = bench.person()
    while sum(bench.store.engine.ledger.heads().values()) < EVENTS:
        ids = [
            receipt.id for receipt in me.do_all([call(Task.create, title=f"Task {n}") for n in range(CHUNK)])
        ]
        for verb in (Task.start, Task.complete, Task.reopen):
            me.do_all([call(verb, record_id) for record_id in ids])
    rebuilder = bench.store.engine.care.rebuilder
    rebuilder.rebuild()  # the tables are behind: there is nothing to compare with yet
    figures = []
    for processes, crew in ((1, None), (2, Crew(bench.settings, 2))):
        report = rebuilder.rebuild(crew=crew)
        assert report.equal
        whole = report.events / report.seconds
        figures.append(
            Figure(f"rebuild of {report.events:,} events, {processes} process(es)", whole, "events/s", 40_000)
        )
    return figures
