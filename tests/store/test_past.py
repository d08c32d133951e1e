"""Records and questions as of a moment: what they answer, what they refuse, and what they leave behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from psycopg import Connection

from domain.catalogue import KINDS, kind_named
from domain.productivity.note import Note
from domain.productivity.task import Task
from domain.shared import clock
from domain.shared.record import Record, state_of
from infrastructure.crypto import keyring
from infrastructure.errors import Erased, InvalidQuery, NotFound, PastIsReadOnly, Unavailable
from infrastructure.ledger.sealing import OpenedEvent
from infrastructure.store.questions import Questions
from infrastructure.store.session import Session, call
from infrastructure.store.store import Store
from tests.conftest import ROOT, Databases
from tests.histories import BEGINNING, Step, histories, live

HOUR = timedelta(hours=1)


def at(moment: datetime, session: Session, command: Callable[..., object], *arguments: object) -> UUID:
    """Give a command at a moment; return the id of its record."""
    with clock.reading(lambda: moment):
        return session.do_all([call(command, *arguments)])[-1].id


@pytest.fixture
def task(me: Session) -> UUID:
    """A task made at the beginning, retitled after an hour and completed after two."""
    made = at(BEGINNING, me, Task.create, "first")
    at(BEGINNING + HOUR, me, Task.retitle, made, "second")
    at(BEGINNING + 2 * HOUR, me, Task.complete, made)
    return made


def title_at(me: Session, record_id: UUID, moment: datetime) -> str:
    record = me.load(record_id, as_of=moment)
    assert isinstance(record, Task)
    return record.title


def test_a_record_stands_after_the_last_event_recorded_at_or_before_the_moment(
    me: Session, task: UUID
) -> None:
    instant = timedelta(microseconds=1)
    assert title_at(me, task, BEGINNING) == "first"
    assert title_at(me, task, BEGINNING + HOUR - instant) == "first"
    assert title_at(me, task, BEGINNING + HOUR) == "second"
    with pytest.raises(NotFound):
        me.load(task, as_of=BEGINNING - instant)
    with pytest.raises(InvalidQuery):
        me.load(task, as_of=BEGINNING.replace(tzinfo=None))


def test_where_an_old_clock_was_put_back_the_later_time_holds(
    me: Session, task: UUID, databases: Databases
) -> None:
    put_back(databases, task, version=3, to=BEGINNING - HOUR)
    assert state_of(me.load(task, as_of=BEGINNING)) == state_of(me.load(task, as_of=BEGINNING + HOUR / 2))
    assert title_at(me, task, BEGINNING) == "first"
    with me.as_of(BEGINNING) as then:
        (found,) = then.find(Task)
        assert (found.title, found.version) == ("first", 1)


def test_an_erased_record_is_erased_at_every_moment_at_which_it_was_there(
    me: Session, task: UUID, databases: Databases
) -> None:
    note = at(BEGINNING, me, Note.write, "stays")
    assert title_at(me, task, BEGINNING) == "first"
    destroy_keys(databases, "task")
    time.sleep(2 * keyring.LEASE)
    with pytest.raises(Erased):
        me.load(task, as_of=BEGINNING)
    with me.as_of(BEGINNING) as then:
        assert not then.find(Task)
        assert [found.id for found in then.find(Note)] == [note]


def test_the_past_answers_every_question_as_it_would_have_then(store: Store, me: Session, task: UUID) -> None:
    other = at(BEGINNING + HOUR, me, Task.create, "other")
    with me.as_of(BEGINNING + HOUR) as then:
        assert [found.title for found in then.find(Task, order_by="created_at")] == ["second", "other"]
        assert then.count(Task, status="todo") == 2
        assert then.get(Task, task).version == 2
        assert {hit.record_id for hit in then.search("second")} == {task}
        assert {node.task_id for node in then.task_tree()} == {task, other}
        assert [(each.kind, each.records, each.events) for each in then.statistics()] == [("task", 2, 3)]
        assert [line.action for line in then.audit()] == ["task.created", "task.retitled", "task.created"]
        assert len(then.history(task)) == 2
        first = then.find(Task, limit=1)
        assert [found.id for found in then.find(Task, limit=1, cursor=first.next)] == [task]
        assert not then.timeline(kind="user")
    store.catch_up()
    assert me.count(Task, status="todo") == 1


@pytest.mark.usefixtures("task")
def test_nobody_elses_records_and_no_later_ones_are_in_the_past(store: Store, me: Session) -> None:
    other = store.acting_as(store.register("eve", "eve@example.org"))
    at(BEGINNING, other, Task.create, "not mine")
    with me.as_of(datetime.now(UTC) + HOUR) as then:
        assert then.count(Task) == 1
        me.do(Task.create, "after the past was opened")
        assert [each.records for each in then.statistics() if each.kind == "task"] == [1]


def test_commands_are_refused_in_the_past(me: Session, task: UUID) -> None:
    with me.as_of(BEGINNING) as then, pytest.raises(PastIsReadOnly):
        then.do(Task.retitle, task, "never")
    assert title_at(me, task, datetime.now(UTC)) == "second"


@pytest.mark.usefixtures("task")
def test_a_past_whose_connection_was_lost_says_so_instead_of_answering(
    me: Session, databases: Databases
) -> None:
    with me.as_of(BEGINNING) as then:
        assert then.count(Task) == 1
        with psycopg.connect(databases.ledger, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        for _ in range(2):
            with pytest.raises(Unavailable):
                then.count(Task)


@pytest.mark.usefixtures("task")
def test_a_killed_process_leaves_no_table_of_the_past(
    me: Session, databases: Databases, environment: dict[str, str]
) -> None:
    program = f"""
