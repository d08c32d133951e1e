"""The HTML of messages: what may be shown stays, what runs or loads is gone, and hostile markup ends soon."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.communication.email_terms import MAX_HTML_BODY
from infrastructure.importers.mail.markup import MAX_MARKUP_CHARACTERS, MAX_TAGS, harmless
from tests.importers.mail_messages import HEAD, Write, multipart, part, said

SECONDS = 10.0  # of the processor for one hostile document, however busy the machine
TRACKER = "tracker.example"
AWAY = f"http://{TRACKER}/x.gif"
HTML = "Content-Type: text/html"

LOADED = re.compile(r"(?:https?:)?//", re.IGNORECASE)


class Seen(HTMLParser):
    """Every element and attribute, as another parser sees them."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes.extend((tag, name, value or "") for name, value in attrs)


def html_of(write: Write, *pieces: str) -> str | None:
    """Return the HTML that is kept of a message with these parts of HTML."""
    found: str | None = said(write(multipart("mixed", *(part(HTML, piece) for piece in pieces))))["html_body"]
    return found


def shown(markup: str) -> str:
    kept = harmless(markup)
    assert kept is not None
    return kept


@pytest.mark.parametrize(
    "planted",
    [
        f"<img src={AWAY}>",
        f"<img src=' {AWAY}'>",
        f"<img src=&#104;ttp://{TRACKER}>",
        f"<img src=//{TRACKER}/x.gif>",
        f"<IMG SRC=\n'hTtPs://{TRACKER}'>",
        f"<img src=ftp://{TRACKER}/x>",
        f"<img src=cid:1 srcset='{AWAY} 2x' lowsrc={AWAY} longdesc={AWAY} dynsrc={AWAY}>",
        f"<img src='data:image/svg+xml;base64,{TRACKER}'>",
        f"<img src='data:text/html,{TRACKER}'>",
        f"<image src={AWAY}>",
        f"<picture><source srcset={AWAY}></picture>",
        f"<body background={AWAY}><table background={AWAY}><tr><td background={AWAY}>x</table>",
        f"<p style='background:url({AWAY})'>x",
        f"<p style='list-style-image:image-set(\"{AWAY}\" 1x)'>x",
        f"<style>@import '{AWAY}'; p {{background: url({AWAY})}}</style>",
        f"<svg><style>p {{background: url({AWAY})}}</style></svg>",
        f"<link rel=stylesheet href={AWAY}><link rel=dns-prefetch href=//{TRACKER}>",
        f"<iframe src={AWAY}>{TRACKER}</iframe><iframe srcdoc='<img src={AWAY}>'></iframe>",
        f"<frameset><frame src={AWAY}></frameset>",
        f"<svg><image href={AWAY} /><use xlink:href={AWAY} /></svg>",
        f"<math><mi xlink:href={AWAY}>{TRACKER}</mi></math>",
        f"<base href={AWAY}><img src=x.gif><a href=y>y</a>",
        f"<meta http-equiv=refresh content='0;url={AWAY}'>",
        f"<video poster={AWAY} src={AWAY}><track src={AWAY}></video><audio src={AWAY} autoplay></audio>",
        f"<object data={AWAY}><embed src={AWAY}></object><applet code={AWAY}></applet>",
        f"<input type=image src={AWAY}><form action={AWAY}><button formaction={AWAY}>x</button></form>",
        f"<script src={AWAY}></script><script>fetch('{AWAY}')</script>",
        f"<noscript><img src={AWAY}></noscript>",
        f"<a ping={AWAY} href=mailto:a@example.org>x</a>",
        f"<blockquote cite={AWAY}>x</blockquote><q cite={AWAY}>x</q><del cite={AWAY}>x</del>",
        f"<!--[if mso]><img src={AWAY}><![endif]--><!-- {TRACKER} -->",
        f"<table><tr><td><math><mtext><table><mglyph><style><img src={AWAY} title='</style>'>",
        f"<svg></p><style><a id='</style><img src={AWAY}>'>",
        f"<noscript><p title='</noscript><img src={AWAY}>'>",
        f"<x-plain-b style='background:url({AWAY})'>x</x-plain-b>",
    ],
)
def test_nothing_is_loaded_from_anywhere(planted: str) -> None:
    kept = shown(f"<p>before</p>{planted}<p>after</p>")
    assert TRACKER not in kept.lower()
    assert "before" in kept


