"""The limit beside each path: what a plain statement of PostgreSQL does with the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any
from uuid import uuid4

from psycopg import Connection

from infrastructure.ledger.events import EventRow

COLUMNS = EventRow._fields
_TYPES = (
    "int2", "int8", "uuid", "uuid", "int8", "text", "text", "int2", "uuid", "timestamptz", "uuid", "uuid",
    "uuid", "uuid", "bytea", "bytea",
)  # fmt: skip
_INSERT = f"INSERT INTO bare.events VALUES ({', '.join(['%s'] * len(COLUMNS))})"


class BareEvents:
    """A table like the ledger's, with its two unique indexes, and rows that were really sealed."""

    def __init__(self, connection: Connection[Any], sample: Sequence[EventRow], first: int = 1) -> None:
        """Several may write to the table at once, each from a ``first`` position of its own."""
        connection.execute("CREATE SCHEMA IF NOT EXISTS bare")
        connection.execute("CREATE TABLE IF NOT EXISTS bare.events (LIKE ledger.events INCLUDING ALL)")
        self._connection = connection
        self._sample = [tuple(getattr(row, name) for name in COLUMNS) for row in sample]
        self._positions = count(first)

    def insert(self, rows: int) -> None:
        """Insert so many rows, each a transaction of its own."""
        for row in self._rows(rows):
            self._connection.execute(_INSERT, row)

    def copy(self, rows: int, chunk: int) -> None:
        """Copy so many rows, a chunk in each transaction."""
        for start in range(0, rows, chunk):
            with (
                self._connection.cursor() as cursor,
                cursor.copy("COPY bare.events FROM STDIN (FORMAT BINARY)") as copy,
            ):
                copy.set_types(_TYPES)
                for row in self._rows(min(chunk, rows - start)):
                    copy.write_row(row)

    def _rows(self, wanted: int) -> Iterator[tuple[Any, ...]]:
        for number in range(wanted):
            bucket, _, subject_id, _, *rest = self._sample[number % len(self._sample)]
            yield (bucket, next(self._positions), subject_id, uuid4(), *rest)
