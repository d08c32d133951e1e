"""One attempt at a batch of drafts: what is known of their names, and what is to be noted under them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from domain.shared.peers import Claim
from domain.shared.record import Record
from infrastructure.crypto.cipher import KEY_BYTES, blind, derive
from infrastructure.importers.draft import Attached, Awaited, Draft
from infrastructure.ledger.events import SourceEntry
from infrastructure.store.blind_names import blind_source, claim_digest
from infrastructure.store.engine import Engine
from infrastructure.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class NamedAttached:
    """A file that is attached to a draft's record: the blind name of its source, and that of its being attached."""

    attached: Attached
    source: bytes
    link: bytes


@dataclass(frozen=True, slots=True)
class NamedAwaited:
    """A task that a draft's waits for: the blind name of its source, and that of its being waited for."""

    awaited: Awaited
    source: bytes
    link: bytes


@dataclass(frozen=True, slots=True)
class Named:
    """A draft with the blind name of its source; ``number`` counts those of the same source in a file."""

    draft: Draft
    source: bytes
    number: int
    files: Sequence[NamedAttached] = ()
    under: bytes | None = None
    """The name of what its record lies under."""
    awaited: Sequence[NamedAwaited] = ()
    apart: Named | None = None
    """The same draft by the name of its place."""

    def under_name(self, secret: bytes) -> bytes:
        """Return the blind name under which its lying there is noted."""
        return blind(secret, "under", self.source.hex(), (self.under or b"").hex())

    def names(self, secret: bytes) -> Iterator[bytes]:
        """Yield the names by which this draft, and what it names, may be known."""
        yield self.source
        for file in self.files:
            yield from (file.source, file.link)
        for first in self.awaited:
            yield from (first.source, first.link)
        if self.under is not None:
            yield from (self.under, self.under_name(secret))
        if self.apart is not None:
            yield from self.apart.names(secret)

    def revision_name(self, secret: bytes) -> bytes:
        """Return the blind name under which the highest revision of the source is noted."""
        return blind(secret, "revision", self.source.hex())

    def word_name(self, secret: bytes, speaker: str) -> bytes:
        """Return the blind name of what a speaker says of the source.

        A file may hold the same source several times, so its words are counted.
        """
        return blind(secret, "word", self.source.hex(), speaker, str(self.number))


def named(draft: Draft, platform: str, secret: bytes, number: Callable[[bytes], int]) -> Named:
    """Return a draft with the blind names of its source and of what it names; ``number`` counts sources."""
    source = blind_source(secret, draft.kind, platform, draft.source_id)
    files = []
    for each in dict.fromkeys(draft.attached):
        file = blind_source(secret, each.kind, platform, each.source_id)
        files.append(NamedAttached(each, file, blind(secret, "attached", source.hex(), file.hex())))
    under = None if draft.under is None else blind_source(secret, draft.kind, platform, draft.under)
    awaited = []
    for first in draft.awaited:
        task = blind_source(secret, draft.kind, platform, first.source_id)
        awaited.append(NamedAwaited(first, task, blind(secret, "awaited", source.hex(), task.hex())))
    apart = None
    if draft.apart is not None:
        apart = named(replace(draft, source_id=draft.apart, apart=None), platform, secret, number)
    return Named(draft, source, number(source), files, under, awaited, apart)


@dataclass(slots=True)
class Known:
    """What the ledger, or this batch, knows of a name: the record, and a digest of what was said.

    A source keeps what was said when the record was made. What a speaker says of it later, and differently,
    is kept under a name of its own.
    """

    record_id: UUID
    digest: bytes


@dataclass(slots=True)
class Attempt:
    """One attempt at a batch."""

    work: UnitOfWork
    engine: Engine
    subject_id: UUID
    secret: bytes
    known: dict[bytes, Known]
    stored: frozenset[bytes]
    """The names the ledger has already."""
    sources: dict[bytes, SourceEntry] = field(default_factory=dict)
    _holders: dict[Claim, UUID] = field(default_factory=dict)

    def note(self, name: bytes, record_id: UUID, digest: bytes) -> None:
        """Remember what was said under a name, in this batch and with its append."""
        self.known[name] = Known(record_id, digest)
        self.sources[name] = SourceEntry(name, record_id, digest, known=name in self.stored)

    def revision(self, named: Named) -> int:
        """Return the highest revision that was heard of a source; 0 is not noted."""
        known = self.known.get(named.revision_name(self.secret))
        return 0 if known is None else int.from_bytes(self._veiled(known.digest, named))

    def note_revision(self, named: Named, record_id: UUID) -> None:
        """Remember the revision of what was said of a source."""
        number = named.draft.revision
        if number is not None and number > self.revision(named):
            digest = self._veiled(number.to_bytes(KEY_BYTES), named)
            self.note(named.revision_name(self.secret), record_id, digest)

    def holder(self, kind: type[Record], sha256: str) -> UUID | None:
        """Return the record that has the same content already, by the ledger or in this batch."""
        if not kind.CONTENT_CLAIM:
            return None
        claim = Claim(kind.CONTENT_CLAIM, sha256)
        if claim not in self._holders:
            digest = claim_digest(self.engine.keys, self.subject_id, claim)
            found = self.engine.repository.holders(self.subject_id, [digest])
            if digest not in found:
                return None
            self._holders[claim] = found[digest]
        return self._holders[claim]

    def hold(self, kind: type[Record], sha256: str, record_id: UUID) -> None:
        """Remember that a record that is made in this batch has some content."""
        if kind.CONTENT_CLAIM:
            self._holders[Claim(kind.CONTENT_CLAIM, sha256)] = record_id

    def _veiled(self, number: bytes, named: Named) -> bytes:
        """Return a revision as the ledger keeps it, where a digest has its place, and the other way round."""
        veil = derive(self.secret, b"revision", named.source)
        return bytes(left ^ right for left, right in zip(number, veil, strict=True))
