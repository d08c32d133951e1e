"""Imports Markdown files: a note each, with what its front matter says of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from domain.productivity.note_terms import BodyFormat, NoteColour, NoteKind
from domain.shared.values import FIRST_YEAR, LAST_YEAR, MAX_URL
from infrastructure.importers.content_lines import whole_file
from infrastructure.importers.draft import Draft, Importer, Reading, Refused, UnreadableFile
from infrastructure.importers.notes.front_matter import FrontMatter, Items, properties_of, split
from infrastructure.importers.notes.front_matter_toml import split_toml
from infrastructure.importers.notes.note_dates import first_moment
from infrastructure.importers.text import cut_text, decoded, digest_of, one_line, plain_text, url_from

_BODY_CHARACTERS = 1_000_000
_TITLE_CHARACTERS = 500
_LINE_CHARACTERS = 1000
_NAME_CHARACTERS = 200
_LABEL_CHARACTERS = 64
_NOTEBOOKS, _TAGS, _OTHERS = 16, 100, 100
_VALUE_CHARACTERS = 10_000
_BINARY_BYTES = 4096

_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(\S.*)$", re.MULTILINE)
_UNDERLINED = re.compile(r"^ {0,3}([^\s#>=\-].*)\n {0,3}(?:={2,}|-{2,})[ \t]*$", re.MULTILINE)
_ENTRY = re.compile(r"[^:]++:(?:[ \t].*)?|[ \t]*-[ \t].*")
_FENCED = re.compile(r"^ {0,3}(```|~~~)", re.MULTILINE)
_DAY = re.compile(r"([0-9]{4})([-_. ]?)([0-9]{2})\2([0-9]{2})")
_LINK = re.compile(r"\[[^\[\]]*\]\((\S+)\)|<([^<>\s]+)>")
_WEB = re.compile(r"https?:", re.IGNORECASE)
_YES = frozenset({"true", "yes", "on", "1"})

_CREATED = ("created", "createdat", "datecreated", "createddate", "creationdate", "date")
_SOURCE = ("sourceurl", "source", "url", "link")
_IDS = ("id", "uid", "guid", "uuid")
_TAG_KEYS = ("tags", "tag", "keywords", "categories", "category")
_DUE = ("due", "reminder")
_FLAGS = ("pinned", "favorite", "favourite", "starred", "archived")
_READ = frozenset(
    {
        "title",
        "author",
        "authors",
        "mood",
        "notebook",
        "folder",
        "colour",
        "color",
        "latitude",
        "longitude",
        *_FLAGS,
        *_CREATED,
        *_SOURCE,
        *_IDS,
        *_TAG_KEYS,
        *_DUE,
    }
)
_KNOWN = frozenset({"title", "aliases", "author", "updated", *_CREATED, *_SOURCE, *_IDS, *_TAG_KEYS, *_DUE})
"""What shows front matter for what it is, even with lines in it that are none."""


class MarkdownFiles(Importer):
    """Reads ``.md``; the one entry of a file is the file.

    A note is known again by the id in its front matter, else by its file name and title: an edited file
    renews its note, also where it was moved. Of files of one name in several folders each is a note. A note
    gets a second record when its title is changed and it has no id.
    """

    platform: ClassVar[str] = "file.markdown"
    suffixes: ClassVar[frozenset[str]] = frozenset({".md", ".markdown"})

    def read(self, path: Path, reading: Reading) -> Iterator[Draft | Refused]:
        """Yield the note."""
        data = whole_file(path, reading.limits)
        text = decoded(data)
        if "\0" in text[:_BINARY_BYTES]:
            raise UnreadableFile
        text = plain_text(text, 2 * _BODY_CHARACTERS)
        front, body = split_toml(text) or split(text, _KNOWN)
        told = front or properties_of(body, _KNOWN)
        note = _note(path.stem, reading.folder, told, body, ZoneInfo(reading.timezone))
        yield replace(note, metadata=_without_room(front))


def _note(stem: str, folder: str | None, front: FrontMatter, body: str, zone: ZoneInfo) -> Draft:
    stem = one_line(stem, _TITLE_CHARACTERS) or "note"
    title = one_line(_first(front, "title"), _TITLE_CHARACTERS) or _heading(body) or stem
    day = _day(stem)
    arguments: dict[str, Any] = {
        "title": title,
        "body": cut_text(body.strip("\n"), _BODY_CHARACTERS),
        "body_format": BodyFormat.MARKDOWN,
        "kind": NoteKind.NOTE if day is None else NoteKind.JOURNAL_ENTRY,
        "journal_date": day,
        "mood": None if day is None else _mood(front),
        "notebook": _notebook(front),
        "pinned": _is_set(front, "pinned"),
        "favorite": _is_set(front, "favorite", "favourite", "starred"),
        "archived": _is_set(front, "archived"),
        "colour": _colour(front),
        "source_url": _url(front),
        "author": one_line(_first(front, "author", "authors"), _LINE_CHARACTERS) or None,
        "written_at": first_moment(_all(front, *_CREATED), zone),
        "reminder_at": first_moment(_all(front, *_DUE), zone),
        **_place(front),
    }
    own_id = _first(front, *_IDS)
    return Draft(
        kind="note",
        verb="write",
        source_id=digest_of("id", own_id) if own_id else digest_of("file", stem, title),
        arguments=arguments,
        update="refresh",
        tags=_tags(front),
        apart=None if own_id or folder is None else digest_of("file", folder, stem, title),
    )


def _first(front: FrontMatter, *keys: str) -> str:
    """Return the first value of the first of the keys that has one, or an empty text."""
    return next(_all(front, *keys), "")


def _all(front: FrontMatter, *keys: str) -> Iterator[str]:
    return (value for key in keys for value in front.get(key, ()) if value)


def _is_set(front: FrontMatter, *keys: str) -> bool:
    return _first(front, *keys).partition(" #")[0].strip().lower() in _YES


def _heading(body: str) -> str:
    """Return the first heading that stands before any code, in which # begins a comment."""
    begin = _after_entries(body)
    fence = _FENCED.search(body, begin)
    found = [match for form in (_HEADING, _UNDERLINED) if (match := form.search(body, begin))]
    first = min(found, key=lambda match: match.start(), default=None)
    if first is None or (fence and fence.start() < first.start()):
        return ""
    heading = one_line(first[1], _TITLE_CHARACTERS)
    text = heading.rstrip("#")  # a heading may be closed as it was opened
    return text.strip() if text.endswith(" ") else heading


