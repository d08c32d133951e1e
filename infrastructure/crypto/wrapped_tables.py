"""Where wrapped keys lie in the keys database: written down once, for rotation and for backups."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from infrastructure.crypto.coordinates import period_key_coordinates


@dataclass(frozen=True, slots=True)
class WrappedTable:
    """A table with the columns ``epoch``, ``wrapped``, ``fingerprint`` and ``destroyed_at``.

    ``row`` are the columns that find a row, each with its type; ``coordinates`` makes what a key is bound to from
    the store's id and the columns ``bound``, in that order.
    """

    name: str
    row: Mapping[str, str]
    bound: tuple[str, ...]
    coordinates: Callable[..., bytes]

    @property
    def identifier(self) -> sql.Identifier:
        """The name in SQL."""
        return sql.Identifier("keys", self.name)


PERIOD_KEYS = WrappedTable(
    "period_keys",
    {"bucket": "smallint", "key_id": "uuid"},
    ("subject_id", "kind", "period", "number", "key_id"),
    period_key_coordinates,
)
WRAPPED_TABLES = (PERIOD_KEYS,)


def select_older(table: WrappedTable) -> sql.Composed:
    """Return the query of keys that are not wrapped under an epoch: row, bound columns, epoch, wrapped."""
    columns = map(sql.Identifier, (*table.row, *table.bound, "epoch", "wrapped"))
    return sql.SQL("SELECT {} FROM {} WHERE epoch < %s AND wrapped IS NOT NULL").format(
        sql.SQL(", ").join(columns), table.identifier
    )


def update_wrapped(table: WrappedTable) -> sql.Composed:
    """Return the statement that takes the new epoch and, column by column, rows with old epoch and new wrapping.

    It never waits for a row somebody else has locked, so that it cannot be in a deadlock with an erasure, and
    leaves alone a key that was destroyed meanwhile.
    """
    arrays = [
        sql.SQL("%b::{}[]").format(sql.SQL(type_)) for type_ in (*table.row.values(), "integer", "bytea")
    ]
    return sql.SQL(
        "WITH free AS ("
        " SELECT key.ctid AS place, new.wrapped FROM {table} key"
        " JOIN unnest({arrays}) AS new({row}, epoch, wrapped) USING ({row})"
        " WHERE key.epoch = new.epoch AND key.wrapped IS NOT NULL FOR UPDATE OF key SKIP LOCKED)"
        " UPDATE {table} key SET epoch = %s, wrapped = free.wrapped FROM free WHERE key.ctid = free.place"
    ).format(
        table=table.identifier,
        arrays=sql.SQL(", ").join(arrays),
        row=sql.SQL(", ").join(map(sql.Identifier, table.row)),
    )


def columns_of(rows: Iterable[tuple[Any, ...]]) -> list[list[Any]]:
    """Turn rows into one list for each column."""
    return [list(column) for column in zip(*rows, strict=True)]
