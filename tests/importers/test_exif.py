"""What cameras and people write into pictures: what can be true is kept, and nothing of it costs the picture."""

from __future__ import annotations

import struct
import tempfile
from datetime import UTC, datetime, timedelta, timezone
from math import isclose
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from domain.media.media_terms import Camera, CaptureOrigin, MediaKind
from tests.importers.pictures import (
    EXIF,
    FRACTION,
    FULL,
    IMAGES,
    OFFSET,
    SHOT,
    app1,
    jpeg,
    picture,
    position,
    ratio,
    said,
    tiff,
    tiff_picture,
    with_exif,
)
from tests.importers.reading import mutations, only_draft, written


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
    main |= {0x010E: "Café".encode(), 0x8298: "Photographer\0Editor", 0x013B: "Robin", 0x4746: 4}
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
    shot = {SHOT: "2026:11:01 10:40:12"}
    gps = {1: "N", 2: ratio(1, 2, 3), 3: "E", 4: ratio(4, 5, 6)}
    data = (
        picture(with_exif({0x010F: "Lumen"}, shot, gps), form) if form != "TIFF" else tiff_picture(shot, gps)
    )
    found = only_draft(IMAGES, written(tmp_path, "a.jpg", data)).arguments
    assert found["camera"] == Camera(make="Lumen")
    assert found["captured_local"].year == 2026
    assert round(found["latitude"]) == 1
    assert (found["kind"], found["width"], found["height"]) == (MediaKind.PHOTO, 8, 6)


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


@settings(max_examples=200, deadline=None)
@given(exif=mutations(FULL))
def test_no_exif_whatever_costs_the_picture(exif: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = jpeg(8, 6, app1(b"Exif\0\0" + exif.removeprefix(b"Exif\0\0")))
        assert only_draft(IMAGES, written(Path(folder), "a.jpg", data)).arguments["width"] == 8
