"""Which records must be kept, whoever is to be forgotten: holds on kinds and on single records.

A hold is placed under the lock of the bucket's head that every fence is raised under. What is held is
therefore known for good once an erasure has raised its fences.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from domain.shared import clock
from domain.shared.values import new_id
from infrastructure.errors import TooLateToHold
from infrastructure.ledger.buckets import bucket_of
from infrastructure.ledger.events import HoldChange
from infrastructure.ledger.fences import ANY_RECORD, Cause

_COLUMNS = "hold_id, subject_id, kind, record_id, placed_by, placed_at, until, sealed, by_record, ended_at"
_ACTIVE = "bucket = %s AND subject_id = %s AND ended_at IS NULL AND (until IS NULL OR until > %s)"


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold on a kind or on one record of a person, as the ledger has it."""

    hold_id: UUID
    subject_id: UUID
    kind: str
    record_id: UUID
    placed_by: UUID
    placed_at: datetime
    until: datetime | None
    sealed: bytes | None
    """Reason and purpose, sealed; None for a record's own hold and once the hold has ended."""
    by_record: bool
    """Whether the record itself says so, by an event of its own."""
    ended_at: datetime | None

    def is_active(self, at: datetime) -> bool:
        """Return whether it holds at a moment."""
        return self.ended_at is None and (self.until is None or self.until > at)

    @property
    def on_record(self) -> bool:
        """Return whether it is on one record, not on a kind."""
        return self.record_id != ANY_RECORD

    def covers(self, kind: str, record_id: UUID) -> bool:
        """Return whether a record must be kept."""
        return self.record_id == record_id if self.on_record else self.kind == kind


def place_hold(connection: Connection[Any], hold: Hold, period: str) -> None:
    """Note a hold on a kind, or on a record of a period; raises TooLateToHold where its erasure has begun.

    In the transaction of the connection, which must be at READ COMMITTED: what is looked at after the lock
    was waited for has to be seen as it is then.
    """
    bucket = bucket_of(hold.subject_id)
    connection.execute("SELECT FROM ledger.bucket_heads WHERE bucket = %s FOR SHARE", (bucket,))
    fences = connection.execute(
        "SELECT kind, period, record_id FROM ledger.fences WHERE bucket = %s AND subject_id = %s AND cause = %s",
        (bucket, hold.subject_id, Cause.ERASURE),
    ).fetchall()
    if any(_meets(hold, period, *fence) for fence in fences):
        raise TooLateToHold
    _insert(connection, hold)


def _meets(hold: Hold, period: str, kind: str, fenced_period: str, record_id: UUID) -> bool:
    """Tell whether a fence stands before anything held; that of a record does not say of which kind it is."""
    if hold.on_record:
        of_all = record_id == ANY_RECORD and kind in {"", hold.kind} and fenced_period in {"", period}
        return of_all or record_id == hold.record_id
    return kind in {"", hold.kind}


def _insert(connection: Connection[Any], hold: Hold) -> None:
    bucket = bucket_of(hold.subject_id)
    connection.execute(
        f"INSERT INTO ledger.holds (bucket, {_COLUMNS})"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            bucket, hold.hold_id, hold.subject_id, hold.kind, hold.record_id, hold.placed_by, hold.placed_at,
            hold.until, hold.sealed, hold.by_record, hold.ended_at,
        ),
    )  # fmt: skip


def active_holds(connection: Connection[Any], subject_id: UUID, at: datetime) -> list[Hold]:
    """Return the holds on records of a person at a moment."""
    with connection.cursor(row_factory=class_row(Hold)) as cursor:
        where = (bucket_of(subject_id), subject_id, at)
        return cursor.execute(f"SELECT {_COLUMNS} FROM ledger.holds WHERE {_ACTIVE}", where).fetchall()


def records_held(
    connection: Connection[Any], subject_id: UUID, key_ids: Iterable[UUID], holds: Iterable[Hold]
) -> dict[UUID, UUID]:
    """Return the records under some period keys that must be kept, each with its key."""
    held = tuple(holds)
    if not held:  # as a rule; a search through all of a person's events would find nothing
        return {}
    rows = connection.execute(
        "SELECT record_id, key_id FROM ledger.events WHERE bucket = %s AND subject_id = %s AND version = 1"
        " AND key_id = ANY(%s) AND (record_id = ANY(%s) OR kind = ANY(%s))",
        (
            bucket_of(subject_id),
            subject_id,
            list(key_ids),
            [hold.record_id for hold in held if hold.on_record],
            [hold.kind for hold in held if not hold.on_record],
        ),
    )
    return dict(rows.fetchall())


def all_holds(connection: Connection[Any]) -> list[Hold]:
    """Return every hold there is or was, oldest first."""
    with connection.cursor(row_factory=class_row(Hold)) as cursor:
        return cursor.execute(f"SELECT {_COLUMNS} FROM ledger.holds ORDER BY placed_at, hold_id").fetchall()


def end_hold(connection: Connection[Any], hold: Hold, at: datetime) -> None:
    """Note that a hold is no more, and forget its reason; one that has ended stays as it is."""
    connection.execute(
        "UPDATE ledger.holds SET ended_at = %s, sealed = NULL"
        " WHERE bucket = %s AND hold_id = %s AND ended_at IS NULL",
        (at, bucket_of(hold.subject_id), hold.hold_id),
    )


def note_read(connection: Connection[Any], hold: Hold, record_id: UUID, actor_id: UUID, at: datetime) -> None:
    """Note who reads what under a hold."""
    connection.execute(
        "INSERT INTO ledger.hold_reads (bucket, hold_id, read_id, record_id, actor_id, read_at)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (bucket_of(hold.subject_id), hold.hold_id, new_id(), record_id, actor_id, at),
    )


def change_record_holds(
    connection: Connection[Any], subject_id: UUID, changes: Iterable[HoldChange], actor_id: UUID
) -> None:
    """Note what records say of themselves, in the transaction of the append that says so."""
    now = clock.now()
    for change in changes:
        if change.placed:
            hold = Hold(
                new_id(), subject_id, change.kind, change.record_id, actor_id, now, until=None, sealed=None,
                by_record=True, ended_at=None,
            )  # fmt: skip
            _insert(connection, hold)  # the append states its fences: no erasure has begun
        else:
            connection.execute(
                "UPDATE ledger.holds SET ended_at = %s WHERE bucket = %s AND subject_id = %s AND record_id = %s"
                " AND by_record AND ended_at IS NULL",
                (now, bucket_of(subject_id), subject_id, change.record_id),
            )
