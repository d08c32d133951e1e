"""Rows of a table as one compressed piece, column by column.

A value is what PostgreSQL sends for it in binary. Ciphertext does not become smaller, but ids, topics and
times do, and more so when those of many rows lie side by side.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterator, Sequence

import zstandard

from infrastructure.errors import DamagedBackup

Row = tuple[bytes | None, ...]

MOST_BYTES = 512 << 20  # of one piece when unpacked: a damaged length must not ask for all memory
LEVEL = 3
_HEADER = struct.Struct("<II")
_LENGTH_BYTES = 4
_NULL = -1


def pack(rows: Sequence[Row]) -> bytes:
    """Return rows, at least one and all of the same length, as bytes."""
    parts = [_HEADER.pack(len(rows), len(rows[0]))]
    for column in zip(*rows, strict=True):
        lengths = array("i", [_NULL if value is None else len(value) for value in column])
        parts.append(_little_endian(lengths).tobytes())
        parts.append(b"".join([value for value in column if value is not None]))
    return zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compress(b"".join(parts))


def unpack(packed: bytes) -> Iterator[Row]:
    """Return the rows of ``pack``; raises DamagedBackup for anything else, before the first row."""
    try:
        if not 0 <= zstandard.frame_content_size(packed) <= MOST_BYTES:
            raise DamagedBackup
        plain = memoryview(zstandard.ZstdDecompressor().decompress(packed, allow_extra_data=False))
        count, width = _HEADER.unpack_from(plain)
        start, columns = _HEADER.size, []
        for _ in range(width):
            column, start = _column(plain, start, count)
            columns.append(column)
    except (zstandard.ZstdError, struct.error, ValueError):
        raise DamagedBackup from None
    if start != len(plain):
        raise DamagedBackup
    return zip(*columns, strict=True)


def _column(plain: memoryview, start: int, count: int) -> tuple[list[bytes | None], int]:
    end = start + count * _LENGTH_BYTES
    lengths = array("i")
    lengths.frombytes(plain[start:end])
    values: list[bytes | None] = []
    for length in _little_endian(lengths):
        if length == _NULL:
            values.append(None)
            continue
        if length < 0 or end + length > len(plain):
            raise DamagedBackup
        values.append(bytes(plain[end : end + length]))
        end += length
    if len(values) != count:
        raise DamagedBackup
    return values, end


def _little_endian(numbers: array[int]) -> array[int]:
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
