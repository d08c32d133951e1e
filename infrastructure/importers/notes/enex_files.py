"""Imports Evernote's export files (ENEX): a note each, its content as Markdown."""

from __future__ import annotations

import binascii
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar
from xml.etree.ElementTree import Element  # only handed over; see xml_elements.py

from domain.productivity.note_terms import MAX_ATTACHMENTS, BodyFormat, NoteKind
from domain.shared.values import MAX_URL
from infrastructure.importers.attached_files import AttachedFile
from infrastructure.importers.draft import (
    Attached,
    Draft,
    Importer,
    Limits,
    Outcome,
    Reading,
    Refused,
    UnreadableFile,
)
from infrastructure.importers.notes.enex_tasks import first_line_of, line_of, moment
from infrastructure.importers.notes.enml_text import markdown_of, task_groups
from infrastructure.importers.text import cut_text, digest_of, one_line, url_from
from infrastructure.importers.xml_elements import Elements, Stopped

_BODY_CHARACTERS = 1_000_000
_TITLE_CHARACTERS = 500
_LINE_CHARACTERS = 1000
_LABEL_CHARACTERS = 64
_TAGS = 100

_BASE64_CHARACTERS = 1 << 20  # decoded at once; four of them are three bytes
_WHITE_SPACE = str.maketrans("", "", " \t\r\n")
_NO_TIME = 1970  # the year of resources that have none

_NOT_KEPT = frozenset({"recognition", "alternate-data", "thumbnail"})
_REST_OF_NOTE = "rest-of-note"
"""Marks, as an attribute, what is left of a note behind a fault."""
_WANTED = {"note": "<en-export>", "resource": f'<en-export><note {_REST_OF_NOTE}="">'}
_ENML = (
    "en-note", "en-media", "en-todo", "en-crypt", "a", "abbr", "address", "b", "big", "blockquote", "br", "caption",
    "center", "cite", "code", "col", "colgroup", "dd", "del", "div", "dl", "dt", "em", "font", "h[1-6]", "hr", "i",
    "img", "ins", "kbd", "li", "ol", "p", "pre", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup",
    "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var",
)  # fmt: skip
"""Elements of a note's content, which is a section; those around it have other names."""
_CLIPPED = ("web.clip", "clearly", "mobile.clip")


class EnexFiles(Importer):
    """Reads ``.enex``, of any version of Evernote and of any size.

    The notes are entries, and so are their attachments: a medium or a document each, attached to the note.
    Where a note is refused or broken, its attachments are kept for themselves.
    Evernote exports no ids: a note is known again by its title and the moment it was made, and by its text
    where it tells no moment or another note of the file has the same two.
    """

    platform: ClassVar[str] = "file.enex"
    suffixes: ClassVar[frozenset[str]] = frozenset({".enex"})

    def read(self, path: Path, reading: Reading) -> Iterator[Draft | Refused]:
        """Yield the notes in the order of the file, each behind its attachments; a broken file gives those it has."""
        limits = reading.limits
        try:
            if path.stat().st_size > limits.bytes:
                raise UnreadableFile
            with path.open("rb") as stream:
                elements = Elements(stream, _WANTED, limits, _NOT_KEPT, _ENML)
                yield from _notes(elements, reading)
        except OSError:
            raise UnreadableFile from None
        if elements.root is None or elements.root.tag != "en-export":
            raise UnreadableFile


def _notes(elements: Elements, reading: Reading) -> Iterator[Draft | Refused]:
    limits = reading.limits
    seen: dict[str, str] = {}
    files: dict[Attached, None] = {}  # of the note in hand, which is told when it ends
    try:
        for number, found in enumerate(elements):
            if elements.root is None or elements.root.tag != "en-export":
                return
            if number >= limits.entries:
                raise Stopped("too_many_entries")  # noqa: TRY301 - as the elements stop by themselves
            if found is None:
                files.clear()
                yield Refused("broken_xml")
                continue
            element, whole = found
            if element.tag == "resource":
                yield _resource(element, files, limits) if whole else Refused("too_large")
                continue
            if _REST_OF_NOTE not in element.attrib:
                yield _with(_note(element, seen, reading.timezone), files) if whole else Refused("too_large")
            files.clear()
    except Stopped as stopped:
        if elements.root is not None and elements.root.tag == "en-export":
            yield Refused(stopped.reason)


def _with(note: Draft | Refused, files: dict[Attached, None]) -> Draft | Refused:
    return replace(note, attached=tuple(files)) if isinstance(note, Draft) else note


