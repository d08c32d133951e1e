"""Pictures: every sample is kept with what its camera wrote, and no bytes do harm."""

from __future__ import annotations

import hashlib
import io
import struct
import tempfile
import time
import tracemalloc
import warnings
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from math import isclose
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from domain.media.media_terms import Camera, CaptureOrigin, MediaKind, Place
from infrastructure.importers.draft import Draft, Limits, Outcome, Refused, UnreadableFile
from infrastructure.importers.image_files import ImageFiles
from tests.importers.reading import EXAMPLES, MISSING, mutations, only_draft, read, samples, written

FILES = samples("media", ".jpg", ".png", ".webp", ".avif", ".gif", ".tif", ".tiff")
SAMPLE_DRAFTS = 23
SECONDS = 5.0  # for one hostile file, on a busy machine
IMAGES = ImageFiles()

EXIF, GPS = 0x8769, 0x8825
SHOT, OFFSET, FRACTION = 0x9003, 0x9011, 0x9291

needs_samples = pytest.mark.skipif(not FILES, reason=MISSING)

Change = Callable[[Image.Exif], None]


def picture(
    exif: Image.Exif | bytes | None = None, form: str = "JPEG", size: tuple[int, int] = (8, 6)
) -> bytes:
    out = io.BytesIO()
    more: dict[str, Any] = {} if exif is None else {"exif": exif}
    Image.new("RGB", size, (10, 200, 30)).save(out, form, **more)
    return out.getvalue()


def with_exif(
    main: dict[int, Any] | None = None, shot: dict[int, Any] | None = None, gps: dict[int, Any] | None = None
) -> Image.Exif:
    exif = Image.Exif()
    exif.update(main or {})
    exif.get_ifd(EXIF).update(shot or {})
    exif.get_ifd(GPS).update(gps or {})
    return exif


def said(tmp_path: Path, exif: Image.Exif | None, form: str = "JPEG") -> dict[str, Any]:
    return dict(only_draft(IMAGES, written(tmp_path, "a picture.jpg", picture(exif, form))).arguments)


def ratio(*parts: float) -> tuple[IFDRational, ...]:
    return tuple(IFDRational(round(part * 10_000), 10_000) for part in parts)


def position(**changes: Any) -> Image.Exif:
    gps = {1: "N", 2: ratio(38, 42, 14.76), 3: "W", 4: ratio(9, 9, 52.92)}
    told: dict[int, Any] = {**gps, **{int(name[1:]): value for name, value in changes.items()}}
    return with_exif(gps={tag: value for tag, value in told.items() if value is not None})


