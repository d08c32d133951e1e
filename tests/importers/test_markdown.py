"""Markdown files: a note each, with what the front matter says; no bytes do harm."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.productivity.note_terms import BodyFormat, NoteColour, NoteKind
from infrastructure.importers.draft import Limits, UnreadableFile
from infrastructure.importers.notes.front_matter import split
from infrastructure.importers.notes.markdown_files import MarkdownFiles
from tests.importers.reading import (
    CUT,
    EXAMPLES,
    MISSING,
    drafts,
    mutations,
    only_draft,
    read,
    samples,
    written,
)

FILES = samples("notes", ".md")
SAMPLE_DRAFTS = 1
SECONDS = 5.0  # of the processor for one hostile file, however busy the machine
MARKDOWN = MarkdownFiles()

needs_samples = pytest.mark.skipif(not FILES, reason=MISSING)


def markdown(tmp_path: Path, text: str | bytes, name: str = "some-note.md") -> Path:
    return written(tmp_path, name, text)


def said(tmp_path: Path, text: str, name: str = "some-note.md", zone: str = "UTC") -> dict[str, Any]:
    return dict(only_draft(MARKDOWN, markdown(tmp_path, text, name), timezone=zone).arguments)


def source_id(tmp_path: Path, text: str, name: str = "some-note.md") -> str:
    return only_draft(MARKDOWN, markdown(tmp_path, text, name)).source_id


@needs_samples
def test_every_sample_is_a_note() -> None:
    assert sum(len(drafts(MARKDOWN, path)) for path in FILES) >= SAMPLE_DRAFTS
    assert [read(MARKDOWN, path) for path in FILES] == [read(MARKDOWN, path) for path in FILES]


def test_examples_are_five_notes_and_one_of_them_a_journal_entry() -> None:
    found = [only_draft(MARKDOWN, path) for path in sorted((EXAMPLES / "notes").glob("*.md"))]
    assert len({draft.source_id for draft in found}) == len(found) == 5
    assert all(draft.tags for draft in found)
    (journal,) = (draft for draft in found if draft.arguments["kind"] is NoteKind.JOURNAL_ENTRY)
    assert journal.arguments["journal_date"] == date(2026, 11, 2)
    assert journal.arguments["mood"] == 1


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ('---\ntitle: "From: the front"\n---\n# Heading\n', "From: the front"),
        ("some text\n\n## Heading # 1 ##\n\nmore", "Heading # 1"),
        ("# C#\n", "C#"),
        ("Heading\n=======\ntext", "Heading"),
        ("```\n# comment\n```\n# Heading", "some-note"),
        ("#hashtag\n", "some-note"),
        ("text", "some-note"),
        ("", "some-note"),
        ("---\ntitle:\n---\ntext", "some-note"),
        ("---\nrating (1-5): 3\n---\n# Heading", "Heading"),
        ("---\n# comment\na, b: c\nd: e\n---\n\nHeading\n---\n", "Heading"),
        ("---\n" + "a: b\n" * 1200 + "---\ntext", "some-note"),
        ("---\nHeading\n---\ntext", "Heading"),
        (f"# {'x' * 900}", "x" * 500),
        ("# a\x01\tb\x7f", "a b"),
    ],
)
def test_title_is_that_of_the_front_matter_or_the_first_heading_or_the_file(
    tmp_path: Path, text: str, title: str
) -> None:
    assert said(tmp_path, text)["title"] == title


def test_front_matter_is_no_part_of_the_text(tmp_path: Path) -> None:
    found = said(tmp_path, "---\r\ntitle: T\r\n---\r\n\r\n# H\r\n\r\ntext  \r\n")
    assert found["body"] == "# H\n\ntext  "
    assert found["body_format"] is BodyFormat.MARKDOWN


@pytest.mark.parametrize(
    "text",
    [
        "---\nno front matter, a rule\n---\ntext",
        "---\ntitle: never closed\n\ntext",
        "--- \n  indented: first\n---\n",
        "text\n---\ntitle: T\n---\n",
        " ---\ntitle: T\n---\n",
        "---\nNote: milk, eggs\nand bread\n---\ntext",
        "---\ndate: tomorrow\nMeet Anna; bring the plans.\nThen lunch.\n---\ntext",
    ],
)
def test_what_is_no_front_matter_is_text(tmp_path: Path, text: str) -> None:
    assert said(tmp_path, text)["body"] == text.strip("\n")


@pytest.mark.parametrize(
    "line",
    [
        "Überschrift: x",
        "U\u0308berschrift: x",
        "作者: 山田",
        "status/phase: x",
        '"quoted: key": x',
        "'it''s': x",
        "rating (1-5): 3",
        "<% template %>",
        "key:value",
        "*starred*:\n  - x\n  more",
        "x" * 90 + ": y",
    ],
)
def test_key_that_is_not_known_costs_itself_only(tmp_path: Path, line: str) -> None:
    text = f"---\ntitle: T\ntags: [a]\n{line}\ndate: 2026-11-02\n{line}\n---\ntext"
    draft = only_draft(MARKDOWN, markdown(tmp_path, text))
    found = draft.arguments
    assert (found["title"], found["body"], draft.tags) == ("T", "text", ("a",))
    assert found["written_at"] == datetime(2026, 11, 2, tzinfo=UTC)


def test_quoted_key_is_the_key(tmp_path: Path) -> None:
    text = "---\n\"title\": T\n'Tags': [a]\n---\ntext"
    draft = only_draft(MARKDOWN, markdown(tmp_path, text))
    assert (draft.arguments["title"], draft.arguments["body"], draft.tags) == ("T", "text", ("a",))


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("title: Foo # a comment", "Foo"),
        ("title: 'Foo # bar' # a comment", "Foo # bar"),
        ('title: "Foo # bar" #comment', "Foo # bar"),
        ('title: "Foo\n  # bar" # comment', "Foo # bar"),
        ("title: Foo # a comment\n  # another", "Foo"),
        ("title: Foo#1 is #2 of C#", "Foo#1 is #2 of C#"),
        ("title: '90s # and on", "'90s"),
        ("title: > # comment\n  Foo # bar", "Foo # bar"),
        ("title: # to be found", "some-note"),
        ("title: Re: hello", "Re: hello"),
    ],
)
def test_comment_is_no_part_of_a_value(tmp_path: Path, line: str, title: str) -> None:
    assert said(tmp_path, f"---\n{line}\n---\ntext")["title"] == title


def test_comments_hide_no_flag_or_date(tmp_path: Path) -> None:
    found = said(tmp_path, "---\ndate: 2026-11-02 # day\npinned: true # yes\nstarred: yes #yes\n---\ntext")
    assert found["written_at"] == datetime(2026, 11, 2, tzinfo=UTC)
    assert (found["pinned"], found["favorite"]) == (True, True)


@pytest.mark.parametrize(
    ("line", "tags"),
    [
        ('tags: [one, \'two, words\', "th\\"ree"]', ("one", "two, words", 'th"ree')),
        ("tags:\n  - one\n  - '#two'\n-  three words", ("one", "two", "three words")),
        ("tags: one, two words", ("one", "two words")),
        ("tags: one two", ("one", "two")),
        ("Tags: #one #two #one", ("one", "two")),
        ("keywords: one", ("one",)),
        ("tags: []", ()),
        ("tags:", ()),
        ("tags: [a, b] # tags", ("a", "b")),
        ("tags: [a, 'b # c', #d] #tags", ("a", "b # c", "d")),
        ("tags: [a, # first\n  # none\n  b]", ("a", "b")),
        ("tags: # mine\n  - a # first\n  # - b\n  - '# c' # third\n  - #d", ("a", "c", "d")),
        (f"tags: [{'x' * 99}, ' ']", ("x" * 64,)),
    ],
)
def test_tags_are_read_as_programs_write_them(tmp_path: Path, line: str, tags: tuple[str, ...]) -> None:
    assert only_draft(MARKDOWN, markdown(tmp_path, f"---\n{line}\n---\n")).tags == tags


@pytest.mark.parametrize(
    ("line", "moment"),
    [
        ("created: 2026-11-02", datetime(2026, 11, 1, 23, tzinfo=UTC)),
        ("date: 2026-11-02 08:30", datetime(2026, 11, 2, 7, 30, tzinfo=UTC)),
        ("created: 2026-11-02T08:30:00Z", datetime(2026, 11, 2, 8, 30, tzinfo=UTC)),
        ('date created: "2026-11-02T08:30:00-05:00"', datetime(2026, 11, 2, 13, 30, tzinfo=UTC)),
        ("created: 2026/11/02", datetime(2026, 11, 1, 23, tzinfo=UTC)),
        ("created: 02.11.2026", datetime(2026, 11, 1, 23, tzinfo=UTC)),
        ("created_date: '2026-11-02'", datetime(2026, 11, 1, 23, tzinfo=UTC)),
        ("Date-Created: 2026-11-02", datetime(2026, 11, 1, 23, tzinfo=UTC)),
        ("createdAt: 2026-11-02", datetime(2026, 11, 1, 23, tzinfo=UTC)),
        ("created: today\ndate: 2026-11-02", datetime(2026, 11, 1, 23, tzinfo=UTC)),
        ("created: 2026-11-02 # a day", datetime(2026, 11, 1, 23, tzinfo=UTC)),
        ("created: 2026-11-02 #day", datetime(2026, 11, 1, 23, tzinfo=UTC)),
        ("created: 0001-01-01", None),
        ("created: last week", None),
        ("created:\n  nested: 2026-11-02", None),
    ],
)
def test_time_of_writing_is_in_the_persons_zone_where_it_names_none(
    tmp_path: Path, line: str, moment: datetime | None
) -> None:
    found = said(tmp_path, f"---\n{line}\n---\n", zone="Europe/Berlin")["written_at"]
    assert found == moment
    assert found is None or found.utcoffset() % timedelta(minutes=1) == timedelta()


def test_other_fields_are_kept_where_they_are_valid(tmp_path: Path) -> None:
    found = said(
        tmp_path,
        "---\nnotebook: Home / Kitchen /\nauthor: Robin\nsource: https://example.org/x\npinned: yes\n"
        "starred: true\narchived: True\ncolor: Green\nlatitude: 38.7\nlongitude: -9.2\ndue: 2026-12-01\n"
        "mood: 2\nsummary: >-\n  folded\n  text\n---\n",
    )
    assert found["notebook"] == ("Home", "Kitchen")
    assert (found["author"], found["source_url"]) == ("Robin", "https://example.org/x")
    assert (found["pinned"], found["favorite"], found["archived"]) == (True, True, True)
    assert (found["colour"], found["mood"]) == (NoteColour.GREEN, None)
    assert (found["latitude"], found["longitude"]) == (38.7, -9.2)
    assert found["reminder_at"] == datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "line",
    [
        'source: "[Example](https://example.org/x)"',
        "url: <https://example.org/x>",
        "link: [x](https://example.org/x)",
    ],
)
def test_address_may_be_written_as_a_link(tmp_path: Path, line: str) -> None:
    assert said(tmp_path, f"---\n{line}\n---\n")["source_url"] == "https://example.org/x"


def test_invalid_fields_are_left_out(tmp_path: Path) -> None:
    found = said(
        tmp_path,
        "---\nsource: a book\nurl: http://[\nlatitude: 0.0\nlongitude: 0.0\ncolour: plaid\npinned: perhaps\n"
        "notebook: " + "/".join(["n"] * 40) + "\n---\n",
    )
    assert found["source_url"] is None
    assert "latitude" not in found
    assert found["colour"] is NoteColour.DEFAULT
    assert not found["pinned"]
    assert len(found["notebook"]) == 16


@pytest.mark.parametrize("stem", ["2026-11-02", "2026_11_02", "20261102", "2026.11.02"])
def test_file_named_by_a_day_is_a_journal_entry(tmp_path: Path, stem: str) -> None:
    found = said(tmp_path, "---\nmood: -2\n---\nraining", f"{stem}.md")
    assert (found["kind"], found["journal_date"]) == (NoteKind.JOURNAL_ENTRY, date(2026, 11, 2))
    assert (found["mood"], found["title"]) == (-2, stem)


@pytest.mark.parametrize("stem", ["2026-02-30", "0999-01-01", "2026-11", "2026-11.02", "note 2026-11-02"])
def test_file_named_otherwise_is_a_note(tmp_path: Path, stem: str) -> None:
    assert said(tmp_path, "---\nmood: 1\n---\nx", f"{stem}.md")["kind"] is NoteKind.NOTE


def test_edited_file_is_the_same_note_and_another_file_another(tmp_path: Path) -> None:
    before = source_id(tmp_path, "# T\n\ntext")
    assert source_id(tmp_path, "---\ntags: new\n---\n# T\n\nother text") == before
    assert source_id(tmp_path, "# T\n\ntext", "other.md") != before
    assert source_id(tmp_path, "# U\n\ntext") != before


def test_id_in_the_front_matter_decides_which_note_it_is(tmp_path: Path) -> None:
    before = source_id(tmp_path, "---\nid: 7f3a\n---\n# T")
    assert source_id(tmp_path, "---\nid: 7f3a\n---\n# Other title", "moved.md") == before
    assert source_id(tmp_path, "---\nid: 7f3b\n---\n# T") != before


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_any_usual_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    path = markdown(tmp_path, "---\ntitle: Café\n---\n« ça »".encode(encoding))
    found = only_draft(MARKDOWN, path).arguments
    assert (found["title"], found["body"]) == ("Café", "« ça »")


@pytest.mark.parametrize("length", [1_500_000, 5_000_000])
def test_text_longer_than_a_note_is_cut_and_says_so(tmp_path: Path, length: int) -> None:
    body = said(tmp_path, "# T\n" + "x" * length)["body"]
    assert (len(body), body.count(CUT), body.endswith(f"x\n\n{CUT}")) == (1_000_000, 1, True)


def test_note_that_is_cut_is_known_by_the_name_it_had(tmp_path: Path) -> None:
    short, long = (only_draft(MARKDOWN, markdown(tmp_path, f"# T\n{'x' * size}")) for size in (9, 1_500_000))
    assert short.source_id == long.source_id


def test_front_matter_longer_than_any_is_text() -> None:
    text = "---\n" + "a: b\n" * 100_000 + "---\nx"
    assert split(text, {"a"}) == ({}, text)


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n\x00\x00", b"a\x00b"])
def test_binary_file_is_unreadable(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(UnreadableFile):
        read(MARKDOWN, markdown(tmp_path, data))


def test_missing_and_too_large_files_are_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile):
        read(MARKDOWN, tmp_path / "none.md")
    with pytest.raises(UnreadableFile):
        read(MARKDOWN, markdown(tmp_path, "# T and more"), limits=Limits(whole_file_bytes=10))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("---\n" + "a: b\n" * 500_000, id="long front matter"),
        pytest.param("---\na: [" + '"' * 60_000 + "]\n---\nx", id="quotes"),
        pytest.param("---\na: [''" + "'" * 60_000 + "]\n---\nx", id="single quotes"),
        pytest.param('---\na: "' + "\\" * 60_000 + "\n---\nx", id="backslashes"),
        pytest.param("---\n" + "a " * 30_000 + ": b\n---\nx", id="long key"),
        pytest.param("---\na: " + "# ] #" * 12_000 + "\n---\nx", id="comments"),
        pytest.param("---\na: [" + "]   " * 15_000 + "#\n---\nx", id="ends of lists"),
        pytest.param("---\na: " + " '" * 30_000 + " #\n---\nx", id="quotes before a comment"),
        pytest.param("---\na: " + ' "\\' * 20_000 + " #\n---\nx", id="escapes before a comment"),
        pytest.param("---\ntitle: x\n" + '"\n' * 900 + "---\nx", id="open keys"),
        pytest.param("# " + " " * 2_000_000 + "x", id="spaces in a heading"),
        pytest.param("# a" + " #" * 1_000_000, id="signs after a heading"),
        pytest.param("a\n" + "=" * 3_000_000 + "x", id="long underline"),
        pytest.param("```\n" * 500_000, id="fences"),
    ],
)
def test_hostile_file_ends_soon(tmp_path: Path, text: str) -> None:
    path = markdown(tmp_path, text)
    begin = time.process_time()
    only_draft(MARKDOWN, path)
    assert time.process_time() - begin < SECONDS


SEED = b"---\ntitle: 'T'\ntags: [a, \"b\"]\ncreated: 2026-11-02T10:00:00Z\nlist:\n - x\nlatitude: 1\n---\n# H\n\ntext\n---\n"


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=300).map(lambda data: b"---\n" + data) | mutations(SEED))
def test_no_bytes_raise_anything_but_unreadable(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            read(MARKDOWN, markdown(Path(folder), data, "2026-11-02.md"))
        except UnreadableFile:
            return


def test_what_a_note_has_no_field_for_is_kept_beside_it(tmp_path: Path) -> None:
    text = "---\ntitle: Trip\naliases: [Sea, Shore]\nRating of mine: 5\nempty:\n---\nx"
    kept = [only_draft(MARKDOWN, markdown(tmp_path, each)).metadata for each in (text, "aliases:: Sea\n\nx")]
    assert kept == [
        {"aliases": "Sea, Shore", "ratingofmine": "5"},
        {},
    ]  # properties of Logseq stay in the body
