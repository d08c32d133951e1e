"""Takes the erased events out of the ledger but for their places: who, what, when and the bodies go.

Bucket, position, ids and digest stay, so that positions are dense and integrity can be shown. Everything here
may be repeated, and works on one bucket.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Connection, sql

from infrastructure.ledger.buckets import bucket_of
from infrastructure.ledger.erasure_events import ErasedScope

POSITIONS_AT_ONCE = 20_000

_ERASED = sql.SQL(
    "bucket = %(bucket)s AND subject_id = %(subject)s AND key_id IS NOT NULL"
    " AND (record_id = ANY(%(records)s) OR key_id = ANY(%(keys)s) AND record_id <> ALL(%(kept)s))"
)

_BLANK: LiteralString = """
UPDATE ledger.events SET kind = NULL, topic = NULL, schema_version = NULL, recorded_at = NULL, actor_id = NULL,
    body = NULL
WHERE {erased} AND position > %(after)s AND position <= %(up_to)s AND body IS NOT NULL
"""

# A command whose other events stay keeps its receipt: a repeat of it must not be carried out again.
_RECEIPTS: LiteralString = """
DELETE FROM ledger.command_receipts
WHERE bucket = %(bucket)s AND subject_id = %(subject)s
    AND command_id IN (SELECT command_id FROM ledger.events WHERE {erased})
    AND command_id NOT IN (
        SELECT command_id FROM ledger.events
        WHERE bucket = %(bucket)s AND subject_id = %(subject)s AND NOT ({erased})
            AND command_id IS NOT NULL)
"""

_OF_RECORDS: LiteralString = """
DELETE FROM ledger.{table} AS t USING (SELECT DISTINCT record_id FROM ledger.events WHERE {erased}) AS gone
WHERE {place} t.record_id = gone.record_id AND t.subject_id = %(subject)s
"""

_CLAIMS = "claims"  # those held among all people lie in buckets of their own
_WITH_RECORDS = (_CLAIMS, "snapshots", "sources", "blobs", "address_index")


def counted(connection: Connection[Any], subject_id: UUID, scope: ErasedScope) -> dict[str, dict[str, int]]:
    """Return how many records and events of each kind are erased and not yet compacted."""
    rows = connection.execute(
        _sql("SELECT kind, count(DISTINCT record_id), count(*) FROM ledger.events WHERE {erased}"
             " AND kind IS NOT NULL GROUP BY 1 ORDER BY 1"),
        _parameters(subject_id, scope),
    )  # fmt: skip
    return {kind: {"records": records, "events": events} for kind, records, events in rows}


def records_under(connection: Connection[Any], subject_id: UUID, key_id: UUID) -> list[UUID]:
    """Return the records whose events name a period key."""
    rows = connection.execute(
        "SELECT DISTINCT record_id FROM ledger.events WHERE bucket = %s AND subject_id = %s AND key_id = %s",
        (bucket_of(subject_id), subject_id, key_id),
    )
    return [record_id for (record_id,) in rows]


def living(
    connection: Connection[Any], subject_id: UUID, key_ids: Iterable[UUID]
) -> list[tuple[UUID, datetime]]:
    """Return the records under some period keys that are not compacted, each with when it was made."""
    return connection.execute(
        "SELECT record_id, recorded_at FROM ledger.events WHERE bucket = %s AND subject_id = %s AND version = 1"
        " AND key_id = ANY(%s) AND body IS NOT NULL",
        (bucket_of(subject_id), subject_id, list(key_ids)),
    ).fetchall()


def filed(
    connection: Connection[Any], subject_id: UUID, record_ids: Iterable[UUID]
) -> dict[UUID, tuple[str, UUID]]:
    """Return the kind (empty once it is compacted) and the period key of those records that there are."""
    rows = connection.execute(
        "SELECT record_id, coalesce(kind, ''), key_id FROM ledger.events"
        " WHERE bucket = %s AND record_id = ANY(%s) AND subject_id = %s AND version = 1 AND key_id IS NOT NULL",
        (bucket_of(subject_id), list(record_ids), subject_id),
    )
    return {record_id: (kind, key_id) for record_id, kind, key_id in rows}


def contents(connection: Connection[Any], subject_id: UUID, scope: ErasedScope) -> list[tuple[UUID, bool]]:
    """Return the content of erased records: its id, and whether the object store has it."""
    return connection.execute(
        _sql("SELECT blob_id, body IS NULL FROM ledger.blobs WHERE {erased}"), _parameters(subject_id, scope)
    ).fetchall()


def compact(connection: Connection[Any], subject_id: UUID, scope: ErasedScope) -> dict[str, int]:
    """Blank the erased events and delete what was kept beside them; return how much it was this time."""
    parameters = _parameters(subject_id, scope)
    deleted = {"command_receipts": connection.execute(_sql(_RECEIPTS), parameters).rowcount}
    for table in _WITH_RECORDS:
        deleted[table] = connection.execute(_sql(_OF_RECORDS, table), parameters).rowcount
    events = sum(
        connection.execute(_sql(_BLANK), {**parameters, "after": after, "up_to": up_to}).rowcount
        for after, up_to in _stretches(connection, parameters["bucket"])
    )
    return {"events": events, **deleted}


def remaining(connection: Connection[Any], subject_id: UUID, scope: ErasedScope) -> dict[str, int]:
    """Return what the ledger still holds of the erased records: nothing but zeros after ``compact``."""
    parameters = _parameters(subject_id, scope)
    found = {"events": _count(connection, "SELECT count(body) FROM ledger.events WHERE {erased}", parameters)}
    for table in _WITH_RECORDS:
        found[table] = _count(
            connection,
            "SELECT count(*) FROM ledger.{table} AS t WHERE {place} t.subject_id = %(subject)s AND t.record_id IN"
            " (SELECT record_id FROM ledger.events WHERE {erased})",
            parameters,
            table,
        )
    return found


def _stretches(connection: Connection[Any], bucket: int) -> Iterator[tuple[int, int]]:
    head = connection.execute(
        "SELECT position FROM ledger.bucket_heads WHERE bucket = %s", (bucket,)
    ).fetchone() or (0,)
    for after in range(0, head[0], POSITIONS_AT_ONCE):
        yield after, after + POSITIONS_AT_ONCE


def _count(
    connection: Connection[Any], statement: LiteralString, parameters: dict[str, Any], table: str = "events"
) -> int:
    row = connection.execute(_sql(statement, table), parameters).fetchone()
    return int(row[0]) if row else 0


def _parameters(subject_id: UUID, scope: ErasedScope) -> dict[str, Any]:
    return {
        "bucket": bucket_of(subject_id),
        "subject": subject_id,
        "records": list(scope.record_ids),
        "keys": list(scope.key_ids),
        "kept": list(scope.kept),
    }


def _sql(text: LiteralString, table: str = "events") -> sql.Composed:
    place = sql.SQL("" if table == _CLAIMS else "t.bucket = %(bucket)s AND")
    return sql.SQL(text).format(erased=_ERASED, table=sql.Identifier(table), place=place)
