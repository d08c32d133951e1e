"""Reads how a person on a vCard is reached: addresses, numbers, messengers, and the labels of each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeVar
from urllib.parse import unquote

from domain.communication.contact_terms import MAX_PARTS, ContactEmail, ContactPhone, Identity, PostalAddress
from domain.shared.codes import COUNTRIES
from infrastructure.importers.content_lines import Component, ContentLine, position, split_value, unescaped
from infrastructure.importers.text import one_line, plain_text
from infrastructure.importers.vcard.android import custom_label

SHORT_CHARACTERS = 200
LABEL_CHARACTERS = 64
LINE_CHARACTERS = 1000
_ADDRESS_CHARACTERS = 320
_PHONE_CHARACTERS = 64

_PLACES = ("HOME", "WORK", "OTHER")
_MEANINGS = {"CELL": "mobile", "MOBILE": "mobile", "IPHONE": "mobile", "PCS": "mobile"}
_SAYS_NOTHING = frozenset(
    {
        "",
        "PREF",
        "INTERNET",
        "X400",
        "VOICE",
        "MSG",
        "TEXT",
        "DOM",
        "INTL",
        "POSTAL",
        "PARCEL",
        "VIDEO",
        "X-OTHER",
        "PROFILE",
    }
)
_APPLE = re.compile(r"_\$!<(.*)>!\$_", re.DOTALL)
_ANGLE = re.compile(r"[^<>]*<([^<>\s]+@[^<>\s]+)>\s*")
_NOT_DIALLED = re.compile(r"\(0\)|[^0-9+]")
_E164 = re.compile(r"\+[1-9][0-9]{1,14}")
_EXTENSION = re.compile(r";ext=([^;]*)", re.IGNORECASE)
_EXTENSION_MARK = " ext. "
_AFTER_NUMBER = re.compile(r"[ \t]*(?:[,;#*]|(?:ext|[xpw])\.?[ \t]*[0-9]).*", re.IGNORECASE | re.DOTALL)
"""An extension, a pause, or what is dialled when somebody has answered."""
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(?://)?(.+)", re.DOTALL)
_PLATFORMS = {"xmpp": "jabber", "ymsgr": "yahoo", "msnim": "msn", "sips": "sip", "x-apple": "imessage"}
_OWN_PROPERTIES = {
    "X-AIM": "aim",
    "X-GADUGADU": "gadugadu",
    "X-GOOGLE-TALK": "gtalk",
    "X-GROUPWISE": "groupwise",
    "X-GTALK": "gtalk",
    "X-ICQ": "icq",
    "X-JABBER": "jabber",
    "X-MATRIX": "matrix",
    "X-MS-IMADDRESS": "msn",
    "X-MSN": "msn",
    "X-QQ": "qq",
    "X-SIGNAL": "signal",
    "X-SIP": "sip",
    "X-SKYPE": "skype",
    "X-SKYPE-USERNAME": "skype",
    "X-TELEGRAM": "telegram",
    "X-TWITTER": "twitter",
    "X-YAHOO": "yahoo",
}
_ADDRESS_PARTS = 7

T = TypeVar("T")


def emails(card: Component) -> tuple[ContactEmail, ...]:
    """Return the mail addresses, as they are written where they are none."""
    lines = _lines(card, "EMAIL")
    found = (
        (ContactEmail(address, label_of(line, card), line is preferred), address.casefold())
        for line, preferred in lines
        if (address := mail_address(line.text))
    )
    return _each_once(found)


def phones(card: Component) -> tuple[ContactPhone, ...]:
    """Return the telephone numbers."""
    found = []
    for line, preferred in (*_lines(card, "TEL"), *_lines(card, "X-MS-TEL"))[:MAX_PARTS]:
        number = _number(line.text)
        if number:
            phone = ContactPhone(number, label_of(line, card), line is preferred, _international(number))
            found.append((phone, phone.key))
    return _each_once(found)


def urls(card: Component) -> tuple[str, ...]:
    """Return the pages."""
    lines = [
        line for name in ("URL", "X-EVOLUTION-BLOG-URL", "X-EVOLUTION-VIDEO-URL") for line in card.all(name)
    ]
    found = (one_line(line.text, LINE_CHARACTERS) for line in lines)
    return tuple(dict.fromkeys(url for url in found if url))[:MAX_PARTS]


def identities(card: Component) -> tuple[Identity, ...]:
    """Return who the person is on messengers and platforms."""
    found = (*_messengers(card), *_profiles(card))
    whole = (Identity(platform, handle) for platform, handle in found if platform and handle)
    return tuple(dict.fromkeys(whole))[:MAX_PARTS]


def addresses(card: Component) -> tuple[PostalAddress, ...]:
    """Return the postal addresses, the preferred one first."""
    ordered = sorted(_lines(card, "ADR"), key=lambda each: each[0] is not each[1])
    found = [_address(line, card) for line, _ in ordered]
    kept = [each for each in found if each is not None]
    labelled = {each.label for each in kept if each.full}
    for line in card.all("LABEL"):
        label, full = label_of(line, card), plain_text(line.text, LINE_CHARACTERS).strip()
        if not full or label in labelled:
            continue
        same = next((at for at, each in enumerate(kept) if each.label == label), None)
        if same is None:
            kept.append(PostalAddress(label=label, full=full))
        else:
            kept[same] = replace(kept[same], full=full)
        labelled.add(label)
    return tuple(kept)[:MAX_PARTS]


def label_of(line: ContentLine, card: Component) -> str | None:
    """Return what a way to reach somebody is called: by the person's own word, else by its TYPE."""
    own = group_label(line, card) or custom_label(line)
    if own:
        return one_line(own.lower() if own.isupper() else own, LABEL_CHARACTERS)
    words = line.words - _SAYS_NOTHING
    place = next((word.lower() for word in _PLACES if word in words), None)
    others = sorted(
        {_MEANINGS.get(word, word.removeprefix("X-").lower()) for word in words.difference(_PLACES)}
    )
    if place == "other" and others:
        place = None
    return one_line(" ".join((*([place] if place else []), *others)), LABEL_CHARACTERS) or None


