"""Whether two schemas hold the same rows, and where they do not, of which records.

A table's checksum is the sum of the 64-bit hashes of its rows as text, so the order of rows does not matter.
Generated columns are left out: they follow from the others. Numbers are compared by value, not by how many
zeros follow the point. A group whose sums are all zero says nothing and is passed over: projection leaves
one behind when the last record goes, a rebuild never makes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from psycopg import Connection, sql

from infrastructure.projector.schema import SCHEMA, SHADOW
from projections.catalogue import summed_tables
from projections.table import Column, Sql, Table

MAX_RECORDS = 20


@dataclass(frozen=True, slots=True)
class Content:
    """What a table holds, without saying what."""

    rows: int
    checksum: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Rows that only the old table has, only the new one, and that both have but not alike."""

    missing: int
    extra: int
    different: int
    records: tuple[UUID, ...]
    """Up to MAX_RECORDS records of such rows; of tables of sums, the people whose groups they are."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A rebuilt table beside the one that served."""

    table: str
    old: Content
    new: Content
    difference: Difference | None

    @property
    def equal(self) -> bool:
        """Whether both hold the same rows."""
        return self.old == self.new


def compare(connection: Connection[Any], table: Table) -> Comparison:
    """Compare a table of the shadow with the one that serves, both at the same events."""
    old, new = content(connection, SCHEMA, table), content(connection, SHADOW, table)
    return Comparison(table.name, old, new, None if old == new else _difference(connection, table))


def content(connection: Connection[Any], schema: str, table: Table) -> Content:
    """Return how many rows a table has and their checksum."""
    row = connection.execute(
        sql.SQL("SELECT count(*), coalesce(sum({}), 0) FROM {} AS t WHERE {}").format(
            _hash(table), sql.Identifier(schema, table.name), _says_something(table)
        )
    ).fetchone()
    return Content(int(row[0]), int(row[1])) if row else Content(0, 0)


def _difference(connection: Connection[Any], table: Table) -> Difference:
    statement = sql.SQL(
        "WITH old AS ({old}), new AS ({new}), differing AS ("
        " SELECT coalesce(old.record, new.record) AS record, old.hash IS NULL AS extra, new.hash IS NULL AS missing"
        " FROM old FULL JOIN new USING ({key}) WHERE old.hash IS DISTINCT FROM new.hash)"
        " SELECT count(*) FILTER (WHERE missing), count(*) FILTER (WHERE extra),"
        " count(*) FILTER (WHERE NOT missing AND NOT extra),"
        " ARRAY(SELECT DISTINCT record FROM differing ORDER BY record LIMIT {limit}) FROM differing"
    ).format(
        old=_keyed(SCHEMA, table),
        new=_keyed(SHADOW, table),
        key=sql.SQL(", ").join(map(sql.Identifier, table.key)),
        limit=sql.Literal(MAX_RECORDS),
    )
    row = connection.execute(statement).fetchone()
    return Difference(row[0], row[1], row[2], tuple(row[3])) if row else Difference(0, 0, 0, ())


def _keyed(schema: str, table: Table) -> sql.Composed:
    names = {column.name for column in table.columns}
    record = next(name for name in ("record_id", "id", "subject_id") if name in names)
    return sql.SQL("SELECT {}, {} AS record, {} AS hash FROM {} AS t WHERE {}").format(
        sql.SQL(", ").join(map(sql.Identifier, table.key)),
        sql.Identifier(record),
        _hash(table),
        sql.Identifier(schema, table.name),
        _says_something(table),
    )


def _hash(table: Table) -> sql.Composed:
    return sql.SQL("hashtextextended(ROW({})::text, 0)").format(
        sql.SQL(", ").join(_compared(column) for column in table.written)
    )


def _compared(column: Column) -> sql.Composed:
    form = "trim_scale(t.{})" if column.type is Sql.NUMERIC else "t.{}"
    return sql.SQL(form).format(sql.Identifier(column.name))


def _says_something(table: Table) -> sql.Composed:
    amounts = [column.name for column in table.written if column.name not in table.key]
    if table not in _summed():
        return sql.SQL("{}").format(sql.SQL("true"))
    return sql.SQL("NOT ({})").format(
        sql.SQL(" AND ").join(sql.SQL("t.{} = 0").format(sql.Identifier(name)) for name in amounts)
    )


@cache
def _summed() -> frozenset[Table]:
    return frozenset(summed_tables())
