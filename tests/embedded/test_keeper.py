"""The keeper stops idle servers, raises fallen ones and takes them along when it dies."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from infrastructure.embedded.account import server_account
from infrastructure.embedded.errors import ServerDidNotStart
from infrastructure.embedded.layout import layout_of
from infrastructure.embedded.programs import installed
from infrastructure.embedded.servers import EmbeddedServers, running, stop
from tests.embedded.clients import pids_of, ping, query, status_of
from tests.embedded.processes import PROC, alive, kill_at_once, needs_proc, processes_of, wait_until


@needs_proc
def test_idle_servers_stop_by_themselves(data_dir: Path) -> None:
    with EmbeddedServers(data_dir, idle_seconds=0.3):
        pids = pids_of(data_dir)
        # Much longer than idle_seconds, but with a client.
        _wait_for_uptime(data_dir, 1.5)
        assert pids_of(data_dir) == pids
    wait_until(lambda: running(data_dir) is None)
    wait_until(lambda: not processes_of(data_dir))


def test_short_visits_keep_the_servers_up(data_dir: Path) -> None:
    with EmbeddedServers(data_dir, idle_seconds=0.8):
        pids = pids_of(data_dir)
    # Each far shorter than the time between two looks of the keeper.
    for uptime in (0.4, 0.8, 1.2, 1.6, 2.0):
        _wait_for_uptime(data_dir, uptime)
        with EmbeddedServers(data_dir):
            assert pids_of(data_dir) == pids


def test_a_client_that_comes_while_idle_servers_stop_gets_new_ones(data_dir: Path) -> None:
    for _ in range(3):
        with EmbeddedServers(data_dir, idle_seconds=0.05) as servers:
            assert ping(servers)
            assert query(servers, "SELECT 1") == [(1,)]
        wait_until(lambda: running(data_dir) is None)


@needs_proc
def test_a_killed_keeper_leaves_no_orphan_and_no_lost_data(data_dir: Path) -> None:
    with EmbeddedServers(data_dir) as servers:
        query(servers, "CREATE TABLE kept_over_killed_keeper AS SELECT generate_series(1, 1000) AS number")
        query(servers, "CREATE UNLOGGED TABLE read_model AS SELECT generate_series(1, 1000) AS number")
        os.kill(status_of(data_dir).keeper_pid, signal.SIGKILL)
        wait_until(lambda: not processes_of(data_dir))
        assert running(data_dir) is None
        servers.start()
        assert query(servers, "SELECT count(*) FROM kept_over_killed_keeper") == [(1000,)]
        # Its PostgreSQL shut down in good order: even what is not in the WAL is still there.
        assert query(servers, "SELECT count(*) FROM read_model") == [(1000,)]
        assert ping(servers)


def test_a_client_need_not_wait_for_the_servers_of_a_killed_keeper_to_end(data_dir: Path) -> None:
    with EmbeddedServers(data_dir) as servers:
        before = pids_of(data_dir)
        os.kill(before[0], signal.SIGKILL)
        wait_until(lambda: not alive(before[0]))
        servers.start()
        assert query(servers, "SELECT 1") == [(1,)]
        assert ping(servers)
        assert set(before).isdisjoint(pids_of(data_dir))


@pytest.mark.parametrize("server", ["postgres_pid", "redis_pid"])
def test_a_killed_server_is_raised_again(data_dir: Path, server: str) -> None:
    with EmbeddedServers(data_dir) as servers:
        query(servers, "CREATE TABLE IF NOT EXISTS kept AS SELECT generate_series(1, 1000) AS number")
        before = status_of(data_dir)
        os.kill(getattr(before, server), signal.SIGKILL)
        wait_until(
            lambda: (now := running(data_dir)) is not None and getattr(now, server) != getattr(before, server)
        )
        assert status_of(data_dir).keeper_pid == before.keeper_pid
        assert query(servers, "SELECT count(*) FROM kept") == [(1000,)]
        assert ping(servers)


def test_killing_everything_at_once_needs_no_clearing_up(data_dir: Path) -> None:
    with EmbeddedServers(data_dir) as servers:
        query(servers, "CREATE TABLE kept_over_power_failure AS SELECT generate_series(1, 1000) AS number")
        kill_at_once(*pids_of(data_dir))
        assert (data_dir / "postgres" / "postmaster.pid").exists()
        assert (data_dir / "run" / "ready.json").exists()
        assert running(data_dir) is None
        assert not stop(data_dir)
        servers.start()
        assert query(servers, "SELECT count(*) FROM kept_over_power_failure") == [(1000,)]


@needs_proc
def test_an_orphan_of_a_system_without_death_signal_is_ended_first(data_dir: Path) -> None:
    with EmbeddedServers(data_dir) as servers:
        query(servers, "CREATE TABLE kept_over_orphan AS SELECT generate_series(1, 1000) AS number")
    assert stop(data_dir)
    layout = layout_of(data_dir)
    account = server_account(layout.postgres)
    orphan = subprocess.Popen(
        [installed().postgres, "-D", layout.postgres, "-c", f"config_file={layout.postgres_configuration}"],
        user=None if account is None else account.uid,
        group=None if account is None else account.gid,
        cwd="/",
        env={},
    )
    wait_until((layout.sockets / ".s.PGSQL.5432").exists)
    with EmbeddedServers(data_dir) as servers:
        assert orphan.wait(timeout=10) == 0
        assert query(servers, "SELECT count(*) FROM kept_over_orphan") == [(1000,)]


@needs_proc
def test_a_server_that_falls_again_and_again_is_given_up(data_dir: Path) -> None:
    with EmbeddedServers(data_dir):
        pass
    assert stop(data_dir)
    control = data_dir / "postgres" / "global" / "pg_control"
    control.rename(control.with_suffix(".away"))
    with pytest.raises(ServerDidNotStart, match="6 times within 60 s"):
        EmbeddedServers(data_dir).start()
    wait_until(lambda: not processes_of(data_dir))
    control.with_suffix(".away").rename(control)


@needs_proc
def test_a_secret_in_the_environment_of_a_client_does_not_live_on(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIFELEDGER_ROOT_KEY", "canary-root-key")
    with EmbeddedServers(data_dir):
        known = [read for pid in processes_of(data_dir) if (read := environment_of(pid)) is not None]
        assert len(known) >= 3  # the keeper and its two servers
        assert not [each for each in known if b"canary-root-key" in each]


def environment_of(pid: int) -> bytes | None:
    """Return the environment of a process; None where it has ended, as some of PostgreSQL's soon do."""
    try:
        return (PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return None


def _wait_for_uptime(data_dir: Path, seconds: float) -> None:
    wait_until(lambda: status_of(data_dir).uptime_seconds > seconds)
