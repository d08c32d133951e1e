"""Makes plain text of text/enriched (RFC 1896) and of text/richtext (RFC 1341), which it has come from."""

from __future__ import annotations

import re

_COMMAND = re.compile(r"<(?:<|(/?)([A-Za-z0-9-]{1,60})>)")
_LINE_ENDS = re.compile(r"\r\n?")
_LINES = re.compile(r"\n+")
_SIGNS = {"lt": "<", "nl": "\n", "np": "\n\n"}
"""What a command of text/richtext stands for."""
_BLOCKS = frozenset({"center", "flushleft", "flushright", "flushboth", "excerpt", "paragraph", "heading"})
_DROPPED = ("param", "comment")


def text_of_enriched(source: str, *, is_richtext: bool = False) -> str:
    """Return the words without the commands; a line end in them is a space, and of several the first is none."""
    source = _LINE_ENDS.sub("\n", source)
    lower = source.lower()
    ends = {name: lower.rfind(f"</{name}>") for name in _DROPPED}
    pieces: list[str] = []
    position = unfilled = 0
    dropping = ""
    for found in _COMMAND.finditer(source):
        if not dropping:
            words = source[position : found.start()]
            pieces.append(_words(words, is_richtext=is_richtext, is_filled=unfilled <= 0))
        position = found.end()
        name = (found[2] or "").lower()
        if dropping:
            dropping = "" if found[1] and name == dropping else dropping
        elif name == "nofill":
            unfilled += -1 if found[1] else 1
        elif not found[1] and position <= ends.get(name, -1):
            dropping = name
        else:
            pieces.append(_sign(name, closes=bool(found[1])))
    if not dropping:
        pieces.append(_words(source[position:], is_richtext=is_richtext, is_filled=unfilled <= 0))
    return "\n".join(line.rstrip() for line in "".join(pieces).split("\n")).strip("\n")


def _words(text: str, *, is_richtext: bool, is_filled: bool) -> str:
    if not is_filled:
        return text
    return _LINES.sub(" " if is_richtext else lambda run: "\n" * (len(run[0]) - 1) or " ", text)


def _sign(name: str, *, closes: bool) -> str:
    if not name:
        return "<"
    if name in _BLOCKS:
        return "\n"
    return "" if closes else _SIGNS.get(name, "")
