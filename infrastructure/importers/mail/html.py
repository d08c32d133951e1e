"""Makes readable text of the HTML of a message, in time that grows with its length and no faster.

Not with a parser for HTML: the standard library's, which BeautifulSoup drives, needs two minutes for 64 KB
of ``<a <a <a``, and anyone may send that.
"""

from __future__ import annotations

import contextlib
import html
import re

_TAG = re.compile(r"/?([a-zA-Z][a-zA-Z0-9:-]{0,30})")
_DROPPED = {
    name: re.compile(f"</{name}\\b", re.IGNORECASE) for name in ("script", "style", "title", "template")
}
_LINE = re.compile(
    "address|article|aside|br|caption|center|dd|div|dl|dt|fieldset|figcaption|figure|footer|form|header|hr"
    "|main|nav|section|tr"
)
_PARAGRAPH = re.compile("blockquote|h[1-6]|ol|p|pre|table|ul")
_MAX_QUOTED_ENDS = 3
_SPACE = re.compile(r"\s+")
_INVISIBLE = "\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_MANY_LINES = re.compile(r"\n{3,}")


def text_of(source: str) -> str:
    """Return the text of an HTML document: its blocks on lines of their own, no scripts, styles or links."""
    pieces: list[str] = []
    position = 0
    while (opening := source.find("<", position)) >= 0:
        pieces.append(_words(source[position:opening]))
        if source.startswith("<!--", opening):
            closing = source.find("-->", opening + 4)
            if closing < 0:
                return _tidy(pieces)
            position = closing + 3
            continue
        tag = _TAG.match(source, opening + 1)
        if tag is None and source[opening + 1 : opening + 2] not in ("!", "?", "/"):
            pieces.append("<")  # a sign, not a tag
            position = opening + 1
            continue
        closing = _end_of_tag(source, opening)
        if closing < 0:
            position = opening  # no more tags
            break
        position = closing + 1
        if tag is None:
            continue
        name, closes = tag[1].lower(), source[opening + 1] == "/"
        if name in _DROPPED and not closes:
            end = _DROPPED[name].search(source, position)
            if end is None:
                return _tidy(pieces)
            position = end.start()
        else:
            pieces.append(_break(name, closes=closes))
    pieces.append(_words(source[position:]))
    return _tidy(pieces)


def _end_of_tag(source: str, opening: int) -> int:
    """Return where a tag ends; a ``>`` in a quoted attribute does not end it, within reason."""
    first = end = source.find(">", opening)
    for _ in range(_MAX_QUOTED_ENDS):
        if end < 0 or source.count('"', opening, end) % 2 == 0:
            break
        end = source.find(">", end + 1)
    else:
        return first
    return first if end < 0 else end


def _words(text: str) -> str:
    with contextlib.suppress(ValueError):  # a character reference of thousands of digits
        text = html.unescape(text)
    return _SPACE.sub(" ", text)


def _break(name: str, *, closes: bool) -> str:
    if _PARAGRAPH.fullmatch(name):
        return "\n\n"
    if _LINE.fullmatch(name):
        return "\n"
    if name == "li":
        return "" if closes else "\n- "
    return " " if name in {"td", "th"} else ""


def _tidy(pieces: list[str]) -> str:
    lines = (
        # newsletters fill their preview with words that nobody can see
        " ".join(word for word in line.split() if word.strip(_INVISIBLE))
        for line in "".join(pieces).split("\n")
    )
    return _MANY_LINES.sub("\n\n", "\n".join(lines)).strip()
