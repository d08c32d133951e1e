"""The words of a note: its kinds and formats, its parts and the rules it may break."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sized
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, Strict

from domain.shared.errors import IllegalTransition, ItemNotFound, RuleBroken
from domain.shared.record import TooMany
from domain.shared.values import Name, StoredContent

MAX_BODY = 1_000_000  # characters
MAX_ATTACHMENTS = 1000

_LINK = re.compile(r"""\[\[([^\[\]|#\n]+)[^\[\]\n]*\]\]|(https?://[^\s<>"'`|\\^{}\[\]]+)""")
"""A wiki link, of which the title counts, or a web address as it stands in a text of any format."""

Mood = Annotated[int, Field(ge=-2, le=2)]
"""From very bad to very good."""

NotebookPath = Annotated[tuple[Name, ...], Strict(strict=False), Field(max_length=16)]
"""The names of the notebooks that hold a note, the outermost first; empty for none."""


class NoteKind(StrEnum):
    NOTE = "note"
    JOURNAL_ENTRY = "journal_entry"
    CHECKLIST = "checklist"
    CLIPPING = "clipping"
    VOICE = "voice"
    TEMPLATE = "template"


class BodyFormat(StrEnum):
    MARKDOWN = "markdown"
    HTML = "html"
    PLAIN = "plain"
    ENML = "enml"


class NoteColour(StrEnum):
    DEFAULT = "default"
    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"
    GREEN = "green"
    TEAL = "teal"
    BLUE = "blue"
    PURPLE = "purple"
    PINK = "pink"
    BROWN = "brown"
    GRAY = "gray"


class NoteLocked(IllegalTransition):
    """The note is locked; unlock it first."""


class EmptyNote(RuleBroken):
    """A note has a title or a text."""


class NoteTooLong(RuleBroken):
    """A note holds at most a million characters."""


class StaleRevision(RuleBroken):
    """The note has been changed since the version this revision was made from."""


class NotPlainText(RuleBroken):
    """Text can be appended to plain text and Markdown only; revise the note instead."""


class NotAJournalEntry(RuleBroken):
    """Only a journal entry has a day and a mood."""


class AttachmentNotFound(ItemNotFound):
    """The note has no such attachment."""


@dataclass(frozen=True, slots=True)
class NoteAttachment:
    """A file kept with a note; its ``content.blob_id`` is what commands know it by."""

    name: Name
    content: StoredContent


@dataclass(frozen=True)
class NoteDetails:
    """What the source of a note can tell of it."""

    title: str
    body: str
    body_format: BodyFormat
    kind: NoteKind
    journal_date: date | None
    mood: int | None
    notebook: tuple[str, ...]
    pinned: bool
    favorite: bool
    archived: bool
    colour: NoteColour
    attachments: tuple[NoteAttachment, ...]
    source_url: str | None
    author: str | None
    written_at: datetime | None
    latitude: float | None
    longitude: float | None
    reminder_at: datetime | None
    reminder_done_at: datetime | None


def links_of(body: str) -> tuple[str, ...]:
    """Return what a text refers to, each once; a full stop or bracket behind an address is not part of it."""
    found = (title.strip() or _without_tail(address) for title, address in _LINK.findall(body))
    return tuple(dict.fromkeys(found))


def _without_tail(address: str) -> str:
    bare = address.rstrip(".,;:!?*_~")
    return _without_tail(bare[:-1]) if bare.endswith(")") and bare.count(")") > bare.count("(") else bare


def each_once(attachments: Iterable[NoteAttachment]) -> tuple[NoteAttachment, ...]:
    """Return the attachments, of those with one content the first; raises TooMany."""
    unique: dict[UUID, NoteAttachment] = {}
    for each in attachments:
        unique.setdefault(each.content.blob_id, each)
    require_room(unique)
    return tuple(unique.values())


def require_room(attachments: Sized) -> None:
    """Refuse more attachments than a note may have."""
    if len(attachments) > MAX_ATTACHMENTS:
        raise TooMany


def require_journal(kind: NoteKind, journal_date: date | None, mood: int | None) -> None:
    """Raise NotAJournalEntry where another kind of note has what only a journal entry has."""
    if kind is not NoteKind.JOURNAL_ENTRY and (journal_date is not None or mood is not None):
        raise NotAJournalEntry


def require_words(title: str, body: str) -> None:
    """Raise EmptyNote where there is nothing to read."""
    if not (title.strip() or body.strip()):
        raise EmptyNote
