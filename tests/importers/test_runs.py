"""A run over files: everything is accounted for, a repeat changes nothing, and what a person did stays."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from PIL import Image

from domain.communication.email import Email
from domain.media.media import Media
from domain.media.media_terms import MediaKind
from domain.productivity.note import Note
from domain.productivity.task import Task
from domain.shared.content import MAX_TAGS
from domain.shared.errors import InvalidInput
from domain.web.bookmark import Bookmark
from infrastructure.blobs.blobs import INLINE_BYTES, object_name
from infrastructure.importers.batch import Intake
from infrastructure.importers.draft import Content, Draft, Outcome, Reading
from infrastructure.importers.formats import FORMATS, importer_for
from infrastructure.importers.run import ImportReport, import_paths
from infrastructure.settings import Settings
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.importers.mail_messages import FROM, mail

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT.parent / "shared" / "samples"
FOLDERS = ["calendar", "contacts", "email", "bookmarks", "location", "notes", "media"]
READING = Reading(timezone="Europe/Berlin", addresses=frozenset({"ada@example.org"}))

PAGE = """<!DOCTYPE NETSCAPE-Bookmark-file-1>
<TITLE>Bookmarks</TITLE>
<DL><p>
{entries}
</DL><p>
"""
CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//y//EN
BEGIN:VTODO
UID:todo-1
SUMMARY:{title}
DESCRIPTION:{notes}
END:VTODO
END:VCALENDAR
"""


def folder_of(place: Path) -> Path:
    """Return a folder of files, or skip the test where it is not there."""
    if not place.is_dir() or not any(path.is_file() for path in place.rglob("*")):
        pytest.skip(f"there are no files in {place.name}")
    return place


def heads(me: Session) -> int:
    """Return how many events the store holds."""
    return sum(me.engine.ledger.heads().values())


def assert_accounted_for(report: ImportReport, folder: Path) -> None:
    """See that every file is read or ignored, and every entry has an outcome, and a reason where it is no record."""
    files = [path for path in folder.rglob("*") if path.is_file() or path.is_symlink()]
    visible = {
        path for path in files if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    }
    assert {file.path for file in report.files} | set(report.ignored) == visible
    for file in report.files:
        assert file.entries == sum(file.outcomes[outcome] for outcome in Outcome)
        kept = sum(file.outcomes[each] for each in (Outcome.CREATED, Outcome.REFRESHED, Outcome.UNCHANGED))
        assert kept == file.kinds.total(), file.path.name
        assert file.entries - kept == file.reasons.total(), file.path.name
    assert all(path.is_symlink() or path.suffix.lower() not in FORMATS for path in report.ignored)


def assert_repeats_change_nothing(store: Store, me: Session, folder: Path) -> ImportReport:
    """Import a folder twice; return what the first run reports."""
    first = import_paths(me, [folder], READING)
    assert_accounted_for(first, folder)
    events = heads(me)
    again = import_paths(me, [folder], READING)
    assert_accounted_for(again, folder)
    assert again.outcomes[Outcome.CREATED] == again.outcomes[Outcome.REFRESHED] == 0
    assert heads(me) == events
    assert_projected_whole(store)
    return first


def assert_projected_whole(store: Store) -> None:
    """See that projections take everything."""
    store.catch_up()
    assert (store.engine.projector.lag(), store.engine.projector.parked()) == (0, [])


@pytest.mark.parametrize("folder", FOLDERS)
def test_samples_come_in_whole_and_only_once(store: Store, me: Session, folder: str) -> None:
    """Also where several files say different things of one UID: each is heard only when it says something new."""
    report = assert_repeats_change_nothing(store, me, folder_of(SAMPLES / folder))
    assert report.outcomes[Outcome.CREATED] > 0


def test_the_examples_come_in_whole_and_only_once(store: Store, me: Session) -> None:
    report = assert_repeats_change_nothing(store, me, folder_of(ROOT / "examples"))
    assert report.outcomes[Outcome.CREATED] > 0
    assert report.outcomes[Outcome.INVALID] == 0
    assert not any(file.unreadable for file in report.files)


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_has_an_importer_that_names_it(suffix: str) -> None:
    importer = importer_for(suffix)
    assert importer is not None
    assert suffix in importer.suffixes
    assert importer.platform.startswith("file.")


