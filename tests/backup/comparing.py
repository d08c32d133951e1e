"""What a store holds, byte by byte, for comparing it with another."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from infrastructure.settings import Settings
from projections.catalogue import all_tables

LEDGER = ("bucket_heads", "events", "command_receipts", "claims", "sources", "blobs")


def ledger_of(settings: Settings) -> dict[str, list[str]]:
    """Return every row of the ledger as text, bytes in hexadecimal digits; snapshots are made again."""
    assert settings.ledger_url is not None
    with psycopg.connect(settings.ledger_url.get_secret_value()) as connection:
        return {name: _rows(connection, "ledger", name) for name in LEDGER}


def read_tables_of(settings: Settings) -> dict[str, list[str]]:
    """Return every row of the read tables."""
    assert settings.ledger_url is not None
    with psycopg.connect(settings.ledger_url.get_secret_value()) as connection:
        return {table.name: _rows(connection, "read", table.name) for table in all_tables()}


def objects_of(folder: Path) -> Mapping[str, str]:
    """Return the digest of every object below a folder, by name."""
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def count(settings: Settings, query: str) -> Any:
    """Return the one value of a query on the ledger."""
    assert settings.ledger_url is not None
    with psycopg.connect(settings.ledger_url.get_secret_value()) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def _rows(connection: psycopg.Connection[Any], schema: str, name: str) -> list[str]:
    query = sql.SQL("SELECT t::text FROM {} AS t ORDER BY 1").format(sql.Identifier(schema, name))
    return [row[0] for row in connection.execute(query).fetchall()]