def _after_entries(body: str) -> int:
    """Return where a front matter ends that could not be read: its last rule makes no heading of an entry."""
    if not body.startswith("---\n"):
        return 0
    end = body.find("\n---", 3)
    last = body[body.rfind("\n", 0, max(end, 0)) + 1 : end]
    return end + 1 if end > 0 and _ENTRY.fullmatch(last) else 0


def _day(stem: str) -> date | None:
    match = _DAY.fullmatch(stem)
    try:
        day = date(int(match[1]), int(match[3]), int(match[4])) if match else None
    except ValueError:
        return None
    return day if day and FIRST_YEAR <= day.year <= LAST_YEAR else None


def _mood(front: FrontMatter) -> int | None:
    match = re.fullmatch(r"[+-]?[0-2]", _first(front, "mood"))
    return int(match[0]) if match else None


def _notebook(front: FrontMatter) -> tuple[str, ...]:
    names = (one_line(name, _NAME_CHARACTERS) for name in _first(front, "notebook", "folder").split("/"))
    return tuple(name for name in names if name)[:_NOTEBOOKS]


def _colour(front: FrontMatter) -> NoteColour:
    try:
        return NoteColour(_first(front, "colour", "color").lower())
    except ValueError:
        return NoteColour.DEFAULT


def _url(front: FrontMatter) -> str | None:
    """Return the first web address, which may be written as a link."""
    written = (one_line(_first(front, key), MAX_URL + _TITLE_CHARACTERS) for key in _SOURCE)
    addresses = ((match[1] or match[2]) if (match := _LINK.fullmatch(each)) else each for each in written)
    return next((url for each in addresses if _WEB.match(each) and (url := url_from(each))), None)


def _place(front: FrontMatter) -> dict[str, float]:
    try:
        latitude, longitude = (float(_first(front, key)) for key in ("latitude", "longitude"))
    except ValueError:
        return {}
    on_earth = abs(latitude) <= 90 and abs(longitude) <= 180  # noqa: PLR2004 - degrees
    # Joplin writes 0, 0 where it knows no place.
    return {"latitude": latitude, "longitude": longitude} if on_earth and (latitude or longitude) else {}


def _tags(front: FrontMatter) -> tuple[str, ...]:
    written = [word for key in _TAG_KEYS for word in _words_of(front.get(key, ()))]
    tags = dict.fromkeys(one_line(tag.strip().lstrip("#"), _LABEL_CHARACTERS) for tag in written)
    return tuple(tag for tag in tags if tag)[:_TAGS]


def _without_room(front: FrontMatter) -> dict[str, str]:
    """Return what a note has no field for, by key; one that has several values has them by commas."""
    said = ((one_line(key, _LINE_CHARACTERS), ", ".join(values)) for key, values in front.items())
    others = ((key, value) for key, value in said if key and value and key not in _READ)
    return {key: plain_text(value, _VALUE_CHARACTERS) for key, value in islice(others, _OTHERS)}


def _words_of(values: tuple[str, ...]) -> Iterator[str]:
    """Yield the items of a list, or the words of what is none: they are parted by commas, or else by blanks."""
    for value in values:
        yield from (value,) if isinstance(values, Items) else value.split("," if "," in value else None)
