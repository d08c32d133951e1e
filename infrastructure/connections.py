"""A pool of connections whose queue is bounded: in how many wait, and for how long."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import Connection
from psycopg_pool import ConnectionPool, PoolTimeout, TooManyRequests

from infrastructure.errors import Busy, StatementRefused, Unavailable

POOL_SIZE = 10
POOL_QUEUE = 100  # callers that wait for a connection; one more hears Busy at once
POOL_PATIENCE = 10.0  # seconds that a caller waits


class Connections(ConnectionPool[Connection[Any]]):
    """Lends each connection to one caller at a time. Safe to share between threads."""

    def __init__(self, url: str, **settings: Any) -> None:  # noqa: ANN401 - those of ConnectionPool
        """Take the settings of ConnectionPool; ``max_waiting`` and ``timeout`` are the bounds of its queue."""
        super().__init__(url, **settings)
        self._counting = threading.Lock()
        self._lent = 0

    @contextmanager
    def connection(self, timeout: float | None = None) -> Iterator[Connection[Any]]:
        """Lend a connection for a block. PostgreSQL's errors may quote values: only class and SQLSTATE leave the block."""
        try:
            with super().connection(timeout) as connection:
                yield connection
        except psycopg.Error as error:
            msg = f"SQLSTATE {error.sqlstate}"
            raise type(error)(msg) from None

    def getconn(self, timeout: float | None = None) -> Connection[Any]:
        """Return a connection; raises Busy where all are at work, Unavailable where none can be made."""
        try:
            connection = super().getconn(timeout)
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
    """Lend a connection for a block; raises Unavailable where the database cannot be reached in it, Busy.

    A UniqueViolation is for the caller to explain; whatever else PostgreSQL does not take raises StatementRefused.
    """
    with reported(), pool.connection() as connection:
        yield connection


@contextmanager
def reported() -> Iterator[None]:
    """Raise errors of our own, which tell no values, where a block raises those of PostgreSQL; see ``lent``."""
    try:
        yield
    except psycopg.OperationalError:
        raise Unavailable from None
    except psycopg.errors.UniqueViolation:
        raise
    except psycopg.Error as error:
        raise StatementRefused(error.sqlstate) from None
