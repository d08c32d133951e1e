"""What can be asked of notes; a locked note is not searched by its text."""

from __future__ import annotations

from datetime import UTC, datetime, time

from domain.productivity.note import Note
from projections.record_table import RecordTable
from projections.search import Words, in_search
from projections.timeline import Moment, on_timeline
from projections.view import View

_TITLE_LENGTH = 120


def _title(note: Note) -> str:
    return note.title or ("" if note.locked else note.body[:_TITLE_LENGTH])


def _moment(note: Note) -> Moment:
    day = note.journal_date
    written = datetime.combine(day, time(), UTC) if day is not None else note.written_at or note.created_on
    return Moment(written, _title(note), note.kind.value)


def _words(note: Note) -> Words:
    return Words(note.title, "" if note.locked else note.body)


VIEW = View(
    Note,
    RecordTable(
        Note,
        "notes",
        filters=("kind", "pinned"),
        orders=("journal_date",),
        listed=("title", "kind", "notebook", "updated_at"),
    ),
    derived=(on_timeline(_moment), in_search(_words)),
)