def _resource(resource: Element, files: dict[Attached, None], limits: Limits) -> Draft | Refused:
    try:
        data = _decoded(resource.find("data"))
    except binascii.Error:
        return Refused("broken_attachment")
    if not data:
        return Refused("empty_attachment")
    made = moment(resource.findtext("resource-attributes/timestamp", ""))
    file = AttachedFile(
        data,
        resource.findtext("resource-attributes/file-name", ""),
        resource.findtext("mime", ""),
        made if made is not None and made.year > _NO_TIME else None,
    )
    draft = file.draft(limits.whole_file_bytes)
    if len(files) < MAX_ATTACHMENTS:
        files.setdefault(file.attached(draft))
    return draft


def _decoded(data: Element | None) -> bytes:
    """Return the bytes of an attachment, and let go of their text; raises binascii.Error."""
    text = "" if data is None or data.text is None else data.text
    if data is not None:
        data.text = None
    decoded, left = bytearray(), ""
    for start in range(0, len(text), _BASE64_CHARACTERS):
        left += text[start : start + _BASE64_CHARACTERS].translate(_WHITE_SPACE)
        if not left.isascii():
            raise binascii.Error
        whole = len(left) // 4 * 4
        decoded += binascii.a2b_base64(left[:whole], strict_mode=True)
        left = left[whole:]
    if left:
        raise binascii.Error
    return bytes(decoded)


def _note(note: Element, seen: dict[str, str], home: str) -> Draft | Refused:
    title = one_line(note.findtext("title", ""), _TITLE_CHARACTERS)
    body = _body(note, partial(line_of, home=home))
    if not title and not body:
        return Refused("empty_note")
    made = note.findtext("created", "")
    own_id = note.findtext("guid", "")
    source_id = digest_of("guid", own_id) if own_id else digest_of(title, made)
    if not own_id and (not made or seen.get(source_id, body) != body):
        source_id = digest_of(title, made, _body(note, first_line_of))
    if source_id in seen:
        return Refused("duplicate", Outcome.SKIPPED)
    seen[source_id] = body
    attributes = note.find("note-attributes")
    arguments: dict[str, Any] = {
        "title": title,
        "body": body,
        "body_format": BodyFormat.MARKDOWN,
        "written_at": moment(made),
        **_attributes({} if attributes is None else {each.tag: each.text or "" for each in attributes}),
    }
    tags = dict.fromkeys(one_line(tag.text or "", _LABEL_CHARACTERS) for tag in note.iterfind("tag"))
    return Draft(
        kind="note",
        verb="write",
        source_id=source_id,
        arguments=arguments,
        update="refresh",
        tags=tuple(tag for tag in tags if tag)[:_TAGS],
    )


def _attributes(said: Mapping[str, str]) -> dict[str, Any]:
    clipped = said.get("source", "").lower().startswith(_CLIPPED)
    return {
        "kind": NoteKind.CLIPPING if clipped else NoteKind.NOTE,
        "author": one_line(said.get("author", ""), _LINE_CHARACTERS) or None,
        "source_url": url_from(one_line(said.get("source-url", ""), MAX_URL + 1)),
        "reminder_at": moment(said.get("reminder-time", "")),
        "reminder_done_at": moment(said.get("reminder-done-time", "")),
        **_place(said),
    }


def _body(note: Element, line: Callable[[Element], str]) -> str:
    """Return the content, with the tasks of the note where it keeps a place for them, or at its end."""
    content = note.findtext("content", "")
    places = task_groups(content)
    groups: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for task in note.iterfind("task"):
        group = task.findtext("taskGroupNoteLevelID", "")
        groups[group if group in places else ""].append((task.findtext("sortWeight", ""), line(task)))
    tasks = {group: [line for _, line in sorted(lines)] for group, lines in groups.items()}
    body = markdown_of(content, _BODY_CHARACTERS, tasks)
    parts = [body, "\n".join(tasks.get("", ()))]
    return cut_text("\n\n".join(part for part in parts if part), _BODY_CHARACTERS)


def _place(said: Mapping[str, str]) -> dict[str, float]:
    try:
        latitude, longitude = float(said.get("latitude", "")), float(said.get("longitude", ""))
    except ValueError:
        return {}
    on_earth = abs(latitude) <= 90 and abs(longitude) <= 180  # noqa: PLR2004 - degrees
    return {"latitude": latitude, "longitude": longitude} if on_earth and (latitude or longitude) else {}
