"""Something written down: a note, a journal entry, a clipping."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from domain.productivity.note_filing import NoteFiling
from domain.productivity.note_terms import (
    MAX_BODY,
    AttachmentNotFound,
    BodyFormat,
    Mood,
    NoteAttachment,
    NotebookPath,
    NoteColour,
    NoteDetails,
    NoteKind,
    NoteLocked,
    NoteTooLong,
    NotPlainText,
    StaleRevision,
    each_once,
    links_of,
    require_journal,
    require_room,
    require_words,
)
from domain.shared.content import Content
from domain.shared.place import require_whole_place
from domain.shared.record import Origin
from domain.shared.values import (
    Day,
    Id,
    Latitude,
    Line,
    Longitude,
    Many,
    Moment,
    Name,
    StoredContent,
    Text,
    Url,
)


class Note(NoteFiling):
    """A text with a title, kept in a notebook or outside of any."""

    KIND: ClassVar[str] = "note"

    title: str = ""
    body: str = ""
    body_format: BodyFormat = BodyFormat.MARKDOWN
    kind: NoteKind = NoteKind.NOTE
    journal_date: date | None = None
    mood: int | None = None
    favorite: bool = False
    locked: bool = False
    colour: NoteColour = NoteColour.DEFAULT
    attachments: tuple[NoteAttachment, ...] = ()
    source_url: str | None = None
    author: str | None = None
    written_at: datetime | None = None
    """When it was written where it comes from."""
    latitude: float | None = None
    longitude: float | None = None
    reminder_at: datetime | None = None
    reminder_done_at: datetime | None = None
    text_version: int = 1
    """The version of the note in which its title or text last changed."""

    class Event(NoteFiling.Event):
        """Any event of a note."""

    class TextEvent(Event):
        """A change of what there is to read."""

        def apply(self, note: Note) -> None:
            super().apply(note)
            note.text_version = self.originator_version

    class Written(Event, Content.Created, NoteDetails):
        TOPIC = "note.written"

    class Retitled(TextEvent):
        TOPIC = "note.retitled"
        title: str

    class Revised(TextEvent):
        TOPIC = "note.revised"
        EDITS = ("body_format",)
        body: str
        base_version: int

    class Appended(TextEvent):
        """The text begins on a line of its own."""

        TOPIC = "note.appended"
        EDITS = ("body", "body_format")
        text: str

        def apply(self, note: Note) -> None:
            super().apply(note)
            note.body = _joined(note.body, self.text)

    class Attached(Event):
        TOPIC = "note.attached"
        EDITS = ("attachments",)
        attachment: NoteAttachment

        def apply(self, note: Note) -> None:
            note.attachments = (*note.attachments, self.attachment)

    class Detached(Event):
        TOPIC = "note.detached"
        EDITS = ("attachments",)
        blob_id: UUID

        def apply(self, note: Note) -> None:
            note.attachments = tuple(
                each for each in note.attachments if each.content.blob_id != self.blob_id
            )

    class MoodRecorded(Event):
        TOPIC = "note.mood_recorded"
        EDITS = ("kind", "journal_date")
        mood: int

    class Locked(Event):
        TOPIC = "note.locked"

        def apply(self, note: Note) -> None:
            note.locked = True

    class Unlocked(Event):
        TOPIC = "note.unlocked"

        def apply(self, note: Note) -> None:
            note.locked = False

    class Refreshed(Event, NoteDetails):
        TOPIC = "note.refreshed"
        BY_SOURCE = True

        def apply(self, note: Note) -> None:
            if (note.title, note.body) != (self.title, self.body):
                note.text_version = self.originator_version
            super().apply(note)

    @classmethod
    def write(
        cls,
        origin: Origin,
        title: Line = "",
        *,
        body: Text = "",
        body_format: BodyFormat = BodyFormat.MARKDOWN,
        kind: NoteKind = NoteKind.NOTE,
        journal_date: Day | None = None,
        mood: Mood | None = None,
        notebook: NotebookPath = (),
        pinned: bool = False,
        favorite: bool = False,
        archived: bool = False,
        colour: NoteColour = NoteColour.DEFAULT,
        attachments: Many[NoteAttachment] = (),
        source_url: Url | None = None,
        author: Line | None = None,
        written_at: Moment | None = None,
        latitude: Latitude | None = None,
        longitude: Longitude | None = None,
        reminder_at: Moment | None = None,
        reminder_done_at: Moment | None = None,
    ) -> Note:
        """Write a note; its title or its text may be missing, not both."""
        require_words(title, body)
        require_journal(kind, journal_date, mood)
        require_whole_place(latitude, longitude)
        return cls._begin(
            origin,
            cls.Written,
            title=title,
            body=body,
            body_format=body_format,
            kind=kind,
            journal_date=journal_date,
            mood=mood,
            notebook=notebook,
            pinned=pinned,
            favorite=favorite,
            archived=archived,
            colour=colour,
            attachments=each_once(attachments),
            source_url=source_url,
            author=author,
            written_at=written_at,
            latitude=latitude,
            longitude=longitude,
            reminder_at=reminder_at,
            reminder_done_at=reminder_done_at,
        )

    def refresh(
        self,
        title: Line = "",
        *,
        body: Text = "",
        body_format: BodyFormat = BodyFormat.MARKDOWN,
        kind: NoteKind = NoteKind.NOTE,
        journal_date: Day | None = None,
        mood: Mood | None = None,
        notebook: NotebookPath = (),
        pinned: bool = False,
        favorite: bool = False,
        archived: bool = False,
        colour: NoteColour = NoteColour.DEFAULT,
        attachments: Many[NoteAttachment] = (),
        source_url: Url | None = None,
        author: Line | None = None,
        written_at: Moment | None = None,
        latitude: Latitude | None = None,
        longitude: Longitude | None = None,
        reminder_at: Moment | None = None,
        reminder_done_at: Moment | None = None,
    ) -> None:
        """Take what the source of an imported note says now; the content of a locked one stays as it is."""
        attachments = each_once(attachments)
        if self.locked:
            title, body, body_format, attachments = self.title, self.body, self.body_format, self.attachments
            kind, journal_date, mood = self.kind, self.journal_date, self.mood
        require_words(self._kept("title", title), self._kept("body", body))
        require_journal(kind, journal_date, mood)
        require_whole_place(latitude, longitude)
        self._refresh(
            Note.Refreshed,
            title=title,
            body=body,
            body_format=body_format,
            kind=kind,
            journal_date=journal_date,
            mood=mood,
            notebook=notebook,
            pinned=pinned,
            favorite=favorite,
            archived=archived,
            colour=colour,
            attachments=attachments,
            source_url=source_url,
            author=author,
            written_at=written_at,
            latitude=latitude,
            longitude=longitude,
            reminder_at=reminder_at,
            reminder_done_at=reminder_done_at,
        )

    def retitle(self, title: Line) -> None:
        self._require_unlocked()
        require_words(title, self.body)
        if title != self.title:
            self.trigger_event(Note.Retitled, title=title)

    def revise(self, body: Text, *, base_version: Annotated[int, Field(ge=1)]) -> None:
        """Replace the text; ``base_version`` is the version of the note that the new text was made from."""
        self._require_unlocked()
        if not self.text_version <= base_version <= self.version:
            raise StaleRevision
        require_words(self.title, body)
        if body != self.body:
            self.trigger_event(Note.Revised, body=body, base_version=base_version)

    def append(self, text: Text) -> None:
        """Add a text on a line of its own; nobody need know what the note says, so there is no base version."""
        self._require_unlocked()
        if self.body_format not in {BodyFormat.MARKDOWN, BodyFormat.PLAIN}:
            raise NotPlainText
        if len(_joined(self.body, text)) > MAX_BODY:
            raise NoteTooLong
        if text:
            self.trigger_event(Note.Appended, text=text)

    def attach(self, name: Name, content: StoredContent) -> None:
        self._require_unlocked()
        if self._has(content.blob_id):
            return
        attachment = NoteAttachment(name, content)
        require_room((*self.attachments, attachment))
        self.trigger_event(Note.Attached, attachment=attachment)

    def detach(self, blob_id: Id) -> None:
        self._require_unlocked()
        if not self._has(blob_id):
            raise AttachmentNotFound
        self.trigger_event(Note.Detached, blob_id=blob_id)

    def record_mood(self, mood: Mood) -> None:
        self._require_unlocked()
        require_journal(self.kind, self.journal_date, mood)
        if mood != self.mood:
            self.trigger_event(Note.MoodRecorded, mood=mood)

    def lock(self) -> None:
        """Protect the content from changes, the person's own and the source's."""
        if not self.locked:
            self.trigger_event(Note.Locked)

    def unlock(self) -> None:
        if self.locked:
            self.trigger_event(Note.Unlocked)

    @property
    def links_out(self) -> tuple[str, ...]:
        """The web addresses and the titles in double brackets that the text names, each once, as they come."""
        return links_of(self.body)

    def _require_unlocked(self) -> None:
        if self.locked:
            raise NoteLocked

    def _has(self, blob_id: UUID) -> bool:
        return any(each.content.blob_id == blob_id for each in self.attachments)

    def _kept(self, name: str, value: str) -> str:
        """Return what a refresh leaves of a field: the person's own words, or the source's."""
        own: str = getattr(self, name)
        return own if name in self.edited_fields else value


def _joined(body: str, text: str) -> str:
    return f"{body}\n{text}" if body and not body.endswith("\n") else body + text
