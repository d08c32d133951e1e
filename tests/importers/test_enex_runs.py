"""Imports of Evernote's notes with their attachments: each is stored once, attached once, and counted."""

from __future__ import annotations

import secrets
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from domain.media.media import Media
from domain.personal.document import Document
from domain.productivity.note import Note
from domain.productivity.note_terms import MAX_ATTACHMENTS
from domain.shared.values import StoredContent, new_id
from infrastructure.blobs.blobs import INLINE_BYTES
from infrastructure.errors import NotFound
from infrastructure.importers import batch
from infrastructure.importers.batch import Intake
from infrastructure.importers.draft import Draft, Reading
from infrastructure.importers.run import ImportReport, import_paths
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.importers.evernote import CREATED, ENEX, enex, note, resource
from tests.importers.pictures import picture
from tests.importers.test_runs import heads, outcomes

READING = Reading()


def imported(me: Session, folder: Path, *notes: str) -> ImportReport:
    return import_paths(me, [enex(folder, "".join(notes))], READING)


def reasons(report: ImportReport) -> dict[str, int]:
    return dict(report.files[0].reasons)


def notes(store: Store, me: Session) -> list[Note]:
    """Return the notes as the ledger has them, by title."""
    store.catch_up()
    loaded = (me.load(each.id) for each in me.find(Note, limit=1000))
    return sorted((each for each in loaded if isinstance(each, Note)), key=lambda each: each.title)


def files_of(me: Session, note: Note) -> dict[str, bytes]:
    return {each.name: b"".join(me.content(each.content.blob_id)) for each in note.attachments}


def only_medium(store: Store, me: Session) -> UUID:
    store.catch_up()
    (medium,) = me.find(Media)
    return medium.id


PICTURE = resource(picture(), "image/jpeg", "beach.jpg")


def test_attachments_of_any_size_come_back_from_their_note(store: Store, me: Session, tmp_path: Path) -> None:
    large = secrets.token_bytes(INLINE_BYTES + 1)
    rest = CREATED + PICTURE + resource(large, "application/pdf", "large.pdf") + resource(b"words")
    report = imported(me, tmp_path, note("x", rest))
    assert outcomes(report) == {"created": 4}
    assert report.files[0].kinds == {"media": 1, "document": 2, "note": 1}
    (written,) = notes(store, me)
    assert files_of(me, written) == {"beach.jpg": picture(), "large.pdf": large, "a.txt": b"words"}
    events = heads(me)
    again = imported(me, tmp_path, note("x", rest))
    assert (outcomes(again), heads(me)) == ({"unchanged": 4}, events)
    store.catch_up()
    assert store.engine.projector.parked() == []
    assert {each.title for each in me.find(Document)} == {"large.pdf", "a.txt"}


def test_what_cannot_be_kept_is_counted_with_its_reason(me: Session, tmp_path: Path) -> None:
    report = imported(me, tmp_path, note("x", CREATED + resource("QUJ") + resource("") + PICTURE))
    assert outcomes(report) == {"invalid": 2, "created": 2}
    assert reasons(report) == {"broken_attachment": 1, "empty_attachment": 1}


def test_same_bytes_are_one_record_for_all_notes(store: Store, me: Session, tmp_path: Path) -> None:
    same = resource(picture(), "image/jpeg", "other name.jpg")
    report = imported(
        me, tmp_path, note("x", CREATED + PICTURE + same, "1"), note("y", CREATED + same, "2"), note("z", CREATED, "3")
    )  # fmt: skip
    assert outcomes(report) == {"created": 4, "unchanged": 2}
    first, second, third = notes(store, me)
    assert (list(files_of(me, first)), list(files_of(me, second))) == (["beach.jpg"], ["other name.jpg"])
    assert first.attachments[0].content == second.attachments[0].content
    assert third.attachments == ()
    assert len(me.engine.blobs.of_person(me.subject_id)) == 1