@needs_samples
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_sample_is_kept_with_its_size_and_orientation(path: Path) -> None:
    draft = only_draft(IMAGES, path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(path) as image:
            assert (draft.arguments["width"], draft.arguments["height"]) == image.size
            assert draft.content
            assert draft.content.media_type == Image.MIME[image.format or ""]
            orientation = image.getexif().get(0x0112, 1)
    assert draft.arguments["orientation"] == orientation
    assert draft.content.path == path
    assert draft.source_id == hashlib.sha256(path.read_bytes()).hexdigest()


@needs_samples
def test_samples_give_as_many_drafts_as_measured() -> None:
    assert len({only_draft(IMAGES, path).source_id for path in FILES}) >= SAMPLE_DRAFTS


@needs_samples
def test_samples_tell_camera_time_and_keywords() -> None:
    found = {path.name: only_draft(IMAGES, path) for path in FILES}
    nikon = found["broken_exif_dpi.jpg"].arguments
    assert nikon["camera"] == Camera(
        make="NIKON CORPORATION", model="NIKON D800", lens="14.0-24.0 mm f/2.8", iso=400, f_number=Decimal(8),
        exposure_time="1/250", focal_mm=Decimal(14), focal_35mm=14, flash=True,
    )  # fmt: skip
    assert nikon["captured_local"] == datetime(2013, 9, 11, 16, 45, 13, 900_000)  # noqa: DTZ001 - on the wall
    assert "Budapest" in found["iptc.jpg"].tags
    assert found["iptc.jpg"].arguments["place"] == Place(city="Budapest")


def test_examples_are_three_photos_with_time_and_place() -> None:
    paths = sorted((EXAMPLES / "photos").iterdir())
    assert len(paths) == 3
    for path in paths:
        found = only_draft(IMAGES, path).arguments
        assert path.stat().st_size < 15 << 10
        assert found["captured_at"].strftime("IMG_%Y%m%d_%H%M%S.jpg") == path.name
        assert round(found["latitude"]) == 39
        assert found["camera"].model == "Lumen P3"


def test_time_with_its_offset_is_a_moment(tmp_path: Path) -> None:
    shot = {SHOT: "2026:11:01 10:40:12", OFFSET: "+05:30", FRACTION: "25"}
    found = said(tmp_path, with_exif(shot=shot))
    moment = datetime(2026, 11, 1, 10, 40, 12, 250_000, tzinfo=timezone(timedelta(hours=5.5)))
    assert (found["captured_at"], found["captured_at"].utcoffset()) == (moment, moment.utcoffset())
    assert found["capture_origin"] is CaptureOrigin.EXIF_OFFSET


@pytest.mark.parametrize("offset", ["", "+99:00", "somewhere"])
def test_time_without_an_offset_is_a_time_on_the_wall(tmp_path: Path, offset: str) -> None:
    found = said(tmp_path, with_exif(shot={SHOT: "2026:11:01 10:40:12", OFFSET: offset}))
    assert found["captured_local"] == datetime(2026, 11, 1, 10, 40, 12)  # noqa: DTZ001 - on the wall
    assert found["capture_origin"] is CaptureOrigin.EXIF_LOCAL
    assert "captured_at" not in found


@pytest.mark.parametrize(
    ("written_time", "moment"),
    [
        ("2026-11-01T10:40:12+01:00", datetime(2026, 11, 1, 9, 40, 12, tzinfo=UTC)),
        ("2026/11/01 10:40:12.5Z", datetime(2026, 11, 1, 10, 40, 12, tzinfo=UTC)),
        ("2026:11:01 23:59:60 Z", datetime(2026, 11, 1, 23, 59, 59, tzinfo=UTC)),
        ("    :  :     :  :  ", None),
        ("0000:00:00 00:00:00", None),
        ("2026:02:30 10:00:00", None),
        ("yesterday", None),
    ],
)
def test_times_are_read_as_cameras_write_them(
    tmp_path: Path, written_time: str, moment: datetime | None
) -> None:
    assert said(tmp_path, with_exif(shot={SHOT: written_time})).get("captured_at") == moment


def test_time_of_digitisation_and_of_the_satellites_are_the_next_best(tmp_path: Path) -> None:
    gps = {29: "2026:11:01", 7: ratio(9, 40, 12)}
    shot = {SHOT: "0000:00:00 00:00:00", 0x9004: "2026:11:01 10:00:00", 0x9012: "+01:00"}
    assert said(tmp_path, with_exif(shot=shot, gps=gps))["captured_at"].hour == 10
    found = said(tmp_path, with_exif(gps=gps))
    assert found["captured_at"] == datetime(2026, 11, 1, 9, 40, 12, tzinfo=UTC)
    assert found["capture_origin"] is CaptureOrigin.GPS_UTC


def test_position_has_its_hemispheres_altitude_and_heading(tmp_path: Path) -> None:
    found = said(tmp_path, position(_5=b"\1", _6=ratio(12.5)[0], _16="T", _17=ratio(245)[0], _31=ratio(8)[0]))
    assert isclose(found["latitude"], 38.7041, abs_tol=1e-6)
    assert isclose(found["longitude"], -9.1647, abs_tol=1e-6)
    assert (found["altitude_m"], found["heading_deg"], found["accuracy_m"]) == (-12.5, 245.0, 8.0)
    assert said(tmp_path, position(_16="M", _17=ratio(245)[0]))["heading_deg"] is None
    assert said(tmp_path, position(_17=ratio(361)[0]))["heading_deg"] is None


NOTHING = IFDRational(0, 0)


@pytest.mark.parametrize(
    "exif",
    [
        position(_2=ratio(0, 0, 0), _4=ratio(0, 0, 0)),
        position(_1=None),
        position(_3="?"),
        position(_2=None),
        position(_2=ratio(91, 0, 0)),
        position(_2=(NOTHING, NOTHING, NOTHING)),
        position(_2=(IFDRational(38), NOTHING, NOTHING)),
    ],
)
def test_position_that_cannot_be_true_is_none(tmp_path: Path, exif: Image.Exif) -> None:
    assert "latitude" not in said(tmp_path, exif)


def test_position_in_decimal_minutes_or_degrees_is_read(tmp_path: Path) -> None:
    minutes = said(tmp_path, position(_2=(IFDRational(38), IFDRational(42246, 1000), NOTHING)))
    assert isclose(minutes["latitude"], 38.7041, abs_tol=1e-6)
    degrees = said(tmp_path, position(_1="South", _2=(IFDRational(387041, 10000), NOTHING, NOTHING)))
    assert isclose(degrees["latitude"], -38.7041, abs_tol=1e-6)


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_orientation_that_is_none_is_the_usual_one(tmp_path: Path, value: int) -> None:
    assert said(tmp_path, with_exif({0x0112: value}))["orientation"] == 1


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        ((1, 250), "1/250"), ((10, 2500), "1/250"), ((7396, 1_000_000), "1/135"), ((1, 2), "1/2"), ((3, 10), "0.3"),
        ((1, 1), "1"), ((5, 2), "2.5"), ((30, 1), "30"), ((0, 1), None), ((1, 0), None), ((4_000_000_000, 1), None),
    ],
)  # fmt: skip
def test_exposure_is_written_as_cameras_show_it(
    tmp_path: Path, seconds: tuple[int, int], text: str | None
) -> None:
    camera = said(tmp_path, with_exif({0x0110: "X"}, {0x829A: IFDRational(*seconds)}))["camera"]
    assert camera == Camera(model="X", exposure_time=text)


