"""What one command, or several that belong together, reads and changes for one person."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from pydantic_core import to_json

from domain.shared.commands import Command, UnknownCommand, commands_of
from domain.shared.errors import InvalidInput
from domain.shared.record import Claim, Origin, Record, Source, attach
from infrastructure.crypto.cipher import blind, derive
from infrastructure.crypto.keyring import EVERYONE, KeyRing, PeriodKey
from infrastructure.errors import NotFound, VersionConflict
from infrastructure.ledger.buckets import bucket_of, bucket_of_digest
from infrastructure.ledger.events import Append, Attribution, BlobEntry, ClaimChange, SealedEvent, SourceEntry
from infrastructure.ledger.repository import Loaded, Repository
from infrastructure.ledger.sealing import Sealer

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Call:
    """A command with its arguments, ready to be carried out on a record or to make a new one."""

    method: Callable[..., Any]
    record_id: UUID | None
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def creates(self) -> bool:
        """Whether the command makes a new record."""
        return isinstance(getattr(self.method, "__self__", None), type)


@dataclass(frozen=True, slots=True)
class Before:
    """How a record stood before the events that are carried over."""

    version: int = 0
    claims: frozenset[Claim] = frozenset()


@dataclass(slots=True)
class _Entry:
    """A record in the unit of work, as it was found and as it is."""

    loaded: Loaded
    version: int
    claims: frozenset[Claim]


class UnitOfWork:
    """Carries out commands of one person in memory and gathers what has to be appended. Not thread-safe."""

    def __init__(self, subject_id: UUID, repository: Repository, sealer: Sealer, keys: KeyRing) -> None:
        self._subject_id = subject_id
        self._repository = repository
        self._sealer = sealer
        self._keys = keys
        self._entries: dict[UUID, _Entry] = {}
        self.sources: list[SourceEntry] = []
        self.blobs: list[BlobEntry] = []

    def get(self, kind: type[R], record_id: UUID) -> R | None:
        """Return another record of the person: the port ``Peers`` that commands look through."""
        entry = self._find(record_id)
        return entry.loaded.record if entry and isinstance(entry.loaded.record, kind) else None

    def run(self, call: Call, *, origin: Origin | None = None, expected_version: int | None = None) -> Record:
        """Carry out one command; return the record it was given to or made."""
        if call.creates:
            kind: type[Record] = getattr(call.method, "__self__")  # noqa: B009 - callables in general have none
            return self.create(_command(kind, call), _checked(kind, call), origin or Origin(self._subject_id))
        record = self.existing(call.record_id)
        if expected_version is not None and record.version != expected_version:
            raise VersionConflict
        command = _command(type(record), call)
        getattr(record, command.verb)(**command.arguments(call.args, call.kwargs))
        return record

    def create(self, command: Command, arguments: Mapping[str, Any], origin: Origin) -> Record:
        """Carry out a creating command with checked arguments."""
        origin = Origin(self._subject_id, origin.record_id, origin.source, origin.metadata, self)
        record: Record = getattr(command.kind, command.verb)(origin, **arguments)
        key = self.key_for_new(command.kind, record.created_on)
        self._entries[record.id] = _Entry(Loaded(record, key), 0, frozenset())
        return record

    def carry_over(
        self, record: Record, key: PeriodKey, events: Sequence[Record.Event], before: Before
    ) -> None:
        """Take in events that happened in another store, as they were; the record is as it stands after them."""
        attach(record, self._subject_id, self)
        record.pending_events[:] = events
        self._entries[record.id] = _Entry(Loaded(record, key), before.version, before.claims)

    def key_for_new(self, kind: type[Record], created: datetime) -> PeriodKey:
        """Return the key of a record of a kind that is made at a time, for content stored before it."""
        return self._repository.key_for_new(self._subject_id, kind, created)

    def existing(self, record_id: UUID | None) -> Record:
        """Return a record to give a command to; raises NotFound."""
        entry = self._find(record_id) if record_id else None
        if entry is None:
            raise NotFound
        return entry.loaded.record

    def append(self, attribution: Attribution, request_digest: bytes, purpose: str | None) -> Append | None:
        """Encrypt what has changed; None where nothing did."""
        events = [event for entry in self._entries.values() for event in self._sealed(entry, purpose)]
        if not events:
            return None
        changed = {event.record_id for event in events}
        return Append(
            self._subject_id,
            events,
            attribution,
            request_digest,
            read_set=[(id_, entry.version) for id_, entry in self._entries.items() if id_ not in changed],
            claims=list(self._claim_changes()),
            sources=self.sources,
            blobs=self.blobs,
        )

    def after_commit(self) -> None:
        """Keep snapshots where records have grown long."""
        for entry in self._entries.values():
            self._repository.keep_snapshot_if_due(entry.loaded, entry.version)

    def _find(self, record_id: UUID) -> _Entry | None:
        entry = self._entries.get(record_id)
        if entry is None:
            loaded = self._repository.load(self._subject_id, record_id)
            if loaded is None:
                return None
            attach(loaded.record, self._subject_id, self)
            entry = _Entry(loaded, loaded.record.version, loaded.record.claims)
            self._entries[record_id] = entry
        return entry

    def _sealed(self, entry: _Entry, purpose: str | None) -> Iterator[SealedEvent]:
        record, key = entry.loaded.record, entry.loaded.key
        for event in record.collect_events():
            yield self._sealer.seal(self._subject_id, record, event, key, purpose)  # type: ignore[arg-type]  # ours are

    def _claim_changes(self) -> Iterator[ClaimChange]:
        for record_id, entry in self._entries.items():
            now = entry.loaded.record.claims
            for claim in entry.claims ^ now:
                yield blind_claim(self._keys, self._subject_id, claim, record_id, taken=claim in now)


def blind_claim(
    keys: KeyRing, subject_id: UUID, claim: Claim, record_id: UUID, *, taken: bool
) -> ClaimChange:
    """Return a claim as the ledger keeps it: a keyed hash, in a bucket of its own if all people share it."""
    secret = keys.subject_secret(EVERYONE if claim.everywhere else subject_id, "index")
    digest = blind(secret, "claim", claim.scope, claim.value)
    bucket = bucket_of_digest(digest) if claim.everywhere else bucket_of(subject_id)
    return ClaimChange(bucket, digest, record_id, taken)


def blind_source(keys: KeyRing, subject_id: UUID, kind: str, source: Source) -> bytes:
    """Return the blind name of an imported thing."""
    return blind(keys.subject_secret(subject_id, "index"), "source", kind, source.platform, source.object_id)


def request_digest(keys: KeyRing, subject_id: UUID, calls: Sequence[Call]) -> bytes:
    """Return a keyed digest of commands and arguments: it tells a repeated command from a reused id."""
    said = [(call.method.__qualname__, call.record_id, call.args, call.kwargs) for call in calls]
    try:
        wire = to_json(said)
    except ValueError:  # a lone surrogate, an object of a foreign class: no signature takes these
        raise InvalidInput from None
    return derive(keys.subject_secret(subject_id, "index"), b"request", wire)


def _command(kind: type[Record], call: Call) -> Command:
    """Return the command a method stands for; the method must be the one of the record's own kind."""
    verb = getattr(call.method, "__name__", "")
    own = getattr(kind, verb, None)
    if getattr(own, "__func__", own) is not getattr(call.method, "__func__", call.method):
        raise NotFound  # the id belongs to a record of another kind
    command = commands_of(kind).get(verb)
    if command is None:
        raise UnknownCommand
    return command


def _checked(kind: type[Record], call: Call) -> dict[str, Any]:
    return _command(kind, call).arguments(call.args, call.kwargs)
