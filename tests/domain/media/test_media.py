"""What may happen to a medium, and that a refresh leaves alone what the person changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, cast

import pytest

from domain.catalogue import kind_named
from domain.media.media import Media
from domain.media.media_terms import (
    Camera,
    CaptureOrigin,
    CaptureTimeMissing,
    Encoding,
    MediaKind,
    Place,
    PutAwayOtherwise,
    Visibility,
)
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput, RecordTrashed
from domain.shared.peers import Claim
from domain.shared.place import HalfPlace
from domain.shared.record import Origin, state_fields
from domain.shared.values import StoredContent, new_id
from tests.domain.media.photos import BETTER, NOON, ORIGINAL, ROME, imported, position, topics


def photo(**details: Any) -> Media:
    return Media.add(Origin(new_id()), ORIGINAL, kind=MediaKind.PHOTO, **details)


def contents(media: Media) -> dict[str, Any]:
    return {name: getattr(media, name) for name in state_fields(Media)} | {"version": media.version}


def test_catalogue_finds_the_kind() -> None:
    assert kind_named("media") is Media


def test_added_medium_keeps_what_is_known_of_it() -> None:
    given = {
        "original_filename": "IMG_0001.JPG",
        "width": 4032,
        "height": 3024,
        "orientation": 6,
        "duration_ms": 1500,
        "encoding": Encoding("hevc", Decimal("29.97"), 8_000_000, has_audio=True),
        "captured_at": NOON,
        "captured_local": datetime(2023, 8, 1, 14),  # noqa: DTZ001 - a time on the wall
        "capture_origin": CaptureOrigin.EXIF_OFFSET,
        "camera": Camera(
            "Canon", "EOS R5", "RF 50mm", 200, Decimal("1.8"), "1/250", Decimal(50), 50, flash=False
        ),
        **ROME,
        "altitude_m": 21.5,
        "heading_deg": 270.0,
        "accuracy_m": 8.0,
        "caption_text": "Pantheon",
        "alt_text": "A dome with a hole",
        "credit": "Me",
        "copyright_notice": "(c) me",
        "rating": 4,
        "is_favourite": True,
        "visibility": Visibility.ARCHIVED,
    }

    media = photo(**given)

    assert {name: getattr(media, name) for name in given} == given
    assert (media.kind, media.content) == (MediaKind.PHOTO, ORIGINAL)
    assert topics(media) == ["media.added"]


def test_origin_of_a_time_is_nothing_without_a_time() -> None:
    assert photo(capture_origin=CaptureOrigin.FILENAME).capture_origin is None
    assert imported().capture_origin is None


def test_equal_bytes_are_claimed_once_by_their_digest_and_by_their_id() -> None:
    digest = "5eed" * 16
    first, again = (photo() for _ in range(2))
    first.replace_content(StoredContent(new_id(), 3, "image/jpeg", digest))
    again.replace_content(StoredContent(new_id(), 3, "image/jpeg", digest))
    assert first.claims & again.claims == {Claim("media.content", digest)}
    assert len(first.claims) == 2
    assert photo().claims == {Claim("media.content", str(ORIGINAL.blob_id))}


@pytest.mark.parametrize("digest", ["5EED" * 16, "5eed" * 15, "5eed" * 16 + "\n", "sha"])
def test_digest_of_content_is_of_one_form(digest: str) -> None:
    command = commands_of(Media)["replace_content"]
    with pytest.raises(InvalidInput) as refused:
        command.arguments((StoredContent(new_id(), 3, "image/jpeg", digest),), {})
    assert digest not in str(refused.value)


def test_same_bytes_are_replaced_once_whether_or_not_their_digest_is_known() -> None:
    media = photo()
    media.replace_content(replace(ORIGINAL, digest="5eed" * 16))
    assert topics(media) == ["media.added"]


@pytest.mark.parametrize("half", [{"latitude": 41.9}, {"longitude": 12.5}])
def test_latitude_and_longitude_come_together(half: dict[str, Any]) -> None:
    with pytest.raises(HalfPlace):
        photo(**half)
    with pytest.raises(HalfPlace):
        imported().refresh(kind=MediaKind.PHOTO, **half)


def test_caption_is_written_once() -> None:
    media = photo()

    media.caption("Pantheon")
    media.caption("Pantheon")

    assert media.caption_text == "Pantheon"
    assert topics(media)[1:] == ["media.captioned"]


def test_description_is_the_alternative_text() -> None:
    media = photo()

    media.describe("A dome with a hole")
    media.describe("A dome with a hole")

    assert media.alt_text == "A dome with a hole"
    assert topics(media)[1:] == ["media.described"]


def test_corrected_capture_time_is_the_persons_word() -> None:
    media = photo(captured_at=NOON, capture_origin=CaptureOrigin.FILE_MTIME)

    media.correct_capture_time(NOON - timedelta(hours=1), reason="clock was wrong")

    assert (media.captured_at, media.captured_local) == (NOON - timedelta(hours=1), None)
    assert media.capture_origin is CaptureOrigin.USER
    assert cast("Any", media.pending_events[-1]).reason == "clock was wrong"


def test_capture_time_can_be_a_time_on_the_wall() -> None:
    media = photo(captured_at=NOON)
    wall = datetime(2023, 8, 1, 14)  # noqa: DTZ001 - a time on the wall

    media.correct_capture_time(captured_local=wall)

    assert (media.captured_at, media.captured_local) == (None, wall)


def test_capture_time_cannot_be_corrected_to_nothing() -> None:
    with pytest.raises(CaptureTimeMissing):
        photo(captured_at=NOON).correct_capture_time()


def test_same_capture_time_is_corrected_once_but_another_offset_is_a_correction() -> None:
    media = photo()
    in_rome = NOON.astimezone(timezone(timedelta(hours=2)))

    media.correct_capture_time(NOON)
    media.correct_capture_time(NOON)
    assert media.version == 2

    media.correct_capture_time(in_rome)

    assert media.version == 3
    assert media.captured_at is not None
    assert media.captured_at.utcoffset() == timedelta(hours=2)


def test_geotag_replaces_the_whole_position() -> None:
    media = photo(latitude=1.0, longitude=2.0, altitude_m=3.0, heading_deg=4.0, accuracy_m=5.0)

    media.geotag(41.9, longitude=12.5, place=Place("Roma"))
    media.geotag(41.9, longitude=12.5, place=Place("Roma"))

    assert position(media) == (41.9, 12.5, None, None, None, Place("Roma"))
    assert topics(media)[1:] == ["media.geotagged"]


def test_removed_geotag_leaves_no_trace_of_the_place() -> None:
    media = photo(**ROME, altitude_m=21.5, heading_deg=270.0, accuracy_m=8.0)

    media.remove_geotag()
    media.remove_geotag()

    assert position(media) == (None,) * 6
    assert topics(media)[1:] == ["media.geotag_removed"]


def test_rating_can_be_given_and_taken_back() -> None:
    media = photo()

    media.rate(5)
    media.rate(5)
    assert media.rating == 5
    media.rate(0)

    assert media.rating == 0
    assert topics(media)[1:] == ["media.rated", "media.rated"]


def test_favourite_goes_on_and_off_once() -> None:
    media = photo()

    media.unfavourite()
    media.favourite()
    media.favourite()
    assert (media.is_favourite, media.version) == (True, 2)
    media.unfavourite()
    media.unfavourite()

    assert not media.is_favourite
    assert topics(media)[1:] == ["media.favourited", "media.unfavourited"]


PUT_AWAY: list[tuple[Callable[[Media], None], Callable[[Media], None], Visibility]] = [
    (Media.archive, Media.unarchive, Visibility.ARCHIVED),
    (Media.hide, Media.unhide, Visibility.HIDDEN),
    (Media.lock, Media.unlock, Visibility.LOCKED),
]


@pytest.mark.parametrize(("away", "back", "where"), PUT_AWAY)
def test_medium_is_put_away_and_brought_back_once(
    away: Callable[[Media], None], back: Callable[[Media], None], where: Visibility
) -> None:
    media = photo()

    back(media)
    away(media)
    away(media)
    assert media.visibility is where
    back(media)
    back(media)

    assert media.visibility is Visibility.TIMELINE
    assert media.version == 3
    assert topics(media)[1] != topics(media)[2]


@pytest.mark.parametrize(("away", "back", "where"), PUT_AWAY)
def test_medium_put_away_in_one_way_is_not_treated_in_another(
    away: Callable[[Media], None], back: Callable[[Media], None], where: Visibility
) -> None:
    for other in set(Visibility) - {Visibility.TIMELINE, where}:
        media = photo(visibility=other)

        with pytest.raises(PutAwayOtherwise):
            away(media)
        with pytest.raises(PutAwayOtherwise):
            back(media)
        assert media.visibility is other


def test_replaced_content_brings_its_own_measures() -> None:
    media = photo(width=100, height=50, orientation=6)

    media.replace_content(BETTER, width=200)
    media.replace_content(BETTER, width=200)

    assert (media.content, media.width, media.height, media.orientation) == (BETTER, 200, None, 1)
    assert topics(media)[1:] == ["media.content_replaced"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("orientation", 0),
        ("orientation", 9),
        ("rating", 6),
        ("rating", -1),
        ("width", 0),
        ("duration_ms", -1),
        ("latitude", 90.1),
        ("longitude", -180.1),
        ("heading_deg", 361),
        ("kind", "hologram"),
        ("captured_at", "2023-08-01T12:00:00"),
        ("captured_local", "2023-08-01T12:00:00Z"),
        ("original_filename", "x" * 256),
        ("alt_text", "x" * 1001),
        ("camera", {"f_number": "0"}),
        ("camera", {"exposure_time": "1/0"}),
        ("place", {"country": "Italy"}),
    ],
)
def test_arguments_out_of_bounds_are_refused(name: str, value: Any) -> None:
    body: dict[str, Any] = {
        "content": {"blob_id": str(ORIGINAL.blob_id), "size": 1, "media_type": "image/jpeg"},
        "kind": "photo",
        "latitude": 0.5,
        "longitude": 0.5,
        "camera": {"make": "Canon", "f_number": "2.8", "exposure_time": "1/250"},
    }
    add = commands_of(Media)["add"]
    assert add.arguments_from_json(json.dumps(body))["camera"].exposure_time == "1/250"

    with pytest.raises(InvalidInput) as refused:
        add.arguments_from_json(json.dumps(body | {name: value}))

    assert name in str(refused.value)
    assert "hologram" not in str(refused.value)


def test_trashed_medium_changes_no_more() -> None:
    media = photo()
    media.trash()

    with pytest.raises(RecordTrashed):
        media.caption("Pantheon")
    media.restore()
    media.caption("Pantheon")

    assert media.caption_text == "Pantheon"


def test_repr_shows_nothing_of_the_medium() -> None:
    assert "Pantheon" not in repr(photo(caption_text="Pantheon"))


def test_replaying_the_events_gives_the_same_state() -> None:
    media = imported(captured_at=NOON)
    media.caption("Pantheon")
    media.describe("A dome")
    media.correct_capture_time(NOON, reason="sure")
    media.geotag(41.9, longitude=12.5)
    media.remove_geotag()
    media.rate(3)
    media.favourite()
    media.unfavourite()
    for away, back, _ in PUT_AWAY:
        away(media)
        back(media)
    media.replace_content(BETTER)
    media.refresh(kind=MediaKind.PHOTO, credit="Agency")
    media.tag("rome")
    media.trash("twice")

    state: Any = None
    for event in media.pending_events:
        state = event.mutate(state)

    assert contents(state) == contents(media)
    assert media.version == 19


def test_time_of_capture_with_an_offset_tells_the_day_there() -> None:
    west = datetime(2026, 1, 9, 23, 30, tzinfo=timezone(-timedelta(hours=5)))
    assert photo(captured_at=west).captured_local == west.replace(tzinfo=None)
    assert photo(captured_at=west.astimezone(UTC)).captured_local is None
    medium = photo()
    medium.correct_capture_time(west)
    assert medium.captured_local == west.replace(tzinfo=None)