@pytest.mark.parametrize(
    "planted",
    [
        "<a href='javascript:alert(1)'>x</a>",
        "<a href=' java\nscript:alert(1)'>x</a>",
        "<a href='&#1;javascript:alert(1)'>x</a>",
        "<a href='vbscript:x'>x</a>",
        "<a href='data:text/html,<b>alert(1)</b>'>x</a>",
        "<a href='cid:alert(1)'>x</a>",
        "<a href='file:///alert(1)'>x</a>",
        "<a href='//alert(1)'>x</a>",
        "<img src='cid:1' onerror='alert(1)'>",
        "<b onmouseover=alert(1)>x</b>",
        "<b\nonclick=alert(1) >x</b>",
        "<script>alert(1)</script>",
        "<scr<script>ipt>alert(1)</script>",
        "<svg onload=alert(1)>",
        "<textarea><img src=x onerror=alert(1)></textarea>",
        "<p id=alert(1) class=alert(1) name=alert(1) target=alert(1)>x</p>",
    ],
)
def test_nothing_runs_or_leads_elsewhere(planted: str) -> None:
    seen = Seen(shown(planted))
    assert not [value for _, _, value in seen.attributes if "alert" in value]
    assert {"script", "svg", "textarea"}.isdisjoint(seen.elements)


@pytest.mark.parametrize(
    ("markup", "kept"),
    [
        ("<h1>Due</h1><p>Dear <B CLASS=x>reader</B>,<br>x", "<h1>Due</h1><p>Dear <b>reader</b>,<br>x</p>"),
        (
            "<a href='https://example.org/?a=1&amp;b=2'>x</a>",
            '<a href="https://example.org/?a=1&amp;b=2" rel="noopener noreferrer">x</a>',
        ),
        (
            "<a rel=opener href='MAILTO:ada@example.org'>x</a>",
            '<a href="MAILTO:ada@example.org" rel="noopener noreferrer">x</a>',
        ),
        ("<img src='cid:logo@example.org' alt=Logo>", '<img src="cid:logo@example.org" alt="Logo">'),
        ("<img src=data:image/png;base64,iVBORw0= width=9>", '<img src="data:image/png;base64,iVBORw0=" width="9">'),
        (f"<img src={AWAY} alt='A lamp'>", '<img alt="A lamp">'),
        (
            "<table border=1 bgcolor=black><tr><td colspan=2 style='color:white'>x</table>",
            '<table border="1"><tbody><tr><td colspan="2">x</td></tr></tbody></table>',
        ),
        ("<ol start=3><li>x<li>y</ol>", '<ol start="3"><li>x</li><li>y</li></ol>'),
        ("<p dir=rtl lang=he title='a &lt;b&gt; c'>x</p>", '<p dir="rtl" lang="he" title="a &lt;b&gt; c">x</p>'),
        ("<o:p>Gr&uuml;&szlig;e</o:p> 3 < 4", "Grüße 3 &lt; 4"),
        ("<font color=red>x</font><code>&lt;b&gt; y</code>", "<font>x</font><code>&lt;b&gt; y</code>"),
        ("<html><head><title>t</title></head><body>x</body></html>", "x"),
    ],
)  # fmt: skip
def test_what_may_be_shown_stays(markup: str, kept: str) -> None:
    assert shown(markup) == kept


PIECES = st.sampled_from((
    "<b>", "</b>", "<B x=1 ", "<p", ">", "<a href=", "<img src=", AWAY, "cid:1", "javascript:x", "'", '"', "<!--", "-->",
    "<svg>", "</svg>", "<math>", "<style>", "</style>", "<title>", "</title>", "<table>", "<td background=", "<template>",
    "<noscript>", "</noscript>", "<x-plain-i ", "&lt;", "&#60;b ", "<![CDATA[", "]]>", "<mtext>", "<form>", " style=", "x",
    "<plaintext>", "<select>", " onclick=", "/", "=", " ", "\x01", "<textarea>", "</textarea>", "<html ", "<body ",
))  # fmt: skip


@given(st.lists(PIECES, max_size=40).map("".join))
def test_whatever_is_written_nothing_is_kept_that_loads_or_runs(markup: str) -> None:
    seen = Seen(shown(markup))
    for element, name, value in seen.attributes:
        assert not name.startswith("on"), markup
        assert name not in {"style", "background", "srcset", "action"}
        assert name != "src" or not LOADED.search(value)
        assert (name == "href") <= (
            element == "a" and value.strip().startswith(("http://", "https://", "mailto:"))
        )
    assert {"style", "script", "svg", "math", "link", "meta", "iframe", "form", "base"}.isdisjoint(
        seen.elements
    )


@given(st.lists(PIECES, max_size=40).map("".join))
def test_harmless_markup_is_as_harmless_the_second_time(markup: str) -> None:
    once = shown(markup)
    assert Seen(shown(once)).elements == Seen(once).elements


