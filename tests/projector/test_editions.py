"""Read tables made by other code are built anew: while they serve where they can, before they serve where not."""

from __future__ import annotations

import threading
from dataclasses import replace

import psycopg
import pytest

from domain.productivity.task import Task
from infrastructure.bootstrap import open_store
from infrastructure.errors import RebuildRefused
from infrastructure.projector import editions, schema
from infrastructure.projector.editions import Standing, ensure
from infrastructure.projector.rebuild.rebuilder import Rebuilder, Stage
from infrastructure.settings import Settings
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from projections.catalogue import EDITION, all_tables
from tests.conftest import Databases
from tests.projector.comparison import assert_projected, some_commands
from tests.projector.test_rebuild import schemas


def standing(databases: Databases) -> Standing:
    with psycopg.connect(databases.ledger) as connection:
        return editions.standing(connection, logged=False)


def other_sources(patch: pytest.MonkeyPatch) -> None:
    """Let this be other code: what the source files say is no longer what was noted."""
    patch.setattr(editions, "_sources", lambda: "of another version")


def test_other_sources_with_the_same_definitions_change_nothing(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    other_sources(monkeypatch)
    assert ensure(databases.ledger) is Standing.CURRENT
    with psycopg.connect(databases.ledger) as connection:
        assert editions.marked(connection, schema.SCHEMA).endswith("of another version")


def test_a_changed_definition_is_noticed_without_raising_the_edition(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert standing(databases) is Standing.CURRENT
    other_sources(monkeypatch)
    table = all_tables()[0]
    changed = [replace(table, indexes=table.indexes[1:]), *all_tables()[1:]]
    monkeypatch.setattr(schema, "all_tables", lambda: changed)
    assert standing(databases) is Standing.FITTING


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE read.tasks DROP COLUMN notes",
        "ALTER TABLE read.tasks ALTER COLUMN version TYPE integer",
        "ALTER TABLE read.tasks ADD COLUMN gone text NOT NULL",
        "ALTER TABLE read.tasks DROP CONSTRAINT tasks_pkey",
        "DROP TABLE read.timeline",
        "DROP SCHEMA read CASCADE",
    ],
)
def test_tables_without_what_is_asked_for_are_rebuilt_before_they_serve(
    store: Store,
    me: Session,
    databases: Databases,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    change: str,
) -> None:
    some_commands(me, count=12)
    monkeypatch.setattr(schema, "EDITION", EDITION + 1)
    assert standing(databases) is Standing.FITTING  # control: without the change they could serve
    with psycopg.connect(databases.ledger) as connection:
        connection.execute(change)
    told: list[Stage] = []
    with open_store(settings, tell=told.append) as again:
        assert again.engine.projector.lag() == 0
        assert again.acting_as(me.subject_id).count(Task) > 0
    assert {stage.name for stage in told} >= {"indexing", "swapping"}
    assert standing(databases) is Standing.CURRENT
    assert_projected(store, databases)


def test_tables_of_another_edition_serve_until_the_new_ones_are_there(
    store: Store, me: Session, databases: Databases, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    some_commands(me, count=12)
    store.catch_up()
    monkeypatch.setattr(schema, "EDITION", EDITION + 1)
    with open_store(settings) as again:
        person = again.acting_as(me.subject_id)
        assert person.count(Task) > 0
        assert standing(databases) is Standing.FITTING
        with pytest.raises(RebuildRefused, match="edition"):
            again.engine.care.rebuilder.rebuild(["tasks"])
        again.catch_up()
        assert standing(databases) is Standing.CURRENT
        assert_projected(again, databases)


def test_of_several_that_start_at_once_one_builds(
    me: Session, databases: Databases, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    some_commands(me, count=12)
    monkeypatch.setattr(schema, "EDITION", EDITION + 1)
    with psycopg.connect(databases.ledger) as connection:
        connection.execute("DROP SCHEMA read CASCADE")
    built: list[int] = []
    build = Rebuilder._rebuild

    def counted(self: Rebuilder, *args: object, **kwargs: object) -> object:
        built.append(1)
        return build(self, *args, **kwargs)  # type: ignore[arg-type]  # passed on as they are

    monkeypatch.setattr(Rebuilder, "_rebuild", counted)
    counts: list[int] = []

    def start() -> None:
        with open_store(settings) as each:
            counts.append(each.acting_as(me.subject_id).count(Task))

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1
    assert len(set(counts)) == 1
    assert counts[0] > 0
    assert schemas(databases) == {"read"}
