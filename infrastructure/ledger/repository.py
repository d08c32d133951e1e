"""Loads records from the ledger: the newest snapshot that fits, then the events after it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from itertools import groupby
from operator import attrgetter
from uuid import UUID

import orjson

from domain.catalogue import kind_named
from domain.shared.record import Record, restored, subject_of
from infrastructure.crypto.keyring import KeyRing
from infrastructure.crypto.period_key import PeriodKey, period_of
from infrastructure.errors import CorruptEvent, Erased
from infrastructure.ledger.buckets import bucket_of
from infrastructure.ledger.codec import decode_state, encode_state, state_hints
from infrastructure.ledger.erasure_events import is_erasure
from infrastructure.ledger.events import EventRow, associated_data
from infrastructure.ledger.ledger import LAST_VERSION, Ledger
from infrastructure.ledger.sealing import ErasedEvent, ErasureEvent, OpenedEvent, Sealer

SNAPSHOT_EVERY = 100  # events of one record
SHORT = 20  # events of a record that is loaded together with others, without a look for snapshots

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
"""Where a validator lies in this process's memory, as its repr shows it."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A record as the ledger has it, with the key its next events are encrypted under."""

    record: Record
    key: PeriodKey


class Repository:
    """Reads records of the ledger. Safe to share between threads."""

    def __init__(self, ledger: Ledger, sealer: Sealer, keys: KeyRing) -> None:
        self._ledger = ledger
        self._sealer = sealer
        self._keys = keys

    def load(self, subject_id: UUID, record_id: UUID, *, version: int = LAST_VERSION) -> Loaded | None:
        """Return a record of a person, as it was at a version or is now; None where there is none; raises Erased."""
        rows = self._ledger.replay(subject_id, record_id, up_to=version)
        if rows and rows[0].position == 0 and rows[0].digest != _state_schema(_kind_of(rows[0])):
            # The snapshot's state has another shape by now.
            rows = self._ledger.stream(subject_id, record_id, up_to=version)
        if not rows or is_erasure(rows[0]):
            return None
        record = self._fold(rows)
        key_id = rows[-1].key_id
        if key_id is None:
            raise Erased
        return Loaded(record, self._keys.key(subject_id, key_id))

    def load_short(self, subject_id: UUID, record_ids: Collection[UUID]) -> dict[UUID, Loaded]:
        """Return those of several records that have a short stream, by one query; the others are loaded singly."""
        rows = self._ledger.streams(subject_id, record_ids, SHORT + 1)
        lengths = Counter(row.record_id for row in rows)
        return self.fold_each([row for row in rows if lengths[row.record_id] <= SHORT])

    def holders(self, subject_id: UUID, claims: Iterable[bytes]) -> dict[bytes, UUID]:
        """Return the records of a person that hold blind claims of the person's own, by claim."""
        return self._ledger.claim_holders(bucket_of(subject_id), claims)

    def fold_each(self, rows: Sequence[EventRow]) -> dict[UUID, Loaded]:
        """Return the records that whole streams give, one stream behind the other; erased ones are left out."""
        self._sealer.preload(rows)
        found: dict[UUID, Loaded] = {}
        for record_id, events in groupby(rows, key=attrgetter("record_id")):
            stream = list(events)
            key_id = stream[-1].key_id
            try:
                record = self._fold(stream)
            except Erased:
                continue
            if key_id is not None:
                found[record_id] = Loaded(record, self._keys.key(stream[-1].subject_id, key_id))
        return found

    def history(
        self, subject_id: UUID, record_id: UUID, *, after: int = -1, up_to: int = LAST_VERSION
    ) -> list[OpenedEvent | ErasedEvent]:
        """Return the events of a record with ``after`` < version <= ``up_to``, all by default, oldest first."""
        rows = self._ledger.stream(subject_id, record_id, after=after, up_to=up_to)
        self._sealer.preload(rows)
        opened = map(self._sealer.open, rows)
        return [event for event in opened if not isinstance(event, ErasureEvent)]

    def key_for_new(self, subject_id: UUID, kind: type[Record], created: datetime) -> PeriodKey:
        """Return the key a new record's events are encrypted under."""
        return self._keys.key_for_new(subject_id, kind.KIND, period_of(kind.KIND, created))

    def keep_snapshot_if_due(self, loaded: Loaded, previous_version: int, fences: int) -> None:
        """Store a snapshot where the record has just passed a multiple of SNAPSHOT_EVERY events.

        ``fences`` is the count of fences under which it was loaded.
        """
        record = loaded.record
        if record.version // SNAPSHOT_EVERY > previous_version // SNAPSHOT_EVERY:
            self._ledger.keep_snapshot(self._snapshot(subject_of(record), loaded), fences)

    def _fold(self, rows: list[EventRow]) -> Record:
        record: Record | None = self._from_snapshot(rows[0]) if rows[0].position == 0 else None
        for row in rows[1:] if record else rows:
            opened = self._sealer.open(row)
            if not isinstance(opened, OpenedEvent):
                raise Erased
            record = opened.event.mutate(record)
        if record is None:
            raise CorruptEvent
        return record

    def _snapshot(self, subject_id: UUID, loaded: Loaded) -> EventRow:
        record, key = loaded.record, loaded.key
        kind = type(record)
        times = orjson.dumps([record.created_on.isoformat(), record.modified_on.isoformat()])
        plaintext = len(times).to_bytes(2) + times + encode_state(record)
        body = self._keys.record_cipher(key, record.id).seal(
            plaintext, self._snapshot_binding(subject_id, record.id, record.version, kind, key.id)
        )
        return EventRow(
            bucket_of(subject_id), 0, subject_id, record.id, record.version, kind.KIND, None, None, key.id, None,
            None, None, None, None, body, _state_schema(kind),
        )  # fmt: skip

    def _from_snapshot(self, row: EventRow) -> Record:
        kind = _kind_of(row)
        if row.key_id is None or row.body is None:
            raise Erased
        cipher = self._keys.record_cipher(self._keys.key(row.subject_id, row.key_id), row.record_id)
        plaintext = cipher.open(
            row.body, self._snapshot_binding(row.subject_id, row.record_id, row.version, kind, row.key_id)
        )
        end = 2 + int.from_bytes(plaintext[:2])
        created_on, modified_on = (datetime.fromisoformat(text) for text in orjson.loads(plaintext[2:end]))
        return restored(
            kind, row.record_id, row.version, created_on, modified_on, decode_state(kind, plaintext[end:])
        )

    def _snapshot_binding(
        self, subject_id: UUID, record_id: UUID, version: int, kind: type[Record], key_id: UUID
    ) -> bytes:
        return b"snapshot" + associated_data(
            self._keys.store_id, subject_id, record_id, version, kind.KIND, 0, key_id
        )


def _kind_of(row: EventRow) -> type[Record]:
    if row.kind is None:
        raise Erased
    return kind_named(row.kind)


@cache
def _state_schema(kind: type[Record]) -> bytes:
    """Return 16 bytes that change when the shape of a kind's state changes: older snapshots are passed over."""
    shape = repr(sorted((name, repr(hint)) for name, hint in state_hints(kind).items()))
    return sha256(_ADDRESS.sub("", shape).encode()).digest()[:16]
