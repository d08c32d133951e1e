"""Pictures made for tests, down to their bytes."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

from PIL import Image, TiffTags
from PIL.TiffImagePlugin import IFDRational, ImageFileDirectory_v2

from infrastructure.importers.pictures.image_files import ImageFiles
from tests.importers.reading import only_draft, written

IMAGES = ImageFiles()

EXIF, GPS = 0x8769, 0x8825
SHOT, OFFSET, FRACTION = 0x9003, 0x9011, 0x9291


def picture(exif: Image.Exif | bytes | None = None, form: str = "JPEG") -> bytes:
    out = io.BytesIO()
    more: dict[str, Any] = {} if exif is None else {"exif": exif}
    Image.new("RGB", (8, 6), (10, 200, 30)).save(out, form, **more)
    return out.getvalue()


def with_exif(
    main: dict[int, Any] | None = None, shot: dict[int, Any] | None = None, gps: dict[int, Any] | None = None
) -> Image.Exif:
    exif = Image.Exif()
    exif.update(main or {})
    exif.get_ifd(EXIF).update(shot or {})
    exif.get_ifd(GPS).update(gps or {})
    return exif


def said(tmp_path: Path, exif: Image.Exif | None) -> dict[str, Any]:
    return dict(only_draft(IMAGES, written(tmp_path, "a picture.jpg", picture(exif))).arguments)


def ratio(*parts: float) -> tuple[IFDRational, ...]:
    return tuple(IFDRational(round(part * 10_000), 10_000) for part in parts)


def position(**changes: Any) -> Image.Exif:
    gps = {1: "N", 2: ratio(38, 42, 14.76), 3: "W", 4: ratio(9, 9, 52.92)}
    told: dict[int, Any] = {**gps, **{int(name[1:]): value for name, value in changes.items()}}
    return with_exif(gps={tag: value for tag, value in told.items() if value is not None})


def png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n"
    for name, body in ((b"IHDR", header), *chunks, (b"IDAT", b""), (b"IEND", b"")):
        data += struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    return data


def jpeg(width: int, height: int, *segments: bytes) -> bytes:
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0"
    parts = [
        *segments,
        b"\xff\xc0" + struct.pack(">H", len(frame) + 2) + frame,
        b"\xff\xda\0\x08\1\1\0\0\x3f\0",
    ]
    return b"\xff\xd8" + b"".join(parts)


def tiff(*entries: bytes) -> bytes:
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + b"".join(entries) + b"\0\0\0\0"


def app1(data: bytes) -> bytes:
    return b"\xff\xe1" + struct.pack(">H", len(data) + 2) + data


FULL = with_exif(
    {0x010E: "words", 0x0112: 6, 0x9C9C: b"a\0b\0"},
    {SHOT: "2026:11:01 10:40:12", OFFSET: "+01:00", 0x829A: IFDRational(1, 250), 0x8827: 100},
    {1: "N", 2: ratio(38, 42, 14), 3: "W", 4: ratio(9, 9, 52)},
).tobytes()  # fmt: skip


def tiff_picture(shot: dict[int, Any], gps: dict[int, Any]) -> bytes:
    directory = ImageFileDirectory_v2()
    directory[0x010F] = "Lumen"
    for tag, values in ((EXIF, shot), (GPS, gps)):
        directory.tagtype[tag] = TiffTags.LONG
        directory[tag] = values
    out = io.BytesIO()
    Image.new("RGB", (8, 6)).save(out, "TIFF", tiffinfo=directory)
    return out.getvalue()
