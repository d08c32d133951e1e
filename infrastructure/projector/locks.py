"""Who may build, and who may create, rename or drop a schema of read tables.

They are advisory locks: the things they guard do not exist yet or change their name. Events and rows are
guarded by locks on rows, here as everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import Connection
from psycopg_pool import ConnectionPool

from infrastructure.connections import lent

_SCHEMAS = "SELECT pg_advisory_xact_lock(hashtext('lifeledger read tables'))"
_TRY_BUILD = "SELECT pg_try_advisory_lock(hashtext('lifeledger rebuild'))"
_LEAVE_BUILD = "SELECT pg_advisory_unlock(hashtext('lifeledger rebuild'))"


def hold_schemas(connection: Connection[Any]) -> None:
    """Keep everybody else from creating, renaming or dropping schemas until the transaction ends.

    Without it, whoever drops the shadow by name might wait for a lock while the swap renames it, and then
    drop what serves.
    """
    connection.execute(_SCHEMAS)


@contextmanager
def building(pool: ConnectionPool[Connection[Any]]) -> Iterator[bool]:
    """Be the one who builds while the block runs, and yield True; False where somebody else is.

    The lock goes with its connection: who dies builds no longer. Who lives and loses it may find that somebody
    else builds, so what is built carries the name of its build. Raises Unavailable.
    """
    with lent(pool) as connection:
        row = connection.execute(_TRY_BUILD).fetchone()
        connection.commit()
        mine = bool(row and row[0])
        try:
            yield mine
        finally:
            with suppress(psycopg.OperationalError):  # lost with its connection
                if mine:
                    connection.execute(_LEAVE_BUILD)
                    connection.commit()