def test_words_of_people_are_kept_and_those_of_cameras_are_not(tmp_path: Path) -> None:
    windows = {0x9C9B: "Título", 0x9C9C: "a comment", 0x9C9E: "one;two;one"}
    main: dict[int, Any] = {tag: text.encode("utf-16-le") + b"\0\0" for tag, text in windows.items()}
    main |= {
        0x010E: "Café".encode(),
        0x8298: "Photographer\0Editor",
        0x013B: "Robin",
        0x4746: 4,
    }
    draft = only_draft(IMAGES, written(tmp_path, "p.jpg", picture(with_exif(main))))
    assert draft.arguments["caption_text"] == "Café\nTítulo\na comment"
    assert draft.arguments["credit"] == "Robin"
    assert draft.arguments["copyright_notice"].startswith("Photographer")
    assert draft.arguments["rating"] == 4
    assert draft.tags == ("one", "two")
    assert (
        said(tmp_path, with_exif({0x010E: "OLYMPUS DIGITAL CAMERA         ", 0x4746: 99}))["caption_text"]
        == ""
    )


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_exif_is_read_in_every_format(tmp_path: Path, form: str) -> None:
    exif = with_exif(
        {0x010F: "Lumen"},
        {SHOT: "2026:11:01 10:40:12"},
        {1: "N", 2: ratio(1, 2, 3), 3: "E", 4: ratio(4, 5, 6)},
    )
    if form == "TIFF":
        exif.pop(GPS, None)  # Pillow cannot write it
    found = said(tmp_path, exif, form)
    assert found["camera"] == Camera(make="Lumen")
    assert found["captured_local"].year == 2026
    assert ("latitude" in found) == (form != "TIFF")
    assert (found["kind"], found["width"], found["height"]) == (MediaKind.PHOTO, 8, 6)


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_moving_picture_is_an_animation(tmp_path: Path, form: str) -> None:
    out = io.BytesIO()
    frames = [Image.new("RGB", (4, 4), (n * 90, 0, 0)) for n in range(3)]
    frames[0].save(out, form, save_all=True, append_images=frames[1:], duration=100)
    draft = only_draft(IMAGES, written(tmp_path, "moving.gif", out.getvalue()))
    assert draft.arguments["kind"] is MediaKind.ANIMATION
    assert (
        only_draft(IMAGES, written(tmp_path, "still.gif", picture(form=form))).arguments["kind"]
        is MediaKind.PHOTO
    )


