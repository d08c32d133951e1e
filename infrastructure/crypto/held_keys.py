"""The keys of records that an erasure has left to a hold: for who acts under the hold, and for one reading."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import psycopg
from psycopg import Connection
from psycopg_pool import ConnectionPool

from infrastructure.crypto.cipher import Cipher
from infrastructure.crypto.keyring import KeyRing, PeriodKey
from infrastructure.errors import Erased, KeyUnavailable
from infrastructure.ledger.buckets import bucket_of


class HeldKeys:
    """Gives the keys of records as the key ring does, and beside them those it does not look for.

    Remembers what it gave: it is made anew for each reading, so that it never outlives a hold.
    """

    def __init__(self, pool: ConnectionPool[Connection[Any]], keys: KeyRing) -> None:
        self._pool = pool
        self._keys = keys
        self._given: dict[UUID, Cipher] = {}
        self.store_id = keys.store_id

    def key(self, subject_id: UUID, key_id: UUID) -> PeriodKey:
        """Return the period key an event names; raises KeyUnavailable."""
        return self._keys.key(subject_id, key_id)

    def record_cipher(self, key: PeriodKey, record_id: UUID) -> Cipher:
        """Return the cipher of one record; raises Erased, KeyUnavailable."""
        if record_id not in self._given:
            try:
                self._given[record_id] = self._keys.record_cipher(key, record_id)
            except Erased:
                self._given[record_id] = self._held(key.subject_id, record_id)
        return self._given[record_id]

    def preload(self, wanted: Iterable[tuple[UUID, UUID]]) -> None:
        """Fetch the keys of many (subject id, key id) at once."""
        self._keys.preload(wanted)

    def preload_records(self, wanted: Iterable[tuple[UUID, UUID]]) -> None:
        """Do nothing: a reading is of one record."""

    def _held(self, subject_id: UUID, record_id: UUID) -> Cipher:
        try:
            with self._pool.connection() as connection:
                row = connection.execute(
                    "SELECT key_id, epoch, wrapped FROM keys.record_keys WHERE bucket = %s AND subject_id = %s"
                    " AND record_id = %s AND wrapped IS NOT NULL LIMIT 1",
                    (bucket_of(subject_id), subject_id, record_id),
                ).fetchone()
        except psycopg.Error:
            raise KeyUnavailable from None
        if row is None:
            raise Erased
        key_id, epoch, wrapped = row
        coordinates = self._keys.record_coordinates(subject_id, key_id, record_id)
        return Cipher(self._keys.open_key(epoch, bytes(wrapped), coordinates))
