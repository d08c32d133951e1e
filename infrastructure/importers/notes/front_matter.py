"""Reads the front matter of a Markdown file: the small part of YAML that note programs write.

That is one mapping, whose values are plain or quoted scalars, block scalars, and lists of scalars in either
style; comments; and of several values for one key the first. A value is text: it has no type, no tag and no
anchor. What is nested is named by its path (``book.author``).

Not with PyYAML: half of what people write into their vaults by hand is no YAML (``title: Re: hello``, tabs,
``author: @robin``, ``created: {{date}}``), and it costs PyYAML all of the front matter; ``tags: #a, #b`` is
nothing to it, ``001`` is 1, and 900 brackets are a RecursionError.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

_MAX_LINES = 1000
_MAX_CHARACTERS = 1 << 16

_FENCE = re.compile(r"---[ \t]*$")
_END = re.compile(r"(?:---|\.\.\.)[ \t]*$")
_QUOTE = r"\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*'"
# Of the punctuation of ASCII, a key has what joins words: prose has the rest.
_KEY = re.compile(
    rf"(?P<key>{_QUOTE}|[^\W\d][^\x00-\x1f\x7f!-,:-@\[-^`{{-~]{{0,63}}?\??)[ \t]*+:(?:[ \t]+(?P<value>.*))?$"
)
_IN_KEYS = re.compile(r"[\s_-]")
_ITEM = re.compile(r"[ \t]*-(?:[ \t]+(.*))?$")
_BLOCK = re.compile(r"[|>][+-]?[0-9]?[+-]?$")
_QUOTED = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^']|'')*)'")
_ESCAPED = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t"}
_MAX_PROPERTIES = 100
_MAX_DEPTH = 8  # of nested mappings that have a path of their own
_KEY_CHARACTERS = 64
_PROPERTY = re.compile(r"([A-Za-z][A-Za-z0-9_-]{0,63})::(?:[ \t]+(.*))?")
_PROPERTY_ITEM = re.compile(r"(?:\[\[[^\[\]]*\]\]|[^,\[\]])+")
_COMMENT = re.compile(rf"((?:^|(?<=[\s,\[]))(?:{_QUOTE})|\])(?:[ \t]++#.*)?|(?<!\S)#(?!\S).*")
"""A comment after what is quoted or a list, or one in a plain text, where ``#word`` is none but a tag."""


class Items(tuple[str, ...]):
    """The items of a list, also of one with a single item, which is not to be taken apart."""

    __slots__ = ()


FrontMatter = Mapping[str, tuple[str, ...]]
"""The values of each key, one where it is no list, ``Items`` where it is one. ``Date created`` and ``date_created`` are ``datecreated``."""


def split(text: str, known: Collection[str]) -> tuple[FrontMatter, str]:
    """Return a file's front matter and its body; without front matter, all of the file is body.

    Lines that are no entry of YAML show that the first line is a rule and not the beginning of front matter.
    They are left out where there are more entries than such lines, and one of them has a key that is ``known``.
    """
    head, _, _ = text[:_MAX_CHARACTERS].rpartition("\n") if len(text) > _MAX_CHARACTERS else (text, "", "")
    lines = head.split("\n")
    if not _FENCE.match(lines[0]):
        return {}, text
    end = next((n for n, line in enumerate(lines[1:_MAX_LINES], 1) if _END.match(line)), None)
    if end is None:
        return {}, text
    found, nested, others = _values(lines[1:end])
    if others and (others >= len(found) or found.keys().isdisjoint(known)):
        return {}, text
    found |= {path: values for path, values in nested.items() if path not in found}
    return found, text[sum(len(line) + 1 for line in lines[: end + 1]) :]


def properties_of(body: str, known: Collection[str]) -> FrontMatter:
    """Return what Logseq says of a page in its first lines (``tags:: [[a]], b``), which stay part of the body."""
    found: dict[str, tuple[str, ...]] = {}
    for line in body[:_MAX_CHARACTERS].split("\n")[:_MAX_PROPERTIES]:
        match = _PROPERTY.fullmatch(line)
        if match is None:
            break
        items = _PROPERTY_ITEM.findall(match[2] or "")
        found.setdefault(key_of(match[1]), Items(item.strip(" \t[]") for item in items))
    return {} if found.keys().isdisjoint(known) else found


