"""Reads the elements of an XML file one by one, as far as the file goes, in bounded memory and time."""

from __future__ import annotations

import codecs
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from html import escape
from html.entities import html5
from time import monotonic
from typing import BinaryIO
from xml.etree.ElementTree import Element  # only built here; what is read goes through defusedxml
from xml.sax import SAXException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from infrastructure.importers.draft import Limits

_PIECE_BYTES = 1 << 16
_QUIET_CHARACTERS = 1 << 20
"""A tag or comment longer than this is an attack: expat before 2.6 reads it anew with every piece."""
_MAX_FAULTS = 10_000
_BELOW_ROOT = 2
_ELEMENT_COST = 200  # what an element weighs besides its text, in characters

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark its own begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_ENCODING = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})")
_DECLARATION = re.compile(r"\s*(?:<\?xml\b[^>]*>\s*)?")
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[\]<>]*>", re.IGNORECASE)
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_REFERENCE = re.compile(
    r"&(?:#(?P<decimal>[0-9]{1,7});|#[xX](?P<hex>[0-9A-Fa-f]{1,6});|(?P<name>[A-Za-z][A-Za-z0-9]{0,31});)?"
)
_REFERENCE_CHARACTERS = 36
_AFTER_SECTION = 1000  # characters in which a tag shows that a section has not ended
_XML_NAMES = frozenset({"amp", "lt", "gt", "quot", "apos"})


