"""What is attached to Evernote's notes is kept: as a medium or a document, attached to its note."""

from __future__ import annotations

import hashlib
import re
import secrets
import tempfile
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.media.media_terms import MediaKind
from domain.productivity.note_terms import MAX_ATTACHMENTS
from infrastructure.importers.draft import Draft, Limits, Outcome, Reading, Refused, UnreadableFile
from tests.importers.evernote import CREATED, ENEX, enex, note, resource
from tests.importers.pictures import FULL, picture
from tests.importers.reading import MISSING, drafts, mutations, read, samples

FILES = samples("notes", ".enex")
SAMPLE_ATTACHMENTS = 12

needs_samples = pytest.mark.skipif(not FILES, reason=MISSING)


def only_file(folder: Path, *resources: str) -> Draft:
    """Return the draft of the one file that is attached to a note."""
    file, _ = drafts(ENEX, enex(folder, note("x", CREATED + "".join(resources))))
    return file


def kept(draft: Draft) -> tuple[str, str, dict[str, Any]]:
    assert draft.content is not None
    return draft.kind, draft.content.media_type, dict(draft.arguments)


def data_of(draft: Draft) -> bytes:
    assert draft.content is not None
    assert draft.content.data is not None
    return draft.content.data


@needs_samples
def test_samples_have_their_bytes_as_the_notes_name_them() -> None:
    """ENML names an attachment by its MD5."""
    seen = 0
    for path in FILES:
        named = set(re.findall(r'<en-media[^>]*hash="([0-9a-f]{32})"', path.read_text()))
        files = [draft for draft in drafts(ENEX, path) if draft.content is not None]
        assert {hashlib.md5(data_of(file), usedforsecurity=False).hexdigest() for file in files} <= named
        seen += len(files)
    assert seen == SAMPLE_ATTACHMENTS


@needs_samples
def test_every_attachment_of_the_samples_is_attached_to_its_note() -> None:
    attached = [each for path in FILES for draft in drafts(ENEX, path) for each in draft.attached]
    assert len(attached) == SAMPLE_ATTACHMENTS
    assert {"sample.pdf", "squirrel1.jpeg", "photo.png"} <= {each.name for each in attached}