def full(unit: str) -> str:
    """Return as much of a unit, its numbers counted, as is looked at."""
    count = min(MAX_TAGS // max(1, unit.count("<")), MAX_MARKUP_CHARACTERS // (len(unit) + 5))
    return "".join(unit.replace("N", str(number)) for number in range(count))


@pytest.mark.parametrize(
    "markup",
    [
        full("<a "),
        full("<div>"),
        full("<ul><li>"),
        full("<pre N><pre>"),
        full("<b id=N><p>"),
        full("<b/id=N><p>"),
        full("<FONT\nid=N><p>"),
        full("<nobr id=N><p>"),
        full("<a href=N><p>"),
        full("<a href=N><b id=N><div></a>"),
        full("<html aN=1>"),
        full("<span></p>"),
        full("<table><p>"),
        full("<svg><b id=N>"),
        full("<svg><desc><b id=N><p>"),
        full("</b id=N>"),
        "<a " + full("aN=1 ") + ">",
        "<p title='" + full("<b id=N><b>")[:-3] + "'>x",
        "&" * MAX_MARKUP_CHARACTERS,
        "<!--" * (MAX_TAGS - 1),
    ],
    ids=lambda markup: ascii(markup[:12]),
)
def test_hostile_markup_ends_soon_and_does_not_grow_much(markup: str) -> None:
    begin = time.process_time()
    kept = shown(markup)
    assert time.process_time() - begin < SECONDS
    assert len(kept) < 8 * MAX_MARKUP_CHARACTERS


def test_markup_with_too_many_tags_or_too_long_is_not_looked_at() -> None:
    assert harmless("<p>" * MAX_TAGS) is not None
    assert harmless("<p>" * (MAX_TAGS + 1)) is None
    assert harmless("x" * MAX_MARKUP_CHARACTERS) is not None
    assert harmless("x" * (MAX_MARKUP_CHARACTERS + 1)) is None


def test_message_keeps_its_html_beside_its_plain_text(write: Write) -> None:
    both = multipart(
        "alternative", part("Content-Type: text/plain", "plain"), part(HTML, f"<p>x<img src={AWAY}>")
    )
    found = said(write(both))
    assert (found["text_body"], found["has_html"], found["html_body"]) == ("plain", True, "<p>x<img></p>")


def test_message_without_html_keeps_none(write: Write) -> None:
    found = said(write(HEAD + b"\n<p>x"))
    assert (found["has_html"], found["html_body"]) == (False, None)


def test_attached_html_is_no_body(write: Write) -> None:
    attached = part(f"{HTML}\nContent-Disposition: attachment", "<p>attached")
    assert html_of(write, "<p>body") == "<p>body</p>"
    found = said(write(multipart("mixed", part("", "x"), attached)))
    assert (found["has_html"], found["html_body"]) == (False, None)


def test_parts_of_html_follow_each_other_and_none_reaches_into_the_next(write: Write) -> None:
    assert (
        html_of(write, "<p>one<!-- ", "<p>two", " ", "<p>three<a title='")
        == "<p>one</p>\n<p>two</p>\n<p>three</p>"
    )


def test_html_is_decoded_as_text_is(write: Write) -> None:
    markup = b"<meta charset=koi8-r>" + "<p>Привет\x00\x01</p>".encode("koi8-r")
    assert said(write(HEAD + b"Content-Type: text/html\n\n" + markup))["html_body"] == "<p>Привет</p>"
    cut = said(write(HEAD + b"Content-Type: text/html; charset=utf-7\n\n<p>x+2AA-y</p>"))["html_body"]
    assert cut == "<p>xy</p>"  # a lone surrogate


@pytest.mark.parametrize(
    "pieces",
    [
        ["<p>" + "x" * MAX_HTML_BODY],
        ["<p>" + "x" * MAX_MARKUP_CHARACTERS],
        ["<!--" + "x" * 9_000_000 + "--><p>x"],
        ["<p>" + "x" * 40_000] * 2,
        ["<!-- -->" * (MAX_TAGS + 1)],
        ["<p>x", "<!--" + "x" * (MAX_MARKUP_CHARACTERS - 6)],
        [f"<p>x<img src='data:image/png;base64,{'A' * MAX_HTML_BODY}'>"],
    ],
    ids=["kept", "looked at", "read", "together", "tags", "looked at together", "pictures"],
)
def test_html_that_is_too_large_is_left_to_the_source_and_never_cut(write: Write, pieces: list[str]) -> None:
    found = said(write(multipart("mixed", *(part(HTML, piece) for piece in pieces))))
    assert (found["has_html"], found["html_body"]) == (True, None)


def test_html_of_the_largest_size_is_kept(write: Write) -> None:
    text = "x" * (MAX_HTML_BODY - len("<p></p>"))
    assert html_of(write, f"<p style='color:red'>{text}<!-- {text} -->") == f"<p>{text}</p>"
