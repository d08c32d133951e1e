"""An erasure that dies at any step is finished by whoever comes next, and ends as if nothing had happened."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest

from domain.productivity.task import Task
from infrastructure.erasure.steps import STEPS
from infrastructure.settings import Settings
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.conftest import Databases
from tests.erasure.dying import kill_at
from tests.erasure.lives import live_a_little, readable, rebuilt, tables

pytestmark = pytest.mark.slow


def assert_ended(store: Store, databases: Databases, settings: Settings, *, fences: int) -> None:
    """Whatever happened on the way: one event, one line, one receipt that holds, tables as a rebuild makes them."""
    (erasure,) = store.erasures.all()
    assert erasure.done
    assert sorted(erasure.steps, key=lambda name: erasure.steps[name]["at"]) == list(STEPS)
    assert store.erasures.verify(erasure.id).holds
    assert len((settings.data_dir / "erasures" / "erasures.jsonl").read_bytes().splitlines()) == 1
    with psycopg.connect(databases.ledger) as ledger, psycopg.connect(databases.keys) as keys:
        (events,) = (
            ledger.execute("SELECT count(*) FROM ledger.events WHERE topic = 'erasure'").fetchone() or ()
        )
        assert events == 1
        for connection, schema in ((ledger, "ledger"), (keys, "keys")):
            (standing,) = connection.execute(f"SELECT count(*) FROM {schema}.fences").fetchone() or ()
            assert standing == fences
    store.catch_up()
    assert tables(databases.ledger) == rebuilt(store, databases.ledger)


@pytest.mark.parametrize("step", STEPS)
def test_a_person_s_erasure_killed_at_a_step_is_finished_by_the_next(
    store: Store, settings: Settings, databases: Databases, environment: dict[str, str], step: str
) -> None:
    ada, eve = live_a_little(store, "ada"), live_a_little(store, "eve")
    kill_at(step, environment, ada.subject_id)
    store.erasures.resume_all()
    assert_ended(store, databases, settings, fences=1)
    assert not any(readable(ada).values())
    assert all(readable(eve).values())
    assert _objects(settings) == 1


@pytest.mark.parametrize("step", ["fence", "scope", "keys", "tables", "compaction"])
def test_a_record_s_erasure_killed_at_a_step_is_finished_by_asking_again(
    store: Store, settings: Settings, databases: Databases, environment: dict[str, str], step: str
) -> None:
    ada = live_a_little(store, "ada")
    store.catch_up()
    gone, *others = (task.id for task in ada.find(Task))
    kill_at(step, environment, ada.subject_id, record_id=gone)
    _write_meanwhile(ada, others[0])
    store.erase(ada.subject_id, grounds="again", record_id=gone)
    assert_ended(store, databases, settings, fences=0)
    assert [record_id for record_id, whole in readable(ada).items() if not whole] == [gone]
    assert ada.load(others[0]).version == 2


def _write_meanwhile(me: Session, task_id: UUID) -> None:
    """Between death and resumption, what is not erased goes on as if nothing were."""
    me.do(Task.retitle, task_id, "meanwhile")
    me.do(Task.create, title="new meanwhile")


def _objects(settings: Settings) -> int:
    return sum(path.is_file() for path in (settings.data_dir / "blobs").rglob("*"))
