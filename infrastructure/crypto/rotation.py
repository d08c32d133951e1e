"""Rotation: a new root key, every living key wrapped anew, the old root key destroyed.

Each step can be repeated, so a rotation that was cut short at any point is finished by the next one. Writers and
readers go on meanwhile; see epochs.py for why no key is left behind under the old epoch.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg import Connection, sql
from psycopg_pool import ConnectionPool

from infrastructure.crypto.epochs import begin_epoch, living_epochs, store_id_of
from infrastructure.crypto.root_key import RootEpoch, RootKey, RootKeys, Wrapping, fingerprint
from infrastructure.crypto.wrapped_tables import (
    WRAPPED_TABLES,
    WrappedTable,
    columns_of,
    select_older,
    update_wrapped,
)
from infrastructure.errors import KeyCareInProgress, KeyUnavailable, RootKeyProblem

Pool = ConnectionPool[Connection[Any]]
Told = Callable[[int], None]

CHUNK = 5000  # keys locked by one statement, for about 50 ms
CARE_LOCK = (
    0x6C6C_6361  # an advisory lock of the keys database: exclusive to rotate or restore, shared to back up
)
PAUSE = 0.05  # seconds, before keys that somebody else had locked are tried again


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
        rewrapping = Rewrapping(roots, living, newest)
        keys = sum(rewrapping.run(pool, connection, table, told) for table in WRAPPED_TABLES)
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


class Rewrapping:
    """Wraps keys of older epochs under the newest root key."""

    def __init__(self, roots: RootKeys, living: list[RootEpoch], newest: RootKey) -> None:
        self._roots = roots
        self._epochs = {epoch.number: epoch for epoch in living}
        self._store_id: UUID = newest.epoch.store_id
        self._newest = newest.epoch.number
        self._new = Wrapping(newest.secret)
        self._old: dict[int, Wrapping] = {}

    def run(self, pool: Pool, connection: Connection[Any], table: WrappedTable, told: Told | None) -> int:
        """Go over a table until nothing in it is wrapped under an older epoch; return the number of keys."""
        done, found = 0, True
        while found:
            found = False
            for chunk in self._chunks(pool, table):
                found = True
                updated = self._rewrap(connection, table, chunk)
                done += updated
                if told is not None:
                    told(updated)
                if updated < len(chunk):
                    time.sleep(PAUSE)
        return done

    def _chunks(self, pool: Pool, table: WrappedTable) -> Iterator[list[tuple[Any, ...]]]:
        with pool.connection() as reader, reader.transaction(), reader.cursor(name="rewrapping") as cursor:
            cursor.format = psycopg.pq.Format.BINARY
            cursor.execute(select_older(table), (self._newest,))
            while chunk := cursor.fetchmany(CHUNK):
                yield chunk

    def _rewrap(self, connection: Connection[Any], table: WrappedTable, chunk: list[tuple[Any, ...]]) -> int:
        width = len(table.row)
        rows = []
        for row in chunk:
            *bound, epoch, wrapped = row[width:]
            coordinates = table.coordinates(self._store_id, *bound)
            secret = self._wrapping(epoch).unwrap(wrapped, coordinates)
            rows.append((*row[:width], epoch, self._new.wrap(secret, coordinates)))
        return connection.execute(update_wrapped(table), (*columns_of(rows), self._newest)).rowcount

    def _wrapping(self, epoch: int) -> Wrapping:
        if epoch not in self._old:
            if epoch not in self._epochs:
                msg = f"a living key is wrapped under epoch {epoch}, whose root key is destroyed"
                raise RootKeyProblem(msg)
            self._old[epoch] = Wrapping(self._roots.secret(self._epochs[epoch]))
        return self._old[epoch]


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
