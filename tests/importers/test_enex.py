"""Evernote's export files: every note of every sample becomes a readable note, and no bytes do harm."""

from __future__ import annotations

import re
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.productivity.note_terms import BodyFormat, NoteKind
from infrastructure.importers.draft import Draft, Limits, Outcome, Refused, UnreadableFile
from tests.importers.evernote import ENEX, enex, note
from tests.importers.reading import CUT, EXAMPLES, MISSING, drafts, mutations, only_draft, read, samples

FILES = samples("notes", ".enex")
SAMPLE_DRAFTS = 79
SECONDS = 5.0  # of the processor for one hostile file, however busy the machine

needs_samples = pytest.mark.skipif(not FILES, reason=MISSING)


def said(tmp_path: Path, body: str) -> dict[str, Any]:
    return dict(only_draft(ENEX, enex(tmp_path, body)).arguments)


def text_of(tmp_path: Path, content: str) -> str:
    return str(said(tmp_path, note(content))["body"])


def sample(name: str) -> Draft:
    (path,) = (path for path in FILES if path.name == name)
    (draft,) = notes(path)
    return draft


def notes(path: Path) -> list[Draft]:
    return [draft for draft in drafts(ENEX, path) if draft.kind == "note"]


@needs_samples
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_notes_and_attachments_of_a_sample_add_up(path: Path) -> None:
    source = path.read_text()
    entries = read(ENEX, path)
    attachments = [entry for entry in entries if isinstance(entry, Draft) and entry.content is not None]
    assert len(attachments) == source.count("<resource>")
    assert len(entries) - len(attachments) == len(re.findall(r"<note>", source))
    assert all(isinstance(each, Draft) or each.outcome is Outcome.SKIPPED for each in entries)


@needs_samples
def test_samples_give_as_many_drafts_as_measured() -> None:
    assert sum(len(notes(path)) for path in FILES) >= SAMPLE_DRAFTS


@needs_samples
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_reading_a_sample_twice_gives_the_same_sources(path: Path) -> None:
    first, second = ([draft.source_id for draft in notes(path)] for _ in range(2))
    assert first == second
    assert len(set(first)) == len(first)


@needs_samples
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_tag_of_a_sample_is_left_in_the_text(path: Path) -> None:
    for draft in notes(path):
        assert not re.search(r"</?(?:div|span|en-\w+|li|br)\b", draft.arguments["body"])


@needs_samples
def test_sample_of_a_checklist_keeps_its_nesting() -> None:
    assert (
        sample("test-checklist.enex")
        .arguments["body"]
        .startswith(
            "- [ ] Checklist item 1\n  - [ ] Nested item 1a\n  - [x] Nested checked item\n- [x] Checked"
        )
    )


@needs_samples
def test_sample_of_tasks_has_them_in_their_order_in_place_of_the_placeholder() -> None:
    assert sample("test-things-to-do.enex").arguments["body"] == (
        "- [ ] Simple task\n- [ ] Task with a reminder (reminder 2022-05-22 09:00 Europe/Budapest)\n- [x] Done\n"
        "- [ ] Task with due date (due 2022-05-28)\n- [ ] Task with a flag (flagged)"
    )


@needs_samples
def test_sample_of_code_is_fenced() -> None:
    body = sample("test-noteWithCodeBlock.enex").arguments["body"]
    assert "```\n# This program prints *Hello, world* in _Python_\nprint('Hello, world!\\n')\n```" in body
    assert "\n        if n % 15 == 0 {\n" in body


@needs_samples
def test_sample_of_a_clipping_names_its_source() -> None:
    draft = sample("test-image-dataUrl.enex")
    assert draft.arguments["kind"] is NoteKind.CLIPPING
    assert draft.arguments["source_url"] == "https://unsplash.com/photos/3ym6i13Y9LU"
    assert "base64" not in draft.arguments["body"]


