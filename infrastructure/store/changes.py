"""What events did to records, field by field: the history of one record, the difference between two moments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Any
from uuid import UUID

from domain.catalogue import KINDS
from domain.shared.record import Record, state_of
from infrastructure.errors import Erased
from infrastructure.ledger.moments import Span
from infrastructure.ledger.repository import SHORT, Loaded, Repository
from infrastructure.ledger.sealing import ErasedEvent, OpenedEvent
from infrastructure.store.engine import Engine

TOGETHER = 500  # records

NOT_SHOWN = "edited_fields"
"""The only field of the state that says nothing about the world."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a record before and after."""

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
    """Why the command was given."""
    reason: str | None
    """Why the record changed, where the event says so."""
    fields: tuple[FieldChange, ...]


class Became(StrEnum):
    """What a record became between two moments."""

    CREATED = "created"
    CHANGED = "changed"
    TRASHED = "trashed"
    RESTORED = "restored"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of one record between two moments; nothing can be said of the fields of an erased one."""

    record_id: UUID
    kind: str | None
    became: Became
    fields: tuple[FieldChange, ...] = ()


def changes_of(events: Iterable[OpenedEvent | ErasedEvent]) -> Iterator[Change]:
    """Yield what each event of a record changed, oldest first; behind an erased one, that there was an event."""
    record: Record | None = None
    for item in events:
        row = item.row
        if isinstance(item, ErasedEvent):
            record = None
            yield Change(row.version, row.recorded_at, "erased", row.actor_id, row.command_id, None, None, ())
            continue
        before = state_of(record) if record is not None else {}
        if record is not None or row.version == 1:
            record = item.event.mutate(record)
        after = state_of(record) if record is not None else {}
        yield Change(
            row.version,
            row.recorded_at,
            row.topic or "",
            row.actor_id,
            row.command_id,
            item.purpose,
            getattr(item.event, "reason", None),
            fields_between(before, after),
        )


def differences(engine: Engine, subject_id: UUID, spans: Iterable[Span]) -> Iterator[Difference]:
    """Yield what became of records over stretches of their streams; none where they ended as they began."""
    spans = (span for span in spans if span.kind is None or span.kind in KINDS)
    while chunk := list(islice(spans, TOGETHER)):
        before = load_short(engine, subject_id, {span.record_id: span.before for span in chunk})
        after = load_short(engine, subject_id, {span.record_id: span.after for span in chunk})
        for span in chunk:
            found = _difference(engine.repository, subject_id, span, before, after)
            if found is not None:
                yield found


def load_short(engine: Engine, subject_id: UUID, versions: Mapping[UUID, int]) -> dict[UUID, Loaded]:
    """Load records at versions in one query; without the long and the erased ones, which are loaded singly."""
    short = {record_id: version for record_id, version in versions.items() if 0 < version <= SHORT}
    return engine.repository.fold_each(engine.moments.streams(subject_id, short)) if short else {}


def fields_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    """Return the fields that differ between two states; a state that is not there yet has none."""
    return tuple(
        FieldChange(name, before.get(name), value)
        for name, value in after.items()
        if name != NOT_SHOWN and before.get(name) != value
    )


def _difference(
    repository: Repository,
    subject_id: UUID,
    span: Span,
    before: Mapping[UUID, Loaded],
    after: Mapping[UUID, Loaded],
) -> Difference | None:
    try:
        was = _state_at(repository, subject_id, span.record_id, span.before, before)
        is_then = _state_at(repository, subject_id, span.record_id, span.after, after)
    except Erased:
        return Difference(span.record_id, span.kind, Became.ERASED)
    fields = fields_between(was, is_then)
    return Difference(span.record_id, span.kind, _became(was, is_then), fields) if fields else None


def _state_at(
    repository: Repository, subject_id: UUID, record_id: UUID, version: int, found: Mapping[UUID, Loaded]
) -> dict[str, Any]:
    if version == 0:
        return {}
    loaded = found.get(record_id) or repository.load(subject_id, record_id, version=version)
    return state_of(loaded.record) if loaded is not None else {}


def _became(before: Mapping[str, Any], after: Mapping[str, Any]) -> Became:
    if not before:
        return Became.CREATED
    was, is_now = before["deleted_at"] is not None, after["deleted_at"] is not None
    if was == is_now:
        return Became.CHANGED
    return Became.TRASHED if is_now else Became.RESTORED
