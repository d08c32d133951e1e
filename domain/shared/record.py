"""The base of every aggregate: identity, origin, and how events change state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, MISSING, dataclass, field, fields
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, Self, TypeVar
from uuid import UUID

from eventsourcing.domain import Aggregate, AggregateCreated, AggregateEvent, CanMutateAggregate
from eventsourcing.utils import get_topic, resolve_topic

from domain.shared import clock
from domain.shared.errors import RecordTrashed, RuleBroken
from domain.shared.peers import Claim, NoPeers, PeerRef, Peers, usable_peer
from domain.shared.values import Id, Line, Slug, new_id

R = TypeVar("R", bound="Record")

E = TypeVar("E", bound="Record.Event")


@dataclass(frozen=True, slots=True)
class Source:
    """Where an imported record comes from; (platform, object_id) names it at its source."""

    platform: Slug
    object_id: Line
    integration_id: Id | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """The circumstances a new record begins in; the first argument of every creating command."""

    subject_id: UUID
    record_id: UUID = field(default_factory=new_id)
    source: Source | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    peers: Peers = field(default_factory=NoPeers)


class Record(Aggregate):
    """One thing a person keeps.

    A public method is a command: it checks, then triggers an event (or none, where nothing would change), and
    events of other records where they keep the other end of what it says. The class's annotated fields are its state. An event's fields are assigned to the state's fields of the
    same name; an event that does more says so in its ``apply``, which runs again at every replay and
    therefore never checks. Fields of an event that the state does not have stay in the ledger only.
    """

    KIND: ClassVar[str]

    REVERTIBLE: ClassVar[bool] = True
    """Whether a revert may bring back an earlier state: not of what says who may see or do something."""

    STAYS: ClassVar[frozenset[str]] = frozenset()
    """Fields that a revert leaves as they are: decisions that are taken anew, never brought back."""

    RIGHTS: ClassVar[frozenset[str]] = frozenset()
    """Commands that a person may give whatever they have restricted the processing of."""

    SHARES: ClassVar[frozenset[str]] = frozenset()
    """Commands by which others come to see records of the ``shown_kinds``."""

    TOLD: ClassVar[tuple[str, ...]] = ()
    """Properties that follow from the state and are shown with its fields."""

    CONTENT_CLAIM: ClassVar[str] = ""
    """The scope of the claim of a record to the digest of its content: no two have the same bytes. Empty for none."""

    _: KW_ONLY
    source: Source | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    deleted_at: datetime | None = None
    edited_fields: tuple[str, ...] = ()
    """What the person changed after an import; a refresh from the source leaves it alone."""

    class Event(AggregateEvent):
        """Any event of a record."""

        TOPIC: ClassVar[str]
        """The stable name stored with the event; ``{kind}`` in it stands for the record's KIND."""

        BY_SOURCE: ClassVar[bool] = False
        """The event repeats what an import said, so its fields do not count as edited by the person."""

        EDITS: ClassVar[tuple[str, ...]] = ()
        """Fields that count as edited besides those the event carries: what its ``apply`` changes by itself."""

        IN_TRASH: ClassVar[bool] = False
        """Whether it may happen to a record in the trash, too."""

        @staticmethod
        def create_timestamp() -> datetime:
            return clock.now()

        def mutate(self, aggregate: Any) -> Any:  # noqa: ANN401 - the library's signature
            record: Any = super().mutate(aggregate)
            if record.source is not None and not self.BY_SOURCE:
                edited = {*record.edited_fields, *_carried(type(self), record.__class__), *self.EDITS}
                record.edited_fields = tuple(sorted(edited))
            return record

        def apply(self, aggregate: Any) -> None:  # noqa: ANN401 - subclasses name their own record
            for name in _carried(type(self), aggregate.__class__):
                setattr(aggregate, name, getattr(self, name))

    class Created(Event, AggregateCreated):
        """The first event of a record."""

        BY_SOURCE = True

        source: Source | None
        metadata: Mapping[str, str]

        def mutate(self, aggregate: Any) -> Any:  # noqa: ANN401, ARG002 - the library's signature
            """Return a new record: every field at its default, then those the event has."""
            kind = resolve_topic(self.originator_topic)
            record = kind.__new__(kind)
            record.__base_init__(self.originator_id, self.originator_version, self.timestamp)
            state = record.__dict__
            state.update(_defaults(kind))
            given = self.__dict__
            state.update({name: given[name] for name in _carried(type(self), kind)})
            self.apply(record)
            return record

        def apply(self, aggregate: Any) -> None:  # noqa: ANN401 - subclasses name their own record
            """Do nothing: the record was made with the event's fields; derived state is added here."""

    class Reverted(Event):
        """The record is again as it was at an earlier version.

        The earlier state lies in the event, so that nothing else has to be read to apply it. A field that
        came into the state after the event was recorded keeps its value, which is then its default.
        """

        TOPIC = "{kind}.reverted"
        IN_TRASH = True
        BY_SOURCE = True  # the edited fields are those of the earlier state

        state: Mapping[str, Any]
        to_version: int
        reason: str

        def apply(self, record: Record) -> None:
            record.__dict__.update(self.state)

    @classmethod
    def _begin(cls, origin: Origin, created: type[Created], **content: Any) -> Self:  # noqa: ANN401 - the event's fields
        values = {
            "originator_topic": get_topic(cls),
            "originator_id": origin.record_id,
            "originator_version": cls.INITIAL_VERSION,
            "timestamp": created.create_timestamp(),
            "source": origin.source,
            "metadata": dict(origin.metadata),
            **content,
        }
        if values.keys() != _declared(created):
            msg = f"{created.__qualname__} has other fields than it is given"
            raise TypeError(msg)
        event = event_of(created, values)
        record: Self = event.mutate(None)
        record.pending_events.append(event)
        attach(record, origin.subject_id, origin.peers)
        return record

    @property
    def claims(self) -> frozenset[Claim]:
        """What nobody else may hold while this record is as it is."""
        return frozenset()

    @property
    def restricted_kinds(self) -> frozenset[str]:
        """The kinds that commands may not touch while this record is as it is; an empty text stands for all."""
        return frozenset()

    @property
    def shown_kinds(self) -> frozenset[str]:
        """The kinds of record that this one shows to others; an empty text stands for any."""
        return frozenset()

    @property
    def presentable(self) -> bool:
        """Whether others may be shown the record as it is, by a link that shows it."""
        return self.deleted_at is None

    @property
    def named_peers(self) -> frozenset[PeerRef]:
        """The records this one names without looking at them; whoever carries out a command sees that they are there."""
        return frozenset()

    @property
    def on_hold(self) -> bool:
        """Whether the record itself demands to be kept, whoever is to be forgotten."""
        return False

    @property
    def named_addresses(self) -> frozenset[str]:
        """The e-mail addresses this record names, its person's own included: others may ask where they occur."""
        return frozenset()

    def __repr__(self) -> str:
        """Name the record without its content, so that a traceback shows no personal data."""
        return f"<{self.KIND} {self.id} version {self.version}>"

    def revert_to(self, earlier: Self, reason: str) -> None:
        """Be again as at an earlier version of the same record; no event where that changes nothing.

        Raises NotRevertible, and DomainError where a rule that spans records would not hold afterwards.
        """
        state = {name: getattr(earlier, name) for name in reverted_fields(type(self))}
        if all(getattr(self, name) == value for name, value in state.items()):
            return
        if not self.REVERTIBLE:
            raise NotRevertible
        before = state_of(self)
        copied(self, {**before, **state})._require_fit()  # noqa: SLF001 - the record itself, as it would be
        self.trigger_event(self.Reverted, state=state, to_version=earlier.version, reason=reason)
        self._tell_others(copied(self, before))

    def trigger_event(self, event_class: type[CanMutateAggregate[UUID]], **fields: Any) -> None:  # noqa: ANN401 - the event's fields
        """Record an event; where the clock has been put back, at the time of the event before it."""
        if self.deleted_at is not None and not getattr(event_class, "IN_TRASH", False):
            raise RecordTrashed
        super().trigger_event(event_class, timestamp=max(clock.now(), self.modified_on), **fields)

    def _require_fit(self) -> None:
        """Check the rules that span records, for a state that comes back instead of being reached by commands."""

    def _tell_others(self, before: Self) -> None:
        """Let records that keep the other end of something here know of a revert; ``before`` is this one before it."""

    def _peer(self, kind: type[R], record_id: UUID) -> R:
        """Return another living record of the same person; raise PeerUnusable where there is none."""
        return usable_peer(peers_of(self), kind, record_id)

    def _refresh(self, event_class: type[Event], **fields: Any) -> None:  # noqa: ANN401 - the event's fields
        """Take what the source says now, but for the fields the person has edited; no event if nothing differs."""
        effective = {
            name: getattr(self, name) if name in self.edited_fields else value
            for name, value in fields.items()
        }
        if any(getattr(self, name) != value for name, value in effective.items()):
            self.trigger_event(event_class, **effective)


