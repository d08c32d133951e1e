"""What ``lifeledger keys status`` tells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import Connection

from infrastructure.crypto.epochs import living_epochs, store_id_of
from infrastructure.crypto.root_key import RootKeys
from infrastructure.crypto.rotation import Pool, rotation_due
from infrastructure.crypto.wrapped_tables import counted
from infrastructure.errors import RootKeyProblem


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """The state of the keys database and of its root key."""

    store: UUID
    root_keys: str
    epoch: int
    since: datetime | None
    """When the epoch began; None while the one before it is not ended."""
    living_keys: int
    destroyed_keys: int
    rotation: str
    rotation_due: datetime | None


def key_status(pool: Pool, roots: RootKeys, delay: timedelta) -> KeyStatus:
    """Look at the keys; raises RootKeyProblem where the living root key cannot be had, KeyUnavailable."""
    due = rotation_due(pool, delay)
    with pool.connection() as connection:
        store_id = store_id_of(connection)
        living = living_epochs(connection, store_id) if store_id else []
        if store_id is None or not living:
            raise RootKeyProblem("the keys database is empty")
        roots.secret(living[-1])
        alive, destroyed = counted(connection)
        return KeyStatus(
            store=store_id,
            root_keys=roots.describe(),
            epoch=living[-1].number,
            since=_began(connection, store_id, living[-1].number),
            living_keys=alive,
            destroyed_keys=destroyed,
            rotation="unfinished" if len(living) > 1 else "pending" if due else "nothing to do",
            rotation_due=due,
        )


def _began(connection: Connection[Any], store_id: UUID, number: int) -> datetime | None:
    """Return when the epoch before ended; for the first, when the store's id was made (RFC 9562, version 7)."""
    if number == 1:
        return datetime.fromtimestamp((store_id.int >> 80) / 1000, UTC)
    row = connection.execute(
        "SELECT max(destroyed_at) FROM keys.root_epochs WHERE bucket = 0 AND epoch = %s", (number - 1,)
    ).fetchone()
    return row[0] if row else None
