"""Rewrites read tables so that no page of their files keeps what was deleted from them.

DELETE leaves the bytes in the pages, and VACUUM only marks the space as free.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg import Connection, sql
from psycopg_pool import ConnectionPool

from domain.catalogue import KINDS
from infrastructure.errors import ErasureUnfinished
from infrastructure.projector.schema import PARKED, SCHEMA
from projections import audit, statistics
from projections.catalogue import view_of

LOCK_SECONDS = 10
"""How long to wait for a table: meanwhile, questions to it wait behind us."""
OLD_READERS_SECONDS = 30.0
"""How long to wait for transactions that may still see what was deleted: a rewrite would carry it over."""

_OLD_READERS = """
SELECT age(pg_snapshot_xmin(pg_current_snapshot())::xid) > age(%(deleted_by)s::xid) OR EXISTS (
    SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND age(backend_xmin) > age(%(deleted_by)s::xid))
"""
"""A rewrite looks through a snapshot of its own, which is as old as the oldest transaction of any database."""


def tables_of(kinds: Iterable[str]) -> list[str]:
    """Return the names of all tables that records of these kinds have left something in."""
    names = {audit.TABLE.name, statistics.TABLE.name, PARKED}
    for view in (view_of(kind) for kind in kinds if kind in KINDS):
        names.add(view.table.table.name)
        names |= {derived.table.name for derived in view.derived}
        names |= {tally.table.name for tally in view.tallies}
    return sorted(names)


def now_of(pool: ConnectionPool[Connection[Any]]) -> str:
    """Return the read database's transaction id of now: whatever is deleted by now was deleted before it."""
    with pool.connection() as connection:
        (now,) = connection.execute("SELECT pg_current_xact_id()::xid::text").fetchone() or ("",)
    return str(now)


def scrub(
    pool: ConnectionPool[Connection[Any]], tables: Iterable[str], deleted_by: str, schema: str = SCHEMA
) -> int:
    """Rewrite tables, one after the other; return how many. Raises ErasureUnfinished where one cannot be had now.

    ``deleted_by`` is the transaction id from ``now_of`` after the rows were deleted.
    """
    scrubbed = 0
    with pool.connection() as connection:
        connection.autocommit = True
        before = connection.execute("SELECT current_setting('statement_timeout')").fetchone() or ("0",)
        try:
            _await_old_readers(connection, deleted_by)
            _limit(connection, statement="0", lock=f"{LOCK_SECONDS}s")
            for table in tables:
                connection.execute(sql.SQL("VACUUM (FULL) {}").format(sql.Identifier(schema, table)))
                scrubbed += 1
        except psycopg.errors.LockNotAvailable:
            raise ErasureUnfinished from None
        finally:
            _limit(connection, statement=before[0], lock="0")
            connection.autocommit = False
    return scrubbed


def _limit(connection: Connection[Any], *, statement: str, lock: str) -> None:
    for name, value in (("statement_timeout", statement), ("lock_timeout", lock)):
        connection.execute("SELECT set_config(%s, %s, false)", (name, value))


def _await_old_readers(connection: Connection[Any], deleted_by: str) -> None:
    deadline = time.monotonic() + OLD_READERS_SECONDS
    while (connection.execute(_OLD_READERS, {"deleted_by": deleted_by}).fetchone() or (False,))[0]:
        if time.monotonic() > deadline:
            raise ErasureUnfinished
        time.sleep(0.05)
