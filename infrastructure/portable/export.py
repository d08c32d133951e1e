"""Writes a portable copy of one person's records: what they are now, and everything that happened to them."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from pydantic_core import to_json

from domain.catalogue import KINDS
from domain.shared import clock
from domain.shared.record import Record
from infrastructure.errors import ConfigurationError, CopyUnusable, Erased
from infrastructure.ledger.buckets import bucket_of
from infrastructure.ledger.codec import encode_event, encode_state, schema_version_of
from infrastructure.ledger.sealing import ErasedEvent, OpenedEvent
from infrastructure.portable.age import (
    AgeKey,
    AgeLock,
    Key,
    Lock,
    Unlocked,
    locked_with,
    new_identity,
    unlocked_with,
)
from infrastructure.portable.copy import (
    CONTENT,
    FORMAT,
    IDENTITY,
    CopiedContent,
    CopiedFile,
    CopyManifest,
    digest_of_file,
    write_manifest,
)
from infrastructure.store.session import Session

ERASED = "erased"
"""The file of records of which not even the kind is known any more."""

PAGE_EVENTS = 2000
_NOT_EMPTY = "a portable copy is written into an empty folder"


def export(session: Session, folder: Path, lock: Lock) -> CopyManifest:
    """Write the copy into an empty folder, made with mode 0700; return its manifest.

    Raises ConfigurationError where the folder is not empty, CopyUnusable where it cannot be written, Unavailable.
    """
    exporting = _Exporting(session, folder, lock)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(item.name != IDENTITY for item in folder.iterdir()):
            raise ConfigurationError(_NOT_EMPTY)
        by_kind = exporting.records()
        files = [exporting.kind(kind, by_kind[kind]) for kind in (*KINDS, ERASED) if by_kind[kind]]
        content = [each for each in exporting.content() if each is not None]
        manifest = CopyManifest(
            FORMAT,
            clock.now(),
            session.subject_id,
            not isinstance(lock, Unlocked),
            tuple(files),
            tuple(content),
        )
        write_manifest(folder, manifest)
    except OSError as error:
        msg = f"the portable copy cannot be written: {os.strerror(error.errno or 0)}"
        raise CopyUnusable(msg) from None
    return manifest


def locked_by_passphrase(folder: Path, passphrase: str) -> Lock:
    """Return the lock of a copy that a passphrase opens; puts what it opens with into the folder.

    Raises CopyUnusable where that cannot be written.
    """
    identity, recipient = new_identity()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise ConfigurationError(_NOT_EMPTY)
        (folder / IDENTITY).write_bytes(locked_with(passphrase, identity))
    except OSError as error:
        msg = f"the portable copy cannot be written: {os.strerror(error.errno or 0)}"
        raise CopyUnusable(msg) from None
    return AgeLock([recipient])


def unlocked_by_passphrase(folder: Path, passphrase: str) -> Key:
    """Return the key of a copy that a passphrase opens; raises CopyUnusable."""
    try:
        sealed = (folder / IDENTITY).read_bytes()
    except OSError:
        msg = "the copy was encrypted to a recipient: say which identity file opens it"
        raise CopyUnusable(msg) from None
    return AgeKey(unlocked_with(passphrase, sealed))


class _Exporting:
    """One export under way."""

    def __init__(self, session: Session, folder: Path, lock: Lock) -> None:
        self._session = session
        self._engine = session.engine
        self._folder = folder
        self._lock = lock

    def records(self) -> dict[str, list[UUID]]:
        """Return the person's records by kind, in the order in which they began."""
        subject_id, ledger = self._session.subject_id, self._engine.ledger
        found: dict[str, dict[UUID, None]] = defaultdict(dict)
        after = 0
        while rows := ledger.tail(bucket_of(subject_id), after, PAGE_EVENTS):
            for row in rows:
                if row.subject_id == subject_id and row.version == 1:
                    found[row.kind or ERASED][row.record_id] = None
            after = rows[-1].position
        return defaultdict(list, {kind: list(records) for kind, records in found.items()})

    def kind(self, kind: str, records: Sequence[UUID]) -> CopiedFile:
        """Write the file of one kind."""
        counted = _Counted()
        name = f"{kind}.jsonl{self._lock.suffix}"
        self._write(name, counted.lines(self._line(record_id, kind) for record_id in records))
        return CopiedFile(name, digest_of_file(self._folder / name) or "", counted.records, counted.events)

    def content(self) -> Iterator[CopiedContent | None]:
        """Write all content, each in a file named after its random id."""
        for blob_id, record_id in self._engine.blobs.of_person(self._session.subject_id):
            name = f"{CONTENT}/{blob_id.hex}{self._lock.suffix}"
            try:
                self._write(name, self._engine.blobs.read(self._session.subject_id, blob_id))
            except Erased:
                (self._folder / name).unlink(missing_ok=True)
                continue
            file = CopiedFile(name, digest_of_file(self._folder / name) or "")
            yield CopiedContent(blob_id, record_id, file)

    def _write(self, name: str, pieces: Iterable[bytes]) -> None:
        path = self._folder / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            self._lock.write(pieces, file)

    def _line(self, record_id: UUID, kind: str) -> dict[str, Any]:
        history = self._engine.repository.history(self._session.subject_id, record_id)
        record: Record | None = None
        for item in history:
            if isinstance(item, OpenedEvent):
                record = item.event.mutate(record)
        return {
            "id": record_id,
            "kind": kind,
            "version": len(history),
            "state": orjson.loads(encode_state(record)) if record is not None else None,
            "history": [_happened(item) for item in history],
        }


class _Counted:
    """Counts what goes by."""

    def __init__(self) -> None:
        self.records = 0
        self.events = 0

    def lines(self, records: Iterable[dict[str, Any]]) -> Iterator[bytes]:
        for record in records:
            self.records += 1
            self.events += len(record["history"])
            yield to_json(record) + b"\n"


def _happened(item: OpenedEvent | ErasedEvent) -> dict[str, Any]:
    row = item.row
    if isinstance(item, ErasedEvent):
        return {"version": row.version, "erased": True}
    body = orjson.loads(encode_event(item.event, item.purpose))
    return {
        "version": row.version,
        "at": row.recorded_at,
        "action": row.topic,
        "schema": schema_version_of(type(item.event)),
        "actor": row.actor_id,
        "correlation": row.correlation_id,
        "causation": row.causation_id,
        "purpose": body["purpose"],
        "data": body["data"],
    }
