"""Photos for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from domain.catalogue import topic_of
from domain.media.media import Media
from domain.media.media_terms import MediaKind, Place
from domain.shared.record import Origin, Source
from domain.shared.values import StoredContent, new_id

ORIGINAL = StoredContent(new_id(), 2_000_000, "image/jpeg")
BETTER = StoredContent(new_id(), 9_000_000, "image/jpeg")
NOON = datetime(2023, 8, 1, 12, tzinfo=UTC)
ROME = {"latitude": 41.9, "longitude": 12.5, "place": Place("Roma", "Lazio", "IT")}


def imported(**details: Any) -> Media:
    origin = Origin(new_id(), source=Source("google_photos", "AF1Qip"))
    return Media.add(origin, ORIGINAL, kind=MediaKind.PHOTO, **details)


def topics(media: Media) -> list[str]:
    return [topic_of(cast("type[Media.Event]", type(event)), Media) for event in media.pending_events]


def position(media: Media) -> tuple[Any, ...]:
    return (
        media.latitude,
        media.longitude,
        media.altitude_m,
        media.heading_deg,
        media.accuracy_m,
        media.place,
    )
