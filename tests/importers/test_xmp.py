"""What photo programs write as XMP is kept where EXIF does not tell it."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from domain.media.media_terms import CaptureOrigin
from infrastructure.importers.draft import Draft
from tests.importers.pictures import IMAGES, SHOT, with_exif
from tests.importers.reading import only_draft, written

_BEGIN = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
    ' xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/">'
)
_END = '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>\n\0'
_WHOLE = (
    '<rdf:Description xmp:Rating="4" xmp:CreateDate="2026-03-08T09:00:00" exif:GPSLatitude="38,43.338N"'
    ' exif:DateTimeOriginal="2026-03-07T10:15:30.5+01:00" exif:GPSLongitude="9,8,21.48W">'
    '<dc:description><rdf:Alt><rdf:li xml:lang="x-default">At the sea</rdf:li></rdf:Alt></dc:description>'
    "<dc:creator><rdf:Seq><rdf:li>Ada</rdf:li></rdf:Seq></dc:creator>"
    "<dc:subject><rdf:Bag><rdf:li>beach</rdf:li><rdf:li/><rdf:li>sun</rdf:li></rdf:Bag></dc:subject>"
    "</rdf:Description>"
)


def picture(tmp_path: Path, packet: str, form: str = "JPEG", **more: Any) -> Draft:
    out = io.BytesIO()
    if form == "PNG":
        more["pnginfo"] = PngImagePlugin.PngInfo()
        more["pnginfo"].add_itxt("XML:com.adobe.xmp", packet)
    elif form == "TIFF":
        more["tiffinfo"] = {700: packet.encode()}
    else:
        more["xmp"] = packet.encode()
    Image.new("RGB", (8, 6)).save(out, form, **more)
    return only_draft(IMAGES, written(tmp_path, "a picture.jpg", out.getvalue()))


def said(tmp_path: Path, properties: str, **more: Any) -> dict[str, Any]:
    return dict(picture(tmp_path, f"{_BEGIN}<rdf:Description {properties}/>{_END}", **more).arguments)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_picture_tells_in_xmp_what_it_does_not_in_exif(tmp_path: Path, form: str) -> None:
    draft = picture(tmp_path, _BEGIN + _WHOLE + _END, form)
    found = draft.arguments
    assert found["captured_at"] == datetime.fromisoformat("2026-03-07T10:15:30.5+01:00")
    assert (found["capture_origin"], found["rating"]) == (CaptureOrigin.EXIF_OFFSET, 4)
    assert (found["latitude"], found["longitude"]) == (38.7223, -9.1393)
    assert (found["caption_text"], found["credit"], draft.tags) == ("At the sea", "Ada", ("beach", "sun"))


def test_exif_is_believed_where_it_tells(tmp_path: Path) -> None:
    exif = with_exif({0x010E: "Mine", 0x4746: 2}, {SHOT: "2026:03:01 08:00:00"})
    found = picture(tmp_path, _BEGIN + _WHOLE + _END, exif=exif).arguments
    assert (found["caption_text"], found["rating"], found["credit"]) == ("Mine", 2, "Ada")
    assert (found["captured_local"], found.get("captured_at")) == (datetime(2026, 3, 1, 8), None)  # noqa: DTZ001 - wall time
    assert found["latitude"] == 38.7223


@pytest.mark.parametrize(
    "properties",
    [
        'xmp:CreateDate="2026-03-07"',
        'xmp:CreateDate="2026-02-30T10:15:30"',
        'xmp:CreateDate="0001-01-01T00:00:00"',
        'exif:GPSLatitude="38,43.338N"',
        'exif:GPSLatitude="0,0N" exif:GPSLongitude="0,0E"',
        'exif:GPSLatitude="98,43.338N" exif:GPSLongitude="9,8.358W"',
        'exif:GPSLatitude="38,43.338W" exif:GPSLongitude="9,8.358W"',
        'xmp:Rating="-1"',
        'xmp:Rating="9"',
    ],
)
def test_what_cannot_be_true_is_left_out(tmp_path: Path, properties: str) -> None:
    found = said(tmp_path, properties)
    assert not any(
        found.get(name) for name in ("captured_at", "captured_local", "latitude", "longitude", "rating")
    )


@pytest.mark.parametrize(
    "packet",
    [
        "",
        "no xml",
        "<x:xmpmeta",
        f"{_BEGIN}{_WHOLE}",
        '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        "<a>" * 100_000,
        f"{_BEGIN}{'<rdf:Description>' * 1000}{_WHOLE}{'</rdf:Description>' * 1000}{_END}",
    ],
)
def test_picture_with_xmp_that_cannot_be_read_is_a_picture_all_the_same(tmp_path: Path, packet: str) -> None:
    found = picture(tmp_path, packet, "PNG").arguments
    assert (found["width"], found.get("caption_text", "")) == (8, "")
