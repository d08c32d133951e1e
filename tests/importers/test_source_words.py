"""What a source says beside the fields of a record is taken anew when it changes: its tags, and what has no field."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.communication.contact import Contact
from domain.communication.contact_terms import ContactName
from domain.personal.location import LocationDay
from domain.productivity.note import Note
from domain.productivity.task import Task
from domain.shared.content import Content
from domain.web.bookmark import Bookmark
from infrastructure.importers.draft import Outcome
from infrastructure.importers.run import import_paths
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.importers.tracks import gpx, point, track

EVERNOTE = """<?xml version="1.0"?><en-export><note><title>n</title><created>20260101T000000Z</created>
<content><![CDATA[<en-note>text</en-note>]]></content>{}</note></en-export>"""

TAGGED: dict[str, tuple[type[Content], str, str]] = {
    "a.ics": (
        Task,
        "BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:1\nSUMMARY:t\n{}\nEND:VTODO\nEND:VCALENDAR\n",
        "CATEGORIES:{}",
    ),
    "a.vcf": (Contact, "BEGIN:VCARD\nUID:1\nFN:Ada\n{}\nEND:VCARD\n", "CATEGORIES:{}"),
    "a.md": (Note, "---\ntitle: n\n{}\n---\ntext\n", "tags: [{}]"),
    "a.html": (
        Bookmark,
        '<!DOCTYPE NETSCAPE-Bookmark-file-1>\n<DL><p>\n<DT><A HREF="https://example.org/" {}>b</A>\n</DL>\n',
        'TAGS="{}"',
    ),
    "a.enex": (Note, EVERNOTE, "<tag>{}</tag>"),
}


def written(folder: Path, name: str, *tags: str) -> Path:
    _, text, line = TAGGED[name]
    said = (
        "".join(map(line.format, tags)) if name == "a.enex" else line.format(",".join(tags)) if tags else ""
    )
    path = folder / name
    path.write_text(text.replace("{}", said), "utf-8")
    return path


def only(store: Store, me: Session, kind: type[Content]) -> Content:
    store.catch_up()
    (record,) = me.find(kind)
    return record


@pytest.mark.parametrize("name", TAGGED)
def test_tags_follow_those_at_the_source(store: Store, me: Session, tmp_path: Path, name: str) -> None:
    kind = TAGGED[name][0]
    for tags in (("a",), ("a", "b"), ("b",), (), ("c",)):
        import_paths(me, [written(tmp_path, name, *tags)])
        assert only(store, me, kind).tags == tags
        assert dict(import_paths(me, [written(tmp_path, name, *tags)]).outcomes) == {Outcome.UNCHANGED: 1}


@pytest.mark.parametrize("name", TAGGED)
def test_tags_that_the_person_has_changed_stay(store: Store, me: Session, tmp_path: Path, name: str) -> None:
    kind = TAGGED[name][0]
    import_paths(me, [written(tmp_path, name, "a", "b")])
    record_id = only(store, me, kind).id
    me.do(kind.untag, record_id, "a")
    me.do(kind.tag, record_id, "mine")
    report = import_paths(me, [written(tmp_path, name, "a", "b", "c")])
    assert dict(report.outcomes) == {Outcome.UNCHANGED: 1}
    assert only(store, me, kind).tags == ("b", "mine")


def test_front_matter_without_a_field_follows_the_file(store: Store, me: Session, tmp_path: Path) -> None:
    note = tmp_path / "a.md"
    for said in ({"status": "draft"}, {"status": "done"}, {"status": "done", "rating": "5"}, {}):
        lines = "".join(f"{name}: {value}\n" for name, value in said.items())
        note.write_text(f"---\ntitle: n\n{lines}---\ntext\n", "utf-8")
        import_paths(me, [note])
        assert only(store, me, Note).metadata == said
        assert dict(import_paths(me, [note]).outcomes) == {Outcome.UNCHANGED: 1}


def recorded(folder: Path, hour: str, name: str) -> None:
    folder.mkdir(exist_ok=True)
    gpx(folder, track(point(f"<time>2026-05-01T{hour}:00:00Z</time>")).replace("<name>n<", f"<name>{name}<"))


def test_tracks_of_one_day_in_several_files_are_all_named(store: Store, me: Session, tmp_path: Path) -> None:
    morning, evening = tmp_path / "a", tmp_path / "b"
    recorded(morning, "06", "Out")
    recorded(evening, "18", "Back")
    import_paths(me, [tmp_path])
    assert only(store, me, LocationDay).metadata == {"tracks": "Out; Back"}
    assert dict(import_paths(me, [tmp_path]).outcomes) == {Outcome.UNCHANGED: 2}
    recorded(evening, "18", "Home")
    import_paths(me, [tmp_path])
    assert only(store, me, LocationDay).metadata == {"tracks": "Out; Back; Home"}


def test_a_contact_that_was_merged_is_skipped_and_stays_as_it_is(
    store: Store, me: Session, tmp_path: Path
) -> None:
    card = tmp_path / "a.vcf"
    card.write_text("BEGIN:VCARD\nUID:1\nFN:Ada\nEND:VCARD\n")
    import_paths(me, [card])
    store.catch_up()
    (ada,) = me.find(Contact)
    me.do(Contact.merge_into, ada.id, me.do(Contact.add, ContactName("Ada Lovelace")).id)
    card.write_text("BEGIN:VCARD\nUID:1\nFN:Ada\nNOTE:new\nEND:VCARD\n")
    for _ in range(2):
        report = import_paths(me, [card])
        assert dict(report.outcomes) == {Outcome.SKIPPED: 1}
        assert report.files[0].reasons == {"contact_merged": 1}
