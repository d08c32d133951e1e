"""The keys of records that an erasure has left to a hold: for who acts under the hold, and for one reading."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from infrastructure.crypto.cipher import Cipher
from infrastructure.crypto.keyring import KeyRing
from infrastructure.crypto.period_key import PeriodKey
from infrastructure.errors import Erased


class HeldKeys:
    """Gives the keys of records as the key ring does, and beside them those it does not look for.

    Remembers what it gave: it is made anew for each reading, so that it never outlives a hold.
    """

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys
        self._given: dict[UUID, Cipher] = {}
        self.store_id = keys.store_id

    def key(self, subject_id: UUID, key_id: UUID) -> PeriodKey:
        """Return the period key an event names; raises KeyUnavailable."""
        return self._keys.key(subject_id, key_id)

    def record_cipher(self, key: PeriodKey, record_id: UUID) -> Cipher:
        """Return the cipher of one record; raises Erased, KeyUnavailable."""
        if record_id not in self._given:
            try:
                self._given[record_id] = self._keys.record_cipher(key, record_id)
            except Erased:
                self._given[record_id] = self._held(key.subject_id, record_id)
        return self._given[record_id]

    def preload(self, wanted: Iterable[tuple[UUID, UUID]]) -> None:
        """Fetch the keys of many (subject id, key id) at once."""
        self._keys.preload(wanted)

    def preload_records(self, wanted: Iterable[tuple[UUID, UUID]]) -> None:
        """Do nothing: a reading is of one record."""

    def _held(self, subject_id: UUID, record_id: UUID) -> Cipher:
        secret = self._keys.own_secrets(subject_id, [record_id]).get(record_id)
        if secret is None:
            raise Erased
        return Cipher(secret)
