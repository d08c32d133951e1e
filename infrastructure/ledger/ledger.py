"""The events table and what is written with it: append, read a stream, read the tail of a bucket.

The head row of a bucket is locked from the first statement of an append to its commit. Positions are
therefore dense and in commit order: a reader that asks for what comes after p never misses an event.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from psycopg import Connection
from psycopg.errors import UniqueViolation
from psycopg.rows import args_row
from psycopg_pool import ConnectionPool

from infrastructure.errors import (
    Busy,
    ClaimTaken,
    CommandIdReused,
    SourceAlreadyKept,
    Unavailable,
    VersionConflict,
)
from infrastructure.ledger.binary_copy import event_rows, source_rows
from infrastructure.ledger.buckets import bucket_of
from infrastructure.ledger.events import Append, ClaimChange, EventRow, Receipt, SealedEvent, SourceEntry

T = TypeVar("T")

COPY_FROM = 20  # events: from here on COPY is faster than an INSERT of arrays
ATTEMPTS = 4  # to reach the database
PATIENCE = 10.0  # seconds after which no further attempt begins
RETRY_PAUSE = 0.1  # seconds, doubled each time

_APPEND = """
WITH head AS (
    UPDATE ledger.bucket_heads SET position = position + %(count)s WHERE bucket = %(bucket)s RETURNING position
), receipt AS (
    INSERT INTO ledger.command_receipts
        (bucket, command_id, subject_id, record_id, version, position, recorded_at, request_digest)
    SELECT %(bucket)s, %(command_id)s, %(subject_id)s, %(record_id)s, %(version)s, head.position,
        %(recorded_at)s, %(request_digest)s
    FROM head
), stored AS (
    INSERT INTO ledger.events
        (bucket, position, subject_id, record_id, version, kind, topic, schema_version, key_id, recorded_at,
         actor_id, command_id, correlation_id, causation_id, body, digest)
    SELECT %(bucket)s, head.position - %(count)s + new.ordinality, %(subject_id)s, new.record_id, new.version,
        new.kind, new.topic, new.schema_version, new.key_id, new.recorded_at,
        %(actor_id)s, %(command_id)s, %(correlation_id)s, %(causation_id)s, new.body, new.digest
    FROM head, unnest(%(records)b::uuid[], %(versions)b::bigint[], %(kinds)b::text[], %(topics)b::text[],
        %(schemas)b::int2[], %(keys)b::uuid[], %(times)b::timestamptz[], %(bodies)b::bytea[], %(digests)b::bytea[])
        WITH ORDINALITY AS new (record_id, version, kind, topic, schema_version, key_id, recorded_at, body,
            digest, ordinality)
)
SELECT position FROM head
"""

_RESERVE = """
WITH head AS (
    UPDATE ledger.bucket_heads SET position = position + %(count)s WHERE bucket = %(bucket)s RETURNING position
), receipt AS (
    INSERT INTO ledger.command_receipts
        (bucket, command_id, subject_id, record_id, version, position, recorded_at, request_digest)
    SELECT %(bucket)s, %(command_id)s, %(subject_id)s, %(record_id)s, %(version)s, head.position,
        %(recorded_at)s, %(request_digest)s
    FROM head
)
SELECT position FROM head
"""

_COPY = """
COPY ledger.events
    (bucket, position, subject_id, record_id, version, kind, topic, schema_version, key_id, recorded_at,
     actor_id, command_id, correlation_id, causation_id, body, digest)
FROM STDIN (FORMAT BINARY)
"""

_COPY_BLOBS = (
    "COPY ledger.blobs (bucket, blob_id, subject_id, record_id, key_id, body) FROM STDIN (FORMAT BINARY)"
)

_COPY_SOURCES = (
    "COPY ledger.sources (bucket, source, subject_id, record_id, content_digest) FROM STDIN (FORMAT BINARY)"
)

_UPDATE_SOURCES = """
UPDATE ledger.sources SET content_digest = said.content_digest
FROM unnest(%b::bytea[], %b::uuid[], %b::bytea[]) AS said (source, record_id, content_digest)
WHERE sources.bucket = %b AND sources.source = said.source AND sources.record_id = said.record_id
"""

_COLUMNS = """bucket, position, subject_id, record_id, version, kind, topic, schema_version, key_id,
    recorded_at, actor_id, command_id, correlation_id, causation_id, body, digest"""

_STREAM = f"""
SELECT {_COLUMNS} FROM ledger.events
WHERE bucket = %b AND record_id = %b AND version > %b AND version <= %b
ORDER BY version
"""

# The newest snapshot that fits, as a row at position 0, then the events after it: one round trip.
_REPLAY = f"""
WITH snapshot AS (
    SELECT bucket, subject_id, record_id, version, kind, key_id, body, state_schema FROM ledger.snapshots
    WHERE bucket = %(bucket)b AND record_id = %(record_id)b AND version <= %(up_to)b
    ORDER BY version DESC LIMIT 1
)
SELECT bucket, 0::bigint AS position, subject_id, record_id, version, kind, NULL AS topic,
    NULL::int2 AS schema_version, key_id, NULL::timestamptz AS recorded_at, NULL::uuid AS actor_id,
    NULL::uuid AS command_id, NULL::uuid AS correlation_id, NULL::uuid AS causation_id, body,
    state_schema AS digest