class Stopped(Exception):
    """The file could be read this far only; ``reason`` is a short code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Elements:
    """The elements of a file named in ``wanted``, each when it closes, without the wanted ones in it.

    Names come without their namespace prefix, declared or not; text is stripped. What is in an element named
    in ``dropped`` is passed over, whatever its size. With each element comes whether it is whole: of one that
    is larger than an entry may be, the rest is left out. After a fault reading goes on at the next wanted
    element, for which ``wanted`` gives the tags around it; None stands for what was lost.

    Those named in ``outer`` are given where they stand directly in the outermost element, and are parts of others
    elsewhere.

    Names in ``inner`` are of elements that only the text of a CDATA section has. Where one of them follows it,
    ``]]>`` is of that text, too: the end of a section in a document that was put into another as it was.
    """

    def __init__(
        self,
        stream: BinaryIO,
        wanted: Mapping[str, str],
        limits: Limits,
        dropped: frozenset[str] = frozenset(),
        inner: Collection[str] = (),
        outer: frozenset[str] = frozenset(),
    ) -> None:
        self._stream = stream
        self._inner_end = _inner_end(inner) if inner else None
        self._wanted = wanted
        self._beginning = re.compile(rf"<(?:[\w.-]+:)?({'|'.join(wanted)})(?=[\s/>])")
        self._seconds = limits.seconds
        self._builder = _Builder(frozenset(wanted), dropped, outer, limits)

    @property
    def root(self) -> Element | None:
        """The outermost element, with its name and attributes only; None before anything was read."""
        return self._builder.root

    def __iter__(self) -> Iterator[tuple[Element, bool] | None]:
        """Yield element after element; raises Stopped where nothing more can be read, or it takes too long."""
        builder = self._builder
        parser: DefusedExpatParser | None = _parser(builder)
        until = monotonic() + self._seconds
        quiet = events = faults = 0
        for piece in _cleaned(self._stream, self._inner_end):
            for part in self._parts(piece):
                beginning = None if parser else self._beginning.match(part)
                if beginning is not None:
                    parser = _parser(builder)
                    _feed(parser, self._wanted[beginning[1]])
                if parser is None:
                    continue
                is_sound = _feed(parser, part)
                yield from builder.take()
                if not is_sound:
                    faults += 1
                    if builder.root is None or faults > _MAX_FAULTS:
                        raise Stopped("broken_xml")
                    yield None
                    parser = None
                    builder.forget()
            quiet = quiet + len(piece) if builder.events == events else 0
            events = builder.events
            if parser is not None and quiet > _QUIET_CHARACTERS:
                raise Stopped("broken_xml")
            if monotonic() > until:
                raise Stopped("out_of_time")
        if parser is not None and not _feed(parser, None):
            raise Stopped("broken_xml")

    def _parts(self, piece: str) -> Iterator[str]:
        """Yield a piece of text so that every wanted element begins a part."""
        start = 0
        for match in self._beginning.finditer(piece):
            if match.start() > start:
                yield piece[start : match.start()]
            start = match.start()
        yield piece[start:]


def _parser(builder: _Builder) -> DefusedExpatParser:
    parser = DefusedExpatParser()
    parser.setContentHandler(builder)
    return parser


def _feed(parser: DefusedExpatParser, text: str | None) -> bool:
    """Feed a text, or the end of the file, and return whether it is sound; raises Stopped for what is hostile."""
    try:
        if text is None:
            parser.close()
        else:
            parser.feed(text)
    except SAXException:
        return False
    except DefusedXmlException:
        raise Stopped("forbidden_xml") from None
    return True


class _Builder(ContentHandler):
    """Builds the wanted elements of a stream of events; everything else leaves no trace."""

    def __init__(
        self, wanted: frozenset[str], dropped: frozenset[str], outer: frozenset[str], limits: Limits
    ) -> None:
        super().__init__()
        self.root: Element | None = None
        self.events = 0
        self._wanted = wanted
        self._dropped = dropped
        self._outer = outer
        self._limits = limits
        self._depth = 0
        self._passing_from = 0  # the depth of the element whose content is passed over; 0 for none
        self._open: list[tuple[Element, list[str]]] = []
        self._rooms: list[int] = []
        self._found: list[tuple[Element, bool]] = []

    def take(self) -> list[tuple[Element, bool]]:
        """Return what has been completed since it was last asked."""
        found, self._found = self._found, []
        return found

    def forget(self) -> None:
        """Forget the elements that are open."""
        self._depth = self._passing_from = 0
        self._open.clear()
        self._rooms.clear()

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802 - SAX's name
        self.events += 1
        self._depth += 1
        if self._depth > self._limits.depth:
            raise Stopped("too_deep")
        name = name.rpartition(":")[2]
        if self.root is None:
            self.root = Element(name, {each.rpartition(":")[2]: value for each, value in attrs.items()})
        is_wanted = name in self._wanted or self._is_outer(name)
        if self._passing_from or not (self._open or is_wanted):
            return
        if is_wanted:
            self._rooms.append(self._limits.entry_bytes)
        self._rooms[-1] -= _ELEMENT_COST + sum(len(each) + len(value) for each, value in attrs.items())
        if self._rooms[-1] < 0 and not is_wanted:
            self._passing_from = self._depth
            return
        element = Element(name, {each.rpartition(":")[2]: value for each, value in attrs.items()})
        if not is_wanted:
            self._open[-1][0].append(element)
        self._open.append((element, []))
        if name in self._dropped:
            self._passing_from = self._depth + 1

    def _is_outer(self, name: str) -> bool:
        return not self._open and self._depth == _BELOW_ROOT and name in self._outer

    def characters(self, content: str) -> None:
        self.events += 1
        if self._open and not self._passing_from and self._rooms[-1] >= 0:
            self._rooms[-1] -= len(content)
            self._open[-1][1].append(content)

    def endElement(self, name: str) -> None:  # noqa: N802 - SAX's name
        self.events += 1
        depth, self._depth = self._depth, self._depth - 1
        name = name.rpartition(":")[2]
        if self._passing_from:
            if depth > self._passing_from:
                return
            closes_kept = depth < self._passing_from
            self._passing_from = 0
            if not closes_kept:
                return
        if not self._open:
            return
        element, text = self._open.pop()
        whole = "".join(text)
        text.clear()  # or a large one would be held three times
        element.text = whole.strip() or None
        if name in self._wanted or not self._open:
            self._found.append((element, self._rooms.pop() >= 0))


def _inner_end(names: Collection[str]) -> re.Pattern[str]:
    """Return what finds the ends of sections that are text: before such a tag, or before one more end."""
    tag = rf"</?(?:{'|'.join(names)})[\s/>]"
    return re.compile(rf"\]\]>(?=[^<]{{0,{_AFTER_SECTION}}}?(?:\]\]>|{tag}))")


def _cleaned(stream: BinaryIO, inner_end: re.Pattern[str] | None) -> Iterator[str]:
    """Yield the text of a file in pieces that cut no reference and no tag's name, without what expat stumbles over and real files contain.

    That is control characters, references to them, names of HTML characters, bare ampersands, white space
    before the declaration, and the declaration itself, for the encoding is settled here. The document type
    goes, so that nothing external is named; one with a subset of its own stays and is refused.
    """
    data = stream.read(_PIECE_BYTES)
    decoder = codecs.getincrementaldecoder(_charset(data))("replace")
    held = _DOCTYPE.sub("", _DECLARATION.sub("", decoder.decode(data).lstrip("\ufeff"), count=1), count=1)
    while data:
        data = stream.read(_PIECE_BYTES)
        held += decoder.decode(data, final=not data)
        if inner_end is not None:
            held = inner_end.sub("]]]]><![CDATA[>", held)
        cut = _cut(held, _AFTER_SECTION if inner_end else 0) if data else -1
        text, held = (held[:cut], held[cut:]) if cut >= 0 else (held, "")
        yield _REFERENCE.sub(_reference, _NOT_XML.sub("", text))


def _cut(text: str, after_section: int) -> int:
    """Return where begins what the next piece may belong to, -1 for nowhere; ``after_section`` is how far it tells."""
    end = max(0, len(text) - _REFERENCE_CHARACTERS)
    cut = max(text.rfind("&", end), text.rfind("<", end))
    section = text.find("]", max(0, end - after_section)) if after_section else -1
    return min((place for place in (cut, section) if place >= 0), default=-1)


def _charset(head: bytes) -> str:
    for mark, charset in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return charset
    declared = _ENCODING.match(head)
    try:
        name = codecs.lookup(declared[1].decode("ascii")).name if declared else "utf-8"
        b"<".decode(
            name
        )  # what is no text encoding raises, and so does UTF-16, which is not declared in ASCII
    except (LookupError, ValueError):
        return "utf-8"
    return name


def _reference(match: re.Match[str]) -> str:
    """Return a reference as XML knows it: whatever is none is an ampersand and what follows it."""
    if match["name"]:
        if match["name"] in _XML_NAMES:
            return match[0]
        character = html5.get(match["name"] + ";")
        return f"&amp;{match['name']};" if character is None else escape(character)
    if match["decimal"] or match["hex"]:
        code = int(match["decimal"]) if match["decimal"] else int(match["hex"], 16)
        valid = code <= sys.maxunicode and not _NOT_XML.match(chr(code))
        return match[0] if valid else ""
    return "&amp;"
