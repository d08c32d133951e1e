"""From the call of a command to its row in the read table, with a worker process, at 10, 50 and 90 % load.

Commands are due at fixed times, whether the one before has returned or not, and the time counts from when a command
was due: a stall hits all that wait behind it. The checkpoint, which commits with the rows, is looked at every
half millisecond, and that is how fine the figures are.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

from benchmarks.bench import Bench, Figure, rate
from benchmarks.commands import create
from benchmarks.environment import environment_of
from domain.productivity.task import Task
from infrastructure.ledger.buckets import bucket_of
from infrastructure.store.session import Session

LOADS = (10, 50, 90)  # percent of what one writer can do beside a worker
SECONDS = 10.0
WARM_UP = 300
LOOK = 0.0005  # seconds
PATIENCE = 30.0  # seconds
HALF_LOAD = 50
GOALS = {"p50": 10.0, "p99": 50.0}  # ms, at half load
CURVE = "time until visible by percent of load"


def run(bench: Bench) -> list[Figure]:
    me, numbers = bench.person(), count()
    with _worker(bench):
        create(me, numbers, bench.count(WARM_UP))
        _until_seen(me)
        most = rate(bench.count(WARM_UP), lambda: create(me, numbers, bench.count(WARM_UP)))
        _until_seen(me)
        figures = []
        for load in LOADS:
            figures += _at(load, _delays(me, most * load / 100, bench))
        return figures


def _at(load: int, delays: list[float]) -> list[Figure]:
    ordered = sorted(delays)
    return [
        Figure(
            f"visible at {load} % load, {name}",
            ordered[int(len(ordered) * share)] * 1000,
            "ms",
            GOALS[name] if load == HALF_LOAD else None,
            curve=f"{CURVE}, {name}",
            at=load,
        )
        for name, share in (("p50", 0.50), ("p99", 0.99))
    ]


@contextmanager
def _worker(bench: Bench) -> Iterator[None]:
    command = [sys.executable, "-m", "infrastructure.cli.worker_process"]
    worker = subprocess.Popen(command, env=environment_of(bench), stderr=subprocess.DEVNULL)  # noqa: S603 - our own
    try:
        yield
    finally:
        worker.terminate()
        worker.wait()


def _delays(me: Session, per_second: float, bench: Bench) -> list[float]:
    """Give commands at fixed times and return how long each took, from when it was due, to be seen."""
    commands = bench.count(int(per_second * SECONDS))
    due: dict[int, float] = {}
    watch = _Watch(me, due)
    begun = time.perf_counter()
    for number in range(commands):
        moment = begun + number / per_second
        time.sleep(max(0.0, moment - time.perf_counter()))
        receipt = me.do(Task.create, title="seen soon", notes="x" * 128)
        due[receipt.position] = moment
    return watch.finish(receipt.position)


class _Watch:
    """Looks at the checkpoint of a person's bucket and notes when it passed each position."""

    def __init__(self, me: Session, due: dict[int, float]) -> None:
        self._reader = me.engine.reader
        self._bucket = bucket_of(me.subject_id)
        self._due = due
        self._seen: list[tuple[float, int]] = []
        self._last: int | None = None
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def finish(self, last: int) -> list[float]:
        """Return the delays once the last position is there."""
        self._last = last
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "the worker does not keep up"
        delays, looks = [], iter(self._seen)
        moment, reached = next(looks)
        for position, due in sorted(self._due.items()):
            while reached < position:
                moment, reached = next(looks)
            delays.append(moment - due)
        return delays

    def _look(self) -> None:
        reached = 0
        while self._last is None or reached < self._last:
            reached = self._reader.reached(self._bucket)
            self._seen.append((time.perf_counter(), reached))
            time.sleep(LOOK)


def _until_seen(me: Session) -> None:
    receipt = me.do(Task.create, title="the last before the pause")
    me.engine.reader.wait_for(receipt, me.engine.bell.ring, PATIENCE)