import time
from datetime import datetime
from infrastructure.bootstrap import open_store
from uuid import UUID
store = open_store()
then = store.acting_as(UUID("{me.subject_id}")).as_of(datetime.fromisoformat("{BEGINNING.isoformat()}"))
then.timeline()
print("asked", flush=True)
time.sleep(60)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        env={**environment, "LIFELEDGER_PROJECT_IN_PROCESS": "false"},
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"asked\n"
    with psycopg.connect(databases.ledger, autocommit=True) as connection:
        assert temporary_tables(connection) > 0
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        deadline = time.monotonic() + 10
        while temporary_tables(connection) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert temporary_tables(connection) == 0


def test_tables_of_the_past_are_temporary_and_keep_no_samples_of_what_people_wrote(me: Session) -> None:
    for number in range(50):
        at(BEGINNING, me, Task.create, f"canary{number}")
    with me.as_of(BEGINNING) as then:
        then.find(Task)
        pool = then.engine.reader._pool
        with pool.connection() as connection:
            kept = connection.execute(
                "SELECT attname FROM pg_stats WHERE tablename = 'tasks'"
                " AND schemaname = (SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema())"
            ).fetchall()
        assert ("status",) in kept
        assert ("title",) not in kept


@pytest.mark.filterwarnings("ignore:Do not use the `random` module")  # a pool's thread does, while we draw
@settings(
    max_examples=6,
    phases=[Phase.generate],
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(history=histories(every_kind=True, min_size=5, max_size=25))
def test_as_of_equals_a_fold_up_to_the_moment_for_every_kind(store: Store, history: tuple[Step, ...]) -> None:
    me = newcomer(store)
    lived = live(me, history)
    moments = sorted(set(lived.moments))
    for moment in {moments[0], moments[len(moments) // 2], moments[-1]}:
        folded = {record_id: folded_up_to(me, record_id, moment) for record_id in lived.ids.values()}
        with me.as_of(moment) as then:
            for record_id, expected in folded.items():
                if expected is None:
                    with pytest.raises(NotFound):
                        me.load(record_id, as_of=moment)
                    continue
                found = me.load(record_id, as_of=moment)
                assert (state_of(found), found.version) == (state_of(expected), expected.version)
            for kind in KINDS:
                standing = [record for record in folded.values() if record and kind == record.KIND]
                assert {each.id: each.version for each in in_table(then, kind)} == {
                    each.id: each.version for each in standing
                }


def test_a_past_of_now_answers_as_the_read_tables_do(store: Store, me: Session) -> None:
    at(BEGINNING, me, Task.create, "one")
    due = at(BEGINNING, me, Task.create, "two")
    at(BEGINNING, me, Task.reschedule, due, date(2026, 12, 1))
    store.catch_up()
    with me.as_of(datetime.now(UTC)) as then:
        assert then.timeline().items == me.timeline().items
        assert then.search("two").items == me.search("two").items
        assert then.statistics().items == me.statistics().items
        assert then.audit().items == me.audit().items
        assert [state_of(each) for each in then.find(Task)] == [state_of(each) for each in me.find(Task)]


def newcomer(store: Store) -> Session:
    """Return the session of somebody new: examples of one test share its store."""
    name = f"p{time.monotonic_ns()}"
    return store.acting_as(store.register(name, f"{name}@example.org"), purpose="testing")


def folded_up_to(me: Session, record_id: UUID, moment: datetime) -> Record | None:
    """Apply the events of a record one by one, the plain way."""
    record: Record | None = None
    for item in me.engine.repository.history(me.subject_id, record_id):
        assert isinstance(item, OpenedEvent)
        if item.event.timestamp > moment:
            break
        record = item.event.mutate(record)
    return record


def in_table(then: Questions, kind: str) -> list[Record]:
    living = then.find(kind_named(kind), limit=1000)
    return [*living, *then.find(kind_named(kind), limit=1000, trashed=True)]


def put_back(databases: Databases, record_id: UUID, *, version: int, to: datetime) -> None:
    """Record an event as an older program did after its clock had been put back."""
    with psycopg.connect(databases.ledger) as connection:
        connection.execute(
            "UPDATE ledger.events SET recorded_at = %s WHERE record_id = %s AND version = %s",
            (to, record_id, version),
        )


def destroy_keys(databases: Databases, kind: str) -> None:
    with psycopg.connect(databases.keys) as connection:
        connection.execute(
            "UPDATE keys.period_keys SET wrapped = NULL, destroyed_at = now() WHERE kind = %s", (kind,)
        )
        connection.execute("UPDATE keys.destructions SET count = count + 1")


def temporary_tables(connection: Connection[tuple[object, ...]]) -> int:
    row = connection.execute("SELECT count(*) FROM pg_class WHERE relpersistence = 't'").fetchone()
    assert row is not None
    return int(str(row[0]))
