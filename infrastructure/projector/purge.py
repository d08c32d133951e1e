"""Takes out of the read tables what an erasure names, and off the sums what it had added to them.

What is in scope is read off the audit, which has a row for every event with its key and size. Afterwards the
tables are as if the erased events had never been, as a rebuild from the compacted ledger makes them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Connection, sql

from domain.catalogue import KINDS
from domain.shared.record import Record
from infrastructure.ledger.erasure_events import ErasedScope
from infrastructure.ledger.events import EventRow
from infrastructure.ledger.sealing import ErasureEvent
from infrastructure.projector import rows
from infrastructure.projector.fold import Changes, amounts_of
from projections import audit, statistics
from projections.catalogue import view_of
from projections.view import View

RECORDS_AT_ONCE = 5000

_IN_SCOPE = sql.SQL(
    "bucket = %(bucket)s AND subject_id = %(subject_id)s AND key_id IS NOT NULL"
    " AND (record_id = ANY(%(records)s) OR key_id = ANY(%(keys)s))"
)


@dataclass(frozen=True, slots=True)
class Purge:
    """What one erasure takes: the records by kind, and how many events and bytes of each kind."""

    bucket: int
    subject_id: UUID
    scope: ErasedScope
    records: dict[str, list[UUID]] = field(default_factory=lambda: defaultdict(list))
    events: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    sizes: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def touched(self) -> set[tuple[UUID, str]]:
        """Return the (subject, kind) whose answers are no longer what they were."""
        return {(self.subject_id, kind) for kind in self.records}

    def takes(self, row: EventRow) -> bool:
        """Return whether an event leaves the tables: because it is erased, or left to a hold."""
        return row.subject_id == self.subject_id and self.scope.withdraws(row)


def plan(connection: Connection[Any], schema: str, erasure: ErasureEvent) -> Purge:
    """Find out what an erasure takes from the tables."""
    planned = Purge(erasure.row.bucket, erasure.row.subject_id, erasure.scope)
    found = connection.execute(
        _sql(
            "SELECT coalesce(kind, ''), record_id, count(*), sum(size)::bigint FROM {schema}.audit"
            " WHERE {in_scope} GROUP BY 1, 2",
            schema,
        ),
        _parameters(planned),
    )
    for kind, record_id, events, size in found:
        planned.records[kind].append(record_id)
        planned.events[kind] += events
        planned.sizes[kind] += size
    return planned


def carry_out(connection: Connection[Any], schema: str, purge: Purge) -> None:
    """Delete it, in the transaction of the connection."""
    changes = Changes()
    for kind, record_ids in purge.records.items():
        living = trashed = 0
        if kind in KINDS:
            view = view_of(kind)
            _take_off_tallies(connection, schema, purge, view, changes)
            living, trashed = _delete_records(connection, schema, purge.bucket, view, record_ids)
        counted = (living, trashed, purge.events[kind], purge.sizes[kind])
        changes.add((statistics.TABLE, (purge.bucket, purge.subject_id, kind), counted), -1)
        connection.execute(
            _sql("DELETE FROM {schema}.parked WHERE bucket = %s AND record_id = ANY(%s)", schema),
            (purge.bucket, record_ids),
        )
    connection.execute(_sql("DELETE FROM {schema}.audit WHERE {in_scope}", schema), _parameters(purge))
    for table, sums in changes.sums.items():
        groups = sorted(sums, key=repr)
        rows.add(connection, schema, table, [(*group, *sums[group]) for group in groups])
        rows.drop_empty(connection, schema, table, groups)


def _take_off_tallies(
    connection: Connection[Any], schema: str, purge: Purge, view: View, changes: Changes
) -> None:
    """Subtract what the records add to sums; where all of a kind go, its sums go whole."""
    if not view.tallies:
        return
    record_ids = purge.records[view.kind.KIND]
    (others,) = connection.execute(
        _sql(
            "SELECT EXISTS (SELECT FROM {schema}.{table} WHERE bucket = %s AND subject_id = %s AND id <> ALL(%s))",
            schema,
            view.table.name,
        ),
        (purge.bucket, purge.subject_id, record_ids),
    ).fetchone() or (True,)
    if not others:
        for tally in view.tallies:
            connection.execute(
                _sql(
                    "DELETE FROM {schema}.{table} WHERE bucket = %s AND subject_id = %s",
                    schema,
                    tally.table.name,
                ),
                (purge.bucket, purge.subject_id),
            )
        return
    for record in _records(connection, schema, purge.bucket, view, record_ids):
        for amount in amounts_of(purge.bucket, record, view):
            if amount[0] is not statistics.TABLE:
                changes.add(amount, -1)


def _records(
    connection: Connection[Any], schema: str, bucket: int, view: View, record_ids: Sequence[UUID]
) -> Iterator[Record]:
    for start in range(0, len(record_ids), RECORDS_AT_ONCE):
        keys = [(bucket, record_id) for record_id in record_ids[start : start + RECORDS_AT_ONCE]]
        yield from map(view.table.record, rows.fetch(connection, schema, view.table.table, keys))


def _delete_records(
    connection: Connection[Any], schema: str, bucket: int, view: View, record_ids: Sequence[UUID]
) -> tuple[int, int]:
    """Delete the rows of records everywhere; return how many lived and how many were in the trash."""
    living, trashed = connection.execute(
        _sql(
            "WITH gone AS (DELETE FROM {schema}.{table} WHERE bucket = %s AND id = ANY(%s) RETURNING deleted_at)"
            " SELECT count(*) FILTER (WHERE deleted_at IS NULL), count(deleted_at) FROM gone",
            schema,
            view.table.name,
        ),
        (bucket, record_ids),
    ).fetchone() or (0, 0)
    keys = [(bucket, record_id) for record_id in record_ids]
    for derived in view.derived:
        rows.delete(connection, schema, derived.table, keys)
    return living, trashed


def _parameters(purge: Purge) -> dict[str, Any]:
    return {
        "bucket": purge.bucket,
        "subject_id": purge.subject_id,
        "records": list(purge.scope.record_ids | purge.scope.kept),
        "keys": list(purge.scope.key_ids),
    }


def _sql(text: LiteralString, schema: str, table: str = audit.TABLE.name) -> sql.Composed:
    return sql.SQL(text).format(
        schema=sql.Identifier(schema), table=sql.Identifier(table), in_scope=_IN_SCOPE
    )
