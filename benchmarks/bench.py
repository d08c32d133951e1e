"""What the benchmarks share: a store on embedded servers with durable commits, and how a figure is taken."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg import Connection, sql

from benchmarks.figures import Beside, Figure, Median
from infrastructure.bootstrap import open_store
from infrastructure.embedded.servers import EmbeddedServers, stop
from infrastructure.interpreter import relax_collector
from infrastructure.settings import Settings
from infrastructure.store.session import Session
from infrastructure.store.store import Store

__all__ = ["Bench", "Beside", "Figure", "Options", "alternating", "in_turns", "rate"]

ROUNDS = 5
QUICK = 20
"""By how much the quick form divides every count: it shows that a benchmark runs, and measures nothing."""

DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
TOLD = ("server_version", "shared_buffers", "max_wal_size", "wal_compression", "random_page_cost")


@dataclass(frozen=True)
class Options:
    """How much to measure."""

    quick: bool = False
    large: bool = False
    sizes: tuple[int, ...] = ()
    """Events in the store, for those that measure at several sizes."""
    idle_seconds: float = 10.0


class Bench:
    """A store in a folder of its own, thrown away at the end."""

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()

    def __enter__(self) -> Self:
        relax_collector()  # as workers and the command line do
        self._folder = Path(tempfile.mkdtemp(prefix="lifeledger-bench-"))
        self._resources = ExitStack()
        self.settings = Settings(data_dir=self._folder, project_in_process=False)
        self.store: Store = self._resources.enter_context(open_store(self.settings))
        self.servers = self._resources.enter_context(EmbeddedServers(self._folder))
        with self.connect("ledger") as connection:
            self.server_settings = {name: _shown(connection, name) for name in (*DURABLE, *TOLD)}
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()
        stop(self._folder)
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def rounds(self) -> int:
        return 1 if self.options.quick else ROUNDS

    def count(self, full: int) -> int:
        """Return how many to measure: all, or a few where it is only to be seen that it runs."""
        return max(full // QUICK, 8) if self.options.quick else full

    def person(self) -> Session:
        """Register somebody and return their session."""
        name = f"bench{secrets.token_hex(4)}"
        return self.store.acting_as(self.store.register(name, f"{name}@example.org"), purpose="benchmark")

    def connect(self, database: str) -> Connection[tuple[Any, ...]]:
        """Return a bare connection, in autocommit and with durable commits; a new database where there is none."""
        self.servers.ensure_database(database)
        connection = psycopg.connect(self.servers.postgres_url(database), autocommit=True)
        for name, value in DURABLE.items():
            assert _shown(connection, name) == value, f"{name} is not {value}: this would not compare"
        return connection

    def alternating(
        self, count: int, *works: Callable[[], object], between: Callable[[], object] | None = None
    ) -> list[Median]:
        """Return the median rate of each work; ``between`` makes ready for the next one and is not measured."""
        return alternating(count, *works, rounds=self.rounds, between=between)


def rate(count: int, work: Callable[[], object]) -> float:
    """Return how many of ``count`` things a second ``work`` does."""
    started = time.perf_counter()
    work()
    return count / (time.perf_counter() - started)


def alternating(
    count: int,
    *works: Callable[[], object],
    rounds: int = ROUNDS,
    between: Callable[[], object] | None = None,
) -> list[Median]:
    """Return the median rate of each work; they take turns, so that a slow moment hits all alike."""
    return in_turns([(count, work) for work in works], rounds=rounds, between=between)


def in_turns(
    works: Sequence[tuple[int, Callable[[], object]]],
    *,
    rounds: int = ROUNDS,
    between: Callable[[], object] | None = None,
) -> list[Median]:
    """Return the median rate of each work, of which each has a count of its own; see ``alternating``."""
    rates: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for taken, (count, work) in zip(rates, works, strict=True):
            if between is not None:
                between()
            taken.append(rate(count, work))
    return [Median(taken) for taken in rates]


def _shown(connection: Connection[Any], name: str) -> str:
    row = connection.execute(sql.SQL("SHOW {}").format(sql.Identifier(name))).fetchone()
    return str(row[0]) if row else ""