def test_bytes_that_are_there_already_are_attached_as_they_are(
    store: Store, me: Session, tmp_path: Path
) -> None:
    (tmp_path / "mine.jpg").write_bytes(picture())
    import_paths(me, [tmp_path / "mine.jpg"], READING)
    report = imported(me, tmp_path, note("x", CREATED + PICTURE))
    assert (outcomes(report), reasons(report)) == ({"skipped": 1, "created": 1}, {"duplicate": 1})
    (written,) = notes(store, me)
    ((blob_id, owner),) = me.engine.blobs.of_person(me.subject_id)
    assert owner == only_medium(store, me)
    assert [each.content.blob_id for each in written.attachments] == [blob_id]
    events = heads(me)
    assert outcomes(imported(me, tmp_path, note("x", CREATED + PICTURE))) == {"skipped": 1, "unchanged": 1}
    assert heads(me) == events


def test_notes_that_came_without_their_attachments_get_them(
    store: Store, me: Session, tmp_path: Path
) -> None:
    """Such as an earlier version imported."""
    path = enex(tmp_path, note("x", CREATED + PICTURE) + note("y", CREATED, "other"))
    bare = [
        replace(each, attached=())
        for each in ENEX.read(path, READING)
        if isinstance(each, Draft) and each.kind == "note"
    ]
    Intake(me, ENEX.platform, path.name).take(bare)
    assert outcomes(import_paths(me, [path], READING)) == {"created": 1, "refreshed": 1, "unchanged": 1}
    written, other = notes(store, me)
    assert files_of(me, written) == {"beach.jpg": picture()}
    assert other.version == 1
    assert outcomes(import_paths(me, [path], READING)) == {"unchanged": 3}


def test_attachments_and_their_note_may_come_in_different_batches(
    store: Store, me: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "BATCH_DRAFTS", 2)
    rest = CREATED + "".join(resource(bytes([number]), name=f"{number}") for number in range(5))
    assert outcomes(imported(me, tmp_path, note("x", rest, "1"), note("y", rest, "2"))) == {
        "created": 7,
        "unchanged": 5,
    }
    for each in notes(store, me):
        assert files_of(me, each) == {f"{number}": bytes([number]) for number in range(5)}


def test_what_the_person_detached_stays_detached(store: Store, me: Session, tmp_path: Path) -> None:
    rest = CREATED + PICTURE + resource(b"words")
    imported(me, tmp_path, note("x", rest))
    (written,) = notes(store, me)
    me.do(Note.detach, written.id, written.attachments[0].content.blob_id)
    assert outcomes(imported(me, tmp_path, note("x", rest))) == {"unchanged": 3}
    edited = imported(me, tmp_path, note("edited", rest + resource(b"new", name="new.txt")))
    assert outcomes(edited) == {"unchanged": 2, "refreshed": 1, "created": 1}
    (written,) = notes(store, me)
    assert written.body == "edited"
    assert files_of(me, written) == {"a.txt": b"words", "new.txt": b"new"}


def test_note_in_the_trash_is_left_there(store: Store, me: Session, tmp_path: Path) -> None:
    imported(me, tmp_path, note("x"))
    (written,) = notes(store, me)
    me.do(Note.trash, written.id)
    assert outcomes(imported(me, tmp_path, note("x"))) == {"unchanged": 1}
    report = imported(me, tmp_path, note("x", CREATED + PICTURE))
    assert (outcomes(report), reasons(report)) == ({"created": 1, "skipped": 1}, {"in_the_trash": 1})
    me.do(Note.restore, written.id)
    assert outcomes(imported(me, tmp_path, note("x", CREATED + PICTURE))) == {"unchanged": 1, "refreshed": 1}
    assert files_of(me, notes(store, me)[0]) == {"beach.jpg": picture()}


