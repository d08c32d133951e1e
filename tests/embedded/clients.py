"""Clients of the servers, in this process and in others."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import LiteralString

import psycopg
import redis

from infrastructure.embedded.servers import EmbeddedServers, running
from infrastructure.embedded.status import ServerStatus

# Start or join, say who serves, and leave.
_VISIT = """
import sys
from pathlib import Path
from infrastructure.embedded.servers import EmbeddedServers, running
with EmbeddedServers(Path(sys.argv[1])):
    found = running(Path(sys.argv[1]))
    print([found.keeper_pid, found.postgres_pid, found.redis_pid])
"""


def query(servers: EmbeddedServers, statement: LiteralString) -> list[tuple[object, ...]]:
    with psycopg.connect(servers.postgres_url("postgres"), autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def ping(servers: EmbeddedServers) -> bool:
    with redis.Redis.from_url(servers.redis_url) as client:
        return bool(client.ping())


def status_of(data_dir: Path) -> ServerStatus:
    status = running(data_dir)
    assert status is not None
    return status


def pids_of(data_dir: Path) -> list[int]:
    """The keeper, PostgreSQL and Redis."""
    status = status_of(data_dir)
    assert status.redis_pid is not None
    return [status.keeper_pid, status.postgres_pid, status.redis_pid]


def begin_visit(data_dir: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", _VISIT, str(data_dir)], stdout=subprocess.PIPE, text=True)


def end_visit(visit: subprocess.Popen[str]) -> list[int]:
    """Return the pids that the other process found."""
    answer, _ = visit.communicate(timeout=60)
    assert visit.returncode == 0
    pids: list[int] = json.loads(answer)
    return pids
