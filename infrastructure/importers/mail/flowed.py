"""Puts the paragraphs of a message together that its program has broken into short lines (RFC 3676, format=flowed)."""

from __future__ import annotations

import re
from collections.abc import Iterator

_MARKS = re.compile(r"(>*) ?(.*)", re.DOTALL)
_SIGNATURE = "-- "


def reflowed(text: str, *, deletes_space: bool) -> str:
    """Return a text with its paragraphs as lines; ``deletes_space`` is DelSp, for languages that write no blanks."""
    return "\n".join(_paragraphs(text.replace("\r\n", "\n").split("\n"), deletes_space=deletes_space))


def _paragraphs(lines: list[str], *, deletes_space: bool) -> Iterator[str]:
    held: list[str] = []
    held_depth = 0
    for line in lines:
        match = _MARKS.fullmatch(line)
        marks, words = ("", line) if match is None else match.groups()
        if held and (len(marks) != held_depth or words == _SIGNATURE):
            yield _written(held, held_depth)
            held = []
        goes_on = words.endswith(" ") and words != _SIGNATURE
        held.append(words[:-1] if goes_on and deletes_space else words)
        held_depth = len(marks)
        if not goes_on:
            yield _written(held, held_depth)
            held = []
    if held:
        yield _written(held, held_depth)


def _written(pieces: list[str], depth: int) -> str:
    words = "".join(pieces)
    return f"{'>' * depth} {words}".rstrip() if depth else words