def test_locked_note_takes_its_files_when_it_is_unlocked(store: Store, me: Session, tmp_path: Path) -> None:
    imported(me, tmp_path, note("x"))
    (written,) = notes(store, me)
    me.do(Note.lock, written.id)
    assert outcomes(imported(me, tmp_path, note("x", CREATED + PICTURE))) == {"created": 1, "unchanged": 1}
    assert notes(store, me)[0].attachments == ()
    me.do(Note.unlock, written.id)
    assert outcomes(imported(me, tmp_path, note("x", CREATED + PICTURE))) == {"unchanged": 1, "refreshed": 1}
    assert files_of(me, notes(store, me)[0]) == {"beach.jpg": picture()}


def test_note_takes_as_many_files_as_it_may_have(store: Store, me: Session, tmp_path: Path) -> None:
    imported(me, tmp_path, note("x"))
    mine = StoredContent(new_id(), 1, "text/plain")
    me.do(Note.attach, notes(store, me)[0].id, "mine", mine)
    rest = CREATED + "".join(resource(f"{n}".encode(), name=f"{n}") for n in range(MAX_ATTACHMENTS))
    assert outcomes(imported(me, tmp_path, note("x", rest))) == {"created": MAX_ATTACHMENTS, "refreshed": 1}
    (written,) = notes(store, me)
    assert len(written.attachments) == MAX_ATTACHMENTS
    assert outcomes(imported(me, tmp_path, note("x", rest))) == {"unchanged": MAX_ATTACHMENTS + 1}
    me.do(Note.detach, written.id, mine.blob_id)
    assert outcomes(imported(me, tmp_path, note("x", rest))) == {"unchanged": MAX_ATTACHMENTS, "refreshed": 1}
    assert f"{MAX_ATTACHMENTS - 1}" in [each.name for each in notes(store, me)[0].attachments]


def erase(store: Store, me: Session, record_id: UUID) -> None:
    assert store.erase(me.subject_id, grounds="test", record_id=record_id).done


def test_file_in_the_trash_is_attached_to_no_other_note(store: Store, me: Session, tmp_path: Path) -> None:
    imported(me, tmp_path, note("x", CREATED + PICTURE, "1"))
    me.do(Media.trash, only_medium(store, me))
    assert outcomes(imported(me, tmp_path, note("y", CREATED + PICTURE, "2"))) == {
        "unchanged": 1,
        "created": 1,
    }
    assert [len(each.attachments) for each in notes(store, me)] == [1, 0]


def test_erased_file_is_gone_from_its_note_and_comes_again_with_another_import(
    store: Store, me: Session, tmp_path: Path
) -> None:
    imported(me, tmp_path, note("x", CREATED + PICTURE))
    erase(store, me, only_medium(store, me))
    (written,) = notes(store, me)
    with pytest.raises(NotFound):
        files_of(me, written)
    assert outcomes(imported(me, tmp_path, note("x", CREATED + PICTURE))) == {"created": 1, "refreshed": 1}
    (written,) = notes(store, me)
    assert b"".join(me.content(written.attachments[-1].content.blob_id)) == picture()


def test_note_does_not_keep_the_digest_of_its_file(store: Store, me: Session, tmp_path: Path) -> None:
    """It would outlive the file, and betray which it was."""
    imported(me, tmp_path, note("x", CREATED + PICTURE))
    (written,) = notes(store, me)
    assert [each.content.digest for each in written.attachments] == [None]
    medium = me.load(only_medium(store, me))
    assert isinstance(medium, Media)
    assert medium.content is not None
    assert medium.content.digest is not None


def test_erased_note_comes_again_with_what_is_attached(store: Store, me: Session, tmp_path: Path) -> None:
    imported(me, tmp_path, note("x", CREATED + PICTURE))
    erase(store, me, notes(store, me)[0].id)
    assert outcomes(imported(me, tmp_path, note("x", CREATED + PICTURE))) == {"unchanged": 1, "created": 1}
    assert files_of(me, notes(store, me)[0]) == {"beach.jpg": picture()}