class NotRevertible(RuleBroken):
    """Records of this kind say who may see or do something; that is decided anew, not brought back."""


class TooMany(RuleBroken):
    """The record holds as many of these as it may."""


def event_of(event_class: type[E], values: Mapping[str, Any]) -> E:
    """Return an event with these values for its fields, which must be all of them.

    A frozen dataclass would assign each by a call of its own; what it then is, is its ``__dict__``.
    """
    event = object.__new__(event_class)
    event.__dict__.update(values)
    return event


def attach(record: Record, subject_id: UUID, peers: Peers) -> None:
    """Tell the record whose it is and where it finds the person's other records; not part of its state."""
    record.__dict__["_subject_id"] = subject_id
    record.__dict__["_peers"] = peers


def restored(
    kind: type[R],
    record_id: UUID,
    version: int,
    created_on: datetime,
    modified_on: datetime,
    state: Mapping[str, Any] | Iterable[tuple[str, Any]],
) -> R:
    """Return a record made from its state by field instead of its events."""
    record = kind.__new__(kind)
    record.__base_init__(record_id, version, created_on)
    record.modified_on = modified_on
    record.__dict__.update(state)
    return record


def copied(record: R, state: Mapping[str, Any] | None = None) -> R:
    """Return another instance of a record, with its own or another state, among the same others."""
    own = state_of(record) if state is None else state
    copy = restored(type(record), record.id, record.version, record.created_on, record.modified_on, own)
    attach(copy, subject_of(record), peers_of(record))
    return copy


