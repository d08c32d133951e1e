"""Mail in text/enriched and text/richtext has a body, and long mail says that it is cut."""

from __future__ import annotations

from time import process_time

import pytest

from infrastructure.importers.mail.enriched import text_of_enriched
from infrastructure.importers.mail.parts import MAX_HTML_CHARACTERS
from tests.importers.mail_messages import HEAD, Write, multipart, part, said
from tests.importers.reading import CUT

ENRICHED = (
    "<bold>Now</bold> is the\ntime for <<all>\n\ngood <color><param>red</param>men</color>.\n\n\n"
    "<nofill>to\n  come</nofill><Unknown-one> home"
)
RICHTEXT = "<bold>Now</bold> is\n\nthe<nl>time <lt>all> <comment>really</comment>good"


@pytest.mark.parametrize(
    ("kind", "source", "text"),
    [
        ("enriched", ENRICHED, "Now is the time for <all>\ngood men.\n\nto\n  come home"),
        ("richtext", RICHTEXT, "Now is the\ntime <all> good"),
        ("enriched", "<param>never closed", "never closed"),
        ("enriched", "3 < 4 and 5 > 4", "3 < 4 and 5 > 4"),
    ],
)
def test_mail_that_has_only_enriched_text_has_its_words_for_a_body(
    write: Write, kind: str, source: str, text: str
) -> None:
    found = said(write(HEAD + f"Content-Type: text/{kind}\n\n{source}".encode()))
    assert (found["text_body"], found["attachments"], found["has_html"]) == (text, (), False)


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_enriched_text_is_read_only_where_there_is_no_other_form(write: Write, kind: str) -> None:
    enriched, other = part("Content-Type: text/enriched", "one"), part(f"Content-Type: text/{kind}", "two")
    found = said(write(multipart("alternative", enriched, other)))
    assert (found["text_body"], found["attachments"]) == ("two", ())
    attached = part("Content-Type: text/enriched\nContent-Disposition: attachment", "one")
    assert len(said(write(multipart("mixed", attached, other)))["attachments"]) == 1


@pytest.mark.parametrize("hostile", ["<param>" * 100_000, "<" * 900_000, "<a" * 400_000, "</param>" * 90_000])
def test_enriched_text_that_is_meant_to_harm_ends_soon(hostile: str) -> None:
    begun = process_time()
    text_of_enriched(hostile)
    assert process_time() - begun < 5  # it takes a fraction of a second


def html(markup: str) -> bytes:
    return HEAD + b"Content-Type: text/html\n\n" + markup.encode()


@pytest.mark.parametrize("tag", ["<a href='https://example.org/x", "</p", "<", "<!-- x", "x"])
def test_long_html_is_not_cut_within_a_tag_and_says_that_it_is_cut(write: Write, tag: str) -> None:
    style = f"<style>{'x' * (MAX_HTML_CHARACTERS - 100)}</style>"
    words = f"{style}<p>{'y ' * 99}"[: MAX_HTML_CHARACTERS - len(tag)]
    text = said(write(html(f"{words}{tag}'>more</p>")))["text_body"]
    body, end = text[: -len(CUT)], text[-len(CUT) :]
    assert (set(body.split()) <= {"y", "x", "yx"}, end) == (True, CUT)


def test_html_that_ends_with_blanks_beyond_what_is_read_is_not_cut(write: Write) -> None:
    assert CUT not in said(write(html("<p>a</p>" + " " * MAX_HTML_CHARACTERS)))["text_body"]


def test_parts_for_which_there_is_no_room_are_told(write: Write) -> None:
    full = part("Content-Type: text/html", f"<p>a<style>{'x' * MAX_HTML_CHARACTERS}</style>")
    found = said(write(multipart("mixed", full, part("Content-Type: text/html", "<p>b"))))
    assert found["text_body"] == f"a\n\n{CUT}"
    short = part("Content-Type: text/html", "<p>a")
    assert said(write(multipart("mixed", short, short)))["text_body"] == "a\n\na"
