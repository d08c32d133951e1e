"""A server that hangs holds neither a start nor a stop back for long."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from infrastructure.embedded.servers import EmbeddedServers, stop
from tests.embedded.clients import query, status_of
from tests.embedded.processes import PROC, needs_proc, wait_until
from tests.embedded.test_falls import GIVEN_UP, keeper, redis_processes
from tests.embedded.test_recovery import takes_nobody

HANGING_REDIS = """
import os, signal
from infrastructure.embedded import keeper, redis
start = redis.Redis.start
def start_and_hang(server):
    start(server)
    os.kill(server.pid, signal.SIGSTOP)
redis.Redis.start = start_and_hang
keeper.main()
"""


def child_of(pid: int, name: str) -> int | None:
    """Return the child process of a PostgreSQL server that does this work."""
    for child in (PROC / str(pid) / "task" / str(pid) / "children").read_text().split():
        try:
            if name in (PROC / child / "cmdline").read_text():
                return int(child)
        except OSError:
            continue  # it has just ended
    return None


def test_a_redis_that_hangs_at_its_start_is_left_down(data_dir: Path, tmp_path: Path) -> None:
    log = tmp_path / "keeper.log"
    with keeper(data_dir, log, HANGING_REDIS), EmbeddedServers(data_dir, start_timeout=30.0) as servers:
        assert status_of(data_dir).redis_pid is None
        assert query(servers, "SELECT 1") == [(1,)]
        wait_until(lambda: not redis_processes(data_dir))
        assert log.read_bytes().count(GIVEN_UP) == 1


@needs_proc
def test_a_postgres_that_recovers_and_does_not_hear_is_stopped_soon(data_dir: Path) -> None:
    with EmbeddedServers(data_dir) as servers:
        query(servers, "CREATE TABLE kept_over_a_recovery (number bigint PRIMARY KEY)")
        query(servers, "INSERT INTO kept_over_a_recovery SELECT generate_series(1, 500000)")
        postgres = status_of(data_dir).postgres_pid
        [(launcher,)] = query(
            servers, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'logical replication launcher'"
        )
        assert isinstance(launcher, int)
        os.kill(launcher, signal.SIGKILL)
        wait_until(lambda: takes_nobody(servers))
        wait_until(lambda: child_of(postgres, "startup"))
        recovering = child_of(postgres, "startup")
        assert recovering is not None
        os.kill(recovering, signal.SIGSTOP)
        assert stop(data_dir, timeout=30.0)
        servers.start()
        assert query(servers, "SELECT count(*) FROM kept_over_a_recovery") == [(500000,)]
