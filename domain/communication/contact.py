"""A person, organisation or place the person knows, and how to reach them."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from domain.communication.contact_terms import (
    Anniversary,
    Card,
    ContactEmail,
    ContactKind,
    ContactName,
    ContactPhone,
    Identity,
    Membership,
    Occasion,
    PartialDate,
    PostalAddress,
    Relationship,
    Short,
    require_name,
    require_room,
    require_whole_places,
    sort_name_of,
    tidied,
)
from domain.communication.dealings import Dealings
from domain.communication.merging import Merging
from domain.communication.reach import Reach
from domain.shared.content import Content
from domain.shared.known import say, told
from domain.shared.peers import PeerRef, peer_refs
from domain.shared.record import Origin
from domain.shared.values import Id, Label, Language, Line, Many, Text, TimeZone


class Contact(Reach, Merging, Dealings):
    """An entry of the address book; a merged one only says where it went (``merged_into``)."""

    KIND: ClassVar[str] = "contact"

    name: ContactName
    sort_name: str = ""
    """What lists are sorted by; follows from the name and the organisations."""
    nicknames: tuple[str, ...] = ()
    pronouns: tuple[str, ...] = ()
    gender_identity: str | None = None
    urls: tuple[str, ...] = ()
    identities: tuple[Identity, ...] = ()
    titles: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    anniversaries: tuple[Anniversary, ...] = ()
    languages: tuple[str, ...] = ()
    timezone: str | None = None
    notes: str = ""
    photo_media_id: UUID | None = None

    class Event(Reach.Event, Merging.Event, Dealings.Event):
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

    class PhotoSet(Event):
        TOPIC = "contact.photo_set"
        photo_media_id: UUID | None

    class PhotoRefreshed(Event):
        TOPIC = "contact.photo_refreshed"
        BY_SOURCE = True
        photo_media_id: UUID

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
        """Keep a new contact, each part of it once; of its e-mail addresses, and numbers, the first preferred one stays so."""
        card = tidied(
            Card(
                name=name,
                kind=kind,
                nicknames=nicknames,
                pronouns=pronouns,
                gender_identity=gender_identity,
                emails=emails,
                phones=phones,
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
        )
        require_name(name, organizations)
        require_whole_places(addresses)
        contact = cls._begin(origin, cls.Added, **vars(card))
        contact._require_others(contact.relationships)  # noqa: SLF001 - of this very class
        contact._tell_related(())  # noqa: SLF001
        return contact

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
        """Take what the source of an imported contact says now; a photo of which it says nothing stays."""
        card = tidied(
            Card(
                name=name,
                kind=kind,
                nicknames=nicknames,
                pronouns=pronouns,
                gender_identity=gender_identity,
                emails=emails,
                phones=phones,
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
                photo_media_id=told(photo_media_id, self.photo_media_id),
            )
        )
        require_name(
            self.name if "name" in self.edited_fields else name,
            self.organizations if "organizations" in self.edited_fields else organizations,
        )
        require_whole_places(addresses)
        if "relationships" not in self.edited_fields:
            new = tuple(each for each in relationships if each not in self.relationships)
            self._require_others(new)
        before = self.relationships
        self._refresh(Contact.Refreshed, **vars(card))
        self._tell_related(before)

    def rename(self, name: ContactName) -> None:
        require_name(name, self.organizations)
        if name != self.name:
            self.trigger_event(Contact.Renamed, name=name)

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
            require_room((*self.anniversaries, anniversary))
            self.trigger_event(Contact.AnniversarySet, anniversary=anniversary)

    def set_photo(self, media_id: Id | None) -> None:
        """Show a contact by a picture, in place of any other; None for no picture."""
        say(self, Contact.PhotoSet, photo_media_id=media_id)

    def refresh_photo(self, media_id: Id) -> None:
        """Take the picture that the source of an imported contact has, unless the person has chosen."""
        if "photo_media_id" not in self.edited_fields:
            say(self, Contact.PhotoRefreshed, photo_media_id=media_id)

    @property
    def named_addresses(self) -> frozenset[str]:
        return frozenset(email.address for email in self.emails)

    @property
    def named_peers(self) -> frozenset[PeerRef]:
        accounts = peer_refs("social_account", *(each.social_account_id for each in self.identities))
        return accounts | peer_refs("media", self.photo_media_id)
