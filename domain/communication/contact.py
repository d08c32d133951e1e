"""A person, organisation or place the person knows, and how to reach them."""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import replace
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from eventsourcing.domain import CanMutateAggregate

from domain.communication.contact_terms import (
    E164,
    MAX_PARTS,
    Anniversary,
    Card,
    ContactEmail,
    ContactKind,
    ContactMerged,
    ContactName,
    ContactPhone,
    EndsBeforeStart,
    Identity,
    InteractionKind,
    MailAddress,
    Membership,
    NotAMember,
    Occasion,
    PartialDate,
    PeerMerged,
    PostalAddress,
    Relation,
    Relationship,
    SelfMerge,
    SelfRelation,
    Short,
    Unnamed,
    find,
    including,
    settled,
    sort_name_of,
)
from domain.shared import clock
from domain.shared.errors import ItemNotFound
from domain.shared.record import Content, Origin, Peers, TooMany, peers_of, usable_peer
from domain.shared.values import Day, Id, Label, Language, Line, Many, Moment, Name, Phone, Text, TimeZone


class Contact(Content):
    """An entry of the address book; a merged one only says where it went: follow ``merged_into`` to its end."""

    KIND: ClassVar[str] = "contact"

    name: ContactName
    sort_name: str = ""
    """What lists are sorted by; follows from the name and the organisations."""
    kind: ContactKind = ContactKind.INDIVIDUAL
    nicknames: tuple[str, ...] = ()
    pronouns: tuple[str, ...] = ()
    gender_identity: str | None = None
    emails: tuple[ContactEmail, ...] = ()
    phones: tuple[ContactPhone, ...] = ()
    urls: tuple[str, ...] = ()
    identities: tuple[Identity, ...] = ()
    addresses: tuple[PostalAddress, ...] = ()
    organizations: tuple[Membership, ...] = ()
    titles: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    anniversaries: tuple[Anniversary, ...] = ()
    relationships: tuple[Relationship, ...] = ()
    languages: tuple[str, ...] = ()
    timezone: str | None = None
    notes: str = ""
    photo_media_id: UUID | None = None
    is_favourite: bool = False
    is_blocked: bool = False
    last_interaction_at: datetime | None = None
    interaction_count: int = 0
    merged_into: UUID | None = None

    class Event(Content.Event):
        """Any event of a contact."""

        def mutate(self, aggregate: Any) -> Any:  # noqa: ANN401 - the library's signature
            contact: Any = super().mutate(aggregate)
            contact.sort_name = sort_name_of(contact.name, contact.organizations)
            return contact

    class Added(Event, Content.Created, Card):
        TOPIC = "contact.added"

    class Refreshed(Event, Card):
        TOPIC = "contact.refreshed"
        BY_SOURCE = True

    class Renamed(Event):
        TOPIC = "contact.renamed"
        name: ContactName

    class EmailAdded(Event):
        TOPIC = "contact.email_added"
        EDITS = ("emails",)
        email: ContactEmail

        def apply(self, contact: Contact) -> None:
            contact.emails = including(contact.emails, self.email)

    class EmailRemoved(Event):
        TOPIC = "contact.email_removed"
        EDITS = ("emails",)
        address: str

        def apply(self, contact: Contact) -> None:
            contact.emails = settled(tuple(each for each in contact.emails if each.address != self.address))

    class PhoneAdded(Event):
        TOPIC = "contact.phone_added"
        EDITS = ("phones",)
        phone: ContactPhone

        def apply(self, contact: Contact) -> None:
            contact.phones = including(contact.phones, self.phone)

    class PhoneRemoved(Event):
        TOPIC = "contact.phone_removed"
        EDITS = ("phones",)
        number: str

        def apply(self, contact: Contact) -> None:
            contact.phones = settled(tuple(each for each in contact.phones if each.number != self.number))

    class AddressAdded(Event):
        TOPIC = "contact.address_added"
        EDITS = ("addresses",)
        address: PostalAddress

        def apply(self, contact: Contact) -> None:
            contact.addresses = (*contact.addresses, self.address)

    class AddressRemoved(Event):
        TOPIC = "contact.address_removed"
        EDITS = ("addresses",)
        address: PostalAddress

        def apply(self, contact: Contact) -> None:
            contact.addresses = tuple(each for each in contact.addresses if each != self.address)

    class JoinedOrganization(Event):
        TOPIC = "contact.joined_organization"
        EDITS = ("organizations",)
        membership: Membership

        def apply(self, contact: Contact) -> None:
            others = (each for each in contact.organizations if not each.is_current_in(self.membership.name))
            contact.organizations = (*others, self.membership)

    class LeftOrganization(Event):
        TOPIC = "contact.left_organization"
        EDITS = ("organizations",)
        organization: str
        until: date

        def apply(self, contact: Contact) -> None:
            contact.organizations = tuple(
                replace(each, until=self.until) if each.is_current_in(self.organization) else each
                for each in contact.organizations
            )

    class AnniversarySet(Event):
        TOPIC = "contact.anniversary_set"
        EDITS = ("anniversaries",)
        anniversary: Anniversary

        def apply(self, contact: Contact) -> None:
            new = self.anniversary
            others = (each for each in contact.anniversaries if not each.is_of(new.occasion, new.label))
            contact.anniversaries = (*others, new)

    class AnniversaryCleared(Event):
        TOPIC = "contact.anniversary_cleared"
        EDITS = ("anniversaries",)
        occasion: Occasion
        label: str | None

        def apply(self, contact: Contact) -> None:
            contact.anniversaries = tuple(
                each for each in contact.anniversaries if not each.is_of(self.occasion, self.label)
            )

    class Related(Event):
        TOPIC = "contact.related"
        EDITS = ("relationships",)
        relationship: Relationship

        def apply(self, contact: Contact) -> None:
            new = self.relationship
            others = (each for each in contact.relationships if not each.is_same_as(new))
            contact.relationships = (*others, new)

    class Unrelated(Event):
        TOPIC = "contact.unrelated"
        EDITS = ("relationships",)
        relationship: Relationship

        def apply(self, contact: Contact) -> None:
            contact.relationships = tuple(
                each for each in contact.relationships if not each.is_same_as(self.relationship)
            )

    class Favourited(Event):
        TOPIC = "contact.favourited"

        def apply(self, contact: Contact) -> None:
            contact.is_favourite = True

    class Unfavourited(Event):
        TOPIC = "contact.unfavourited"

        def apply(self, contact: Contact) -> None:
            contact.is_favourite = False

    class InteractionLogged(Event):
        TOPIC = "contact.interaction_logged"
        interaction: InteractionKind
        at: datetime
        note: str

        def apply(self, contact: Contact) -> None:
            contact.last_interaction_at = max(contact.last_interaction_at or self.at, self.at)
            contact.interaction_count += 1

    class Merged(Event):
        TOPIC = "contact.merged"
        merged_into: UUID

    class Blocked(Event):
        TOPIC = "contact.blocked"

        def apply(self, contact: Contact) -> None:
            contact.is_blocked = True

    class Unblocked(Event):
        TOPIC = "contact.unblocked"

        def apply(self, contact: Contact) -> None:
            contact.is_blocked = False

    @classmethod
    def add(
        cls,
        origin: Origin,
        name: ContactName,
        *,
        kind: ContactKind = ContactKind.INDIVIDUAL,
        nicknames: Many[Short] = (),
        pronouns: Many[Short] = (),
        gender_identity: Short | None = None,
        emails: Many[ContactEmail] = (),
        phones: Many[ContactPhone] = (),
        urls: Many[Line] = (),
        identities: Many[Identity] = (),
        addresses: Many[PostalAddress] = (),
        organizations: Many[Membership] = (),
        titles: Many[Short] = (),
        roles: Many[Short] = (),
        anniversaries: Many[Anniversary] = (),
        relationships: Many[Relationship] = (),
        languages: Many[Language] = (),
        timezone: TimeZone | None = None,
        notes: Text = "",
        photo_media_id: Id | None = None,
    ) -> Contact:
        """Keep a new contact; of its e-mail addresses, and of its numbers, the first preferred one stays so."""
        _require_name(name, organizations)
        _require_others(origin.record_id, origin.peers, relationships)
        return cls._begin(
            origin,
            cls.Added,
            name=name,
            kind=kind,
            nicknames=nicknames,
            pronouns=pronouns,
            gender_identity=gender_identity,
            emails=settled(emails),
            phones=settled(phones),
            urls=urls,
            identities=identities,
            addresses=addresses,
            organizations=organizations,
            titles=titles,
            roles=roles,
            anniversaries=anniversaries,
            relationships=relationships,
            languages=languages,
            timezone=timezone,
            notes=notes,
            photo_media_id=photo_media_id,
        )

    def refresh(
        self,
        name: ContactName,
        *,
        kind: ContactKind = ContactKind.INDIVIDUAL,
        nicknames: Many[Short] = (),
        pronouns: Many[Short] = (),
        gender_identity: Short | None = None,
        emails: Many[ContactEmail] = (),
        phones: Many[ContactPhone] = (),
        urls: Many[Line] = (),
        identities: Many[Identity] = (),
        addresses: Many[PostalAddress] = (),
        organizations: Many[Membership] = (),
        titles: Many[Short] = (),
        roles: Many[Short] = (),
        anniversaries: Many[Anniversary] = (),
        relationships: Many[Relationship] = (),
        languages: Many[Language] = (),
        timezone: TimeZone | None = None,
        notes: Text = "",
        photo_media_id: Id | None = None,
    ) -> None:
        """Take what the source of an imported contact says now."""
        _require_name(
            self.name if "name" in self.edited_fields else name,
            self.organizations if "organizations" in self.edited_fields else organizations,
        )
        if "relationships" not in self.edited_fields:
            new = tuple(each for each in relationships if each not in self.relationships)
            _require_others(self.id, peers_of(self), new)
        self._refresh(
            Contact.Refreshed,
            name=name,
            kind=kind,
            nicknames=nicknames,
            pronouns=pronouns,
            gender_identity=gender_identity,
            emails=settled(emails),
            phones=settled(phones),
            urls=urls,
            identities=identities,
            addresses=addresses,
            organizations=organizations,
            titles=titles,
            roles=roles,
            anniversaries=anniversaries,
            relationships=relationships,
            languages=languages,
            timezone=timezone,
            notes=notes,
            photo_media_id=photo_media_id,
        )

    def rename(self, name: ContactName) -> None:
        _require_name(name, self.organizations)
        if name != self.name:
            self.trigger_event(Contact.Renamed, name=name)

    def add_email(self, address: MailAddress, *, label: Label | None = None, preferred: bool = False) -> None:
        """Add an address, the preferred one if it is the first; one that is there already is relabelled."""
        email = ContactEmail(address, label, preferred)
        emails = including(self.emails, email)
        _require_room(emails)
        if emails != self.emails:
            self.trigger_event(Contact.EmailAdded, email=email)

    def remove_email(self, address: MailAddress) -> None:
        """Remove an address; if it was the preferred one, the first of the others takes its place."""
        email = find(self.emails, ContactEmail(address).key)
        self.trigger_event(Contact.EmailRemoved, address=email.address)

    def add_phone(
        self, number: Phone, *, label: Label | None = None, preferred: bool = False, e164: E164 | None = None
    ) -> None:
        """Add a number, the preferred one if it is the first; one that is there already is relabelled."""
        phone = ContactPhone(number, label, preferred, e164)
        phones = including(self.phones, phone)
        _require_room(phones)
        if phones != self.phones:
            self.trigger_event(Contact.PhoneAdded, phone=phone)

    def remove_phone(self, number: Phone) -> None:
        """Remove a number; if it was the preferred one, the first of the others takes its place."""
        phone = find(self.phones, ContactPhone(number).key)
        self.trigger_event(Contact.PhoneRemoved, number=phone.number)

    def add_address(self, address: PostalAddress) -> None:
        if address in self.addresses:
            return
        _require_room((*self.addresses, address))
        self.trigger_event(Contact.AddressAdded, address=address)

    def remove_address(self, address: PostalAddress) -> None:
        if address not in self.addresses:
            raise ItemNotFound
        self.trigger_event(Contact.AddressRemoved, address=address)

    def join_organization(self, name: Name, *, units: Many[Short] = (), since: Day | None = None) -> None:
        """Note that the contact belongs to an organisation; one it belongs to already takes the new details."""
        membership = Membership(name, units, since)
        if membership in self.organizations:
            return
        _require_room((*self.organizations, membership))
        self.trigger_event(Contact.JoinedOrganization, membership=membership)

    def leave_organization(self, name: Name, until: Day | None = None) -> None:
        """Note the day the contact left, by default today (UTC); the organisation stays listed as a past one."""
        until = until or clock.now().date()
        current = next((each for each in self.organizations if each.is_current_in(name)), None)
        if current is None:
            raise NotAMember
        if current.since is not None and until < current.since:
            raise EndsBeforeStart
        self.trigger_event(Contact.LeftOrganization, organization=name, until=until)

    def set_anniversary(
        self, occasion: Occasion, on: PartialDate | None, *, label: Label | None = None
    ) -> None:
        """Remember a day, in place of the one known for the occasion and label; None forgets it."""
        current = next((each for each in self.anniversaries if each.is_of(occasion, label)), None)
        if on is None:
            if current is not None:
                self.trigger_event(Contact.AnniversaryCleared, occasion=occasion, label=label)
        elif current is None or current.on != on:
            anniversary = Anniversary(occasion, on, label)
            _require_room((*self.anniversaries, anniversary))
            self.trigger_event(Contact.AnniversarySet, anniversary=anniversary)

    def relate(
        self,
        relation: Relation,
        *,
        contact_id: Id | None = None,
        name: Name | None = None,
        since: Day | None = None,
        until: Day | None = None,
    ) -> None:
        """Say who another contact, or somebody known by name only, is to this one."""
        relationship = Relationship(relation, contact_id, name, since, until)
        if relationship in self.relationships:
            return
        _require_others(self.id, peers_of(self), (relationship,))
        _require_room((*self.relationships, relationship))
        self.trigger_event(Contact.Related, relationship=relationship)

    def unrelate(self, relation: Relation, *, contact_id: Id | None = None, name: Name | None = None) -> None:
        named = Relationship(relation, contact_id, name)
        relationship = next((each for each in self.relationships if each.is_same_as(named)), None)
        if relationship is None:
            raise ItemNotFound
        self.trigger_event(Contact.Unrelated, relationship=relationship)

    def favourite(self) -> None:
        if not self.is_favourite:
            self.trigger_event(Contact.Favourited)

    def unfavourite(self) -> None:
        if self.is_favourite:
            self.trigger_event(Contact.Unfavourited)

    def log_interaction(
        self, interaction: InteractionKind, *, at: Moment | None = None, note: Text = ""
    ) -> None:
        """Note that the person had to do with the contact, by default now; the note stays in the ledger."""
        self.trigger_event(
            Contact.InteractionLogged, interaction=interaction, at=at or clock.now(), note=note
        )

    def merge_into(self, contact_id: Id) -> None:
        """Give way to another contact for good; what is worth keeping has to be added to that one."""
        if contact_id == self.id:
            raise SelfMerge
        if self._peer(Contact, contact_id).merged_into is not None:
            raise PeerMerged
        self.trigger_event(Contact.Merged, merged_into=contact_id)

    def block(self) -> None:
        if not self.is_blocked:
            self.trigger_event(Contact.Blocked)

    def unblock(self) -> None:
        if self.is_blocked:
            self.trigger_event(Contact.Unblocked)

    def trigger_event(self, event_class: type[CanMutateAggregate[UUID]], **fields: Any) -> None:  # noqa: ANN401 - the event's fields
        if self.merged_into is not None and event_class not in (Contact.Trashed, Contact.Restored):
            raise ContactMerged
        super().trigger_event(event_class, **fields)

    @property
    def named_addresses(self) -> frozenset[str]:
        return frozenset(email.address for email in self.emails)


def _require_name(name: ContactName, organizations: tuple[Membership, ...]) -> None:
    if not name.full.strip() and not organizations:
        raise Unnamed


def _require_others(own_id: UUID, peers: Peers, relationships: tuple[Relationship, ...]) -> None:
    for target in (each.contact_id for each in relationships if each.contact_id is not None):
        if target == own_id:
            raise SelfRelation
        if usable_peer(peers, Contact, target).merged_into is not None:
            raise PeerMerged


def _require_room(parts: Sized) -> None:
    if len(parts) > MAX_PARTS:
        raise TooMany
