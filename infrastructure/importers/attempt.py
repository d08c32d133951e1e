"""One attempt at a batch of drafts: what is known of their names, and what is to be noted under them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from domain.shared.peers import Claim
from domain.shared.record import Record
from infrastructure.crypto.cipher import KEY_BYTES, blind, derive
from infrastructure.importers.draft import Attached, Draft
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
class Named:
    """A draft with the blind name of its source; ``number`` counts those of the same source in a file."""

    draft: Draft
    source: bytes
    number: int
    files: Sequence[NamedAttached] = ()

    def revision_name(self, secret: bytes) -> bytes:
        """Return the blind name under which the highest revision of the source is noted."""
        return blind(secret, "revision", self.source.hex())

    def word_name(self, secret: bytes, speaker: str) -> bytes:
        """Return the blind name of what a speaker says of the source.

        A file may hold the same source several times, so its words are counted.
        """
        return blind(secret, "word", self.source.hex(), speaker, str(self.number))


def named(draft: Draft, source: bytes, platform: str, secret: bytes, number: int) -> Named:
    """Return a draft with the blind name of its source and those of its files, each once."""
    files = []
    for each in dict.fromkeys(draft.attached):
        file = blind_source(secret, each.kind, platform, each.source_id)
        files.append(NamedAttached(each, file, blind(secret, "attached", source.hex(), file.hex())))
    return Named(draft, source, number, files)


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
