"""Documents for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from domain.catalogue import topic_of
from domain.personal.document import Document
from domain.shared.record import Origin
from domain.shared.values import StoredContent, new_id

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
SCAN = StoredContent(new_id(), 1000, "application/pdf")
SIGNED = StoredContent(new_id(), 1100, "application/pdf")


def received(**content: Any) -> Document:
    given: dict[str, Any] = {"content": SCAN, "created_at": NOON}
    return Document.receive(Origin(new_id()), "Lease", **given | content)


def topics(document: Document) -> list[str]:
    return [
        topic_of(cast("type[Document.Event]", type(event)), Document) for event in document.pending_events
    ]