def test_picture_is_a_medium_with_what_the_camera_wrote(tmp_path: Path) -> None:
    data = picture(FULL)
    file = only_file(tmp_path, resource(data, "image/jpeg", "beach.jpg"))
    kind, media_type, found = kept(file)
    assert (kind, media_type, found["kind"]) == ("media", "image/jpeg", MediaKind.PHOTO)
    assert (found["width"], found["height"], found["original_filename"]) == (8, 6, "beach.jpg")
    assert found["captured_at"].isoformat() == "2026-11-01T10:40:12+01:00"
    assert (data_of(file), file.source_id) == (data, hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize(
    ("data", "said", "kind", "media_type"),
    [
        (picture(form="PNG"), "image/jpeg", "media", "image/png"),
        (picture(form="PNG"), "application/pdf", "media", "image/png"),
        (b"\xff\xd8\xff no picture", "image/jpeg", "media", "image/jpeg"),
        (b"no picture", "image/png", "document", "application/octet-stream"),
        (b"no picture", "image/jpg", "document", "application/octet-stream"),
        (b"<svg/>", "image/svg+xml", "media", "image/svg+xml"),
        (b"tune", "audio/mpeg", "media", "audio/mpeg"),
        (b"film", "video/mp4", "media", "video/mp4"),
        (b"%PDF-1.7", "Application/PDF; x=y", "document", "application/pdf"),
        (b"words", "text/plain", "document", "text/plain"),
        (b"words", "", "document", "application/octet-stream"),
        (b"words", "no type", "document", "application/octet-stream"),
    ],
)
def test_bytes_say_what_a_picture_is_and_the_file_says_what_else_it_is(
    tmp_path: Path, data: bytes, said: str, kind: str, media_type: str
) -> None:
    assert kept(only_file(tmp_path, resource(data, said)))[:2] == (kind, media_type)


def test_document_has_the_name_and_the_time_of_its_file(tmp_path: Path) -> None:
    made = "<timestamp>20261030T120000Z</timestamp>"
    found = kept(only_file(tmp_path, resource(b"x", "application/pdf", "offer &amp;\n 1.pdf", made)))[2]
    assert found == {"title": "offer & 1.pdf", "created_at": datetime(2026, 10, 30, 12, tzinfo=UTC)}
    never = "<timestamp>19700101T000000Z</timestamp>"
    found = kept(only_file(tmp_path, resource(b"x", "application/pdf", " ", never)))[2]
    assert found == {"title": "attachment", "created_at": None}


def test_note_names_its_files_in_their_order(tmp_path: Path) -> None:
    rest = CREATED + resource(b"1", name="one") + resource(b"2", name=" ") + resource(b"1", name="again")
    *files, written = drafts(ENEX, enex(tmp_path, note("x", rest) + note("y", "")))[:-1]
    assert [data_of(file) for file in files] == [b"1", b"2", b"1"]
    assert [(each.source_id, each.name) for each in written.attached] == [
        (files[0].source_id, "one"),
        (files[1].source_id, "attachment"),
    ]


def test_note_names_as_many_files_as_it_may_have(tmp_path: Path) -> None:
    most = MAX_ATTACHMENTS + 1
    rest = (
        CREATED + resource(b"same") * most + "".join(resource(f"{number}".encode()) for number in range(most))
    )
    *files, written = drafts(ENEX, enex(tmp_path, note("x", rest)))
    assert (len(files), len(written.attached)) == (2 * most, MAX_ATTACHMENTS)


def test_long_names_are_cut(tmp_path: Path) -> None:
    rest = CREATED + resource(picture(), name="x" * 900) + resource(b"1", name="y" * 900)
    medium, document, written = drafts(ENEX, enex(tmp_path, note("x", rest)))
    assert len(medium.arguments["original_filename"]) == 255
    assert len(document.arguments["title"]) == 500
    assert {len(each.name) for each in written.attached} == {200}


def test_place_of_an_attachment_stays_in_the_text(tmp_path: Path) -> None:
    """As it was before attachments were kept, so that a note is known again."""
    content = '<div>see <en-media type="image/png" hash="0"/></div>'
    written = drafts(ENEX, enex(tmp_path, note(content, CREATED + resource(picture(form="PNG")))))[-1]
    assert written.arguments["body"] == "see [attachment: image/png]"


@pytest.mark.parametrize(
    ("attachment", "reason"),
    [
        (resource(""), "empty_attachment"),
        ("<resource/>", "empty_attachment"),
        ("<resource><mime>image/png</mime></resource>", "empty_attachment"),
        (resource("QUJ"), "broken_attachment"),
        (resource("QUJD!"), "broken_attachment"),
        (resource("QUJDw\xe4==") , "broken_attachment"),
        (resource("QUJD" * 400_000 + "Q"), "broken_attachment"),
        (resource("QUJD" * 1000), "too_large"),
    ],
)  # fmt: skip
def test_attachment_without_bytes_costs_itself_only(tmp_path: Path, attachment: str, reason: str) -> None:
    limits = Limits(entry_bytes=3000 if reason == "too_large" else 4 << 20)
    path = enex(tmp_path, note("x", CREATED + attachment + resource(b"other")))
    refused, other, written = read(ENEX, path, limits=limits)
    assert refused == Refused(reason)
    assert isinstance(written, Draft)
    assert isinstance(other, Draft)
    assert [each.source_id for each in written.attached] == [other.source_id]


def test_attachments_of_a_refused_note_are_kept_for_themselves(tmp_path: Path) -> None:
    rest = CREATED + resource(b"1")
    first, empty, second, large = read(
        ENEX, enex(tmp_path, note("", rest, "") + note("x" * 9000, rest)), limits=Limits(entry_bytes=5000)
    )
    assert [empty, large] == [Refused("empty_note"), Refused("too_large")]
    assert isinstance(first, Draft)
    assert isinstance(second, Draft)
    assert data_of(first) == data_of(second) == b"1"


def test_attachments_of_a_broken_note_are_kept_and_are_no_others(tmp_path: Path) -> None:
    broken = f"<note><title>a<b></title>{resource(b'1')}{resource(b'2')}</note>"
    lost, one, two, three, written = read(ENEX, enex(tmp_path, broken + note("x", CREATED + resource(b"3"))))
    assert lost == Refused("broken_xml")
    assert [data_of(each) for each in (one, two, three) if isinstance(each, Draft)] == [b"1", b"2", b"3"]
    assert isinstance(written, Draft)
    assert isinstance(three, Draft)
    assert [each.source_id for each in written.attached] == [three.source_id]


def test_note_that_is_cut_off_leaves_its_attachments(tmp_path: Path) -> None:
    whole = f"<en-export>{note('x', CREATED + resource(b'1'))}"
    file, broken = read(ENEX, enex(tmp_path, whole.removesuffix("</note>").encode()))
    assert isinstance(file, Draft)
    assert broken == Refused("broken_xml")


def test_note_that_is_there_twice_has_its_attachments_once(tmp_path: Path) -> None:
    twice = note("x", CREATED + resource(b"1")) * 2
    one, written, same, duplicate = read(ENEX, enex(tmp_path, twice))
    assert isinstance(one, Draft)
    assert isinstance(same, Draft)
    assert one.source_id == same.source_id
    assert isinstance(written, Draft)
    assert duplicate == Refused("duplicate", Outcome.SKIPPED)


def test_one_attachment_at_a_time_is_held(tmp_path: Path) -> None:
    size = 4 << 20
    rest = CREATED + "".join(resource(secrets.token_bytes(size), name=str(number)) for number in range(5))
    path = enex(tmp_path, note("x", rest))
    tracemalloc.start()
    try:
        found = sum(isinstance(entry, Draft) for entry in ENEX.read(path, Reading()))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == 6
    assert peak < 5 * size, "its text twice, its bytes, and those of the one before"


def test_attachment_that_is_too_large_is_not_held(tmp_path: Path) -> None:
    path = enex(tmp_path, note("x", CREATED + resource("QUJD" * (4 << 20))))
    tracemalloc.start()
    try:
        entries = list(ENEX.read(path, Reading(limits=Limits(entry_bytes=1 << 20))))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert entries[0] == Refused("too_large")
    assert peak < 5 << 20


SEED = (
    "<en-export>" + note("a", CREATED + resource(picture(FULL)) + resource(b"words"))
    + note("b", resource(b"tune", "audio/mpeg") + "<resource><data>QUJD</data></resource>") + "</en-export>"
).encode()  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    data=mutations(SEED)
    | st.binary(max_size=300).map(lambda data: f"<en-export>{note('a', resource(data))}".encode())
)
def test_no_bytes_raise_anything_but_unreadable(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            read(ENEX, enex(Path(folder), data))
        except UnreadableFile:
            return
