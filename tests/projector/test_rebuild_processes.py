"""Rebuilds by several processes, any of which may be killed, beside workers and writers."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing.context import SpawnContext, SpawnProcess

import psycopg
import pytest

from infrastructure.projector.rebuild import portions
from infrastructure.projector.rebuild.crew import Crew
from infrastructure.projector.rebuild.plan import Plan
from infrastructure.settings import Settings
from infrastructure.store.session import Session
from infrastructure.store.store import Person, Store
from tests.conftest import ROOT, Databases
from tests.projector.test_projector import assert_projected, some_commands
from tests.projector.test_rebuild import schemas

Spawn = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def spawned(environment: dict[str, str]) -> Iterator[Spawn]:
    """Starts processes on the test's store; none outlives the test."""
    running: list[subprocess.Popen[bytes]] = []

    def spawn(*arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", *arguments]
        running.append(subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE))
        return running[-1]

    yield spawn
    for process in running:
        process.kill()
        process.communicate()


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_workers_and_writers_go_on_while_tables_are_swapped_and_workers_killed(
    store: Store, person: Person, databases: Databases, spawned: Spawn
) -> None:
    some_commands(store.acting_as(person))
    workers = [spawned("infrastructure.cli.worker_process") for _ in range(2)]
    writers = [spawned("tests.projector.writer", str(seed), "120", str(person.id)) for seed in range(2)]
    rebuilt = 0
    while any(writer.poll() is None for writer in writers) or rebuilt < 3:
        report = store.engine.care.rebuilder.rebuild()
        assert report.equal
        rebuilt += 1
        victim = rebuilt % 2
        workers[victim].send_signal(signal.SIGKILL)
        workers[victim].wait()
        workers[victim] = spawned("infrastructure.cli.worker_process")
    assert [writer.returncode for writer in writers] == [0, 0]
    until(lambda: store.engine.projector.lag() == 0)
    assert_projected(store, databases)
    assert store.engine.care.rebuilder.rebuild().equal


@pytest.mark.parametrize("table", ["portions", "bare", None])
def test_a_rebuild_that_was_killed_is_cleared_up_by_the_next_start(
    store: Store,
    me: Session,
    databases: Databases,
    spawned: Spawn,
    reopened: Callable[[], Store],
    table: str | None,
) -> None:
    """Killed while it loads, while it makes indexes (it waits for a lock of ours), and as soon as it begins."""
    some_commands(me)
    store.catch_up()
    with psycopg.connect(databases.ledger) as connection:
        builder = spawned("infrastructure.cli", "rebuild", "--processes", "2")
        until(lambda: "read_next" in schemas(databases))
        if table is not None:
            with connection.transaction():
                connection.execute(f"LOCK TABLE read_next.{table} IN EXCLUSIVE MODE")
                time.sleep(1)
                builder.send_signal(signal.SIGKILL)
        else:
            builder.send_signal(signal.SIGKILL)
        builder.wait()
    until(lambda: reopened() is not None and schemas(databases) == {"read"})
    assert_projected(store, databases)
    assert store.engine.care.rebuilder.rebuild().equal


def test_a_worker_of_a_rebuild_that_dies_is_replaced(
    store: Store, me: Session, settings: Settings, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portions.cut, "__defaults__", (20,))
    some_commands(me, count=90)
    store.catch_up()
    killed: list[int] = []

    class Mortal(Crew):
        def _hired(self, spawn: SpawnContext, plan: Plan) -> SpawnProcess:
            worker = super()._hired(spawn, plan)
            if len(killed) < 2:
                killed.append(worker.pid or 0)
                time.sleep(0.8 * len(killed))
                worker.kill()
            return worker

    assert store.engine.care.rebuilder.rebuild(crew=Mortal(settings, 2)).equal
    assert len(killed) == 2
    assert_projected(store, databases)
