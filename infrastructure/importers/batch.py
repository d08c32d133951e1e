"""Takes drafts into the ledger: recognises repeats, stores content, appends a whole batch in one transaction."""

from __future__ import annotations

import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO
from uuid import UUID

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from domain.catalogue import kind_named
from domain.shared import clock
from domain.shared.commands import Command, commands_of
from domain.shared.errors import DomainError, IllegalTransition, InvalidInput, LifeledgerError, RecordTrashed
from domain.shared.json_text import json_of
from domain.shared.record import Record, Source
from domain.shared.values import new_id
from infrastructure.blobs.blobs import PIECE_BYTES, Stored
from infrastructure.crypto.cipher import derive
from infrastructure.errors import ClaimTaken, Erased, ProcessingRestricted, SourceAlreadyKept, VersionConflict
from infrastructure.importers.attempt import Attempt, Known, Named, named
from infrastructure.importers.draft import PARTED, Content, Draft, Outcome, Refused
from infrastructure.importers.text import plain_text
from infrastructure.importers.ties import give, tie
from infrastructure.ledger.events import Attribution, BlobEntry
from infrastructure.ledger.fences import following_fences
from infrastructure.store.given import checked_slug
from infrastructure.store.session import Session
from infrastructure.store.unit_of_work import UnitOfWork

BATCH_DRAFTS = 500
BATCH_CONTENT_BYTES = 32 << 20
NOT_KNOWN = "not_known"
"""The reason why a word on a thing is skipped of which nothing is known, or not yet."""
_CODES = {RecordTrashed: "in_the_trash", Erased: "erased", ProcessingRestricted: "restricted"}
_JOINED_CHARACTERS = 10_000
ATTEMPTS = 3  # before a batch is cut in two
ATTEMPTS_ALONE = 12  # of one draft: the waits between them grow to some seconds in all


@dataclass(frozen=True, slots=True)
class Ending:
    """How one draft ended; ``reason`` is a short code where it was skipped or is invalid."""

    outcome: Outcome
    kind: str
    reason: str = ""


