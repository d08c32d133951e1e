"""A pool of connections whose queue is bounded: in how many wait, and for how long.

An outage of the server costs its callers little more than itself: connections that the server has cut are never
lent, and where none can be made, that is tried again at short intervals. By itself psycopg_pool hands each cut
connection to a caller, who fails with it, and doubles its pauses from one second on.
"""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import psycopg
from psycopg import Connection
from psycopg_pool import ConnectionPool, PoolTimeout, TooManyRequests
from psycopg_pool.pool import AddConnection, MaintenanceTask

from infrastructure.errors import Busy, NoRoom, StatementRefused, Unavailable

POOL_SIZE = 10
POOL_QUEUE = 100  # callers that wait for a connection; one more hears Busy at once
POOL_PATIENCE = 10.0  # seconds that a caller waits
RECONNECT_PAUSE = 0.5  # seconds, at most, between attempts to connect


class Connections(ConnectionPool[Connection[Any]]):
    """Lends each connection to one caller at a time. Safe to share between threads."""

    def __init__(self, url: str, *, autocommit: bool = False, **settings: Any) -> None:  # noqa: ANN401 - those of ConnectionPool
        """Take the settings of ConnectionPool; ``max_waiting`` and ``timeout`` are the bounds of its queue."""
        super().__init__(url, **settings)
        self._autocommit = autocommit
        self._counting = threading.Lock()
        self._lent = 0

    @contextmanager
    def connection(self, timeout: float | None = None) -> Iterator[Connection[Any]]:
        """Lend a connection for a block; one that commits by itself is spared the commit at its end.

        PostgreSQL's errors may quote values: only class and SQLSTATE leave the block.
        """
        connection = self.getconn(timeout)
        try:
            with nullcontext() if self._autocommit else connection:
                yield connection
        except psycopg.Error as error:
            msg = f"SQLSTATE {error.sqlstate}"
            raise type(error)(msg) from None
        finally:
            self.putconn(connection)

    def getconn(self, timeout: float | None = None) -> Connection[Any]:
        """Return a connection; raises Busy where all are at work, Unavailable where none can be made."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        try:
            connection = super().getconn(timeout)
            while _is_cut(connection):
                connection.close()
                super().putconn(connection)  # which has another one made
                connection = super().getconn(deadline - time.monotonic())
        except (PoolTimeout, TooManyRequests):
            raise (Busy if self._lent >= self.max_size else Unavailable) from None
        with self._counting:
            self._lent += 1
        return connection

    def putconn(self, conn: Connection[Any]) -> None:
        """Take a connection back."""
        with self._counting:
            self._lent -= 1
        super().putconn(conn)

    def schedule_task(self, task: MaintenanceTask, delay: float) -> None:
        """Do something later; attempts to connect at short intervals."""
        super().schedule_task(task, min(delay, RECONNECT_PAUSE) if isinstance(task, AddConnection) else delay)


def _is_cut(connection: Connection[Any]) -> bool:
    """Return whether the server has closed a connection, by what lies in its socket: nobody is asked."""
    try:
        looking = select.poll()
        looking.register(connection.fileno(), select.POLLIN)
        while looking.poll(0):
            connection.pgconn.consume_input()
    except psycopg.OperationalError:
        return True
    return False


def connections_to(
    url: str,
    timeout_ms: int,
    *,
    role: str | None = None,
    autocommit: bool = True,
    prepare: Callable[[Connection[Any]], None] | None = None,
    size: int | None = None,
    lifetime: float = 3600.0,
    warm: bool = True,
) -> Connections:
    """Return a pool that is not open yet; it replaces connections older than ``lifetime`` seconds."""

    def configure(connection: Connection[Any]) -> None:
        connection.autocommit = True
        settings = {
            "TimeZone": "UTC",
            "statement_timeout": f"{timeout_ms}ms",
            "idle_in_transaction_session_timeout": f"{timeout_ms}ms",
        }
        for name, value in settings.items():
            connection.execute("SELECT set_config(%s, %s, false)", (name, value))
        if prepare is not None:
            prepare(connection)
        if role is not None:
            connection.execute(psycopg.sql.SQL("SET ROLE {}").format(psycopg.sql.Identifier(role)))
        connection.autocommit = autocommit

    return Connections(
        url,
        autocommit=autocommit,
        min_size=int(warm),
        max_size=size or POOL_SIZE,
        max_waiting=POOL_QUEUE,
        timeout=POOL_PATIENCE,
        max_lifetime=lifetime,
        configure=configure,
        open=False,
    )


@contextmanager
def lent(pool: ConnectionPool[Connection[Any]]) -> Iterator[Connection[Any]]:
    """Lend a connection for a block; raises Unavailable where the database cannot be reached in it, its NoRoom, Busy.

    A UniqueViolation is for the caller to explain; whatever else PostgreSQL does not take raises StatementRefused.
    """
    with reported(), pool.connection() as connection:
        yield connection


@contextmanager
def reported() -> Iterator[None]:
    """Raise errors of our own, which tell no values, where a block raises those of PostgreSQL; see ``lent``."""
    try:
        yield
    except psycopg.OperationalError as error:
        raise unavailable(error) from None
    except psycopg.errors.UniqueViolation:
        raise
    except psycopg.Error as error:
        raise StatementRefused(error.sqlstate) from None


def unavailable(error: psycopg.OperationalError) -> Unavailable:
    """Return the error of our own for one of an operation that PostgreSQL could not carry out."""
    return NoRoom() if isinstance(error, psycopg.errors.DiskFull) else Unavailable()
