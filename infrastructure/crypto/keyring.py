"""The keys of people's records: made at the first write, read through a short-lived cache, destroyed for ever.

A period key is a random secret of one (subject, kind, period), wrapped by the root key and kept in the keys
database; the key of each of its records derives from it. A destroyed key leaves a row without a secret, so
that nothing makes it again under the same coordinates.

The cache may be used by several threads. It trusts itself for LEASE seconds, then asks the database whether
any key was destroyed since; where it cannot ask, it refuses rather than use a key that may be gone.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import psycopg
from psycopg_pool import ConnectionPool

from domain.shared.values import new_id
from infrastructure.crypto.cipher import KEY_BYTES, Cipher, derive
from infrastructure.crypto.root_key import RootKeys, fingerprint, unwrap, wrap
from infrastructure.errors import Busy, Erased, KeyUnavailable, RootKeyProblem, Unavailable
from infrastructure.ledger.buckets import bucket_of

LEASE = 0.5  # seconds
LEASE_PATIENCE = 10.0  # seconds that a caller waits while another renews the lease
CACHED_CIPHERS = 50_000
EVERYONE = UUID(int=0)
"""The subject of the store's own secrets."""

_SELECT_KEY = """
SELECT subject_id, kind, period, number, key_id, epoch, wrapped, fingerprint FROM keys.period_keys
"""


@dataclass(frozen=True, slots=True)
class PeriodKey:
    """The secret of one (subject, kind, period); ``secret`` is None once it is destroyed."""

    id: UUID
    secret: bytes | None

    def required(self) -> bytes:
        """Return the secret; raises Erased."""
        if self.secret is None:
            raise Erased
        return self.secret


def period_of(kind: str, created: datetime) -> str:
    """Return the period a record belongs to: its year of creation, for locations its month."""
    return f"{created.year:04}-{created.month:02}" if kind == "location" else f"{created.year:04}"


