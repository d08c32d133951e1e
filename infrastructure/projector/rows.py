"""Reads and writes rows of read tables in bulk."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from psycopg import Connection, sql
from psycopg.adapt import Buffer, Dumper, Loader
from psycopg.copy import Copy, FileWriter
from psycopg.pq import Format

from infrastructure.ledger.events import EventRow
from projections.table import Table

Key = tuple[int, UUID]
"""Bucket and record id."""


_JSONB_OID = 3802  # fixed in PostgreSQL's pg_type.dat


class _JsonbDumper(Dumper):
    """Takes JSON that is already bytes: a value is serialised once, by its own type."""

    format = Format.BINARY
    oid = _JSONB_OID

    def dump(self, obj: bytes) -> Buffer:
        return b"\x01" + obj  # the version byte of jsonb's wire format


class _JsonbLoader(Loader):
    """Leaves JSON as bytes, for the value's own type to read."""

    format = Format.BINARY

    def load(self, data: Buffer) -> bytes:
        return bytes(data)[1:]


class _Jsonb(bytes):
    """Stands for jsonb where psycopg looks up a dumper by type."""

    __slots__ = ()


def adapt(connection: Connection[Any]) -> None:
    """Let a connection of the read database pass jsonb through as bytes."""
    connection.adapters.register_dumper(_Jsonb, _JsonbDumper)
    connection.adapters.register_loader(_JSONB_OID, _JsonbLoader)


def prepare(connection: Connection[Any]) -> None:
    """Prepare a connection for the read tables, which a computer keeps in memory: pages at random cost little more."""
    connection.execute("SELECT set_config('random_page_cost', '1.1', false)")
    adapt(connection)


def fetch(
    connection: Connection[Any], schema: str, table: Table, keys: Sequence[Key]
) -> list[tuple[Any, ...]]:
    """Return the rows of a kind's own table by bucket and id."""
    buckets, ids = zip(*keys, strict=True)
    with connection.cursor() as cursor:
        return cursor.execute(_fetch(schema, table), (list(buckets), list(ids)), binary=True).fetchall()


def delete(connection: Connection[Any], schema: str, table: Table, keys: Sequence[Key]) -> None:
    """Delete all rows that records have in a table."""
    if keys:
        buckets, ids = zip(*keys, strict=True)
        connection.execute(_delete(schema, table), (list(buckets), list(ids)))


def pack(connection: Connection[Any], table: Table, rows: Iterable[Sequence[Any]]) -> bytes:
    """Return rows, given as the values of the table's written columns, as COPY takes them; asks nothing of the server."""
    packed = io.BytesIO()
    with Copy(connection.cursor(), binary=True, writer=FileWriter(packed)) as copy:
        copy.set_types(_wire_types(table))
        for row in rows:
            copy.write_row(row)
    return packed.getvalue()


def insert(connection: Connection[Any], schema: str, table: Table, packed: bytes) -> None:
    """Add rows that were packed."""
    with connection.cursor() as cursor, cursor.copy(_copy(schema, table)) as copy:
        copy.write(packed)


def add(connection: Connection[Any], schema: str, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    """Add amounts to groups: the columns of the key name the group, the others are summed."""
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_add(schema, table), rows)


def park(connection: Connection[Any], schema: str, parked: Iterable[tuple[EventRow, str]]) -> None:
    """Note the first event that each record could not take, with the class of the error."""
    for row, reason in parked:
        values = (
            row.bucket,
            row.subject_id,
            row.record_id,
            row.kind,
            row.position,
            reason,
            datetime.now(UTC),
        )
        connection.execute(_park(schema), values)


def analyse(connection: Connection[Any], schema: str, table: Table) -> None:
    """Let the planner look at a table; columns that may hold what a person wrote are left out by definition."""
    connection.execute(sql.SQL("ANALYZE {}").format(_name(schema, table)))


def record_place(table: Table) -> int:
    """Return where the record's id stands in a row."""
    return [column.name for column in table.written].index(_record_column(table))


def drop_empty(
    connection: Connection[Any], schema: str, table: Table, groups: Sequence[Sequence[Any]]
) -> None:
    """Delete those groups whose amounts have all become nothing, so that a sum leaves no trace of what it summed."""
    if groups:
        with connection.cursor() as cursor:
            cursor.executemany(_drop_empty(schema, table), groups)


def _record_column(table: Table) -> str:
    return "record_id" if any(column.name == "record_id" for column in table.columns) else "id"


def _name(schema: str, table: Table) -> sql.Identifier:
    return sql.Identifier(schema, table.name)


@lru_cache(maxsize=256)
def _fetch(schema: str, table: Table) -> bytes:
    statement = sql.SQL(
        "SELECT {columns} FROM {table} AS t"
        " JOIN unnest(%b::int2[], %b::uuid[]) AS wanted (bucket, id) ON t.bucket = wanted.bucket AND t.id = wanted.id"
    )
    columns = sql.SQL(", ").join(sql.Identifier("t", column.name) for column in table.written)
    return statement.format(columns=columns, table=_name(schema, table)).as_bytes()


@lru_cache(maxsize=256)
def _park(schema: str) -> sql.Composed:
    return sql.SQL(
        "INSERT INTO {} (bucket, subject_id, record_id, kind, position, reason, parked_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
    ).format(sql.Identifier(schema, "parked"))


@lru_cache(maxsize=256)
def _delete(schema: str, table: Table) -> sql.Composed:
    return sql.SQL(
        "DELETE FROM {table} AS t USING unnest(%b::int2[], %b::uuid[]) AS gone (bucket, id)"
        " WHERE t.bucket = gone.bucket AND t.{column} = gone.id"
    ).format(table=_name(schema, table), column=sql.Identifier(_record_column(table)))


@lru_cache(maxsize=256)
def _copy(schema: str, table: Table) -> sql.Composed:
    columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.written)
    return sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(_name(schema, table), columns)


@lru_cache(maxsize=256)
def _wire_types(table: Table) -> list[str]:
    return [_wire_type(column.type.value) for column in table.written]


@lru_cache(maxsize=256)
def _add(schema: str, table: Table) -> sql.Composed:
    amounts = [column.name for column in table.written if column.name not in table.key]
    return sql.SQL(
        "INSERT INTO {table} AS t ({columns}) VALUES ({values}) ON CONFLICT ({key}) DO UPDATE SET {sums}"
    ).format(
        table=_name(schema, table),
        columns=sql.SQL(", ").join(sql.Identifier(column.name) for column in table.written),
        values=sql.SQL(", ").join(sql.Placeholder() for _ in table.written),
        key=sql.SQL(", ").join(map(sql.Identifier, table.key)),
        sums=sql.SQL(", ").join(
            sql.SQL("{0} = t.{0} + excluded.{0}").format(sql.Identifier(name)) for name in amounts
        ),
    )


@lru_cache(maxsize=256)
def _drop_empty(schema: str, table: Table) -> sql.Composed:
    amounts = [column.name for column in table.written if column.name not in table.key]
    conditions = [sql.SQL("{} = %s").format(sql.Identifier(name)) for name in table.key]
    conditions += [sql.SQL("{} = 0").format(sql.Identifier(name)) for name in amounts]
    return sql.SQL("DELETE FROM {} WHERE {}").format(_name(schema, table), sql.SQL(" AND ").join(conditions))


def _wire_type(name: str) -> str:
    """Return the name psycopg knows a type by."""
    return {"smallint": "int2", "bigint": "int8", "boolean": "bool", "double precision": "float8"}.get(
        name, name
    )