def test_a_file_that_is_not_what_its_name_says_is_told_and_holds_up_nothing(
    me: Session, tmp_path: Path
) -> None:
    for number, suffix in enumerate(sorted(FORMATS)):
        (tmp_path / f"{number}{suffix}").write_bytes(bytes(range(256)) * 4)
    calendar(tmp_path / "zz.ics")
    report = import_paths(me, [tmp_path], READING)
    assert_accounted_for(report, tmp_path)
    assert [file.outcomes[Outcome.CREATED] for file in report.files if file.path.name == "zz.ics"] == [1]
    assert sum(file.unreadable for file in report.files) > 0


def test_a_mailbox_that_apple_mail_exports_is_a_folder_with_a_file(
    store: Store, me: Session, tmp_path: Path
) -> None:
    mailbox = tmp_path / "Sent Messages.mbox"
    mailbox.mkdir()
    (mailbox / "table_of_contents").write_bytes(b"x")
    (mailbox / "mbox").write_bytes(FROM + mail(b"Tea", b"x"))
    report = import_paths(me, [mailbox], READING)
    assert ([file.name for file in report.files], outcomes(report)) == (["mbox"], {"created": 1})
    store.catch_up()
    assert [each.folder for each in me.find(Email)] == ["sent"]


def test_a_file_name_that_is_no_utf8_is_told_escaped_and_known_again(me: Session, tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.ics"))
    try:
        calendar(odd)
    except OSError:
        pytest.skip("the file system takes names in UTF-8 only")
    calendar(tmp_path / "zz.ics", notes="another speaker")
    first = import_paths(me, [tmp_path], READING)
    assert [file.name for file in first.files] == ["caf\\xe9.ics", "zz.ics"]
    assert outcomes(first) == {"created": 1, "refreshed": 1}
    assert outcomes(import_paths(me, [tmp_path], READING)) == {"unchanged": 2}
    assert outcomes(import_paths(me, [odd], READING)) == {"unchanged": 1}


def test_a_pipe_is_not_waited_for(me: Session, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.eml")
    (report,) = import_paths(me, [tmp_path / "pipe.eml"], READING).files
    assert report.unreadable


def test_links_in_a_folder_are_not_followed_and_counted_as_ignored(me: Session, tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "folder", tmp_path / "elsewhere"
    for each in (folder, folder / ".hidden", elsewhere):
        each.mkdir()
    calendar(folder / "plan.ics")
    outside = calendar(elsewhere / "other.ics", "Elsewhere")
    (folder / "file.ics").symlink_to(outside)
    (folder / "folder").symlink_to(elsewhere)
    (folder / "lost.ics").symlink_to(elsewhere / "gone.ics")
    (folder / ".link.ics").symlink_to(outside)
    (folder / ".hidden" / "link.ics").symlink_to(outside)
    report = import_paths(me, [folder], READING)
    assert [each.path.name for each in report.files] == ["plan.ics"]
    assert [each.name for each in report.ignored] == ["file.ics", "folder", "lost.ics"]
    assert_accounted_for(report, folder)


def test_a_link_that_is_given_by_itself_is_followed(me: Session, tmp_path: Path) -> None:
    calendar(tmp_path / "plan.ics")
    link = tmp_path / "link.ics"
    link.symlink_to(tmp_path / "plan.ics")
    report = import_paths(me, [link], READING)
    assert (report.outcomes[Outcome.CREATED], report.ignored) == (1, [])


def calendar(path: Path, title: str = "Call", notes: str = "first") -> Path:
    """Write a file of one task."""
    path.write_text(CALENDAR.format(title=title, notes=notes), newline="\r\n")
    return path


def bookmarks(path: Path, addresses: Iterable[str]) -> Path:
    """Write a bookmark file."""
    entries = (
        f'<DT><A HREF="{address}" ADD_DATE="1700000000">{number}</A>'
        for number, address in enumerate(addresses)
    )
    path.write_text(PAGE.format(entries="\n".join(entries)))
    return path


def outcomes(report: ImportReport) -> dict[str, int]:
    """Return the outcomes of a run by name."""
    return {outcome.value: count for outcome, count in report.outcomes.items() if count}


def only(store: Store, me: Session) -> UUID:
    """Return the id of the one task there is."""
    store.catch_up()
    (task,) = me.find(Task)
    return task.id


def test_an_edited_file_refreshes_its_record(store: Store, me: Session, tmp_path: Path) -> None:
    import_paths(me, [calendar(tmp_path / "a.ics")], READING)
    task_id = only(store, me)
    report = import_paths(me, [calendar(tmp_path / "a.ics", title="Call back")], READING)
    assert outcomes(report) == {"refreshed": 1}
    assert only(store, me) == task_id
    assert me.get(Task, task_id).title == "Call back"


def test_what_the_person_edited_is_not_overwritten(store: Store, me: Session, tmp_path: Path) -> None:
    import_paths(me, [calendar(tmp_path / "a.ics")], READING)
    task_id = only(store, me)
    me.do(Task.retitle, task_id, "mine")
    import_paths(me, [calendar(tmp_path / "a.ics", title="theirs", notes="second")], READING)
    task = me.load(task_id)
    assert isinstance(task, Task)
    assert (task.title, task.notes) == ("mine", "second")


def test_a_record_in_the_trash_is_skipped_and_stays_there(store: Store, me: Session, tmp_path: Path) -> None:
    import_paths(me, [calendar(tmp_path / "a.ics")], READING)
    task_id = only(store, me)
    me.do(Task.trash, task_id)
    events = heads(me)
    report = import_paths(me, [calendar(tmp_path / "a.ics", title="edited")], READING)
    assert outcomes(report) == {"skipped": 1}
    assert report.files[0].reasons == {"in_the_trash": 1}
    assert heads(me) == events
    assert me.load(task_id).deleted_at is not None


def test_the_same_bookmark_twice_in_a_folder_is_a_duplicate_and_holds_up_nothing(
    store: Store, me: Session, tmp_path: Path
) -> None:
    me.do(Bookmark.add, "https://example.org/kept", title="kept before")
    addresses = [f"https://example.org/{number}" for number in range(9)]
    listed = [*addresses, "https://example.org/kept", "https://example.org/3"]
    report = import_paths(me, [bookmarks(tmp_path / "b.html", listed)], READING)
    assert report.outcomes.total() == len(listed)
    assert report.outcomes[Outcome.CREATED] == len(addresses)
    assert report.outcomes[Outcome.INVALID] == 0
    assert report.files[0].reasons["duplicate"] == 2
    store.catch_up()
    kept = [bookmark.url for bookmark in me.find(Bookmark, limit=100)]
    assert sorted(kept) == sorted([*addresses, "https://example.org/kept"])


def large_picture(path: Path) -> bytes:
    """Write a picture that is too large for the ledger; return its bytes."""
    Image.frombytes("RGB", (200, 200), secrets.token_bytes(200 * 200 * 3)).save(path, "PNG")
    assert path.stat().st_size > INLINE_BYTES
    return path.read_bytes()


def objects(settings: Settings) -> set[Path]:
    """Return the files of large content."""
    return {path for path in (settings.data_dir / "blobs").rglob("*") if path.is_file()}


def test_a_picture_that_was_added_by_hand_is_a_duplicate_and_holds_up_nothing(
    store: Store, me: Session, tmp_path: Path, settings: Settings
) -> None:
    data = large_picture(tmp_path / "2.png")
    by_hand = Draft(
        "media", "add", "mine", {"kind": MediaKind.PHOTO}, content=Content("content", "image/png", data)
    )
    assert [each.outcome for each in Intake(me, "file.test").take([by_hand])] == [Outcome.CREATED]
    kept, events = objects(settings), heads(me)
    assert len(kept) == 1
    report = import_paths(me, [tmp_path], READING)
    assert outcomes(report) == {"skipped": 1}
    assert report.files[0].reasons == {"duplicate": 1}
    assert heads(me) == events
    large_picture(tmp_path / "1.png")
    large_picture(tmp_path / "3.png")
    assert outcomes(import_paths(me, [tmp_path], READING)) == {"created": 2, "skipped": 1}
    assert outcomes(import_paths(me, [tmp_path], READING)) == {"unchanged": 2, "skipped": 1}
    store.catch_up()
    named = {object_name(each.content.blob_id) for each in me.find(Media) if each.content}
    assert {path.relative_to(settings.data_dir / "blobs").as_posix() for path in objects(settings)} == named


def traces(settings: Settings) -> dict[Path, int]:
    """Return what there is in the folder of large content, each with when it changed: a folder, when a file came or went."""
    return {path: path.stat().st_mtime_ns for path in (settings.data_dir / "blobs").rglob("*")}


def test_bytes_that_are_there_already_are_not_stored_again(
    me: Session, tmp_path: Path, settings: Settings
) -> None:
    large_picture(tmp_path / "by hand.png")
    data = (tmp_path / "by hand.png").read_bytes()
    by_hand = Draft(
        "media", "add", "mine", {"kind": MediaKind.PHOTO}, content=Content("content", "image/png", data)
    )
    Intake(me, "file.test").take([by_hand])
    before, events = traces(settings), heads(me)
    report = import_paths(me, [tmp_path], READING)
    assert (outcomes(report), report.files[0].reasons) == ({"skipped": 1}, {"duplicate": 1})
    assert (traces(settings), heads(me)) == (before, events)
    large_picture(tmp_path / "other.png")
    import_paths(me, [tmp_path], READING)
    assert traces(settings) != before, "what is stored leaves a trace"


def test_an_import_leaves_no_content_behind_that_no_record_names(
    me: Session, tmp_path: Path, settings: Settings
) -> None:
    data = large_picture(tmp_path / "one.png")
    content, photo = Content("content", "image/png", data), {"kind": MediaKind.PHOTO}
    several = [
        Draft("media", "add", "first", photo, content=content),
        Draft("media", "add", "again", photo, content=content),
        Draft("media", "add", "invalid", photo | {"rating": 6}, content=replace(content, data=data + b".")),
        Draft("media", "add", "other", photo, content=replace(content, data=data + b"..")),
    ]
    endings = [(each.outcome, each.reason) for each in Intake(me, "file.test").take(several)]
    assert endings[:2] == [(Outcome.CREATED, ""), (Outcome.SKIPPED, "duplicate")]
    assert endings[2][0] is Outcome.INVALID
    assert endings[3] == (Outcome.CREATED, "")
    blobs = me.engine.blobs.of_person(me.subject_id)
    assert len(blobs) == len(objects(settings)) == 2
    assert all(b"".join(me.content(blob_id)) for blob_id, _ in blobs)


def test_a_file_moved_elsewhere_is_known_again(me: Session, tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    calendar(before / "a.ics")
    (before / "note.md").write_text("---\nid: n1\n---\n# Moved\n\ntext\n")
    assert outcomes(import_paths(me, [before], READING)) == {"created": 2}
    shutil.move(before, after)
    assert outcomes(import_paths(me, [after], READING)) == {"unchanged": 2}


def test_record_with_more_labels_than_it_may_have_comes_in_with_the_first_of_them(
    store: Store, me: Session, tmp_path: Path
) -> None:
    keys, labels = " ".join(f"k{n}" for n in range(90)), ",".join(f"l{n}" for n in range(90))
    headers = f"From: a@example.org\nX-Mozilla-Keys: {keys}\nX-Gmail-Labels: {labels}\n"
    (tmp_path / "mail.eml").write_text(headers + "\nHello\n")
    assert outcomes(import_paths(me, [tmp_path], READING)) == {"created": 1}
    store.catch_up()
    assert [len(each.tags) for each in me.find(Email)] == [MAX_TAGS]


def test_what_an_import_made_tells_its_source_and_its_run(store: Store, me: Session, tmp_path: Path) -> None:
    (tmp_path / "one.md").write_text("# One\n")
    (tmp_path / "two.md").write_text("# Two\n")
    import_paths(me, [tmp_path], READING)
    store.catch_up()
    notes = list(me.find(Note))
    assert {note.source.platform for note in notes if note.source} == {"file.markdown"}
    assert len({note.source.object_id for note in notes if note.source}) == 2
    assert all(len({event.row.correlation_id for event in me.history(note.id)}) == 1 for note in notes)


@pytest.mark.parametrize("platform", ["", "File.Test", "file test", "-file", "x" * 65, "caf\xe9", "file\n"])
def test_a_platform_that_no_record_could_name_is_refused(me: Session, platform: str) -> None:
    with pytest.raises(InvalidInput, match="platform: must be"):
        Intake(me, platform)
