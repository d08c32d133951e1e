"""Whether the read tables there are were made by the code there is.

A schema carries the digest of its tables' definitions and EDITION. To compare without importing every kind
at every start, it also carries a digest of the source files that definitions come from: where that is the
same, nothing else is looked at. Last, it carries the version of the time zone data by which wall times became UTC.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection, sql

from infrastructure.projector import schema, zone_data
from infrastructure.projector.locks import hold_schemas
from projections.catalogue import all_tables
from projections.table import Table

_ZONES = ", zones "
_SOURCES = ", sources "
_FORMATS = {"timestamp": "timestamp without time zone", "timestamptz": "timestamp with time zone"}


class Standing(StrEnum):
    """How the read tables stand to this code."""

    CURRENT = "current"
    EMPTIED = "emptied"
    """Made by this code, but a crash of PostgreSQL has emptied them: projectors fill them again."""
    FITTING = "fitting"
    """Made by other code or older zone data, but all that this code asks for is in them: they serve until new ones are built."""
    UNFIT = "unfit"
    """Made by other code, or not there: they cannot serve."""


def ensure(url: str, *, logged: bool = False, ledger_is_empty: Callable[[], bool] = lambda: True) -> Standing:
    """Return how the read tables stand; where they are of no use and the ledger is empty, create them."""
    with psycopg.connect(url) as connection:
        found = standing(connection, logged=logged)
        if found is Standing.CURRENT:
            _note_sources(connection, logged=logged)
            return Standing.EMPTIED if schema.refill_checkpoints(connection) else found
        if not ledger_is_empty():
            return found
        hold_schemas(connection)  # only those who create the tables wait here for each other
        if standing(connection, logged=logged) is not Standing.CURRENT:
            schema.drop(connection, schema.SCHEMA)
            schema.create(connection, schema.SCHEMA, logged=logged)
            mark(connection, schema.SCHEMA, logged=logged)
        return Standing.CURRENT


def standing(connection: Connection[Any], name: str = schema.SCHEMA, *, logged: bool) -> Standing:
    """Return how the tables of a schema stand to this code; UNFIT where there is no such schema.

    Newer zone data than there is here counts as current: else two machines would rebuild each other's tables for ever.
    """
    noted, _, sources = marked(connection, name).partition(_SOURCES)
    found, _, zones = noted.partition(_ZONES)
    same_edition = found.startswith(f"{schema.edition(logged=logged)}, definitions")
    same_tables = same_edition and (sources == _sources() or found == full(logged=logged))
    if same_tables and zones >= zone_data.version():
        return Standing.CURRENT
    return Standing.FITTING if found and _fits(connection, name) else Standing.UNFIT


def marked(connection: Connection[Any], name: str) -> str:
    """Return what is written on a schema; nothing where there is no such schema."""
    row = connection.execute(
        "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s", (name,)
    ).fetchone()
    return str(row[0]) if row and row[0] else ""


def mark(connection: Connection[Any], name: str, *, logged: bool) -> None:
    """Write on a schema that its tables were made by this code, with the zone data there is."""
    _write(connection, name, full(logged=logged) + _ZONES + zone_data.version() + _SOURCES + _sources())


def zones_of(connection: Connection[Any], name: str = schema.SCHEMA) -> str:
    """Return by which version of the time zone data the tables of a schema were made; nothing where that is not known."""
    return marked(connection, name).partition(_SOURCES)[0].partition(_ZONES)[2]


def _note_sources(connection: Connection[Any], *, logged: bool) -> None:
    """Spare the next start the comparison: these sources define the same tables as those noted."""
    if marked(connection, schema.SCHEMA).partition(_SOURCES)[2] == _sources():
        return
    hold_schemas(connection)
    if standing(connection, logged=logged) is Standing.CURRENT:
        noted = marked(connection, schema.SCHEMA).partition(_SOURCES)[0]
        _write(connection, schema.SCHEMA, noted + _SOURCES + _sources())


def _write(connection: Connection[Any], name: str, text: str) -> None:
    connection.execute(sql.SQL("COMMENT ON SCHEMA {} IS {}").format(sql.Identifier(name), sql.Literal(text)))


def full(*, logged: bool) -> str:
    """Return what tells the tables of this code from those of any other."""
    return f"{schema.edition(logged=logged)}, definitions {schema.definitions()}"


@cache
def _sources() -> str:
    """Return a digest of the source files of domain, projections and what makes tables of them."""
    root = Path(__file__).parents[2]
    files = [path for folder in ("domain", "projections") for path in (root / folder).rglob("*.py")]
    digest = sha256()
    for path in sorted((*files, Path(schema.__file__))):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _fits(connection: Connection[Any], name: str) -> bool:
    """Return whether a schema has every table and column of this code, with the same keys, and needs no other."""
    columns: dict[str, dict[str, tuple[str, bool]]] = {}
    for table, column, type_name, required in connection.execute(_COLUMNS, (name,)):
        columns.setdefault(table, {})[column] = (type_name, required)
    keys = dict(connection.execute(_KEYS, (name,)).fetchall())
    return all(
        table.name in columns
        and keys.get(table.name) == list(table.key)
        and _holds(columns[table.name], table)
        for table in all_tables()
    )


def _holds(found: dict[str, tuple[str, bool]], table: Table) -> bool:
    wanted = {column.name: _FORMATS.get(column.type.value, column.type.value) for column in table.columns}
    same = all(name in found and found[name][0] == type_name for name, type_name in wanted.items())
    return same and not any(required for name, (_, required) in found.items() if name not in wanted)


_COLUMNS = """
SELECT relname, attname, format_type(atttypid, atttypmod), attnotnull AND NOT atthasdef
FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid JOIN pg_namespace AS n ON n.oid = relnamespace
WHERE nspname = %s AND relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped
"""

_KEYS = """
SELECT relname, array_agg(attname::text ORDER BY place)
FROM pg_index JOIN pg_class ON pg_class.oid = indrelid JOIN pg_namespace AS n ON n.oid = relnamespace,
    unnest(indkey) WITH ORDINALITY AS part (number, place)
    JOIN pg_attribute ON attnum = part.number
WHERE nspname = %s AND indisprimary AND attrelid = indrelid
GROUP BY relname
"""
