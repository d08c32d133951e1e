"""The read tables are a fold of the ledger: exactly once, whatever happens to whoever projects."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest
from psycopg import sql

from domain.catalogue import KINDS, kind_named
from domain.productivity.task import Task
from domain.shared.errors import LifeledgerError
from domain.shared.record import Record
from infrastructure.errors import Busy, KeyUnavailable
from infrastructure.ledger.sealing import Sealer
from infrastructure.projector import editions, schema
from infrastructure.projector import fold as fold_module
from infrastructure.projector.editions import Standing
from infrastructure.projector.projector import GapInBucket
from infrastructure.store.session import Session
from infrastructure.store.store import Person, Store
from projections.catalogue import all_tables, view_of
from projections.record_table import RecordTable
from projections.view import View
from tests.conftest import Databases
from tests.projector.comparison import assert_projected, some_commands

ROOT = Path(__file__).parents[2]


def test_the_tables_equal_a_fold_of_the_ledger(store: Store, me: Session, databases: Databases) -> None:
    some_commands(me)
    store.catch_up()
    assert_projected(store, databases)
    assert store.engine.projector.lag() == 0


def test_batches_of_any_size_give_the_same_tables(
    store: Store, me: Session, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infrastructure.projector.projector.BATCH_EVENTS", 3)
    some_commands(me)
    store.catch_up()
    assert_projected(store, databases)


def test_the_comparison_sees_a_wrong_row(store: Store, me: Session, databases: Databases) -> None:
    made = some_commands(me)
    store.catch_up()
    with psycopg.connect(databases.ledger) as connection:
        connection.execute("UPDATE read.tasks SET title = 'other' WHERE id = %s", (made[0],))
    with pytest.raises(AssertionError):
        assert_projected(store, databases)


def test_a_poison_event_parks_its_record_and_everything_else_goes_on(
    store: Store, me: Session, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison = me.do(Task.create, title="poison")
    well = me.do(Task.create, title="well")
    broken = Task.Created.mutate

    def fail(event: Task.Created, record: Any) -> Any:
        if event.originator_id == poison.id:
            raise ZeroDivisionError
        return broken(event, record)

    with monkeypatch.context() as patch:
        patch.setattr(Task.Created, "mutate", fail)
        store.catch_up()
    later = me.do(Task.retitle, poison.id, "poison still")
    store.catch_up()
    assert me.get(Task, well.id).title == "well"
    (parked,) = store.engine.projector.parked()
    assert (parked.record_id, parked.reason) == (poison.id, "ZeroDivisionError")
    assert store.engine.projector.retry(parked)
    assert me.get(Task, poison.id, after=later).title == "poison still"
    assert store.engine.projector.parked() == []
    assert_projected(store, databases)


def test_a_row_that_cannot_be_written_parks_its_record_only(
    store: Store, me: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison = me.do(Task.create, title="poison")
    well = me.do(Task.create, title="well")
    real = RecordTable.row

    def spoil(table: RecordTable, bucket: int, record: Record) -> tuple[Any, ...]:
        row = real(table, bucket, record)
        return ("not a bucket", *row[1:]) if record.id == poison.id else row

    monkeypatch.setattr(RecordTable, "row", spoil)
    store.catch_up()
    assert me.get(Task, well.id).title == "well"
    assert [parked.record_id for parked in store.engine.projector.parked()] == [poison.id]


@pytest.mark.parametrize("fault", [KeyUnavailable, Busy])
def test_keys_that_cannot_be_asked_for_stop_the_work_and_park_nothing(
    store: Store, me: Session, monkeypatch: pytest.MonkeyPatch, fault: type[LifeledgerError]
) -> None:
    receipt = me.do(Task.create, title="waits")

    def unavailable(_self: Sealer, _row: Any) -> Any:
        raise fault

    with monkeypatch.context() as patch:
        patch.setattr(Sealer, "open", unavailable)
        with pytest.raises(fault):
            store.catch_up()
    assert store.engine.projector.parked() == []
    store.catch_up()
    assert me.get(Task, receipt.id).title == "waits"


def test_a_hole_in_a_bucket_is_an_alarm(store: Store, me: Session, databases: Databases) -> None:
    me.do(Task.create, title="one")
    me.do(Task.create, title="two")
    with psycopg.connect(databases.ledger) as connection:
        connection.execute("DELETE FROM ledger.events WHERE position = 2")
    with pytest.raises(GapInBucket):
        store.catch_up()


def test_a_record_restored_from_its_row_keeps_everything_but_what_only_the_ledger_keeps(
    store: Store, me: Session
) -> None:
    made = me.do(Task.create, title="row")
    store.catch_up()
    view = view_of("task").table
    task = me.get(Task, made.id)
    assert view.record(view.row(1, task)).__dict__["title"] == task.title


def test_tables_that_a_crash_emptied_fill_themselves_again(
    store: Store, me: Session, databases: Databases
) -> None:
    """What PostgreSQL does to unlogged tables after a crash, checkpoints included."""
    some_commands(me)
    store.catch_up()
    with psycopg.connect(databases.ledger) as connection:
        for name in (*(table.name for table in all_tables()), schema.CHECKPOINTS, schema.PARKED):
            connection.execute(f"TRUNCATE read.{name}")
    assert editions.ensure(databases.ledger) is Standing.EMPTIED
    store.catch_up()
    assert_projected(store, databases)


@pytest.fixture
def spawned() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts processes; none outlives the test."""
    running: list[subprocess.Popen[bytes]] = []

    def spawn(*arguments: str, environment: dict[str, str]) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", *arguments]
        running.append(subprocess.Popen(command, env=environment, cwd=ROOT, stderr=subprocess.PIPE))
        return running[-1]

    yield spawn
    for process in running:
        process.kill()
        process.communicate()


