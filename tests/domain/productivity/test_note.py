"""What may be done with a note, and when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from domain.catalogue import events_of, topic_of
from domain.productivity.note import Note
from domain.productivity.note_terms import (
    MAX_ATTACHMENTS,
    MAX_BODY,
    AttachmentNotFound,
    BodyFormat,
    EmptyNote,
    NotAJournalEntry,
    NoteAttachment,
    NoteColour,
    NoteKind,
    NoteLocked,
    NoteTooLong,
    NotPlainText,
    StaleRevision,
)
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput, RecordTrashed
from domain.shared.place import HalfPlace
from domain.shared.record import Origin, TooMany, state_fields
from domain.shared.values import new_id
from tests.domain.productivity.notes import CONTENT, an_imported_note, some_content

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def a_note(title: str = "Shopping", **fields: Any) -> Note:
    return Note.write(Origin(new_id()), title, **fields)


def a_journal_entry(**fields: Any) -> Note:
    return a_note(kind=NoteKind.JOURNAL_ENTRY, journal_date=date(2026, 3, 2), **fields)


def last_topic(note: Note) -> str:
    last = note.pending_events[-1]
    assert isinstance(last, Note.Event)
    return last.TOPIC


def state(note: Note) -> dict[str, object]:
    return {name: getattr(note, name) for name in state_fields(Note)} | {"version": note.version}


def test_written_note_has_all_that_was_said() -> None:
    note = an_imported_note(
        body="<p>Milk</p>",
        body_format=BodyFormat.HTML,
        kind=NoteKind.CLIPPING,
        notebook=("Home", "Food"),
        pinned=True,
        colour=NoteColour.TEAL,
        source_url="https://example.org/",
        author="Ann",
        written_at=NOON,
        reminder_at=NOON,
    )
    assert last_topic(note) == "note.written"
    assert (note.body, note.body_format, note.kind) == ("<p>Milk</p>", BodyFormat.HTML, NoteKind.CLIPPING)
    assert (note.notebook, note.pinned, note.colour) == (("Home", "Food"), True, NoteColour.TEAL)
    assert (note.author, note.written_at, note.reminder_at) == ("Ann", NOON, NOON)


@pytest.mark.parametrize(("title", "body"), [("", ""), (" ", "\n")])
def test_note_says_something(title: str, body: str) -> None:
    with pytest.raises(EmptyNote):
        a_note(title, body=body)
    with pytest.raises(EmptyNote):
        an_imported_note().refresh(title, body=body)


def test_title_or_text_may_be_missing() -> None:
    assert a_note("", body="Milk").title == ""
    assert a_note("Shopping").body == ""


def test_last_words_of_a_note_cannot_be_taken_away() -> None:
    with pytest.raises(EmptyNote):
        a_note("Shopping").retitle("")
    with pytest.raises(EmptyNote):
        a_note("", body="Milk").revise("", base_version=1)


def test_retitling() -> None:
    note = a_note()
    note.retitle("To buy")
    assert (note.title, note.text_version, last_topic(note)) == ("To buy", 2, "note.retitled")


def test_revision_of_the_current_text_replaces_it() -> None:
    note = a_note(body="Milk")
    note.revise("Bread", base_version=note.version)
    note.revise("Bread, eggs", base_version=note.version)
    assert (note.body, note.text_version, last_topic(note)) == ("Bread, eggs", 3, "note.revised")


@pytest.mark.parametrize(
    "change",
    [
        lambda note: note.revise("Theirs", base_version=1),
        lambda note: note.append("Eggs"),
        lambda note: note.retitle("To buy"),
        lambda note: note.refresh("Shopping", body="From the source"),
    ],
)
def test_revision_of_an_older_text_is_refused(change: Callable[[Note], None]) -> None:
    note = an_imported_note(body="Milk")
    change(note)
    with pytest.raises(StaleRevision):
        note.revise("Mine", base_version=1)


def test_revision_stands_though_other_things_than_the_text_have_changed() -> None:
    note = an_imported_note(body="Milk")
    note.pin()
    note.file_into(("Home",))
    note.refresh("Shopping", body="Milk", author="Ann")
    note.revise("Bread", base_version=1)
    assert note.body == "Bread"


def test_revision_of_a_version_to_come_is_refused() -> None:
    with pytest.raises(StaleRevision):
        a_note().revise("Bread", base_version=2)


@pytest.mark.parametrize(
    ("body", "text", "joined"),
    [("", "Milk", "Milk"), ("Milk", "Eggs", "Milk\nEggs"), ("Milk\n", "Eggs", "Milk\nEggs")],
)
def test_appended_text_begins_on_a_line_of_its_own(body: str, text: str, joined: str) -> None:
    note = a_note(body=body)
    note.append(text)
    assert (note.body, note.text_version, last_topic(note)) == (joined, 2, "note.appended")


@pytest.mark.parametrize("body_format", [BodyFormat.HTML, BodyFormat.ENML])
def test_text_cannot_be_appended_to_markup(body_format: BodyFormat) -> None:
    with pytest.raises(NotPlainText):
        a_note(body="<p>Milk</p>", body_format=body_format).append("Eggs")


def test_note_holds_a_million_characters() -> None:
    note = a_note(body="x" * (MAX_BODY - 2))
    with pytest.raises(NoteTooLong):
        note.append("yy")
    note.append("y")
    assert len(note.body) == MAX_BODY


def test_note_is_pinned_archived_and_filed() -> None:
    note = a_note()
    note.pin()
    note.archive()
    note.file_into(("Home", "Food"))
    assert (note.pinned, note.archived, note.notebook) == (True, True, ("Home", "Food"))


def test_note_is_unpinned_unarchived_and_unfiled() -> None:
    note = a_note(pinned=True, archived=True, notebook=("Home",))
    note.unpin()
    note.unarchive()
    note.unfile()
    assert (note.pinned, note.archived, note.notebook) == (False, False, ())


def test_filing_into_no_notebook_is_unfiling() -> None:
    note = a_note(notebook=("Home",))
    note.file_into(())
    assert (note.notebook, last_topic(note)) == ((), "note.unfiled")


def test_notebooks_nest_sixteen_levels_deep() -> None:
    path = '["' + '", "'.join("abcdefghijklmnop") + '"]'
    assert (
        len(commands_of(Note)["file_into"].arguments_from_json(f'{{"notebook": {path}}}')["notebook"]) == 16
    )
    with pytest.raises(InvalidInput):
        commands_of(Note)["file_into"].arguments_from_json(f'{{"notebook": ["q", {path[1:]}}}')


def test_attachments_come_and_go() -> None:
    note = a_note()
    first, second = some_content(), some_content()
    note.attach("list.txt", first)
    note.attach("list.txt", second)
    note.attach("again.txt", first)
    assert [each.content for each in note.attachments] == [first, second]
    note.detach(first.blob_id)
    assert [each.content for each in note.attachments] == [second]
    with pytest.raises(AttachmentNotFound):
        note.detach(first.blob_id)


def test_attachments_are_bounded() -> None:
    attachments = tuple(NoteAttachment("x", some_content()) for _ in range(MAX_ATTACHMENTS + 1))
    with pytest.raises(TooMany):
        a_note(attachments=attachments[1:]).attach("x", some_content())
    with pytest.raises(TooMany):
        a_note(attachments=attachments)
    with pytest.raises(TooMany):
        an_imported_note().refresh("Shopping", attachments=attachments)


def test_content_is_attached_once_however_it_comes() -> None:
    first, again, other = (
        NoteAttachment("x", CONTENT),
        NoteAttachment("y", CONTENT),
        NoteAttachment("z", some_content()),
    )
    assert a_note(attachments=(first, again, other)).attachments == (first, other)
    imported = an_imported_note()
    imported.refresh("Shopping", attachments=(first, again, other))
    assert imported.attachments == (first, other)


def test_mood_is_that_of_a_journal_entry() -> None:
    entry = a_journal_entry()
    entry.record_mood(-2)
    assert (entry.mood, last_topic(entry)) == (-2, "note.mood_recorded")
    with pytest.raises(NotAJournalEntry):
        a_note().record_mood(1)


@pytest.mark.parametrize("fields", [{"mood": 1}, {"journal_date": date(2026, 3, 2)}])
def test_only_a_journal_entry_has_a_day_and_a_mood(fields: dict[str, Any]) -> None:
    with pytest.raises(NotAJournalEntry):
        a_note(**fields)
    with pytest.raises(NotAJournalEntry):
        an_imported_note().refresh("Shopping", **fields)


@pytest.mark.parametrize("mood", [-3, 3])
def test_mood_lies_between_minus_two_and_two(mood: int) -> None:
    with pytest.raises(InvalidInput):
        commands_of(Note)["record_mood"].arguments_from_json(f'{{"mood": {mood}}}')


def test_position_has_two_coordinates() -> None:
    with pytest.raises(HalfPlace):
        a_note(latitude=52.5)
    with pytest.raises(HalfPlace):
        an_imported_note().refresh("Shopping", longitude=13.4)


@pytest.mark.parametrize(
    "change",
    [
        lambda note: note.retitle("To buy"),
        lambda note: note.revise("Bread", base_version=note.version),
        lambda note: note.append("Eggs"),
        lambda note: note.attach("x", some_content()),
        lambda note: note.detach(CONTENT.blob_id),
        lambda note: note.record_mood(1),
    ],
)
def test_content_of_a_locked_note_cannot_be_changed_until_it_is_unlocked(
    change: Callable[[Note], None],
) -> None:
    note = a_journal_entry(attachments=(NoteAttachment("x", CONTENT),))
    note.lock()
    with pytest.raises(NoteLocked):
        change(note)
    note.unlock()
    change(note)
    assert note.version == 4


def test_locked_note_can_still_be_put_in_order() -> None:
    note = a_note()
    note.lock()
    note.pin()
    note.file_into(("Home",))
    note.archive()
    assert note.version == 5


def test_nothing_happens_where_nothing_would_change() -> None:
    note = a_journal_entry(
        body="Milk", notebook=("Home",), mood=1, attachments=(NoteAttachment("x", CONTENT),)
    )
    note.retitle("Shopping")
    note.revise("Milk", base_version=1)
    note.append("")
    note.unpin()
    note.unarchive()
    note.unlock()
    note.file_into(("Home",))
    note.attach("y", CONTENT)
    note.record_mood(1)
    assert note.version == 1
    note.pin()
    note.pin()
    note.archive()
    note.archive()
    note.lock()
    note.lock()
    note.unfile()
    note.unfile()
    assert note.version == 5


def test_trashed_note_cannot_be_changed() -> None:
    note = a_note()
    note.trash()
    with pytest.raises(RecordTrashed):
        note.pin()


def test_note_claims_nothing() -> None:
    assert a_journal_entry().claims == frozenset()


def test_every_command_has_a_json_schema() -> None:
    for command in commands_of(Note).values():
        assert command.json_schema()["type"] == "object"


def test_note_can_be_written_from_json() -> None:
    arguments = commands_of(Note)["write"].arguments_from_json(
        """{"body": "Milk", "kind": "journal_entry", "journal_date": "2026-03-02", "mood": 1,
            "attachments": [{"name": "x", "content": {"blob_id": "01890a5d-ac96-774b-bcce-b302099a8057",
            "size": 3, "media_type": "text/plain"}}]}"""
    )
    note = Note.write(Origin(new_id()), **arguments)
    assert (note.journal_date, note.attachments[0].content.size) == (date(2026, 3, 2), 3)


def test_error_and_repr_show_no_content() -> None:
    note = a_note("Secret")
    note.lock()
    with pytest.raises(NoteLocked) as caught:
        note.retitle("Secret")
    assert "Secret" not in f"{caught.value}{note!r}"


def test_note_replays_to_the_same() -> None:
    note = an_imported_note(kind=NoteKind.JOURNAL_ENTRY)
    note.append("Milk")
    note.revise("Bread", base_version=2)
    note.retitle("To buy")
    note.record_mood(1)
    note.attach("x", CONTENT)
    note.detach(CONTENT.blob_id)
    note.file_into(("Home",))
    note.lock()
    note.refresh("News", author="Ann", pinned=True)
    note.unlock()
    note.refresh("News", author="Bob", pinned=True, archived=True)
    note.unpin()
    note.unfile()
    note.unarchive()
    again: Any = None
    for each in note.pending_events:
        assert isinstance(each, Note.Event)
        assert events_of(Note)[topic_of(type(each), Note)] is type(each)
        again = each.mutate(again)
    assert state(again) == state(note)
    assert note.version == len(note.pending_events) == 15
