"""Rotation: a new root key, every living key wrapped anew, the old root key destroyed.

Each step can be repeated, so a rotation that was cut short at any point is finished by the next one. Writers and
readers go on meanwhile; see epochs.py for why no key is left behind under the old epoch.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg import Connection, sql
from psycopg_pool import ConnectionPool

from infrastructure.crypto.epochs import begin_epoch, living_epochs, store_id_of
from infrastructure.crypto.rewrapping import Rewrapping, Told
from infrastructure.crypto.root_key import RootEpoch, RootKey, RootKeys, fingerprint
from infrastructure.crypto.wrapped_tables import WRAPPED_TABLES
from infrastructure.errors import KeyCareInProgress, KeyUnavailable, RootKeyProblem

Pool = ConnectionPool[Connection[Any]]
CARE_LOCK = (
    0x6C6C_6361  # an advisory lock of the keys database: exclusive to rotate or restore, shared to back up
)


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation came to: the epoch that lives now and how many keys were wrapped anew."""

    epoch: int
    keys: int


def rotate(pool: Pool, roots: RootKeys, told: Told | None = None) -> Rotated:
    """Replace the root key, or finish a rotation that was cut short; ``told`` hears how many keys each chunk had.

    Raises KeyCareInProgress, RootKeyProblem where a root key cannot be had, made or destroyed, KeyUnavailable.
    """
    with caring(pool) as connection:
        store_id = store_id_of(connection)
        living = living_epochs(connection, store_id) if store_id else []
        if store_id is None or not living:
            raise RootKeyProblem("the keys database is empty: there is nothing to rotate")
        if len(living) == 1:
            _begin_next(connection, roots, living[0])
            living = living_epochs(connection, store_id)
        newest = RootKey(living[-1], roots.secret(living[-1]))
        rewrapping = Rewrapping(roots, living, newest, told)
        keys = sum(rewrapping.run(pool, connection, table) for table in WRAPPED_TABLES)
        for epoch in living[:-1]:
            _end(connection, roots, epoch, living[-1])
        return Rotated(newest.epoch.number, keys)


def rotation_due(pool: Pool, delay: timedelta) -> datetime | None:
    """Return when the root key is to be replaced, None where no destroyed key could be had back through it.

    A destroyed key keeps the epoch it was last wrapped under; while that root key lives, an old copy of the keys
    database opens it. A rotation that was cut short is due at once.
    """
    older = sql.SQL(" UNION ALL ").join(
        sql.SQL(
            "SELECT min(destroyed_at) AS at FROM {} WHERE destroyed_at IS NOT NULL"
            " AND epoch IN (SELECT epoch FROM living)"
        ).format(table.identifier)
        for table in WRAPPED_TABLES
    )
    query = sql.SQL(
        "WITH living AS (SELECT epoch FROM keys.root_epochs WHERE bucket = 0 AND destroyed_at IS NULL)"
        " SELECT CASE WHEN (SELECT count(*) FROM living) > 1 THEN now()"
        " ELSE (SELECT min(at) FROM ({}) destroyed) + %s END"
    ).format(older)
    with _connection(pool) as connection:
        row = connection.execute(query, (delay,)).fetchone()
    return row[0] if row else None


def rotate_if_due(pool: Pool, roots: RootKeys, delay: timedelta) -> Rotated | None:
    """Rotate where ``delay`` has passed since a key was destroyed; None where not, or where somebody is at it.

    Raises RootKeyProblem, KeyUnavailable.
    """
    due = rotation_due(pool, delay)
    if due is None:
        return None
    with _connection(pool) as connection:
        (now,) = connection.execute("SELECT now()").fetchone() or (due,)
    if now < due:
        return None
    try:
        return rotate(pool, roots)
    except KeyCareInProgress:
        return None


@contextmanager
def caring(pool: Pool, *, shared: bool = False) -> Iterator[Connection[Any]]:
    """Yield a connection that holds the lock of rotations, backups and restores; raises KeyCareInProgress.

    The work is to be done on that very connection: should it break, lock and work end together.
    """
    kind = sql.SQL("_shared" if shared else "")
    with _connection(pool) as connection:
        taken = sql.SQL("SELECT pg_try_advisory_lock{}(%s)").format(kind)
        row = connection.execute(taken, (CARE_LOCK,)).fetchone()
        if row is None or not row[0]:
            raise KeyCareInProgress
        try:
            yield connection
        finally:
            if not connection.broken:
                connection.execute(sql.SQL("SELECT pg_advisory_unlock{}(%s)").format(kind), (CARE_LOCK,))


def _begin_next(connection: Connection[Any], roots: RootKeys, living: RootEpoch) -> None:
    roots.secret(living)  # without the present key nothing could be wrapped anew
    secret = roots.create(living.store_id, living.number + 1)
    mark = fingerprint(secret)
    known = connection.execute(
        "SELECT 1 FROM keys.root_epochs WHERE bucket = 0 AND fingerprint = %s", (mark,)
    ).fetchone()
    if known is not None:
        msg = (
            "no new root key is given: set LIFELEDGER_ROOT_KEY to a new one and LIFELEDGER_ROOT_KEY_PREVIOUS"
            " to the present one, for every program, then rotate"
        )
        raise RootKeyProblem(msg)
    begin_epoch(connection, RootKey(RootEpoch(living.store_id, living.number + 1, mark), secret))


def _end(connection: Connection[Any], roots: RootKeys, epoch: RootEpoch, newest: RootEpoch) -> None:
    roots.secret(newest)  # read once more where it lasts: from here on nothing else opens the keys
    roots.destroy(epoch)
    # After the destruction, so that the date is never one of a key that is still there.
    connection.execute(
        "UPDATE keys.root_epochs SET destroyed_at = now() WHERE bucket = 0 AND epoch = %s", (epoch.number,)
    )


@contextmanager
def _connection(pool: Pool) -> Iterator[Connection[Any]]:
    try:
        with pool.connection() as connection:
            yield connection
    except psycopg.Error:
        raise KeyUnavailable from None
