"""Starting, joining and stopping the servers of a data directory."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
import redis

from infrastructure.embedded.errors import ServerDidNotStart, ServersNotStarted
from infrastructure.embedded.servers import EmbeddedServers, running, stop
from tests.embedded.clients import begin_visit, end_visit, pids_of, ping, query, status_of
from tests.embedded.conftest import temporary_data_dir
from tests.embedded.processes import alive, keepers_of, needs_proc, processes_of, wait_until


def test_both_servers_answer_after_start(shared_servers: EmbeddedServers) -> None:
    assert query(shared_servers, "SELECT current_setting('server_version_num')::int / 10000") == [(18,)]
    assert ping(shared_servers)


def test_an_address_is_known_only_after_start(unused_data_dir: Path) -> None:
    servers = EmbeddedServers(unused_data_dir)
    with pytest.raises(ServersNotStarted):
        servers.postgres_url("postgres")
    with pytest.raises(ServersNotStarted):
        _ = servers.redis_url
    assert running(unused_data_dir) is None
    assert not unused_data_dir.exists()


def test_another_process_joins_the_same_servers(
    shared_servers: EmbeddedServers, shared_data_dir: Path
) -> None:
    shared_servers.start()
    assert end_visit(begin_visit(shared_data_dir)) == pids_of(shared_data_dir)


def test_threads_may_share_one_object(shared_data_dir: Path, shared_servers: EmbeddedServers) -> None:
    mine = EmbeddedServers(shared_data_dir)
    threads = [threading.Thread(target=mine.start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert mine.redis_url == shared_servers.redis_url
    mine.close()


def test_the_servers_outlive_the_process_that_started_them(data_dir: Path) -> None:
    pids = end_visit(begin_visit(data_dir))
    assert pids_of(data_dir) == pids
    with EmbeddedServers(data_dir) as servers:
        assert query(servers, "SELECT 1") == [(1,)]
        assert pids_of(data_dir) == pids


@needs_proc
def test_stop_leaves_no_process(data_dir: Path) -> None:
    end_visit(begin_visit(data_dir))
    pids = pids_of(data_dir)
    assert set(pids) <= set(processes_of(data_dir))
    assert stop(data_dir)
    assert not any(map(alive, pids))
    assert processes_of(data_dir) == {}
    assert running(data_dir) is None


def test_stop_says_that_nothing_was_running(data_dir: Path) -> None:
    assert not stop(data_dir)
    end_visit(begin_visit(data_dir))
    assert stop(data_dir)
    assert not stop(data_dir)


def test_a_client_starts_them_again_after_somebody_has_stopped_them(data_dir: Path) -> None:
    with EmbeddedServers(data_dir) as servers:
        query(servers, "CREATE TABLE kept_over_stop (word text)")
        before = pids_of(data_dir)
        assert stop(data_dir)
        servers.start()
        assert query(servers, "SELECT count(*) FROM kept_over_stop") == [(0,)]
        assert set(before).isdisjoint(pids_of(data_dir))


@needs_proc
def test_processes_that_start_at_once_get_one_keeper(unused_data_dir: Path) -> None:
    visits = [begin_visit(unused_data_dir) for _ in range(4)]
    found = [end_visit(visit) for visit in visits]
    assert found == [pids_of(unused_data_dir)] * len(visits)
    # The others have tried for the lock; each goes when it has not got it within its patience.
    wait_until(lambda: keepers_of(unused_data_dir) == [found[0][0]])


def test_a_client_that_comes_while_they_stop_gets_new_ones(data_dir: Path) -> None:
    with EmbeddedServers(data_dir) as servers:
        for _ in range(3):
            before = status_of(data_dir)
            stopping = threading.Thread(target=stop, args=(data_dir,))
            stopping.start()
            wait_until(lambda: running(data_dir) is None)
            with EmbeddedServers(data_dir) as late:
                assert ping(late)
                assert query(late, "SELECT 1") == [(1,)]
                assert status_of(data_dir).keeper_pid != before.keeper_pid
            stopping.join()
        servers.start()
        assert ping(servers)


def test_a_postgres_that_hangs_is_given_up(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infrastructure.embedded.servers._CONNECT_TIMEOUT", 2)
    with EmbeddedServers(data_dir) as servers:
        postgres = pids_of(data_dir)[1]
        os.kill(postgres, signal.SIGSTOP)
        try:
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(servers.postgres_url("postgres"), options="-c statement_timeout=1s")
        finally:
            os.kill(postgres, signal.SIGCONT)
        assert query(servers, "SELECT 1") == [(1,)]


@pytest.mark.parametrize("free", [0, 1 << 40])
def test_servers_that_do_not_start_on_a_full_disk_say_so(
    unused_data_dir: Path, monkeypatch: pytest.MonkeyPatch, free: int
) -> None:
    files = unused_data_dir / "postgres"
    files.mkdir(parents=True)
    (files / "PG_VERSION").write_text("17\n")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    expected = "MB are left on the disk" if free == 0 else "made by PostgreSQL 17"
    with pytest.raises(ServerDidNotStart, match=expected):
        EmbeddedServers(unused_data_dir).start()


def test_processes_that_ensure_one_database_at_once_all_find_it(shared_servers: EmbeddedServers) -> None:
    name = 'a "ledger"/with odd name'
    threads = [threading.Thread(target=shared_servers.ensure_database, args=(name,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shared_servers.ensure_database(name)
    with psycopg.connect(shared_servers.postgres_url(name)) as connection:
        assert connection.info.dbname == name


def test_a_long_and_awkward_path_works() -> None:
    with temporary_data_dir('it\'s, "my" \\ data é ' + "x" * 120) as data_dir:
        with EmbeddedServers(data_dir) as servers:
            assert query(servers, "SELECT 1") == [(1,)]
            with redis.Redis.from_url(servers.redis_url) as client:
                assert client.config_get("dir")["dir"] == str(data_dir / "redis")
            sockets = status_of(data_dir).socket_dir
            assert not sockets.is_relative_to(data_dir)
            assert sockets.stat().st_mode & 0o077 == 0
        assert stop(data_dir)
        assert not sockets.exists()
        with EmbeddedServers(data_dir, idle_seconds=2.0) as servers:
            assert ping(servers)
        shutil.rmtree(sockets)
        # A cleaner of the temp directory did that while they run.
        wait_until(lambda: (again := running(data_dir)) is not None and again.socket_dir.exists())
        with EmbeddedServers(data_dir) as servers:
            wait_until(lambda: query(servers, "SELECT 1"))
            assert sockets.exists()
        wait_until(lambda: not sockets.exists())  # at the idle end


@needs_proc
def test_deleting_the_lock_files_leads_to_one_keeper_again(data_dir: Path) -> None:
    with EmbeddedServers(data_dir, idle_seconds=2.0) as servers:
        query(servers, "CREATE TABLE kept_over_lost_locks (word text)")
        before = pids_of(data_dir)
        shutil.rmtree(data_dir / "run")
        with EmbeddedServers(data_dir) as joining:
            wait_until(lambda: set(before).isdisjoint(processes_of(data_dir)))
            joining.start()
            assert query(joining, "SELECT count(*) FROM kept_over_lost_locks") == [(0,)]
            assert ping(joining)
            assert pids_of(data_dir)[0] != before[0]


def test_deleting_the_data_directory_ends_the_servers(unused_data_dir: Path) -> None:
    with EmbeddedServers(unused_data_dir, idle_seconds=2.0):
        pids = pids_of(unused_data_dir)
        wait_until(lambda: _deleted(unused_data_dir))
    wait_until(lambda: not any(map(alive, pids)))


def _deleted(folder: Path) -> bool:
    # Not in one go: the servers delete some files of their own at the same time.
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()
