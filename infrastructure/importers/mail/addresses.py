"""Reads the mailboxes of an address header (RFC 5322), as broken as they come."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from domain.communication.email_terms import Mailbox
from infrastructure.importers.mail.headers import words
from infrastructure.importers.text import one_line

MAX_MAILBOXES = 10_000
MAX_CHARACTERS = 1 << 20

_PIECE = re.compile(
    r"""=\?[^?\s]{1,80}\?[bBqQ]\?[^?\s]{0,1000}\?=  # an encoded word, whatever it holds
      | [^"(),:;<>\\=]+ | \\. | .""",
    re.DOTALL | re.VERBOSE,
)
_DISGUISED = re.compile(r"([^\s@]{1,100}) at ([^\s@.]{1,100}\.[^\s@]{1,200})")
"""What archives of mailing lists make of an address."""
_SPACED = re.compile(r" ?(@|(?<= )\.(?= )) ?")  # as RFC 822 allowed it
_NAME_CHARACTERS = 1000
_ADDRESS_CHARACTERS = 320


def mailboxes(values: Iterable[str]) -> tuple[Mailbox, ...]:
    """Return the mailboxes of the values of one header, groups as their members."""
    found: list[Mailbox] = []
    for value in values:
        text = value[:MAX_CHARACTERS]
        try:
            pieces = list(_split(text, quotes=True))
        except _Unclosed:
            pieces = list(_split(text.replace("(", " ").replace(")", " "), quotes=False))
        for piece in pieces:
            found.extend(_mailboxes_in(piece))
            if len(found) >= MAX_MAILBOXES:
                return tuple(found[:MAX_MAILBOXES])
    return tuple(found)


@dataclass(slots=True)
class _Found:
    """What was found of a mailbox so far."""

    outside: list[str] = field(default_factory=list)
    inside: list[str] | None = None
    """What stands in angle brackets."""
    comments: list[str] = field(default_factory=list)

    def add(self, piece: str) -> None:
        if piece == "<":
            self.inside = []
        elif piece != ">":
            self.say(piece)

    def say(self, text: str) -> None:
        """Add text that is nothing but text."""
        (self.outside if self.inside is None else self.inside).append(text)

    def is_route(self) -> bool:
        """Whether commas belong to an obsolete route: ``<@a.example,@b.example:c@d.example>``."""
        return bool(self.inside and self.inside[0].lstrip().startswith("@"))


class _Unclosed(ValueError):
    """A quotation mark or parenthesis has no counterpart."""


def _split(text: str, *, quotes: bool) -> Iterator[_Found]:
    """Cut a header at its commas, semicolons and group names, outside of quotes, comments and brackets."""
    now = _Found()
    quoted, depth = False, 0
    comment: list[str] = []
    for piece in _PIECE.findall(text):
        if quoted:
            quoted = piece != '"'
            now.say(_plain(piece) if quoted else "")
        elif depth or piece == "(":
            depth += (piece == "(") - (piece == ")")
            comment.append(_plain(piece))
            if not depth:
                now.comments.append("".join(comment)[1:-1])
                comment.clear()
        elif piece == '"':
            quoted = quotes
        elif _ends(now, piece):
            yield now
            now = _Found()
        elif piece == ":" and now.inside is None:
            now = _Found()  # what stood before it is the name of a group
        else:
            now.add(piece)
    if quoted or depth:
        raise _Unclosed
    yield now


def _plain(piece: str) -> str:
    return piece[1:] if piece[0] == "\\" else piece


def _ends(found: _Found, piece: str) -> bool:
    """Whether a mailbox ends here; programs separate them with semicolons, or forget to."""
    if piece == ">":
        return found.inside is not None
    return piece == ";" or (piece == "," and not found.is_route())


def _mailboxes_in(found: _Found) -> Iterator[Mailbox]:
    name = " ".join("".join(found.outside).split())
    if found.inside is not None:
        address = "".join("".join(found.inside).split()).rpartition(":")[2]
        if address:
            yield _mailbox(name, address)
            return
    name = _SPACED.sub(r"\1", name)
    parts = name.split(" ") if name else []
    addresses = [part for part in parts if "@" in part]
    if len(addresses) > 1:
        for address in addresses:
            yield _mailbox("", address)
    elif addresses:
        rest = " ".join(part for part in parts if part != addresses[0])
        yield _mailbox(rest or " ".join(found.comments), addresses[0])
    elif len(parts) == 1 and "=?" not in name:
        yield _mailbox(" ".join(found.comments), name)  # the name of an account on the sender's machine
    elif disguised := _DISGUISED.fullmatch(name):
        yield _mailbox(" ".join(found.comments), f"{disguised[1]}@{disguised[2]}")
    elif name:
        yield _mailbox(name, "")


def _mailbox(name: str, address: str) -> Mailbox:
    return Mailbox(
        one_line(words(name), _NAME_CHARACTERS), one_line(words(address), _ADDRESS_CHARACTERS).strip("'\"")
    )
