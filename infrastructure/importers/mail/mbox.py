"""Cuts an mbox file into messages, reading it as a stream and holding one message at a time."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from infrastructure.importers.draft import Limits

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_PIECE = 1 << 16  # bytes read of a line at once
_FROM_LINE = 400  # bytes of a line that are looked at

_DATED = re.compile(
    rb"""From [ ]
    (?: (?: "[^"\n]*" \S* | [^\s"]\S* (?: [ ]at[ ] \S+ )? ) \s+ | \s* )  # the sender, disguised by Mailman, or left out
    (?: Mon | Tue | Wed | Thu | Fri | Sat | Sun ) ,? \s+
    (?: (?: Jan | Feb | Mar | Apr | May | Jun | Jul | Aug | Sep | Oct | Nov | Dec ) \s+ \d{1,2}
      | \d{1,2} \s+ (?: Jan | Feb | Mar | Apr | May | Jun | Jul | Aug | Sep | Oct | Nov | Dec ) ) \b
    .{0,20}? \d{1,2}:\d\d""",
    re.VERBOSE,
)
_MOZILLA = re.compile(rb"From -\s*\Z")
_UNDATED = re.compile(rb"From [^\s@]+@[^\s@]+\s*\Z")
_FIELD = re.compile(rb"[!-9;-~]{1,100}[ \t]*:|>?From ")
_KNOWN_FIELD = re.compile(
    rb"(received|return-path|from|sender|reply-to|to|cc|date|subject|message-id|mime-version|content-[a-z-]+"
    rb"|delivered-to|status|x-[a-z0-9-]+|dkim-signature|authentication-results|arc-[a-z-]+)[ \t]*:|>?From ",
    re.IGNORECASE,
)
_LENGTH = re.compile(rb"content-length[ \t]*:[ \t]*(\d{1,12})\s*\Z", re.IGNORECASE)
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
_BARE = re.compile(rb"^From ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One message of an mbox file."""

    from_line: bytes
    """The line that begins it: envelope sender and date; no part of the message."""
    source: bytes | None
    """The message, None where it is larger than an entry may be."""


def is_mbox(beginning: bytes) -> bool:
    """Whether the first bytes of a file are those of an mbox, and not of a single message."""
    return beginning.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n").startswith(b"From ")


def entries(stream: BinaryIO, limits: Limits) -> Iterator[Entry]:
    """Yield the messages of an mbox; the memory held is bounded by ``limits.entry_bytes``."""
    lines = _Lines(_with_line_feeds(stream))
    while lines.upcoming and not is_mbox(lines.upcoming):
        lines.take()  # a mark or blank lines before the first message
    while lines.upcoming:
        from_line = lines.take()
        yield Entry(from_line[:_FROM_LINE].removeprefix(b"\xef\xbb\xbf"), _message(lines, limits.entry_bytes))


def _message(lines: _Lines, room: int) -> bytes | None:
    """Take the lines up to the next message or the end."""
    kept = _Kept(room)
    in_headers, length = True, None
    line = b"\n"
    while lines.upcoming.startswith(b"From "):
        kept.add(lines.take())  # the line that begins a message, twice; it has no headers yet
    while lines.upcoming and not lines.begin_message(after=line):
        line = lines.take()
        kept.add(line)
        if not in_headers:
            continue
        if found := _LENGTH.match(line[:100]):
            length = int(found[1])
        if not line.strip(b"\r\n"):
            in_headers = False
            if length is not None and lines.message_ends_after(length):
                return _take_exactly(lines, kept, length)
    source = kept.whole()
    return None if source is None else _unquoted(_without_last_blank(source))


def _take_exactly(lines: _Lines, kept: _Kept, length: int) -> bytes | None:
    """Take a body whose length its header tells; it may hold lines that look like the next message."""
    headers = kept.whole()
    if headers is None or len(headers) + length > kept.room:
        lines.pass_over(length)
        return None
    body = lines.take_bytes(length)
    # Who relies on the length need not quote; who quotes all the same leaves no line bare.
    return headers + (body if _BARE.search(body) else _unquoted(body))


