"""The database files of a data directory, and what PostgreSQL and Redis let out of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
import redis

from infrastructure.embedded.account import server_account
from infrastructure.embedded.errors import ServerDidNotStart
from infrastructure.embedded.servers import EmbeddedServers, stop
from tests.embedded.clients import pids_of, query, status_of
from tests.embedded.processes import PROC, kill_at_once, needs_proc, processes_of, wait_until

CANARY = "canary-7f3a9c"


def test_text_is_utf8_and_sorts_by_code_point(shared_servers: EmbeddedServers) -> None:
    assert query(
        shared_servers,
        "SELECT pg_encoding_to_char(encoding), datlocprovider::text, datlocale FROM pg_database WHERE datname = 'postgres'",
    ) == [("UTF8", "b", "C.UTF-8")]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("listen_addresses", ""),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("jit", "off"),
        ("random_page_cost", "1.1"),
        ("shared_buffers", "256MB"),
        ("max_wal_size", "2GB"),
        ("max_connections", "100"),
        ("log_min_messages", "fatal"),
        ("log_min_error_statement", "panic"),
        ("log_parameter_max_length_on_error", "0"),
        ("idle_in_transaction_session_timeout", "1min"),
        ("data_checksums", "on"),
    ],
)
def test_postgres_runs_with_our_setting(
    shared_servers: EmbeddedServers, setting: LiteralString, value: str
) -> None:
    assert query(shared_servers, "SHOW " + setting) == [(value,)]


def test_redis_keeps_nothing_on_disk(shared_servers: EmbeddedServers) -> None:
    with redis.Redis.from_url(shared_servers.redis_url) as client:
        settings = client.config_get("*")
    assert settings["save"] == ""
    assert settings["appendonly"] == "no"
    assert settings["port"] == "0"
    assert settings["unixsocketperm"] == "700"
    assert settings["maxmemory"] == str(256 * 1024 * 1024)
    assert settings["maxmemory-policy"] == "allkeys-lru"
    assert settings["slowlog-log-slower-than"] == "-1"
    assert settings["crash-log-enabled"] == "no"


@needs_proc
def test_nothing_listens_on_the_network(shared_data_dir: Path) -> None:
    ours = processes_of(shared_data_dir)
    assert set(pids_of(shared_data_dir)) <= set(ours)
    assert _network_sockets(ours) == set()


@needs_proc
def test_the_search_for_network_sockets_finds_one() -> None:
    script = "import socket; s = socket.create_server(('127.0.0.1', 0)); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as listener:
        assert listener.stdout is not None
        listener.stdout.readline()
        assert _network_sockets([listener.pid])
        listener.communicate(b"\n")


def test_the_folders_are_closed_to_others(shared_data_dir: Path) -> None:
    assert shared_data_dir.stat().st_mode & 0o007 == 0
    for name in ("log", "postgres", "redis", "sock"):
        assert (shared_data_dir / name).stat().st_mode & 0o077 == 0
    assert (shared_data_dir / "run").stat().st_mode & 0o007 == 0


def test_folders_that_a_copy_has_left_open_to_others_are_closed(data_dir: Path) -> None:
    with EmbeddedServers(data_dir) as servers:
        query(servers, "CREATE TABLE kept_over_open_folders (word text)")
    assert stop(data_dir)
    for name in ("log", "postgres", "redis", "run", "sock"):
        (data_dir / name).chmod(0o777)
    with EmbeddedServers(data_dir) as servers:
        assert query(servers, "SELECT count(*) FROM kept_over_open_folders") == [(0,)]
        test_the_folders_are_closed_to_others(data_dir)
        assert (data_dir / "run").stat().st_mode & 0o066 == 0


def test_a_stale_pid_file_with_a_reused_pid_does_not_block(data_dir: Path) -> None:
    with EmbeddedServers(data_dir) as servers:
        query(servers, "CREATE TABLE kept_over_reused_pid AS SELECT generate_series(1, 1000) AS number")
        kill_at_once(*pids_of(data_dir))
        # After a reboot the number may belong to any process, even to one of the account that runs PostgreSQL.
        account = server_account(data_dir / "postgres")
        with subprocess.Popen(["sleep", "600"], user=None if account is None else account.uid) as stranger:
            pid_file = data_dir / "postgres" / "postmaster.pid"
            _, rest = pid_file.read_text().split("\n", 1)
            pid_file.write_text(f"{stranger.pid}\n{rest}")
            try:
                servers.start()
                assert query(servers, "SELECT count(*) FROM kept_over_reused_pid") == [(1000,)]
                assert stranger.poll() is None
            finally:
                stranger.kill()


def test_a_broken_off_initdb_leaves_nothing_in_the_way(unused_data_dir: Path) -> None:
    draft = unused_data_dir / "postgres.new-0123abcd"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18\n")
    with EmbeddedServers(unused_data_dir) as servers:
        assert query(servers, "SELECT 1") == [(1,)]
    assert not draft.exists()


def test_database_files_of_another_version_are_refused(unused_data_dir: Path) -> None:
    files = unused_data_dir / "postgres"
    files.mkdir(parents=True)
    (files / "PG_VERSION").write_text("17\n")
    with pytest.raises(ServerDidNotStart, match=r"made by PostgreSQL 17 and cannot be used by 18\."):
        EmbeddedServers(unused_data_dir).start()


def test_no_log_holds_what_a_person_wrote(data_dir: Path) -> None:
    with EmbeddedServers(data_dir) as servers:
        query(servers, "CREATE TABLE person (email text UNIQUE CHECK (email <> 'forbidden canary-7f3a9c'))")
        query(servers, "INSERT INTO person VALUES ('canary-7f3a9c')")
        statements: tuple[LiteralString, ...] = (
            "INSERT INTO person VALUES ('canary-7f3a9c')",
            "INSERT INTO person VALUES ('forbidden canary-7f3a9c')",
            "SELECT 'canary-7f3a9c'::int",
            'SELECT * FROM "canary-7f3a9c"',
            "syntax error canary-7f3a9c",
            "DO $$ BEGIN RAISE LOG 'canary-7f3a9c'; RAISE WARNING 'canary-7f3a9c'; RAISE 'canary-7f3a9c'; END $$",
        )
        for statement in statements:
            with pytest.raises(psycopg.Error):
                query(servers, statement)
        with (
            psycopg.connect(servers.postgres_url("postgres")) as connection,
            pytest.raises(psycopg.errors.InvalidTextRepresentation),
        ):
            connection.execute("SELECT %s::text::int", (CANARY,))
        with redis.Redis.from_url(servers.redis_url) as client, pytest.raises(redis.ResponseError):
            client.execute_command(CANARY)
        _kill_a_busy_backend(data_dir, servers)
    assert stop(data_dir)
    assert _files_with_canary(data_dir / "log") == []
    control = data_dir / "log" / "control.log"
    control.write_text(f"a line with {CANARY} in it\n")
    assert _files_with_canary(data_dir / "log") == ["control.log"]
    control.unlink()


def _kill_a_busy_backend(data_dir: Path, servers: EmbeddedServers) -> None:
    """Make PostgreSQL report a crash, which by default quotes the statement."""
    before = status_of(data_dir).postgres_pid
    with psycopg.connect(servers.postgres_url("postgres")) as connection:
        os.kill(connection.info.backend_pid, signal.SIGKILL)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 'canary-7f3a9c', pg_sleep(60)")
    assert status_of(data_dir).postgres_pid == before
    wait_until(lambda: _answers(servers))


def _answers(servers: EmbeddedServers) -> bool:
    with suppress(psycopg.OperationalError):
        return query(servers, "SELECT 1") == [(1,)]
    return False


def _files_with_canary(folder: Path) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return [path.name for path in files if CANARY.encode() in path.read_bytes()]


def _network_sockets(pids: Iterable[int]) -> set[str]:
    """The inodes of the TCP and UDP sockets that these processes have open."""
    on_network = {
        line.split()[9]
        for table in ("tcp", "tcp6", "udp", "udp6")
        for line in (PROC / "net" / table).read_text().splitlines()[1:]
    }
    opened = set()
    for pid in pids:
        with suppress(FileNotFoundError):  # the process has ended since: PostgreSQL has some that soon do
            for descriptor in (PROC / str(pid) / "fd").iterdir():
                with suppress(FileNotFoundError):
                    opened.add(str(descriptor.readlink()))
    return {inode for inode in on_network if f"socket:[{inode}]" in opened}
