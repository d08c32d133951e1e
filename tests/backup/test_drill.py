"""PostgreSQL's own recovery to a point in time, as docs/operations.md tells operators to do it: ``make drill``."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from pydantic import SecretStr

from domain.productivity.note import Note
from domain.productivity.task import Task
from infrastructure.bootstrap import open_store
from infrastructure.embedded.servers import EmbeddedServers, stop
from infrastructure.errors import Erased, NotFound, SubjectErased
from infrastructure.projector.projector import Progress, Projector
from infrastructure.settings import Settings
from infrastructure.store.store import Store
from projections.catalogue import all_tables
from tests.backup.comparing import LEDGER
from tests.backup.recovery import (
    archive_the_rest,
    archive_to,
    base_backup,
    now_of,
    recover_to,
    wait_until_writable,
)

KEPT, GONE = "kept", "forgotten"

pytestmark = pytest.mark.drill


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for two data directories and an archive, open to the account the servers run as."""
    made = Path(tempfile.mkdtemp(prefix="lifeledger-drill-"))
    made.chmod(0o755)
    yield made
    for each in ("first", "second"):
        stop(made / each)
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def first(folder: Path, archive: Path) -> Settings:
    """A store whose server keeps its WAL."""
    settings = Settings(data_dir=folder / "first", project_in_process=False)
    with open_store(settings), EmbeddedServers(settings.data_dir) as servers:
        archive_to(servers, archive)
    stop(settings.data_dir)
    return settings


@pytest.fixture
def archive(folder: Path) -> Path:
    return folder / "archive"


def test_a_base_backup_and_the_archive_bring_the_ledger_back_as_it_was_at_a_moment(
    first: Settings, archive: Path, folder: Path
) -> None:
    with open_store(first) as store, EmbeddedServers(first.data_dir) as servers:
        me = store.acting_as(store.register("ada", "ada@example.org"))
        me.do(Task.create, title="before the base backup")
        base_backup(servers, folder / "base")
        me.do(Task.create, title="after the base backup")
        store.catch_up()
        then, moment = _ledger(servers), now_of(servers)
        time.sleep(0.05)  # what follows has another moment
        me.do(Task.create, title="after the moment")
        archive_the_rest(servers, archive)
        assert _ledger(servers) != then
    second = _recovered(first, folder, archive, moment)
    with EmbeddedServers(second.data_dir) as servers:
        assert _ledger(servers) == then
    with open_store(second) as store:
        mine = store.acting_as(store.person("ada"))
        store.catch_up()
        assert {task.title for task in mine.find(Task)} == {"before the base backup", "after the base backup"}
        receipt = mine.do(Task.create, title="life goes on")
        assert receipt.position == sum(store.engine.ledger.heads().values())


@dataclass(frozen=True)
class Lives:
    """What was there at the moment that is recovered, and how much of it was erased after."""

    ada: UUID
    bob: UUID
    gone: tuple[UUID, ...]
    kept: tuple[UUID, ...]


@pytest.mark.parametrize("keys_go_back", [False, True])
def test_what_was_erased_after_the_moment_is_erased_again_before_anything_is_served(
    first: Settings, archive: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, *, keys_go_back: bool
) -> None:
    """A person, a kind and a record; with keys on a server of their own, and with keys that went back too."""
    with open_store(first) as store, EmbeddedServers(first.data_dir) as servers:
        lives = _lived(store)
        base_backup(servers, folder / "base")
        kept = store.acting_as(lives.ada).do(Task.create, title=f"{KEPT} since").id
        lives = replace(lives, kept=(*lives.kept, kept))
        store.catch_up()
        moment = now_of(servers)
        time.sleep(0.05)  # what follows has another moment
        store.erase(lives.bob, grounds="drill")
        store.erase(lives.ada, grounds="drill", kind=Note)
        store.erase(lives.ada, grounds="drill", record_id=lives.gone[0])
        archive_the_rest(servers, archive)
    second = _recovered(first, folder, archive, moment)
    with EmbeddedServers(first.data_dir) as now, EmbeddedServers(second.data_dir) as then:
        assert _count(then, "ledger.erasures") == 0
        assert _count(then, "ledger.events WHERE body IS NULL") == 0  # what was erased is there again, sealed
        if not keys_go_back:
            second = _beside_the_keys_of_now(first, now, then)
        monkeypatch.setattr("infrastructure.projector.projector.BATCH_EVENTS", 2)
        seen = _watched(monkeypatch, then)
        with open_store(second) as store:
            assert [erasure.done for erasure in store.erasures.all()] == [True] * 3
            ada = store.acting_as(lives.ada)
            for record_id in (*lives.gone, lives.bob):
                with pytest.raises(Erased):
                    store.acting_as(lives.ada if record_id in lives.gone else lives.bob).load(record_id)
            with pytest.raises(NotFound):
                store.person("bob")
            with pytest.raises(SubjectErased):
                store.acting_as(lives.bob).do(Task.create, title="back again")
            store.catch_up()
            assert {task.id for task in ada.find(Task)} == set(lives.kept)
            assert ada.count(Note) == 0
            assert all(ada.load(record_id).version == 1 for record_id in lives.kept)
            assert all(store.erasures.verify(erasure.id).holds for erasure in store.erasures.all())
            ada.do(Note.write, title="life goes on")
        assert len(seen) > 5
        assert not any(GONE in rows for rows in seen)
        assert KEPT in seen[-1]  # control: what is there is seen


