"""Where wrapped keys lie in the keys database: written down once, for rotation and for backups."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, sql

from infrastructure.crypto.coordinates import period_key_coordinates, record_key_coordinates


@dataclass(frozen=True, slots=True)
class WrappedTable:
    """A table with the columns ``epoch``, ``wrapped``, ``fingerprint`` and ``destroyed_at``.

    ``coordinates`` makes what a key is bound to from the store's id and the columns ``bound``, in that order.
    """

    name: str
    bound: tuple[str, ...]
    coordinates: Callable[..., bytes]

    @property
    def identifier(self) -> sql.Identifier:
        """The name in SQL."""
        return sql.Identifier("keys", self.name)


PERIOD_KEYS = WrappedTable(
    "period_keys", ("subject_id", "kind", "period", "number", "key_id"), period_key_coordinates
)
RECORD_KEYS = WrappedTable("record_keys", ("subject_id", "key_id", "record_id"), record_key_coordinates)
WRAPPED_TABLES = (PERIOD_KEYS, RECORD_KEYS)


def counted(connection: Connection[Any]) -> tuple[int, int]:
    """Return how many keys live, and how many are destroyed."""
    alive = destroyed = 0
    for table in WRAPPED_TABLES:
        row = connection.execute(
            sql.SQL("SELECT count(wrapped), count(destroyed_at) FROM {}").format(table.identifier)
        ).fetchone()
        alive, destroyed = (alive + row[0], destroyed + row[1]) if row else (alive, destroyed)
    return alive, destroyed
