"""The ledger as an aggregate recorder of the eventsourcing library, bound to one subject.

It shows that the ledger keeps the library's contract (its own conformance tests run on it) and lets tools
made for the library read and write one person's streams. State is stored as given: seal it before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from eventsourcing.persistence import AggregateRecorder, IntegrityError, OperationalError, StoredEvent

from domain.shared.values import new_id
from infrastructure.crypto.keyring import EVERYONE
from infrastructure.errors import Unavailable, VersionConflict
from infrastructure.ledger.events import Append, Attribution, SealedEvent
from infrastructure.ledger.ledger import Ledger


class SubjectRecorder(AggregateRecorder):
    """Records the events of one subject. Safe to share between threads."""

    def __init__(self, ledger: Ledger, subject_id: UUID) -> None:
        self._ledger = ledger
        self._subject_id = subject_id

    def insert_events(self, stored_events: Sequence[StoredEvent], **_kwargs: Any) -> None:  # noqa: ANN401 - the library's signature
        """Append events, all or none; raises the library's IntegrityError and OperationalError."""
        if not stored_events:
            return
        command_id = new_id()
        events = [_sealed(event) for event in stored_events]
        by = Attribution(self._subject_id, command_id, command_id)
        try:
            fences = self._ledger.fences.known(self._subject_id).count
            self._ledger.append(Append(self._subject_id, events, by, command_id.bytes, fences=fences))
        except VersionConflict:
            raise IntegrityError from None
        except Unavailable:
            raise OperationalError from None

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Return the events of a stream with gt < version <= lte; raises the library's OperationalError."""
        record_id = originator_id if isinstance(originator_id, UUID) else UUID(originator_id)
        bounds = {"after": gt} if gt is not None else {}
        if lte is not None:
            bounds["up_to"] = lte
        try:
            rows = self._ledger.stream(self._subject_id, record_id, **bounds)
        except Unavailable:
            raise OperationalError from None
        found = [StoredEvent(row.record_id, row.version, row.topic or "", row.body or b"") for row in rows]
        return (found[::-1] if desc else found)[:limit]


def _sealed(event: StoredEvent) -> SealedEvent:
    record_id = event.originator_id if isinstance(event.originator_id, UUID) else UUID(event.originator_id)
    digest = sha256(event.topic.encode() + event.state).digest()
    return SealedEvent(
        record_id,
        event.originator_version,
        "",
        event.topic,
        0,
        EVERYONE,
        datetime.now(UTC),
        event.state,
        digest,
    )
