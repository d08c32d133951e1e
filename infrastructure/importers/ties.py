"""Ties an imported record to others of its file: what is attached to it, what it lies under and what it waits for.

Each tie is made once and noted under a blind name of both ends, so that one the person cuts stays cut.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from domain.catalogue import kind_named
from domain.shared.commands import commands_of
from domain.shared.errors import IllegalTransition, InvalidInput, PeerUnusable, RecordTrashed, RuleBroken
from domain.shared.record import Record
from domain.shared.values import StoredContent
from infrastructure.crypto.cipher import derive
from infrastructure.errors import Erased, NotFound, ProcessingRestricted
from infrastructure.importers.attempt import Attempt, Named, NamedAttached, NamedAwaited
from infrastructure.store.unit_of_work import UnitOfWork


def tie(batch: Attempt, named: Named, record_id: UUID) -> bool:
    """Make the ties of a draft that never were; return whether that changed its record.

    What the records' states do not allow (a locked note takes no file, a task that is done waits for none) is left
    for a later import.
    """
    changed = [_attach(batch, file, record_id) for file in named.files]
    changed += [_await(batch, first, record_id) for first in named.awaited]
    return any([*changed, _nest(batch, named, record_id)])


def give(record: Record, verb: str, arguments: Mapping[str, Any]) -> None:
    """Give a record a command; raises what the command does."""
    command = commands_of(type(record))[verb]
    getattr(record, command.verb)(**command.arguments((), arguments))


def _attach(batch: Attempt, file: NamedAttached, record_id: UUID) -> bool:
    found = batch.known.get(file.source)
    file_id = found.record_id if found else batch.holder(kind_named(file.attached.kind), file.attached.sha256)
    if file_id is None or _is_noted(batch, file.link, file_id):
        return False
    content = _content_of(batch.work, file_id)
    if content is None:
        return False
    verb = file.attached.verb
    arguments = (
        {"name": file.attached.name, "content": content} if verb == "attach" else {"media_id": file_id}
    )
    return _tied(batch, record_id, verb, arguments, file.link, file_id)


def _nest(batch: Attempt, named: Named, record_id: UUID) -> bool:
    above = batch.known.get(named.under) if named.under is not None else None
    if above is None:
        return False
    name = named.under_name(batch.secret)
    if _is_noted(batch, name, above.record_id):
        return False
    return _tied(batch, record_id, "nest_under", {"parent_id": above.record_id}, name, above.record_id)


def _await(batch: Attempt, first: NamedAwaited, record_id: UUID) -> bool:
    found = batch.known.get(first.source)
    if found is None or _is_noted(batch, first.link, found.record_id):
        return False
    arguments = {"predecessor_id": found.record_id, "lag_minutes": first.awaited.lag_minutes}
    return _tied(batch, record_id, "add_dependency", arguments, first.link, found.record_id)


def _tied(
    batch: Attempt, record_id: UUID, verb: str, arguments: Mapping[str, Any], name: bytes, other_id: UUID
) -> bool:
    record = batch.work.existing(record_id)
    before = record.version
    try:
        give(record, verb, arguments)
    except RecordTrashed:
        raise
    except (IllegalTransition, InvalidInput, PeerUnusable, RuleBroken):
        return False
    batch.note(name, record_id, _digest(batch, other_id))
    return record.version > before


def _is_noted(batch: Attempt, name: bytes, other_id: UUID) -> bool:
    known = batch.known.get(name)
    return known is not None and known.digest == _digest(batch, other_id)


def _digest(batch: Attempt, other_id: UUID) -> bytes:
    return derive(batch.secret, b"attached", other_id.bytes)


def _content_of(work: UnitOfWork, record_id: UUID) -> StoredContent | None:
    """Return the content of a medium or a document; None where it is in the trash, erased or restricted.

    Whoever names it needs no digest, which would outlive the record there when it is erased.
    """
    try:
        record = work.existing(record_id)
    except (NotFound, Erased, ProcessingRestricted):
        return None
    content: StoredContent | None = record.content  # type: ignore[attr-defined]  # only such records are attached
    return None if record.deleted_at is not None or content is None else replace(content, digest=None)
