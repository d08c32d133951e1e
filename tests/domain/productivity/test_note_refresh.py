"""What a note takes from its source, and what it keeps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from domain.productivity.note import Note
from domain.productivity.note_terms import BodyFormat, EmptyNote, NoteAttachment, NoteKind
from domain.shared.record import Origin, Source
from domain.shared.values import new_id
from tests.domain.productivity.notes import CONTENT, MORE_CONTENT, an_imported_note


def test_refresh_takes_what_the_source_says_now() -> None:
    note = an_imported_note(body="Milk")
    note.refresh("To buy", body="Bread", pinned=True)
    assert (note.title, note.body, note.pinned, note.text_version) == ("To buy", "Bread", True, 2)
    assert note.edited_fields == ()


def test_refresh_without_news_is_no_event() -> None:
    note = an_imported_note(body="Milk", attachments=(NoteAttachment("x", CONTENT),))
    note.refresh("Shopping", body="Milk", attachments=(NoteAttachment("x", CONTENT),))
    assert note.version == 1


def test_refresh_keeps_the_text_the_person_wrote_and_its_format() -> None:
    revised, appended = an_imported_note(body="Milk"), an_imported_note(body="Milk")
    revised.revise("Bread", base_version=1)
    appended.append("Bread")
    for note in (revised, appended):
        note.refresh("To buy", body="<p>Eggs</p>", body_format=BodyFormat.HTML)
        assert (note.title, note.body_format) == ("To buy", BodyFormat.MARKDOWN)
    assert (revised.body, appended.body) == ("Bread", "Milk\nBread")


@pytest.mark.parametrize(
    ("act", "field", "mine"),
    [
        (Note.pin, "pinned", True),
        (Note.archive, "archived", True),
        (Note.unfile, "notebook", ()),
        (lambda note: note.file_into(("Work",)), "notebook", ("Work",)),
        (lambda note: note.detach(CONTENT.blob_id), "attachments", ()),
        (
            lambda note: note.attach("y", MORE_CONTENT),
            "attachments",
            (NoteAttachment("x", CONTENT), NoteAttachment("y", MORE_CONTENT)),
        ),
    ],
)
def test_refresh_does_not_undo_what_the_person_did(
    act: Callable[[Note], None], field: str, mine: object
) -> None:
    given: dict[str, Any] = {"notebook": ("Home",), "attachments": (NoteAttachment("x", CONTENT),)}
    note = an_imported_note(**given)
    act(note)
    note.refresh("News", **given)
    assert (note.title, getattr(note, field)) == ("News", mine)


@pytest.mark.parametrize("undo", [Note.unpin, Note.unarchive])
def test_refresh_does_not_pin_or_archive_again(undo: Callable[[Note], None]) -> None:
    note = an_imported_note(pinned=True, archived=True)
    undo(note)
    before = (note.pinned, note.archived)
    note.refresh("News", pinned=True, archived=True)
    assert (note.title, note.pinned, note.archived) == ("News", *before)


def test_refresh_does_not_make_a_note_of_an_entry_with_the_persons_mood() -> None:
    origin = Origin(new_id(), source=Source("day_one", "7"))
    entry = Note.write(origin, "Monday", kind=NoteKind.JOURNAL_ENTRY, journal_date=date(2026, 3, 2))
    entry.record_mood(2)
    entry.refresh("Tuesday", kind=NoteKind.NOTE)
    assert (entry.title, entry.kind, entry.mood) == ("Tuesday", NoteKind.JOURNAL_ENTRY, 2)


def test_refresh_cannot_empty_a_note_whose_other_half_the_person_removed() -> None:
    note = an_imported_note("Shopping", body="Milk")
    note.retitle("")
    with pytest.raises(EmptyNote):
        note.refresh("Shopping")


def test_refresh_leaves_the_content_of_a_locked_note_until_it_is_unlocked() -> None:
    note = an_imported_note(body="Milk")
    note.lock()
    note.refresh("To buy", body="Bread", author="Ann")
    assert (note.title, note.body, note.author) == ("Shopping", "Milk", "Ann")
    note.unlock()
    note.refresh("To buy", body="Bread", author="Ann")
    assert (note.title, note.body) == ("To buy", "Bread")
