"""The ending of a file, whatever somebody has called it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.media.media import Media
from domain.media.media_terms import MediaKind
from domain.shared.record import Origin
from domain.shared.values import StoredContent, new_id
from tests.domain.media.photos import ORIGINAL


def extension(name: str, media_type: str | None) -> str:
    origin = Origin(new_id())
    if media_type is None:
        return Media.begin_upload(origin, kind=MediaKind.OTHER, original_filename=name).extension
    content = StoredContent(new_id(), 1, media_type)
    return Media.add(origin, content, kind=MediaKind.OTHER, original_filename=name).extension


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("IMG_0001.JPG", "jpg"),
        ("scan.tar.gz", "gz"),
        ("DCIM.old/IMG_0001.Heic", "heic"),
        ("x." + "a" * 16, "a" * 16),
    ],
)
def test_name_of_the_file_tells_its_ending(name: str, found: str) -> None:
    assert extension(name, "image/png") == extension(name, None) == found


@pytest.mark.parametrize(
    "name", ["", "IMG_0001", ".jpg", "DCIM.old/IMG_0001", "Dr. No", "x.", "x.j\u00fcg", "x." + "a" * 17]
)
def test_type_tells_the_ending_where_the_name_does_not(name: str) -> None:
    assert extension(name, "image/png") == "png"
    assert extension(name, None) == ""


@pytest.mark.parametrize(
    ("media_type", "found"),
    [
        ("image/jpeg", "jpg"),
        ("image/heic", "heic"),
        ("image/svg+xml", "svg"),
        ("video/quicktime", "mov"),
        ("audio/x-wav", "wav"),
        ("application/octet-stream", ""),
        ("application/vnd.oasis.opendocument.text", ""),
    ],
)
def test_usual_ending_of_a_type_is_taken(media_type: str, found: str) -> None:
    assert extension("", media_type) == found


def test_ending_follows_the_bytes() -> None:
    media = Media.add(Origin(new_id()), ORIGINAL, kind=MediaKind.PHOTO)
    media.replace_content(replace(ORIGINAL, blob_id=new_id(), media_type="image/webp"))
    assert media.extension == "webp"