class Intake:
    """Takes the drafts of one file, or of one account, for one person. Not thread-safe.

    ``speaker`` names the file: several files may say different things of the same source, and each is heard
    only when it says something new, so that importing them all again changes nothing.
    """

    def __init__(
        self,
        session: Session,
        platform: str,
        speaker: str = "",
        integration_id: UUID | None = None,
        run_id: UUID | None = None,
    ) -> None:
        """Take in things of a ``platform``, a Slug; raises InvalidInput."""
        self._engine = session.engine
        self._speaker = speaker
        self._spoken: Counter[bytes] = Counter()
        self._session = session
        self._platform = checked_slug("platform", platform)
        self._integration_id = integration_id
        self.run_id = run_id or new_id()
        """The correlation id of all events of the run."""

    def take(self, drafts: Sequence[Draft]) -> list[Ending]:
        """Carry out a batch in one transaction; raises Unavailable, KeyUnavailable.

        A draft the domain refuses ends as invalid, one whose unique value is in use as a duplicate; neither
        holds up the others: a batch that such a draft is in is cut in two until it stands alone. So is one that
        others, at work on the same records, keep getting ahead of.
        """
        secret = self._secret()
        return self._take([self._named(draft, secret) for draft in drafts])

    def _take(self, drafts: Sequence[Named]) -> list[Ending]:
        if len(drafts) == 1:
            return [self._take_alone(drafts[0])]
        try:
            return self._together(drafts, ATTEMPTS) if drafts else []
        except (ClaimTaken, SourceAlreadyKept, VersionConflict):
            half = len(drafts) // 2
        return self._take(drafts[:half]) + self._take(drafts[half:])

    def _take_alone(self, draft: Named) -> Ending:
        reason = "duplicate"
        # A value taken meanwhile may be that of the same source, which is known at the second look.
        for _ in range(2):
            try:
                return self._together([draft], ATTEMPTS_ALONE)[0]
            except ClaimTaken:
                continue
            except (SourceAlreadyKept, VersionConflict):
                reason = "changed_meanwhile"
                break
        return Ending(Outcome.SKIPPED, draft.draft.kind, reason)

    def _together(self, drafts: Sequence[Named], attempts: int) -> list[Ending]:
        retrying = Retrying(
            retry=retry_if_exception_type((VersionConflict, SourceAlreadyKept)),
            stop=stop_after_attempt(attempts),
            wait=wait_random_exponential(multiplier=0.02, max=0.5),
            reraise=True,
        )
        endings: list[Ending] = retrying(following_fences, lambda: self._attempt(drafts))
        return endings

    def _attempt(self, drafts: Sequence[Named]) -> list[Ending]:
        engine, session, secret = self._engine, self._session, self._secret()
        fences = engine.ledger.fences.known(session.subject_id)
        found = engine.ledger.sources(
            session.subject_id, [name for each in drafts for name in each.names(secret)]
        )
        heard = [form for each in drafts for form in (each, each.apart) if form and form.source in found]
        if heard:
            words = [each.word_name(secret, self._speaker) for each in heard]
            revisions = [each.revision_name(secret) for each in heard]
            found |= engine.ledger.sources(session.subject_id, words + revisions)
        batch = Attempt(
            UnitOfWork(session.subject_id, engine.repository, engine.sealer, engine.keys, fences),
            engine,
            session.subject_id,
            secret,
            {name: Known(record_id, digest) for name, (record_id, digest) in found.items()},
            frozenset(found),
        )
        endings = [self._take_one(batch, each) for each in drafts]
        try:
            self._append(batch)
        except (ClaimTaken, SourceAlreadyKept, VersionConflict):
            self._engine.blobs.discard(
                batch.work.blobs
            )  # nothing was appended; of a lost reply that is not certain
            raise
        return endings

    def _append(self, batch: Attempt) -> None:
        engine, session = self._engine, self._session
        batch.work.sources = list(batch.sources.values())
        command_id = new_id()
        by = Attribution(session.actor_id, command_id, self.run_id)
        append = batch.work.append(by, command_id.bytes, session.purpose)
        if append is None:
            if batch.sources:
                engine.ledger.note_sources(session.subject_id, batch.work.sources, batch.work.known_fences)
            return
        engine.ledger.append(append)
        engine.bell.ring()
        batch.work.after_commit()

    def _take_one(self, batch: Attempt, named: Named) -> Ending:
        draft = named.draft
        try:
            return self._heard(batch, named)
        except (RecordTrashed, Erased, ProcessingRestricted, IllegalTransition) as error:
            # What became of the record since, such as that the person has merged it, or locked it.
            return Ending(Outcome.SKIPPED, draft.kind, _CODES.get(type(error)) or _code_of(error))
        except InvalidInput as error:
            return Ending(Outcome.INVALID, draft.kind, str(error))
        except (DomainError, OSError) as error:
            return Ending(Outcome.INVALID, draft.kind, type(error).__name__)

    def _heard(self, batch: Attempt, named: Named) -> Ending:
        sha256 = b"" if named.draft.content is None else _sha256(named.draft.content)
        digest = _digest(named.draft, sha256, batch.secret)
        named = self._told_apart(batch, named, digest)
        draft, source = named.draft, batch.known.get(named.source)
        if source is not None:
            return self._heard_again(batch, named, source, digest)
        if draft.verb is None:
            return Ending(Outcome.SKIPPED, draft.kind, NOT_KNOWN)
        kind = kind_named(draft.kind)
        if sha256 and batch.holder(kind, sha256.hex()) is not None:
            return Ending(Outcome.SKIPPED, draft.kind, "duplicate")
        record = self._create(batch, draft, draft.verb)
        if sha256:
            batch.hold(kind, sha256.hex(), record.id)
        batch.note(named.source, record.id, digest)
        if named.apart is not None:
            batch.note(named.word_name(batch.secret, self._speaker), record.id, digest)
        batch.note_revision(named, record.id)
        tie(batch, named, record.id)
        return Ending(Outcome.CREATED, draft.kind)

    def _told_apart(self, batch: Attempt, named: Named, digest: bytes) -> Named:
        """Return the draft by the name of its place where what is known by its other one is not it.

        That is so where this file has not spoken of it, does not say the same now, and has a namesake in the run;
        a file that was only moved has none.
        """
        known = batch.known.get(named.source)
        if named.apart is None or known is None:
            return named
        if named.apart.source in batch.known:
            return named.apart
        spoken = named.word_name(batch.secret, self._speaker) in batch.known
        return named if spoken or known.digest == digest else named.apart

    def _heard_again(self, batch: Attempt, named: Named, source: Known, digest: bytes) -> Ending:
        draft, outcome = named.draft, Outcome.UNCHANGED
        word = named.word_name(batch.secret, self._speaker)
        if batch.known.get(word, source).digest != digest and draft.update is not None:
            if draft.revision is not None and draft.revision < batch.revision(named):
                return Ending(Outcome.SKIPPED, draft.kind, "superseded")
            outcome = self._update(batch.work.existing(source.record_id), draft, draft.update)
            batch.note(word, source.record_id, digest)
            batch.note_revision(named, source.record_id)
        tied = tie(batch, named, source.record_id)
        return Ending(Outcome.REFRESHED if tied else outcome, draft.kind)

    def _create(self, batch: Attempt, draft: Draft, verb: str) -> Record:
        kind = kind_named(draft.kind)
        record_id = new_id()
        arguments = dict(draft.arguments)
        blobs: list[BlobEntry] = []
        if draft.content is not None:
            stored = self._store(batch, kind, record_id, draft.content)
            arguments[draft.content.parameter] = stored.content
            blobs.append(stored.entry)
        command = _command(kind, verb)
        source = Source(self._platform, draft.source_id, self._integration_id)
        origin = batch.work.origin(record_id, source, draft.metadata)
        try:
            record = batch.work.create(command, command.arguments((), arguments), origin)
        except LifeledgerError:
            self._engine.blobs.discard(blobs)
            raise
        batch.work.blobs += blobs
        if draft.tags:
            _refresh_tags(record, draft.tags)
        return record

    def _update(self, record: Record, draft: Draft, verb: str) -> Outcome:
        before = record.version
        give(record, verb, draft.arguments if draft.update_arguments is None else draft.update_arguments)
        # A word on a known thing, such as that it is cancelled, tells nothing of these.
        if draft.verb is not None:
            _refresh_tags(record, draft.tags)
            give(record, "refresh_metadata", {"metadata": _metadata(record, draft)})
        return Outcome.REFRESHED if record.version > before else Outcome.UNCHANGED

    def _store(self, batch: Attempt, kind: type[Record], record_id: UUID, content: Content) -> Stored:
        key = batch.work.key_for_new(kind, clock.now())
        with _opened(content) as stream:
            return self._engine.blobs.store(
                self._session.subject_id, record_id, key, content.media_type, stream
            )

    def _named(self, draft: Draft, secret: bytes) -> Named:
        return named(draft, self._platform, secret, self._number)

    def _number(self, source: bytes) -> int:
        self._spoken[source] += 1
        return self._spoken[source]

    def _secret(self) -> bytes:
        """Return the key of the person's blind names, asked for once a batch."""
        return self._engine.keys.subject_secret(self._session.subject_id, "index")