def test_example_is_three_notes() -> None:
    jobs, trains, place = drafts(ENEX, EXAMPLES / "notes" / "evernote-export.enex")
    assert "- [x] Bleed the radiators\n- [ ] Seal" in jobs.arguments["body"]
    assert jobs.arguments["reminder_at"] == datetime(2026, 11, 28, 9, tzinfo=UTC)
    assert "| Köln – Vienna | 20:02 | 12 |" in trains.arguments["body"]  # noqa: RUF001 - as the file has it
    assert (trains.arguments["kind"], trains.tags) == (NoteKind.CLIPPING, ("travel",))
    assert place.arguments["latitude"] == 38.7041


def test_attributes_of_a_note_are_kept(tmp_path: Path) -> None:
    rest = (
        "<created>20261101T100000Z</created><updated>20261102T100000Z</updated><tag>a</tag><tag> b\nc </tag><tag>a</tag>"
        "<note-attributes><author>Robin</author><source-url>https://example.org/x</source-url>"
        "<latitude>38.7</latitude><longitude>-9.2</longitude><reminder-time>20261201T090000Z</reminder-time>"
        "<reminder-done-time>20261201T100000Z</reminder-done-time></note-attributes>"
    )
    draft = only_draft(ENEX, enex(tmp_path, note("<div>x</div>", rest)))
    assert draft.tags == ("a", "b c")
    assert draft.arguments == {
        "title": "T",
        "body": "x",
        "body_format": BodyFormat.MARKDOWN,
        "kind": NoteKind.NOTE,
        "written_at": datetime(2026, 11, 1, 10, tzinfo=UTC),
        "author": "Robin",
        "source_url": "https://example.org/x",
        "latitude": 38.7,
        "longitude": -9.2,
        "reminder_at": datetime(2026, 12, 1, 9, tzinfo=UTC),
        "reminder_done_at": datetime(2026, 12, 1, 10, tzinfo=UTC),
    }


def test_invalid_attributes_are_left_out(tmp_path: Path) -> None:
    rest = (
        "<created>00000000T000000Z</created><note-attributes><source-url>no address</source-url>"
        "<latitude>0.0</latitude><longitude>0.0</longitude><reminder-time>soon</reminder-time></note-attributes>"
    )
    found = said(tmp_path, note("x", rest))
    assert (found["written_at"], found["source_url"], found["reminder_at"]) == (None, None, None)
    assert "latitude" not in found


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("<div>a</div><div>b</div>", "a\nb"),
        ("<div>a<br/></div><div><br/></div><div>b<br></div>", "a\n\nb"),
        ("a<p>b</p><p>c</p>d", "a\n\nb\n\nc\n\nd"),
        ("<h1>a</h1><h3>b</h3>c<hr/>d", "# a\n\n### b\n\nc\n\n---\n\nd"),
        ("<ul><li>a</li><li><div>b</div><div>more</div></li></ul>c", "- a\n- b\n  more\n\nc"),
        ("<ol><li>a<ul><li>b</li></ul></li><li>c</li></ol>", "1. a\n  - b\n2. c"),
        ("<div><en-todo/>a</div><div><en-todo checked='true'/>b <en-todo/>c</div>", "- [ ] a\n- [x] b [ ] c"),
        ("<ul><li><en-todo checked='true'/>a</li></ul>", "- [x] a"),
        ("<blockquote>a<div>b</div></blockquote>c", "> a\n> b\n\nc"),
        ("<a href='https://e.org/a b(c)'>x &amp; y</a>", "[x & y](https://e.org/a%20b%28c%29)"),
        ("<a href='https://e.org/'>https://e.org</a> <a href='https://e.org/'></a><a>x</a>", "https://e.org/ https://e.org/x"),
        ("<table><tr><th>a</th><th>b|c</th></tr><tr><td><div>1</div><div style='x'>2</div></td><td/></tr></table>z",
         "| a | b\\|c |\n| --- | --- |\n| 1 2 |\n\nz"),
        ("a <code>b</code> &lt;c&gt;&nbsp;d  \n e", "a `b` <c> d e"),
        ("<pre>a\n  b</pre>c", "```\na\n  b\n```\nc"),
        ("a<en-crypt hint='h'>secret</en-crypt>b<en-crypt>x</en-crypt>", "a[encrypted text, hint: h]b[encrypted text]"),
        ("<en-media type='image/png' hash='x'/>", "[attachment: image/png]"),
        ("<img src='data:image/png;base64,AAAA' alt='a'/><img src='https://e.org/i'/><img/>", "[image: a]![](https://e.org/i)"),
        ("a<script>alert(1)</script><style>b{}</style>c", "ac"),
        ("&mdash; &#8212; &unknown; &", "— — &unknown; &"),
        ("a < b </span></div></li></ul></table></blockquote></a>c", "a < b\nc"),
    ],
)  # fmt: skip
def test_content_becomes_readable_text(tmp_path: Path, content: str, text: str) -> None:
    assert text_of(tmp_path, content) == text


