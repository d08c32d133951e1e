"""What goes wrong during the soak: Redis and PostgreSQL stop and start, workers are killed, connections cut."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from infrastructure.embedded.servers import EmbeddedServers, running
from infrastructure.embedded.status import ServerStatus
from tests.embedded.processes import PROC, wait_until

WORKER_EVERY = 20.0  # seconds
REDIS_PAUSE = 2.0  # seconds; far longer than its clients wait for it
PATIENCE = 60.0  # seconds for a server to come back


@dataclass(frozen=True)
class Fault:
    """Something to do at a moment of the soak."""

    at: float
    name: str
    strike: Callable[[], None] = field(compare=False)


class Faults:
    """Strikes the servers of one data directory and the workers of one supervisor."""

    def __init__(self, servers: EmbeddedServers, data_dir: Path, supervisor: int) -> None:
        self._servers = servers
        self._data_dir = data_dir
        self._supervisor = supervisor
        self.struck: Counter[str] = Counter()
        self.outage = 0.0
        """The longest time that PostgreSQL was away, in seconds."""

    def schedule(self, seconds: float) -> list[Fault]:
        """Return the faults of a soak in order: of each kind at least one round, however short it is."""
        planned = [
            *((at, "worker killed", self.kill_worker) for at in _times(min(WORKER_EVERY, seconds / 4), seconds)),
            *((at, "connections cut", self.cut_connections) for at in _times(max(seconds / 20, 6.0), seconds)),
            (seconds * 0.15, "Redis paused", self.pause_redis),
            (seconds * 0.40, "Redis stopped", self.stop_redis),
            (seconds * 0.55, "Redis paused", self.pause_redis),
            (seconds * 0.80, "Redis stopped", self.stop_redis),
            (seconds * 0.30, "PostgreSQL restarted", self.restart_postgres),
            (seconds * 0.65, "PostgreSQL restarted", self.restart_postgres),
        ]  # fmt: skip
        return sorted((Fault(*each) for each in planned), key=lambda fault: fault.at)

    def run(self, seconds: float, watch: Callable[[], None]) -> None:
        """Strike at the times planned and return after so many seconds; ``watch`` is called all the while."""
        begun = time.monotonic()
        for fault in self.schedule(seconds):
            _watching(begun + fault.at, watch)
            fault.strike()
            self.struck[fault.name] += 1
        _watching(begun + seconds, watch)

    def kill_worker(self) -> None:
        """Kill one of the workers; their supervisor replaces it."""
        wait_until(lambda: workers_of(self._supervisor), seconds=PATIENCE)
        for pid in workers_of(self._supervisor)[:1]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def pause_redis(self) -> None:
        """Let Redis hang, which is worse for its clients than if it were gone."""
        pid = _running(self._status().redis_pid)
        os.kill(pid, signal.SIGSTOP)
        time.sleep(REDIS_PAUSE)
        os.kill(pid, signal.SIGCONT)

    def stop_redis(self) -> None:
        """Stop Redis; the keeper starts another, which is empty."""
        before = self._status()
        os.kill(_running(before.redis_pid), signal.SIGTERM)
        self._raised(lambda now: now.redis_pid != before.redis_pid)

    def restart_postgres(self) -> None:
        """Stop PostgreSQL in immediate mode: it recovers from its WAL, and the read tables are empty."""
        before, struck_at = self._status(), time.monotonic()
        os.kill(before.postgres_pid, signal.SIGQUIT)
        self._raised(lambda now: now.postgres_pid != before.postgres_pid)
        self.outage = max(self.outage, time.monotonic() - struck_at)

    def cut_connections(self) -> None:
        """Terminate about half of the connections to all databases, whatever they are doing."""
        with (
            suppress(psycopg.OperationalError),
            psycopg.connect(self._servers.postgres_url("postgres")) as own,
        ):
            own.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND random() < 0.5"
            )

    def _status(self) -> ServerStatus:
        deadline = time.monotonic() + PATIENCE
        while (status := running(self._data_dir)) is None:
            assert time.monotonic() < deadline, "the servers do not come back"
            time.sleep(0.02)
        return status

    def _raised(self, other: Callable[[ServerStatus], bool]) -> None:
        wait_until(lambda: (now := running(self._data_dir)) is not None and other(now), seconds=PATIENCE)


def _running(redis: int | None) -> int:
    assert redis is not None, "Redis was given up"
    return redis


def workers_of(supervisor: int) -> list[int]:
    """Return the processes that ``lifeledger worker`` has started, without what multiprocessing adds."""
    return [pid for pid in _children_of(supervisor) if b"spawn_main" in _command(pid)]


def most_memory_mb(pid: int) -> float:
    """Return the most memory a living process ever held, 0 where it has gone."""
    with suppress(OSError):
        for line in (PROC / str(pid) / "status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0


def _children_of(parent: int) -> Iterator[int]:
    for entry in PROC.iterdir():
        if entry.name.isdecimal():
            with suppress(OSError, IndexError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[1]) == parent and fields[0] != "Z":
                    yield int(entry.name)


def _command(pid: int) -> bytes:
    with suppress(OSError):
        return (PROC / str(pid) / "cmdline").read_bytes()
    return b""


def _times(every: float, seconds: float) -> Iterator[float]:
    at = every
    while at < seconds:
        yield at
        at += every


def _watching(until: float, watch: Callable[[], None]) -> None:
    while (left := until - time.monotonic()) > 0:
        watch()
        time.sleep(min(left, 0.25))
