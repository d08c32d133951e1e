"""A Redis that falls again and again takes nothing along; it is left down, and tried again later."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from domain.productivity.task import Task
from infrastructure.bootstrap import open_store
from infrastructure.embedded.falls import MOST_FALLS, Falls
from infrastructure.embedded.layout import layout_of
from infrastructure.embedded.servers import EmbeddedServers, running
from infrastructure.settings import Settings
from tests.conftest import ROOT
from tests.embedded.clients import ping, query, status_of
from tests.embedded.processes import processes_of, wait_until

GIVEN_UP = b"going on without it"
# A keeper that waits a second instead of a minute.
IMPATIENT = """
from infrastructure.embedded import keeper, watch
watch._REDIS_RESTS = 1.0
keeper.main()
"""


def kill_redis(data_dir: Path) -> int | None:
    """Return the number of the Redis that comes after the one there is, if one does."""
    wait_until(lambda: running(data_dir))
    killed = status_of(data_dir).redis_pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: (now := running(data_dir)) is not None and now.redis_pid != killed)
    return status_of(data_dir).redis_pid


def kill_until_given_up(data_dir: Path) -> None:
    for _ in range(MOST_FALLS):
        assert kill_redis(data_dir) is not None
    assert kill_redis(data_dir) is None


def redis_processes(data_dir: Path) -> list[str]:
    return [command for command in processes_of(data_dir).values() if "redis-server" in command]


@contextmanager
def keeper(data_dir: Path, log: Path, program: str) -> Iterator[None]:
    """Have this program keep the servers of a data directory."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with log.open("wb") as output:
        subprocess.run(
            # The time until it stops for idleness decides how often it looks, too.
            [sys.executable, "-c", program, str(data_dir), "--idle-seconds=20"],
            stderr=output,
            env=environment,
            check=True,
        )
    wait_until(lambda: running(data_dir))
    yield


def test_an_open_store_goes_on_answering_when_redis_is_given_up(data_dir: Path) -> None:
    log = layout_of(data_dir).log("keeper")
    with open_store(Settings(data_dir=data_dir)) as store:
        before, told_before = status_of(data_dir), log.read_bytes().count(GIVEN_UP)
        me = store.acting_as(store.register("ada", "ada@example.org"))
        first = me.do(Task.create, title="before")
        assert [each.title for each in me.find(Task, after=first)] == ["before"]
        kill_until_given_up(data_dir)
        assert not redis_processes(data_dir)
        second = me.do(Task.create, title="after")
        assert {each.title for each in me.find(Task, after=second)} == {"before", "after"}
        after = status_of(data_dir)
        assert (after.keeper_pid, after.postgres_pid) == (before.keeper_pid, before.postgres_pid)
        assert log.read_bytes().count(GIVEN_UP) == told_before + 1


def test_another_client_joins_servers_of_which_redis_is_given_up(data_dir: Path) -> None:
    with EmbeddedServers(data_dir):
        kill_until_given_up(data_dir)
        with EmbeddedServers(data_dir) as servers:
            assert query(servers, "SELECT 1") == [(1,)]


def test_falls_of_redis_do_not_count_for_postgres(data_dir: Path) -> None:
    with EmbeddedServers(data_dir) as servers:
        kill_until_given_up(data_dir)
        before = status_of(data_dir)
        os.kill(before.postgres_pid, signal.SIGKILL)
        wait_until(lambda: (now := running(data_dir)) and now.postgres_pid != before.postgres_pid)
        assert status_of(data_dir).keeper_pid == before.keeper_pid
        assert status_of(data_dir).redis_pid is None
        assert query(servers, "SELECT 1") == [(1,)]


def test_a_redis_that_was_given_up_is_tried_again_after_a_while(data_dir: Path, tmp_path: Path) -> None:
    log = tmp_path / "keeper.log"
    with keeper(data_dir, log, IMPATIENT), EmbeddedServers(data_dir) as servers:
        kill_until_given_up(data_dir)
        for _ in range(2):
            wait_until(lambda: (now := running(data_dir)) and now.redis_pid)
            assert ping(servers)
            assert kill_redis(data_dir) is None  # the next fall within the minute is one too many
        assert log.read_bytes().count(GIVEN_UP) == 1


def test_the_next_start_of_the_servers_tries_redis_again(data_dir: Path) -> None:
    with EmbeddedServers(data_dir) as servers:
        kill_until_given_up(data_dir)
        keeper = status_of(data_dir).keeper_pid
        os.kill(keeper, signal.SIGKILL)
        wait_until(lambda: running(data_dir) is None)
        servers.start()
        assert ping(servers)


def test_more_than_five_falls_within_a_minute_are_too_many() -> None:
    falls = Falls()
    assert [falls.note() for _ in range(MOST_FALLS + 1)] == [True] * MOST_FALLS + [False]


def test_a_server_that_is_tried_once_more_may_not_fall() -> None:
    falls = Falls()
    falls.allow_none()
    assert not falls.note()
