"""Imports vCard files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import ClassVar

from infrastructure.importers.content_lines import (
    Component,
    component,
    holds_content,
    logical_lines,
    whole_file,
)
from infrastructure.importers.draft import Draft, Importer, Limits, Reading, Refused, UnreadableFile
from infrastructure.importers.text import digest_of
from infrastructure.importers.vcard.contacts import (
    Nameless,
    card_digest,
    contact_of,
    full_name,
    members_of,
    uid_of,
)
from infrastructure.importers.vcard.pictures import is_address, not_kept, picture_of

_MAX_LINES = 100_000
_LINES_A_LOOK = 4096
_DIGEST_CHARACTERS = 16
_READING = re.compile(rb"SOUND;[^:]{0,200}X-IRMC-N[^:]{0,200}:.{0,1000}", re.IGNORECASE | re.DOTALL)
"""How a name is read, as Japanese telephones tell it, and no sound."""


class VCardFiles(Importer):
    """Reads ``.vcf``: vCard 2.1, 3.0 and 4.0, mixed as they come.

    Every BEGIN:VCARD is an entry, also that of an agent's card within another one (vCard 2.1): the agent
    becomes a contact too, and by name one of the other's relationships. A photo, or else a logo, inside of a card is
    an entry as well: a medium that becomes the picture of the contact. So is what is inside of a card and not kept:
    another picture (``second_picture``), a sound (``sound``), a key (``public_key``).
    """

    platform: ClassVar[str] = "file.vcf"
    suffixes: ClassVar[frozenset[str]] = frozenset({".vcf", ".vcard"})

    def read(self, path: Path, reading: Reading) -> Iterator[Draft | Refused]:
        """Yield the cards in the order in which they end."""
        until = monotonic() + reading.limits.seconds
        data = whole_file(path, reading.limits)
        drafts = _Drafts(partial(_names, data, reading.limits))
        count = 0
        for card in _cards(data, reading.limits):
            count += 1
            if monotonic() > until:
                yield Refused("out_of_time")
            elif count > reading.limits.entries:
                yield Refused("too_many_entries")
            else:
                yield from drafts.results(card, reading.limits)
        if count == 0:
            raise UnreadableFile


@dataclass(slots=True)
class _Card:
    """A card as it stands in the file."""

    lines: list[bytes] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)
    """The lines that hold photos and the like."""
    agents: list[str] = field(default_factory=list)
    size: int = 0
    fault: str = ""

    @property
    def awaits_agent(self) -> bool:
        """Whether its last line announces the card of an agent."""
        last = self.lines[-1].upper() if self.lines else b""
        return last.startswith(b"AGENT") and last.rstrip().endswith(b":")

    def take(self, line: bytes, limits: Limits) -> None:
        self.size += len(line)
        if self.size > limits.entry_bytes or len(self.lines) >= _MAX_LINES:
            self.fault = "too_large"
            self.lines.clear()
            self.contents.clear()
        elif not holds_content(line) or _READING.match(line) or is_address(line):
            self.lines.append(line)
        else:
            self.contents.append(line)

    def component(self) -> Component:
        return component("VCARD", self.lines)


class _Drafts:
    """Makes contacts of cards, and keeps those apart that only seem to be the same."""

    def __init__(self, names: Callable[[], Mapping[str, str]]) -> None:
        self._seen: dict[str, str] = {}
        self._told = names

    @cached_property
    def _names(self) -> Mapping[str, str]:
        """The names of all cards of the file by UID, for the groups that may stand before their members."""
        return self._told()

    def results(self, card: _Card, limits: Limits) -> Iterator[Draft | Refused]:
        """Yield the picture that is in a card, what else is in it, and the contact."""
        contact = self._contact(card)
        if isinstance(contact, Draft) and card.contents:
            try:
                file = picture_of(card.contents)
            except ValueError:
                yield Refused("broken_attachment")
                file = None
            if file is not None:
                picture = file.draft(limits.whole_file_bytes)
                yield picture
                contact = replace(contact, attached=(replace(file.attached(picture), verb="refresh_photo"),))
            yield from not_kept(card.contents)
        yield contact

    def _contact(self, card: _Card) -> Draft | Refused:
        if card.fault:
            return Refused(card.fault)
        try:
            parsed = card.component()
            members = [self._names.get(each, each) for each in members_of(parsed)]
            draft = contact_of(parsed, card.agents, members)
            return self._told_apart(draft, parsed)
        except Nameless:
            return Refused("no_name")
        except (ValueError, ArithmeticError, LookupError, RecursionError):
            return Refused("unreadable")  # what we have overlooked costs an entry, not the file

    def _told_apart(self, draft: Draft, card: Component) -> Draft:
        has_uid = card.first("UID", "X-ABUID") is not None
        said = draft.arguments["name"].full if has_uid else card_digest(card)
        if self._seen.setdefault(draft.source_id, said) == said:
            return draft
        name = digest_of(draft.source_id, said)
        self._seen.setdefault(name, said)
        return replace(draft, source_id=name)


def _cards(data: bytes, limits: Limits) -> Iterator[_Card]:
    """Yield the cards of a file; one that has no end ends where the next begins."""
    until = monotonic() + limits.seconds
    opened: list[_Card] = []
    for number, line in enumerate(logical_lines(data)):
        if number % _LINES_A_LOOK == 0 and monotonic() > until:
            raise UnreadableFile
        keyword, _, name = line[:100].partition(b":")
        mark = (keyword.strip().upper(), name.strip().upper())
        if mark == (b"BEGIN", b"VCARD"):
            if opened and not (opened[-1].awaits_agent and len(opened) < limits.depth):
                yield from _closed(opened)
            opened.append(_Card())
        elif mark == (b"END", b"VCARD") and opened:
            yield _closed_one(opened)
        elif opened and mark[0] not in {b"BEGIN", b"END"}:
            opened[-1].take(line, limits)
    yield from _closed(opened)


def _names(data: bytes, limits: Limits) -> Mapping[str, str]:
    cards = (each.component() for each in islice(_cards(data, limits), limits.entries) if not each.fault)
    found: dict[str, str] = {}
    for card in cards:
        uid, name = uid_of(card), full_name(card)
        if uid and name:
            found.setdefault(uid, name)
    return found


def _closed(opened: list[_Card]) -> Iterator[_Card]:
    while opened:
        yield _closed_one(opened)


def _closed_one(opened: list[_Card]) -> _Card:
    """End the innermost card, and tell the one around it whose it was."""
    card = opened.pop()
    if opened:
        name = full_name(card.component())
        if name:
            opened[-1].agents.append(name)
    return card
