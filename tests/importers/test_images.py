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
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from domain.media.media_terms import Camera, MediaKind, Place
from infrastructure.importers.draft import Draft, Limits, Refused, UnreadableFile
from tests.importers.pictures import FULL, IMAGES, app1, jpeg, picture, png, said
from tests.importers.reading import EXAMPLES, MISSING, mutations, only_draft, read, samples, written

FILES = samples("media", ".jpg", ".png", ".webp", ".avif", ".gif", ".tif", ".tiff")
SAMPLE_DRAFTS = 23
SECONDS = 5.0  # of the processor for one hostile file, however busy the machine

needs_samples = pytest.mark.skipif(not FILES, reason=MISSING)


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


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xff\xd8\xff" + b"\0" * 3_000_000, id="zeros in a JPEG"),
        pytest.param(b"\xff\xd8" + b"\xff" * 500_000, id="padding in a JPEG"),
        pytest.param(jpeg(8, 6, *[app1(b"Exif\0\0" + b"x" * 60_000)] * 200), id="many segments"),
        pytest.param(png(8, 6, (b"zTXt", b"a\0\0" + zlib.compress(b"x" * 50_000_000))), id="text bomb"),
        pytest.param(png(8, 6, *[(b"tEXt", b"k\0v")] * 50_000), id="many texts"),
        pytest.param(b"GIF89a\1\0\1\0\0\0\0" + b"!\xfe\1x\0" * 200_000, id="comments in a GIF"),
        pytest.param(
            b"II*\0\x08\0\0\0\x20\x4e" + b"\0\1\2\0\xff\xff\xff\x7f\x08\0\0\0" * 20_000, id="large TIFF tags"
        ),
    ],
)
def test_hostile_file_ends_soon(tmp_path: Path, data: bytes) -> None:
    path = written(tmp_path, "a.jpg", data)
    begin = time.process_time()
    read(IMAGES, path)
    assert time.process_time() - begin < SECONDS


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
