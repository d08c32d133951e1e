"""Read model ``album_contents``: what lies in which album, in order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from projections.question import EVERY_KIND, Question
from projections.table import Column, Index, Sql, derived_table

TABLE = derived_table(
    "album_contents",
    (
        Column("media_id", Sql.UUID, open=True, nullable=False),
        Column("is_cover", Sql.BOOLEAN, open=True, nullable=False),
    ),
    indexes=(Index(("bucket", "subject_id", "media_id")),),
    part=True,
)


@dataclass(frozen=True, slots=True)
class AlbumItem:
    """One place in an album; ``place`` counts from 0. Media in the trash are left out."""

    place: int
    media_id: UUID
    is_cover: bool
    filename: str
    caption: str
    captured_at: datetime | None


def ask_album_contents(album_id: UUID) -> Question[AlbumItem]:
    """Ask what lies in an album, in its order."""
    return Question(
        "album_contents",
        EVERY_KIND,
        """
        SELECT c.part AS place, c.media_id, c.is_cover, m.original_filename AS filename,
            m.caption_text AS caption, m.captured_at
        FROM {schema}.album_contents AS c
        JOIN {schema}.media AS m ON m.bucket = c.bucket AND m.id = c.media_id
        WHERE c.bucket = %(bucket)s AND c.subject_id = %(subject_id)s AND c.record_id = %(album_id)s
            AND m.deleted_at IS NULL
            AND (%(after_place)s::bigint IS NULL OR c.part > %(after_place)s)
        ORDER BY c.part LIMIT %(limit)s
        """,
        AlbumItem,
        {"album_id": album_id},
        keyset=("place",),
    )
