"""Bookmark files: every link of every sample becomes a record, and no bytes do harm."""

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

from infrastructure.importers.bookmark_files import BookmarkFiles, moment_of
from infrastructure.importers.draft import Draft, Limits, Outcome, Refused, UnreadableFile
from infrastructure.importers.text import digest_of
from tests.importers.reading import EXAMPLES, MISSING, drafts, mutations, only_draft, read, samples, written

FILES = samples("bookmarks", ".html", ".htm")
SAMPLE_DRAFTS = 123
SECONDS = 5.0  # of the processor for one hostile file, however busy the machine

HEAD = "<!DOCTYPE NETSCAPE-Bookmark-file-1>\n<TITLE>Bookmarks</TITLE>\n<H1>Bookmarks</H1>\n<DL><p>\n"
BOOKMARKS = BookmarkFiles()

needs_samples = pytest.mark.skipif(not FILES, reason=MISSING)


def html(tmp_path: Path, body: str | bytes, head: str = HEAD) -> Path:
    data = body if isinstance(body, bytes) else (head + body).encode()
    return written(tmp_path, "bookmarks.html", data)


def said(tmp_path: Path, body: str) -> dict[str, Any]:
    return dict(only_draft(BOOKMARKS, html(tmp_path, body)).arguments)


@needs_samples
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_link_of_a_sample_becomes_a_valid_draft(path: Path) -> None:
    links = len(re.findall(rb"<dt><a ", path.read_bytes(), re.IGNORECASE))
    assert len(drafts(BOOKMARKS, path)) == links


@needs_samples
def test_samples_give_as_many_drafts_as_measured() -> None:
    assert sum(len(drafts(BOOKMARKS, path)) for path in FILES) >= SAMPLE_DRAFTS


@needs_samples
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_reading_a_sample_twice_gives_the_same_sources(path: Path) -> None:
    first, second = ([draft.source_id for draft in drafts(BOOKMARKS, path)] for _ in range(2))
    assert first == second
    assert len(set(first)) == len(first)


@needs_samples
def test_sample_of_firefox_gives_folders_tags_icons_and_smart_searches() -> None:
    (path,) = (path for path in FILES if path.name == "firefox_nested.htm")
    found = {draft.arguments["title"]: draft for draft in drafts(BOOKMARKS, path)}
    parser = next(each for title, each in found.items() if title.startswith("kafene/"))
    assert parser.arguments["folder"] == ("Dev", "PHP")
    assert parser.arguments["icon_url"] == "https://assets-cdn.github.com/favicon.ico"
    assert parser.tags == ("github", "netscape", "parser")
    assert found["Recent tags"].arguments["url"].startswith("place:type=6&sort=14")


def test_example_has_twelve_bookmarks_in_three_folders() -> None:
    found = drafts(BOOKMARKS, EXAMPLES / "bookmarks.html")
    assert len(found) == 12
    assert len({draft.arguments["folder"][:1] for draft in found if draft.arguments["folder"]}) == 3
    assert all(draft.tags for draft in found)


def test_folders_are_the_headings_of_the_lists_around_a_bookmark(tmp_path: Path) -> None:
    body = """
    <DT><A HREF="https://a.example.org">0</A>
    <DT><H3 ADD_DATE="1">One</H3><DD>about the folder
    <DL><p>
      <DT><H3> Two\n&amp; a half </H3><DL><p><DT><A HREF="https://b.example.org">12</A></DL><p>
      <DT><A HREF="https://c.example.org">1</A>
    </DL><p>
    <DT><H3>Empty</H3>
    <DT><A HREF="https://d.example.org">0</A></DL>"""
    found = drafts(BOOKMARKS, html(tmp_path, body))
    folders = [draft.arguments["folder"] for draft in found]
    assert folders == [(), ("One", "Two & a half"), ("One",), ()]


def test_file_without_a_list_around_everything_has_its_folders(tmp_path: Path) -> None:
    head = "<!DOCTYPE NETSCAPE-Bookmark-file-1>\n<H1>Bookmarks</H1>\n"  # as Safari writes it
    path = html(
        tmp_path, '<DT><H3>Favourites</H3>\n<DL><p><DT><A HREF="https://a.example.org">a</A></DL><p>', head
    )
    assert only_draft(BOOKMARKS, path).arguments["folder"] == ("Favourites",)


