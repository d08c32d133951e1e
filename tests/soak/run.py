"""The soak: writers, readers, an importer, a rebuild and two workers at once, while servers, workers and connections fall."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter, defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from infrastructure.bootstrap import open_store
from infrastructure.connections import POOL_PATIENCE
from infrastructure.embedded.servers import EmbeddedServers
from infrastructure.ledger.ledger import PATIENCE
from infrastructure.settings import Settings
from infrastructure.store.reader import WAIT_SECONDS
from tests.embedded.processes import wait_until
from tests.soak import verdict
from tests.soak.faults import Faults, most_memory_mb, workers_of
from tests.soak.journal import READY, RECEIPT, REQUEST, Account

ROOT = Path(__file__).parents[2]
PEOPLE = 5  # the writers share them
ROLES = (("writer", 0), ("writer", 1), ("reader", 2), ("importer", 3), ("rebuilder", 4))
"""Two writer processes of four writers each."""
STATEMENT_SECONDS = 5.0
LONGEST_REQUEST = 4 * POOL_PATIENCE + PATIENCE + STATEMENT_SECONDS
"""A command asks for its receipt, a key and the record, and appends: each may wait for a connection, the last again
and again."""
LONGEST_WAIT = WAIT_SECONDS + POOL_PATIENCE + STATEMENT_SECONDS
"""For a receipt, then for a connection to ask what was wanted."""
MOST_MEMORY = 400.0  # MB a process
START = 120.0  # seconds for all processes to be ready, on a busy machine
CATCH_UP = 180.0  # seconds for the workers to reach the heads after the last fault


@dataclass
class Soak:
    """What happened: how often each fault struck, the longest outage of PostgreSQL, how much was done, and the most memory of each role."""

    struck: Counter[str] = field(default_factory=Counter)
    outage: float = 0.0
    account: Account = field(default_factory=lambda: Account([]))
    memory: dict[str, float] = field(default_factory=lambda: defaultdict(float))


def soak(seconds: float, data_dir: Path, journals: Path) -> Soak:
    """Run it and check everything that must hold at the end."""
    done = Soak()
    settings = Settings(data_dir=data_dir, project_in_process=False)
    with ExitStack() as resources:
        servers = resources.enter_context(EmbeddedServers(data_dir))
        with open_store(settings) as store:
            people = [store.register(f"p{each}", f"p{each}@example.org").id for each in range(PEOPLE)]
        *writers, importer = people
        load = _Load(data_dir, journals, writers, importer)
        resources.callback(load.kill)
        load.wait_until_ready()
        faults = Faults(servers, data_dir, load.worker.pid)
        faults.run(seconds, lambda: load.watch(done.memory))
        done.struck, done.outage = faults.struck, faults.outage
        load.stop()
        _wait_for_workers(settings)
        load.watch(done.memory)
        load.stop_workers()
        done.account = Account.of(journals)
        _check(settings, servers.postgres_url("ledger"), done, writers, importer)
    return done


def _check(settings: Settings, url: str, done: Soak, writers: list[UUID], importer: UUID) -> None:
    verdict.assert_every_accepted_command_is_there_once(url, done.account, writers)
    verdict.assert_every_bucket_is_dense(url)
    with open_store(settings) as store:
        verdict.assert_everything_imported_is_there_once(store, done.account, importer)
    verdict.assert_rebuilds_were_equal(url, done.account)
    verdict.assert_tables_equal_a_fresh_projection(settings, url)
    assert done.account.longest(REQUEST) < LONGEST_REQUEST
    assert done.account.longest(RECEIPT) < LONGEST_WAIT
    assert all(0 < most < MOST_MEMORY for most in done.memory.values()), dict(done.memory)


class _Load:
    """The processes that use the store, and the workers."""

    def __init__(self, data_dir: Path, journals: Path, writers: list[UUID], importer: UUID) -> None:
        self._journals = journals
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("LIFELEDGER_")},
            "PYTHONPATH": str(ROOT),
            "LIFELEDGER_DATA_DIR": str(data_dir),
            "LIFELEDGER_STATEMENT_TIMEOUT_SECONDS": str(STATEMENT_SECONDS),
        }
        self.worker = self._start("infrastructure.cli", "worker", "--processes", "2")
        self._roles = {
            f"{name} {seed}": self._start(
                "tests.soak.roles",
                name,
                str(seed),
                str(journals / f"{name}-{seed}.jsonl"),
                *(map(str, [importer] if name == "importer" else writers)),
            )
            for name, seed in ROLES
        }

    def wait_until_ready(self) -> None:
        def ready() -> bool:
            self._assert_alive()
            return len(Account.of(self._journals).told(READY)) == len(ROLES) and len(
                workers_of(self.worker.pid)
            ) == 2  # fmt: skip

        wait_until(ready, seconds=START)

    def watch(self, memory: dict[str, float]) -> None:
        """Note how much memory each process holds; fail at once where one has ended that must not."""
        self._assert_alive()
        for name, process in self._roles.items():
            memory[name] = max(memory[name], most_memory_mb(process.pid))
            _note_workers(memory, f"{name}, worker", process.pid)
        _note_workers(memory, "worker", self.worker.pid)

    def stop(self) -> None:
        """Tell the roles to stop; each ends what it has begun, whatever it takes."""
        for process in self._roles.values():
            process.terminate()
        ended = {name: process.wait(timeout=CATCH_UP) for name, process in self._roles.items()}
        assert not any(ended.values()), f"{ended}: {self._said('tests.soak.roles')}"
        self._roles = {}

    def stop_workers(self) -> None:
        self.worker.terminate()
        self.worker.wait(timeout=CATCH_UP)

    def kill(self) -> None:
        for process in (*self._roles.values(), self.worker):
            process.kill()
            process.wait()

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", *words]
        log = (self._journals / f"{words[0]}.log").open("ab")
        with log:
            return subprocess.Popen(command, env=self._environment, cwd=ROOT, stdout=log, stderr=log)

    def _assert_alive(self) -> None:
        fallen = [name for name, process in self._roles.items() if process.poll() is not None]
        assert self.worker.poll() is None, self._said("infrastructure.cli")
        assert not fallen, f"{fallen}: {self._said('tests.soak.roles')}"

    def _said(self, module: str) -> str:
        return (self._journals / f"{module}.log").read_text()[-4000:]


def _note_workers(memory: dict[str, float], name: str, parent: int) -> None:
    for pid in workers_of(parent):
        if held := most_memory_mb(pid):  # else it has just gone
            memory[name] = max(memory[name], held)


def _wait_for_workers(settings: Settings) -> None:
    """Wait until the workers, and nobody else, have projected everything."""
    deadline = time.monotonic() + CATCH_UP
    with open_store(settings) as store:
        while store.engine.projector.lag():
            assert time.monotonic() < deadline, "the workers do not reach the heads"
            time.sleep(0.1)