FROM snapshot
UNION ALL
SELECT {_COLUMNS} FROM ledger.events
WHERE bucket = %(bucket)b AND record_id = %(record_id)b AND version <= %(up_to)b
    AND version > coalesce((SELECT version FROM snapshot), -1)
ORDER BY version
"""

_TAIL = f"""
SELECT {_COLUMNS} FROM ledger.events WHERE bucket = %b AND position > %b ORDER BY position LIMIT %b
"""

_TAILS = f"""
SELECT event.* FROM unnest(%b::int2[], %b::int8[]) AS wanted (bucket, position)
CROSS JOIN LATERAL (
    SELECT {_COLUMNS} FROM ledger.events
    WHERE events.bucket = wanted.bucket AND events.position > wanted.position
    ORDER BY events.position LIMIT %b
) AS event
ORDER BY event.bucket, event.position
"""

_LAST_VERSION = 2**63 - 1


class Ledger:
    """Appends and reads events. Safe to share between threads."""

    def __init__(self, pool: ConnectionPool[Connection[Any]]) -> None:
        self._pool = pool

    def append(self, append: Append) -> Receipt:
        """Store everything of ``append`` in one transaction and return its receipt.

        A command id that was used before returns its first receipt and stores nothing; so does a retry
        after a lost COMMIT reply. Raises VersionConflict, ClaimTaken, SourceAlreadyKept, CommandIdReused,
        Busy, Unavailable; after any of them nothing was stored.
        """
        return self._retrying(lambda: self._append_once(append))

    def receipt(self, subject_id: UUID, command_id: UUID, request_digest: bytes) -> Receipt | None:
        """Return the receipt of a command carried out before, or None; raises CommandIdReused."""
        with self._connection() as connection:
            return _receipt(connection, bucket_of(subject_id), command_id, request_digest)

    def stream(
        self, subject_id: UUID, record_id: UUID, *, after: int = -1, up_to: int = _LAST_VERSION
    ) -> list[EventRow]:
        """Return the events of a record with ``after`` < version <= ``up_to``, in order."""
        with self._connection() as connection, connection.cursor(row_factory=args_row(EventRow)) as cursor:
            rows = cursor.execute(
                _STREAM, (bucket_of(subject_id), record_id, after, up_to), binary=True
            ).fetchall()
        return [row for row in rows if row.subject_id == subject_id]

    def replay(self, subject_id: UUID, record_id: UUID, *, up_to: int = _LAST_VERSION) -> list[EventRow]:
        """Return the newest snapshot of a record (at position 0) and the events after it, or all its events."""
        with self._connection() as connection, connection.cursor(row_factory=args_row(EventRow)) as cursor:
            rows = cursor.execute(
                _REPLAY,
                {"bucket": bucket_of(subject_id), "record_id": record_id, "up_to": up_to},
                binary=True,
            ).fetchall()
        return [row for row in rows if row.subject_id == subject_id]

    def keep_snapshot(self, row: EventRow) -> None:
        """Store a snapshot given in the form ``replay`` returns it."""
        with self._connection() as connection:
            connection.execute(
                "INSERT INTO ledger.snapshots"
                " (bucket, record_id, version, subject_id, kind, key_id, state_schema, body)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                (
                    row.bucket, row.record_id, row.version, row.subject_id, row.kind, row.key_id, row.digest,
                    row.body,
                ),
            )  # fmt: skip

    def tail(self, bucket: int, after: int, limit: int) -> list[EventRow]:
        """Return up to ``limit`` events of a bucket past a position, in order, without a gap."""
        with self._connection() as connection, connection.cursor(row_factory=args_row(EventRow)) as cursor:
            return cursor.execute(_TAIL, (bucket, after, limit), binary=True).fetchall()

    def tails(self, after: Mapping[int, int], limit: int) -> list[EventRow]:
        """Return up to ``limit`` events of each of several buckets past their positions, in order."""
        with self._connection() as connection, connection.cursor(row_factory=args_row(EventRow)) as cursor:
            return cursor.execute(_TAILS, (list(after), list(after.values()), limit), binary=True).fetchall()

    def heads(self) -> dict[int, int]:
        """Return the position of every bucket that has events."""
        with self._connection() as connection:
            return dict(
                connection.execute(
                    "SELECT bucket, position FROM ledger.bucket_heads WHERE position > 0"
                ).fetchall()
            )

    def head(self, bucket: int) -> int:
        """Return the position of the last event of a bucket."""
        with self._connection() as connection:
            row = connection.execute(
                "SELECT position FROM ledger.bucket_heads WHERE bucket = %s", (bucket,)
            ).fetchone()
        return int(row[0]) if row else 0

    def sources(self, subject_id: UUID, sources: Sequence[bytes]) -> dict[bytes, tuple[UUID, bytes]]:
        """Return record id and content digest of those blind source names that are known."""
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT source, record_id, content_digest FROM ledger.sources WHERE bucket = %b AND source = ANY(%b)",
                (bucket_of(subject_id), list(sources)),
            ).fetchall()
        return {bytes(source): (record_id, bytes(digest)) for source, record_id, digest in rows}

    def note_sources(self, subject_id: UUID, sources: Sequence[SourceEntry]) -> None:
        """Remember what sources said last, where that changed no record; raises VersionConflict."""
        try:
            with self._connection() as connection, connection.transaction():
                _write_sources(connection, bucket_of(subject_id), subject_id, sources)
        except UniqueViolation:
            raise VersionConflict from None  # somebody else was told the same meanwhile

    def claimant(self, change_bucket: int, claim: bytes) -> UUID | None:
        """Return the subject that holds a blind claim, or None."""
        with self._connection() as connection:
            row = connection.execute(
                "SELECT subject_id FROM ledger.claims WHERE bucket = %s AND claim = %s",
                (change_bucket, claim),
            ).fetchone()
        return row[0] if row else None

    def _append_once(self, append: Append) -> Receipt:
        bucket = bucket_of(append.subject_id)
        try:
            with self._connection() as connection:
                if _is_one_statement(append):
                    return _insert(connection, bucket, append)
                with connection.transaction():
                    receipt = (_insert if len(append.events) < COPY_FROM else _copy)(
                        connection, bucket, append
                    )
                    _check_read_set(connection, bucket, append.read_set)
                    _write_companions(connection, bucket, append)
                    return receipt
        except UniqueViolation:
            return self._explain(bucket, append)

    def _explain(self, bucket: int, append: Append) -> Receipt:
        """Find out which uniqueness was violated by looking: constraint names do not arrive through Citus."""
        with self._connection() as connection:
            earlier = _receipt(connection, bucket, append.attribution.command_id, append.request_digest)
            if earlier is not None:
                return earlier
            for change in append.claims:
                if change.taken and _held_by_another(connection, change):
                    raise ClaimTaken from None
        known = self.sources(append.subject_id, [entry.source for entry in append.sources])
        for entry in append.sources:
            if entry.source in known and known[entry.source][0] != entry.record_id:
                raise SourceAlreadyKept(known[entry.source][0]) from None
        raise VersionConflict from None

    def _retrying(self, attempt: Callable[[], T]) -> T:
        """Try again while the database cannot be reached: the receipt makes a repeated append harmless."""
        deadline, number = time.monotonic() + PATIENCE, 1
        while True:
            try:
                return attempt()
            except Busy:
                if number > 1:
                    raise Unavailable from None  # an attempt before this one may have been carried out
                raise
            except Unavailable:
                if number == ATTEMPTS or time.monotonic() > deadline:
                    raise
            time.sleep(RETRY_PAUSE * 2 ** (number - 1))
            number += 1

    @contextmanager
    def _connection(self) -> Iterator[Connection[Any]]:
        try:
            with self._pool.connection() as connection:
                yield connection
        except psycopg.OperationalError:
            raise Unavailable from None


def _is_one_statement(append: Append) -> bool:
    return len(append.events) < COPY_FROM and not (
        append.read_set or append.claims or append.sources or append.blobs
    )


def _insert(connection: Connection[Any], bucket: int, append: Append) -> Receipt:
    events = append.events
    row = connection.execute(
        _APPEND,
        {
            **_receipt_values(bucket, append),
            "actor_id": append.attribution.actor_id,
            "correlation_id": append.attribution.correlation_id,
            "causation_id": append.attribution.causation_id,
            "records": [event.record_id for event in events],
            "versions": [event.version for event in events],
            "kinds": [event.kind for event in events],
            "topics": [event.topic for event in events],
            "schemas": [event.schema_version for event in events],
            "keys": [event.key_id for event in events],
            "times": [event.recorded_at for event in events],
            "bodies": [event.body for event in events],
            "digests": [event.digest for event in events],
        },
    ).fetchone()
    return _made_receipt(bucket, append, row)


def _copy(connection: Connection[Any], bucket: int, append: Append) -> Receipt:
    row = connection.execute(_RESERVE, _receipt_values(bucket, append)).fetchone()
    receipt = _made_receipt(bucket, append, row)
    first = receipt.position - len(append.events) + 1
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.write(b"".join(event_rows(bucket, first, append)))
    return receipt


def _receipt_values(bucket: int, append: Append) -> dict[str, Any]:
    last: SealedEvent = append.events[-1]
    return {
        "bucket": bucket,
        "count": len(append.events),
        "command_id": append.attribution.command_id,
        "subject_id": append.subject_id,
        "record_id": last.record_id,
        "version": last.version,
        "recorded_at": last.recorded_at,
        "request_digest": append.request_digest,
    }


def _made_receipt(bucket: int, append: Append, row: tuple[int] | None) -> Receipt:
    if row is None:
        msg = f"bucket {bucket} has no head"
        raise Unavailable(msg)
    last = append.events[-1]
    return Receipt(
        last.record_id, last.version, bucket, row[0], append.attribution.command_id, last.recorded_at
    )


def _check_read_set(connection: Connection[Any], bucket: int, read_set: Sequence[tuple[UUID, int]]) -> None:
    if not read_set:
        return
    rows = connection.execute(
        "SELECT record_id, max(version) FROM ledger.events WHERE bucket = %s AND record_id = ANY(%s) GROUP BY 1",
        (bucket, [record_id for record_id, _ in read_set]),
    ).fetchall()
    if dict(rows) != {record_id: version for record_id, version in read_set if version}:
        raise VersionConflict


def _write_companions(connection: Connection[Any], bucket: int, append: Append) -> None:
    # Claims given up go first: a record may hand one to another in the same transaction.
    for change in sorted(append.claims, key=lambda each: (each.taken, each.bucket)):
        if change.taken:
            connection.execute(
                "INSERT INTO ledger.claims (bucket, claim, subject_id, record_id) VALUES (%s, %s, %s, %s)",
                (change.bucket, change.claim, append.subject_id, change.record_id),
            )
        else:
            connection.execute(
                "DELETE FROM ledger.claims WHERE bucket = %s AND claim = %s AND record_id = %s",
                (change.bucket, change.claim, change.record_id),
            )
    if append.sources:
        _write_sources(connection, bucket, append.subject_id, append.sources)
    if append.blobs:
        with connection.cursor() as cursor, cursor.copy(_COPY_BLOBS) as copy:
            copy.set_types(["int2", "uuid", "uuid", "uuid", "uuid", "bytea"])
            for blob in append.blobs:
                copy.write_row(
                    (bucket, blob.blob_id, append.subject_id, blob.record_id, blob.key_id, blob.body)
                )


def _write_sources(
    connection: Connection[Any], bucket: int, subject_id: UUID, sources: Sequence[SourceEntry]
) -> None:
    known = [entry for entry in sources if entry.known]
    with connection.cursor() as cursor:
        if known:
            columns = zip(
                *((each.source, each.record_id, each.content_digest) for each in known), strict=True
            )
            cursor.execute(_UPDATE_SOURCES, (*map(list, columns), bucket))
        new = [entry for entry in sources if not entry.known]
        if new:
            with cursor.copy(_COPY_SOURCES) as copy:
                copy.write(b"".join(source_rows(bucket, subject_id, new)))


def _held_by_another(connection: Connection[Any], change: ClaimChange) -> bool:
    row = connection.execute(
        "SELECT record_id FROM ledger.claims WHERE bucket = %s AND claim = %s", (change.bucket, change.claim)
    ).fetchone()
    return row is not None and row[0] != change.record_id


def _receipt(
    connection: Connection[Any], bucket: int, command_id: UUID, request_digest: bytes
) -> Receipt | None:
    row = connection.execute(
        "SELECT record_id, version, position, recorded_at, request_digest FROM ledger.command_receipts"
        " WHERE bucket = %s AND command_id = %s",
        (bucket, command_id),
    ).fetchone()
    if row is None:
        return None
    if bytes(row[4]) != request_digest:
        raise CommandIdReused
    return Receipt(row[0], row[1], bucket, row[2], command_id, row[3])
