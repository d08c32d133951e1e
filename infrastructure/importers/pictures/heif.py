"""Reads the header of a HEIF file (ISO/IEC 23008-12), such as telephones write: size, turn and EXIF; never a pixel."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO

from PIL.ImageFile import ImageFile

from infrastructure.importers.pictures.exif import BROKEN

_HEADER_BYTES = 16
_META_BYTES = 1 << 20  # a picture of a hundred tiles has a hundredth of it
_EXIF_BYTES = 1 << 20
_BOXES = 10_000  # in one box, and in the file
_ENTRIES = 100_000  # items, their places and their properties; a picture cut into tiles has hundreds
_TO_THE_END = 1 << 62

_ORIENTATION = 0x0112
_ORIENTATIONS: dict[tuple[int, int | None], int] = {
    (0, None): 1, (1, None): 8, (2, None): 3, (3, None): 6,
    (0, 0): 4, (1, 0): 5, (2, 0): 2, (3, 0): 7,
    (0, 1): 2, (1, 1): 7, (2, 1): 4, (3, 1): 5,
}  # fmt: skip
"""EXIF's orientation of a picture that is turned by quarters to the left, then mirrored: 0 upside down, 1 left to right."""


class HeifImageFile(ImageFile):
    """A HEIF file of which only the header is read; there is nothing to load.

    Its size is that before turning. How it is turned is told by properties of the picture (``irot``, ``imir``): where
    EXIF says something else, or the same once more, that does not count.
    """

    format = "HEIF"

    def _open(self) -> None:
        if self.fp is None:
            raise EOFError
        meta = _Meta(_meta_of(self.fp))
        properties = dict(meta.properties_of(meta.primary))
        self._mode = "RGB"
        self._size = _size(properties)
        exif = meta.exif(self.fp)
        if exif:
            self.info["exif"] = exif
        turns = properties.get(b"irot", b"\0")[0] & 3
        mirror = properties[b"imir"][0] & 1 if b"imir" in properties else None
        self._turned(_ORIENTATIONS[turns, mirror])

    def _turned(self, orientation: int) -> None:
        try:
            self.getexif()[_ORIENTATION] = orientation
        except BROKEN:
            self.info.pop("exif")
            self._exif = None
            self.getexif()[_ORIENTATION] = orientation


def _size(properties: dict[bytes, bytes]) -> tuple[int, int]:
    """Return width and height; an encoder makes a picture larger than it is, to cut it back (``clap``)."""
    width, height = struct.unpack_from(">II", properties[b"ispe"], 4)
    if b"clap" in properties:
        across, by, down, down_by = struct.unpack_from(">IIII", properties[b"clap"])
        cut = across // (by or 1), down // (down_by or 1)
        if 0 < cut[0] <= width and 0 < cut[1] <= height:
            return cut
    return width, height


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the names and the contents of the boxes in a box; one that is cut off ends them."""
    place = 0
    for _ in range(_BOXES):
        if place + 8 > len(data):
            return
        size, name = struct.unpack_from(">I4s", data, place)
        begin = 8
        if size == 1:
            (size,), begin = struct.unpack_from(">Q", data, place + 8), _HEADER_BYTES
        elif size == 0:
            size = len(data) - place
        if size < begin or place + size > len(data):
            return
        yield name, data[place + begin : place + size]
        place += size


def _meta_of(stream: IO[bytes]) -> bytes:
    """Return the box that describes the pictures of a file, without its version; raises EOFError where there is none."""
    place = 0
    for _ in range(_BOXES):
        stream.seek(place)
        head = stream.read(_HEADER_BYTES)
        size, name = struct.unpack_from(">I4s", head)
        begin = 8
        if size == 1:
            (size,), begin = struct.unpack_from(">Q", head, 8), _HEADER_BYTES
        elif size == 0:
            size = _TO_THE_END
        if name == b"meta":
            stream.seek(place + begin)
            return stream.read(min(size - begin, _META_BYTES))[4:]
        if size < begin:
            break
        place += size
    raise EOFError


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the bytes of an item lie: in the file, or in the box itself (``idat``)."""

    inside: bool
    extents: Sequence[tuple[int, int]]


@dataclass(slots=True)
class _Reader:
    """Takes big-endian numbers of any width from the front of some bytes."""

    data: bytes
    place: int = 0

    def take(self, width: int) -> int:
        end = self.place + width
        if end > len(self.data):
            raise EOFError
        number = int.from_bytes(self.data[self.place : end])
        self.place = end
        return number

    def count(self, width: int) -> range:
        return range(min(self.take(width), _ENTRIES))