@pytest.mark.parametrize(
    ("declaration", "text"),
    [
        ('<!DOCTYPE en-note [<!ENTITY x SYSTEM "file:///etc/passwd"> <!ENTITY y "z">\n] >', "&x; [a]>b"),
        ("<!doctype en-note SYSTEM 'x' []>", "&x; [a]>b"),
        ("<!DOCTYPE en-note [<!ENTITY x 'y'>", "&x; [a]>b"),
        ("<!DOCTYPE en-note>", "&x; [a]>b"),
    ],
)
def test_declarations_are_no_text(tmp_path: Path, declaration: str, text: str) -> None:
    content = f"<content><![CDATA[{declaration}<en-note>&x; [a]>b</en-note>]]></content>"
    assert said(tmp_path, f"<note><title>T</title>{content}</note>")["body"] == text


def test_note_without_an_id_is_known_by_its_title_and_time(tmp_path: Path) -> None:
    def ids(*notes: str) -> list[str]:
        return [draft.source_id for draft in drafts(ENEX, enex(tmp_path, "".join(notes)))]

    assert ids(note("a")) == ids(note("edited"))
    assert ids(note("a")) != ids(note("a", "<created>20261101T100001Z</created>"))
    assert ids(note("a"), note("b"))[0] == ids(note("a"))[0]
    assert len({*ids(note("a"), note("b"), note("c"))}) == 3
    assert len({*ids(note("a", ""), note("b", ""))}) == 2
    assert ids(note("a", "<guid>1</guid>")) == ids(note("b", "<guid>1</guid>", "other"))


def test_note_that_is_there_twice_is_a_duplicate(tmp_path: Path) -> None:
    entries = read(ENEX, enex(tmp_path, note("a") + note("a")))
    assert entries[1:] == [Refused("duplicate", Outcome.SKIPPED)]


def test_tasks_without_a_place_stand_at_the_end(tmp_path: Path) -> None:
    task = "<task><title>buy tea</title><taskStatus>completed</taskStatus><taskGroupNoteLevelID>g</taskGroupNoteLevelID></task>"
    assert said(tmp_path, note("a", task))["body"] == "a\n\n- [x] buy tea"
    assert said(tmp_path, note("", task, ""))["body"] == "- [x] buy tea"


def test_text_below_tasks_is_no_part_of_them(tmp_path: Path) -> None:
    place = "<div style='--en-task-group:true; --en-id:{}'>no longer supported</div>".format
    task = "<task><title>{}</title><taskGroupNoteLevelID>{}</taskGroupNoteLevelID></task>".format
    content = f"<div>one</div>{place('g')}<div>two</div>{place('h')}{place('i')}"
    body = said(tmp_path, note(content, task("a", "g") + task("b", "h") + task("c", "i")))["body"]
    assert body == "one\n\n- [ ] a\n\ntwo\n\n- [ ] b\n\n- [ ] c"


