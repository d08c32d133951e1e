"""Rebuilds by several processes, any of which may be killed, beside workers and writers."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from multiprocessing.context import SpawnContext, SpawnProcess

import psycopg
import pytest

from domain.productivity.task import Task
from infrastructure.errors import RebuildAborted
from infrastructure.projector.rebuild import portions
from infrastructure.projector.rebuild.crew import Crew
from infrastructure.projector.rebuild.plan import Plan
from infrastructure.projector.rebuild.rebuilder import Report, Stage
from infrastructure.settings import Settings
from infrastructure.store.session import Session
from infrastructure.store.store import Person, Store
from tests.conftest import ROOT, Databases
from tests.projector import dying
from tests.projector.comparison import assert_projected, some_commands
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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("phase", "janitor"), list(zip([*dying.AFTER, *dying.BEFORE], cycle([True, False]), strict=False))
)
def test_a_rebuild_killed_in_any_phase_leaves_tables_that_serve_and_is_cleared_up(
    store: Store, me: Session, databases: Databases, spawned: Spawn, phase: str, *, janitor: bool
) -> None:
    """By the janitor of any worker, or by the next rebuild."""
    made = some_commands(me, count=40)
    store.catch_up()
    builder = spawned("tests.projector.dying", phase, str(me.subject_id))
    assert builder.wait(timeout=120) == -signal.SIGKILL
    until(lambda: nobody_builds(databases))
    assert schemas(databases) == {"read", "read_old" if phase == "swapped" else "read_next"}
    me.do(Task.retitle, made[0], "life goes on")
    store.catch_up()
    assert_projected(store, databases)
    if janitor:
        store.tidy()
        assert schemas(databases) == {"read"}
    assert store.engine.care.rebuilder.rebuild().equal
    assert schemas(databases) == {"read"}
    assert_projected(store, databases)


def nobody_builds(databases: Databases) -> bool:
    """Return whether PostgreSQL has noticed that the builder is gone."""
    with psycopg.connect(databases.ledger) as connection:
        held = connection.execute(
            "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database())"
        ).fetchone()
    return held is None


@pytest.mark.parametrize("table", ["portions", "bare"])
def test_a_rebuild_by_several_processes_that_was_killed_is_cleared_up_by_the_next_start(
    store: Store, me: Session, databases: Databases, spawned: Spawn, reopened: Callable[[], Store], table: str
) -> None:
    """Killed while its workers load and while they make indexes: they wait for a lock of ours."""
    some_commands(me)
    store.catch_up()
    with psycopg.connect(databases.ledger) as connection:
        builder = spawned("infrastructure.cli", "rebuild", "--processes", "2")
        until(lambda: "read_next" in schemas(databases))
        with connection.transaction():
            connection.execute(f"LOCK TABLE read_next.{table} IN EXCLUSIVE MODE")
            time.sleep(1)
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


def test_a_builder_that_has_lost_its_turn_leaves_alone_what_another_builds(
    store: Store, me: Session, databases: Databases, reopened: Callable[[], Store]
) -> None:
    """Its turn goes with a connection, which may be cut while the builder works on with others."""
    some_commands(me)
    store.catch_up()
    other, reports = reopened().engine.care.rebuilder, list[Report]()
    begun, ended = threading.Event(), threading.Event()

    def tell_of_the_other(stage: Stage) -> None:
        if stage.name == "catching up" and not begun.is_set():
            begun.set()
            assert ended.wait(60)

    def tell(stage: Stage) -> None:
        if stage.name == "catching up" and not following.ident:
            with psycopg.connect(databases.ledger) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory'"
                    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                )
            following.start()
            assert begun.wait(60)

    following = threading.Thread(target=lambda: reports.append(other.rebuild(tell=tell_of_the_other)))
    with pytest.raises(RebuildAborted):
        store.engine.care.rebuilder.rebuild(tell=tell)
    ended.set()
    following.join()
    (report,) = reports
    assert report.equal
    assert report.swapped
    assert_projected(store, databases)
