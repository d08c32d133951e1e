"""Finds compressed members in raw bytes and returns what they hold, as far as they can be read."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress

import zstandard

LONGEST = 256 << 10  # bytes of a member that are looked at
INFLATED = 1 << 20
GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
HEADERS = (b"\x1f\x8b\x08", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
LZ4_FRAME, ZSTD_FRAME = b"\x04\x22\x4d\x18", b"\x28\xb5\x2f\xfd"
BEYOND_BLOCK = 1 << 31  # set in the size of an LZ4 block that is stored as it is

_COMPRESSED = rb"(?!\0\0)[\0-\xff]{2}[\0-\x0f][\x00\x40]"
"""The length of a value of PostgreSQL before it was compressed, with the method: pglz or lz4."""
_INLINE = re.compile(
    b"[%b](?=[\\0-\xff]\\0\\0%b)" % (re.escape(bytes(range(2, 256, 4))), _COMPRESSED), re.DOTALL
)
_FIRST_CHUNK = re.compile(
    b"[%b](?<=\\0{4}.)(?=[\\0-\x1f]\\0\\0%b)" % (re.escape(bytes(range(4, 256, 4))), _COMPRESSED), re.DOTALL
)
METHODS: tuple[Callable[[memoryview], bytes], ...]


def members(data: bytes) -> Iterator[bytes]:
    """Yield what gzip, zlib, zstd and LZ4 members hold, and the values that PostgreSQL has compressed.

    Of a value that lies in several rows of a TOAST table the first row is read.
    """
    view = memoryview(data)
    for header in HEADERS:
        for at in _places(data, header):
            with suppress(zlib.error):  # not a member, only its first bytes
                yield zlib.decompressobj(GZIP_OR_ZLIB).decompress(view[at : at + LONGEST], INFLATED)
    for at in _places(data, ZSTD_FRAME):
        with suppress(zstandard.ZstdError):
            yield zstandard.ZstdDecompressor().decompressobj().decompress(view[at : at + LONGEST])
    for at in _places(data, LZ4_FRAME):
        yield lz4_frame(view[at : at + LONGEST])
    for pattern in (_INLINE, _FIRST_CHUNK):
        for found in pattern.finditer(data):
            at = found.start()
            yield _value(view[at + 4 : at + (int.from_bytes(view[at : at + 4], "little") >> 2)])


def lz4_frame(frame: memoryview) -> bytes:
    """Return what the blocks of an LZ4 frame hold."""
    flags = frame[4] if len(frame) > 4 else 0
    at = 7 + (8 if flags & 0x08 else 0) + (4 if flags & 0x01 else 0)
    held = b""
    while size := int.from_bytes(frame[at : at + 4], "little"):
        block = frame[at + 4 : at + 4 + size % BEYOND_BLOCK]
        held += bytes(block) if size & BEYOND_BLOCK else lz4(block)
        at += 4 + size % BEYOND_BLOCK + (4 if flags & 0x10 else 0)
    return held


def lz4(block: memoryview) -> bytes:
    """Return what a block of LZ4 holds, up to where it makes no sense."""
    out, at = bytearray(), 0
    with suppress(IndexError):
        while at < len(block) and len(out) < INFLATED:
            token = block[at]
            literals, at = _lz4_length(block, at + 1, token >> 4)
            out += block[at : at + literals]
            at += literals
            offset = block[at] | block[at + 1] << 8
            matched, at = _lz4_length(block, at + 2, token & 15)
            if not _repeat(out, offset, matched + 4):
                break
    return bytes(out)


def pglz(stream: memoryview) -> bytes:
    """Return what PostgreSQL's own compression holds, up to where it makes no sense."""
    out, at = bytearray(), 0
    with suppress(IndexError):
        while at < len(stream) and len(out) < INFLATED:
            control, at = stream[at], at + 1
            for bit in range(8):
                if not control >> bit & 1:
                    out.append(stream[at])
                    at += 1
                    continue
                length, offset = (stream[at] & 15) + 3, (stream[at] & 0xF0) << 4 | stream[at + 1]
                at += 2
                if length == 18:
                    length, at = length + stream[at], at + 1
                if not _repeat(out, offset, length):
                    return bytes(out)
    return bytes(out)


METHODS = (pglz, lz4)


def _value(value: memoryview) -> bytes:
    return METHODS[value[3] >> 6](value[4:]) if len(value) > 4 else b""


def _repeat(out: bytearray, offset: int, length: int) -> bool:
    """Append what was ``offset`` bytes ago; return False where there is no such place."""
    if not 0 < offset <= len(out):
        return False
    while length > 0:
        piece = out[-offset:][:length]
        out += piece
        length -= len(piece)
    return True


def _lz4_length(block: memoryview, at: int, length: int) -> tuple[int, int]:
    if length == 15:
        while block[at] == 255:
            length, at = length + 255, at + 1
        length, at = length + block[at], at + 1
    return length, at


def _places(data: bytes, header: bytes) -> Iterator[int]:
    at = data.find(header)
    while at >= 0:
        yield at
        at = data.find(header, at + 1)
