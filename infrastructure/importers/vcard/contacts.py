"""Makes contacts of vCards 2.1, 3.0 and 4.0."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any

from domain.communication.contact_terms import MAX_PARTS, ContactKind, ContactName, Membership, PostalAddress
from infrastructure.importers.content_lines import Component, ContentLine, position, split_value
from infrastructure.importers.draft import Draft
from infrastructure.importers.icalendar.zones import zone_named
from infrastructure.importers.text import digest_of, one_line, plain_text
from infrastructure.importers.vcard.android import with_android_lines
from infrastructure.importers.vcard.days import anniversaries, relationships
from infrastructure.importers.vcard.reach import (
    SHORT_CHARACTERS,
    addresses,
    emails,
    identities,
    mail_address,
    phones,
    plain_label,
    urls,
)

MAX_TAGS = 100
TEXT_CHARACTERS = 1_000_000
_LINE_CHARACTERS = 1000
_NAME_CHARACTERS = 10_000
_MAX_MEMBERS = 10_000

_KINDS = {
    "GROUP": ContactKind.GROUP,
    "ORG": ContactKind.ORG,
    "ORGANIZATION": ContactKind.ORG,
    "LOCATION": ContactKind.LOCATION,
}
_SEXES = {"M": "male", "F": "female", "O": "other"}
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_ALSO = {
    "CALURI": "Calendar",
    "FBURL": "Free and busy times",
    "X-ALTBDAY": "Birthday in another calendar",
    "X-ASSISTANT-PHONE": "Telephone of the assistant",
    "X-ASSISTANT-TEL": "Telephone of the assistant",
    "X-PHONETIC-MIDDLE-NAME": "Reading of the middle name",
    "X-PHONETIC-ORG": "Reading of the organization",
    "BIRTHPLACE": "Place of birth",
    "DEATHPLACE": "Place of death",
    "EXPERTISE": "Expertise",
    "HOBBY": "Hobby",
    "INTEREST": "Interest",
    "X-MAIDENNAME": "Maiden name",
    "PHOTO": "Photo",
    "LOGO": "Logo",
    "KEY": "Public key",
}
"""Said in the notes, for want of a field."""
_UUID = re.compile(r"(?:urn:uuid:)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.IGNORECASE)
_VOLATILE = frozenset({"REV", "PRODID", "VERSION"})
_FAMILY_FIRST = re.compile(r"[\u3005\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f]+")
"""Han, kana and hangul: names that are written with the family name first."""
_COMPONENT = re.compile(r"\\.|;", re.DOTALL)


class Nameless(ValueError):
    """The card names neither a person nor an organisation, nor how to reach one."""


def contact_of(card: Component, agents: Sequence[str], members: Sequence[str] = ()) -> Draft:
    """Return the contact; raises Nameless.

    ``agents`` are those that the card holds whole cards of, ``members`` the names of those in the group that it is:
    which records they are, no draft can say.
    """
    card = with_android_lines(card)
    mail, telephone = emails(card), phones(card)
    organizations, departments = _organizations(card)
    ways = [*(each.address for each in mail), *(each.number for each in telephone)]
    name = _name(card, organizations, ways)
    days, undated = anniversaries(card)
    related, unnamed = relationships(card, agents)
    arguments: dict[str, Any] = {
        "name": name,
        "kind": _kind(card, name, organizations),
        "nicknames": (*_shorts(card, "NICKNAME", ","), *_shorts(card, "X-EPOCSECONDNAME"))[:MAX_PARTS],
        "pronouns": _shorts(card, "PRONOUNS"),
        "gender_identity": _gender(card),
        "emails": mail,
        "phones": telephone,
        "urls": urls(card),
        "identities": identities(card),
        "addresses": _placed(addresses(card), card),
        "organizations": organizations,
        "titles": _shorts(card, "TITLE"),
        "roles": _shorts(card, "ROLE"),
        "anniversaries": days,
        "relationships": related,
        "languages": _languages(card),
        "timezone": zone_named(card.text("TZ")),
        "notes": _notes(card, [*undated, *unnamed, *departments, *(f"Member: {each}" for each in members)]),
    }
    return Draft("contact", "add", _source_id(card, arguments), arguments, update="refresh", tags=_tags(card))


def card_digest(card: Component) -> str:
    """Return a digest of all that a card says, but for when and by which program it was written."""
    said = sorted(
        f"{line.name}{sorted(line.params.items())}{line.value}"
        for name, lines in card.properties.items()
        if name not in _VOLATILE
        for line in lines
    )
    return digest_of(*said)


def full_name(card: Component) -> str:
    """Return the name as a whole, put together from its parts where the card does not say it."""
    full = one_line(card.text("FN"), SHORT_CHARACTERS)
    if full:
        return full
    family, given, additional, prefix, suffix = _parts(card)[:5]
    if _FAMILY_FIRST.fullmatch(f"{family}{given}"):
        return f"{family} {given}".strip()
    return one_line(f"{prefix} {given} {additional} {family} {suffix}", SHORT_CHARACTERS)


def _parts(card: Component) -> list[str]:
    """Return family name, given name, additional names, prefixes, suffixes, second family name."""
    return _parts_of(card.first("N"))


def _parts_of(line: ContentLine | None) -> list[str]:
    parts = [] if line is None else [" ".join(split_value(part, ",")) for part in _components(line.value)]
    return [one_line(part, SHORT_CHARACTERS) for part in (*parts, *[""] * 6)][: max(6, len(parts))]


def _components(value: str) -> list[str]:
    """Split a value at its semicolons and leave the escapes in the parts."""
    parts, begin = [], 0
    for match in _COMPONENT.finditer(value[:_NAME_CHARACTERS]):
        if match[0] == ";":
            parts.append(value[begin : match.start()])
            begin = match.end()
    return [*parts, value[begin:]]


def _name(card: Component, organizations: Sequence[Membership], ways: Sequence[str]) -> ContactName:
    parts = _parts(card)
    full = full_name(card)
    if not full:
        others = [each.name for each in organizations] or [*_shorts(card, "NICKNAME", ","), *ways]
        full = one_line(next(iter(others), ""), SHORT_CHARACTERS)
    if not full:
        raise Nameless
    line = card.first("N")
    reading = _parts_of(next((each for each in card.all("SOUND") if "X-IRMC-N" in each.words), None))
    sort_as = card.text("SORT-STRING") or ("" if line is None else line.param("SORT-AS"))
    return ContactName(
        full=full,
        family=parts[0],
        given=parts[1],
        additional=parts[2],
        prefix=parts[3],
        suffix=parts[4],
        family2=parts[5],
        phonetic_given=one_line(card.text("X-PHONETIC-FIRST-NAME"), SHORT_CHARACTERS) or reading[1],
        phonetic_family=one_line(card.text("X-PHONETIC-LAST-NAME"), SHORT_CHARACTERS) or reading[0],
        sort_as=one_line(sort_as, SHORT_CHARACTERS),
    )


def _kind(card: Component, name: ContactName, organizations: Sequence[Membership]) -> ContactKind:
    kind = _KINDS.get(card.word("KIND") or card.word("X-ADDRESSBOOKSERVER-KIND"))
    if kind is not None:
        return kind
    if card.word("X-EVOLUTION-LIST") == "TRUE":
        return ContactKind.GROUP
    if card.word("X-ABSHOWAS") == "COMPANY":
        return ContactKind.ORG
    is_firm = not any(_parts(card)) and any(each.name == name.full for each in organizations)
    return ContactKind.ORG if is_firm else ContactKind.INDIVIDUAL


def _organizations(card: Component) -> tuple[tuple[Membership, ...], list[str]]:
    """Return what the person belongs to, and as remarks where else in the same organisation."""
    found: dict[Hashable, Membership] = {}
    remarks: dict[str, None] = {}
    for line in card.all("ORG")[:MAX_PARTS]:
        parts = [one_line(part, SHORT_CHARACTERS) for part in split_value(line.value, ";")]
        said = [part for part in parts if part]
        if said:
            membership = Membership(said[0], tuple(said[1:MAX_PARTS]))
            if found.setdefault(membership.key, membership) != membership:
                remarks[f"Organization: {one_line(', '.join(said), _LINE_CHARACTERS)}"] = None
    return tuple(found.values()), list(remarks)


def _shorts(card: Component, name: str, separator: str = "") -> tuple[str, ...]:
    """Return the values of a property of short texts, each once."""
    lines = card.all(name)[:MAX_PARTS]
    values = (
        value
        for line in lines
        for value in (split_value(line.value, separator) if separator else [line.text])
    )
    found = dict.fromkeys(one_line(value, SHORT_CHARACTERS) for value in values)
    found.pop("", None)
    return tuple(found)[:MAX_PARTS]


def _gender(card: Component) -> str | None:
    sex, _, identity = card.text("GENDER", "X-GENDER").partition(";")
    words = identity.strip() or _SEXES.get(sex.strip().upper(), sex if len(sex.strip()) > 1 else "")
    return one_line(words, SHORT_CHARACTERS) or None


def _languages(card: Component) -> tuple[str, ...]:
    said = (line.text.strip() for line in (*card.all("LANG"), *card.all("LANGUAGE"))[:MAX_PARTS])
    return tuple(dict.fromkeys(tag for tag in said if len(tag) <= 35 and _LANGUAGE.fullmatch(tag)))  # noqa: PLR2004 - BCP 47


def _placed(found: tuple[PostalAddress, ...], card: Component) -> tuple[PostalAddress, ...]:
    """Return the addresses, with the position of the card on the first, or on one of its own."""
    where = position(card.text("GEO"))
    if where is None or any(each.latitude is not None for each in found):
        return found
    first, *others = found or (PostalAddress(),)
    return (replace(first, latitude=where[0], longitude=where[1]), *others)


def _notes(card: Component, remarks: Sequence[str]) -> str:
    notes = [line.text.strip() for line in card.all("NOTE")]
    also = [
        f"{said}: {one_line(line.text, _LINE_CHARACTERS)}"
        for name, said in _ALSO.items()
        for line in card.all(name)
        if line.value.strip()
    ]
    notes.append("\n".join((*also, *remarks)))
    return plain_text("\n\n".join(note for note in notes if note), TEXT_CHARACTERS)


def _tags(card: Component) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for line in card.all("CATEGORIES"):
        words = split_value(line.value, ",")
        if len(words) == 1:  # several, by programs that escape what ought to part them
            words = words[0].split(",")
        found |= dict.fromkeys(plain_label(word) for word in words)
    found.pop("", None)
    return tuple(found)[:MAX_TAGS]


def uid_of(card: Component) -> str:
    """Return the UID of a card as ``members_of`` writes it, empty where it has none."""
    return _plain_uid(card.text("UID") or card.text("X-ABUID"))


def members_of(card: Component) -> tuple[str, ...]:
    """Return the UIDs or addresses of those who are in the group that a card is."""
    lines = (*card.all("MEMBER"), *card.all("X-ADDRESSBOOKSERVER-MEMBER"))[:_MAX_MEMBERS]
    uids = dict.fromkeys(_plain_uid(mail_address(line.text)) for line in lines)
    return tuple(uid for uid in uids if uid)


def _plain_uid(text: str) -> str:
    uid = one_line(text, _LINE_CHARACTERS + 1)
    match = _UUID.fullmatch(uid)
    return uid if match is None else match[1].lower()  # one program writes it as a URN, another in capitals


def _source_id(card: Component, arguments: dict[str, Any]) -> str:
    uid = uid_of(card)
    if uid:
        return uid if len(uid) <= _LINE_CHARACTERS else digest_of(uid)
    ways = [*(each.key for each in arguments["emails"]), *(each.key for each in arguments["phones"])]
    return digest_of("VCARD", arguments["name"].full.casefold(), *ways[:1])
