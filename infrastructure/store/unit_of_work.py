"""What one command, or several that belong together, reads and changes for one person."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from domain.shared.commands import Command
from domain.shared.errors import InvalidInput, PeerUnusable, RecordTrashed
from domain.shared.peers import Claim, PeerRef, usable_peer
from domain.shared.record import Origin, Record, Source, attach
from domain.shared.values import new_id
from infrastructure.crypto.keyring import KeyRing
from infrastructure.crypto.period_key import PeriodKey, period_of
from infrastructure.errors import (
    Busy,
    ClaimTaken,
    Erased,
    KeyUnavailable,
    NotFound,
    Unavailable,
    VersionConflict,
)
from infrastructure.ledger.events import (
    Append,
    Attribution,
    BlobEntry,
    ClaimChange,
    HoldChange,
    Mention,
    RestrictionChange,
    SealedEvent,
    SourceEntry,
)
from infrastructure.ledger.fences import ANY_RECORD, Known
from infrastructure.ledger.repository import Loaded, Repository
from infrastructure.ledger.sealing import Sealer
from infrastructure.store.blind_names import blind_address, blind_claim, claim_digest
from infrastructure.store.calls import Call

R = TypeVar("R", bound=Record)


class Standing(NamedTuple):
    """What the ledger keeps of a record beside its events."""

    claims: frozenset[Claim] = frozenset()
    mentions: frozenset[str] = frozenset()
    restricted_kinds: frozenset[str] = frozenset()
    on_hold: bool = False


NOTHING_KEPT = Standing()


def standing_of(record: Record) -> Standing:
    """Return what the ledger has to keep of a record as it is."""
    return Standing(record.claims, record.named_addresses, record.restricted_kinds, record.on_hold)


@dataclass(slots=True)
class _Entry:
    """A record in the unit of work, as it was found and as it is."""

    loaded: Loaded
    version: int = 0
    found: Standing = NOTHING_KEPT
    carried: Standing | None = None
    """What the ledger is to keep, where that is not for the record here to say."""
    beside: bool = False
    """Made by a command besides its own record."""

    @property
    def now(self) -> Standing:
        return standing_of(self.loaded.record) if self.carried is None else self.carried


_Move = tuple[Record, Standing, Standing]
"""A record, and what the ledger kept and is to keep of it."""


class UnitOfWork:
    """Carries out commands of one person in memory and gathers what has to be appended. Not thread-safe."""

    def __init__(
        self, subject_id: UUID, repository: Repository, sealer: Sealer, keys: KeyRing, fences: Known
    ) -> None:
        """``fences`` is what was known of the bucket before anything is loaded for this unit of work."""
        self._subject_id = subject_id
        self._fences = fences
        self._repository = repository
        self._sealer = sealer
        self._keys = keys
        self._entries: dict[UUID, _Entry] = {}
        self._holders: dict[bytes, UUID | None] = {}
        """Who holds the claims that commands have asked for, by the ledger; None where nobody does."""
        self._keys_for_new: dict[tuple[str, str], PeriodKey] = {}
        self.sources: list[SourceEntry] = []
        self.blobs: list[BlobEntry] = []

    @property
    def known_fences(self) -> int:
        """Return the count of fences everything here was loaded under."""
        return self._fences.count

    def get(self, kind: type[R], record_id: UUID) -> R | None:
        """Return another record of the person: the port ``Peers`` that commands look through."""
        try:
            entry = self._find(record_id)
            if entry is None or not isinstance(entry.loaded.record, kind):
                return None
            self._require_open(entry.loaded.record, right=True)  # one that is being erased is gone already
        except Erased:
            return None
        return entry.loaded.record

    def get_all(self, kind: type[R], record_ids: Collection[UUID]) -> tuple[R, ...]:
        """Return other records of the person, as ``get`` does."""
        # Not as a difference of sets, which would go through all that is here for each command of a batch.
        unseen = {each for each in record_ids if each not in self._entries}
        if len(unseen) > 1:
            self.bring(self._repository.load_short(self._subject_id, unseen))
        found = (self.get(kind, each) for each in record_ids)
        return tuple(each for each in found if each is not None)

    def holders(self, kind: type[R], claims: Collection[Claim]) -> tuple[R, ...]:
        """Return the records that hold any of these claims, by the ledger and by what was done here."""
        digests = {each: claim_digest(self._keys, self._subject_id, each) for each in claims}
        asked = set(digests.values()) - self._holders.keys()
        if asked:
            self._holders |= dict.fromkeys(asked) | self._repository.holders(self._subject_id, asked)
        found: dict[UUID, Record] = {}
        free: set[Claim] = set()
        for claim, digest in digests.items():
            holder_id = self._holders[digest]
            holder = self.get(Record, holder_id) if holder_id is not None else None
            if holder is not None and claim in holder.claims:
                found[holder.id] = holder
            else:
                free.add(claim)
        if free:
            found |= {each.id: each for each in self._changed() if not free.isdisjoint(each.claims)}
        return tuple(each for each in found.values() if isinstance(each, kind))

    def run(self, call: Call, *, origin: Origin | None = None, expected_version: int | None = None) -> Record:
        """Carry out one command; return the record it was given to or made."""
        if call.creates:
            command = call.command_of(call.kind)
            return self.create(command, command.arguments(call.args, call.kwargs), origin or self.origin())
        record = self._loaded(call.record_id)
        if expected_version is not None and record.version != expected_version:
            raise VersionConflict
        command = call.command_of(type(record))
        self._require_open(record, right=command.verb in record.RIGHTS)
        if record.deleted_at is not None and command.verb != "restore":
            raise RecordTrashed  # also where the command would change nothing
        known = record.named_peers
        getattr(record, command.verb)(**command.arguments(call.args, call.kwargs))
        self._require_shareable(record, command)
        self._require_usable(record.named_peers - known)
        return record

    def origin(
        self,
        record_id: UUID | None = None,
        source: Source | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> Origin:
        """Return the circumstances of a record that is to be made here."""
        return Origin(self._subject_id, record_id or new_id(), source, metadata or {}, self)

    def create(self, command: Command, arguments: Mapping[str, Any], origin: Origin) -> Record:
        """Carry out a creating command with checked arguments, for an ``origin`` of this unit of work."""
        if origin.record_id in self._entries:
            msg = "record_id: two commands cannot make one record"
            raise InvalidInput(msg)
        record: Record = getattr(command.kind, command.verb)(origin, **arguments)
        self._require_shareable(record, command)
        self._require_usable(record.named_peers)
        self._enter_new(record)
        return record

    def add(self, record: Record) -> None:
        """Take in a record that a command has made besides its own: the port ``Peers`` that commands look through."""
        self._enter_new(record).beside = True

    def carry_over(
        self, record: Record, key: PeriodKey, events: Sequence[Record.Event], found: Standing, last: Standing
    ) -> None:
        """Take in events that happened in another store, as they were; the record is as it stands after them.

        ``last`` is what the ledger is to keep of it from now on, also where more events are to follow.
        """
        attach(record, self._subject_id, self)
        record.pending_events[:] = events
        version = record.version - len(events)
        self._entries[record.id] = _Entry(Loaded(record, key), version, found, last)

    def key_for_new(self, kind: type[Record], created: datetime) -> PeriodKey:
        """Return the key of a record of a kind that is made at a time, for content stored before it.

        Raises SubjectErased, ProcessingRestricted.
        """
        coordinates = (kind.KIND, period_of(kind.KIND, created))
        key = self._keys_for_new.get(coordinates)
        if key is None:
            self._fences.require_open(self._subject_id, *coordinates, ANY_RECORD)
            key = self._repository.key_for_new(self._subject_id, kind, created)
            self._keys_for_new[coordinates] = key
        return key

    def existing(self, record_id: UUID | None) -> Record:
        """Return a record to give a command to; raises NotFound, Erased, ProcessingRestricted."""
        record = self._loaded(record_id)
        self._require_open(record)
        return record

    def key_of(self, record: Record) -> PeriodKey:
        """Return the key of a record of this unit of work, for content that is to be stored with it."""
        return self._entries[record.id].loaded.key

    def bring(self, found: Mapping[UUID, Loaded]) -> None:
        """Take records that were loaded together, where they are not here yet."""
        for record_id, loaded in found.items():
            if record_id not in self._entries:
                self._enter(loaded)

    def forget(self, record_id: UUID) -> None:
        """Let a record be as it was found."""
        self._entries.pop(record_id, None)

    def claims_taken(self, record_id: UUID) -> Iterator[ClaimChange]:
        """Yield the claims that a record did not hold when it was found and holds now."""
        entry = self._entries[record_id]
        for claim in entry.loaded.record.claims - entry.found.claims:
            yield blind_claim(self._keys, self._subject_id, claim, record_id, taken=True)

    def gives_up(self, record_id: UUID, claim: bytes) -> bool:
        """Whether a record held a claim when it was found and does not any more."""
        entry = self._entries.get(record_id)
        given_up = entry.found.claims - entry.loaded.record.claims if entry is not None else frozenset()
        return any(
            blind_claim(self._keys, self._subject_id, each, record_id, taken=False).claim == claim
            for each in given_up
        )

    def append(self, attribution: Attribution, request_digest: bytes, purpose: str | None) -> Append | None:
        """Encrypt what has changed; None where nothing did.

        Records made beside the commands come last: of those made, the first belong to the commands in their order.
        Raises ClaimTaken where two of the records claim the same.
        """
        entries = sorted(self._entries.values(), key=lambda entry: entry.beside)
        events = [event for entry in entries for event in self._sealed(entry, purpose)]
        if not events:
            return None
        changed = {event.record_id for event in events}
        moves = [
            (entry.loaded.record, entry.found, now)
            for entry in self._entries.values()
            if (now := entry.now) != entry.found
        ]
        claims = list(self._claim_changes(moves))
        _require_one_each(claims)
        return Append(
            self._subject_id,
            events,
            attribution,
            request_digest,
            read_set=[(id_, entry.version) for id_, entry in self._entries.items() if id_ not in changed],
            held=list(self._holders.items()),
            claims=claims,
            sources=self.sources,
            blobs=self.blobs,
            restrictions=list(_restriction_changes(moves)),
            holds=list(_hold_changes(moves)),
            mentions=list(self._mentions(moves)),
            fences=self._fences.count,
        )

    def after_commit(self) -> None:
        """Keep snapshots where records have grown long, unless that cannot be done now: they only save time."""
        with suppress(Busy, KeyUnavailable, Unavailable):
            for entry in self._entries.values():
                self._repository.keep_snapshot_if_due(entry.loaded, entry.version, self._fences.count)

    def _loaded(self, record_id: UUID | None) -> Record:
        entry = self._find(record_id) if record_id else None
        if entry is None:
            raise NotFound
        return entry.loaded.record

    def _find(self, record_id: UUID) -> _Entry | None:
        entry = self._entries.get(record_id)
        if entry is None:
            loaded = self._repository.load(self._subject_id, record_id)
            if loaded is None:
                return None
            entry = self._enter(loaded)
        return entry

    def _changed(self) -> Iterator[Record]:
        for entry in self._entries.values():
            if entry.loaded.record.version != entry.version:
                yield entry.loaded.record

    def _enter(self, loaded: Loaded) -> _Entry:
        record = loaded.record
        attach(record, self._subject_id, self)
        entry = _Entry(loaded, record.version, standing_of(record))
        self._entries[record.id] = entry
        return entry

    def _enter_new(self, record: Record) -> _Entry:
        entry = _Entry(Loaded(record, self.key_for_new(type(record), record.created_on)))
        self._entries[record.id] = entry
        return entry

    def _require_open(self, record: Record, *, right: bool = False) -> None:
        period = period_of(record.KIND, record.created_on)
        self._fences.require_open(self._subject_id, record.KIND, period, record.id, right=right)

    def _require_shareable(self, record: Record, command: Command) -> None:
        if command.verb in record.SHARES:
            self._fences.require_unrestricted(self._subject_id, record.shown_kinds)

    def _require_usable(self, peers: Collection[PeerRef]) -> None:
        """Raise PeerUnusable unless these are living records of the person; they become part of the read set."""
        self.get_all(Record, [peer.id for peer in peers])
        for peer in peers:
            if peer.kind not in ("", usable_peer(self, Record, peer.id).KIND):
                raise PeerUnusable

    def _sealed(self, entry: _Entry, purpose: str | None) -> Iterator[SealedEvent]:
        record, key = entry.loaded.record, entry.loaded.key
        for event in record.collect_events():
            yield self._sealer.seal(self._subject_id, record, event, key, purpose)  # type: ignore[arg-type]  # ours are

    def _mentions(self, moves: Iterable[_Move]) -> Iterator[Mention]:
        for record, found, now in moves:
            changes = {
                blind_address(self._keys, each): each in now.mentions
                for each in found.mentions ^ now.mentions
            }
            # Two spellings of one address are one entry: it stays while either is there.
            changes |= {blind_address(self._keys, each): True for each in now.mentions if changes}
            for address, named in changes.items():
                yield Mention(address, record.id, record.KIND, named)

    def _claim_changes(self, moves: Iterable[_Move]) -> Iterator[ClaimChange]:
        for record, found, now in moves:
            for claim in found.claims ^ now.claims:
                yield blind_claim(self._keys, self._subject_id, claim, record.id, taken=claim in now.claims)


def _restriction_changes(moves: Iterable[_Move]) -> Iterator[RestrictionChange]:
    for record, found, now in moves:
        for kind in found.restricted_kinds ^ now.restricted_kinds:
            yield RestrictionChange(record.id, kind, raised=kind in now.restricted_kinds)


def _hold_changes(moves: Iterable[_Move]) -> Iterator[HoldChange]:
    for record, found, now in moves:
        if now.on_hold is not found.on_hold:
            yield HoldChange(record.id, record.KIND, placed=now.on_hold)


def _require_one_each(claims: Iterable[ClaimChange]) -> None:
    """Raise ClaimTaken where two records would take one claim: the ledger could not tell it from a conflict."""
    taken = [(each.bucket, each.claim) for each in claims if each.taken]
    if len(set(taken)) < len(taken):
        raise ClaimTaken
