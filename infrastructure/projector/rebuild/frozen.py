"""Stores of earlier moments: read tables as they were, which nothing changes any more."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from psycopg import Connection, sql
from psycopg.errors import UndefinedTable

from infrastructure.errors import RebuildRefused, UnknownReadModel
from infrastructure.ledger.buckets import bucket_of
from infrastructure.projector import editions, schema
from infrastructure.projector.schema import SHADOW

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_RESERVED = frozenset({"next", "old"})
_PREFIX = "lifeledger store as of "
_STATEMENT_END = "; "


@dataclass(frozen=True, slots=True)
class Frozen:
    """A store of an earlier moment; ``usable`` as long as this code can ask it and no crash has emptied it."""

    name: str
    as_of: datetime
    usable: bool


def schema_of(name: str) -> str:
    """Return the schema of a store by its name; raises UnknownReadModel for what is no name."""
    if not _NAME.fullmatch(name) or name in _RESERVED:
        raise UnknownReadModel
    return f"read_{name}"


def require_free(connection: Connection[Any], name: str) -> None:
    """Raise RebuildRefused where the name is in use, UnknownReadModel where it cannot be one."""
    if editions.marked(connection, schema_of(name)):
        raise RebuildRefused("there is a store of that name; drop it first: rebuild --drop NAME")


def keep(connection: Connection[Any], name: str, moment: datetime, *, logged: bool) -> None:
    """Turn the loaded shadow into a store of that name."""
    own = sql.Identifier(schema_of(name))
    connection.execute(sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(sql.Identifier(SHADOW), own))
    note = _PREFIX + moment.astimezone(UTC).isoformat() + _STATEMENT_END + editions.full(logged=logged)
    connection.execute(sql.SQL("COMMENT ON SCHEMA {} IS {}").format(own, sql.Literal(note)))


def holds(connection: Connection[Any], name: str, subject_id: UUID) -> bool:
    """Return whether a store has rows of a person; one that cannot be asked counts as if it had."""
    audit = sql.Identifier(schema_of(name), "audit")
    try:
        with connection.transaction():
            row = connection.execute(
                sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE bucket = %s AND subject_id = %s)").format(audit),
                (bucket_of(subject_id), subject_id),
            ).fetchone()
    except UndefinedTable:
        return True
    return row is None or bool(row[0])


def usable(connection: Connection[Any], name: str, *, logged: bool) -> Frozen:
    """Return the store of this name; raises UnknownReadModel, and RebuildRefused where it cannot be asked."""
    found = next((each for each in listed(connection, logged=logged) if each.name == name), None)
    if found is None:
        raise UnknownReadModel
    if not found.usable:
        raise RebuildRefused("that store was emptied by a crash or made by another edition: build it again")
    return found


def listed(connection: Connection[Any], *, logged: bool) -> list[Frozen]:
    """Return the stores there are, the earliest moment first."""
    rows = connection.execute(
        "SELECT nspname, obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname LIKE 'read\\_%'"
    ).fetchall()
    found = []
    for name, note in rows:
        if note is not None and note.startswith(_PREFIX):
            moment, _, edition = note.removeprefix(_PREFIX).partition(_STATEMENT_END)
            usable = edition == editions.full(logged=logged) and schema.has_checkpoints(connection, name)
            found.append(Frozen(name.removeprefix("read_"), datetime.fromisoformat(moment), usable))
    return sorted(found, key=lambda each: each.as_of)