def test_note_without_any_word_is_refused(tmp_path: Path) -> None:
    assert read(ENEX, enex(tmp_path, note("<div><br/></div>", title=" "))) == [Refused("empty_note")]


def test_long_words_are_cut_and_the_text_says_so(tmp_path: Path) -> None:
    found = said(tmp_path, note("y" * 1_200_000, "<tag>" + "t" * 99 + "</tag>", "x" * 900))
    assert (len(found["title"]), len(found["body"])) == (500, 1_000_000)
    assert found["body"].endswith(f"\n\n{CUT}")


def test_text_of_many_lines_says_that_it_is_cut_only_where_words_are_left_out(tmp_path: Path) -> None:
    lines = f"<div>{'y' * 99_999}</div>" * 10
    whole = said(tmp_path, note(f"{lines}<div><br/></div>"))["body"]
    assert (len(whole), CUT in whole) == (999_999, False)
    cut = said(tmp_path, note(f"{lines}<div>end</div>"))["body"]
    assert (cut.endswith(f"y\n\n{CUT}"), cut.count(CUT)) == (True, 1)


def test_text_says_once_that_it_is_cut_where_tasks_follow_it(tmp_path: Path) -> None:
    task = "<task><title>buy tea</title><taskGroupNoteLevelID>g</taskGroupNoteLevelID></task>"
    body = said(tmp_path, note("y" * 1_200_000, task))["body"]
    assert (len(body), body.count(CUT), body.endswith(f"y\n\n{CUT}")) == (1_000_000, 1, True)


def test_file_that_breaks_off_gives_the_notes_it_has(tmp_path: Path) -> None:
    path = enex(tmp_path, f"<en-export>{note('a')}<note><title>b".encode())
    first, second = read(ENEX, path)
    assert isinstance(first, Draft)
    assert second == Refused("broken_xml")


def test_broken_note_costs_itself_only(tmp_path: Path) -> None:
    broken = "<note><title>a<b></title></note><note-attributes/>"
    entries = read(ENEX, enex(tmp_path, note("a") + broken + note("b", "") + note("c", "")))
    assert [isinstance(each, Draft) for each in entries] == [True, False, True, True]
    assert entries[1] == Refused("broken_xml")


def test_section_within_a_note_costs_nothing(tmp_path: Path) -> None:
    inside = (
        "<div>a<![CDATA[b c]]></div><![CDATA[d]]><br/><![CDATA[e]]>f x[y[0]]>1<div>g</div>{}<![CDATA[h]]>"
    )
    rest = "<created>20261101T100000Z</created><tag>t</tag>"
    for far in ("", "i" * 70_000, *("j" * (65_400 - n) for n in range(0, 400, 7))):
        first, second = drafts(ENEX, enex(tmp_path, note(inside.format(far), rest) + note("b", "")))
        body = f"ab c\nd\nef x[y[0]]>1\ng\n{far}h"
        assert (first.arguments["body"], first.tags) == (body, ("t",))
        assert first.arguments["written_at"] == datetime(2026, 11, 1, 10, tzinfo=UTC)
        assert second.arguments["body"] == "b"


def test_section_that_is_written_in_two_is_one(tmp_path: Path) -> None:
    assert text_of(tmp_path, "a<![CDATA[b]]]]><![CDATA[></div><div>c") == "ab\nc"


@pytest.mark.parametrize(
    "data",
    [
        b"", b"words", b"<html/>", b"<gpx><note/></gpx>", b"\x89PNG\r\n\x1a\n",
        b'<!DOCTYPE en-export [<!ENTITY a "a"><!ENTITY b "&a;&a;">]><en-export><note/></en-export>',
    ],
)  # fmt: skip
def test_what_is_no_export_is_unreadable(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(UnreadableFile):
        read(ENEX, enex(tmp_path, data))


def test_missing_and_too_large_files_are_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile):
        read(ENEX, tmp_path / "none.enex")
    with pytest.raises(UnreadableFile):
        read(ENEX, enex(tmp_path, note("a")), limits=Limits(bytes=10))


