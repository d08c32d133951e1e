"""Takes the tags of HTML and its relatives apart, as loosely as browsers do, in time linear in their length.

Not with the parsers of the standard library and BeautifulSoup: theirs takes quadratic time on ``<a <a <a``,
and anyone may send that.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

_TAG_CHARACTERS = 1 << 18
"""The end of a tag is looked for this far; favicons are written into attributes."""

_OPENING = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:_-]*)")
_INSIDE = re.compile(r"""(?:[^>=]++|=\s*+(?:"[^"]*+"|'[^']*+')?+)*+>""")
_ATTRIBUTE = re.compile(r"""([^\s=/>"']++)(?:\s*+=\s*+(?:"([^"]*)"|'([^']*)'|([^\s>]*)))?""")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([^\s;\"']+)", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9._:+-]{1,40}")
_HEAD_BYTES = 1024  # where the HTML standard has browsers look for a charset
_TYPE = "<!DOCTYPE"
_SUBSET = re.compile(r"""[^<>\[]*+\[(?:[^\]<"']++|"[^"]*+"|'[^']*+'|<[!?])*+\]\s*+>""")
_DOCUMENT = re.compile(r"\s*<(?:!doctype\s+html|html|html-blob|body)[\s>]", re.IGNORECASE)
_ELEMENT = re.compile(
    r"<(/?)(a|b|big|blockquote|br|center|code|div|em|font|h[1-6]|hr|i|img|li|ol|p|pre|s|small|span|strike"
    r"|strong|sub|sup|table|tbody|td|th|thead|tr|u|ul)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_NEVER_CLOSED = frozenset({"br", "hr", "img"})
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


@dataclass(frozen=True, slots=True)
class Tag:
    """``<name …>``, ``</name>`` or ``<name …/>``; the name in lower case."""

    name: str
    closes: bool
    inside: str

    @property
    def is_empty(self) -> bool:
        """Whether it is written as one that holds nothing: ``<br/>``."""
        return self.inside.endswith("/")

    def attributes(self) -> dict[str, str]:
        """Return the attributes by their names in lower case; the first of a name counts."""
        found: dict[str, str] = {}
        for match in _ATTRIBUTE.finditer(self.inside):
            value = next((each for each in match.groups()[1:] if each is not None), "")
            found.setdefault(match[1].lower(), characters(value))
        return found


def is_html(text: str) -> bool:
    """Tell a text that is HTML as a whole from one in which ``<`` is a sign, or a tag is spoken of.

    It begins as a document does, or every ``<`` in it is of a usual element, of which there are two tags or
    more, and all are closed. Where its lines are broken without tags it must begin and end with one, or its
    lines would be lost.
    """
    if _DOCUMENT.match(text):
        return True
    found = list(_ELEMENT.finditer(text))
    if len(found) < 2 or len(found) != text.count("<"):  # noqa: PLR2004 - an element has two
        return False
    open_elements = Counter[str]()
    for each in found:
        open_elements[each[2].lower()] += -1 if each[1] else 1
    if any(count for name, count in open_elements.items() if name not in _NEVER_CLOSED):
        return False
    inner = text.strip()
    return "\n" not in inner or (inner.startswith("<") and inner.endswith(">"))


def characters(text: str) -> str:
    """Return a text with its character references resolved: none without a semicolon, for addresses' sake."""
    return _REFERENCE.sub(lambda match: html.unescape(match[0]), text) if "&" in text else text


def charset_of(document: bytes) -> str | None:
    """Return the charset that the ``meta`` tags at the beginning of an HTML document name, None for none.

    One that does not extend ASCII is not the document's, whose tags have just been read: UTF-16, say.
    """
    for token in tokens(document[:_HEAD_BYTES].decode("latin-1")):
        if not isinstance(token, Tag) or token.name != "meta":
            continue
        said = token.attributes()
        charset = said.get("charset", "").strip()
        if not charset and said.get("http-equiv", "").strip().lower() == "content-type":
            match = _CHARSET.search(said.get("content", ""))
            charset = match[1] if match else ""
        if _NAME.fullmatch(charset):
            return charset if _extends_ascii(charset) else None
    return None


def _extends_ascii(charset: str) -> bool:
    try:
        return b"<meta>".decode(charset) == "<meta>"
    except LookupError:
        return True  # one that only others know
    except ValueError:
        return False


def tokens(source: str) -> Iterator[Tag | str]:
    """Yield the tags of a document and the text between them; comments and declarations are left out."""
    position, blind_until = 0, 0
    no_more: set[str] = set()
    while (opening := source.find("<", position)) >= 0:
        if opening > position:
            yield characters(source[position:opening])
        match = _OPENING.match(source, opening)
        if match is None:
            position, text = _past_other(source, opening, no_more)
            if text:
                yield text
            continue
        end, blind_until = _end_of_tag(source, match.end(), blind_until)
        if end < 0:
            return  # the file breaks off within a tag
        yield Tag(match[2].lower(), bool(match[1]), source[match.end() : end])
        position = end + 1
    if position < len(source):
        yield characters(source[position:])


def _end_of_tag(source: str, start: int, blind_until: int) -> tuple[int, int]:
    """Return where a tag's ``>`` is, or -1, and how far quotes are now known to lead nowhere.

    There, a tag ends at the first ``>``: looking again for every tag would take quadratic time.
    """
    if start >= blind_until:
        inside = _INSIDE.match(source, start, start + _TAG_CHARACTERS)
        if inside is not None:
            return inside.end() - 1, blind_until
        blind_until = start + _TAG_CHARACTERS
    return source.find(">", start), blind_until


def _past_other(source: str, opening: int, no_more: set[str]) -> tuple[int, str]:
    """Return where to go on after a ``<`` that begins no tag, and the text it stands for."""
    if "[" not in no_more and source[opening : opening + len(_TYPE)].upper() == _TYPE:
        no_more.add("[")  # a document has one type
        if subset := _SUBSET.match(source, opening + len(_TYPE)):
            return subset.end(), ""
    for begin, end in (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<!", ">"), ("<?", ">")):
        if end in no_more or not source.startswith(begin, opening):
            continue
        closing = source.find(end, opening + len(begin))
        if closing < 0:
            no_more.add(end)
            continue
        text = source[opening + len(begin) : closing] if begin == "<![CDATA[" else ""
        return closing + len(end), text
    return opening + 1, "<"
