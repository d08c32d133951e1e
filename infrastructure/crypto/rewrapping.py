"""Wraps every living key under the newest root key, while writers, readers and erasures go on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from uuid import UUID

from psycopg import Connection, errors, sql
from psycopg_pool import ConnectionPool

from infrastructure.crypto.root_key import RootEpoch, RootKey, RootKeys, Wrapping
from infrastructure.crypto.wrapped_tables import WrappedTable
from infrastructure.errors import RootKeyProblem

Told = Callable[[int], None]

CHUNK = 5000  # keys that one statement locks, for about 50 ms
PATIENCE = (
    "100ms"  # for a locked key; far below PostgreSQL's deadlock_timeout, so no erasure is ever the victim
)
PAUSE = 0.05  # seconds, before keys that somebody else had locked are tried again


class Rewrapping:
    """Takes keys from older epochs to the newest. For one thread."""

    def __init__(
        self, roots: RootKeys, living: list[RootEpoch], newest: RootKey, told: Told | None = None
    ) -> None:
        self._roots = roots
        self._epochs = {epoch.number: epoch for epoch in living}
        self._store_id: UUID = newest.epoch.store_id
        self._newest = newest.epoch.number
        self._new = Wrapping(newest.secret)
        self._old: dict[int, Wrapping] = {}
        self._told = told or (lambda _keys: None)

    def run(
        self, pool: ConnectionPool[Connection[Any]], connection: Connection[Any], table: WrappedTable
    ) -> int:
        """Go over a table until nothing in it is wrapped under an older epoch; return the number of keys.

        Raises RootKeyProblem where a key does not open.
        """
        done, left = 0, True
        while left:
            left = False
            for found, updated in self._pass(pool, connection, table):
                left = True
                done += updated
                self._told(updated)
                if updated < found:
                    time.sleep(PAUSE)
        return done

    def _pass(
        self, pool: ConnectionPool[Connection[Any]], connection: Connection[Any], table: WrappedTable
    ) -> Iterator[tuple[int, int]]:
        """Yield how many keys each chunk had and how many were updated; encrypts one chunk as another is written."""
        under_way: Future[tuple[int, int]] | None = None
        with ThreadPoolExecutor(1, "rewrapping") as writer:
            for chunk in self._chunks(pool, table):
                rows = self._rewrapped(table, chunk)
                if under_way is not None:
                    yield under_way.result()
                under_way = writer.submit(_write, connection, table, rows, self._newest)
            if under_way is not None:
                yield under_way.result()

    def _chunks(
        self, pool: ConnectionPool[Connection[Any]], table: WrappedTable
    ) -> Iterator[list[tuple[Any, ...]]]:
        columns = sql.SQL(", ").join(map(sql.Identifier, (*table.bound, "epoch", "wrapped")))
        older = sql.SQL("SELECT ctid::text, {} FROM {} WHERE epoch < %s AND wrapped IS NOT NULL").format(
            columns, table.identifier
        )
        with pool.connection() as reader, reader.transaction(), reader.cursor(name="rewrapping") as cursor:
            cursor.execute(older, (self._newest,), binary=True)
            while chunk := cursor.fetchmany(CHUNK):
                yield chunk

    def _rewrapped(self, table: WrappedTable, chunk: list[tuple[Any, ...]]) -> list[tuple[str, bytes, bytes]]:
        rows = []
        for place, *bound, epoch, wrapped in chunk:
            coordinates = table.coordinates(self._store_id, *bound)
            secret = self._wrapping(epoch).unwrap(wrapped, coordinates)
            rows.append((place, wrapped, self._new.wrap(secret, coordinates)))
        return rows

    def _wrapping(self, epoch: int) -> Wrapping:
        if epoch not in self._old:
            if epoch not in self._epochs:
                msg = f"a living key is wrapped under epoch {epoch}, whose root key is destroyed"
                raise RootKeyProblem(msg)
            self._old[epoch] = Wrapping(self._roots.secret(self._epochs[epoch]))
        return self._old[epoch]


def _write(
    connection: Connection[Any], table: WrappedTable, rows: list[tuple[str, bytes, bytes]], newest: int
) -> tuple[int, int]:
    """Update a chunk; leaves alone what was changed since it was read, and all of it where a key stays locked."""
    # Compare and swap: a key that was destroyed meanwhile is never put back, wherever its row lies by now.
    update = sql.SQL(
        "UPDATE {} key SET epoch = %s, wrapped = new.wrapped"
        " FROM unnest(%s::tid[], %s::bytea[], %s::bytea[]) AS new(place, old, wrapped)"
        " WHERE key.ctid = new.place AND key.wrapped = new.old"
    ).format(table.identifier)
    places, old, wrapped = zip(*rows, strict=True)
    columns = _array(places), _array(map(_hex, old)), _array(map(_hex, wrapped))
    try:
        with connection.transaction():
            connection.execute("SELECT set_config('lock_timeout', %s, true)", (PATIENCE,))
            updated = connection.execute(update, (newest, *columns)).rowcount
    except errors.LockNotAvailable:
        updated = 0
    return len(rows), updated


def _array(elements: Iterable[str]) -> str:
    """Return elements that need no further escapes as PostgreSQL writes an array.

    A third of the work for each key went into adapting lists element by element.
    """
    return '{"' + '","'.join(elements) + '"}'


def _hex(value: bytes) -> str:
    return "\\\\x" + value.hex()
