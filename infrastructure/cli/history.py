"""The history of a record, field by field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.shared.record import Record, state_fields
from infrastructure.ledger.sealing import ErasedEvent, OpenedEvent


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a record before and after an event."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Change:
    """One event of a record; an erased one has only its place."""

    version: int
    at: datetime | None
    action: str
    actor_id: UUID | None
    command_id: UUID | None
    purpose: str | None
    fields: tuple[FieldChange, ...]


def changes_of(events: Iterable[OpenedEvent | ErasedEvent]) -> Iterator[Change]:
    """Yield what each event of a record changed, oldest first."""
    record: Record | None = None
    for item in events:
        row = item.row
        if isinstance(item, ErasedEvent):
            yield Change(row.version, row.recorded_at, "erased", row.actor_id, row.command_id, None, ())
            continue
        before = _state(record)
        record = item.event.mutate(record)
        after = _state(record)
        fields = tuple(
            FieldChange(name, before.get(name), value)
            for name, value in after.items()
            if before.get(name) != value
        )
        yield Change(
            row.version, row.recorded_at, row.topic or "", row.actor_id, row.command_id, item.purpose, fields
        )


def _state(record: Record | None) -> dict[str, Any]:
    if record is None:
        return {}
    return {name: getattr(record, name) for name in state_fields(type(record)) if name != "edited_fields"}
