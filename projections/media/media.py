"""What can be asked of photos, videos and recordings."""

from __future__ import annotations

from datetime import UTC

from domain.media.media import Media
from projections.record_table import RecordTable
from projections.search import Words, in_search
from projections.timeline import Moment, on_timeline
from projections.view import View


def _moment(media: Media) -> Moment:
    taken = media.captured_at
    if taken is None and media.captured_local is not None:
        taken = media.captured_local.replace(
            tzinfo=UTC
        )  # a camera without a zone: its wall time, taken as UTC
    return Moment(taken or media.created_on, media.caption_text or media.original_filename, media.kind.value)


def _words(media: Media) -> Words:
    texts = (
        media.original_filename,
        media.alt_text,
        media.credit,
        media.copyright_notice,
        media.ocr_text,
        media.transcript,
    )
    return Words(media.caption_text, "\n".join(text for text in texts if text))


VIEW = View(
    Media,
    RecordTable(
        Media,
        "media",
        filters=("kind", "is_favourite", "processing"),
        orders=("captured_at",),
        listed=("original_filename", "captured_at", "width", "height"),
    ),
    derived=(on_timeline(_moment), in_search(_words)),
)
