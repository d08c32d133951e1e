"""The words of a contact: names, ways to reach it, dates, relations and the rules it may break."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sized
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import Field, StringConstraints

from domain.shared.codes import COUNTRIES
from domain.shared.errors import IllegalTransition, ItemNotFound, RuleBroken
from domain.shared.place import require_whole_place
from domain.shared.record import TooMany
from domain.shared.values import (
    Country,
    Day,
    Id,
    Label,
    Latitude,
    Line,
    Longitude,
    Many,
    Name,
    Phone,
    Text,
    address_key,
)

MAX_PARTS = 1000  # of each sort: addresses, organisations, relations…

Short = Annotated[Line, Field(max_length=200)]
MailAddress = Annotated[Line, Field(min_length=1, max_length=320)]
"""An e-mail address as the address book has it: real vCards hold broken ones."""

E164 = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{1,14}$")]
"""A telephone number in international form (ITU-T E.164)."""

ListedPhone = Annotated[Text, Field(min_length=1, max_length=64)]
"""A telephone number as it is listed: a blank one may be, from before numbers were checked."""

AddressLines = Annotated[Text, Field(max_length=1000)]
"""A part of a postal address, possibly on several lines."""


class ContactKind(StrEnum):
    INDIVIDUAL = "individual"
    GROUP = "group"
    ORG = "org"
    LOCATION = "location"


class Occasion(StrEnum):
    BIRTH = "birth"
    DEATH = "death"
    WEDDING = "wedding"
    FIRST_MET = "first_met"
    OTHER = "other"


class Relation(StrEnum):
    """What the other one is to this contact."""

    SPOUSE = "spouse"
    PARTNER = "partner"
    CHILD = "child"
    PARENT = "parent"
    SIBLING = "sibling"
    FRIEND = "friend"
    COLLEAGUE = "colleague"
    MANAGER = "manager"
    REPORT = "report"
    EMERGENCY = "emergency"
    NEIGHBOUR = "neighbour"
    PET = "pet"
    OTHER = "other"


CadenceDays = Annotated[int, Field(ge=1, le=3650)]


class InteractionKind(StrEnum):
    CALL = "call"
    MEETING = "meeting"
    MESSAGE = "message"
    GIFT = "gift"


class ContactMerged(IllegalTransition):
    """The contact was merged into another one; use that one."""


class Unnamed(RuleBroken):
    """A contact needs a full name or an organisation."""


class SelfRelation(RuleBroken):
    """A contact cannot be related to itself."""


class SelfMerge(RuleBroken):
    """A contact cannot be merged into itself."""


class PeerMerged(RuleBroken):
    """The other contact was itself merged into a third one; use that one."""


class NotAGroup(RuleBroken):
    """Only a contact that is a group has members, and only people and organisations are members of one."""


class NotAMember(ItemNotFound):
    """The contact does not belong to this organisation now."""


# These are ValueErrors as well: pydantic then reports them as faults of the argument they are found in.


class NoSuchDate(RuleBroken, ValueError):
    """There is no such day in the calendar."""


class EndsBeforeStart(RuleBroken, ValueError):
    """The end must not lie before the start."""


class NotOneTarget(RuleBroken, ValueError):
    """A relation points to a contact or, without one, names somebody: one of the two."""


@dataclass(frozen=True, slots=True)
class ContactName:
    """A name as a whole and, where known, in its parts (RFC 9553 section 2.2.1)."""

    full: Short = ""
    prefix: Short = ""
    given: Short = ""
    additional: Short = ""
    family: Short = ""
    family2: Short = ""
    suffix: Short = ""
    phonetic_given: Short = ""
    phonetic_family: Short = ""
    sort_as: Short = ""


@dataclass(frozen=True, slots=True)
class ContactEmail:
    address: MailAddress
    label: Label | None = None
    preferred: bool = False

    @property
    def key(self) -> str:
        """What makes two entries the same address."""
        return address_key(self.address)


@dataclass(frozen=True, slots=True)
class ContactPhone:
    number: Phone
    label: Label | None = None
    preferred: bool = False
    e164: E164 | None = None

    @property
    def key(self) -> str:
        """What makes two entries the same number: not how it is spaced."""
        return "".join(char for char in self.number if char.isalnum() or char in "+*#") or self.number


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """An address in parts, or in full as it is written on an envelope, or both."""

    label: Label | None = None
    street: AddressLines = ""
    locality: Short = ""
    region: Short = ""
    postcode: Short = ""
    country: Short = ""
    country_code: Country | None = None
    full: AddressLines = ""
    latitude: Latitude | None = None
    longitude: Longitude | None = None

    def is_meant_by(self, named: PostalAddress) -> bool:
        """Whether this is the address named; a code that no country has, from before they were checked, need not be."""
        code = self.country_code if self.country_code in COUNTRIES else None
        return named in (self, replace(self, country_code=code))


@dataclass(frozen=True, slots=True)
class Membership:
    """That the contact belongs, or belonged until a day, to an organisation."""

    name: Name
    units: Many[Short] = ()
    since: Day | None = None
    until: Day | None = None

    def __post_init__(self) -> None:
        _require_order(self.since, self.until)

    @property
    def key(self) -> Hashable:
        """What makes two entries the same: there is one present membership of an organisation."""
        return self if self.until is not None else (self.name,)

    def is_current_in(self, organization: str) -> bool:
        """Whether this is a present membership of that organisation."""
        return self.key == (organization,)


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A day whose year may be unknown; without a year, 29 February is one."""

    month: Annotated[int, Field(ge=1, le=12)]
    day: Annotated[int, Field(ge=1, le=31)]
    year: Annotated[int, Field(ge=1000, le=2999)] | None = None

    def __post_init__(self) -> None:
        a_leap_year = 2000
        try:
            date(self.year or a_leap_year, self.month, self.day)
        except ValueError:
            raise NoSuchDate from None


