"""The event of an erasure: which events of a bucket are erased, in ids only and in clear, for every projection.

It outlives what it erased and holds nothing about anybody, so it is not encrypted: no key has to be kept for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from infrastructure.errors import CorruptEvent
from infrastructure.ledger.events import EventRow, SealedEvent, digest_of

TOPIC = "erasure"
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class ErasedScope:
    """What an erasure takes: all events under some keys, but for those of records kept, and all of some records.

    Records kept are under a hold: they are not erased, and yet nothing of them stays in the read tables.
    """

    erasure_id: UUID
    key_ids: frozenset[UUID] = frozenset()
    record_ids: frozenset[UUID] = frozenset()
    kept: frozenset[UUID] = frozenset()

    def covers(self, row: EventRow) -> bool:
        """Return whether an event is erased."""
        return row.record_id in self.record_ids or (
            row.key_id in self.key_ids and row.record_id not in self.kept
        )

    def withdraws(self, row: EventRow) -> bool:
        """Return whether an event has no place in the read tables any more."""
        return row.key_id in self.key_ids or row.record_id in self.record_ids or row.record_id in self.kept


def is_erasure(row: EventRow) -> bool:
    """Return whether a row is the event of an erasure."""
    return row.topic == TOPIC and row.key_id is None


def erasure_event(store_id: UUID, subject_id: UUID, scope: ErasedScope, recorded_at: datetime) -> SealedEvent:
    """Return the event of an erasure, ready to be stored."""
    body = orjson.dumps(
        {
            "erasure_id": scope.erasure_id,
            "key_ids": _listed(scope.key_ids),
            "record_ids": _listed(scope.record_ids),
            "kept": _listed(scope.kept),
        }
    )
    digest = digest_of(erasure_binding(store_id, subject_id, scope.erasure_id), body)
    return SealedEvent(scope.erasure_id, 1, None, TOPIC, SCHEMA_VERSION, None, recorded_at, body, digest)


def decode_erasure(store_id: UUID, row: EventRow) -> ErasedScope:
    """Return what an erasure took; raises CorruptEvent where body, digest and place do not belong together."""
    body = row.body or b""
    if digest_of(erasure_binding(store_id, row.subject_id, row.record_id), body) != row.digest:
        raise CorruptEvent
    try:
        said = orjson.loads(body)
        return ErasedScope(
            UUID(said["erasure_id"]),
            *(frozenset(map(UUID, said[name])) for name in ("key_ids", "record_ids", "kept")),
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise CorruptEvent from None


def erasure_binding(store_id: UUID, subject_id: UUID, erasure_id: UUID) -> bytes:
    """Return what the digest of an erasure's event covers beside its body."""
    return b"lifeledger erasure\x01" + store_id.bytes + subject_id.bytes + erasure_id.bytes


def _listed(ids: Iterable[UUID]) -> list[UUID]:
    return sorted(ids)
