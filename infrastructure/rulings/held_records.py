"""Reads what is under a hold, for the hold's purpose only, and notes every reading."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg_pool import ConnectionPool

from domain.shared import clock
from domain.shared.peers import NoPeers
from domain.shared.record import Record, attach
from infrastructure.blobs.blobs import Blobs
from infrastructure.connections import lent
from infrastructure.crypto.held_keys import HeldKeys
from infrastructure.crypto.keyring import KeyRing
from infrastructure.errors import CorruptEvent, Erased, NotFound, NotUnderHold
from infrastructure.ledger.buckets import bucket_of
from infrastructure.ledger.holds import Hold, note_read
from infrastructure.ledger.ledger import Ledger
from infrastructure.ledger.sealing import ErasedEvent, OpenedEvent, Sealer
from infrastructure.rulings.holds import Holds


@dataclass(frozen=True, slots=True)
class HoldReading:
    """The parts that reading under a hold takes."""

    holds: Holds
    ledger: Ledger
    keys: KeyRing
    blobs: Blobs
    ledger_pool: ConnectionPool[Connection[Any]]

    def under(self, hold_id: UUID, purpose: str, actor_id: UUID) -> HeldRecords:
        """Return what a hold covers, to be read; raises NotFound, NotUnderHold unless it was placed for the purpose."""
        held = HeldRecords(self, self.holds.one(hold_id), purpose, actor_id)
        held.require_standing()
        return held


class HeldRecords:
    """The records under one hold, for reading: in the ledger as they stand, erased from everywhere else or not.

    Whether the hold still stands is looked at again before each reading.
    """

    def __init__(self, parts: HoldReading, hold: Hold, purpose: str, actor_id: UUID) -> None:
        self._parts = parts
        self._hold = hold
        self._purpose = purpose
        self._actor_id = actor_id

    def ids(self) -> list[UUID]:
        """Return the records under the hold that can be read, oldest first."""
        self.require_standing()
        if self._hold.on_record:
            return [self._hold.record_id]
        with lent(self._parts.ledger_pool) as connection:
            rows = connection.execute(
                "SELECT record_id FROM ledger.events WHERE bucket = %s AND subject_id = %s AND kind = %s"
                " AND version = 1 ORDER BY position",
                (bucket_of(self._hold.subject_id), self._hold.subject_id, self._hold.kind),
            ).fetchall()
        return [record_id for (record_id,) in rows]

    def load(self, record_id: UUID) -> Record:
        """Return a record as it stands; raises NotFound, Erased, NotUnderHold."""
        record: Record | None = None
        for opened in self.history(record_id):
            if isinstance(opened, ErasedEvent):
                raise Erased
            record = opened.event.mutate(record)
        if record is None:
            raise CorruptEvent
        attach(record, self._hold.subject_id, NoPeers())
        return record

    def history(self, record_id: UUID) -> list[OpenedEvent | ErasedEvent]:
        """Return every event of a record, oldest first; raises NotFound, NotUnderHold."""
        rows = self._parts.ledger.stream(self._hold.subject_id, record_id)
        if not rows or rows[0].kind is None or not self._hold.covers(rows[0].kind, record_id):
            raise NotFound
        self._note(record_id)
        sealer = Sealer(self._keys())
        opened = map(sealer.open, rows)
        return [each for each in opened if isinstance(each, OpenedEvent | ErasedEvent)]

    def content(self, blob_id: UUID) -> Iterator[bytes]:
        """Yield content of a record piece by piece; raises NotFound, Erased, NotUnderHold."""
        record_id = self._parts.blobs.owner(self._hold.subject_id, blob_id)
        if record_id not in self.ids():
            raise NotFound
        self._note(record_id)
        return self._parts.blobs.opened_with(self._keys()).read(self._hold.subject_id, blob_id)

    def require_standing(self) -> None:
        """Raise NotUnderHold unless the hold stands and is for the purpose."""
        hold = self._parts.holds.one(self._hold.hold_id)
        ruling = self._parts.holds.ruling(hold)
        if not hold.is_active(clock.now()) or ruling is None or ruling.purpose != self._purpose:
            raise NotUnderHold

    def _note(self, record_id: UUID) -> None:
        self.require_standing()
        with lent(self._parts.ledger_pool) as connection:
            note_read(connection, self._hold, record_id, self._actor_id, clock.now())

    def _keys(self) -> HeldKeys:
        return HeldKeys(self._parts.keys)
