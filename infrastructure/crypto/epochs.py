"""The epochs of the root key as this process knows them, and the lock between writing keys and rotating them.

While a rotation goes on two epochs live; new keys are wrapped under the newest. Whoever writes a wrapped key
does so through ``living_epoch_held``, or a key wrapped under the old epoch could be written after the rotation
has looked for the last time, and would be lost with the old root key.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from psycopg import Connection

from domain.shared.values import new_id
from infrastructure.crypto.root_key import RootEpoch, RootKey, RootKeys, fingerprint
from infrastructure.errors import RootKeyProblem

EPOCHS_LOCK = (
    0x6C6C_6570  # an advisory lock of the keys database: shared to write keys, exclusive to begin an epoch
)

_SELECT_LIVING = """
SELECT epoch, fingerprint FROM keys.root_epochs WHERE bucket = 0 AND destroyed_at IS NULL ORDER BY epoch
"""


class Epochs:
    """Root keys in hand, by epoch. Safe to share between threads."""

    def __init__(self, roots: RootKeys, connection: Connection[Any]) -> None:
        """Read the store's identity and the newest root key, or found both in an empty keys database."""
        self._roots = roots
        self._lock = threading.Lock()
        self.store_id = store_id_of(connection) or _founded(connection)
        self._in_hand: dict[int, RootKey] = {}
        if connection.execute("SELECT 1 FROM keys.root_epochs WHERE bucket = 0").fetchone() is None:
            _begin_first(connection, roots, self.store_id)
        self.newest = self._renewed(connection)

    def renew(self, connection: Connection[Any], living: list[int]) -> None:
        """Take notice of which epochs live, oldest first; reads them where they are not those in hand."""
        if living[-1:] != [self.newest.epoch.number]:
            with self._lock:
                self.newest = self._renewed(connection)
        elif len(self._in_hand) > len(living):
            with self._lock:
                self._in_hand = {number: key for number, key in self._in_hand.items() if number in living}

    def root(self, connection: Connection[Any], number: int) -> bytes:
        """Return the root key of an epoch; raises RootKeyProblem where it is destroyed or not to be had."""
        key = self._in_hand.get(number)
        if key is None:
            with self._lock:
                named = {epoch.number: epoch for epoch in living_epochs(connection, self.store_id)}
                if number not in named:
                    msg = f"the root key of epoch {number} is destroyed"
                    raise RootKeyProblem(msg)
                key = RootKey(named[number], self._roots.secret(named[number]))
                self._in_hand[number] = key
        return key.secret

    def _renewed(self, connection: Connection[Any]) -> RootKey:
        """Return the newest root key, put in hand; drop those whose epoch has ended."""
        living = living_epochs(connection, self.store_id)
        if not living:
            msg = "the keys database has no root key epoch"
            raise RootKeyProblem(msg)
        newest, numbers = living[-1], {epoch.number for epoch in living}
        known = self._in_hand.get(newest.number) or RootKey(newest, self._roots.secret(newest))
        kept = {number: key for number, key in self._in_hand.items() if number in numbers}
        self._in_hand = kept | {newest.number: known}
        return known


def store_id_of(connection: Connection[Any]) -> UUID | None:
    """Return the store a keys database belongs to, None where it is empty."""
    row = connection.execute("SELECT store_id FROM keys.store WHERE bucket = 0").fetchone()
    return row[0] if row else None


def living_epochs(connection: Connection[Any], store_id: UUID) -> list[RootEpoch]:
    """Return the epochs whose root key is not destroyed, oldest first: two while a rotation goes on."""
    return [
        RootEpoch(store_id, number, bytes(mark))
        for number, mark in connection.execute(_SELECT_LIVING).fetchall()
    ]


@contextmanager
def living_epoch_held(connection: Connection[Any], epoch: int) -> Iterator[bool]:
    """Open a transaction in which no newer epoch begins; yields whether ``epoch`` is still the newest.

    What is wrapped under it may be written in this transaction and only then.
    """
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock_shared(%s)", (EPOCHS_LOCK,))
        # A statement of its own: its snapshot must be taken after the lock was given.
        row = connection.execute("SELECT max(epoch) FROM keys.root_epochs WHERE bucket = 0").fetchone()
        yield row is not None and row[0] == epoch


def begin_epoch(connection: Connection[Any], key: RootKey) -> bool:
    """Make a new epoch the newest, once whoever writes under the old one has committed.

    Returns whether it was this call that did: another rotation may have been first.
    """
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (EPOCHS_LOCK,))
        begun = connection.execute(
            "INSERT INTO keys.root_epochs (bucket, epoch, fingerprint) VALUES (0, %s, %s) ON CONFLICT DO NOTHING",
            (key.epoch.number, key.epoch.fingerprint),
        )
        return begun.rowcount == 1


def _founded(connection: Connection[Any]) -> UUID:
    # Committed before a root key is made: one that is bound to the store must not outlive the store's id.
    connection.execute(
        "INSERT INTO keys.store (bucket, store_id) VALUES (0, %s) ON CONFLICT DO NOTHING", (new_id(),)
    )
    store_id = store_id_of(connection)
    if store_id is None:
        msg = "the keys database has no store"
        raise RootKeyProblem(msg)
    return store_id


def _begin_first(connection: Connection[Any], roots: RootKeys, store_id: UUID) -> None:
    secret = roots.create(store_id, 1)
    begin_epoch(connection, RootKey(RootEpoch(store_id, 1, fingerprint(secret)), secret))