def _values(lines: Sequence[str]) -> tuple[dict[str, tuple[str, ...]], FrontMatter, int]:
    """Return the values of all keys, those of what is nested below them, and how many lines belong to none."""
    found: dict[str, tuple[str, ...]] = {}
    nested: dict[str, tuple[str, ...]] = {}
    others = 0
    for key, value, below in _entries(lines):
        said = _uncommented(value)
        if not key:
            others += 1
        elif _BLOCK.match(said):
            found.setdefault(key, ("\n".join(line.strip() for line in below).strip(),))
        elif said:
            # What stands below a value continues it, but for the items of a list.
            found.setdefault(key, listed(_joined(value, below)))
        elif key not in found:
            found[key] = Items(_items(below))
            if not found[key]:
                nested.update((path, values) for path, values in _flattened(key, below) if path not in nested)
    return found, nested, others


def _items(below: Sequence[str]) -> Iterator[str]:
    """Yield the items of a list, each with the lines that continue it; none where it begins with something else."""
    items: list[str] = []
    for line in below:
        item = _ITEM.match(line)
        if item is not None:
            items.append(_scalar(_uncommented(item[1] or "")))
        elif not items:
            return
        elif said := _uncommented(line):
            items[-1] = f"{items[-1]}{', ' if _KEY.match(said) else ' '}{said}".lstrip(", ")
    yield from items


def _entries(lines: Sequence[str]) -> Iterator[tuple[str, str, list[str]]]:
    """Yield each key with its value and the lines below it; an empty key for what is no entry."""
    entry: tuple[str, str, list[str]] | None = None
    for line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        if entry is not None:
            if line[0] in " \t" or _ITEM.match(line):
                entry[2].append(line)
                continue
            yield entry
        match = _KEY.match(line)
        entry = (key_of(match["key"]), match["value"] or "", []) if match else ("", "", [])
    if entry is not None:
        yield entry


def key_of(written: str) -> str:
    """Return a key as ``FrontMatter`` has it."""
    return _IN_KEYS.sub("", _scalar(written).lower())


def _flattened(key: str, below: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the values of a mapping that is nested below a key by their paths, ``book.author``.

    What stands there and is no entry belongs to the entry above it, or to ``key.text``.
    """
    found: dict[str, list[str]] = {}
    above: list[tuple[int, str]] = []  # how far the open mappings are indented, and their paths
    path, verbatim = f"{key}.text", -1
    for line in below:
        said, indent = line.strip(), len(line) - len(line.lstrip())
        if indent > verbatim >= 0:
            found[path] = ["\n".join((*found[path], said))]
            continue
        entry = _KEY.match(said)
        if entry is None:
            verbatim = -1
            values, item = found.setdefault(path, []), _ITEM.match(line)
            if item is not None:
                values.append(_scalar(_uncommented(item[1] or "")))
            else:
                values[-1:] = [" ".join((*values[-1:], _uncommented(said)))]
            continue
        while above and above[-1][0] >= indent:
            above.pop()
        path = f"{above[-1][1] if above else key}.{key_of(entry['key'])[:_KEY_CHARACTERS]}"
        if len(above) < _MAX_DEPTH:
            above.append((indent, path))
        value = _uncommented(entry["value"] or "")
        verbatim = indent if _BLOCK.match(value) else -1
        found.setdefault(path, []).extend(listed(value) if value and verbatim < 0 else ())
    yield from ((each, tuple(filter(None, values))) for each, values in found.items())


def _joined(value: str, below: Sequence[str]) -> str:
    """Return a value of several lines as one, without the comments."""
    lines = [value.strip(), *(line.strip() for line in below)]
    if lines[0].startswith(('"', "'")):
        return _uncommented(" ".join(lines))
    return " ".join(filter(None, map(_uncommented, lines)))


def _uncommented(value: str) -> str:
    return _COMMENT.sub(r"\1", value).strip() if "#" in value else value.strip()


def listed(value: str) -> tuple[str, ...]:
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
    return Items(items)


def _scalar(value: str) -> str:
    value = value.strip()
    quoted = _QUOTED.fullmatch(value)
    if quoted is None:
        return value
    if quoted[1] is not None:
        return _ESCAPED.sub(lambda match: _ESCAPES.get(match[1], match[1]), quoted[1])
    return quoted[2].replace("''", "'")
