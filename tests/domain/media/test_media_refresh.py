"""What a medium takes from its source, and what it keeps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import pytest

from domain.media.media import Media
from domain.media.media_terms import Camera, CaptureOrigin, MediaKind, Visibility
from tests.domain.media.photos import BETTER, NOON, ORIGINAL, ROME, imported, position, topics


def test_refresh_takes_what_the_source_says_now() -> None:
    media = imported(caption_text="Pantheon", rating=2, **ROME)

    media.refresh(kind=MediaKind.ANIMATION, caption_text="Panteon", visibility=Visibility.ARCHIVED)

    assert (media.kind, media.caption_text, media.rating) == (MediaKind.ANIMATION, "Panteon", 0)
    assert media.visibility is Visibility.ARCHIVED
    assert position(media) == (None,) * 6
    assert topics(media)[1:] == ["media.refreshed"]


def test_refresh_with_nothing_new_records_nothing() -> None:
    details = {"caption_text": "Pantheon", "captured_at": NOON, "camera": Camera("Canon"), **ROME}
    media = imported(**details)

    media.refresh(kind=MediaKind.PHOTO, **cast("Any", details))
    media.refresh(ORIGINAL, kind=MediaKind.PHOTO, **cast("Any", details))

    assert topics(media) == ["media.added"]


def test_refresh_without_bytes_keeps_those_there_are() -> None:
    media = imported()

    media.refresh(kind=MediaKind.PHOTO, caption_text="new")
    assert media.content == ORIGINAL
    media.refresh(BETTER, kind=MediaKind.PHOTO, caption_text="new")

    assert media.content == BETTER


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (lambda media: media.caption("mine"), {"caption_text"}),
        (lambda media: media.describe("mine"), {"alt_text"}),
        (
            lambda media: media.correct_capture_time(NOON - timedelta(days=1)),
            {"captured_at", "captured_local", "capture_origin"},
        ),
        (lambda media: media.geotag(1.0, longitude=2.0), {"latitude", "longitude", "place"}),
        (lambda media: media.remove_geotag(), {"latitude", "longitude", "place"}),
        (lambda media: media.rate(1), {"rating"}),
        (lambda media: media.unfavourite(), {"is_favourite"}),
        (lambda media: media.lock(), {"visibility"}),
        (lambda media: media.replace_content(BETTER, width=9), {"content", "width", "height"}),
    ],
)
def test_refresh_leaves_alone_what_the_person_changed(
    change: Callable[[Media], None], names: set[str]
) -> None:
    said: dict[str, Any] = {
        "caption_text": "theirs",
        "alt_text": "theirs",
        "captured_at": NOON,
        "capture_origin": CaptureOrigin.EXIF_OFFSET,
        "rating": 5,
        "is_favourite": True,
        **ROME,
    }
    media = imported(**said)
    change(media)
    mine = {name: getattr(media, name) for name in names}

    media.refresh(ORIGINAL, kind=MediaKind.PHOTO, credit="Agency", **said)

    assert {name: getattr(media, name) for name in names} == mine
    assert media.credit == "Agency"
    untouched = said.keys() - media.edited_fields
    assert {name: getattr(media, name) for name in untouched} == {name: said[name] for name in untouched}
