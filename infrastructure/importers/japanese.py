"""Reads ISO-2022-JP as Windows writes it (code page 50221), with the characters of NEC and IBM beyond the standard.

The standard library's codecs know none of them, and numbers in circles and the characters of many family names are
such. Those of Shift JIS do: a character is taken there by its row and its place.
"""

from __future__ import annotations

import re
from contextlib import suppress

CODEC = "iso2022_jp_ext"
"""The widest that the standard library has."""

_ESCAPE = re.compile(rb"(\x1b(?:\$[@B]|\(I|\([BJ]|\$\(D))")
_KANJI = frozenset({b"\x1b$@", b"\x1b$B"})
_KANA = b"\x1b(I"
_SUPPLEMENT = b"\x1b$(D"
_ASCII = b"\x1b(B"
_PAIRS = re.compile(rb"(?:[\x21-\x7e]{2})+")
_SINGLE = re.compile(rb"[\x21-\x5f]+")
_FIRST = 0x21
_ROWS_BELOW_KANA = 62
"""So many rows lie below the half-width kana in Shift JIS, whose first byte has them in the middle."""


def shifts(data: bytes) -> bool:
    """Tell bytes that shift to Japanese characters and back."""
    return b"\x1b$" in data and b"\x1b(" in data and _ESCAPE.search(data) is not None


def text_of_japanese(data: bytes) -> str:
    """Return the text; a character that is none is U+FFFD."""
    with suppress(ValueError):
        return data.decode(CODEC)
    start, *pieces = _ESCAPE.split(data)
    text = [start.decode("ascii", "replace")]
    for escape, piece in zip(pieces[::2], pieces[1::2], strict=True):
        if escape in _KANJI:
            shifted = _PAIRS.sub(lambda run: _of_shift_jis(run[0]), piece)
            text.append(shifted.decode("cp932", "replace"))
        elif escape == _KANA:
            kana = _SINGLE.sub(lambda run: bytes(each | 0x80 for each in run[0]), piece)
            text.append(kana.decode("cp932", "replace"))
        elif escape == _SUPPLEMENT:
            text.append((escape + piece + _ASCII).decode(CODEC, "replace"))
        else:
            text.append(piece.decode("ascii", "replace"))
    return "".join(text)


def _of_shift_jis(pairs: bytes) -> bytes:
    """Return characters of JIS X 0208, two bytes each, in the bytes of Shift JIS."""
    found = bytearray()
    for high, low in zip(pairs[::2], pairs[1::2], strict=True):
        row = high - _FIRST
        found.append(row // 2 + (0x81 if row < _ROWS_BELOW_KANA else 0xC1))
        if row % 2:
            found.append(low + 0x7E)
        else:
            found.append(low + (0x1F if low < 0x60 else 0x20))  # noqa: PLR2004 - 0x7F is no place
    return bytes(found)
