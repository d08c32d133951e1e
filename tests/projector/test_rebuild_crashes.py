"""PostgreSQL crashes while a shadow is built: what it has emptied is never put in the place of what serves."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from domain.productivity.task import Task
from infrastructure.bootstrap import open_store
from infrastructure.embedded.servers import EmbeddedServers, running
from infrastructure.errors import RebuildAborted, Unavailable
from infrastructure.projector.rebuild import portions
from infrastructure.projector.rebuild.crew import Crew
from infrastructure.projector.rebuild.rebuilder import Stage
from infrastructure.settings import Settings
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.conftest import Databases
from tests.embedded.conftest import temporary_data_dir
from tests.embedded.processes import wait_until
from tests.projector.comparison import assert_projected, some_commands
from tests.projector.test_rebuild import schemas

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A data directory whose server may be crashed, five times a minute by the patience of its keeper."""
    with temporary_data_dir() as made, EmbeddedServers(made):
        yield made


@pytest.fixture
def settings(folder: Path) -> Settings:
    return Settings(data_dir=folder, project_in_process=False)


@pytest.fixture
def databases(folder: Path) -> Databases:
    with EmbeddedServers(folder) as servers:
        return Databases(servers.postgres_url("ledger"), servers.postgres_url("keys"))


@pytest.fixture
def me(store: Store) -> Session:
    """One more person in the store, and several portions of what they have done."""
    name = f"person{len(store.engine.ledger.heads())}"
    session = store.acting_as(store.register(name, f"{name}@example.org"))
    some_commands(session)
    store.catch_up()
    return session


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portions.cut, "__defaults__", (20,))


def crash(folder: Path) -> None:
    """Stop PostgreSQL in immediate mode and wait until its keeper has started it again."""
    before = running(folder)
    assert before is not None
    os.kill(before.postgres_pid, signal.SIGQUIT)
    wait_until(
        lambda: (now := running(folder)) is not None and now.postgres_pid != before.postgres_pid, seconds=60
    )


def rebuild_through_a_crash(store: Store, folder: Path, phase: str, crew: Crew | None = None) -> None:
    """Rebuild, with a crash in a phase of it; the builder is between two transactions and may not notice."""
    crashed: list[Stage] = []

    def tell(stage: Stage) -> None:
        if stage.name == phase and not crashed:
            crash(folder)
            crashed.append(stage)

    try:
        store.engine.care.rebuilder.rebuild(crew=crew, tell=tell)
    finally:
        assert crashed


def assert_whole(store: Store, me: Session, databases: Databases) -> None:
    """Compare the tables that serve with the ledger, and with another rebuild."""
    store.tidy()
    assert schemas(databases) == {"read"}
    me.do(Task.create, title="life goes on")
    store.catch_up()
    assert_projected(store, databases)
    assert store.engine.projector.parked() == []
    assert store.engine.care.rebuilder.rebuild().equal


@pytest.mark.parametrize("phase", ["loading", "catching up", "swapping"])
def test_a_shadow_that_a_crash_has_emptied_is_not_swapped_in(
    store: Store, me: Session, databases: Databases, folder: Path, phase: str
) -> None:
    with pytest.raises((RebuildAborted, Unavailable)):
        rebuild_through_a_crash(store, folder, phase)
    assert_whole(store, me, databases)


def test_workers_do_not_take_a_shadow_that_a_crash_has_emptied_for_one_that_is_loaded(
    store: Store, me: Session, settings: Settings, databases: Databases, folder: Path
) -> None:
    with pytest.raises((RebuildAborted, Unavailable)):
        rebuild_through_a_crash(store, folder, "loading", Crew(settings, 2))
    assert_whole(store, me, databases)


def test_logged_tables_of_which_a_crash_has_left_a_part_are_not_swapped_in(
    settings: Settings, databases: Databases, folder: Path
) -> None:
    """They keep the rows that were loaded; the list of what is left to load is gone all the same."""
    with closing(open_store(settings.model_copy(update={"read_tables": "logged"}))) as store:
        me = store.acting_as(store.register("logged", "logged@example.org"))
        some_commands(me)
        store.catch_up()
        with psycopg.connect(databases.ledger) as connection:
            kept = connection.execute(
                "SELECT relpersistence FROM pg_class WHERE oid = 'read.tasks'::regclass"
            ).fetchone()
        assert kept == ("p",)
        with pytest.raises((RebuildAborted, Unavailable)):
            rebuild_through_a_crash(store, folder, "loading")
        assert_whole(store, me, databases)
