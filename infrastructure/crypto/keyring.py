"""The keys of people's records: made at the first write, read through a short-lived cache, destroyed for ever.

A period key is a random secret of one (subject, kind, period), wrapped by the root key and kept in the keys
database; the key of each of its records derives from it. A destroyed key leaves a row without a secret, so
that nothing makes it again under the same coordinates. Records that outlive their period key, because another
record of that period was erased, have keys of their own.

The cache may be used by several threads. It trusts itself for LEASE seconds, then asks the database whether
any key was destroyed since; where it cannot ask, it refuses rather than use a key that may be gone.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from psycopg_pool import ConnectionPool

from domain.shared.values import new_id
from infrastructure.crypto.cipher import KEY_BYTES, Cipher, derive
from infrastructure.crypto.coordinates import period_key_coordinates, record_key_coordinates
from infrastructure.crypto.epochs import Epochs, living_epoch_held, living_epochs
from infrastructure.crypto.period_key import PeriodKey
from infrastructure.crypto.root_key import RootKey, RootKeys, fingerprint, unwrap, wrap
from infrastructure.crypto.wrapped_tables import counted
from infrastructure.errors import Busy, Erased, KeyUnavailable, RootKeyProblem, SubjectErased, Unavailable
from infrastructure.ledger.buckets import bucket_of

LEASE = 0.5  # seconds
LEASE_PATIENCE = 10.0  # seconds that a caller waits while another renews the lease
CACHED_CIPHERS = 50_000
CACHED_RECORD_KEYS = 200_000
"""Keys of single records that are remembered, and records remembered to have none."""
EVERYONE = UUID(int=0)
"""The subject of the store's own secrets."""
SIGNING = "signing"
"""The purpose of the store's secret that signs what erasures leave behind."""

_SELECT_KEY = """
SELECT subject_id, kind, period, number, key_id, epoch, wrapped, closed FROM keys.period_keys
"""

# The lock is the subject's, shared by all who make keys; whoever puts up a fence holds it alone.
_INSERT_KEY = """
INSERT INTO keys.period_keys
    (bucket, subject_id, kind, period, number, key_id, epoch, wrapped, fingerprint)
SELECT %(bucket)s, %(subject_id)s, %(kind)s, %(period)s, %(number)s, %(key_id)s, %(epoch)s, %(wrapped)s,
    %(fingerprint)s
WHERE NOT EXISTS (
    SELECT FROM keys.fences
    WHERE bucket = %(bucket)s AND subject_id = %(subject_id)s
        AND kind IN ('', %(kind)s) AND period IN ('', %(period)s)
)
ON CONFLICT DO NOTHING
"""

_SELECT_RECORD_KEYS = """
SELECT subject_id, key_id, record_id, epoch, wrapped FROM keys.record_keys
WHERE bucket = ANY(%s) AND (key_id, record_id) IN (SELECT * FROM unnest(%s::uuid[], %s::uuid[]))
    AND wrapped IS NOT NULL
"""

_SELECT_OWN_KEYS = """
SELECT subject_id, key_id, record_id, epoch, wrapped FROM keys.record_keys
WHERE bucket = %(bucket)s AND subject_id = %(subject)s AND record_id = ANY(%(records)s)
    AND wrapped IS NOT NULL AND (%(key)s::uuid IS NULL OR key_id = %(key)s)
"""

_SELECT_CHANGES = """
SELECT count, ARRAY(SELECT epoch FROM keys.root_epochs WHERE bucket = 0 AND destroyed_at IS NULL ORDER BY epoch)
FROM keys.destructions WHERE bucket = 0
"""

T = TypeVar("T")


