"""One worker into all read models: new records, and records whose events lie far apart."""

from __future__ import annotations

from benchmarks import bulk
from benchmarks.bench import Bench, Figure, rate
from domain.productivity.task import Task
from infrastructure.store.session import call

SPREAD = 2000


def run(bench: Bench) -> list[Figure]:
    bench.store.catch_up()
    bulk.run(bench)
    created = bench.store.engine.projector.lag()
    fresh = rate(created, bench.store.catch_up)
    me = bench.person()
    ids = [receipt.id for receipt in me.do_all([call(Task.create, title=f"Task {n}") for n in range(SPREAD)])]
    bench.store.catch_up()
    for verb in (Task.start, Task.complete, Task.reopen):
        me.do_all([call(verb, record_id) for record_id in ids])
    changed = bench.store.engine.projector.lag()
    spread = rate(changed, bench.store.catch_up)
    return [
        Figure("projection of new records into all read models", fresh, "events/s", 8000),
        Figure("projection of events far apart into all read models", spread, "events/s", 8000),
    ]
