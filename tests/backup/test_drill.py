"""PostgreSQL's own recovery to a point in time, as docs/operations.md tells operators to do it: ``make drill``."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from domain.productivity.task import Task
from infrastructure.bootstrap import open_store
from infrastructure.embedded.servers import EmbeddedServers, stop
from infrastructure.settings import Settings
from tests.backup.comparing import LEDGER
from tests.backup.recovery import (
    archive_the_rest,
    archive_to,
    base_backup,
    now_of,
    recover_to,
    wait_until_writable,
)

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


def test_a_base_backup_and_the_archive_bring_the_ledger_back_as_it_was_at_a_moment(folder: Path) -> None:
    first = Settings(data_dir=folder / "first", project_in_process=False)
    archive = folder / "archive"
    with open_store(first) as store:
        me = store.acting_as(store.register("ada", "ada@example.org"))
        me.do(Task.create, title="before the base backup")
        with EmbeddedServers(first.data_dir) as servers:
            archive_to(servers, archive)
    stop(first.data_dir)
    with open_store(first) as store, EmbeddedServers(first.data_dir) as servers:
        base_backup(servers, folder / "base")
        me = store.acting_as(me.subject_id)
        me.do(Task.create, title="after the base backup")
        store.catch_up()
        then, moment = _ledger(servers), now_of(servers)
        time.sleep(0.05)  # what follows has another moment
        me.do(Task.create, title="after the moment")
        archive_the_rest(servers, archive)
        assert _ledger(servers) != then
    stop(first.data_dir)

    second = Settings(data_dir=folder / "second", project_in_process=False)
    second.data_dir.mkdir(mode=0o755)
    shutil.copytree(first.data_dir / "keys", second.data_dir / "keys")
    shutil.move(folder / "base", second.data_dir / "postgres")
    recover_to(second.data_dir / "postgres", archive, moment)
    with EmbeddedServers(second.data_dir) as servers:
        wait_until_writable(servers)
        assert _ledger(servers) == then
    with open_store(second) as store:
        mine = store.acting_as(store.person("ada"))
        store.catch_up()
        assert {task.title for task in mine.find(Task)} == {"before the base backup", "after the base backup"}
        receipt = mine.do(Task.create, title="life goes on")
        assert receipt.position == sum(store.engine.ledger.heads().values())


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
