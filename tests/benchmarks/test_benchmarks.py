"""The ground the benchmarks stand on: equal payloads, real histories, verdicts the right way round."""

from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from benchmarks import payload, peer
from benchmarks.bench import alternating
from benchmarks.figures import Beside, Figure, Median
from benchmarks.history import fill, steps
from benchmarks.limits import BareEvents
from benchmarks.report import lines, missed
from domain.productivity.task import Task
from infrastructure.ledger.buckets import bucket_of
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.conftest import Databases
from tests.projector.comparison import assert_projected


@pytest.mark.parametrize("number", [0, 77, 1999])
def test_an_event_is_about_430_bytes_of_json(number: int) -> None:
    (created,) = steps(1, number)
    assert abs(len(created.body) - payload.JSON_BYTES) <= 10


@pytest.fixture
def library(databases: Databases) -> Iterator[peer.Peer]:
    """The peer, in a schema of its own beside the ledger."""
    info = conninfo_to_dict(databases.ledger)
    environment = peer.environment(databases.ledger) | {"POSTGRES_PORT": str(info.get("port", 5432))}
    opened = peer.Peer(environment)
    yield opened
    opened.close()


def test_the_peer_stores_the_same_fields(library: peer.Peer) -> None:
    (todo_id,) = library.history(1, 3)
    todo: peer.Todo = library.app.repository.get(todo_id)
    ours = json.loads(steps(1)[0].body)
    arguments = {"title", "notes", "due"}
    assert set(todo.details) | arguments == {"purpose", *ours["data"]}
    assert (todo.notes, todo.due) == (ours["data"]["notes"], ours["data"]["due"])
    assert (todo.version, todo.title) == (3, "Renew the passport, reminder 2")


def test_the_peers_runner_projects_every_event(library: peer.Peer, databases: Databases) -> None:
    library.save_batches(120)
    library.change([library.history(1, 2)[0]])
    peer.project(library.environment, last=123)
    with psycopg.connect(databases.ledger) as connection:
        assert connection.execute("SELECT count(*) FROM public.todo_rows").fetchone() == (121,)


@pytest.mark.parametrize("spread", [False, True])
def test_a_filled_history_loads_projects_and_goes_on_like_any_other(
    store: Store, me: Session, databases: Databases, *, spread: bool
) -> None:
    first, *_, last = fill(store.engine, me.subject_id, 300, 4, spread=spread)
    ledger = store.engine.ledger.tail(bucket_of(me.subject_id), 0, 10)
    assert [row.version for row in ledger[1:6]] == ([1, 1, 1, 1, 1] if spread else [1, 2, 3, 4, 1])
    me.do(Task.complete, last)
    store.catch_up()
    assert_projected(store, databases)
    assert (me.load(first).version, me.get(Task, last).status.value) == (4, "done")


def test_a_history_is_filled_past_the_fences_of_others_in_the_bucket(
    store: Store, me: Session, databases: Databases
) -> None:
    with psycopg.connect(databases.ledger) as connection:
        connection.execute("UPDATE ledger.bucket_heads SET fences = 3")
    (record_id,) = fill(store.engine, me.subject_id, 1, 4)
    assert me.load(record_id).version == 4


def test_the_bare_table_takes_the_same_rows_under_the_same_indexes(
    store: Store, me: Session, databases: Databases
) -> None:
    fill(store.engine, me.subject_id, 10, 1)
    rows = store.engine.ledger.tail(bucket_of(me.subject_id), 1, 10)
    with psycopg.connect(databases.ledger, autocommit=True) as connection:
        bare = BareEvents(connection, rows)
        bare.insert(15)
        bare.copy(30, 20)
        found = connection.execute(
            "SELECT count(*), count(DISTINCT record_id), max(position), min(length(body)) FROM bare.events"
        ).fetchone()
        unique = connection.execute(
            "SELECT count(*) FROM pg_indexes WHERE schemaname = 'bare' AND indexdef LIKE 'CREATE UNIQUE%'"
        ).fetchone()
    assert found == (45, 45, 45, min(len(row.body or b"") for row in rows))
    assert unique == (2,)


def test_more_is_better_for_rates_and_less_for_everything_else() -> None:
    slow = Figure(
        "rate", 50.0, "events/s", goal=100, beside=(Beside("limit", 200.0, 0.5), Beside("peer", 20.0, 2.0))
    )
    late = Figure("time", 50.0, "ms", goal=100, beside=(Beside("limit", 20.0, 2.0),))
    assert [check.met for check in slow.checks()] == [False, False, True]
    assert [check.met for check in late.checks()] == [True, False]
    assert [check.met for check in Figure("time", 50.0, "ms", limit=20.0).checks()] == [None, None]
    assert missed([slow, late]) == 3
    assert sum("MISSED" in line for line in lines([slow, late])) == 3


def test_works_take_turns_and_a_median_remembers_its_rounds() -> None:
    turns: list[str] = []
    first, _ = alternating(
        1, lambda: turns.append("a"), lambda: turns.append("b"), rounds=3, between=lambda: turns.append("-")
    )
    assert "".join(turns) == "-a-b" * 3
    assert isinstance(first, Median)
    assert len(first.rounds) == 3
    assert sorted(first.rounds)[1] == first
