"""Reads the front matter that Hugo and Zola write as TOML: the part of it that says what a note is.

That is the keys above all tables, and those of the table ``taxonomies``: texts, dates and lists of texts. Those of other
tables are named by both (``params.author``). Not with the
standard library's parser: one slip of a hand costs it all of the front matter, and long dotted keys cost it minutes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from infrastructure.importers.notes.front_matter import FrontMatter, Items, key_of, listed

_MAX_LINES = 1000
_MAX_CHARACTERS = 1 << 16

_FENCE = re.compile(r"\+\+\+[ \t]*")
_ENTRY = re.compile(r"""[ \t]*([A-Za-z0-9_-]{1,64}|"[^"\\]{1,64}"|'[^']{1,64}')[ \t]*=[ \t]*(.*)""")
_TABLE = re.compile(r"[ \t]*\[{1,2}[ \t]*([^\[\]]{1,200}?)[ \t]*\]{1,2}[ \t]*(?:#.*)?")
_WHOLE = re.compile(r"""\[(?:[^\[\]"'#]|"(?:[^"\\]|\\.)*+"|'[^']*+')*+\]""")
_COMMENT = re.compile(r"""((?:[^"'#]|"(?:[^"\\]|\\.)*+"|'[^']*+')*+)#.*""")
_LONG = ('"""', "'''")
_READ = frozenset({"", "taxonomies"})


def split_toml(text: str) -> tuple[FrontMatter, str] | None:
    """Return a file's front matter and its body; None for a file without any of this kind."""
    lines = text[:_MAX_CHARACTERS].split("\n")[:_MAX_LINES]
    if not _FENCE.fullmatch(lines[0]):
        return None
    end = next((number for number, line in enumerate(lines[1:], 1) if _FENCE.fullmatch(line)), None)
    if end is None:
        return None
    found: dict[str, tuple[str, ...]] = {}
    for key, values in _entries(lines[1:end]):
        found.setdefault(key, values)
    return (found, text[sum(len(line) + 1 for line in lines[: end + 1]) :]) if found else None


def _entries(lines: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    left = iter(lines)
    table = ""
    for line in left:
        if named := _TABLE.fullmatch(line):
            table = named[1]
        elif entry := _ENTRY.fullmatch(line):
            value = _value(entry[2], left)
            key = key_of(entry[1])
            yield (key if table in _READ else f"{key_of(table)}.{key}"), value


def _value(begin: str, left: Iterator[str]) -> tuple[str, ...]:
    """Return the value that begins on a line and may go on on the next ones."""
    if begin.startswith(_LONG):
        mark, text = begin[:3], begin[3:]
        while mark not in text and (line := next(left, None)) is not None:
            text = f"{text}\n{line}"
        return (text.partition(mark)[0].strip(),)
    if not begin.startswith("["):
        return listed(_uncommented(begin))[:1]
    pieces = [_uncommented(begin)]
    while not pieces[-1].endswith("]") and (line := next(left, None)) is not None:
        pieces.append(_uncommented(line))
    whole = _WHOLE.fullmatch(" ".join(pieces).strip())
    return Items(each for each in listed(whole[0]) if each) if whole else ()


def _uncommented(line: str) -> str:
    match = _COMMENT.fullmatch(line)
    return (line if match is None else match[1]).strip()
