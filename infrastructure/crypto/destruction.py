"""Destroys keys, and before that keeps what must outlive them: what an erasure does to the keys database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg import Connection
from psycopg_pool import ConnectionPool

from infrastructure.crypto.coordinates import record_key_coordinates
from infrastructure.crypto.keyring import KeyRing, creation_lock, record_secret
from infrastructure.crypto.root_key import RootKey, fingerprint, wrap
from infrastructure.errors import KeyUnavailable
from infrastructure.ledger.buckets import bucket_of

RECORDS_AT_ONCE = 5000

_KEEP = """
INSERT INTO keys.record_keys (bucket, key_id, record_id, subject_id, epoch, wrapped, fingerprint)
SELECT %s, %s, new.record_id, %s, %s, new.wrapped, new.fingerprint
FROM unnest(%b::uuid[], %b::bytea[], %b::bytea[]) AS new (record_id, wrapped, fingerprint)
ON CONFLICT DO NOTHING
"""

_TOMBSTONE = """
INSERT INTO keys.record_keys (bucket, key_id, record_id, subject_id, epoch, fingerprint, destroyed_at)
VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""

# Keys of single records that go: all under a whole period, wherever they lie those of single records erased,
# and of those left to a hold the ones that anybody could use.
_GONE = """record_id = ANY(%(records)s) OR key_id = ANY(%(whole)s)
    OR key_id = ANY(%(broken)s) AND record_id = ANY(%(kept)s)"""


@dataclass(frozen=True, slots=True)
class Doomed:
    """What is to be destroyed for one erasure."""

    erasure_id: UUID
    file_number: int
    subject_id: UUID
    key_ids: frozenset[UUID]
    """Period keys whose records all go."""
    broken: frozenset[UUID] = frozenset()
    """Period keys of which some records live on, with keys of their own."""
    records: Mapping[UUID, UUID] = field(default_factory=dict)
    """Single records, each with the period key its own key derives from."""
    kept: Mapping[UUID, UUID] = field(default_factory=dict)
    """Records left to a hold, each with its period key."""
    secrets: tuple[str, ...] = ("cache",)
    """The person's secrets that belong to no kind."""
    fenced_for_ever: bool = False

    @property
    def period_keys(self) -> frozenset[UUID]:
        """Return all period keys that go."""
        return self.key_ids | self.broken