def test_content_decides_the_format_and_the_name_does_not(tmp_path: Path) -> None:
    draft = only_draft(IMAGES, written(tmp_path, "really.jpg", picture(form="PNG")))
    assert draft.content
    assert draft.content.media_type == "image/png"


def test_same_bytes_are_the_same_picture_under_any_name(tmp_path: Path) -> None:
    one, other = (only_draft(IMAGES, written(tmp_path, name, picture())) for name in ("a.jpg", "b.jpg"))
    assert one.source_id == other.source_id
    assert one.update is None


def test_file_name_is_cut_and_cleaned(tmp_path: Path) -> None:
    assert said(tmp_path, None)["original_filename"] == "a picture.jpg"
    draft = only_draft(IMAGES, written(tmp_path, "a\tb\x01\udcff.jpg", picture()))
    assert draft.arguments["original_filename"] == "a b.jpg"


def test_heic_is_skipped(tmp_path: Path) -> None:
    path = written(tmp_path, "a.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 100)
    assert read(IMAGES, path) == [Refused("heic_not_supported", Outcome.SKIPPED)]


@pytest.mark.parametrize("data", [b"", b"words", b"\xff\xd8", b"%PDF-1.7", b"<svg/>", b"\0" * 100])
def test_what_is_no_picture_is_unreadable(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(UnreadableFile):
        read(IMAGES, written(tmp_path, "a.jpg", data))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "AVIF"])
def test_picture_without_a_header_is_refused(tmp_path: Path, form: str) -> None:
    assert read(IMAGES, written(tmp_path, "a.jpg", picture(form=form)[:16])) == [Refused("broken_image")]


def test_missing_and_too_large_files_are_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile):
        read(IMAGES, tmp_path / "none.jpg")
    with pytest.raises(UnreadableFile):
        read(IMAGES, written(tmp_path, "a.jpg", picture()), limits=Limits(bytes=10))


def test_picture_larger_than_may_be_held_in_memory_is_kept(tmp_path: Path) -> None:
    limits = Limits(whole_file_bytes=10)
    for form, width in (("JPEG", 8), ("WEBP", None)):
        (draft,) = read(IMAGES, written(tmp_path, "a.jpg", picture(form=form)), limits=limits)
        assert isinstance(draft, Draft)
        assert draft.arguments.get("width") == width


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


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (png(60_000, 60_000), (60_000, 60_000)),
        (png(2_000_000, 10), (None, None)),
        (jpeg(65_500, 65_500), (65_500, 65_500)),
        (b"GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x08\0", (65_535, 65_535)),
    ],
    ids=["png", "png of a long side", "jpeg", "gif"],
)
def test_picture_of_too_many_pixels_is_kept_and_not_decoded(
    tmp_path: Path, data: bytes, size: tuple[int | None, int | None]
) -> None:
    path = written(tmp_path, "large.png", data)
    tracemalloc.start()
    found = only_draft(IMAGES, path).arguments
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (found.get("width"), found.get("height")) == size
    assert peak < 16 << 20


def test_webp_of_too_many_pixels_is_kept(tmp_path: Path) -> None:
    body = b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + b"\xfe\x3f\0\xfe\x3f\0"
    path = written(tmp_path, "a.webp", b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body)
    assert "width" not in only_draft(IMAGES, path).arguments


