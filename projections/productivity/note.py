"""What can be asked of notes; a locked note is neither searched by its text nor found by what it names."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time

from domain.productivity.note import Note
from projections import note_links
from projections.record_table import RecordTable
from projections.search import Words, in_search
from projections.timeline import Moment, on_timeline
from projections.view import Derived, Row, View

_TITLE_LENGTH = 120


def _title(note: Note) -> str:
    return note.title or ("" if note.locked else note.body[:_TITLE_LENGTH])


def _moment(note: Note) -> Moment:
    day = note.journal_date
    written = datetime.combine(day, time(), UTC) if day is not None else note.written_at or note.created_on
    return Moment(written, _title(note), note.kind.value)


def _words(note: Note) -> Words:
    return Words(note.title, "" if note.locked else note.body)


def _links(note: Note) -> Iterator[Row]:
    yield from note_links.rows_of(note.title, () if note.locked else note.links_out)


VIEW = View(
    Note,
    RecordTable(
        Note,
        "notes",
        filters=("kind", "pinned"),
        orders=("journal_date",),
        listed=("title", "kind", "notebook", "updated_at"),
    ),
    derived=(on_timeline(_moment), in_search(_words), Derived(note_links.TABLE, _links)),
)
