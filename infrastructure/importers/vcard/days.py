"""Reads the days and the people in the life of whom a vCard is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from domain.communication.contact_terms import (
    MAX_PARTS,
    Anniversary,
    NoSuchDate,
    Occasion,
    PartialDate,
    Relation,
    Relationship,
)
from domain.shared.values import FIRST_YEAR, LAST_YEAR
from infrastructure.importers.content_lines import Component, ContentLine, split_value
from infrastructure.importers.text import one_line
from infrastructure.importers.vcard.reach import SHORT_CHARACTERS, group_label

_DAY = re.compile(r"(?:([0-9]{4})-?|--)([0-9]{2})-?([0-9]{2})(?:[T ].*)?", re.IGNORECASE | re.DOTALL)
_OCCASIONS = {
    "BDAY": Occasion.BIRTH,
    "DEATHDATE": Occasion.DEATH,
    "X-DEATHDATE": Occasion.DEATH,
    "ANNIVERSARY": Occasion.WEDDING,
    "X-ANNIVERSARY": Occasion.WEDDING,
    "X-EVOLUTION-ANNIVERSARY": Occasion.WEDDING,
    "X-KADDRESSBOOK-X-ANNIVERSARY": Occasion.WEDDING,
    "X-MS-ANNIVERSARY": Occasion.WEDDING,
    "X-ABDATE": Occasion.OTHER,
}
_NAMES = {
    Occasion.BIRTH: "Birthday",
    Occasion.DEATH: "Death",
    Occasion.WEDDING: "Anniversary",
    Occasion.OTHER: "Date",
}
_RELATIONS = {
    "spouse": Relation.SPOUSE,
    "wife": Relation.SPOUSE,
    "husband": Relation.SPOUSE,
    "partner": Relation.PARTNER,
    "domestic partner": Relation.PARTNER,
    "boyfriend": Relation.PARTNER,
    "girlfriend": Relation.PARTNER,
    "fiance": Relation.PARTNER,
    "fiancé": Relation.PARTNER,
    "fiancée": Relation.PARTNER,
    "sweetheart": Relation.PARTNER,
    "child": Relation.CHILD,
    "son": Relation.CHILD,
    "daughter": Relation.CHILD,
    "parent": Relation.PARENT,
    "mother": Relation.PARENT,
    "father": Relation.PARENT,
    "sibling": Relation.SIBLING,
    "brother": Relation.SIBLING,
    "sister": Relation.SIBLING,
    "friend": Relation.FRIEND,
    "colleague": Relation.COLLEAGUE,
    "co-worker": Relation.COLLEAGUE,
    "coworker": Relation.COLLEAGUE,
    "manager": Relation.MANAGER,
    "report": Relation.REPORT,
    "emergency": Relation.EMERGENCY,
    "neighbor": Relation.NEIGHBOUR,
    "neighbour": Relation.NEIGHBOUR,
    "pet": Relation.PET,
}
_RELATED = {
    "RELATED": "",
    "X-ABRELATEDNAMES": "",
    "X-SPOUSE": "spouse",
    "X-EVOLUTION-SPOUSE": "spouse",
    "X-KADDRESSBOOK-X-SPOUSESNAME": "spouse",
    "X-MS-SPOUSE": "spouse",
    "X-MS-CHILD": "child",
    "X-CHILDREN": "child",
    "X-MANAGER": "manager",
    "X-EVOLUTION-MANAGER": "manager",
    "X-KADDRESSBOOK-X-MANAGERSNAME": "manager",
    "X-MS-MANAGER": "manager",
    "X-ASSISTANT": "assistant",
    "X-EVOLUTION-ASSISTANT": "assistant",
    "X-KADDRESSBOOK-X-ASSISTANTSNAME": "assistant",
    "X-MS-ASSISTANT": "assistant",
    "AGENT": "agent",
}
_FULL_NAME = re.compile(r"(?:^|\n)FN[^:\n]*:([^\n]*)", re.IGNORECASE)
_URI = re.compile(r"(?:urn|https?|data|geo):", re.IGNORECASE)


def anniversaries(card: Component) -> tuple[tuple[Anniversary, ...], list[str]]:
    """Return the days to remember, and as remarks those of which not even day and month are known."""
    found: dict[tuple[Occasion, str | None], Anniversary] = {}
    remarks: list[str] = []
    for name, occasion in _OCCASIONS.items():
        for line in card.all(name)[:MAX_PARTS]:
            if not line.text.strip():
                continue
            kind, label = _occasion(occasion, line, card)
            day = _day(line)
            if day is not None:
                found.setdefault((kind, label), Anniversary(kind, day, label))
            elif (kind, label) not in found:
                remarks.append(f"{label or _NAMES[kind]}: {one_line(line.text, SHORT_CHARACTERS)}")
    return tuple(found.values()), remarks


def relationships(card: Component, agents: Iterable[str]) -> tuple[tuple[Relationship, ...], list[str]]:
    """Return who others are to the person, by name; and as remarks what a record has no word for."""
    found: dict[Relationship, None] = {}
    remarks: list[str] = []
    for name, word in (*_related(card), *((agent, "agent") for agent in agents)):
        relation = _RELATIONS.get(word.replace("_", " ").lower(), Relation.OTHER)
        found[Relationship(relation, name=name)] = None
        if relation is Relation.OTHER and word:
            remarks.append(f"{word[0].upper()}{word[1:]}: {name}")
    return tuple(found)[:MAX_PARTS], remarks


def _occasion(occasion: Occasion, line: ContentLine, card: Component) -> tuple[Occasion, str | None]:
    if occasion is not Occasion.OTHER:
        return occasion, None
    label = group_label(line, card)
    if label.lower() == "anniversary":
        return Occasion.WEDDING, None
    return Occasion.OTHER, label or None


def _day(line: ContentLine) -> PartialDate | None:
    match = _DAY.fullmatch(line.text.strip())
    if match is None:
        return None
    year = int(match[1]) if match[1] else None
    if year is not None and (
        match[1] == line.param("X-APPLE-OMIT-YEAR") or not FIRST_YEAR <= year <= LAST_YEAR
    ):
        year = None  # programs that must have a year write 1604, 0000 or 0001
    try:
        return PartialDate(int(match[2]), int(match[3]), year)
    except NoSuchDate:
        return None


def _related(card: Component) -> Iterator[tuple[str, str]]:
    """Yield names and what they are called."""
    for prop, usual in _RELATED.items():
        for line in card.all(prop)[:MAX_PARTS]:
            words = sorted(line.words - {"", "PREF"})
            word = usual or group_label(line, card) or next((each.lower() for each in words), "")
            text = line.text
            if prop == "AGENT" and (inner := _FULL_NAME.search(text)) is not None:
                text = inner[1]
            for each in split_value(text, ",") if prop == "X-CHILDREN" else (text,):
                name = one_line(each.removeprefix("mailto:"), SHORT_CHARACTERS)
                if name and not _URI.match(name):
                    yield name, word
