"""Reads the ledger by record instead of by position: for whoever needs whole streams, and all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import args_row
from psycopg_pool import ConnectionPool

from infrastructure.connections import lent
from infrastructure.ledger.events import EventRow

FIRST, LAST = UUID(int=0), UUID(int=2**128 - 1)

_BY_RECORD = """
SELECT bucket, position, subject_id, record_id, version, kind, topic, schema_version, key_id,
    recorded_at, actor_id, command_id, correlation_id, causation_id, body, digest
FROM ledger.events
WHERE bucket = %b AND (record_id, version) > (%b, %b) AND (record_id, version) < (%b, %b)
ORDER BY record_id, version LIMIT %b
"""

_SAMPLE = """
SELECT record_id FROM generate_series(%b::int8, %b::int8, %b::int8) AS wanted (position)
JOIN ledger.events ON events.bucket = %b AND events.position = wanted.position
ORDER BY record_id
"""

_LAST_VERSIONS = """
SELECT record_id, coalesce(min(version) FILTER (WHERE recorded_at > %(moment)s) - 1, max(version))
FROM ledger.events
WHERE bucket = %(bucket)s AND record_id = ANY(%(records)s)
GROUP BY record_id
"""


_ERASURES = """
SELECT event.* FROM ledger.erasures AS erasure
CROSS JOIN LATERAL (
    SELECT bucket, position, subject_id, record_id, version, kind, topic, schema_version, key_id,
        recorded_at, actor_id, command_id, correlation_id, causation_id, body, digest
    FROM ledger.events
    WHERE events.bucket = erasure.bucket AND events.record_id = erasure.erasure_id
) AS event
WHERE erasure.bucket = ANY(%b)
"""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Records in the order of bucket and id: from one on, up to and without another."""

    bucket: int
    record: UUID
    until_bucket: int
    until_record: UUID
    """FIRST where the stretch ends with the bucket before."""

    def parts(self, buckets: Sequence[int]) -> Iterator[tuple[int, UUID, UUID]]:
        """Yield (bucket, first record, record after the last) for each of the buckets given that it covers."""
        for bucket in buckets:
            if self.bucket <= bucket <= self.until_bucket:
                first = self.record if bucket == self.bucket else FIRST
                until = self.until_record if bucket == self.until_bucket else LAST
                if first < until:
                    yield bucket, first, until


class Scan:
    """Reads many streams. Safe to share between threads."""

    def __init__(self, pool: ConnectionPool[Connection[Any]]) -> None:
        self._pool = pool

    def read(self, stretch: Stretch, heads: Mapping[int, int], limit: int) -> Iterator[list[EventRow]]:
        """Yield the events of a stretch up to the heads, record by record, some ``limit`` at a time.

        Each page is a query of its own, so that no snapshot stays open for long: events up to a head are
        there and stay as they are, but for an erasure.
        """
        page: list[EventRow] = []
        for bucket, first, until in stretch.parts(sorted(heads)):
            after: tuple[UUID, int] = (first, -1)
            while True:
                with lent(self._pool) as connection:
                    cursor = connection.cursor(row_factory=args_row(EventRow))
                    given = (bucket, *after, until, -1 if until != LAST else 2**63 - 1, limit)
                    found = cursor.execute(_BY_RECORD, given, binary=True).fetchall()
                page += (row for row in found if row.position <= heads[bucket])
                if len(page) >= limit:
                    yield page
                    page = []
                if len(found) < limit:
                    break
                after = (found[-1].record_id, found[-1].version)
        if page:
            yield page

    def erasures(self, heads: Mapping[int, int]) -> list[EventRow]:
        """Return the events of erasures up to the heads."""
        with lent(self._pool) as connection, connection.cursor(row_factory=args_row(EventRow)) as cursor:
            found = cursor.execute(_ERASURES, (list(heads),), binary=True).fetchall()
        return [row for row in found if row.position <= heads[row.bucket]]

    def sample(self, bucket: int, head: int, step: int) -> list[UUID]:
        """Return the record of every ``step``-th event of a bucket, in the order of the records."""
        with lent(self._pool) as connection:
            rows = connection.execute(_SAMPLE, (step, head, step, bucket)).fetchall()
        return [row[0] for row in rows]

    def last_versions(self, bucket: int, records: Sequence[UUID], moment: datetime) -> dict[UUID, int]:
        """Return the version each record stood at, by the rule of moments.py; 0 where it was still to come."""
        given = {"bucket": bucket, "records": list(records), "moment": moment}
        with lent(self._pool) as connection:
            return dict(connection.execute(_LAST_VERSIONS, given).fetchall())