def subject_of(record: Record) -> UUID:
    """Return the id of the person the record belongs to."""
    subject_id: UUID = record.__dict__["_subject_id"]
    return subject_id


def peers_of(record: Record) -> Peers:
    """Return the person's other records as this one may look at them."""
    peers: Peers = record.__dict__.get("_peers", NoPeers())
    return peers


@cache
def state_fields(kind: type[Record]) -> tuple[str, ...]:
    """Return the names of the fields that make up the state of a kind, in order of declaration."""
    return tuple(item.name for item in fields(kind))  # type: ignore[arg-type]  # the library makes it a dataclass


def state_of(record: Record) -> dict[str, Any]:
    """Return the state of a record by field."""
    return {name: getattr(record, name) for name in state_fields(type(record))}


@cache
def reverted_fields(kind: type[Record]) -> tuple[str, ...]:
    """Return the names of the fields that a revert brings back."""
    return tuple(name for name in state_fields(kind) if name not in kind.STAYS)


@cache
def _defaults(kind: type[Record]) -> Mapping[str, Any]:
    """Return the fields a new record need not be given; all defaults are immutable, so records may share them."""
    given: dict[str, Any] = {"metadata": {}}  # every first event carries it
    declared = {item.name: item.default for item in fields(kind) if item.default is not MISSING}  # type: ignore[arg-type]  # see state_fields
    return {**given, **declared}


@cache
def _declared(event_class: type[Record.Event]) -> frozenset[str]:
    return frozenset(item.name for item in fields(event_class))


@cache
def _carried(event_class: type[Record.Event], kind: type[Record]) -> tuple[str, ...]:
    own = _declared(event_class) - {"originator_id", "originator_version", "timestamp"}
    return tuple(name for name in state_fields(kind) if name in own)