@dataclass(slots=True)
class _Meta:
    """The items of a file, and what is said of them."""

    data: bytes
    boxes: dict[bytes, bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.boxes = {}
        for name, content in _boxes(self.data):
            self.boxes.setdefault(name, content)

    @property
    def primary(self) -> int:
        """The number of the picture that is shown."""
        box = _Reader(self.boxes[b"pitm"])
        return box.take(2 if _version(box) == 0 else 4)

    def properties_of(self, item: int) -> Iterator[tuple[bytes, bytes]]:
        """Yield the names and the contents of the properties of an item."""
        parts = dict(_boxes(self.boxes[b"iprp"]))
        known = list(_boxes(parts[b"ipco"]))
        box = _Reader(parts[b"ipma"])
        head = box.take(4)
        wide, numbered = head & 1, 2 if head >> 24 == 0 else 4
        for _ in box.count(4):
            is_meant = box.take(numbered) == item
            for _ in box.count(1):
                number = box.take(2) & 0x7FFF if wide else box.take(1) & 0x7F  # the other bit says: essential
                if is_meant and 0 < number <= len(known):
                    yield known[number - 1]
            if is_meant:
                return

    def exif(self, stream: IO[bytes]) -> bytes:
        """Return what a camera wrote, as JPEG has it; empty where it wrote nothing that can be read."""
        try:
            described = self._describing()
            place = next(place for item, place in self._places() if item in described)
            data = self._bytes(stream, place)
            return b"Exif\0\0" + data[4 + int.from_bytes(data[:4]) :] if len(data) > 4 else b""  # noqa: PLR2004 - its offset
        except (*BROKEN, StopIteration):
            return b""

    def _describing(self) -> set[int]:
        """Return the items of EXIF that describe the picture that is shown, or any where none says which."""
        box = _Reader(self.boxes[b"iinf"])
        box.take(_wide(_version(box)))
        found = set()
        for name, content in _boxes(box.data[box.place :]):
            entry = _Reader(content)
            version = _version(entry) if name == b"infe" else 0
            if version >= 2:  # noqa: PLR2004 - before it, items had no types
                item = entry.take(2 if version == 2 else 4)  # noqa: PLR2004
                entry.take(2)
                if content[entry.place : entry.place + 4] == b"Exif":
                    found.add(item)
        return found & self._of_primary() or found

    def _of_primary(self) -> set[int]:
        box = _Reader(self.boxes.get(b"iref", bytes(4)))
        width = 2 if _version(box) == 0 else 4
        found: defaultdict[bytes, set[int]] = defaultdict(set)
        for name, content in _boxes(box.data[box.place :]):
            reference = _Reader(content)
            item = reference.take(width)
            if self.primary in [reference.take(width) for _ in reference.count(2)]:
                found[name].add(item)
        return found[b"cdsc"]

    def _places(self) -> Iterator[tuple[int, _Place]]:
        box = _Reader(self.boxes[b"iloc"])
        version = _version(box)
        widths = box.take(2)
        offset, length, base, index = (widths >> shift & 15 for shift in (12, 8, 4, 0))
        for _ in box.count(_wide(version, from_version=2)):
            item = box.take(_wide(version, from_version=2))
            method = box.take(2) & 15 if version else 0
            box.take(2)
            begin = box.take(base)
            extents = []
            # Extents that take no bytes would cost nothing to name by the billion.
            for _ in box.count(2)[: None if offset or length else 1]:
                box.take(index if version else 0)
                extents.append((begin + box.take(offset), box.take(length)))
            yield item, _Place(method == 1, extents)

    def _bytes(self, stream: IO[bytes], place: _Place) -> bytes:
        data = b""
        for begin, length in place.extents:
            size = min(length or _EXIF_BYTES, _EXIF_BYTES - len(data))
            if place.inside:
                data += self.boxes[b"idat"][begin : begin + size]
            else:
                stream.seek(begin)
                data += stream.read(size)
            if len(data) >= _EXIF_BYTES:
                break
        return data


def _version(box: _Reader) -> int:
    return box.take(4) >> 24


def _wide(version: int, *, from_version: int = 1) -> int:
    return 2 if version < from_version else 4
