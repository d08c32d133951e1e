"""Where the records of a person stood at a moment, told from the events table without opening anything.

The rule: at T a record stands after the last of its events before the first that was recorded later than T. Times of
one record never go back, so that is the last event recorded at or before T; in streams of older code, where a
clock that was put back shows, a later time holds for all events behind it. Times of erased events are gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Connection, sql
from psycopg.rows import args_row
from psycopg_pool import ConnectionPool

from infrastructure.connections import lent
from infrastructure.ledger.buckets import bucket_of
from infrastructure.ledger.events import EventRow

PAGE = 500  # records

_VERSION_AT = """
SELECT coalesce(
    (SELECT version - 1 FROM ledger.events
     WHERE bucket = %(bucket)s AND record_id = %(record_id)s AND recorded_at > %(moment)s
     ORDER BY version LIMIT 1),
    (SELECT version FROM ledger.events
     WHERE bucket = %(bucket)s AND record_id = %(record_id)s ORDER BY version DESC LIMIT 1))
"""

_BETWEEN = """
SELECT record_id, max(kind), coalesce(min(version) FILTER (WHERE recorded_at > %(since)s) - 1, max(version)),
    coalesce(min(version) FILTER (WHERE recorded_at > %(until)s) - 1, max(version)), max(version)
FROM ledger.events
WHERE bucket = %(bucket)s AND subject_id = %(subject_id)s AND (%(kind)s::text IS NULL OR kind = %(kind)s)
    AND record_id > %(after)s
GROUP BY record_id
HAVING coalesce(min(version) FILTER (WHERE recorded_at > %(since)s) - 1, max(version))
    < coalesce(min(version) FILTER (WHERE recorded_at > %(until)s) - 1, max(version))
ORDER BY record_id LIMIT %(limit)s
"""

_BY_RUN = """
SELECT record_id, max(kind), min(version) FILTER (WHERE correlation_id = %(run)s) - 1,
    max(version) FILTER (WHERE correlation_id = %(run)s), max(version)
FROM ledger.events
WHERE bucket = %(bucket)s AND subject_id = %(subject_id)s AND record_id > %(after)s
GROUP BY record_id
HAVING bool_or(correlation_id = %(run)s)
ORDER BY record_id LIMIT %(limit)s
"""

_EVENTS_UP_TO = """
SELECT {columns} FROM ledger.events
WHERE bucket = %b AND subject_id = %b AND kind = ANY(%b) AND position > %b AND position <= %b AND recorded_at <= %b
ORDER BY position LIMIT %b
"""

_PUT_BACK = """
SELECT record_id, min(version) FILTER (WHERE recorded_at > %(moment)s)
FROM ledger.events
WHERE bucket = %(bucket)s AND subject_id = %(subject_id)s
GROUP BY record_id
HAVING max(version) FILTER (WHERE recorded_at <= %(moment)s) > min(version) FILTER (WHERE recorded_at > %(moment)s)
"""

_STREAMS = """
SELECT event.* FROM unnest(%b::uuid[], %b::int8[]) AS wanted (record_id, version)
CROSS JOIN LATERAL (
    SELECT {columns} FROM ledger.events
    WHERE bucket = %b AND subject_id = %b AND events.record_id = wanted.record_id
        AND events.version <= wanted.version
) AS event
ORDER BY event.record_id, event.version
"""

_COLUMNS = sql.SQL(", ").join(sql.Identifier(name) for name in EventRow._fields)

_FIRST = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a record's stream: it stood at version ``before``, then at ``after``, and is at ``last`` now."""

    record_id: UUID
    kind: str | None
    """None where it was erased."""
    before: int
    after: int
    last: int


class Moments:
    """Finds versions and stretches of streams by recorded time. Safe to share between threads."""

    def __init__(self, pool: ConnectionPool[Connection[Any]]) -> None:
        self._pool = pool

    def version_at(self, subject_id: UUID, record_id: UUID, moment: datetime) -> int | None:
        """Return the version a record stood at, 0 where it was still to come, None where there is none."""
        given = {"bucket": bucket_of(subject_id), "record_id": record_id, "moment": moment}
        with lent(self._pool) as connection:
            row = connection.execute(_VERSION_AT, given).fetchone()
        return None if row is None or row[0] is None else int(row[0])

    def between(
        self, subject_id: UUID, since: datetime, until: datetime, *, kind: str | None = None
    ) -> Iterator[Span]:
        """Yield what a person's records went through after ``since``, up to and with ``until``, by record id."""
        return self._spans(_BETWEEN, subject_id, {"since": since, "until": until, "kind": kind})

    def by_run(self, subject_id: UUID, run: UUID) -> Iterator[Span]:
        """Yield the records that events of one correlation id changed, from before the first of them to the last."""
        return self._spans(_BY_RUN, subject_id, {"run": run})

    def streams(self, subject_id: UUID, wanted: Mapping[UUID, int]) -> list[EventRow]:
        """Return the events of several records, each up to a version, record by record and in order."""
        statement = sql.SQL(_STREAMS).format(columns=_COLUMNS)
        given = (list(wanted), list(wanted.values()), bucket_of(subject_id), subject_id)
        with lent(self._pool) as connection, connection.cursor(row_factory=args_row(EventRow)) as cursor:
            return cursor.execute(statement, given, binary=True).fetchall()

    def events_up_to(
        self, subject_id: UUID, kinds: Sequence[str], moment: datetime, head: int, size: int
    ) -> Iterator[list[EventRow]]:
        """Yield a person's events of some kinds as they stood at a moment, in order, in batches of up to ``size``."""
        put_back = self._put_back(subject_id, moment)
        statement = sql.SQL(_EVENTS_UP_TO).format(columns=_COLUMNS)
        position, bucket = 0, bucket_of(subject_id)
        while True:
            given = (bucket, subject_id, list(kinds), position, head, moment, size)
            with lent(self._pool) as connection, connection.cursor(row_factory=args_row(EventRow)) as cursor:
                found = cursor.execute(statement, given, binary=True).fetchall()
            if not found:
                return
            position = found[-1].position
            yield [row for row in found if row.version < put_back.get(row.record_id, row.version + 1)]

    def _put_back(self, subject_id: UUID, moment: datetime) -> dict[UUID, int]:
        """Return the first version after a moment of those streams that have earlier times behind it."""
        given = {"bucket": bucket_of(subject_id), "subject_id": subject_id, "moment": moment}
        with lent(self._pool) as connection:
            return dict(connection.execute(_PUT_BACK, given).fetchall())

    def _spans(
        self, statement: LiteralString, subject_id: UUID, parameters: dict[str, Any]
    ) -> Iterator[Span]:
        given = {**parameters, "bucket": bucket_of(subject_id), "subject_id": subject_id, "limit": PAGE}
        after = _FIRST
        while True:
            with lent(self._pool) as connection, connection.cursor(row_factory=args_row(Span)) as cursor:
                page = cursor.execute(statement, {**given, "after": after}).fetchall()
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1].record_id
