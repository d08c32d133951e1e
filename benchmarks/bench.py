"""What the benchmarks share: a store on embedded servers with durable commits, and how a figure is taken."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Self

from infrastructure.bootstrap import open_store
from infrastructure.embedded.servers import EmbeddedServers, stop
from infrastructure.garbage import relax_collector
from infrastructure.settings import Settings
from infrastructure.store.session import Session
from infrastructure.store.store import Store

ROUNDS = 5


@dataclass(frozen=True)
class Figure:
    """A measured figure beside the goal and, where there is one, the limit taken in the same run."""

    name: str
    value: float
    unit: str
    goal: float
    limit: float | None = None

    def __str__(self) -> str:
        ratio = f"  {self.value / self.limit:.2f} times the limit {self.limit:,.2f}" if self.limit else ""
        return f"{self.name:<58} {self.value:>12,.2f} {self.unit:<10} goal {self.goal:>10,.2f}{ratio}"


class Bench:
    """A store in a folder of its own, thrown away at the end."""

    def __enter__(self) -> Self:
        relax_collector()  # as workers and the command line do
        self._folder = Path(tempfile.mkdtemp(prefix="lifeledger-bench-"))
        self._resources = ExitStack()
        self.settings = Settings(data_dir=self._folder, project_in_process=False)
        self.store: Store = self._resources.enter_context(open_store(self.settings))
        self.servers = self._resources.enter_context(EmbeddedServers(self._folder))
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()
        stop(self._folder)
        shutil.rmtree(self._folder, ignore_errors=True)

    def person(self) -> Session:
        """Register somebody and return their session."""
        name = f"bench{secrets.token_hex(4)}"
        return self.store.acting_as(self.store.register(name, f"{name}@example.org"), purpose="benchmark")


def rate(count: int, work: Callable[[], object]) -> float:
    """Return how many of ``count`` things a second ``work`` does."""
    started = time.perf_counter()
    work()
    return count / (time.perf_counter() - started)


def alternating(count: int, *works: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Return the median rate of each work; they take turns, so that a slow moment hits all alike."""
    rates: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for taken, work in zip(rates, works, strict=True):
            taken.append(rate(count, work))
    return [median(taken) for taken in rates]