def test_workers_killed_under_load_lose_and_double_nothing(
    store: Store,
    person: Person,
    databases: Databases,
    environment: dict[str, str],
    spawned: Callable[..., subprocess.Popen[bytes]],
) -> None:
    """Two workers, two writers; a worker is killed with SIGKILL again and again while they write."""
    worker = ("infrastructure.cli.worker_process",)
    workers = [spawned(*worker, environment=environment) for _ in range(2)]
    writers = [
        spawned("tests.projector.writer", str(seed), "150", str(person.id), environment=environment)
        for seed in range(2)
    ]
    kills = 0
    random = Random(7)
    while any(writer.poll() is None for writer in writers):
        time.sleep(0.3 + random.random() / 2)
        if store.engine.projector.lag() or kills < 3:
            victim = random.randrange(2)
            workers[victim].send_signal(signal.SIGKILL)
            workers[victim].wait()
            workers[victim] = spawned(*worker, environment=environment)
            kills += 1
    assert [writer.returncode for writer in writers] == [0, 0]
    deadline = time.monotonic() + 60
    while store.engine.projector.lag() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert kills >= 3
    assert store.engine.projector.lag() == 0
    assert_projected(store, databases)


def test_a_worker_told_to_stop_finishes_its_batch_and_leaves(
    store: Store,
    me: Session,
    databases: Databases,
    environment: dict[str, str],
    spawned: Callable[..., subprocess.Popen[bytes]],
) -> None:
    worker = spawned("infrastructure.cli.worker_process", environment=environment)
    assert worker.stderr is not None
    assert b"worker started" in worker.stderr.readline()
    some_commands(me)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=30) == 0
    store.catch_up()
    assert_projected(store, databases)


def test_two_projectors_share_the_buckets(
    store: Store, reopened: Callable[[], Store], databases: Databases
) -> None:
    people = [store.register(f"person{number}", f"p{number}@example.org") for number in range(8)]
    for each in people:
        some_commands(store.acting_as(each), count=12)
    stores = [store, reopened()]
    threads = [threading.Thread(target=each.catch_up) for each in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for each_store in stores:
        each_store.catch_up()
    assert_projected(store, databases)


def test_every_kind_has_a_view_with_columns_for_its_fields() -> None:
    for name in KINDS:
        view = view_of(name)
        assert view.kind is kind_named(name)
        assert {column.name for column in view.table.table.columns} >= {
            *view.table.filters,
            *view.table.all_orders,
        }


def test_rows_that_follow_from_nothing_an_event_has_changed_are_left_as_they_are(
    store: Store, me: Session, databases: Databases
) -> None:
    task = me.do(Task.create, title="Renew passport").id
    store.catch_up()

    def written() -> dict[str, str]:
        with psycopg.connect(databases.ledger) as connection:
            return {
                table: connection.execute(
                    sql.SQL("SELECT ctid::text FROM read.{} WHERE {} = %s").format(
                        sql.Identifier(table), sql.Identifier("id" if table == "tasks" else "record_id")
                    ),
                    (task,),
                ).fetchone()[0]  # type: ignore[index]  # the record has a row in each
                for table in ("tasks", "search", "timeline")
            }

    first = written()
    me.do(Task.start, task)
    store.catch_up()
    started = written()
    me.do(Task.retitle, task, "Renew the passport")
    store.catch_up()
    retitled = written()
    assert started["tasks"] != first["tasks"]
    assert started["search"] == first["search"]
    assert retitled["search"] != started["search"]
    assert [hit.record_id for hit in me.search("the")] == [task]
    assert_projected(store, databases)


def test_a_record_whose_rows_can_no_longer_be_told_is_parked_and_nothing_else(
    store: Store, me: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison, well = (me.do(Task.create, title=title).id for title in ("poison", "well"))
    store.catch_up()
    real = fold_module.derived_of

    def fail(bucket: int, record: Record, view: View) -> fold_module.Derived:
        if record.id == poison:
            raise ZeroDivisionError
        return real(bucket, record, view)

    for task in (poison, well):
        me.do(Task.start, task)
    with monkeypatch.context() as patch:
        patch.setattr(fold_module, "derived_of", fail)
        store.catch_up()
    (parked,) = store.engine.projector.parked()
    assert (parked.record_id, parked.reason) == (poison, "ZeroDivisionError")
    assert me.get(Task, well).version == 2
    assert store.engine.projector.retry(parked)
    assert me.get(Task, poison).version == 2
