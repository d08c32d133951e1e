"""The shapes that travel between the domain and the events table."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

_VERSION_AND_SCHEMA = struct.Struct(">qH")


@dataclass(frozen=True, slots=True)
class Attribution:
    """Who caused events, and by which command; ids only. The purpose is free text and lies in the body."""

    actor_id: UUID
    command_id: UUID
    correlation_id: UUID
    causation_id: UUID | None = None


class SealedEvent(NamedTuple):
    """An event ready to be stored: encrypted, but without its place in the bucket.

    That of an erasure has neither kind nor key: its body holds ids only and is not encrypted.
    """

    record_id: UUID
    version: int
    kind: str | None
    topic: str
    schema_version: int
    key_id: UUID | None
    recorded_at: datetime
    body: bytes
    digest: bytes


class EventRow(NamedTuple):
    """An event as it lies in the ledger; ``body`` and what describes it are None after an erasure."""

    bucket: int
    position: int
    subject_id: UUID
    record_id: UUID
    version: int
    kind: str | None
    topic: str | None
    schema_version: int | None
    key_id: UUID | None
    recorded_at: datetime | None
    actor_id: UUID | None
    command_id: UUID | None
    correlation_id: UUID | None
    causation_id: UUID | None
    body: bytes | None
    digest: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that a command was carried out; ``find(..., after=receipt)`` sees at least its effect.

    A command that changed nothing has the position its record was at.
    """

    id: UUID
    """The record the command was given to, or made."""
    version: int
    bucket: int
    position: int
    command_id: UUID
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class ClaimChange:
    """A blind claim a record takes or gives up; ``bucket`` is its own, not always the subject's."""

    bucket: int
    claim: bytes
    record_id: UUID
    taken: bool


@dataclass(frozen=True, slots=True)
class RestrictionChange:
    """A restriction of processing that a record raises or lifts; an empty kind stands for all."""

    record_id: UUID
    kind: str
    raised: bool


@dataclass(frozen=True, slots=True)
class HoldChange:
    """A record that from now on demands to be kept, or does no longer."""

    record_id: UUID
    kind: str
    placed: bool


@dataclass(frozen=True, slots=True)
class Mention:
    """A blind e-mail address that a record names now, or names no more."""

    address: bytes
    record_id: UUID
    kind: str
    named: bool


class SourceEntry(NamedTuple):
    """The blind name of an imported thing, and a keyed digest of what its source said last."""

    source: bytes
    record_id: UUID
    content_digest: bytes
    known: bool = False
    """Whether the ledger has the name already, and is to note what was said now."""


@dataclass(frozen=True, slots=True)
class BlobEntry:
    """Content that belongs to a record; ``body`` is None where the object store has the bytes."""

    blob_id: UUID
    record_id: UUID
    key_id: UUID
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Append:
    """Everything one transaction adds to the ledger for one subject: all of it, or nothing."""

    subject_id: UUID
    events: Sequence[SealedEvent]
    attribution: Attribution
    request_digest: bytes
    read_set: Sequence[tuple[UUID, int]] = ()
    """Records the command looked at, with the versions it saw: they must still be unchanged."""
    held: Sequence[tuple[bytes, UUID | None]] = ()
    """Claims of the subject's own the command asked for, with the records it saw hold them: that must still be so."""
    claims: Sequence[ClaimChange] = ()
    sources: Sequence[SourceEntry] = ()
    blobs: Sequence[BlobEntry] = field(default=())
    restrictions: Sequence[RestrictionChange] = ()
    holds: Sequence[HoldChange] = ()
    mentions: Sequence[Mention] = ()
    fences: int | None = 0
    """The count of the bucket's fences before anything was loaded; None passes all fences."""


def associated_data(
    store_id: UUID,
    subject_id: UUID,
    record_id: UUID,
    version: int,
    topic: str,
    schema_version: int,
    key_id: UUID,
) -> bytes:
    """Return what a body is bound to: moved to any other row, it does not open."""
    return b"".join(
        (
            b"lifeledger event\x01", store_id.bytes, subject_id.bytes, record_id.bytes, key_id.bytes,
            _VERSION_AND_SCHEMA.pack(version, schema_version), topic.encode(),
        )
    )  # fmt: skip


def digest_of(bound: bytes, body: bytes) -> bytes:
    """Return the digest that proves a row: SHA-256 over the length-prefixed associated data and the ciphertext."""
    return sha256(len(bound).to_bytes(4) + bound + body).digest()