def test_folder_deeper_than_a_bookmark_may_lie_ends_where_it_may(tmp_path: Path) -> None:
    found = said(tmp_path, "<DT><H3>f</H3><DL>" * 40 + '<DT><A HREF="https://a.example.org">a</A>')
    assert found["folder"] == ("f",) * 32


def test_description_keeps_its_lines_and_the_addresses_in_it(tmp_path: Path) -> None:
    found = said(
        tmp_path,
        '<DT><A HREF="https://a.example.org">t</A>\n<DD>one\n  two<br>three &lt;&amp;&gt;\n'
        '<a href="https://b.example.org">four</a>\n',
    )
    assert found["description"] == "one\n  two\nthree <&>\n https://b.example.org four"


@pytest.mark.parametrize(
    ("written_time", "moment"),
    [
        ("1616337559", datetime(2021, 3, 21, 14, 39, 19, tzinfo=UTC)),
        ("1616337559.25", datetime(2021, 3, 21, 14, 39, 19, tzinfo=UTC)),
        ("1616337559123", datetime(2021, 3, 21, 14, 39, 19, 123_000, tzinfo=UTC)),
        ("1616337559000000", datetime(2021, 3, 21, 14, 39, 19, tzinfo=UTC)),
        ("1616337559000000000", datetime(2021, 3, 21, 14, 39, 19, tzinfo=UTC)),
        ("13260811159000000", datetime(2021, 3, 21, 14, 39, 19, tzinfo=UTC)),
        ("10/Oct/2000:13:55:36 +0300", datetime(2000, 10, 10, 10, 55, 36, tzinfo=UTC)),
        ("0", None),
        ("-1", None),
        ("99999999999", None),
        ("9" * 20, None),
        ("9" * 5000, None),
        ("٣٣", None),
        ("31/Dec/9999:23:59:59 -1400", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_time_stamps_are_told_apart_by_their_size(written_time: str, moment: datetime | None) -> None:
    assert moment_of(written_time) == moment


def test_attributes_of_services_are_understood(tmp_path: Path) -> None:
    found = said(
        tmp_path,
        '<dt><a href=\'https://a.example.org/?x=1&amp;copy=2&para=3\' private=1 TOREAD="1" SHORTCUTURL="kw" '
        'LAST_VISIT="1616337559" description="said &quot;here&quot;" ICON_URI="https://a.example.org/i.ico" '
        'ICON="data:image/png;base64,AAAA">T</a>',
    )
    assert found["url"] == "https://a.example.org/?x=1&copy=2&para=3"
    assert found["is_private"]
    assert found["to_read"]
    assert found["shortcut_keyword"] == "kw"
    assert found["last_visited_at"] == datetime(2021, 3, 21, 14, 39, 19, tzinfo=UTC)
    assert found["description"] == 'said "here"'
    assert found["icon_url"] == "https://a.example.org/i.ico"


def test_tags_are_separated_by_commas_or_in_a_file_without_any_by_spaces(tmp_path: Path) -> None:
    two = '<DT><A HREF="https://{}.example.org" TAGS="{}">t</A>'
    commas = html(tmp_path, two.format("a", "one, two words,one,,") + two.format("b", "three words"))
    assert [draft.tags for draft in drafts(BOOKMARKS, commas)] == [("one", "two words"), ("three words",)]
    spaces = html(tmp_path, two.format("a", "one two"))
    assert only_draft(BOOKMARKS, spaces).tags == ("one", "two")


def test_second_bookmark_of_an_address_in_a_folder_is_a_duplicate(tmp_path: Path) -> None:
    one = '<DT><A HREF="https://a.example.org/{}">t</A>'
    body = one.format("?utm_source=x") + one.format("#here") + f"<DT><H3>f</H3><DL>{one.format('')}</DL>"
    first, second, third = read(BOOKMARKS, html(tmp_path, body))
    assert second == Refused("duplicate", Outcome.SKIPPED)
    assert isinstance(first, Draft)
    assert isinstance(third, Draft)
    assert first.source_id != third.source_id


def test_address_within_a_program_is_a_note(tmp_path: Path) -> None:
    draft = only_draft(
        BOOKMARKS, html(tmp_path, '<DT><A HREF="?lY47tw" ADD_DATE="1616337559" TAGS="a,b">T</A>\n<DD>text')
    )
    assert (draft.kind, draft.tags) == ("note", ("a", "b"))
    assert (draft.arguments["title"], draft.arguments["body"]) == ("T", "text\n\n?lY47tw")


def test_address_without_its_scheme_gets_one(tmp_path: Path) -> None:
    body = '<DT><A HREF="www.example.org/x">t</A><DT><A HREF=" //a.example.org\n/y ">t</A>'
    found = [draft.arguments["url"] for draft in drafts(BOOKMARKS, html(tmp_path, body))]
    assert found == ["http://www.example.org/x", "http://a.example.org/y"]


@pytest.mark.parametrize("written_address", ["http:", "http:///", "https://?q", "javascript:"])
def test_address_that_leads_nowhere_is_a_note(tmp_path: Path, written_address: str) -> None:
    draft = only_draft(BOOKMARKS, html(tmp_path, f'<DT><A HREF="{written_address}">T</A>'))
    assert (draft.kind, draft.arguments["body"]) == ("note", written_address)


def test_visits_of_a_program_are_not_kept(tmp_path: Path) -> None:
    found = said(tmp_path, '<DT><A HREF="javascript:alert(1)" LAST_VISIT="1616337559">T</A>')
    assert (found["url"], found["last_visited_at"]) == ("javascript:alert(1)", None)


def test_blanks_in_an_address_of_the_web_are_encoded_and_it_keeps_its_name(tmp_path: Path) -> None:
    """What was imported when they were kept is known again."""
    web = only_draft(BOOKMARKS, html(tmp_path, '<DT><A HREF="https://a.example.org/b c\u3000d">T</A>'))
    assert web.arguments["url"] == "https://a.example.org/b%20c%E3%80%80d"
    assert web.source_id == digest_of("https://a.example.org/b c\u3000d")
    program = only_draft(BOOKMARKS, html(tmp_path, '<DT><A HREF="javascript:alert(1 + 1)">T</A>'))
    assert program.arguments["url"] == "javascript:alert(1 + 1)"


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ("<A>t</A>", "no_url"),
        ('<A HREF=" ">t</A>', "no_url"),
        ('<A HREF="http://[">t</A>', "bad_url"),
        (f'<A HREF="javascript:{"x" * 9000}">t</A>', "url_too_long"),
    ],
)
def test_link_that_is_none_is_refused(tmp_path: Path, link: str, reason: str) -> None:
    assert read(BOOKMARKS, html(tmp_path, f"<DT>{link}")) == [Refused(reason)]


def test_long_and_unprintable_words_are_cut_to_what_can_be_stored(tmp_path: Path) -> None:
    found = said(
        tmp_path,
        f'<DT><H3>{"f" * 300}</H3><DL><DT><A HREF="https://a.example.org/\x00\x01" TAGS="{"t" * 99}">'
        f"a&#0;\x02b\x85{'x' * 3000}</A><DD>one\x00two",
    )
    assert found["folder"] == ("f" * 200,)
    assert found["url"] == "https://a.example.org/"
    assert len(found["title"]) == 2000
    assert "\x02" not in found["title"]
    assert found["description"] == "onetwo"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_any_usual_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    text = HEAD + '<DT><A HREF="https://a.example.org">Café « Lisboa »</A>'
    path = html(tmp_path, text.encode(encoding))
    assert only_draft(BOOKMARKS, path).arguments["title"] == "Café « Lisboa »"


def test_declared_encoding_is_read(tmp_path: Path) -> None:
    head = '<META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=koi8-r">'
    text = head + HEAD + '<DT><A HREF="https://a.example.org">Привет</A>'
    assert only_draft(BOOKMARKS, html(tmp_path, text.encode("koi8-r"))).arguments["title"] == "Привет"


def test_export_of_pocket_is_read(tmp_path: Path) -> None:
    head = "<!DOCTYPE html><html><title>Pocket Export</title><h1>Unread</h1>\n<ul>\n"
    body = '<li><a href="https://a.example.org" time_added="1616337559" tags="x,y">T</a></li>\n</ul>'
    draft = only_draft(BOOKMARKS, html(tmp_path, body, head))
    assert draft.arguments["added_at"] == datetime(2021, 3, 21, 14, 39, 19, tzinfo=UTC)
    assert draft.tags == ("x", "y")


def test_reading_list_of_safari_is_to_be_read(tmp_path: Path) -> None:
    link = '<DT><A HREF="https://example.org/{0}">{0}</A>'
    text = (
        f"<!DOCTYPE NETSCAPE-Bookmark-file-1><DT><H3 FOLDED>A</H3><DL><p>{link.format(1)}</DL><p>"
        f'<DT><H3 FOLDED id="com.apple.ReadingList">Leseliste</H3><DL><p>{link.format(2)}</DL><p>{link.format(3)}'
    )
    found = [draft.arguments for draft in drafts(BookmarkFiles(), written(tmp_path, "b.html", text))]
    assert [(each["to_read"], each["folder"]) for each in found] == [
        (False, ("A",)),
        (True, ("Leseliste",)),
        (False, ()),
    ]


def test_unread_chapter_of_pocket_is_to_be_read_and_no_folder(tmp_path: Path) -> None:
    link = '<ul>\n<li><a href="https://{}.example.org" time_added="1616337559" tags="">T</a></li>\n</ul>\n'.format
    head = "<!DOCTYPE html><html><title>Pocket Export</title>"
    path = html(tmp_path, f"<h1>Unread</h1>\n{link('a')}<h1>Read Archive</h1>\n{link('b')}", head)
    found = [draft.arguments for draft in drafts(BOOKMARKS, path)]
    assert [(each["to_read"], each["folder"]) for each in found] == [(True, ()), (False, ())]
    named = only_draft(BOOKMARKS, html(tmp_path, f"<DT><H3>Unread</H3><DL>{link('a')}</DL>"))
    assert (named.arguments["to_read"], named.arguments["folder"]) == (False, ("Unread",))


@pytest.mark.parametrize(
    "data",
    [b"", b"\x89PNG\r\n\x1a\n", b"<html><body><dl><dt><a href='https://example.org'>x</a></dl>", b"\xff\xfe"],
)
def test_other_html_is_unreadable(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(UnreadableFile):
        read(BOOKMARKS, html(tmp_path, data))


def test_missing_and_too_large_files_are_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile):
        read(BOOKMARKS, tmp_path / "none.html")
    with pytest.raises(UnreadableFile):
        read(BOOKMARKS, html(tmp_path, ""), limits=Limits(whole_file_bytes=10))


def test_entries_and_time_are_bounded(tmp_path: Path) -> None:
    path = html(tmp_path, "".join(f'<DT><A HREF="https://{n}.example.org">t</A>' for n in range(3)))
    assert read(BOOKMARKS, path, limits=Limits(entries=1))[1:] == [Refused("too_many_entries")]
    assert read(BOOKMARKS, path, limits=Limits(seconds=-1)) == [Refused("out_of_time")]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("<a " * 60_000, id="open tags"),
        pytest.param('<a href="' * 60_000, id="open attributes"),
        pytest.param('<a y=">"' * 50_000, id="quoted ends"),
        pytest.param("<a x='\">" * 50_000, id="mixed quotes"),
        pytest.param("<!--" * 60_000, id="open comments"),
        pytest.param("<![CDATA[" * 50_000, id="open sections"),
        pytest.param("<" * 100_000, id="signs"),
        pytest.param("<a " + "a= " * 100_000 + ">", id="many attributes"),
        pytest.param("<a " + " " * 2_000_000 + ">", id="spaces"),
        pytest.param("<DL><H3>x</H3>" * 30_000 + '<DT><A HREF="x:y">t</A>', id="nested folders"),
        pytest.param("<DT><A HREF=x:y><DD>" * 20_000, id="the same over and over"),
        pytest.param("&" * 2_000_000, id="ampersands"),
        pytest.param('<DT><A HREF="x:y" TAGS="' + "a," * 100_000 + '">', id="many tags"),
        pytest.param("<DT><A HREF=x:y>" + "x " * 2_000_000, id="long title"),
    ],
)
def test_hostile_file_ends_soon(tmp_path: Path, body: str) -> None:
    begin = time.process_time()
    read(BOOKMARKS, html(tmp_path, body))
    assert time.process_time() - begin < SECONDS


SEED = (
    HEAD + '<DT><H3>Folder</H3><DL><p><DT><A HREF="https://a.example.org/?a=1&amp;b" ADD_DATE="1616337559" '
    'TAGS="x,y" ICON="data:image/png;base64,AAAA">Title</A>\n<DD>text <b>bold</b>\n<!-- c --><HR></DL><p>'
).encode()


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=300).map(lambda data: HEAD.encode() + data) | mutations(SEED))
def test_no_bytes_raise_anything_but_unreadable(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            read(BOOKMARKS, html(Path(folder), data))
        except UnreadableFile:
            return