def group_label(line: ContentLine, card: Component) -> str:
    """Return the label that Apple keeps beside a property, in its group."""
    if not line.group:
        return ""
    found = next((each for each in card.all("X-ABLABEL") if each.group == line.group), None)
    return "" if found is None else plain_label(found.text)


def plain_label(text: str) -> str:
    """Return a label without the marks of those that Apple translates."""
    match = _APPLE.fullmatch(text.strip())
    return one_line(text if match is None else match[1], LABEL_CHARACTERS)


def mail_address(text: str) -> str:
    """Return the address without a name or a scheme around it."""
    address = one_line(text, _ADDRESS_CHARACTERS)
    match = _ANGLE.fullmatch(address)
    if match is not None:
        return match[1]
    return address[7:].strip() if address[:7].lower() == "mailto:" else address


def _lines(card: Component, name: str) -> list[tuple[ContentLine, ContentLine | None]]:
    """Return the lines of a property, each with the one that is preferred among them."""
    lines = card.all(name)[:MAX_PARTS]
    ranked = [(rank, line) for line in lines if (rank := _rank(line)) is not None]
    best = min(ranked, key=lambda each: each[0])[1] if ranked else None
    return [(line, best) for line in lines]


def _rank(line: ContentLine) -> int | None:
    given = line.param("PREF")
    if given.isascii() and given.isdigit() and len(given) < 4:  # noqa: PLR2004 - 1 to 100
        return int(given)
    return 1 if "PREF" in line.words else None


def _each_once(found: Iterable[tuple[T, str]]) -> tuple[T, ...]:
    unique: dict[str, T] = {}
    for each, key in found:
        unique.setdefault(key, each)
    return tuple(unique.values())


def _number(text: str) -> str:
    number = one_line(text, LINE_CHARACTERS)
    if number[:4].lower() == "tel:":
        number, _, parameters = unquote(number[4:]).partition(";")
        extension = _EXTENSION.match(f";{parameters}")
        number = f"{number}{_EXTENSION_MARK}{extension[1]}" if extension is not None else number
    return one_line(number, _PHONE_CHARACTERS)


def _international(number: str) -> str | None:
    number = _AFTER_NUMBER.sub("", number, 1)
    if not number.startswith("+") or any(char.isalpha() for char in number):
        return None
    dialled = _NOT_DIALLED.sub("", number)
    return dialled if _E164.fullmatch(dialled) else None


def _messengers(card: Component) -> Iterator[tuple[str, str]]:
    for line in card.all("IMPP")[:MAX_PARTS]:
        match = _SCHEME.fullmatch(line.text.strip())
        scheme, handle = (match[1].lower(), match[2]) if match is not None else ("", line.text)
        service = line.param("X-SERVICE-TYPE") or line.param("SERVICE-TYPE") or group_label(line, card)
        yield (
            _platform(service or _PLATFORMS.get(scheme, scheme) or "im"),
            one_line(unquote(handle), LINE_CHARACTERS),
        )
    for name, platform in _OWN_PROPERTIES.items():
        for line in card.all(name)[:MAX_PARTS]:
            yield platform, one_line(line.text.removeprefix(f"{platform}:"), LINE_CHARACTERS)


def _profiles(card: Component) -> Iterator[tuple[str, str]]:
    for line in (*card.all("X-SOCIALPROFILE"), *card.all("SOCIALPROFILE"))[:MAX_PARTS]:
        words = sorted(line.words - _SAYS_NOTHING - set(_PLACES))
        service = line.param("SERVICE-TYPE") or group_label(line, card) or next(iter(words), "profile")
        handle = line.param("USERNAME") or line.param("X-USER") or line.param("X-USERNAME") or line.text
        yield _platform(service), one_line(handle.removeprefix("x-apple:"), LINE_CHARACTERS)


def _platform(name: str) -> str:
    return one_line(name, LABEL_CHARACTERS).lower()


def _address(line: ContentLine, card: Component) -> PostalAddress | None:
    parts = [part.strip() for part in split_value(line.value, ";")]
    parts += [""] * (_ADDRESS_PARTS - len(parts))
    where = position(line.param("GEO"))
    address = PostalAddress(
        label=label_of(line, card),
        street=plain_text("\n".join(part for part in parts[:3] if part), LINE_CHARACTERS),
        locality=one_line(parts[3], SHORT_CHARACTERS),
        region=one_line(parts[4], SHORT_CHARACTERS),
        postcode=one_line(parts[5], SHORT_CHARACTERS),
        country=one_line(parts[6], SHORT_CHARACTERS),
        country_code=_country_code(line, card),
        full=plain_text(unescaped(line.param("LABEL")), LINE_CHARACTERS).strip(),
        latitude=where and where[0],
        longitude=where and where[1],
    )
    return address if any((*parts, address.full, where)) else None


def _country_code(line: ContentLine, card: Component) -> str | None:
    of_group = (each.value for each in card.all("X-ABADR") if line.group and each.group == line.group)
    code = (line.param("CC") or next(of_group, "")).strip().upper()
    return code if code in COUNTRIES else None
