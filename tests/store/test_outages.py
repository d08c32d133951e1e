"""After an outage of PostgreSQL whoever waits is served about a second later, however long it lasted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from infrastructure.connections import POOL_SIZE, Connections, connections_to
from tests.conftest import Databases, Servers

OUTAGE = 4.0  # seconds: with pauses that double from one second, the next attempt would come three later
SERVED = 2.5  # seconds after its end, on a busy machine


@pytest.fixture
def pool(databases: Databases) -> Iterator[Connections]:
    """A pool that has all the connections it may have, none of them lent."""
    with connections_to(databases.ledger, timeout_ms=30_000) as pool, ExitStack() as lent:
        for _ in range(POOL_SIZE):
            lent.enter_context(pool.connection())
        lent.close()
        yield pool


@contextmanager
def unreachable(servers: Servers, databases: Databases) -> Iterator[None]:
    """Let PostgreSQL cut all connections to the ledger and take none."""
    name = sql.Identifier(str(conninfo_to_dict(databases.ledger)["dbname"]))
    servers.administer(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
    cut(servers, databases)
    yield
    servers.administer(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))


def cut(servers: Servers, databases: Databases) -> None:
    name = conninfo_to_dict(databases.ledger)["dbname"]
    servers.administer(
        sql.SQL("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = {}").format(
            sql.Literal(name)
        )
    )


def answered(pool: Connections) -> float:
    """Ask once and return when the answer came."""
    with pool.connection() as connection:
        connection.execute("SELECT 1")
    return time.monotonic()


def test_callers_who_wait_are_served_a_second_after_the_end_of_an_outage(
    servers: Servers, databases: Databases, pool: Connections
) -> None:
    with ThreadPoolExecutor(POOL_SIZE) as executor:
        with unreachable(servers, databases):
            waiting = [executor.submit(answered, pool) for _ in range(POOL_SIZE)]
            time.sleep(OUTAGE)
            assert not any(each.done() for each in waiting)
        back = time.monotonic()
        assert max(each.result() for each in waiting) - back < SERVED


def test_connections_that_the_server_has_cut_are_replaced_before_anybody_is_given_one(
    servers: Servers, databases: Databases, pool: Connections
) -> None:
    cut(servers, databases)
    begun = time.monotonic()
    for _ in range(2 * POOL_SIZE):
        answered(pool)
    assert time.monotonic() - begun < SERVED


def test_a_connection_that_only_has_something_to_say_is_kept(databases: Databases, pool: Connections) -> None:
    with pool.connection() as connection:
        connection.execute("LISTEN something")
        number = connection.info.backend_pid
    with psycopg.connect(databases.ledger, autocommit=True) as other:
        other.execute("NOTIFY something")
    time.sleep(0.1)  # it lies unread in the socket
    numbers = set()
    with ExitStack() as lent:
        for _ in range(POOL_SIZE):
            numbers.add(lent.enter_context(pool.connection()).info.backend_pid)
    assert number in numbers