class _Kept:
    """Lines of a message, as many as there is room for."""

    def __init__(self, room: int) -> None:
        self.room = room
        self._data = bytearray()  # a list of lines would take many times the room of short ones
        self._size = 0

    def add(self, line: bytes) -> None:
        self._size += len(line)
        if self._size <= self.room:
            self._data += line
        else:
            self._data.clear()

    def whole(self) -> bytes | None:
        return bytes(self._data) if self._size <= self.room else None


class _Lines:
    """The lines of a file, with one line of foresight; a long line comes in pieces."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._offset = 0  # of the upcoming line
        self.upcoming = stream.readline(_PIECE)
        self._next: bytes | None = None
        self._ended = b"\n"  # how the line taken last ended

    def take(self) -> bytes:
        line = self.upcoming
        self._offset += len(line)
        self._ended = line[-1:]
        self.upcoming = self._after() if self._next is None else self._next
        self._next = None
        return line

    def begin_message(self, after: bytes) -> bool:
        """Whether the upcoming line begins a message, where ``after`` is the line before it."""
        line = self.upcoming
        if self._ended != b"\n" or not line.startswith(b"From "):
            return False
        line = line[:_FROM_LINE]
        certain = bool(_DATED.match(line) or _MOZILLA.match(line))
        if not (certain or _UNDATED.match(line)):
            return False
        if self._next is None:
            self._next = self._after()
        if after.strip(b"\r\n"):  # some programs leave the blank line out
            return certain and bool(_KNOWN_FIELD.match(self._next))
        return bool(_FIELD.match(self._next) if certain else _KNOWN_FIELD.match(self._next))

    def message_ends_after(self, length: int) -> bool:
        """Whether a message begins, or the file ends, right after so many bytes from here."""
        end = self._offset + length
        self._stream.seek(max(end - 1, 0))
        there = self._stream.read(1 + _FROM_LINE)
        rest = there[1:].lstrip(b"\r\n")
        reached = len(there) > 0 and (not rest or there[:1] == b"\n" or len(rest) < len(there) - 1)
        self._stream.seek(self._offset)
        self._forget()
        return reached and (not rest or bool(_DATED.match(rest) or rest.startswith(b"From -")))

    def take_bytes(self, count: int) -> bytes:
        self._stream.seek(self._offset)
        taken = self._stream.read(count)
        self._pass(len(taken))
        return taken

    def pass_over(self, count: int) -> None:
        self._stream.seek(self._offset + count)
        self._pass(count)

    def _pass(self, count: int) -> None:
        """Go on after so many bytes, at the next line that is not blank."""
        self._offset += count
        self._forget()
        while self.upcoming and not self.upcoming.strip(b"\r\n"):
            self.take()
        self._ended = b"\n"

    def _forget(self) -> None:
        self.upcoming = self._stream.readline(_PIECE)
        self._next = None

    def _after(self) -> bytes:
        return self._stream.readline(_PIECE)


class _LineFeeds(io.RawIOBase):
    """A file whose lines end in CR (of an old Macintosh), read as if they ended in LF."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        room = memoryview(buffer).cast("B")
        data = self._stream.read(len(room)).replace(b"\r", b"\n")
        room[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._stream.seek(offset, whence)


def _with_line_feeds(stream: BinaryIO) -> BinaryIO:
    beginning = stream.read(_PIECE)
    stream.seek(0)
    if b"\r" in beginning and b"\n" not in beginning:
        return io.BufferedReader(_LineFeeds(stream))
    return stream


def _without_last_blank(source: bytes) -> bytes:
    """Take away the blank line that stands before the next message and is no part of this one."""
    for ending in (b"\r\n\r\n", b"\n\n"):
        if source.endswith(ending):
            return source[: -len(ending) // 2]
    return source


def _unquoted(source: bytes) -> bytes:
    """Take away the ``>`` that keeps a line of the message from looking like the next message (mboxrd)."""
    return _QUOTED.sub(rb"\1", source) if b">From " in source else source
