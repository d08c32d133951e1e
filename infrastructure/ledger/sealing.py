"""Turns events into rows nobody else can read, and rows back into events or the fact that they were erased."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol
from uuid import UUID

from domain.catalogue import topic_of
from domain.shared.record import Record
from infrastructure.crypto.cipher import Cipher
from infrastructure.crypto.period_key import PeriodKey
from infrastructure.errors import CorruptEvent, Erased
from infrastructure.ledger.codec import decode_event, encode_event, schema_version_of
from infrastructure.ledger.erasure_events import ErasedScope, decode_erasure, is_erasure
from infrastructure.ledger.events import EventRow, SealedEvent, associated_data, digest_of


class OpenedEvent(NamedTuple):
    """An event of the ledger that can be read."""

    row: EventRow
    event: Record.Event
    purpose: str | None


class ErasedEvent(NamedTuple):
    """An event of the ledger whose key is destroyed: its place is known, its content is gone for good."""

    row: EventRow


class ErasureEvent(NamedTuple):
    """The event that tells which others of the bucket are erased; it belongs to no record."""

    row: EventRow
    scope: ErasedScope


class RecordKeys(Protocol):
    """Gives the keys that events are encrypted under."""

    store_id: UUID

    def key(self, subject_id: UUID, key_id: UUID) -> PeriodKey:
        """Return the period key an event names, destroyed or not."""
        ...

    def record_cipher(self, key: PeriodKey, record_id: UUID) -> Cipher:
        """Return the cipher of one record; raises Erased."""
        ...

    def preload(self, wanted: Iterable[tuple[UUID, UUID]]) -> None:
        """Fetch the keys of many (subject id, key id) at once."""
        ...

    def preload_records(self, wanted: Iterable[tuple[UUID, UUID]]) -> None:
        """Fetch at once the own keys of many (key id, record id)."""
        ...


class Sealer:
    """Encrypts and decrypts events for the ledger. Safe to share between threads."""

    def __init__(self, keys: RecordKeys) -> None:
        self._keys = keys

    def seal(
        self, subject_id: UUID, record: Record, event: Record.Event, key: PeriodKey, purpose: str | None
    ) -> SealedEvent:
        """Encrypt one event of a record; raises Erased where the key is destroyed."""
        kind = type(record)
        topic, schema_version = topic_of(type(event), kind), schema_version_of(type(event))
        version = event.originator_version
        bound = associated_data(
            self._keys.store_id, subject_id, record.id, version, topic, schema_version, key.id
        )
        body = self._keys.record_cipher(key, record.id).seal(encode_event(event, purpose), bound)
        return SealedEvent(
            record.id, version, kind.KIND, topic, schema_version, key.id, event.timestamp, body,
            digest_of(bound, body),
        )  # fmt: skip

    def open(self, row: EventRow) -> OpenedEvent | ErasedEvent | ErasureEvent:
        """Decrypt one row; raises CorruptEvent, or KeyUnavailable where the key cannot be asked for."""
        if is_erasure(row):
            return ErasureEvent(row, decode_erasure(self._keys.store_id, row))
        if row.body is None or row.key_id is None:
            return ErasedEvent(row)
        try:
            cipher = self._keys.record_cipher(self._keys.key(row.subject_id, row.key_id), row.record_id)
        except Erased:
            return ErasedEvent(row)
        if row.kind is None or row.topic is None or row.schema_version is None or row.recorded_at is None:
            raise CorruptEvent
        bound = associated_data(
            self._keys.store_id,
            row.subject_id,
            row.record_id,
            row.version,
            row.topic,
            row.schema_version,
            row.key_id,
        )
        plaintext = cipher.open(row.body, bound)
        event, purpose = decode_event(
            row.kind, row.topic, row.schema_version, (row.record_id, row.version, row.recorded_at), plaintext
        )
        return OpenedEvent(row, event, purpose)

    def preload(self, rows: Iterable[EventRow]) -> None:
        """Fetch the keys of many rows at once."""
        named = [(row.subject_id, row.key_id, row.record_id) for row in rows if row.key_id and row.body]
        self._keys.preload((subject_id, key_id) for subject_id, key_id, _ in named)
        self._keys.preload_records((key_id, record_id) for _, key_id, record_id in named)