class KeyDestruction:
    """Fences, closes and destroys keys; every method may be repeated. Raises KeyUnavailable."""

    def __init__(self, pool: ConnectionPool[Connection[Any]], keys: KeyRing) -> None:
        self._pool = pool
        self._keys = keys

    def fence(self, subject_id: UUID, erasure_id: UUID, kind: str, period: str) -> None:
        """Allow no new key of a person, kind or period; once this returns, none appears."""
        with self._connection() as connection, connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (creation_lock(subject_id),))
            connection.execute(
                "INSERT INTO keys.fences (bucket, subject_id, kind, period, erasure_id)"
                " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                (bucket_of(subject_id), subject_id, kind, period, erasure_id),
            )

    def close(self, subject_id: UUID, key_ids: Iterable[UUID]) -> None:
        """Let no new record begin under these period keys: the next one makes a key of the next number."""
        with self._connection() as connection:
            connection.execute(
                "UPDATE keys.period_keys SET closed = true WHERE bucket = %s AND key_id = ANY(%s)",
                (bucket_of(subject_id), list(key_ids)),
            )

    def keys_in(self, subject_id: UUID, kind: str, period: str) -> frozenset[UUID]:
        """Return the period keys of a person, kind or period under which something can still be read."""
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT key_id FROM keys.period_keys AS p WHERE bucket = %(bucket)s AND subject_id = %(subject)s"
                " AND kind NOT LIKE '@%%' AND %(kind)s IN ('', kind) AND %(period)s IN ('', period)"
                " AND (wrapped IS NOT NULL OR EXISTS (SELECT FROM keys.record_keys AS r WHERE r.bucket = p.bucket"
                " AND r.key_id = p.key_id AND r.wrapped IS NOT NULL))",
                {"bucket": bucket_of(subject_id), "subject": subject_id, "kind": kind, "period": period},
            ).fetchall()
        return frozenset(key_id for (key_id,) in rows)

    def lives(self, subject_id: UUID, key_id: UUID) -> bool:
        """Return whether a period key is not destroyed, whatever is cached."""
        with self._connection() as connection:
            row = connection.execute(
                "SELECT wrapped IS NOT NULL FROM keys.period_keys WHERE bucket = %s AND key_id = %s",
                (bucket_of(subject_id), key_id),
            ).fetchone()
        return row is not None and row[0]

    def keep(self, subject_id: UUID, key_id: UUID, record_ids: Sequence[UUID]) -> int:
        """Store the own keys of records that are to outlive their period key; return how many these are."""
        secret = self._keys.key(subject_id, key_id).secret
        if secret is None:  # an earlier attempt came as far as destroying it
            return len(record_ids)
        self._store(subject_id, key_id, {each: record_secret(secret, each.bytes) for each in record_ids})
        return len(record_ids)

    def hold_back(self, subject_id: UUID, erasure_id: UUID, kept: Mapping[UUID, UUID]) -> None:
        """Store the keys of records left to a hold where nobody looks for them without one.

        They lie under the erasure's id in place of their period key's; see ``HeldKeys``.
        """
        under: dict[UUID, list[UUID]] = defaultdict(list)
        for record_id, key_id in kept.items():
            under[key_id].append(record_id)
        for key_id, record_ids in under.items():
            secret = self._keys.key(subject_id, key_id).secret
            own = (
                self._keys.own_secrets(subject_id, record_ids, key_id)
                if secret is None
                else {each: record_secret(secret, each.bytes) for each in record_ids}
            )
            self._store(subject_id, erasure_id, own)

    def held_back(self, subject_id: UUID, erasure_id: UUID) -> frozenset[UUID]:
        """Return the records that an erasure has left to a hold and that are not erased since."""
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT record_id FROM keys.record_keys WHERE bucket = %s AND key_id = %s AND wrapped IS NOT NULL",
                (bucket_of(subject_id), erasure_id),
            ).fetchall()
        return frozenset(record_id for (record_id,) in rows)

    def _store(self, subject_id: UUID, key_id: UUID, secrets: Mapping[UUID, bytes]) -> None:
        """Store keys of single records, wrapped and bound to ``key_id``; those that are there stay."""
        record_ids = list(secrets)
        for start in range(0, len(record_ids), RECORDS_AT_ONCE):
            some = {each: secrets[each] for each in record_ids[start : start + RECORDS_AT_ONCE]}
            with self._connection() as connection:
                self._store_some(connection, subject_id, key_id, some)

    def _store_some(
        self, connection: Connection[Any], subject_id: UUID, key_id: UUID, secrets: Mapping[UUID, bytes]
    ) -> None:
        def write(root: RootKey) -> None:
            wrapped, fingerprints = [], []
            for record_id, own in secrets.items():
                coordinates = record_key_coordinates(self._keys.store_id, subject_id, key_id, record_id)
                wrapped.append(wrap(root.secret, own, coordinates))
                fingerprints.append(fingerprint(own))
            given = (bucket_of(subject_id), key_id, subject_id, root.epoch.number, list(secrets))
            connection.execute(_KEEP, (*given, wrapped, fingerprints))

        self._keys.under_newest_root(connection, write)

    def destroy(self, doomed: Doomed, at: datetime) -> dict[str, Any]:
        """Destroy keys in one transaction and have every process forget what it has cached.

        Returns the epoch they were wrapped in, how many they are, and the fingerprints of all of them.
        """
        bucket, subject_id = bucket_of(doomed.subject_id), doomed.subject_id
        tombstones = list(self._tombstones(doomed, at))
        with self._connection() as connection, connection.transaction():
            with connection.cursor() as cursor:
                cursor.executemany(_TOMBSTONE, tombstones)
            _destroy_rows(connection, doomed, at)
            if not doomed.fenced_for_ever:
                connection.execute(
                    "DELETE FROM keys.fences WHERE bucket = %s AND erasure_id = %s",
                    (bucket, doomed.erasure_id),
                )
            connection.execute(
                "INSERT INTO keys.erasures (bucket, erasure_id, file_number, applied_at)"
                " VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
                (bucket, doomed.erasure_id, doomed.file_number, at),
            )
            connection.execute("UPDATE keys.destructions SET count = count + 1 WHERE bucket = 0")
            found = connection.execute(
                "SELECT epoch, fingerprint FROM keys.period_keys WHERE bucket = %(bucket)s AND key_id = ANY(%(keys)s)"
                " UNION ALL SELECT epoch, fingerprint FROM keys.record_keys WHERE bucket = %(bucket)s"
                " AND subject_id = %(subject)s AND record_id = ANY(%(records)s)",
                {
                    "bucket": bucket,
                    "subject": subject_id,
                    "keys": list(doomed.period_keys),
                    "records": list(doomed.records),
                },
            ).fetchall()
        self._keys.forget()
        return {
            "epoch": max((epoch for epoch, _ in found), default=0),
            "keys": len(found),
            "fingerprints": sorted(bytes(each).hex() for _, each in found),
        }

    def left(self, doomed: Doomed) -> int:
        """Return how many of the keys are not destroyed: 0 after ``destroy``."""
        with self._connection() as connection:
            row = connection.execute(
                "SELECT (SELECT count(*) FROM keys.period_keys WHERE bucket = %(bucket)s"
                " AND key_id = ANY(%(keys)s) AND wrapped IS NOT NULL)"
                " + (SELECT count(*) FROM keys.record_keys WHERE bucket = %(bucket)s AND wrapped IS NOT NULL"
                f" AND ({_GONE}))",
                _parameters(doomed),
            ).fetchone()
        return int(row[0]) if row else 0

    def applied(self) -> set[int]:
        """Return the numbers, in the erasure file, of the erasures this keys database has seen."""
        with self._connection() as connection:
            return {number for (number,) in connection.execute("SELECT file_number FROM keys.erasures")}

    def _tombstones(self, doomed: Doomed, at: datetime) -> Iterator[tuple[Any, ...]]:
        """Yield a row without a key for each single record, so that its fingerprint stays."""
        for record_id, key_id in doomed.records.items():
            secret = self._keys.key(doomed.subject_id, key_id).secret
            if secret is not None:
                yield (
                    bucket_of(doomed.subject_id), key_id, record_id, doomed.subject_id, self._keys.epoch,
                    fingerprint(record_secret(secret, record_id.bytes)), at,
                )  # fmt: skip

    @contextmanager
    def _connection(self) -> Iterator[Connection[Any]]:
        try:
            with self._pool.connection() as connection:
                yield connection
        except psycopg.Error:
            raise KeyUnavailable from None


def _destroy_rows(connection: Connection[Any], doomed: Doomed, at: datetime) -> None:
    parameters = {
        **_parameters(doomed),
        "subject": doomed.subject_id,
        "at": at,
        "secrets": [f"@{name}" for name in doomed.secrets],
    }
    connection.execute(
        "UPDATE keys.period_keys SET wrapped = NULL, destroyed_at = %(at)s WHERE bucket = %(bucket)s"
        " AND subject_id = %(subject)s AND wrapped IS NOT NULL AND (key_id = ANY(%(keys)s) OR kind = ANY(%(secrets)s))",
        parameters,
    )
    connection.execute(
        "UPDATE keys.record_keys SET wrapped = NULL, destroyed_at = %(at)s WHERE bucket = %(bucket)s"
        f" AND subject_id = %(subject)s AND wrapped IS NOT NULL AND ({_GONE})",
        parameters,
    )


def _parameters(doomed: Doomed) -> dict[str, Any]:
    return {
        "bucket": bucket_of(doomed.subject_id),
        "keys": list(doomed.period_keys),
        "whole": list(doomed.key_ids),
        "broken": list(doomed.broken),
        "records": list(doomed.records),
        "kept": list(doomed.kept),
    }
