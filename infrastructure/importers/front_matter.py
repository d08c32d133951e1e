"""Reads the front matter of a Markdown file: the small part of YAML that note programs write."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

_MAX_LINES = 1000
_MAX_CHARACTERS = 1 << 16

_FENCE = re.compile(r"---[ \t]*$")
_END = re.compile(r"(?:---|\.\.\.)[ \t]*$")
_KEY = re.compile(r"([A-Za-z_][A-Za-z0-9_ .-]{0,63}?\??)[ \t]*:(?:[ \t]+(.*))?$")
_ITEM = re.compile(r"[ \t]*-(?:[ \t]+(.*))?$")
_BLOCK = re.compile(r"[|>][+-]?[0-9]?$")
_QUOTED = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^']|'')*)'")
_ESCAPED = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t"}

FrontMatter = Mapping[str, tuple[str, ...]]
"""The values of each key, which is in lower case; one value where it is no list."""


def split(text: str) -> tuple[FrontMatter, str]:
    """Return a file's front matter and its body; without front matter, all of the file is body.

    Nested mappings are passed over, anchors and types have no meaning. Lines that are no YAML at all show
    that the first line is a rule and not the beginning of front matter.
    """
    head, _, _ = text[:_MAX_CHARACTERS].rpartition("\n") if len(text) > _MAX_CHARACTERS else (text, "", "")
    lines = head.split("\n")
    if not _FENCE.match(lines[0]):
        return {}, text
    end = next((n for n, line in enumerate(lines[1:_MAX_LINES], 1) if _END.match(line)), None)
    if end is None:
        return {}, text
    found = _values(lines[1:end])
    if found is None:
        return {}, text
    return found, text[sum(len(line) + 1 for line in lines[: end + 1]) :]


def _values(lines: Sequence[str]) -> FrontMatter | None:
    """Return the values of all keys; None where the lines are none of YAML."""
    found: dict[str, tuple[str, ...]] = {}
    for key, value, below in _entries(lines):
        if not key:
            return None
        if _BLOCK.match(value):
            found.setdefault(key, ("\n".join(line.strip() for line in below).strip(),))
        elif value:
            # What stands below a value continues it, but for the items of a list.
            found.setdefault(key, _listed(" ".join((value, *(line.strip() for line in below)))))
        else:
            items = (_ITEM.match(line) for line in below)
            found.setdefault(key, tuple(_scalar(item[1] or "") for item in items if item))
    return found


def _entries(lines: Sequence[str]) -> Iterator[tuple[str, str, list[str]]]:
    """Yield each key with its value and the lines below it; an empty key for what is no entry."""
    entry: tuple[str, str, list[str]] | None = None
    for line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        if line[0] in " \t" or (_ITEM.match(line) and entry is not None):
            if entry is None:
                yield "", "", []
                return
            entry[2].append(line)
            continue
        if entry is not None:
            yield entry
        match = _KEY.match(line)
        if match is None:
            yield "", "", []
            return
        entry = (match[1].strip().lower(), (match[2] or "").strip(), [])
    if entry is not None:
        yield entry


def _listed(value: str) -> tuple[str, ...]:
    """Return the items of ``[a, "b, c"]``, or the one value that it is."""
    if not (value.startswith("[") and value.endswith("]")):
        return (_scalar(value),)
    items: list[str] = []
    rest = value[1:-1].strip()
    while rest:
        quoted = _QUOTED.match(rest)
        item = quoted[0] if quoted else rest.partition(",")[0]
        items.append(_scalar(item))
        rest = rest[len(item) :].partition(",")[2].strip()
    return tuple(items)


def _scalar(value: str) -> str:
    value = value.strip()
    quoted = _QUOTED.fullmatch(value)
    if quoted is None:
        return value
    if quoted[1] is not None:
        return _ESCAPED.sub(lambda match: _ESCAPES.get(match[1], match[1]), quoted[1])
    return quoted[2].replace("''", "'")
