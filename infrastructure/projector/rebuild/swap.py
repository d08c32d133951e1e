"""Puts what was built in the place of what served, in one transaction.

The transaction locks the live checkpoints as a table: projectors that hold a lease finish their batch first,
others wait where they ask for one, and find the new checkpoints by name when they go on. Then nothing moves,
the shadow is brought to the same events, and the names change. Readers are not locked out: a statement that
has begun reads the old tables, the next one the new; PostgreSQL plans prepared statements anew by name.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import psycopg
from psycopg import Connection, sql
from psycopg_pool import ConnectionPool

from infrastructure.errors import RebuildAborted, Unavailable
from infrastructure.projector import editions, schema
from infrastructure.projector.locks import hold_schemas
from infrastructure.projector.rebuild import shadow
from infrastructure.projector.rebuild.fill import at_leisure
from infrastructure.projector.rebuild.plan import Plan
from infrastructure.projector.schema import OLD, SCHEMA, SHADOW, exists
from projections.table import Table

ATTEMPTS = 20
PROJECTORS_LEAVE = "10s"  # a batch in hand takes a fraction of a second
READERS_LEAVE = "400ms"  # less than deadlock_timeout: of two who wait for each other, the swap gives in
PAUSE = 0.1  # seconds before another attempt


class WholeCache(Protocol):
    """Whoever keeps answers from the read tables."""

    def replacing(self) -> AbstractContextManager[None]:
        """Serve no kept answer of anybody inside the block, and none made before its end."""
        ...


def swap(
    pool: ConnectionPool[Connection[Any]],
    plan: Plan,
    caches: WholeCache,
    bring_up: Callable[[Connection[Any]], None],
    *,
    logged: bool,
) -> None:
    """Let the tables of the shadow serve; ``bring_up`` brings them to the last event while projection stands still.

    Raises RebuildAborted, RebuildRefused, Unavailable; then the old tables serve on.
    """
    for _ in range(ATTEMPTS):
        try:
            _swap_once(pool, plan, caches, bring_up, logged=logged)
        except _Busy:
            time.sleep(PAUSE)
        else:
            drop_soon(pool, OLD)
            return
    raise Unavailable


def _swap_once(
    pool: ConnectionPool[Connection[Any]],
    plan: Plan,
    caches: WholeCache,
    bring_up: Callable[[Connection[Any]], None],
    *,
    logged: bool,
) -> None:
    with _impatient(pool) as connection:
        hold_schemas(connection)
        if not exists(connection, SHADOW):
            raise RebuildAborted
        shadow.require_whole(connection, plan)
        hold_projectors(connection)
        bring_up(connection)
        connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(READERS_LEAVE)))
        schema.drop(connection, OLD)
        shadow.strip(connection)
        with caches.replacing():
            if plan.whole:
                _rename(connection, logged=logged)
            else:
                _exchange(connection, plan.wanted)
            connection.commit()


def hold_projectors(connection: Connection[Any]) -> None:
    """Let projectors of the live tables finish what they hold, and none begin, until the transaction ends."""
    if exists(connection, SCHEMA):
        connection.execute(
            sql.SQL("LOCK TABLE {} IN EXCLUSIVE MODE").format(sql.Identifier(SCHEMA, schema.CHECKPOINTS))
        )


def drop_soon(pool: ConnectionPool[Connection[Any]], name: str, attempts: int = ATTEMPTS) -> bool:
    """Drop a schema as soon as nobody reads in it; return whether there was one."""
    for _ in range(attempts):
        try:
            with _impatient(pool) as connection:
                hold_schemas(connection)
                there = exists(connection, name)
                connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(READERS_LEAVE)))
                schema.drop(connection, name)
                return there
        except _Busy:
            time.sleep(PAUSE)
    return False


def _rename(connection: Connection[Any], *, logged: bool) -> None:
    editions.mark(connection, SHADOW, logged=logged)
    statement = sql.SQL("ALTER SCHEMA {} RENAME TO {}")
    if exists(connection, SCHEMA):
        connection.execute(statement.format(sql.Identifier(SCHEMA), sql.Identifier(OLD)))
    connection.execute(statement.format(sql.Identifier(SHADOW), sql.Identifier(SCHEMA)))


def _exchange(connection: Connection[Any], tables: Iterable[Table]) -> None:
    """Let some tables change places; what remains in the shadow goes with the old ones."""
    names = [table.name for table in tables]
    connection.execute(
        sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(
            sql.SQL(", ").join(sql.Identifier(SCHEMA, name) for name in names)
        )
    )
    connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(OLD)))
    move = sql.SQL("ALTER TABLE {} SET SCHEMA {}")
    for name in names:
        connection.execute(move.format(sql.Identifier(SCHEMA, name), sql.Identifier(OLD)))
        connection.execute(move.format(sql.Identifier(SHADOW, name), sql.Identifier(SCHEMA)))
    schema.drop(connection, SHADOW)


class _Busy(Exception):
    """Somebody holds what is wanted; nothing was changed."""


@contextmanager
def _impatient(pool: ConnectionPool[Connection[Any]]) -> Iterator[Connection[Any]]:
    """Run a transaction that gives up where it has to wait for long."""
    with at_leisure(pool) as connection:
        connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(PROJECTORS_LEAVE)))
        try:
            yield connection
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            raise _Busy from None
