"""Makes the HTML of a message harmless to show: nothing in it runs, asks anybody for anything, or leads astray.

nh3 decides what stays (ADR 26). What is here keeps hostile documents from its parser, which is not linear: it does what
the HTML standard says, and of some 64 KB that makes 100 MB.
"""

from __future__ import annotations

import re
from functools import cache

import nh3

MAX_MARKUP_CHARACTERS = 1 << 18
MAX_TAGS = 20_000
"""Of one document. The parser looks through all open elements at each: so many tags take it a second at most."""

_TAGS = frozenset({
    "a", "abbr", "address", "article", "aside", "b", "bdi", "bdo", "big", "blockquote", "br", "caption", "center",
    "cite", "code", "col", "colgroup", "dd", "del", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "font",
    "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "i", "img", "ins", "kbd", "li", "main", "mark",
    "nav", "ol", "p", "pre", "q", "s", "samp", "section", "small", "span", "strike", "strong", "sub", "sup", "table",
    "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var", "wbr",
})  # fmt: skip
_WITHOUT_CONTENT = frozenset({
    "iframe", "math", "noembed", "noframes", "noscript", "script", "style", "svg", "template", "textarea", "title",
    "xmp",
})  # fmt: skip
"""Elements of which nothing stays; of others that are not kept what they hold does."""

_CELL = {"align", "colspan", "height", "rowspan", "valign", "width"}
_ATTRIBUTES = {
    "*": {"dir", "lang", "title"},
    "a": {"href"},
    "col": {"align", "span", "valign", "width"},
    "colgroup": {"align", "span", "valign", "width"},
    "div": {"align"},
    "hr": {"align", "size", "width"},
    "img": {"align", "alt", "border", "height", "hspace", "src", "vspace", "width"},
    "li": {"value"},
    "ol": {"reversed", "start", "type"},
    "p": {"align"},
    "table": {"align", "border", "cellpadding", "cellspacing", "height", "width"},
    "tbody": {"align", "valign"},
    "td": _CELL,
    "th": _CELL,
    "tr": {"align", "height", "valign"},
    "ul": {"type"},
}
"""Not what things look like: of two colours that belong together one might stay, and nobody could read it."""

_LINK = re.compile(r"\s*(?:https?|mailto):", re.IGNORECASE)
_PICTURE_OF_ITS_OWN = re.compile(
    r"cid:\S+|data:image/(?:png|jpeg|jpg|gif|webp);base64,[A-Za-z0-9+/=\s]*", re.IGNORECASE
)

_FORMATTING = "b|big|code|em|font|i|s|small|strike|strong|tt|u"
"""What a parser of HTML opens again in every block that follows, until it is closed."""

_RENAMED = rf"{_FORMATTING}|nobr|html|body"
_PREFIX = "x-plain-"
_TO_RENAME = re.compile(rf"(</?)(?=(?:{_RENAMED})[\s/>])", re.IGNORECASE)
_TO_NAME_BACK = re.compile(rf"((?:<|&lt;)/?){_PREFIX}(?=(?:{_RENAMED})(?:[\s/>]|&gt;))", re.IGNORECASE)


def harmless(markup: str) -> str | None:
    """Return what may be shown of an HTML document, as a fragment; None where it is too large to look at.

    It has no scripts, forms, frames, styles or colours, pictures only of the message itself, and links only to the
    web and to addresses of mail. It holds no NUL and no surrogates where the document has none.
    """
    if len(markup) > MAX_MARKUP_CHARACTERS or markup.count("<") > MAX_TAGS:
        return None
    # Under another name nothing is opened again, and the attributes of <html> are not gathered from all over. All
    # that may be a tag is renamed, so nobody has to know what the parser takes for one.
    cleaned = _cleaner().clean(_TO_RENAME.sub(rf"\1{_PREFIX}", markup))
    return _TO_NAME_BACK.sub(r"\1", cleaned).strip()


@cache
def _cleaner() -> nh3.Cleaner:
    formatting = set(_FORMATTING.split("|"))
    return nh3.Cleaner(
        tags=(set(_TAGS) - formatting) | {_PREFIX + name for name in formatting},
        clean_content_tags=set(_WITHOUT_CONTENT),
        attributes=_ATTRIBUTES,
        attribute_filter=_kept,
        url_schemes={"http", "https", "mailto", "cid", "data"},
        url_relative="deny",
        link_rel="noopener noreferrer",
    )


def _kept(tag: str, attribute: str, value: str) -> str | None:  # noqa: ARG001 - nh3 calls it so
    """Return the value of an attribute where it may stay: each kind of address in its place only."""
    if attribute == "href":
        return value if _LINK.match(value) else None
    if attribute == "src":
        return value if _PICTURE_OF_ITS_OWN.fullmatch(value.strip()) else None
    return value