def batches(entries: Iterator[Draft | Refused]) -> Iterator[list[Draft | Refused]]:
    """Cut a file's entries into batches bounded in number and in bytes of content held in memory."""
    batch: list[Draft | Refused] = []
    held = 0
    for entry in entries:
        batch.append(entry)
        if isinstance(entry, Draft) and entry.content is not None and entry.content.data is not None:
            held += len(entry.content.data)
        if len(batch) >= BATCH_DRAFTS or held >= BATCH_CONTENT_BYTES:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


def _digest(draft: Draft, sha256: bytes, secret: bytes) -> bytes:
    """Return a keyed digest of everything a draft says, its content included, but for what is attached to it."""
    more = (draft.metadata,) if draft.metadata else ()
    wire = json_of((draft.verb, draft.arguments, draft.update_arguments, draft.tags, *more))
    return derive(secret, b"import", wire + sha256)


def _command(kind: type[Record], verb: str) -> Command:
    return commands_of(kind)[verb]


def _opened(content: Content) -> BinaryIO:
    return content.path.open("rb") if content.path is not None else io.BytesIO(content.data or b"")


def _sha256(content: Content) -> bytes:
    digest = hashlib.sha256()
    with _opened(content) as stream:
        while piece := stream.read(PIECE_BYTES):
            digest.update(piece)
    return digest.digest()


def _refresh_tags(record: Record, tags: Sequence[str]) -> None:
    """Let a record have the tags of its source, those that can be tags."""
    command = commands_of(type(record))["refresh_tags"]
    valid = []
    for tag in tags:
        try:
            valid += command.arguments(([tag],), {})["tags"]
        except InvalidInput:
            continue
    give(record, command.verb, {"tags": valid})


def _metadata(record: Record, draft: Draft) -> Mapping[str, str]:
    """Return what a record has no room for, as its source says it now."""
    if not draft.tells_a_part:
        return draft.metadata
    joined = dict(record.metadata)
    for name, said in draft.metadata.items():
        known = joined.get(name, "")
        new = [each for each in said.split(PARTED) if each not in known.split(PARTED)]
        joined[name] = plain_text(PARTED.join(filter(None, (known, *new))), _JOINED_CHARACTERS)
    return joined


def _code_of(error: LifeledgerError) -> str:
    """Return the short code of a refusal: ``contact_merged``."""
    return re.sub("(?<=.)(?=[A-Z])", "_", type(error).__name__).lower()
