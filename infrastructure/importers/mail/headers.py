"""Reads the headers of a message or a part of one, as broken as they come."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from infrastructure.importers.text import decoded

MAX_HEADER_BYTES = 1 << 20
MAX_HEADER_LINES = 20_000
MAX_VALUE_CHARACTERS = 1 << 16
MAX_PARAMETERS_CHARACTERS = 1 << 13
_FORESIGHT = 3  # lines

_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:(.*)", re.DOTALL)
_COMMON_FIELD = re.compile(
    rb"(?:received|from|to|cc|date|subject|message-id|mime-version|content-[a-z-]+|x-[a-z-]+)[ \t]*:",
    re.IGNORECASE,
)
_WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*(?:\?(?!=)[^?]*){0,3})\?=")
_NOT_BASE64 = bytes(
    set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
)
_PARAMETER = re.compile(r'(?:[^;"]|"(?:[^"\\]|\\.)*"?)+', re.DOTALL)
_EXTENDED = re.compile(r"([^*]+)(?:\*(\d{1,3}))?(\*)?")


@dataclass(frozen=True, slots=True)
class Headers:
    """Header fields by name; a value is one line of bytes, not decoded."""

    values: dict[str, list[bytes]] = field(default_factory=dict)
    charset: str | None = None
    """The charset that bytes beyond ASCII are most likely in: the one the body is declared to be in."""

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def raw(self, name: str) -> str:
        """Return the first value of a field as characters, its encoded words as they are."""
        return next(iter(self.all_raw(name)), "")

    def all_raw(self, name: str) -> Iterator[str]:
        """Yield every value of a field; see ``raw``."""
        for value in self.values.get(name, ()):
            yield decoded(value, self.charset)

    def text(self, name: str) -> str:
        """Return the first value of a field with its encoded words decoded."""
        return words(self.raw(name)[:MAX_VALUE_CHARACTERS])

    def parameters(self, name: str) -> tuple[str, dict[str, str]]:
        """Return the first value of a field up to its first semicolon, lower-case, and its parameters."""
        return _parameters(self.raw(name)[:MAX_PARAMETERS_CHARACTERS])


def headers_of(source: bytes, start: int, end: int) -> tuple[Headers, int]:
    """Read the headers at the beginning of a stretch of bytes; return them and where the body begins."""
    fields: list[tuple[str, list[bytes]]] = []
    bound = min(end, start + MAX_HEADER_BYTES)
    position = start
    lines = 0
    while position < bound:
        lines += 1
        if lines > MAX_HEADER_LINES:
            bound = position
            break
        line, after = _line(source, position, bound)
        stripped = line.strip()
        if not stripped and not (line and fields and _headers_go_on(source, after, bound)):
            position = after
            break
        found = None if line[:1] in b" \t" else _FIELD.match(line)
        if found is not None:
            fields.append((found[1].decode("ascii").lower(), [found[2].strip()]))
        elif line.startswith((b"From ", b">From ")):
            pass  # an envelope line that some program took for a header
        elif fields and (line[:1] in b" \t" or _stands_among_headers(source, position, bound)):
            fields[-1][1].append(stripped)
        elif not _stands_among_headers(source, position, bound):
            break  # the blank line is missing
        position = after
    if position >= bound:
        position = _after_blank_line(source, bound, end)
    values: dict[str, list[bytes]] = {}
    for name, pieces in fields:
        values.setdefault(name, []).append(b" ".join(pieces))
    headers = Headers(values)
    return Headers(values, headers.parameters("content-type")[1].get("charset")), position


def _line(source: bytes, position: int, bound: int) -> tuple[bytes, int]:
    """Return the line at a position without its end, and the position after it."""
    end = source.find(b"\n", position, bound)
    after = bound if end < 0 else end + 1
    return source[position:after].rstrip(b"\r\n"), after


def _headers_go_on(source: bytes, position: int, bound: int) -> bool:
    """Whether headers go on at a position, after a line of nothing but spaces."""
    line, _ = _line(source, position, bound)
    return bool(_COMMON_FIELD.match(line)) or (line[:1] in (b" ", b"\t") and bool(line.strip()))


def _stands_among_headers(source: bytes, position: int, bound: int) -> bool:
    """Whether a line that is no header stands among headers, and not at the beginning of the body."""
    if source.startswith(b"--", position):
        return False
    for _ in range(_FORESIGHT):
        _, position = _line(source, position, bound)
        line, _ = _line(source, position, bound)
        if not line:
            return False
        if _FIELD.match(line):
            return True
    return False


def _after_blank_line(source: bytes, position: int, end: int) -> int:
    found = [source.find(blank, position, end) + len(blank) for blank in (b"\n\n", b"\n\r\n")]
    return min((place for place in found if place > position), default=end)


def words(text: str) -> str:
    """Decode the encoded words (RFC 2047) of a header; what cannot be decoded stays as it is."""
    if "=?" not in text:
        return text
    pieces: list[str] = []
    held: tuple[str, bytes] | None = None  # a character may be cut in two between words of one charset
    position = 0
    for word in _WORD.finditer(text):
        between = text[position : word.start()]
        charset = word[1].partition("*")[0].lower()
        data = _base64(word[3]) if word[2] in "bB" else _quoted_printable(word[3])
        if held is not None and held[0] == charset and not between.strip():
            held = (charset, held[1] + data)
        else:
            pieces.append(decoded(held[1], held[0]) if held else "")
            pieces.append(between if between.strip() or held is None else "")
            held = (charset, data)
        position = word.end()
    pieces.append(decoded(held[1], held[0]) if held else "")
    pieces.append(text[position:])
    return "".join(pieces)


def _base64(text: str) -> bytes:
    return base64_bytes(text.encode("ascii", "ignore"))


def _quoted_printable(text: str) -> bytes:
    return binascii.a2b_qp(text.encode("utf-8", "replace"), header=True)


def base64_bytes(data: bytes) -> bytes:
    """Decode base64 whatever stands between its characters, and however it ends."""
    kept = data.translate(None, _NOT_BASE64)
    kept = kept[: len(kept) - (len(kept) % 4 == 1)]
    return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))


def _parameters(text: str) -> tuple[str, dict[str, str]]:
    pieces = [piece.strip() for piece in _PARAMETER.findall(text)]
    plain: dict[str, str] = {}
    extended: dict[str, list[tuple[int, bool, str]]] = {}
    for piece in pieces[1:]:
        name, _, value = piece.partition("=")
        found = _EXTENDED.fullmatch(name.strip().lower())
        if found is None:
            continue
        if found[2] or found[3]:
            extended.setdefault(found[1], []).append((int(found[2] or 0), bool(found[3]), _unquoted(value)))
        else:
            plain.setdefault(found[1], words(_unquoted(value)))
    return (pieces[0].lower() if pieces else ""), plain | {
        name: _joined(sections) for name, sections in extended.items()
    }


def _joined(sections: list[tuple[int, bool, str]]) -> str:
    """Put a parameter together that came in sections, some percent-encoded (RFC 2231)."""
    charset: str | None = None
    data = b""
    for position, (_, encoded, value) in enumerate(sorted(sections)):
        section = value
        if position == 0 and encoded and value.count("'") > 1:
            charset, _, section = value.split("'", 2)
        data += unquote_to_bytes(section) if encoded else section.encode("utf-8", "replace")
    return decoded(data, charset)


def _unquoted(value: str) -> str:
    value = value.strip()
    if not value.startswith('"'):
        return value
    value = value[1:].removesuffix('"')
    return value.replace('\\"', '"').replace("\\\\", "\\")