class KeyRing:
    """Gives keys for writing and for reading. Safe to share between threads."""

    def __init__(self, pool: ConnectionPool, roots: RootKeys) -> None:
        self._pool = pool
        self._lock = threading.RLock()
        self._by_id: dict[UUID, PeriodKey] = {}
        self._by_coordinates: dict[tuple[UUID, str, str], PeriodKey] = {}
        self._of_records: dict[tuple[UUID, UUID], Cipher | None] = {}
        self._cipher = lru_cache(maxsize=CACHED_CIPHERS)(_record_cipher)
        self._checked_at = float("-inf")
        self._destructions = -1
        self._forgotten = 0
        with self._connection() as connection:
            self._epochs = Epochs(roots, connection)
        self.store_id = self._epochs.store_id

    def key_for_new(self, subject_id: UUID, kind: str, period: str) -> PeriodKey:
        """Return the living key of a period, made now if it is the first write.

        Raises SubjectErased where no key may be made any more, KeyUnavailable.
        """
        self._renew_lease()
        coordinates = (subject_id, kind, period)
        key = self._by_coordinates.get(coordinates)
        if key is None:
            seen = self._forgotten
            key = self._find_or_make(subject_id, kind, period)
            self._remember([key], seen)
            with self._lock:
                if seen == self._forgotten:
                    self._by_coordinates[coordinates] = key
        return key

    def key(self, subject_id: UUID, key_id: UUID) -> PeriodKey:
        """Return the key an event names, destroyed or not; raises KeyUnavailable where it cannot be read."""
        self._renew_lease()
        key = self._by_id.get(key_id) or self._fetched({(subject_id, key_id)}).get(key_id)
        if key is None:
            msg = f"the keys database does not know key {key_id}"
            raise KeyUnavailable(msg)
        return key

    def preload(self, wanted: Iterable[tuple[UUID, UUID]]) -> None:
        """Fetch the keys of many (subject id, key id) in one query."""
        missing = {pair for pair in wanted if pair[1] not in self._by_id}
        if missing:
            self._fetched(missing)

    def preload_records(self, wanted: Iterable[tuple[UUID, UUID]]) -> None:
        """Fetch in one query the own keys of those (key id, record id) whose period key is destroyed."""
        missing: set[tuple[UUID, UUID]] = set()
        subjects: set[UUID] = set()
        for pair in wanted:
            key = self._by_id.get(pair[0])
            if key is not None and key.secret is None and pair not in self._of_records:
                missing.add(pair)
                subjects.add(key.subject_id)
        if missing:
            self._fetched_of_records(missing, subjects)

    def record_cipher(self, key: PeriodKey, record_id: UUID) -> Cipher:
        """Return the cipher of one record; raises Erased, KeyUnavailable."""
        if key.secret is not None:
            return self._cipher(key.secret, record_id.bytes)
        pair = (key.id, record_id)
        try:
            cipher = self._of_records[pair]
        except KeyError:
            cipher = self._fetched_of_records({pair}, {key.subject_id})[pair]
        if cipher is None:
            raise Erased
        return cipher

    @property
    def epoch(self) -> int:
        """Return the epoch of the newest root key."""
        return self._epochs.newest.epoch.number

    def destructions(self) -> int:
        """Return how often keys were destroyed in this store, as of LEASE seconds ago or later."""
        self._renew_lease()
        return self._destructions

    def forget(self) -> None:
        """Ask the database for every key anew: what is cached may have been destroyed."""
        with self._lock:
            self._clear()
            self._checked_at = float("-inf")

    def under_newest_root(
        self, connection: psycopg.Connection[Any], write: Callable[[RootKey], None]
    ) -> None:
        """Let ``write`` wrap and store keys, in a transaction in which no newer root key begins.

        Only so may a wrapped key be written: a rotation would never look at one that came after it.
        """
        while True:
            root = self._epochs.newest
            with living_epoch_held(connection, root.epoch.number) as held:
                if held:
                    write(root)
            if held:
                return
            self._epochs.renew(connection, [])

    def own_secrets(
        self, subject_id: UUID, record_ids: Iterable[UUID], key_id: UUID | None = None
    ) -> dict[UUID, bytes]:
        """Return the stored keys of those records that have one, under one key id or any; raises KeyUnavailable."""
        given = {
            "bucket": bucket_of(subject_id), "subject": subject_id, "records": list(record_ids), "key": key_id,
        }  # fmt: skip

        def read(connection: psycopg.Connection[Any]) -> dict[UUID, bytes]:
            rows = connection.execute(_SELECT_OWN_KEYS, given).fetchall()
            return {row[2]: self._own_secret(connection, *row) for row in rows}

        with self._connection() as connection:
            return _past_a_rotation(read, connection)

    def subject_secret(self, subject_id: UUID, purpose: str) -> bytes:
        """Return a person's secret that belongs to no kind: ``index`` or ``cache``; dies with the person."""
        return self.key_for_new(subject_id, f"@{purpose}", "").required()

    def counts(self) -> dict[str, int]:
        """Return how many keys of periods and records live, how many are destroyed, and the root key's epoch."""
        with self._connection() as connection:
            living, destroyed = counted(connection)
            newest = living_epochs(connection, self.store_id)[-1]
        return {"living": living, "destroyed": destroyed, "epoch": newest.number}

    def has_erasures(self) -> bool:
        """Return whether keys were ever destroyed by an erasure; raises KeyUnavailable."""
        with self._connection() as connection:
            row = connection.execute("SELECT EXISTS (SELECT FROM keys.erasures)").fetchone()
        return row is None or bool(row[0])

    def _find_or_make(self, subject_id: UUID, kind: str, period: str) -> PeriodKey:
        select = _SELECT_KEY + (
            "WHERE bucket = %s AND subject_id = %s AND kind = %s AND period = %s ORDER BY number DESC LIMIT 1"
        )
        where = (bucket_of(subject_id), subject_id, kind, period)

        def read(connection: psycopg.Connection[Any]) -> PeriodKey:
            row = connection.execute(select, where).fetchone()
            while row is None or row[6] is None or row[7]:
                number = 1 if row is None else row[3] + 1
                # Two first writers may both come here: the first row stays, and both read it back.
                self._make(connection, subject_id, kind, period, number)
                row = connection.execute(select, where).fetchone()
                if row is None or row[3] < number:
                    raise SubjectErased
            return self._unwrapped(connection, row)

        with self._connection() as connection:
            return _past_a_rotation(read, connection)

    def _make(
        self, connection: psycopg.Connection[Any], subject_id: UUID, kind: str, period: str, number: int
    ) -> None:
        """Make a key unless there is one of this number by now, or a fence stands before it."""
        key_id, secret = new_id(), secrets.token_bytes(KEY_BYTES)
        coordinates = period_key_coordinates(self.store_id, subject_id, kind, period, number, key_id)

        def write(root: RootKey) -> None:
            connection.execute("SELECT pg_advisory_xact_lock_shared(%s)", (creation_lock(subject_id),))
            connection.execute(
                _INSERT_KEY,
                {
                    "bucket": bucket_of(subject_id),
                    "subject_id": subject_id,
                    "kind": kind,
                    "period": period,
                    "number": number,
                    "key_id": key_id,
                    "epoch": root.epoch.number,
                    "wrapped": wrap(root.secret, secret, coordinates),
                    "fingerprint": fingerprint(secret),
                },
            )

        self.under_newest_root(connection, write)

    def _fetched(self, wanted: set[tuple[UUID, UUID]]) -> dict[UUID, PeriodKey]:
        """Read period keys by (subject id, key id), and remember them."""
        seen = self._forgotten
        buckets = sorted({bucket_of(subject_id) for subject_id, _ in wanted})
        where = (buckets, [key_id for _, key_id in wanted])

        def read(connection: psycopg.Connection[Any]) -> dict[UUID, PeriodKey]:
            query = _SELECT_KEY + "WHERE bucket = ANY(%s) AND key_id = ANY(%s)"
            rows = connection.execute(query, where).fetchall()
            return {row[4]: self._unwrapped(connection, row) for row in rows}

        with self._connection() as connection:
            keys = _past_a_rotation(read, connection)
        self._remember(keys.values(), seen)
        return keys

    def _fetched_of_records(
        self, wanted: set[tuple[UUID, UUID]], subjects: set[UUID]
    ) -> dict[tuple[UUID, UUID], Cipher | None]:
        """Read the own keys of records by (key id, record id), and remember them and who has none."""
        seen = self._forgotten
        buckets = sorted({bucket_of(subject_id) for subject_id in subjects})
        key_ids, record_ids = ([*column] for column in zip(*wanted, strict=True))

        def read(connection: psycopg.Connection[Any]) -> dict[tuple[UUID, UUID], Cipher | None]:
            found: dict[tuple[UUID, UUID], Cipher | None] = dict.fromkeys(wanted)
            rows = connection.execute(_SELECT_RECORD_KEYS, (buckets, key_ids, record_ids)).fetchall()
            for row in rows:
                found[row[1], row[2]] = Cipher(self._own_secret(connection, *row))
            return found

        with self._connection() as connection:
            found = _past_a_rotation(read, connection)
        with self._lock:
            if seen == self._forgotten:
                if len(self._of_records) + len(found) > CACHED_RECORD_KEYS:
                    self._of_records.clear()
                self._of_records.update(found)
        return found

    def _unwrapped(
        self,
        connection: psycopg.Connection[Any],
        row: tuple[UUID, str, str, int, UUID, int, bytes | None, bool],
    ) -> PeriodKey:
        subject_id, kind, period, number, key_id, epoch, wrapped, _ = row
        if wrapped is None:
            return PeriodKey(key_id, subject_id, None)
        coordinates = period_key_coordinates(self.store_id, subject_id, kind, period, number, key_id)
        secret = unwrap(self._epochs.root(connection, epoch), bytes(wrapped), coordinates)
        return PeriodKey(key_id, subject_id, secret)

    def _own_secret(
        self,
        connection: psycopg.Connection[Any],
        subject_id: UUID,
        key_id: UUID,
        record_id: UUID,
        epoch: int,
        wrapped: bytes,
    ) -> bytes:
        coordinates = record_key_coordinates(self.store_id, subject_id, key_id, record_id)
        return unwrap(self._epochs.root(connection, epoch), bytes(wrapped), coordinates)

    def _renew_lease(self) -> None:
        if time.monotonic() - self._checked_at < LEASE:
            return
        with self._turn():
            if time.monotonic() - self._checked_at < LEASE:
                return
            asked_at = time.monotonic()
            with self._connection() as connection:
                row = connection.execute(_SELECT_CHANGES).fetchone()
                destructions, living = row or (0, [])
                self._epochs.renew(connection, living)
            if destructions != self._destructions:
                self._clear()
            self._destructions, self._checked_at = destructions, asked_at

    def _clear(self) -> None:
        self._by_id.clear()
        self._by_coordinates.clear()
        self._of_records.clear()
        self._cipher.cache_clear()
        self._forgotten += 1

    def _remember(self, keys: Iterable[PeriodKey], seen: int) -> None:
        """Cache what was read, unless a destruction was noticed meanwhile: it may have been one of these."""
        with self._lock:
            if seen == self._forgotten:
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
        except psycopg.errors.DiskFull:
            raise KeyUnavailable("the keys database has no room on its disk") from None
        except (psycopg.Error, Unavailable):
            raise KeyUnavailable from None


def creation_lock(subject_id: UUID) -> int:
    """Return the number of the advisory lock on the making of a person's keys."""
    return int.from_bytes(subject_id.bytes[8:], signed=True)


def record_secret(secret: bytes, record_id: bytes) -> bytes:
    """Return the key of a record that derives from its period key."""
    return derive(secret, b"record", record_id)


def _past_a_rotation(read: Callable[[psycopg.Connection[Any]], T], connection: psycopg.Connection[Any]) -> T:
    """Read keys; once more where a rotation may have ended between their rows and their root key."""
    try:
        return read(connection)
    except RootKeyProblem:
        return read(connection)


def _record_cipher(secret: bytes, record_id: bytes) -> Cipher:
    return Cipher(record_secret(secret, record_id))
