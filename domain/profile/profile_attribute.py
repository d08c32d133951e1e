"""A fact about a person, true over a period: an employer, a passport number, a language spoken."""

from __future__ import annotations

from datetime import date
from typing import ClassVar
from uuid import UUID

from domain.profile.profile_attribute_terms import (
    MAX_PAST,
    AttributeEnded,
    AttributeStatus,
    EndsBeforeStart,
    Evidence,
    KeyTaken,
    NotProposed,
    OnlyDerived,
    PastValue,
    ProposedBy,
    Provenance,
    Unit,
    ValidityOverlaps,
    Value,
    ValueType,
    Visibility,
    Word,
)
from domain.profile.profile_keys import fitted, key_claims, key_name, require_known_form
from domain.profile.verifiable import Verifiable, forget_verification
from domain.shared import clock
from domain.shared.content import Content
from domain.shared.peers import Claim, PeerRef, Peers, peer_refs
from domain.shared.record import Origin, TooMany, peers_of
from domain.shared.values import Day, Fraction, Line


class ProfileAttribute(Verifiable):
    """One fact, with the values it had before.

    Valid time is in the record, the last day not included; when something became known is in its events.
    A correction says that the value was wrong, a supersession that it was right and has changed.
    """

    KIND: ClassVar[str] = "profile_attribute"
    STAYS = frozenset({"visibility"})

    namespace: str
    key: str
    value_type: ValueType
    value: str
    unit: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    past: tuple[PastValue, ...] = ()
    provenance: Provenance = Provenance.USER_STATED
    confidence: float = 1.0
    evidence: tuple[UUID, ...] = ()
    visibility: Visibility = Visibility.PRIVATE
    is_primary: bool = False
    close_reason: str = ""

    class Event(Verifiable.Event):
        """Any event of a profile attribute."""

    class Stated(Event, Content.Created):
        TOPIC = "profile_attribute.stated"
        namespace: str
        key: str
        value_type: ValueType
        value: str
        unit: str | None
        valid_from: date | None
        valid_to: date | None
        evidence: tuple[UUID, ...]
        visibility: Visibility

    class Proposed(Event, Content.Created):
        TOPIC = "profile_attribute.proposed"
        namespace: str
        key: str
        value_type: ValueType
        value: str
        unit: str | None
        valid_from: date | None
        valid_to: date | None
        evidence: tuple[UUID, ...]
        provenance: Provenance
        confidence: float

        def apply(self, attribute: ProfileAttribute) -> None:
            attribute.status = AttributeStatus.PROPOSED

    class Accepted(Event):
        TOPIC = "profile_attribute.accepted"

        def apply(self, attribute: ProfileAttribute) -> None:
            attribute.status = AttributeStatus.HELD

    class Rejected(Event):
        TOPIC = "profile_attribute.rejected"
        reason: str

        def apply(self, attribute: ProfileAttribute) -> None:
            attribute.status = AttributeStatus.REJECTED
            attribute.close_reason = self.reason

    class Corrected(Event):
        TOPIC = "profile_attribute.corrected"
        value: str
        unit: str | None

        def apply(self, attribute: ProfileAttribute) -> None:
            _take_from_person(attribute, self.value, self.unit)

    class Superseded(Event):
        TOPIC = "profile_attribute.superseded"
        value: str
        unit: str | None
        valid_from: date

        def apply(self, attribute: ProfileAttribute) -> None:
            ended = min(attribute.valid_to or self.valid_from, self.valid_from)
            before = PastValue(attribute.value, attribute.unit, attribute.valid_from, ended)
            attribute.past = (*attribute.past, before)
            attribute.valid_from = self.valid_from
            attribute.valid_to = None
            _take_from_person(attribute, self.value, self.unit)

    class PastAdded(Event):
        TOPIC = "profile_attribute.past_added"
        EDITS = ("past",)
        past_value: PastValue

        def apply(self, attribute: ProfileAttribute) -> None:
            known = (*attribute.past, self.past_value)
            attribute.past = tuple(sorted(known, key=lambda each: each.valid_to))

    class Ended(Event):
        TOPIC = "profile_attribute.ended"
        valid_to: date

        def apply(self, attribute: ProfileAttribute) -> None:
            attribute.valid_to = self.valid_to
            if self.valid_to <= self.timestamp.date():
                attribute.is_primary = False

    class VisibilityChanged(Event):
        TOPIC = "profile_attribute.visibility_changed"
        visibility: Visibility

    class MadePrimary(Event):
        TOPIC = "profile_attribute.made_primary"

        def apply(self, attribute: ProfileAttribute) -> None:
            attribute.is_primary = True

    class PrimacyYielded(Event):
        TOPIC = "profile_attribute.primacy_yielded"

        def apply(self, attribute: ProfileAttribute) -> None:
            attribute.is_primary = False

    class Retracted(Event):
        TOPIC = "profile_attribute.retracted"
        reason: str

        def apply(self, attribute: ProfileAttribute) -> None:
            attribute.status = AttributeStatus.RETRACTED
            attribute.is_primary = False
            attribute.visibility = Visibility.PRIVATE
            attribute.close_reason = self.reason

    @classmethod
    def state(
        cls,
        origin: Origin,
        namespace: Word,
        key: Word,
        *,
        value: Value,
        value_type: ValueType | None = None,
        unit: Unit | None = None,
        valid_from: Day | None = None,
        valid_to: Day | None = None,
        evidence: Evidence = (),
        visibility: Visibility = Visibility.PRIVATE,
    ) -> ProfileAttribute:
        """Take the person's word for a fact; type and unit, where not given, are those of its key."""
        value_type, unit = fitted(key_name(namespace, key), value_type, value, unit)
        _require_order(valid_from, valid_to)
        _require_free(key_name(namespace, key), origin.peers, origin.record_id)
        return cls._begin(
            origin,
            cls.Stated,
            namespace=namespace,
            key=key,
            value_type=value_type,
            value=value,
            unit=unit,
            valid_from=valid_from,
            valid_to=valid_to,
            evidence=evidence,
            visibility=visibility,
        )

    @classmethod
    def propose(
        cls,
        origin: Origin,
        namespace: Word,
        key: Word,
        *,
        value: Value,
        provenance: ProposedBy,
        confidence: Fraction,
        value_type: ValueType | None = None,
        unit: Unit | None = None,
        valid_from: Day | None = None,
        valid_to: Day | None = None,
        evidence: Evidence = (),
    ) -> ProfileAttribute:
        """Put up a fact that was imported or derived; it holds nothing until the person accepts it."""
        value_type, unit = fitted(key_name(namespace, key), value_type, value, unit)
        _require_order(valid_from, valid_to)
        return cls._begin(
            origin,
            cls.Proposed,
            namespace=namespace,
            key=key,
            value_type=value_type,
            value=value,
            unit=unit,
            valid_from=valid_from,
            valid_to=valid_to,
            evidence=evidence,
            provenance=provenance,
            confidence=confidence,
        )

    def accept(self) -> None:
        self._require_proposed()
        require_known_form(self.name, self.value_type, self.unit)
        _require_free(self.name, peers_of(self), self.id)
        self.trigger_event(ProfileAttribute.Accepted)

    def reject(self, reason: Line = "") -> None:
        self._require_proposed()
        self.trigger_event(ProfileAttribute.Rejected, reason=reason)

    def correct(self, value: Value, *, unit: Unit | None = None) -> None:
        """Replace a value that was wrong, or take the person's word for a derived one; no verification outlasts that."""
        self._require_held()
        _, unit = fitted(self.name, self.value_type, value, unit)
        if (value, unit) != (self.value, self.unit) or self.provenance is Provenance.DERIVED:
            self.trigger_event(ProfileAttribute.Corrected, value=value, unit=unit)

    def supersede(self, value: Value, *, unit: Unit | None = None, valid_from: Day | None = None) -> None:
        """Follow a value that was right by another, from a day on: today unless told; closes the old one."""
        self._require_held()
        _, unit = fitted(self.name, self.value_type, value, unit)
        if (value, unit) == (self.value, self.unit) and self.valid_to is None:
            return
        begins = valid_from or clock.now().date()
        if self.valid_from is not None and begins <= self.valid_from:
            raise ValidityOverlaps
        if self.valid_to is not None and begins < self.valid_to <= clock.now().date():
            raise ValidityOverlaps  # an end still to come was a plan, which the new value replaces
        if len(self.past) >= MAX_PAST:
            raise TooMany
        self.trigger_event(ProfileAttribute.Superseded, value=value, unit=unit, valid_from=begins)

    def add_past(
        self, value: Value, *, valid_to: Day, valid_from: Day | None = None, unit: Unit | None = None
    ) -> None:
        """Add what was true before the value there is, over a period of which no other is known.

        Raises ValidityOverlaps, also where nobody has said since when the present value is true.
        """
        self._require_held()
        _, unit = fitted(self.name, self.value_type, value, unit)
        _require_order(valid_from, valid_to)
        added = PastValue(value, unit, valid_from, valid_to)
        if added in self.past:
            return
        if self.valid_from is None or valid_to > self.valid_from or any(map(added.overlaps, self.past)):
            raise ValidityOverlaps
        if len(self.past) >= MAX_PAST:
            raise TooMany
        self.trigger_event(ProfileAttribute.PastAdded, past_value=added)

    def end(self, valid_to: Day) -> None:
        """Say from which day on the fact is no longer true; past that day it is no longer the primary one."""
        self._require_held()
        _require_order(self.valid_from, valid_to)
        if valid_to != self.valid_to:
            self.trigger_event(ProfileAttribute.Ended, valid_to=valid_to)

    def change_visibility(self, visibility: Visibility) -> None:
        self._require_held()
        if visibility is not self.visibility:
            self.trigger_event(ProfileAttribute.VisibilityChanged, visibility=visibility)

    def make_primary(self) -> None:
        """Make this the one that stands for its key; refused by the ledger while another does."""
        self._require_held()
        if self.provenance is Provenance.DERIVED:
            raise OnlyDerived
        if self.valid_to is not None and self.valid_to <= clock.now().date():
            raise AttributeEnded
        if not self.is_primary:
            self.trigger_event(ProfileAttribute.MadePrimary)

    def yield_primary(self) -> None:
        """Leave the place of the primary one to another."""
        self._require_held()
        if self.is_primary:
            self.trigger_event(ProfileAttribute.PrimacyYielded)

    def retract(self, reason: Line = "") -> None:
        """Take a fact back for good."""
        self._require_held()
        self.trigger_event(ProfileAttribute.Retracted, reason=reason)

    @property
    def claims(self) -> frozenset[Claim]:
        """Its key, held also once it has ended, and the place of the primary one; in the trash both are free."""
        if self.deleted_at is not None or self.status is not AttributeStatus.HELD:
            return frozenset()
        primary = {Claim("profile.primary", self.name)} if self.is_primary else frozenset[Claim]()
        return key_claims(self.name) | primary

    @property
    def named_peers(self) -> frozenset[PeerRef]:
        values = (self.value, *(each.value for each in self.past))
        media = map(UUID, values) if self.value_type is ValueType.MEDIA_REF else ()
        return peer_refs("", *self.evidence) | peer_refs("media", *media)

    @property
    def name(self) -> str:
        return key_name(self.namespace, self.key)

    def _require_way_back(self) -> None:
        if self.status is AttributeStatus.HELD:
            _require_free(self.name, peers_of(self), self.id)

    def _require_fit(self) -> None:
        if self.deleted_at is None:
            self._require_way_back()

    def _require_proposed(self) -> None:
        if self.status is not AttributeStatus.PROPOSED:
            raise NotProposed


def _take_from_person(attribute: ProfileAttribute, value: str, unit: str | None) -> None:
    """Let the person's own value stand; what was known of the old one says nothing of it."""
    attribute.value = value
    attribute.unit = unit
    attribute.provenance = Provenance.USER_STATED
    attribute.confidence = 1.0
    attribute.evidence = ()
    forget_verification(attribute)


def _require_order(valid_from: date | None, valid_to: date | None) -> None:
    if valid_from is not None and valid_to is not None and valid_to < valid_from:
        raise EndsBeforeStart


def _require_free(name: str, peers: Peers, record_id: UUID) -> None:
    """Refuse a second fact of a key that has one value at a time."""
    if any(each.id != record_id for each in peers.holders(ProfileAttribute, key_claims(name))):
        raise KeyTaken