class KeyRing:
    """Gives keys for writing and for reading. Safe to share between threads."""

    def __init__(self, pool: ConnectionPool, roots: RootKeys) -> None:
        self._pool = pool
        self._roots = roots
        self._lock = threading.RLock()
        self._by_id: dict[UUID, PeriodKey] = {}
        self._by_coordinates: dict[tuple[UUID, str, str], PeriodKey] = {}
        self._cipher = lru_cache(maxsize=CACHED_CIPHERS)(_record_cipher)
        self._checked_at = float("-inf")
        self._destructions = -1
        self.store_id, self._epoch, self._root = self._open()

    def key_for_new(self, subject_id: UUID, kind: str, period: str) -> PeriodKey:
        """Return the living key of a period, made now if it is the first write; raises KeyUnavailable."""
        self._renew_lease()
        coordinates = (subject_id, kind, period)
        key = self._by_coordinates.get(coordinates)
        if key is None:
            seen = self._destructions
            key = self._find_or_make(subject_id, kind, period)
            self._remember([key], seen)
            with self._lock:
                if seen == self._destructions:
                    self._by_coordinates[coordinates] = key
        return key

    def key(self, subject_id: UUID, key_id: UUID) -> PeriodKey:
        """Return the key an event names, destroyed or not; raises KeyUnavailable where it cannot be read."""
        self._renew_lease()
        key = self._by_id.get(key_id)
        if key is None:
            self.preload([(subject_id, key_id)])
            key = self._by_id.get(key_id)
        if key is None:
            msg = f"the keys database does not know key {key_id}"
            raise KeyUnavailable(msg)
        return key

    def preload(self, wanted: Iterable[tuple[UUID, UUID]]) -> None:
        """Fetch the keys of many (subject id, key id) in one query."""
        missing = {pair for pair in wanted if pair[1] not in self._by_id}
        if not missing:
            return
        seen = self._destructions
        buckets = sorted({bucket_of(subject_id) for subject_id, _ in missing})
        with self._connection() as connection:
            rows = connection.execute(
                _SELECT_KEY + "WHERE bucket = ANY(%s) AND key_id = ANY(%s)",
                (buckets, [key_id for _, key_id in missing]),
            ).fetchall()
        self._remember([self._unwrapped(row) for row in rows], seen)

    def record_cipher(self, key: PeriodKey, record_id: UUID) -> Cipher:
        """Return the cipher of one record; raises Erased."""
        return self._cipher(key.required(), record_id.bytes)

    def subject_secret(self, subject_id: UUID, purpose: str) -> bytes:
        """Return a person's secret that belongs to no kind: ``index`` or ``cache``; dies with the person."""
        return self.key_for_new(subject_id, f"@{purpose}", "").required()

    def counts(self) -> dict[str, int]:
        """Return how many period keys live, how many are destroyed, and the root key's epoch."""
        with self._connection() as connection:
            row = connection.execute(
                "SELECT count(*) FILTER (WHERE destroyed_at IS NULL), count(destroyed_at) FROM keys.period_keys"
            ).fetchone()
        living, destroyed = row or (0, 0)
        return {"living": living, "destroyed": destroyed, "epoch": self._epoch}

    def _open(self) -> tuple[UUID, int, bytes]:
        """Read the store's identity and check the root key, or found both in an empty keys database."""
        with self._connection() as connection, connection.transaction():
            row = connection.execute("SELECT store_id FROM keys.store").fetchone()
            if row is None:
                root = self._roots.create(1)
                connection.execute(
                    "INSERT INTO keys.root_epochs (bucket, epoch, fingerprint) VALUES (0, 1, %s)"
                    " ON CONFLICT DO NOTHING",
                    (fingerprint(root),),
                )
                connection.execute(
                    "INSERT INTO keys.store (bucket, store_id) VALUES (0, %s) ON CONFLICT DO NOTHING",
                    (new_id(),),
                )
                row = connection.execute("SELECT store_id FROM keys.store").fetchone()
            epoch_row = connection.execute(
                "SELECT epoch, fingerprint FROM keys.root_epochs WHERE destroyed_at IS NULL"
                " ORDER BY epoch DESC LIMIT 1"
            ).fetchone()
        if row is None or epoch_row is None:
            msg = "the keys database has no store or no root key epoch"
            raise RootKeyProblem(msg)
        epoch, expected = epoch_row
        root = self._roots.secret(epoch)
        if not secrets.compare_digest(fingerprint(root), bytes(expected)):
            msg = "the root key is not the one this keys database was made with"
            raise RootKeyProblem(msg)
        return row[0], epoch, root

    def _find_or_make(self, subject_id: UUID, kind: str, period: str) -> PeriodKey:
        bucket = bucket_of(subject_id)
        select = _SELECT_KEY + (
            "WHERE bucket = %s AND subject_id = %s AND kind = %s AND period = %s ORDER BY number DESC LIMIT 1"
        )
        where = (bucket, subject_id, kind, period)
        with self._connection() as connection:
            row = connection.execute(select, where).fetchone()
            while row is None or row[6] is None:
                number = 1 if row is None else row[3] + 1
                key_id, secret = new_id(), secrets.token_bytes(KEY_BYTES)
                coordinates = self._coordinates(subject_id, kind, period, number, key_id)
                # Two first writers may both come here: the first row stays, and both read it back.
                connection.execute(
                    "INSERT INTO keys.period_keys"
                    " (bucket, subject_id, kind, period, number, key_id, epoch, wrapped, fingerprint)"
                    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                    (
                        *where, number, key_id, self._epoch,
                        wrap(self._root, secret, coordinates), fingerprint(secret),
                    ),
                )  # fmt: skip
                row = connection.execute(select, where).fetchone()
        return self._unwrapped(row)

    def _unwrapped(self, row: tuple[UUID, str, str, int, UUID, int, bytes | None, bytes]) -> PeriodKey:
        subject_id, kind, period, number, key_id, epoch, wrapped, _ = row
        if wrapped is None:
            return PeriodKey(key_id, None)
        root = self._root if epoch == self._epoch else self._roots.secret(epoch)
        coordinates = self._coordinates(subject_id, kind, period, number, key_id)
        return PeriodKey(key_id, unwrap(root, bytes(wrapped), coordinates))

    def _coordinates(self, subject_id: UUID, kind: str, period: str, number: int, key_id: UUID) -> bytes:
        names = f"{kind}\x1f{period}\x1f{number}".encode()
        return b"lifeledger key\x01" + self.store_id.bytes + subject_id.bytes + key_id.bytes + names

    def _renew_lease(self) -> None:
        if time.monotonic() - self._checked_at < LEASE:
            return
        with self._turn():
            if time.monotonic() - self._checked_at < LEASE:
                return
            asked_at = time.monotonic()
            with self._connection() as connection:
                row = connection.execute("SELECT count FROM keys.destructions").fetchone()
            destructions = row[0] if row else 0
            if destructions != self._destructions:
                self._by_id.clear()
                self._by_coordinates.clear()
                self._cipher.cache_clear()
            self._destructions, self._checked_at = destructions, asked_at

    def _remember(self, keys: Iterable[PeriodKey], seen: int) -> None:
        """Cache what was read, unless a destruction was noticed meanwhile: it may have been one of these."""
        with self._lock:
            if seen == self._destructions:
                self._by_id.update((key.id, key) for key in keys)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=LEASE_PATIENCE):
            raise Busy
        try:
            yield
        finally:
            self._lock.release()

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection[Any]]:
        try:
            with self._pool.connection() as connection:
                yield connection
        except (psycopg.Error, Unavailable):
            raise KeyUnavailable from None


def _record_cipher(secret: bytes, record_id: bytes) -> Cipher:
    return Cipher(derive(secret, b"record", record_id))