def _lived(store: Store) -> Lives:
    ada, bob = (store.acting_as(store.register(name, f"{name}@example.org")) for name in ("ada", "bob"))
    kept = tuple(ada.do(Task.create, title=f"{KEPT} {number}").id for number in range(4))
    record = ada.do(Task.create, title=f"{GONE} record").id
    note = ada.do(Note.write, title=f"{GONE} note").id
    bob.do(Task.create, title=f"{GONE} of a person")
    bob.do(Note.write, title=f"{GONE} of a person")
    return Lives(ada.subject_id, bob.subject_id, (record, note), kept)


def _watched(monkeypatch: pytest.MonkeyPatch, servers: EmbeddedServers) -> list[str]:
    """Return a list that gets all rows of the read tables, as text, before and after each batch of a projector."""
    seen: list[str] = []
    real = Projector._store

    def look() -> None:
        with psycopg.connect(servers.postgres_url("ledger")) as connection:
            for table in all_tables():
                query = psycopg.sql.SQL("SELECT coalesce(string_agg(t::text, ' '), '') FROM {} AS t")
                row = connection.execute(query.format(psycopg.sql.Identifier("read", table.name))).fetchone()
                found.append(row[0] if row else "")
        seen.append(" ".join(found))
        found.clear()

    def store(self: Projector, folded: Any) -> Progress:
        look()
        progress = real(self, folded)
        look()
        return progress

    found: list[str] = []
    monkeypatch.setattr(Projector, "_store", store)
    return seen


def _beside_the_keys_of_now(first: Settings, now: EmbeddedServers, then: EmbeddedServers) -> Settings:
    """Return the settings of programs that use the recovered ledger with the keys and the erasure file of today."""
    return first.model_copy(
        update={
            "ledger_url": SecretStr(then.postgres_url("ledger")),
            "keys_url": SecretStr(now.postgres_url("keys")),
            "redis_url": SecretStr(then.redis_url),
        }
    )


def _recovered(first: Settings, folder: Path, archive: Path, moment: str) -> Settings:
    """Recover both databases of a store to a moment in another data directory, with its root key and erasure file."""
    stop(first.data_dir)
    second = Settings(data_dir=folder / "second", project_in_process=False)
    second.data_dir.mkdir(mode=0o755)
    for kept in ("keys", "erasures"):
        if (first.data_dir / kept).exists():
            shutil.copytree(first.data_dir / kept, second.data_dir / kept)
    shutil.move(folder / "base", second.data_dir / "postgres")
    recover_to(second.data_dir / "postgres", archive, moment)
    with EmbeddedServers(second.data_dir) as servers:
        wait_until_writable(servers)
    return second


def _count(servers: EmbeddedServers, what: str) -> int:
    with psycopg.connect(servers.postgres_url("ledger")) as connection:
        row = connection.execute(f"SELECT count(*) FROM {what}".encode()).fetchone()
    assert row is not None
    return int(row[0])


def _ledger(servers: EmbeddedServers) -> dict[str, list[str]]:
    with psycopg.connect(servers.postgres_url("ledger")) as connection:
        return {
            name: sorted(
                row[0]
                for row in connection.execute(
                    psycopg.sql.SQL("SELECT t::text FROM {} AS t").format(
                        psycopg.sql.Identifier("ledger", name)
                    )
                )
            )
            for name in LEDGER
        }
