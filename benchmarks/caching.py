"""A page of 50 from the cache, beside a GET of the same bytes, and without the cache."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import redis

from benchmarks.bench import Bench, Figure
from domain.productivity.task import Task
from infrastructure.cache.answers import NoCache
from infrastructure.store.questions import Questions
from infrastructure.store.reader import Reader
from infrastructure.store.session import call

COUNT = 500
PAGE = 50


def run(bench: Bench) -> list[Figure]:
    me = bench.person()
    me.do_all([call(Task.create, title=f"Task {n}", notes="x" * 100) for n in range(PAGE * 2)])
    bench.store.catch_up()
    engine = bench.store.engine
    bare = Questions(engine, me.subject_id)
    uncached_reader = Reader(engine.reader._pool, NoCache(), engine.keys)  # noqa: SLF001 - the same pool, no cache
    client = redis.Redis.from_url(bench.servers.redis_url)
    client.set("bench", bytes(PAGE * 500))
    bare.find(Task, limit=PAGE)

    def uncached() -> None:
        page = bare.find(Task, limit=PAGE, order_by="-created_at")
        assert len(page) == PAGE

    cached_ms = _milliseconds(uncached)
    object.__setattr__(engine, "reader", uncached_reader)
    uncached_ms = _milliseconds(uncached)
    get_ms = _milliseconds(lambda: client.get("bench"))
    return [
        Figure("cached page of 50, median", cached_ms, "ms", 1.0, get_ms),
        Figure("uncached page of 50, median", uncached_ms, "ms", 10.0),
    ]


def _milliseconds(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(COUNT):
        started = time.perf_counter()
        work()
        taken.append((time.perf_counter() - started) * 1000)
    return median(taken)
