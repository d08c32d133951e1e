"""Creates the read tables from their descriptions. They are never migrated: another edition starts empty."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg
from psycopg import sql

from infrastructure.ledger.buckets import BUCKETS
from projections.catalogue import EDITION, all_tables
from projections.table import Column, Index, Sql, Table

SCHEMA = "read"

TEMPORARY = "pg_temp"
"""The schema that every connection has for itself; what is in it goes with the connection."""

CHECKPOINTS = "checkpoints"
PARKED = "parked"

_CHECKPOINTS = """
CREATE {unlogged} TABLE {schema}.checkpoints (
    bucket smallint CONSTRAINT checkpoints_pkey PRIMARY KEY,
    position bigint NOT NULL
) WITH (fillfactor = 20)
"""

# Records whose events a projection could not take, with the class of the error, never its text.
_PARKED = """
CREATE {unlogged} TABLE {schema}.parked (
    bucket smallint NOT NULL,
    subject_id uuid NOT NULL,
    record_id uuid NOT NULL,
    kind text,
    position bigint NOT NULL,
    reason text NOT NULL,
    parked_at timestamptz NOT NULL,
    CONSTRAINT parked_pkey PRIMARY KEY (bucket, record_id)
)
"""


def ensure(url: str, *, logged: bool = False) -> bool:
    """Create the read tables, or replace those of another edition; return whether they are new and empty.

    The checkpoints are as durable as the tables: when a crash empties one, it empties all, and the
    projector starts again from the ledger.
    """
    with psycopg.connect(url) as connection:
        if _edition(connection) == _wanted(logged=logged):
            return refill_checkpoints(connection)
        # Only those who create the tables wait here for each other.
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('lifeledger read tables'))")
        if _edition(connection) == _wanted(logged=logged):
            return False
        create(connection, SCHEMA, logged=logged)
        return True


def create(connection: psycopg.Connection[tuple[object, ...]], schema: str, *, logged: bool) -> None:
    """Create all read tables in a schema of their own, after dropping what is there."""
    name = sql.Identifier(schema)
    unlogged = sql.SQL("" if logged else "UNLOGGED")
    connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(name))
    connection.execute(sql.SQL("CREATE SCHEMA {}").format(name))
    for statement in (_CHECKPOINTS, _PARKED):
        connection.execute(sql.SQL(statement).format(schema=name, unlogged=unlogged))
    for table in all_tables():
        for part in _definition(table, name, unlogged):
            connection.execute(part)
    refill_checkpoints(connection, schema)
    edition = sql.Literal(_wanted(logged=logged))
    connection.execute(sql.SQL("COMMENT ON SCHEMA {} IS {}").format(name, edition))


def _edition(connection: psycopg.Connection[tuple[object, ...]]) -> object:
    row = connection.execute(
        "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s", (SCHEMA,)
    ).fetchone()
    return row[0] if row else None


def _wanted(*, logged: bool) -> str:
    return f"lifeledger read models, edition {EDITION}{', logged' if logged else ''}"


def refill_checkpoints(connection: psycopg.Connection[tuple[object, ...]], schema: str = SCHEMA) -> bool:
    """Put back the checkpoint rows that a crash emptied together with the tables."""
    name = sql.Identifier(schema)
    if connection.execute(sql.SQL("SELECT 1 FROM {}.checkpoints LIMIT 1").format(name)).fetchone():
        return False
    connection.execute(
        sql.SQL(
            "INSERT INTO {}.checkpoints (bucket, position) SELECT n, 0 FROM generate_series(0, {}) AS n"
            " ON CONFLICT DO NOTHING"
        ).format(name, sql.Literal(BUCKETS - 1))
    )
    return True


def _definition(table: Table, schema: sql.Identifier, unlogged: sql.SQL) -> list[sql.Composed]:
    name = sql.SQL("{}.{}").format(schema, sql.Identifier(table.name))
    columns = sql.SQL(", ").join(_column(column) for column in table.columns)
    key = sql.SQL(", ").join(map(sql.Identifier, table.key))
    statements = [
        sql.SQL("CREATE {} TABLE {} ({}, CONSTRAINT {} PRIMARY KEY ({}))").format(
            unlogged, name, columns, sql.Identifier(f"{table.name}_pkey"), key
        )
    ]
    statements += [
        sql.SQL("ALTER TABLE {} ALTER COLUMN {} SET STATISTICS 0").format(name, sql.Identifier(column.name))
        for column in table.columns
        if not column.open
    ]
    statements += [_index(table, index, name) for index in table.indexes]
    return statements


def _column(column: Column) -> sql.Composed:
    parts: list[sql.Composable] = [sql.Identifier(column.name), sql.SQL(column.type.value)]
    if column.generated is not None:
        parts.append(sql.SQL("GENERATED ALWAYS AS ({}) STORED").format(sql.SQL(column.generated)))
    if not column.nullable:
        parts.append(sql.SQL("NOT NULL"))
    if column.type is Sql.TEXT and not column.open:
        parts.insert(2, sql.SQL('COLLATE "C"'))  # orders by code point, the same on every server
    return sql.SQL(" ").join(parts)


def _index(table: Table, index: Index, name: sql.Composed) -> sql.Composed:
    label = "_".join((table.name, *index.columns[2 if index.method == "btree" else 0 :]))[:55]
    statement = sql.SQL("CREATE INDEX {} ON {} USING {} ({})").format(
        sql.Identifier(f"{label}_idx"),
        name,
        sql.SQL(index.method),
        sql.SQL(", ").join(map(sql.Identifier, index.columns)),
    )
    if index.where is not None:
        statement += sql.SQL(" WHERE ") + sql.SQL(index.where)
    return statement


def create_temporary(
    connection: psycopg.Connection[tuple[object, ...]], tables: Iterable[Table], *, parked: bool
) -> None:
    """Create some read tables for one connection alone, and with ``parked`` the one that holds what does not fit."""
    name, temporary = sql.Identifier(TEMPORARY), sql.SQL("TEMPORARY")
    if parked:
        connection.execute(sql.SQL(_PARKED).format(schema=name, unlogged=temporary))
    for table in tables:
        for part in _definition(table, name, temporary):
            connection.execute(part)
