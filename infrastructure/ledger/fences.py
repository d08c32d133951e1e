"""What commands may not touch: raised before an erasure or a restriction, obeyed by every append.

``bucket_heads.fences`` counts the changes to a bucket's fences. A unit of work notes the count before it loads
anything, and its append states it: where the count has moved, the head row is not touched and nothing is
stored. The head row itself must say so, because PostgreSQL checks again the row it waited for, and only that
row: a subquery on the table of fences would still see it as it was when the statement began.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row
from psycopg_pool import ConnectionPool

from infrastructure.connections import lent
from infrastructure.errors import FencesMoved, ProcessingRestricted, SubjectErased, Unavailable
from infrastructure.ledger.buckets import bucket_of
from infrastructure.ledger.events import RestrictionChange

T = TypeVar("T")

ANY_RECORD = UUID(int=0)
MOVES_FOLLOWED = 20
"""How often a unit of work is begun again because fences moved."""


class Cause(StrEnum):
    """Why a fence stands."""

    ERASURE = "erasure"
    RESTRICTION = "restriction"


_REFUSALS = {Cause.ERASURE: SubjectErased, Cause.RESTRICTION: ProcessingRestricted}


@dataclass(frozen=True, slots=True)
class Fence:
    """Keeps commands from a person's records: from all of them, from a kind, a period of it or one record."""

    subject_id: UUID
    cause: Cause
    cause_id: UUID
    kind: str = ""
    period: str = ""
    record_id: UUID = ANY_RECORD

    def stands_before(self, kind: str, period: str, record_id: UUID) -> bool:
        """Return whether a record lies behind the fence."""
        return (
            self.kind in ("", kind)
            and self.period in ("", period)
            and self.record_id in (ANY_RECORD, record_id)
        )


@dataclass(frozen=True, slots=True)
class Known:
    """The fences of a bucket as they were at one count."""

    count: int = 0
    fences: tuple[Fence, ...] = ()

    def require_open(
        self, subject_id: UUID, kind: str, period: str, record_id: UUID, *, right: bool = False
    ) -> None:
        """Raise SubjectErased or ProcessingRestricted where a record lies behind a fence.

        A ``right`` is a command that no restriction keeps back.
        """
        for fence in self.fences:
            if right and fence.cause == Cause.RESTRICTION:
                continue
            if fence.subject_id == subject_id and fence.stands_before(kind, period, record_id):
                raise _REFUSALS[Cause(fence.cause)]

    def restricts(self, subject_id: UUID, kinds: Iterable[str]) -> bool:
        """Return whether one of the kinds is restricted; an empty text stands for any kind."""
        asked = frozenset(kinds)
        restricted = {
            fence.kind
            for fence in self.fences
            if fence.subject_id == subject_id and fence.cause == Cause.RESTRICTION
        }
        if "" in asked or "" in restricted:
            return bool(asked and restricted)
        return not asked.isdisjoint(restricted)

    def require_unrestricted(self, subject_id: UUID, kinds: Iterable[str]) -> None:
        """Raise ProcessingRestricted where one of the kinds is restricted; see ``restricts``."""
        if self.restricts(subject_id, kinds):
            raise ProcessingRestricted


class Fences:
    """What this process knows of fences. Safe to share between threads.

    A bucket nobody asked about counts as without any: where that is wrong, the first append finds out.
    """

    def __init__(self, pool: ConnectionPool[Connection[Any]], forget_keys: Callable[[], None]) -> None:
        """``forget_keys`` empties the caches of keys: what was cached before a fence may be destroyed behind it."""
        self._pool = pool
        self._forget_keys = forget_keys
        self._lock = threading.Lock()
        self._known: dict[int, Known] = {}

    def known(self, subject_id: UUID) -> Known:
        """Return what is known of the bucket of a person; to be asked before anything is loaded."""
        return self._known.get(bucket_of(subject_id), Known())

    def current(self, subject_id: UUID) -> Known:
        """Return the fences of the bucket of a person as the ledger has them now; raises Unavailable."""
        self.learn(bucket_of(subject_id))
        return self.known(subject_id)

    def learn(self, bucket: int) -> None:
        """Read the fences of a bucket anew; raises Unavailable.

        Keys are forgotten after the count was read and before anybody can state it, so that nothing appended
        under a count is sealed with a key that was looked up before it.
        """
        with lent(self._pool) as connection:
            found = fences_of(connection, bucket)
        with self._lock:
            if found.count != self._known.get(bucket, Known()).count:
                self._forget_keys()
                self._known[bucket] = found


def fences_of(connection: Connection[Any], bucket: int) -> Known:
    """Return count and fences of a bucket as of one moment; raises Unavailable."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        row = connection.execute(
            "SELECT fences FROM ledger.bucket_heads WHERE bucket = %s", (bucket,)
        ).fetchone()
        with connection.cursor(row_factory=class_row(Fence)) as cursor:
            fences = cursor.execute(
                "SELECT subject_id, cause, cause_id, kind, period, record_id FROM ledger.fences WHERE bucket = %s",
                (bucket,),
            ).fetchall()
    if row is None:
        msg = f"bucket {bucket} has no head"
        raise Unavailable(msg)
    return Known(row[0], tuple(fences))


def fences_stand(connection: Connection[Any], bucket: int, fences: int) -> bool:
    """Tell whether the count of fences is still this, and keep it so to the end of the transaction."""
    return (
        connection.execute(
            "SELECT FROM ledger.bucket_heads WHERE bucket = %s AND fences = %s FOR SHARE", (bucket, fences)
        ).fetchone()
        is not None
    )


def raise_fences(connection: Connection[Any], fences: Sequence[Fence], subject_id: UUID) -> None:
    """Put up fences, in the transaction of the connection; once it is committed, no append passes them."""
    bucket = bucket_of(subject_id)
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO ledger.fences (bucket, subject_id, kind, period, record_id, cause, cause_id)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [
                (bucket, subject_id, each.kind, each.period, each.record_id, each.cause, each.cause_id)
                for each in fences
            ],
        )
    _count(connection, bucket)


def lift_fences(
    connection: Connection[Any], subject_id: UUID, cause_id: UUID, *, kind: str | None = None
) -> None:
    """Take down the fences of one cause, or that of a kind only, in the transaction of the connection."""
    bucket = bucket_of(subject_id)
    connection.execute(
        "DELETE FROM ledger.fences WHERE bucket = %s AND subject_id = %s AND cause_id = %s"
        " AND kind = coalesce(%s, kind)",
        (bucket, subject_id, cause_id, kind),
    )
    _count(connection, bucket)


def change_restrictions(
    connection: Connection[Any], subject_id: UUID, changes: Iterable[RestrictionChange]
) -> None:
    """Raise and lift restrictions of processing, in the transaction of the append that decides them."""
    for change in changes:
        if change.raised:
            fence = Fence(subject_id, Cause.RESTRICTION, change.record_id, change.kind)
            raise_fences(connection, [fence], subject_id)
        else:
            lift_fences(connection, subject_id, change.record_id, kind=change.kind)


def following_fences(attempt: Callable[[], T]) -> T:
    """Carry out a unit of work, again from its beginning whenever fences moved meanwhile."""
    for _ in range(MOVES_FOLLOWED - 1):
        try:
            return attempt()
        except FencesMoved:
            continue
    return attempt()


def _count(connection: Connection[Any], bucket: int) -> None:
    connection.execute("UPDATE ledger.bucket_heads SET fences = fences + 1 WHERE bucket = %s", (bucket,))