@dataclass(frozen=True, slots=True)
class Anniversary:
    """A day to remember; the label tells several of one occasion apart."""

    occasion: Occasion
    on: PartialDate
    label: Label | None = None

    @property
    def key(self) -> Hashable:
        """What makes two entries the same."""
        return self.occasion, self.label

    def is_of(self, occasion: Occasion, label: str | None) -> bool:
        """Whether this is the day kept for the occasion and label."""
        return self.key == (occasion, label)


@dataclass(frozen=True, slots=True)
class Relationship:
    """Who somebody is to the contact: another contact, or a name where there is none."""

    relation: Relation
    contact_id: Id | None = None
    name: Name | None = None
    since: Day | None = None
    until: Day | None = None

    def __post_init__(self) -> None:
        if (self.contact_id is None) is (self.name is None):
            raise NotOneTarget
        _require_order(self.since, self.until)

    @property
    def key(self) -> Hashable:
        """What makes two entries the same: that they say the same of the same one, be it of different times."""
        return self.relation, self.contact_id, self.name

    def is_same_as(self, other: Relationship) -> bool:
        """Whether both are the same entry."""
        return self.key == other.key


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the contact is on a platform or messenger."""

    platform: Label
    handle: Line
    social_account_id: Id | None = None


@dataclass(frozen=True)
class Card:
    """What the source of a contact can say of it."""

    name: ContactName
    kind: ContactKind
    nicknames: tuple[str, ...]
    pronouns: tuple[str, ...]
    gender_identity: str | None
    emails: tuple[ContactEmail, ...]
    phones: tuple[ContactPhone, ...]
    urls: tuple[str, ...]
    identities: tuple[Identity, ...]
    addresses: tuple[PostalAddress, ...]
    organizations: tuple[Membership, ...]
    titles: tuple[str, ...]
    roles: tuple[str, ...]
    anniversaries: tuple[Anniversary, ...]
    relationships: tuple[Relationship, ...]
    languages: tuple[str, ...]
    timezone: str | None
    notes: str
    photo_media_id: UUID | None


def sort_name_of(name: ContactName, organizations: tuple[Membership, ...]) -> str:
    """Return what a contact is sorted by: as the name says, else family name first, else as it is called."""
    if name.sort_as:
        return name.sort_as
    if name.family:
        return f"{name.family} {name.given}".strip()
    return name.full or (organizations[0].name if organizations else "")


T = TypeVar("T")
Way = TypeVar("Way", ContactEmail, ContactPhone)


def settled(ways: tuple[Way, ...]) -> tuple[Way, ...]:
    """Return each way once, exactly one of them preferred: the first that says so, else the first."""
    unique = each_once(ways)
    chosen = next((way for way in unique if way.preferred), next(iter(unique), None))
    return tuple(
        way if way.preferred is (way is chosen) else replace(way, preferred=way is chosen) for way in unique
    )


def tidied(card: Card) -> Card:
    """Return a card as the commands for its single parts would leave it: each part once, the first of the same.

    Raises TooMany.
    """
    parts: dict[str, Any] = {
        name: each_once(said) for name, said in vars(card).items() if isinstance(said, tuple)
    }
    for some in parts.values():
        require_room(some)
    return replace(card, **parts | {"emails": settled(card.emails), "phones": settled(card.phones)})


def each_once(parts: Iterable[T]) -> tuple[T, ...]:
    """Return the parts of a sort without those that are the same as one before."""
    unique: dict[Hashable, T] = {}
    for part in parts:
        unique.setdefault(getattr(part, "key", part), part)
    return tuple(unique.values())


def including(ways: tuple[Way, ...], new: Way) -> tuple[Way, ...]:
    """Return the ways with a new one; the same one there already gives way, but passes on its preference."""
    listed = {way.key: replace(way, preferred=False) if new.preferred else way for way in ways}
    same = listed.get(new.key)
    listed[new.key] = replace(new, preferred=True) if same is not None and same.preferred else new
    return settled(tuple(listed.values()))


def preferring(ways: tuple[Way, ...], key: str) -> tuple[Way, ...]:
    """Return the ways, the one of that key preferred to the others."""
    return settled(tuple(replace(way, preferred=way.key == key) for way in ways))


def find(ways: tuple[Way, ...], key: str) -> Way:
    """Return the way of that key; raise ItemNotFound where there is none."""
    for way in ways:
        if way.key == key:
            return way
    raise ItemNotFound


def require_name(name: ContactName, organizations: tuple[Membership, ...]) -> None:
    """Refuse a contact that nobody could call anything."""
    if not name.full.strip() and not organizations:
        raise Unnamed


def require_whole_places(addresses: Iterable[PostalAddress]) -> None:
    """Refuse an address with half a position."""
    for each in addresses:
        require_whole_place(each.latitude, each.longitude)


def require_room(parts: Sized) -> None:
    """Refuse more parts of a sort than a contact may have."""
    if len(parts) > MAX_PARTS:
        raise TooMany


def _require_order(since: date | None, until: date | None) -> None:
    if since is not None and until is not None and until < since:
        raise EndsBeforeStart
