"""The read tables of one schema, through whichever connection: their checkpoints, records and changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Connection, sql
from psycopg.rows import class_row

from domain.catalogue import KINDS
from domain.shared.record import Record
from infrastructure.projector import rows
from infrastructure.projector.fold import Changes
from infrastructure.projector.rows import Key
from projections.catalogue import view_of
from projections.table import Table


@dataclass(frozen=True, slots=True)
class Parked:
    """A record whose events a projection could not take, from ``position`` on."""

    bucket: int
    subject_id: UUID
    record_id: UUID
    kind: str | None
    position: int
    reason: str
    parked_at: datetime


class ReadTables:
    """Reads and writes within the transaction of the connection it is given; commits nothing."""

    def __init__(self, schema: str) -> None:
        self.schema = schema

    def positions(self, connection: Connection[Any]) -> dict[int, int]:
        """Return how far the tables are in each bucket."""
        return dict(
            connection.execute(self._sql("SELECT bucket, position FROM {schema}.checkpoints")).fetchall()
        )

    def lease(self, connection: Connection[Any], buckets: Sequence[int], most: int) -> dict[int, int]:
        """Lock the checkpoints of some buckets, past those that another batch has; return their positions."""
        statement = self._sql(
            "SELECT bucket, position FROM {schema}.checkpoints WHERE bucket = ANY(%s)"
            " LIMIT %s FOR UPDATE SKIP LOCKED"
        )
        return dict(connection.execute(statement, (list(buckets), most)).fetchall())

    def advance(self, connection: Connection[Any], reached: Mapping[int, int]) -> None:
        """Note how far the tables are now."""
        connection.execute(
            self._sql(
                "UPDATE {schema}.checkpoints AS c SET position = n.position"
                " FROM unnest(%s::int2[], %s::int8[]) AS n (bucket, position) WHERE c.bucket = n.bucket"
            ),
            (list(reached), list(reached.values())),
        )

    def records(
        self, connection: Connection[Any], wanted: Iterable[tuple[Key, str]]
    ) -> list[tuple[int, Record]]:
        """Return the records that the tables hold of those wanted, each with its bucket."""
        by_kind: dict[str, list[Key]] = defaultdict(list)
        for key, kind in wanted:
            by_kind[kind].append(key)
        found: list[tuple[int, Record]] = []
        for kind, keys in by_kind.items():
            if kind in KINDS:
                table = view_of(kind).table
                found += [
                    (row[0], table.record(row))
                    for row in rows.fetch(connection, self.schema, table.table, keys)
                ]
        return found

    def parked_in(self, connection: Connection[Any], buckets: Iterable[int]) -> set[Key]:
        """Return which records of some buckets are parked."""
        statement = self._sql("SELECT bucket, record_id FROM {schema}.parked WHERE bucket = ANY(%s)")
        return set(connection.execute(statement, (sorted(buckets),)).fetchall())

    def parked(self, connection: Connection[Any]) -> list[Parked]:
        """Return every record that is parked, oldest first."""
        with connection.cursor(row_factory=class_row(Parked)) as cursor:
            return cursor.execute(
                self._sql(
                    "SELECT bucket, subject_id, record_id, kind, position, reason, parked_at"
                    " FROM {schema}.parked ORDER BY parked_at"
                )
            ).fetchall()

    def unpark(self, connection: Connection[Any], key: Key) -> None:
        """Take a record off those that are parked."""
        connection.execute(self._sql("DELETE FROM {schema}.parked WHERE bucket = %s AND record_id = %s"), key)

    def write(
        self, connection: Connection[Any], changes: Changes, packed: Mapping[Table, bytes] | None = None
    ) -> None:
        """Carry out changes; ``packed`` are the rows to insert where they are packed already."""
        for table, keys in changes.deletes.items():
            rows.delete(connection, self.schema, table, keys)
        for table, ready in (packed_rows(connection, changes) if packed is None else packed).items():
            rows.insert(connection, self.schema, table, ready)
        for table, sums in changes.sums.items():
            amounts = [(*group, *values) for group, values in sorted(sums.items(), key=repr) if any(values)]
            rows.add(connection, self.schema, table, amounts)
            fallen = [group for group, values in sums.items() if any(value < 0 for value in values)]
            rows.drop_empty(connection, self.schema, table, fallen)
        rows.park(connection, self.schema, changes.parked)

    def _sql(self, text: LiteralString) -> sql.Composed:
        return sql.SQL(text).format(schema=sql.Identifier(self.schema))


def packed_rows(connection: Connection[Any], changes: Changes) -> dict[Table, bytes]:
    """Return the rows to insert as they are sent; raises whatever psycopg does where it cannot take one."""
    return {
        table: rows.pack(connection, table, values) for table, values in changes.inserts.items() if values
    }
