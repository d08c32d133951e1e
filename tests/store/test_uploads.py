"""Bytes that come with a command are stored with its event, or not at all."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

import lifeledger
from domain.communication.email import Email
from domain.media.media import Media
from domain.media.media_terms import MediaKind
from domain.personal.document import Document
from domain.productivity.note import Note
from domain.shared.errors import DomainError, InvalidInput
from infrastructure.blobs.blobs import INLINE_BYTES
from infrastructure.errors import ClaimTaken, CommandIdReused, Erased, NotFound, VersionConflict
from infrastructure.settings import Settings
from infrastructure.store.session import Session, call
from infrastructure.store.store import Store

LARGE = INLINE_BYTES + 1
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(secrets.token_bytes(LARGE))
    return path


@pytest.fixture
def objects(settings: Settings) -> Callable[[], int]:
    """Return how many objects there are outside the ledger."""
    return lambda: sum(each.is_file() for each in (settings.data_dir / "blobs").rglob("*"))


def bytes_of(me: Session, blob_id: UUID) -> bytes:
    return b"".join(me.content(blob_id))


@pytest.mark.parametrize("size", [0, 11, LARGE])
def test_bytes_given_to_a_command_come_back_whole(me: Session, size: int) -> None:
    data = secrets.token_bytes(size)
    made = me.do(Media.add, lifeledger.upload(data, "image/jpeg"), kind=MediaKind.PHOTO)
    media = me.load(made.id)
    assert isinstance(media, Media)
    assert media.content is not None
    assert (media.content.size, media.content.media_type) == (size, "image/jpeg")
    assert bytes_of(me, media.content.blob_id) == data


def test_file_given_to_a_record_that_is_there_comes_back_whole(me: Session, photo: Path) -> None:
    note = me.do(Note.write, title="Trip", body="By the sea").id
    me.do(Note.attach, note, "photo.jpg", content=lifeledger.upload(photo, "image/jpeg"))
    kept = me.load(note)
    assert isinstance(kept, Note)
    (attachment,) = kept.attachments
    assert bytes_of(me, attachment.content.blob_id) == photo.read_bytes()


def test_every_kind_with_content_takes_it_from_a_program(me: Session, photo: Path) -> None:
    calls = [
        call(Document.receive, "Contract", content=lifeledger.upload(photo, "application/pdf")),
        call(
            Email.receive,
            source_content=lifeledger.upload(b"Subject: hi\r\n", "message/rfc822"),
            received_at=NOON,
        ),
    ]
    document, mail = (me.load(receipt.id) for receipt in me.do_all(calls))
    assert isinstance(document, Document)
    assert isinstance(mail, Email)
    assert mail.source_content is not None
    assert bytes_of(me, document.content.blob_id) == photo.read_bytes()
    assert bytes_of(me, mail.source_content.blob_id).startswith(b"Subject")


def test_content_of_an_announced_medium_comes_with_the_command_that_completes_it(
    me: Session, photo: Path
) -> None:
    media = me.do(Media.begin_upload, kind=MediaKind.PHOTO).id
    me.do(Media.complete_upload, media, lifeledger.upload(photo, "image/jpeg"))
    there = me.load(media)
    assert isinstance(there, Media)
    assert there.content is not None
    assert bytes_of(me, there.content.blob_id) == photo.read_bytes()


def test_repeated_command_is_known_by_its_bytes_and_stores_none(
    me: Session, photo: Path, objects: Callable[[], int]
) -> None:
    once = me.given(command_id=uuid4())
    first = once.do(Media.add, lifeledger.upload(photo, "image/jpeg"), kind=MediaKind.PHOTO)
    stored = objects()
    again = once.do(Media.add, lifeledger.upload(photo.read_bytes(), "image/jpeg"), kind=MediaKind.PHOTO)
    assert (again, objects()) == (first, stored)
    assert stored > 0
    with pytest.raises(CommandIdReused):
        once.do(Media.add, lifeledger.upload(b"other", "image/jpeg"), kind=MediaKind.PHOTO)


def test_refused_command_leaves_no_content_behind(
    me: Session, photo: Path, objects: Callable[[], int]
) -> None:
    kept = me.do(Media.add, lifeledger.upload(photo, "image/jpeg"), kind=MediaKind.PHOTO).id
    other, before = lifeledger.upload(secrets.token_bytes(LARGE), "image/jpeg"), objects()
    with pytest.raises(ClaimTaken):  # the same bytes again
        me.do(Media.add, lifeledger.upload(photo, "image/jpeg"), kind=MediaKind.PHOTO)
    with pytest.raises(InvalidInput):  # no such media type
        me.do(Media.add, lifeledger.upload(photo, "picture"), kind=MediaKind.PHOTO)
    with pytest.raises(VersionConflict):
        me.given(expected_version=9).do(Media.replace_content, kept, other)
    with pytest.raises(DomainError):  # its bytes are here already
        me.do(Media.complete_upload, kept, other)
    with pytest.raises(NotFound):
        me.do(Media.replace_content, uuid4(), other)
    assert objects() == before
    me.do(Media.replace_content, kept, other)
    assert objects() == before + 1  # control


def test_same_bytes_again_are_no_version_and_leave_no_content_behind(
    me: Session, photo: Path, objects: Callable[[], int]
) -> None:
    paper = me.do(Document.receive, "Scan", content=lifeledger.upload(photo, "image/jpeg")).id
    media = me.do(Media.add, lifeledger.upload(photo, "image/png"), kind=MediaKind.PHOTO).id
    before = objects()
    assert me.do(Document.add_version, paper, lifeledger.upload(photo, "image/jpeg")).version == 1
    assert me.do(Media.replace_content, media, lifeledger.upload(photo, "image/png")).version == 1
    assert objects() == before
    assert (
        me.do(
            Document.add_version, paper, lifeledger.upload(secrets.token_bytes(LARGE), "image/jpeg")
        ).version
        == 2
    )
    assert objects() == before + 1  # control


def test_upload_inside_an_argument_is_refused_instead_of_forgotten(me: Session) -> None:
    with pytest.raises(InvalidInput):
        me.do(Note.write, title="x", body=[lifeledger.upload(b"x", "image/jpeg")])  # type: ignore[call-overload]  # the fault


def test_file_that_cannot_be_read_is_one_clear_error_without_its_name(tmp_path: Path) -> None:
    for path in (tmp_path / "ada-private.jpg", tmp_path):
        with pytest.raises(InvalidInput) as refused:
            lifeledger.upload(path, "image/jpeg")
        assert "ada" not in str(refused.value)


def test_content_of_an_erased_record_is_gone_with_it(store: Store, me: Session, photo: Path) -> None:
    made = me.do(Media.add, lifeledger.upload(photo, "image/jpeg"), kind=MediaKind.PHOTO).id
    media = me.load(made)
    assert isinstance(media, Media)
    assert media.content is not None
    store.erase(me.subject_id, grounds="asked for", record_id=made)
    with pytest.raises((Erased, NotFound)):
        bytes_of(me, media.content.blob_id)
