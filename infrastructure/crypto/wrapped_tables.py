"""Where wrapped keys lie in the keys database: written down once, for rotation and for backups."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from psycopg import sql

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