def test_entries_time_and_size_are_bounded(tmp_path: Path) -> None:
    path = enex(tmp_path, note("a") + note("b", ""))
    assert read(ENEX, path, limits=Limits(entries=1))[1:] == [Refused("too_many_entries")]
    assert Refused("out_of_time") in read(ENEX, path, limits=Limits(seconds=-1))
    large = enex(tmp_path, note("x" * 3000) + note("b", ""))
    first, second = read(ENEX, large, limits=Limits(entry_bytes=2000))
    assert first == Refused("too_large")
    assert isinstance(second, Draft)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("<div>" * 100_000, id="nested blocks"),
        pytest.param("<ul><li>" * 50_000, id="nested lists"),
        pytest.param("x<ul>" * 50_000, id="text in nested lists"),
        pytest.param("<blockquote>" * 50_000 + "x<br>" * 10_000, id="nested quotations"),
        pytest.param("<en-todo/>" * 60_000, id="boxes"),
        pytest.param("x<en-todo/>" * 60_000, id="boxes on a line"),
        pytest.param("<a href=x>" * 60_000 + "</a>" * 60_000, id="nested links"),
        pytest.param('<a href="x"></a>' * 60_000, id="links on a line"),
        pytest.param("<table><tr>" * 50_000, id="nested tables"),
        pytest.param("<table><tr>" + "<td>x</td>" * 60_000, id="wide table"),
        pytest.param("<table>" + "<br><en-todo>" * 60_000, id="boxes in a cell"),
        pytest.param("<div style='en-codeblock:true'>" * 50_000 + "x<br>" * 50_000, id="nested code"),
        pytest.param("<en-crypt>" * 100_000, id="nested secrets"),
        pytest.param("<pre>" + "<br>" * 100_000, id="lines of code"),
        pytest.param("<a " * 100_000, id="open tags"),
        pytest.param("<!--" * 100_000, id="open comments"),
        pytest.param("x " * 1_000_000, id="one long line"),
        pytest.param("<![CDATA[" * 100_000, id="open sections"),
        pytest.param("]]>" * 100_000 + "<b>", id="ends after ends"),
        pytest.param("<!DOCTYPE x [" * 100_000, id="open declarations"),
        pytest.param("<!DOCTYPE" + " x" * 500_000, id="long declaration"),
    ],
)
def test_hostile_note_ends_soon(tmp_path: Path, content: str) -> None:
    path = enex(tmp_path, note(content))
    begin = time.process_time()
    only_draft(ENEX, path)
    assert time.process_time() - begin < SECONDS


SEED = (
    "<en-export>" + note("<ul><li>a</li></ul><table><tr><td>b</td></tr></table><a href='x:y'>c</a><en-todo/>d")
    + note("<pre>x</pre>", "<tag>t</tag><resource><data>QUJD</data></resource>") + "</en-export>"
).encode()  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=300).map(lambda data: b"<en-export>" + data) | mutations(SEED))
def test_no_bytes_raise_anything_but_unreadable(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            read(ENEX, enex(Path(folder), data))
        except UnreadableFile:
            return


TAGS = st.from_regex(
    r"\A(?:div|br|p|ul|ol|li|table|tr|td|th|a|blockquote|pre|code|h1|en-todo|en-crypt|en-media|img|hr|script)\Z"
)
PIECES = st.builds("<{}{}>".format, st.sampled_from(["", "/"]), TAGS) | st.sampled_from(
    [
        "text",
        " ",
        "<a href='x:y'>",
        "<div style='en-codeblock:true'>",
        "<li style='--en-checked:true'>",
        "&nbsp;",
        "<",
    ]
)


@settings(max_examples=150, deadline=None)
@given(pieces=st.lists(PIECES, max_size=40))
def test_any_tangle_of_tags_gives_a_note(pieces: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        only_draft(ENEX, enex(Path(folder), note("".join(pieces))))
