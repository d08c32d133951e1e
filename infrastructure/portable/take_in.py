"""Takes a portable copy in: every event as it was, sealed anew under this store's keys, through its append.

What is there already is recognised by record and version, so a copy may be taken in twice, or again after it
was broken off.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from pydantic import TypeAdapter, ValidationError

from domain.catalogue import UnknownKind, kind_named
from domain.shared.peers import NoPeers
from domain.shared.record import Record, attach, copied
from domain.shared.values import new_id
from infrastructure.crypto.period_key import PeriodKey
from infrastructure.errors import (
    ClaimTaken,
    ContentOfAnother,
    CopyUnusable,
    CorruptEvent,
    Erased,
    SourceAlreadyKept,
    VersionConflict,
)
from infrastructure.ledger.codec import decode_event
from infrastructure.ledger.events import Attribution, BlobEntry, SourceEntry
from infrastructure.ledger.sealing import OpenedEvent
from infrastructure.portable.age import Key
from infrastructure.portable.copy import CopiedContent, CopyManifest
from infrastructure.portable.export import ERASED
from infrastructure.store.blind_names import blind_source
from infrastructure.store.session import Session
from infrastructure.store.unit_of_work import NOTHING_KEPT, Standing, UnitOfWork, standing_of

BATCH_EVENTS = 500
LINE_BYTES = 256 << 20


@dataclass(slots=True)
class TakenIn:
    """What became of the records of a copy."""

    created: int = 0
    continued: int = 0
    """Records that were there with the beginning of their history."""
    unchanged: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    """By reason: erased, changed (there with another history), duplicate, another person, invalid."""
    events: int = 0


@dataclass(frozen=True, slots=True)
class _Said:
    """An event with who caused it and why."""

    event: Record.Event
    cause: tuple[UUID, UUID, UUID | None, str | None]


@dataclass(slots=True)
class _Segment:
    """Events of one record that follow each other and have one cause, and the record as it is after them."""

    record: Record
    key: PeriodKey
    events: list[Record.Event]
    found: Standing
    last: Standing
    blobs: list[BlobEntry]
    begins: bool
    """Whether these are the first events of the record that are taken in."""

    @property
    def is_new(self) -> bool:
        """Whether the record begins with these events."""
        return self.events[0].originator_version == Record.INITIAL_VERSION


def take_in(session: Session, folder: Path, manifest: CopyManifest, key: Key) -> TakenIn:
    """Take a copy in for one person; raises CopyUnusable, ContentOfAnother, Unavailable, KeyUnavailable.

    The person's own record is taken in where they are the same as in the copy. The rules that hold between
    records (unique values, known sources) hold here too; what a command once allowed is not judged again.
    """
    if session.engine.blobs.is_anothers(session.subject_id, (each.blob_id for each in manifest.content)):
        raise ContentOfAnother  # it lies under the ids it had, of which there is one place each
    taking = _TakingIn(session, folder, manifest, key)
    for file in manifest.files:
        with (folder / file.name).open("rb") as source:
            for line in _lines(key.read(source)):
                taking.record(line)
    taking.flush()
    return taking.taken


class _TakingIn:
    """One copy while it is taken in."""

    def __init__(self, session: Session, folder: Path, manifest: CopyManifest, key: Key) -> None:
        self._session = session
        self._engine = session.engine
        self._folder = folder
        self._manifest = manifest
        self._key = key
        self._batch: list[_Segment] = []
        self._cause: tuple[UUID, UUID, UUID | None, str | None] | None = None
        self._refused: set[UUID] = set()
        self._content: dict[UUID, list[CopiedContent]] = defaultdict(list)
        for each in manifest.content:
            self._content[each.record_id].append(each)
        self.taken = TakenIn()

    def record(self, line: bytes) -> None:
        """Take in one record with its history."""
        try:
            said = orjson.loads(line)
            record_id = UUID(said["id"])
            if said["kind"] == ERASED or any(item.get("erased") for item in said["history"]):
                self.taken.skipped["erased"] += 1
                return
            if record_id == self._manifest.subject_id != self._session.subject_id:
                self.taken.skipped["another person"] += 1
                return
            history = [_said(said["kind"], record_id, item) for item in said["history"]]
            kind = kind_named(said["kind"])
            if not history or [each.event.originator_version for each in history] != list(
                range(1, len(history) + 1)
            ):
                raise CorruptEvent  # noqa: TRY301 - one place says what an unreadable record is
        except (
            orjson.JSONDecodeError,
            KeyError,
            TypeError,
            ValueError,
            AttributeError,
            CorruptEvent,
            UnknownKind,
        ):
            self.taken.skipped["invalid"] += 1
            return
        try:
            self._known_or_new(kind, record_id, history)
        except Erased:
            self.taken.skipped["erased"] += 1

    def flush(self) -> None:
        """Append what is gathered."""
        batch, self._batch = self._batch, []
        self._append(batch)

    def _known_or_new(self, kind: type[Record], record_id: UUID, history: Sequence[_Said]) -> None:
        self._flush_if_full()
        loaded = self._engine.repository.load(self._session.subject_id, record_id)
        if loaded is None:
            created = history[0].event.timestamp
            key = self._engine.repository.key_for_new(self._session.subject_id, kind, created)
            self._gather(None, key, history, self._stored(record_id, key))
            return
        attach(loaded.record, self._session.subject_id, NoPeers())
        version = loaded.record.version
        if not self._same(record_id, history, min(version, len(history))):
            self.taken.skipped["changed"] += 1
        elif version >= len(history):
            self.taken.unchanged += 1
        else:
            self._gather(loaded.record, loaded.key, history[version:], self._stored(record_id, loaded.key))

    def _same(self, record_id: UUID, history: Sequence[_Said], version: int) -> bool:
        """Return whether an event is the same here and in the copy."""
        rows = self._engine.ledger.stream(
            self._session.subject_id, record_id, after=version - 1, up_to=version
        )
        opened = self._engine.sealer.open(rows[0])
        return isinstance(opened, OpenedEvent) and opened.event == history[version - 1].event

    def _gather(
        self, record: Record | None, key: PeriodKey, history: Sequence[_Said], blobs: list[BlobEntry]
    ) -> None:
        segment: _Segment | None = None
        begins = True
        found, last = self._standings(record, history)
        for said in history:
            if segment is None or said.cause != self._cause:
                if said.cause != self._cause or len(self._batch) >= BATCH_EVENTS:
                    self.flush()
                    if record is not None and record.id in self._refused:
                        return
                self._cause = said.cause
                segment = None
            record = said.event.mutate(record)
            if segment is None:
                segment = _Segment(record, key, [], found, last, blobs, begins)
                self._batch.append(segment)
                blobs, begins, found = [], False, last
            segment.record = record
            segment.events.append(said.event)

    def _standings(self, record: Record | None, history: Sequence[_Said]) -> tuple[Standing, Standing]:
        """Return what the ledger keeps of a record now and what it is to keep after its whole history.

        What it held in between may be another's by now, who is taken in first.
        """
        found = NOTHING_KEPT if record is None else standing_of(record)
        last = None if record is None else copied(record)
        for said in history:
            last = said.event.mutate(last)
        if last is None:
            raise CorruptEvent
        return found, standing_of(last)

    def _flush_if_full(self) -> None:
        if sum(len(segment.events) for segment in self._batch) >= BATCH_EVENTS:
            self.flush()

    def _append(self, batch: Sequence[_Segment]) -> None:
        """Append in one transaction; where a record cannot be taken in, it alone stays out."""
        if not batch or self._cause is None:
            return
        engine, subject_id = self._engine, self._session.subject_id
        actor, correlation, causation, purpose = self._cause
        fences = engine.ledger.fences.known(subject_id)
        work = UnitOfWork(subject_id, engine.repository, engine.sealer, engine.keys, fences)
        secret = engine.keys.subject_secret(subject_id, "index")
        for segment in batch:
            work.carry_over(segment.record, segment.key, segment.events, segment.found, segment.last)
            work.blobs += segment.blobs
            if segment.is_new and segment.record.source is not None:
                source = segment.record.source
                blind = blind_source(secret, segment.record.KIND, source.platform, source.object_id)
                work.sources.append(SourceEntry(blind, segment.record.id, b""))
        command_id = new_id()
        append = work.append(
            Attribution(actor, command_id, correlation, causation), command_id.bytes, purpose
        )
        if append is None:
            return
        try:
            engine.ledger.append(append)
        except (ClaimTaken, SourceAlreadyKept, VersionConflict):
            if len(batch) == 1:
                self._refuse(batch[0])
                return
            half = len(batch) // 2
            self._append(batch[:half])
            self._append(batch[half:])
            return
        self.taken.events += len(append.events)
        self.taken.created += sum(segment.begins and segment.is_new for segment in batch)
        self.taken.continued += sum(segment.begins and not segment.is_new for segment in batch)
        engine.bell.ring()
        work.after_commit()

    def _refuse(self, segment: _Segment) -> None:
        self._refused.add(segment.record.id)
        self.taken.skipped["duplicate"] += 1

    def _stored(self, record_id: UUID, key: PeriodKey) -> list[BlobEntry]:
        """Store the content of a record under the ids it had."""
        if record_id not in self._content:
            return []
        known = {blob_id for blob_id, _ in self._engine.blobs.of_person(self._session.subject_id)}
        return [self._store(each, key) for each in self._content[record_id] if each.blob_id not in known]

    def _store(self, content: CopiedContent, key: PeriodKey) -> BlobEntry:
        with ExitStack() as open_files:
            source = open_files.enter_context((self._folder / content.file.name).open("rb"))
            stream = BufferedReader(_Stream(self._key.read(source)))
            stored = self._engine.blobs.store(
                self._session.subject_id, content.record_id, key, "", stream, blob_id=content.blob_id
            )
        return stored.entry


class _Stream(RawIOBase):
    """Pieces as a file to read from."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held = b""

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - whatever takes bytes
        """Read into a buffer."""
        while not self._held:
            try:
                self._held = next(self._pieces)
            except StopIteration:
                return 0
        size = min(len(buffer), len(self._held))
        buffer[:size], self._held = self._held[:size], self._held[size:]
        return size


_MOMENT = TypeAdapter(datetime)


def _said(kind: str, record_id: UUID, item: dict[str, Any]) -> _Said:
    try:
        at = _MOMENT.validate_python(item["at"])
    except ValidationError:
        raise CorruptEvent from None
    if at.tzinfo is None:
        raise CorruptEvent
    body = orjson.dumps({"purpose": item["purpose"], "data": item["data"]})
    envelope = (record_id, int(item["version"]), at)
    event, purpose = decode_event(kind, item["action"], int(item["schema"]), envelope, body)
    causation = UUID(item["causation"]) if item["causation"] else None
    return _Said(event, (UUID(item["actor"]), UUID(item["correlation"]), causation, purpose))


def _lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield lines; raises CopyUnusable where one is longer than any record, or the last one is cut off."""
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        first, *lines = piece.split(b"\n")
        held.append(first)
        size += len(first)
        if size > LINE_BYTES:
            raise CopyUnusable
        for line in lines:
            yield b"".join(held)
            held, size = [line], len(line)
    if size:
        raise CopyUnusable
