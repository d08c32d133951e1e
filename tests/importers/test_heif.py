"""Pictures as telephones write them (HEIF): size, turn and what the camera wrote, from the header alone."""

from __future__ import annotations

import struct
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from domain.media.media_terms import MediaKind
from infrastructure.importers.draft import Limits, Refused, UnreadableFile
from infrastructure.importers.formats import FORMATS
from tests.importers.pictures import FULL, IMAGES, SHOT, with_exif
from tests.importers.reading import mutations, only_draft, read, written

SECONDS = 5.0  # of the processor for one hostile file, however busy the machine
PRIMARY, CAMERA = 1, 2  # items


def box(name: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I4s", len(content) + 8, name) + content


def full(name: bytes, version: int, *parts: bytes) -> bytes:
    return box(name, bytes([version, 0, 0, 0]), *parts)


def ispe(width: int, height: int) -> bytes:
    return full(b"ispe", 0, struct.pack(">II", width, height))


def clap(width: int, height: int) -> bytes:
    return box(b"clap", struct.pack(">IIIIIIII", width, 1, height, 1, 0, 1, 0, 1))


def irot(quarters: int) -> bytes:
    return box(b"irot", bytes([quarters]))


def imir(axis: int) -> bytes:
    return box(b"imir", bytes([axis]))


def entry(item: int, kind: bytes) -> bytes:
    return full(b"infe", 2, struct.pack(">HH", item, 0), kind, b"\0")


def references(item: int, to: int) -> bytes:
    return full(b"iref", 0, box(b"cdsc", struct.pack(">HHH", item, 1, to)))


def heif(
    *properties: bytes,
    exif: bytes = FULL,
    brand: bytes = b"heic",
    inside: bool = False,
    more: bytes = b"",
    items: Sequence[bytes] = (),
) -> bytes:
    """Return a picture without pixels: what it is lies behind what its camera wrote, or ``inside`` with it."""
    written_by_camera = struct.pack(">I", 6) + b"Exif\0\0" + exif.removeprefix(b"Exif\0\0")
    head = box(b"ftyp", brand, b"\0\0\0\0", b"mif1", b"heic")
    place = 0 if inside else len(head) + 8
    index = range(1, len(properties) + 1)
    extent = struct.pack(">HHHHII", CAMERA, inside, 0, 1, place, len(written_by_camera))
    meta = full(
        b"meta", 0,
        full(b"hdlr", 0, b"\0\0\0\0pict", bytes(13)),
        full(b"pitm", 0, struct.pack(">H", PRIMARY)),
        full(b"iinf", 0, struct.pack(">H", 2), entry(PRIMARY, b"hvc1"), entry(CAMERA, b"Exif"), *items),
        full(b"iloc", 1, b"\x44\0", struct.pack(">H", 1), extent),
        box(b"iprp", box(b"ipco", *properties), full(b"ipma", 0, struct.pack(">IHB", 1, PRIMARY, len(index)), bytes(index))),
        box(b"idat", written_by_camera if inside else b""),
        more,
    )  # fmt: skip
    return head + box(b"mdat", b"" if inside else written_by_camera) + meta


def said(folder: Path, data: bytes, name: str = "IMG_0001.heic") -> dict[str, Any]:
    return dict(only_draft(IMAGES, written(folder, name, data)).arguments)


@pytest.mark.parametrize("inside", [False, True])
def test_picture_is_kept_with_its_size_and_what_the_camera_wrote(tmp_path: Path, *, inside: bool) -> None:
    found = said(tmp_path, heif(ispe(4032, 3024), inside=inside))
    assert (found["kind"], found["width"], found["height"]) == (MediaKind.PHOTO, 4032, 3024)
    assert found["captured_at"].isoformat() == "2026-11-01T10:40:12+01:00"
    assert (found["camera"].iso, found["camera"].exposure_time) == (100, "1/250")
    assert round(found["latitude"], 3) == 38.704
    assert found["original_filename"] == "IMG_0001.heic"


@pytest.mark.parametrize(
    ("brand", "media_type"), [(b"heic", "image/heic"), (b"mif1", "image/heic"), (b"heix", "image/heic")]
)
def test_content_says_what_it_is_whatever_the_file_is_called(
    tmp_path: Path, brand: bytes, media_type: str
) -> None:
    draft = only_draft(IMAGES, written(tmp_path, "a.jpg", heif(ispe(8, 6), brand=brand)))
    assert draft.content
    assert draft.content.media_type == media_type
    assert {".heic", ".heif"} <= FORMATS.keys()


@pytest.mark.parametrize("quarters", range(4))
@pytest.mark.parametrize("axis", [None, 0, 1])
def test_turn_and_mirror_are_an_orientation(tmp_path: Path, quarters: int, axis: int | None) -> None:
    """Held against Pillow: what turning and mirroring make of pixels, the orientation makes of them, too."""
    pixels = Image.new("L", (3, 2))
    pixels.putdata(range(6))
    shown = pixels.rotate(90 * quarters, expand=True)
    if axis is not None:
        shown = ImageOps.mirror(shown) if axis else ImageOps.flip(shown)
    properties = (ispe(3, 2), irot(quarters), *([] if axis is None else [imir(axis)]))
    orientation = said(tmp_path, heif(*properties))["orientation"]
    pixels.getexif()[0x0112] = orientation
    told = ImageOps.exif_transpose(pixels)
    assert (told.size, told.tobytes()) == (shown.size, shown.tobytes())


def test_orientation_that_the_camera_wrote_does_not_count(tmp_path: Path) -> None:
    assert said(tmp_path, heif(ispe(8, 6), exif=with_exif({0x0112: 6}).tobytes()))["orientation"] == 1
    turned = heif(ispe(8, 6), irot(3), exif=with_exif({0x0112: 3}).tobytes())
    found = said(tmp_path, turned)
    assert (found["orientation"], found["width"], found["height"]) == (6, 8, 6)


def test_size_is_that_of_the_part_that_is_shown(tmp_path: Path) -> None:
    found = said(tmp_path, heif(ispe(128, 64), clap(121, 61)))
    assert (found["width"], found["height"]) == (121, 61)
    found = said(tmp_path, heif(ispe(128, 64), clap(0, 900)))
    assert (found["width"], found["height"]) == (128, 64)


def test_broken_words_of_the_camera_cost_themselves_only(tmp_path: Path) -> None:
    for exif in (b"", b"words", b"II*\0\xff\xff\xff\xff"):
        found = said(tmp_path, heif(ispe(8, 6), irot(1), exif=exif))
        assert (found["width"], found["orientation"]) == (8, 8)
        assert "captured_at" not in found


def test_words_about_another_picture_do_not_count(tmp_path: Path) -> None:
    both = heif(
        ispe(8, 6), more=references(CAMERA, PRIMARY + 9), items=[entry(3, b"Exif")], exif=with_exif(shot={SHOT: "2026:11:01 10:40:12"}).tobytes()
    )  # fmt: skip
    assert said(tmp_path, both)["captured_local"] == datetime(2026, 11, 1, 10, 40, 12)  # noqa: DTZ001 - on the wall
    of_other = both.replace(references(CAMERA, PRIMARY + 9), references(3, PRIMARY))
    assert "captured_local" not in said(tmp_path, of_other)


def test_picture_is_read_wherever_its_header_lies_and_however_large_it_is(tmp_path: Path) -> None:
    head = box(b"ftyp", b"heic", b"\0\0\0\0")
    far = heif(ispe(8, 6), inside=True).replace(box(b"mdat"), box(b"free", bytes(1 << 16)) + box(b"mdat"))
    (draft,) = read(IMAGES, written(tmp_path, "a.heic", far), limits=Limits(whole_file_bytes=10))
    assert not isinstance(draft, Refused)
    assert draft.arguments["width"] == 8
    assert read(IMAGES, written(tmp_path, "a.heic", head)) == [Refused("broken_image")]


@pytest.mark.parametrize(
    "data",
    [
        heif(),
        heif(ispe(8, 6))[:60],
        heif(ispe(8, 0)),
        heif(ispe(8, 6)).replace(b"pitm", b"mtip"),
        heif(ispe(8, 6)).replace(b"iprp", b"prpi"),
        box(b"ftyp", b"heic", b"\0\0\0\0") + bytes(100),
        box(b"ftyp", b"msf1", b"\0\0\0\0") + box(b"moov", bytes(8)),
    ],
)
def test_picture_without_a_header_is_refused(tmp_path: Path, data: bytes) -> None:
    assert read(IMAGES, written(tmp_path, "a.heic", data)) == [Refused("broken_image")]


def places(widths: bytes, count: int, data: bytes) -> bytes:
    return full(b"iloc", 1, widths, struct.pack(">H", count), data)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(box(b"ftyp", b"heic", b"\0\0\0\0") + box(b"free") * 500_000, id="boxes"),
        pytest.param(heif(ispe(8, 6), more=box(b"free") * 200_000), id="boxes in the header"),
        pytest.param(heif(ispe(8, 6), items=[entry(3, b"Exif")] * 40_000), id="items"),
        pytest.param(heif(*[ispe(8, 6)] * 255, more=full(b"ipma", 0, bytes(900_000))), id="properties"),
        pytest.param(
            heif(ispe(8, 6), more=places(b"\0\0", 0xFFFF, b"\0\x09\0\0\0\0\xff\xff" * 60_000)).replace(
                b"iloc", b"free", 1
            ),
            id="extents of nothing",
        ),
        pytest.param(
            heif(ispe(8, 6), more=places(b"\1\0", 1, b"\0\x09\0\0\0\0\xff\xff" + bytes(900_000))).replace(
                b"iloc", b"free", 1
            ),
            id="extents",
        ),
        pytest.param(
            heif(
                ispe(8, 6), more=full(b"iref", 1, *[box(b"cdsc", bytes(4), b"\xff\xff", bytes(4000))] * 200)
            ),
            id="references",
        ),
    ],
)
def test_hostile_file_ends_soon(tmp_path: Path, data: bytes) -> None:
    path = written(tmp_path, "a.heic", data)
    begin = time.process_time()
    read(IMAGES, path)
    assert time.process_time() - begin < SECONDS


@settings(max_examples=200, deadline=None)
@given(
    data=mutations(heif(ispe(8, 6), clap(7, 6), irot(1), imir(0), more=references(CAMERA, PRIMARY)))
    | mutations(heif(ispe(8, 6), inside=True))
    | st.binary(max_size=200).map(lambda data: box(b"ftyp", b"heic", b"\0\0\0\0") + data)
)
def test_no_bytes_raise_anything_but_unreadable(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            read(IMAGES, written(Path(folder), "a.heic", data))
        except UnreadableFile:
            return
