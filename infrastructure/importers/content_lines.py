"""Reads the lines that iCalendar and vCard files are made of, as programs of thirty years have written them.

The parsers of icalendar and vobject want whole files without faults: they take a line without a colon for
the end of an entry, know nothing of vCard 2.1, and keep one file's time zones for the next. Here a line is
read by itself and never fails; the tests hold the outcome against both libraries where these can read.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from infrastructure.importers.draft import Limits, UnreadableFile
from infrastructure.importers.text import decoded

NAMES = frozenset(
    b"""
    ACKNOWLEDGED ACTION ADR AGENT ANNIVERSARY ATTACH ATTENDEE BDAY BEGIN BIRTHPLACE BUSYTYPE CALADRURI
    CALENDAR-ADDRESS CALSCALE CALURI CATEGORIES CLASS CLIENTPIDMAP COLOR COMMENT COMPLETED CONCEPT CONFERENCE
    CONTACT CONTACT-URI CREATED DALARM DAYLIGHT DEATHDATE DEATHPLACE DESCRIPTION DTEND DTSTAMP DTSTART DUE
    DURATION EMAIL END EXDATE EXPERTISE EXRULE FBURL FN FREEBUSY GENDER GEO GRAMGENDER HOBBY IMAGE IMPP
    INTEREST JSPROP KEY KIND LABEL LANG LANGUAGE LAST-MODIFIED LINK LOCATION LOCATION-TYPE LOGO MAILER MEMBER
    METHOD N NAME NICKNAME NOTE ORG ORG-DIRECTORY ORGANIZER PARTICIPANT-TYPE PERCENT-COMPLETE PHOTO PRIORITY
    PRODID PROFILE PRONOUNS PROXIMITY RDATE RECURRENCE-ID REFID REFRESH-INTERVAL RELATED RELATED-TO REPEAT
    REQUEST-STATUS RESOURCE-TYPE RESOURCES REV ROLE RRULE SEQUENCE SOCIALPROFILE SORT-STRING SOUND SOURCE
    STATUS STRUCTURED-DATA STYLED-DESCRIPTION SUMMARY TEL TITLE TRANSP TRIGGER TZ TZID TZID-ALIAS-OF TZNAME
    TZOFFSETFROM TZOFFSETTO TZUNTIL TZURL UID URL VERSION XML AALARM MALARM PALARM
    """.split()
)
"""Property names of RFC 5545, 6350, 7986, 9073, 9074, 9253, 9554, vCard 2.1 and vCalendar 1.0."""

_CONTENT = frozenset({b"ATTACH", b"IMAGE", b"KEY", b"LOGO", b"PHOTO", b"SOUND"})

_HEAD = re.compile(rb"(?:[A-Za-z0-9_-]{1,64}\.)?([A-Za-z0-9][A-Za-z0-9_-]{0,63})[ \t]*(?:([;:])([ \t]?)|$)")
_STRUCTURE = re.compile(rb"(?:BEGIN|END)[ \t]*:", re.IGNORECASE)
_CHARSET = re.compile(rb";[ \t]*CHARSET[ \t]*=[ \t]*\"?([A-Za-z0-9._:+-]+)", re.IGNORECASE)
_HEAD_BYTES = 1000

_NAME = re.compile(r"[ \t]*(?:([A-Za-z0-9_-]+)\.)?([A-Za-z0-9_-]+)[ \t]*")
_PARAMETER = re.compile(r";[ \t]*([^=;:,\"]*)(=?)[ \t]*")
_PARAMETER_VALUE = re.compile(r'"([^"]*)"?[^;:,]*|((?:[^;:,\\]+|\\.?)*)', re.DOTALL)
_HEAD_CHARACTERS = 1 << 20
_LIST_CHARACTERS = 1 << 18
_ESCAPED = re.compile(r"\\([nN,;:\\\"'])")
_GEO = re.compile(
    r"(?:geo:)?\s*([+-]?[0-9.]{1,20})\s*[,;]\s*([+-]?[0-9.]{1,20}).*", re.IGNORECASE | re.DOTALL
)
_CARET = re.compile(r"\^([n^'])")
_CARETS = {"n": "\n", "^": "^", "'": '"'}
_NO_PARAMS: Mapping[str, tuple[str, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ContentLine:
    """One property: its name and those of its parameters in upper case, its value with escapes as written."""

    name: str
    value: str
    params: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _NO_PARAMS)
    group: str = ""

    def param(self, name: str) -> str:
        """Return the first value of a parameter, or an empty text."""
        return next(iter(self.params.get(name, ())), "")

    @property
    def text(self) -> str:
        """The value without escapes."""
        return unescaped(self.value)

    @property
    def word(self) -> str:
        """The value in upper case, for properties whose values are words of a list."""
        return self.value.partition("\n")[0].strip().upper()

    @property
    def words(self) -> frozenset[str]:
        """What TYPE says, in upper case; vCard 2.1 writes it without the name, others lists in quotes."""
        return frozenset(
            word.strip().upper() for value in self.params.get("TYPE", ()) for word in value.split(",")
        )


@dataclass(frozen=True, slots=True)
class Component:
    """An entry or a part of one: its properties by name, and its own parts."""

    name: str
    properties: Mapping[str, list[ContentLine]]
    parts: list[Component] = field(default_factory=list)

    def all(self, name: str) -> list[ContentLine]:
        """Return the lines of a property, none where there are none."""
        return self.properties.get(name, [])

    def first(self, *names: str) -> ContentLine | None:
        """Return the first line that says something, by the first of the names that has one."""
        return next((line for name in names for line in self.all(name) if line.value.strip()), None)

    def text(self, *names: str) -> str:
        """Return the text of a property, empty where it is missing."""
        line = self.first(*names)
        return "" if line is None else line.text

    def word(self, name: str) -> str:
        """Return the word of a property, empty where it is missing."""
        line = self.first(name)
        return "" if line is None else line.word

    def number(self, name: str) -> int | None:
        """Return a property that is a whole number."""
        digits = self.word(name).removeprefix("+").partition(".")[0]
        return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None  # noqa: PLR2004


def logical_lines(data: bytes) -> Iterator[bytes]:
    """Yield the lines of a file, unfolded; UTF-16 becomes UTF-8, the bytes stay as they are otherwise.

    A line that is no property is the rest of the one before, by a program that did not fold: it is kept there
    after a line feed. ``BEGIN`` and ``END`` stay by themselves.
    """
    if b"\x00" in data[:64] or data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        data = decoded(data).encode()
    pending: _Pending | None = None
    for physical in io.BytesIO(data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")):
        line = physical.rstrip(b"\n").removeprefix(codecs.BOM_UTF8)  # also where files were joined
        if pending is not None and pending.takes(line):
            continue
        line = line.lstrip(b" \t")
        if _begins_property(line):
            if pending is not None:
                yield bytes(pending.data)
            pending = _Pending(line)
    if pending is not None:
        yield bytes(pending.data)


class _Pending:
    """A line that may not have ended yet."""

    __slots__ = ("_gap", "_is_quoted", "_is_structure", "data")

    def __init__(self, line: bytes) -> None:
        self.data = bytearray(line)
        self._is_structure = _STRUCTURE.match(line) is not None
        self._is_quoted = b"QUOTED-PRINTABLE" in line[:_HEAD_BYTES].upper()
        self._gap = b"\n"

    def takes(self, line: bytes) -> bool:
        """Add the line if it belongs to this one, as its fold, its quoted-printable rest or its broken rest."""
        if self._is_quoted and self.data.endswith(b"=") and not _STRUCTURE.match(line):
            self.data[-1:] = line.lstrip(b"\t")
        elif not line.strip():
            self._gap = b"\n\n"
        elif self._is_structure:
            return False
        elif line[:1] in b" \t":
            self.data += line[1:]
        elif _begins_property(line):
            return False
        else:
            self.data += self._gap + line
            self._gap = b"\n"
        return True


def read_line(line: bytes) -> ContentLine | None:
    """Read a logical line; None where there is no name, or no value."""
    said = raw_line(line)
    if said is None or not said.params:
        return said
    return replace(said, value=_transferred(said.value, said.params))


def raw_line(line: bytes) -> ContentLine | None:
    """Read a logical line and leave its value in the encoding of vCard 2.1 and vCalendar 1.0 where it has one."""
    if line.isascii():
        text = line.decode()
    else:
        charset = _CHARSET.search(line[:_HEAD_BYTES])
        text = decoded(line, charset[1].decode() if charset else None)
    match = _NAME.match(text)
    if match is None:
        return None
    params, position = _parameters(text, match.end())
    if text[position : position + 1] != ":":
        return None
    group, name = (match[1] or "").lower(), match[2].upper()
    return ContentLine(name, text[position + 1 :], params, group)


def component(name: str, lines: Iterable[bytes]) -> Component:
    """Return the component that lines make up; an END that fits nothing is passed over."""
    into: dict[str, list[ContentLine]] = {}
    root = Component(name, into)
    above: list[tuple[Component, dict[str, list[ContentLine]]]] = []
    part = root
    for raw in lines:
        line = read_line(raw)
        if line is None:
            continue
        if line.name == "BEGIN":
            above.append((part, into))
            into = {}
            part = Component(line.word, into)
            above[-1][0].parts.append(part)
        elif line.name == "END":
            if above and part.name == line.word:
                part, into = above.pop()
        else:
            into.setdefault(line.name, []).append(line)
    return root


def position(text: str) -> tuple[float, float] | None:
    """Read a latitude and a longitude."""
    match = _GEO.fullmatch(text[:200].strip())
    if match is None:
        return None
    try:
        latitude, longitude = float(match[1]), float(match[2])
    except ValueError:
        return None
    return (latitude, longitude) if -90 <= latitude <= 90 and -180 <= longitude <= 180 else None  # noqa: PLR2004


def holds_content(line: bytes) -> bool:
    """Tell the lines that may hold photos, sounds and attachments: what is in them can be large."""
    match = _HEAD.match(line)
    return match is not None and match[1].upper() in _CONTENT


def unescaped(value: str) -> str:
    """Return a text without its escapes; a backslash before anything else stays."""
    return _ESCAPED.sub(_escaped, value) if "\\" in value else value


def split_value(value: str, separator: str) -> list[str]:
    """Split a value at a separator that is not escaped, and take the escapes out of the parts."""
    value = value[:_LIST_CHARACTERS]
    if "\\" not in value:
        return value.split(separator)
    parts: list[str] = []
    begin = position = 0
    while True:
        separated, escaped = value.find(separator, position), value.find("\\", position)
        if separated < 0:
            parts.append(value[begin:])
            return [unescaped(part) for part in parts]
        if 0 <= escaped < separated:
            position = escaped + 2
        else:
            parts.append(value[begin:separated])
            begin = position = separated + 1


def _begins_property(line: bytes) -> bool:
    """Tell a property from the middle of a text that was broken without being folded ("Note: bring a cake")."""
    match = _HEAD.match(line)
    if match is None:
        return False
    name = match[1]
    if match[2] != b";" and match[3] != b"":  # nothing after it, or a space: "Location: at home" is prose
        return name.upper() in NAMES and name.isupper()
    return name.upper() in NAMES or name[:2] in {b"X-", b"x-"} or (name.isupper() and len(name) > 2)  # noqa: PLR2004


def _parameters(text: str, position: int) -> tuple[Mapping[str, tuple[str, ...]], int]:
    """Read parameters from their semicolon on; return them and the place where they end."""
    if text[position : position + 1] != ";":
        return _NO_PARAMS, position
    params: dict[str, list[str]] = {}
    end = min(len(text), _HEAD_CHARACTERS)
    while match := _PARAMETER.match(text, position, end):
        name, position = match[1].strip().upper(), match.end()
        if not match[2]:
            _note_bare(params, name)
            continue
        values = params.setdefault(name, [])
        while True:
            value = _PARAMETER_VALUE.match(text, position, end)
            if value is None:  # it matches even nothing
                break
            position = value.end()
            values.append(_parameter_value(value))
            if text[position : position + 1] != ",":
                break
            position += 1
    return {name: tuple(values) for name, values in params.items()}, position


def _note_bare(params: dict[str, list[str]], word: str) -> None:
    """Name the parameter that vCard 2.1 leaves without a name."""
    if word in {"QUOTED-PRINTABLE", "BASE64", "8BIT", "7BIT"}:
        params.setdefault("ENCODING", []).append(word)
    elif word:
        params.setdefault("TYPE", []).append(word)


def _parameter_value(match: re.Match[str]) -> str:
    quoted = match[1]
    value = unescaped(match[2].strip()) if quoted is None else quoted
    return _CARET.sub(lambda found: _CARETS[found[1]], value) if "^" in value else value


def _transferred(value: str, params: Mapping[str, tuple[str, ...]]) -> str:
    """Undo the encoding of vCard 2.1 and vCalendar 1.0."""
    encoding = next(iter(params.get("ENCODING", ())), "").upper()
    charset = next(iter(params.get("CHARSET", ())), None)
    data = value.encode("utf-8", "surrogatepass")
    if encoding == "QUOTED-PRINTABLE":
        return decoded(binascii.a2b_qp(data), charset).replace("\r\n", "\n")
    if encoding in {"B", "BASE64"}:
        try:
            return decoded(base64.b64decode(b"".join(data.split()), validate=True), charset)
        except ValueError:
            return value
    return value


def _escaped(match: re.Match[str]) -> str:
    return "\n" if match[1] in "nN" else match[1]


def whole_file(path: Path, limits: Limits) -> bytes:
    """Return the bytes of a file that is read as a whole; raises UnreadableFile where it is too large or gone."""
    try:
        with path.open("rb") as file:
            data = file.read(limits.whole_file_bytes + 1)
    except OSError:
        raise UnreadableFile from None
    if len(data) > limits.whole_file_bytes:
        raise UnreadableFile
    return data