def tiff(*entries: bytes) -> bytes:
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + b"".join(entries) + b"\0\0\0\0"


def app1(data: bytes) -> bytes:
    return b"\xff\xe1" + struct.pack(">H", len(data) + 2) + data


@pytest.mark.parametrize(
    "exif",
    [
        pytest.param(b"Exif\0\0", id="nothing"),
        pytest.param(b"Exif\0\0II*\0\xff\xff\xff\xff", id="directory beyond the end"),
        pytest.param(tiff(struct.pack("<HHII", EXIF, 4, 1, 8)), id="directory in itself"),
        pytest.param(tiff(struct.pack("<HHII", 0x010E, 2, 2**31, 8)), id="text of two gigabytes"),
        pytest.param(tiff(struct.pack("<HHII", 0x0112, 99, 1, 1)), id="unknown type"),
        pytest.param(tiff(*[struct.pack("<HHII", 0x010F, 2, 4, 0x41414141)] * 5000), id="many entries"),
        pytest.param(tiff(struct.pack("<HHII", 0x4746, 12, 1, 8)), id="rating as a fraction"),
    ],
)
def test_broken_exif_does_not_cost_the_picture(tmp_path: Path, exif: bytes) -> None:
    found = only_draft(IMAGES, written(tmp_path, "a.jpg", jpeg(8, 6, app1(exif)))).arguments
    assert (found["width"], found["height"], found["orientation"]) == (8, 6, 1)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xff\xd8\xff" + b"\0" * 3_000_000, id="zeros in a JPEG"),
        pytest.param(b"\xff\xd8" + b"\xff" * 3_000_000, id="padding in a JPEG"),
        pytest.param(jpeg(8, 6, *[app1(b"Exif\0\0" + b"x" * 60_000)] * 200), id="many segments"),
        pytest.param(png(8, 6, (b"zTXt", b"a\0\0" + zlib.compress(b"x" * 50_000_000))), id="text bomb"),
        pytest.param(png(8, 6, *[(b"tEXt", b"k\0v")] * 50_000), id="many texts"),
        pytest.param(b"GIF89a\1\0\1\0\0\0\0" + b"!\xfe\1x\0" * 200_000, id="comments in a GIF"),
        pytest.param(
            b"II*\0\x08\0\0\0\xff\xff" + b"\0\1\2\0\xff\xff\xff\x7f\x08\0\0\0" * 65_535, id="large TIFF tags"
        ),
    ],
)
def test_hostile_file_ends_soon(tmp_path: Path, data: bytes) -> None:
    path = written(tmp_path, "a.jpg", data)
    begin = time.perf_counter()
    read(IMAGES, path)
    assert time.perf_counter() - begin < SECONDS


FULL = with_exif(
    {0x010E: "words", 0x0112: 6, 0x9C9C: b"a\0b\0"},
    {SHOT: "2026:11:01 10:40:12", OFFSET: "+01:00", 0x829A: IFDRational(1, 250), 0x8827: 100},
    {1: "N", 2: ratio(38, 42, 14), 3: "W", 4: ratio(9, 9, 52)},
).tobytes()  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(exif=mutations(FULL))
def test_no_exif_whatever_costs_the_picture(exif: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = jpeg(8, 6, app1(b"Exif\0\0" + exif.removeprefix(b"Exif\0\0")))
        assert only_draft(IMAGES, written(Path(folder), "a.jpg", data)).arguments["width"] == 8


@settings(max_examples=200, deadline=None)
@given(
    data=st.sampled_from(["JPEG", "PNG", "GIF", "WEBP", "TIFF", "AVIF"]).flatmap(
        lambda form: mutations(picture(None if form == "GIF" else FULL, form))
    )
)
def test_no_bytes_raise_anything_but_unreadable(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            read(IMAGES, written(Path(folder), "a.jpg", data))
        except UnreadableFile:
            return
