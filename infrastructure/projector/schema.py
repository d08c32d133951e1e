"""Creates the read tables from their descriptions. They are never migrated: another edition is built anew."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from psycopg import Connection, sql

from infrastructure.ledger.buckets import BUCKETS
from projections.catalogue import EDITION, all_tables
from projections.table import Column, Index, Sql, Table

SCHEMA = "read"

SHADOW = "read_next"
"""The schema that is built in."""

OLD = "read_old"
"""The schema of the tables that a build has replaced, until they are dropped."""

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


def exists(connection: Connection[Any], *names: str) -> bool:
    """Return whether there is a schema of one of these names."""
    found = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = ANY(%s)", (list(names),))
    return found.fetchone() is not None


def create(connection: Connection[Any], schema: str, *, logged: bool) -> None:
    """Create all read tables, empty, in a schema of their own that is not there yet."""
    lay(connection, schema, all_tables(), logged=logged)
    for table in all_tables():
        complete(connection, schema, table)
    refill_checkpoints(connection, schema)


def lay(connection: Connection[Any], schema: str, tables: Iterable[Table], *, logged: bool) -> None:
    """Create a schema with checkpoints and tables as they are best loaded: without keys and indexes."""
    name = sql.Identifier(schema)
    unlogged = sql.SQL("" if logged else "UNLOGGED")
    connection.execute(sql.SQL("CREATE SCHEMA {}").format(name))
    for statement in (_CHECKPOINTS, _PARKED):
        connection.execute(sql.SQL(statement).format(schema=name, unlogged=unlogged))
    for table in tables:
        for part in _bare(table, sql.Identifier(schema, table.name), unlogged):
            connection.execute(part)


def complete(connection: Connection[Any], schema: str, table: Table) -> None:
    """Give a table its key and indexes."""
    name = sql.Identifier(schema, table.name)
    for part in (_key(table, name), *(_index(table, index, name) for index in table.indexes)):
        connection.execute(part)


def create_temporary(connection: Connection[Any], tables: Iterable[Table], *, parked: bool) -> None:
    """Create some read tables for one connection alone, and with ``parked`` the one that holds what does not fit."""
    temporary = sql.SQL("TEMPORARY")
    if parked:
        connection.execute(sql.SQL(_PARKED).format(schema=sql.Identifier(TEMPORARY), unlogged=temporary))
    for table in tables:
        for part in _bare(table, sql.Identifier(TEMPORARY, table.name), temporary):
            connection.execute(part)
        complete(connection, TEMPORARY, table)


def drop(connection: Connection[Any], schema: str) -> None:
    """Drop a schema of read tables, where there is one."""
    connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))


def edition(*, logged: bool) -> str:
    """Return what is written first on a schema: what a change in EDITION or in the setting makes another."""
    return f"lifeledger read models, edition {EDITION}{', logged' if logged else ''}"


def definitions() -> str:
    """Return a digest of the statements that make the read tables."""
    rendered = (
        statement.as_string(None)
        for table in all_tables()
        for name in (sql.Identifier(table.name),)
        for statement in (
            *_bare(table, name, sql.SQL("")),
            _key(table, name),
            *(_index(table, index, name) for index in table.indexes),
        )
    )
    return sha256("\n".join(rendered).encode()).hexdigest()[:16]


def has_checkpoints(connection: Connection[Any], schema: str) -> bool:
    """Return whether a schema has its checkpoints; a crash of PostgreSQL empties them with the tables."""
    statement = sql.SQL("SELECT 1 FROM {}.checkpoints LIMIT 1").format(sql.Identifier(schema))
    return connection.execute(statement).fetchone() is not None


def has_parked(connection: Connection[Any], schema: str) -> bool:
    """Return whether a record is parked."""
    statement = sql.SQL("SELECT 1 FROM {}.parked LIMIT 1").format(sql.Identifier(schema))
    return connection.execute(statement).fetchone() is not None


def refill_checkpoints(connection: Connection[Any], schema: str = SCHEMA) -> bool:
    """Put back the checkpoint rows that a crash emptied together with the tables."""
    name = sql.Identifier(schema)
    if has_checkpoints(connection, schema):
        return False
    connection.execute(
        sql.SQL(
            "INSERT INTO {}.checkpoints (bucket, position) SELECT n, 0 FROM generate_series(0, {}) AS n"
            " ON CONFLICT DO NOTHING"
        ).format(name, sql.Literal(BUCKETS - 1))
    )
    return True


def _bare(table: Table, name: sql.Identifier, unlogged: sql.SQL) -> list[sql.Composed]:
    columns = sql.SQL(", ").join(_column(column) for column in table.columns)
    statements = [sql.SQL("CREATE {} TABLE {} ({})").format(unlogged, name, columns)]
    statements += [
        sql.SQL("ALTER TABLE {} ALTER COLUMN {} SET STATISTICS 0").format(name, sql.Identifier(column.name))
        for column in table.columns
        if not column.open
    ]
    return statements


def _key(table: Table, name: sql.Identifier) -> sql.Composed:
    return sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} PRIMARY KEY ({})").format(
        name, sql.Identifier(f"{table.name}_pkey"), sql.SQL(", ").join(map(sql.Identifier, table.key))
    )


def _column(column: Column) -> sql.Composed:
    parts: list[sql.Composable] = [sql.Identifier(column.name), sql.SQL(column.type.value)]
    if column.generated is not None:
        parts.append(sql.SQL("GENERATED ALWAYS AS ({}) STORED").format(sql.SQL(column.generated)))
    if not column.nullable:
        parts.append(sql.SQL("NOT NULL"))
    if column.type is Sql.TEXT and not column.open:
        parts.insert(2, sql.SQL('COLLATE "C"'))  # orders by code point, the same on every server
    return sql.SQL(" ").join(parts)


def _index(table: Table, index: Index, name: sql.Identifier) -> sql.Composed:
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
