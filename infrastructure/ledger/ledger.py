"""The events table and what is written with it: append, read a stream, read the tail of a bucket.

The head row of a bucket is locked from the first statement of an append to its commit. Positions are
therefore dense and in commit order: a reader that asks for what comes after p never misses an event.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar
from uuid import UUID

from psycopg import Connection
from psycopg.errors import UniqueViolation
from psycopg.rows import args_row
from psycopg_pool import ConnectionPool

from infrastructure.connections import lent
from infrastructure.errors import (
    Busy,
    ClaimTaken,
    CommandIdReused,
    FencesMoved,
    SourceAlreadyKept,
    StatementRefused,
    Unavailable,
    VersionConflict,
)
from infrastructure.ledger import statements
from infrastructure.ledger.binary_copy import event_rows, pieces
from infrastructure.ledger.buckets import bucket_of
from infrastructure.ledger.companions import write_companions, write_sources
from infrastructure.ledger.events import Append, ClaimChange, EventRow, Receipt, SealedEvent, SourceEntry
from infrastructure.ledger.fences import Fences, fences_stand

T = TypeVar("T")

COPY_FROM = 20  # events: from here on COPY is faster than an INSERT of arrays
ATTEMPTS = 4  # to reach the database
PATIENCE = 10.0  # seconds after which no further attempt begins
RETRY_PAUSE = 0.1  # seconds, doubled each time

LAST_VERSION = 2**63 - 1


class Ledger:
    """Appends and reads events. Safe to share between threads."""

    def __init__(self, pool: ConnectionPool[Connection[Any]], fences: Fences) -> None:
        self._pool = pool
        self.fences = fences

    def append(self, append: Append) -> Receipt:
        """Store everything of ``append`` in one transaction and return its receipt.

        A command id that was used before returns its first receipt and stores nothing; so does a retry
        after a lost COMMIT reply. Raises FencesMoved, VersionConflict, ClaimTaken, SourceAlreadyKept,
        CommandIdReused, Busy, Unavailable; after any of them nothing was stored.
        """
        receipt = self._retrying(lambda: self._append_once(append))
        if append.restrictions:
            with suppress(Unavailable):  # what is stored is stored; the next append finds out at the latest
                self.fences.learn(receipt.bucket)
        return receipt

    def receipt(self, subject_id: UUID, command_id: UUID, request_digest: bytes) -> Receipt | None:
        """Return the receipt of a command carried out before, or None; raises CommandIdReused."""
        with lent(self._pool) as connection:
            return _receipt(connection, bucket_of(subject_id), command_id, request_digest)

    def receipts(self, of: Receipt, records: Sequence[UUID | None]) -> tuple[Receipt, ...]:
        """Return how records stood after a command that was carried out, each once, in this order.

        None stands for one that the command made: the first, the second and so on. What was erased is left out.
        """
        place = {"bucket": of.bucket, "position": of.position, "command_id": of.command_id}
        with lent(self._pool) as connection:
            made = (row[0] for row in connection.execute(statements.MADE, place).fetchall())
            named = dict.fromkeys(each or next(made, None) for each in records)
            rows = connection.execute(statements.STOOD, place | {"ids": list(filter(None, named))}).fetchall()
        stood = {
            record_id: Receipt(record_id, version, of.bucket, of.position, of.command_id, recorded_at)
            for record_id, version, recorded_at in rows
        }
        return tuple(stood[each] for each in named if each in stood)

    def stream(
        self, subject_id: UUID, record_id: UUID, *, after: int = -1, up_to: int = LAST_VERSION
    ) -> list[EventRow]:
        """Return the events of a record with ``after`` < version <= ``up_to``, in order."""
        with lent(self._pool) as connection, connection.cursor(row_factory=args_row(EventRow)) as cursor:
            rows = cursor.execute(
                statements.STREAM, (bucket_of(subject_id), record_id, after, up_to), binary=True
            ).fetchall()
        return [row for row in rows if row.subject_id == subject_id]

    def streams(self, subject_id: UUID, record_ids: Collection[UUID], most: int) -> list[EventRow]:
        """Return the first events of several records, up to ``most`` of each, record by record and in order."""
        given = (list(record_ids), bucket_of(subject_id), subject_id, most)
        with lent(self._pool) as connection, connection.cursor(row_factory=args_row(EventRow)) as cursor:
            return cursor.execute(statements.STREAMS, given, binary=True).fetchall()

    def replay(self, subject_id: UUID, record_id: UUID, *, up_to: int = LAST_VERSION) -> list[EventRow]:
        """Return the newest snapshot of a record (at position 0) and the events after it, or all its events."""
        with lent(self._pool) as connection, connection.cursor(row_factory=args_row(EventRow)) as cursor:
            rows = cursor.execute(
                statements.REPLAY,
                {"bucket": bucket_of(subject_id), "record_id": record_id, "up_to": up_to},
                binary=True,
            ).fetchall()
        return [row for row in rows if row.subject_id == subject_id]

    def keep_snapshot(self, row: EventRow, fences: int) -> None:
        """Store a snapshot given in the form ``replay`` returns it, unless fences have moved since."""
        with lent(self._pool) as connection, connection.transaction():
            if not fences_stand(connection, row.bucket, fences):
                return
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
        with lent(self._pool) as connection, connection.cursor(row_factory=args_row(EventRow)) as cursor:
            return cursor.execute(statements.TAIL, (bucket, after, limit), binary=True).fetchall()

    def tails(self, after: Mapping[int, int], limit: int) -> list[EventRow]:
        """Return up to ``limit`` events of each of several buckets past their positions, in order."""
        with lent(self._pool) as connection, connection.cursor(row_factory=args_row(EventRow)) as cursor:
            return cursor.execute(
                statements.TAILS, (list(after), list(after.values()), limit), binary=True
            ).fetchall()

    def heads(self) -> dict[int, int]:
        """Return the position of every bucket that has events."""
        with lent(self._pool) as connection:
            return dict(
                connection.execute(
                    "SELECT bucket, position FROM ledger.bucket_heads WHERE position > 0"
                ).fetchall()
            )

    def head(self, bucket: int, fences: int | None = None) -> int:
        """Return the position of the last event of a bucket; raises FencesMoved unless the count is ``fences``."""
        with lent(self._pool) as connection:
            row = connection.execute(
                "SELECT position, fences FROM ledger.bucket_heads WHERE bucket = %s", (bucket,)
            ).fetchone()
        position, count = row or (0, 0)
        if fences is not None and count != fences:
            self.fences.learn(bucket)
            raise FencesMoved
        return int(position)

    def sources(self, subject_id: UUID, sources: Sequence[bytes]) -> dict[bytes, tuple[UUID, bytes]]:
        """Return record id and content digest of those blind source names that are known."""
        with lent(self._pool) as connection:
            rows = connection.execute(
                "SELECT source, record_id, content_digest FROM ledger.sources WHERE bucket = %b AND source = ANY(%b)",
                (bucket_of(subject_id), list(sources)),
            ).fetchall()
        return {bytes(source): (record_id, bytes(digest)) for source, record_id, digest in rows}

    def note_sources(self, subject_id: UUID, sources: Sequence[SourceEntry], fences: int) -> None:
        """Remember what sources said last, where that changed no record; raises FencesMoved, VersionConflict."""
        bucket = bucket_of(subject_id)
        try:
            with lent(self._pool) as connection, connection.transaction():
                if fences_stand(connection, bucket, fences):
                    write_sources(connection, bucket, subject_id, sources)
                    return
        except UniqueViolation:
            raise VersionConflict from None  # somebody else was told the same meanwhile
        self.fences.learn(bucket)
        raise FencesMoved

    def has_erasures(self) -> bool:
        """Return whether anything was ever erased, or is to be; raises Unavailable."""
        with lent(self._pool) as connection:
            row = connection.execute("SELECT EXISTS (SELECT FROM ledger.erasures)").fetchone()
        return row is None or bool(row[0])

    def claimant(self, change_bucket: int, claim: bytes) -> UUID | None:
        """Return the subject that holds a blind claim, or None."""
        with lent(self._pool) as connection:
            row = connection.execute(
                "SELECT subject_id FROM ledger.claims WHERE bucket = %s AND claim = %s",
                (change_bucket, claim),
            ).fetchone()
        return row[0] if row else None

    def claim_holders(self, bucket: int, claims: Iterable[bytes]) -> dict[bytes, UUID]:
        """Return the records that hold blind claims of one bucket, by claim."""
        with lent(self._pool) as connection:
            return _holders(connection, bucket, claims)

    def mentioning(self, address: bytes) -> list[tuple[UUID, str, UUID]]:
        """Return subject, kind and id of the records of all people that name a blind address."""
        with lent(self._pool) as connection:
            return connection.execute(
                "SELECT subject_id, kind, record_id FROM ledger.address_index WHERE address = %s"
                " ORDER BY subject_id, kind, record_id",
                (address,),
            ).fetchall()

    def _append_once(self, append: Append) -> Receipt:
        bucket = bucket_of(append.subject_id)
        try:
            with lent(self._pool) as connection:
                if _is_one_statement(append):
                    return _insert(connection, bucket, append)
                with connection.transaction():
                    receipt = (_insert if len(append.events) < COPY_FROM else _copy)(
                        connection, bucket, append
                    )
                    _check_read_set(connection, bucket, append)
                    write_companions(connection, bucket, append)
                    return receipt
        except UniqueViolation:
            return self._explain(bucket, append)
        except FencesMoved:
            with lent(self._pool) as connection:
                earlier = _receipt(connection, bucket, append.attribution.command_id, append.request_digest)
            if earlier is not None:
                return earlier
            self.fences.learn(bucket)
            raise

    def _explain(self, bucket: int, append: Append) -> Receipt:
        """Find out which uniqueness was violated by looking: constraint names do not arrive through Citus."""
        with lent(self._pool) as connection:
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
            except StatementRefused:
                raise
            except Unavailable:
                if number == ATTEMPTS or time.monotonic() > deadline:
                    raise
            time.sleep(RETRY_PAUSE * 2 ** (number - 1))
            number += 1


def _is_one_statement(append: Append) -> bool:
    return len(append.events) < COPY_FROM and not (
        append.read_set
        or append.held
        or append.claims
        or append.sources
        or append.blobs
        or append.restrictions
        or append.holds
        or append.mentions
    )


def _insert(connection: Connection[Any], bucket: int, append: Append) -> Receipt:
    events, by = append.events, append.attribution
    given = _receipt_values(bucket, append) | {
        "actor_id": by.actor_id,
        "correlation_id": by.correlation_id,
        "causation_id": by.causation_id,
    }
    if len(events) == 1:
        row = connection.execute(statements.APPEND_ONE, given | _alone(events[0])).fetchone()
    else:
        row = connection.execute(statements.APPEND, given | _together(events)).fetchone()
    return _made_receipt(bucket, append, row)


def _alone(event: SealedEvent) -> dict[str, Any]:
    return {
        "kind": event.kind, "topic": event.topic, "schema": event.schema_version, "key_id": event.key_id,
        "body": event.body, "digest": event.digest,
    }  # fmt: skip


def _together(events: Sequence[SealedEvent]) -> dict[str, Any]:
    return {
        "records": [event.record_id for event in events],
        "versions": [event.version for event in events],
        "kinds": [event.kind for event in events],
        "topics": [event.topic for event in events],
        "schemas": [event.schema_version for event in events],
        "keys": [event.key_id for event in events],
        "times": [event.recorded_at for event in events],
        "bodies": [event.body for event in events],
        "digests": [event.digest for event in events],
    }


def _copy(connection: Connection[Any], bucket: int, append: Append) -> Receipt:
    row = connection.execute(statements.RESERVE, _receipt_values(bucket, append)).fetchone()
    receipt = _made_receipt(bucket, append, row)
    first = receipt.position - len(append.events) + 1
    with connection.cursor() as cursor, cursor.copy(statements.COPY) as copy:
        for piece in pieces(event_rows(bucket, first, append)):
            copy.write(piece)
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
        "fences": append.fences,
    }


def _made_receipt(bucket: int, append: Append, row: tuple[int] | None) -> Receipt:
    if row is None:
        raise FencesMoved
    last = append.events[-1]
    return Receipt(
        last.record_id, last.version, bucket, row[0], append.attribution.command_id, last.recorded_at
    )


def _check_read_set(connection: Connection[Any], bucket: int, append: Append) -> None:
    """Raise VersionConflict unless all is as the command saw it; the bucket's head is locked by now."""
    held = {claim: record_id for claim, record_id in append.held if record_id is not None}
    if append.held and _holders(connection, bucket, [claim for claim, _ in append.held]) != held:
        raise VersionConflict
    if not append.read_set:
        return
    rows = connection.execute(
        "SELECT record_id, max(version) FROM ledger.events WHERE bucket = %s AND record_id = ANY(%s) GROUP BY 1",
        (bucket, [record_id for record_id, _ in append.read_set]),
    ).fetchall()
    if dict(rows) != {record_id: version for record_id, version in append.read_set if version}:
        raise VersionConflict


def _held_by_another(connection: Connection[Any], change: ClaimChange) -> bool:
    holder = _holders(connection, change.bucket, [change.claim]).get(change.claim)
    return holder is not None and holder != change.record_id


def _holders(connection: Connection[Any], bucket: int, claims: Iterable[bytes]) -> dict[bytes, UUID]:
    rows = connection.execute(
        "SELECT claim, record_id FROM ledger.claims WHERE bucket = %b AND claim = ANY(%b)",
        (bucket, list(claims)),
    ).fetchall()
    return {bytes(claim): record_id for claim, record_id in rows}


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
