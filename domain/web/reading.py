"""The part of a saved page that is its reading: how far it is read, and what was highlighted in it."""

from __future__ import annotations

from dataclasses import KW_ONLY, replace
from datetime import datetime
from uuid import UUID

from domain.shared import clock
from domain.shared.content import Content
from domain.shared.record import TooMany
from domain.shared.values import Count, Fraction, Id, Label, Moment, Text, new_id
from domain.web.web_page_terms import (
    MAX_HIGHLIGHTS,
    Context,
    Highlight,
    HighlightRepeated,
    HighlightUnknown,
    NotReading,
    PageArchived,
    ProgressBackwards,
    Quote,
    ReadState,
    SpanInvalid,
)


class Reading(Content):
    """A page that is read, once or again, and marked while it is read."""

    _: KW_ONLY
    read_state: ReadState = ReadState.UNREAD
    progress: float = 0.0
    reading_started_at: datetime | None = None
    read_at: datetime | None = None
    highlights: tuple[Highlight, ...] = ()

    class Event(Content.Event):
        """Any event of a saved page."""

    class ReadingStarted(Event):
        TOPIC = "web_page.reading_started"

        def apply(self, page: Reading) -> None:
            page.read_state = ReadState.READING
            page.reading_started_at = self.timestamp
            page.read_at = None
            page.progress = 0.0

    class ProgressRecorded(Event):
        TOPIC = "web_page.progress_recorded"
        progress: float

    class ReadingFinished(Event):
        TOPIC = "web_page.reading_finished"
        read_at: datetime

        def apply(self, page: Reading) -> None:
            page.read_state = ReadState.READ
            page.read_at = self.read_at
            page.progress = 1.0

    class MarkedUnread(Event):
        TOPIC = "web_page.marked_unread"

        def apply(self, page: Reading) -> None:
            page.read_state = ReadState.UNREAD
            page.reading_started_at = page.read_at = None
            page.progress = 0.0

    class Highlighted(Event):
        TOPIC = "web_page.highlighted"
        highlight: Highlight

        def apply(self, page: Reading) -> None:
            page.highlights = (*page.highlights, self.highlight)

    class HighlightAnnotated(Event):
        TOPIC = "web_page.highlight_annotated"
        highlight_id: UUID
        note: str

        def apply(self, page: Reading) -> None:
            page.highlights = tuple(
                replace(each, note=self.note) if each.id == self.highlight_id else each
                for each in page.highlights
            )

    class HighlightRemoved(Event):
        TOPIC = "web_page.highlight_removed"
        highlight_id: UUID

        def apply(self, page: Reading) -> None:
            page.highlights = tuple(each for each in page.highlights if each.id != self.highlight_id)

    class Archived(Event):
        TOPIC = "web_page.archived"

        def apply(self, page: Reading) -> None:
            page.read_state = ReadState.ARCHIVED

    class Unarchived(Event):
        TOPIC = "web_page.unarchived"

        def apply(self, page: Reading) -> None:
            page.read_state = _read_so_far(page)

    def start_reading(self) -> None:
        """Begin to read, from the start, also a page that was read before."""
        self._require_unarchived()
        if self.read_state is not ReadState.READING:
            self.trigger_event(self.ReadingStarted)

    def record_progress(self, progress: Fraction) -> None:
        if self.read_state is not ReadState.READING:
            raise NotReading
        if progress < self.progress:
            raise ProgressBackwards
        if progress > self.progress:
            self.trigger_event(self.ProgressRecorded, progress=progress)

    def finish_reading(self, read_at: Moment | None = None) -> None:
        self._require_unarchived()
        if self.read_state is not ReadState.READ:
            self.trigger_event(self.ReadingFinished, read_at=read_at or clock.now())

    def mark_unread(self) -> None:
        """Have the page among those to be read again, as if nobody had begun it; the highlights stay."""
        self._require_unarchived()
        if self.read_state is not ReadState.UNREAD:
            self.trigger_event(self.MarkedUnread)

    def highlight(
        self,
        quote: Quote,
        *,
        prefix: Context = "",
        suffix: Context = "",
        start: Count | None = None,
        end: Count | None = None,
        colour: Label = "yellow",
        note: Text = "",
        highlighted_at: Moment | None = None,
        highlight_id: Id | None = None,
    ) -> None:
        """Mark a passage; ``start`` and ``end`` count the characters of the text."""
        if len(self.highlights) >= MAX_HIGHLIGHTS:
            raise TooMany
        if any(each.id == highlight_id for each in self.highlights):
            raise HighlightRepeated
        if (start is None) != (end is None) or (start is not None and end is not None and end <= start):
            raise SpanInvalid
        self.trigger_event(
            self.Highlighted,
            highlight=Highlight(
                id=highlight_id or new_id(),
                quote=quote,
                highlighted_at=highlighted_at or clock.now(),
                prefix=prefix,
                suffix=suffix,
                start=start,
                end=end,
                colour=colour,
                note=note,
            ),
        )

    def annotate_highlight(self, highlight_id: Id, note: Text) -> None:
        if note != self._highlight(highlight_id).note:
            self.trigger_event(self.HighlightAnnotated, highlight_id=highlight_id, note=note)

    def remove_highlight(self, highlight_id: Id) -> None:
        self._highlight(highlight_id)
        self.trigger_event(self.HighlightRemoved, highlight_id=highlight_id)

    def archive(self) -> None:
        if self.read_state is not ReadState.ARCHIVED:
            self.trigger_event(self.Archived)

    def unarchive(self) -> None:
        """Take the page up again where reading had come to."""
        if self.read_state is ReadState.ARCHIVED:
            self.trigger_event(self.Unarchived)

    def _require_unarchived(self) -> None:
        if self.read_state is ReadState.ARCHIVED:
            raise PageArchived

    def _highlight(self, highlight_id: UUID) -> Highlight:
        for each in self.highlights:
            if each.id == highlight_id:
                return each
        raise HighlightUnknown


def _read_so_far(page: Reading) -> ReadState:
    if page.read_at is not None:
        return ReadState.READ
    return ReadState.UNREAD if page.reading_started_at is None else ReadState.READING
