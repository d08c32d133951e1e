"""PostgreSQL takes nobody while it recovers from the death of one of its processes: who opens a store waits."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psycopg
import pytest

from domain.productivity.task import Task
from infrastructure.bootstrap import open_store
from infrastructure.embedded.servers import EmbeddedServers
from infrastructure.servers import ensure_database
from infrastructure.settings import Settings
from tests.embedded.clients import query, status_of
from tests.embedded.processes import wait_until


def takes_nobody(servers: EmbeddedServers) -> bool:
    try:
        query(servers, "SELECT 1")
    except psycopg.OperationalError as error:
        return "recovery mode" in str(error)
    return False


def test_a_store_is_opened_when_postgres_has_recovered(data_dir: Path) -> None:
    settings = Settings(data_dir=data_dir)
    with EmbeddedServers(data_dir) as servers:
        with open_store(settings) as store:
            person = store.register("grace", "grace@example.org")
            store.acting_as(person).do(Task.create, title="kept")
        before = status_of(data_dir)
        [(launcher,)] = query(
            servers, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'logical replication launcher'"
        )
        assert isinstance(launcher, int)
        os.kill(launcher, signal.SIGKILL)
        wait_until(lambda: takes_nobody(servers))
        with open_store(settings) as store:
            me = store.acting_as(person)
            later = me.do(Task.create, title="later")
            assert {each.title for each in me.find(Task, after=later)} == {"kept", "later"}
        assert status_of(data_dir).postgres_pid == before.postgres_pid


def test_a_server_that_does_not_come_back_is_waited_for_so_long_only(tmp_path: Path) -> None:
    with pytest.raises(psycopg.OperationalError):
        ensure_database(f"postgresql://@/ledger?host={tmp_path}", patience=0.3)
