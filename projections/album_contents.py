"""Read model ``album_contents``: what lies in which album, in order; the rule of a smart one is asked anew each time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from projections.question import EVERY_KIND, Question
from projections.table import Column, Index, Sql, derived_table

TABLE = derived_table(
    "album_contents",
    (
        Column("media_id", Sql.UUID, open=True, nullable=False),
        Column("is_cover", Sql.BOOLEAN, open=True, nullable=False),
        Column("arrival", Sql.BIGINT, open=True, nullable=False),
    ),
    indexes=(Index(("bucket", "subject_id", "media_id")),),
    part=True,
)


# What the rule of an album finds, with the day on which it was captured, where it was captured.
_DAY = "coalesce(m.captured_local, m.captured_at AT TIME ZONE 'UTC')::date"
_FOUND_BY_RULE = (
    """
        WITH asked AS (
            SELECT rule, "order" FROM {schema}.albums
            WHERE bucket = %(bucket)s AND id = %(album_id)s AND subject_id = %(subject_id)s
                AND deleted_at IS NULL
        ), found AS (
            SELECT m.id, m.original_filename, m.caption_text, m.captured_at, m.created_at, day.captured
            FROM asked JOIN {schema}.media AS m ON m.bucket = %(bucket)s AND m.subject_id = %(subject_id)s
            CROSS JOIN LATERAL (SELECT """
    + _DAY
    + """ AS captured) AS day
            WHERE asked.rule IS NOT NULL AND m.deleted_at IS NULL
                AND m.kind = coalesce(rule ->> 'kind', m.kind)
                AND m.is_favourite = coalesce((rule ->> 'is_favourite')::boolean, m.is_favourite)
                AND m.rating >= coalesce((rule ->> 'rating')::bigint, m.rating)
                AND (rule ->> 'captured_from' IS NULL OR day.captured >= (rule ->> 'captured_from')::date)
                AND (rule ->> 'captured_until' IS NULL OR day.captured <= (rule ->> 'captured_until')::date)
                AND (rule ->> 'tag' IS NULL
                    OR EXISTS (SELECT FROM unnest(m.tags) AS tag WHERE normalize(tag) = normalize(rule ->> 'tag')))
        )"""
)


@dataclass(frozen=True, slots=True)
class AlbumItem:
    """One place in an album; ``place`` counts from 0. Media in the trash are left out.

    They come in the order of the album (``AlbumOrder``); between two pages that order may change.
    """

    place: int
    media_id: UUID
    is_cover: bool
    filename: str
    caption: str
    captured_at: datetime | None


@dataclass(frozen=True, slots=True)
class AlbumDates:
    """The first and the last day on which something in an album was captured, where it was captured.

    Media in the trash and those of unknown time do not count; None where nothing is left.
    """

    date_from: date | None
    date_to: date | None


def ask_album_contents(album_id: UUID) -> Question[AlbumItem]:
    """Ask what lies in an album, in its order."""
    return Question(
        "album_contents",
        EVERY_KIND,
        _FOUND_BY_RULE
        + """, sorted AS (
            SELECT id AS media_id, false AS is_cover, original_filename, caption_text, captured_at,
                0 AS part, 0 AS arrival, created_at, false AS hidden
            FROM found
            UNION ALL
            SELECT c.media_id, c.is_cover, m.original_filename, m.caption_text, m.captured_at,
                c.part, c.arrival, NULL, m.deleted_at IS NOT NULL
            FROM {schema}.album_contents AS c
            JOIN {schema}.media AS m ON m.bucket = c.bucket AND m.id = c.media_id
            WHERE c.bucket = %(bucket)s AND c.subject_id = %(subject_id)s AND c.record_id = %(album_id)s
                AND (SELECT "order" FROM asked) <> 'manual'
        ), placed AS (
            SELECT row_number() OVER (
                ORDER BY
                    CASE WHEN "order" IN ('captured_asc', 'manual') THEN captured_at END,
                    CASE WHEN "order" = 'captured_desc' THEN captured_at END DESC NULLS LAST,
                    CASE WHEN "order" = 'added_desc' THEN arrival END DESC,
                    CASE WHEN "order" = 'added_desc' THEN created_at END DESC,
                    CASE WHEN "order" = 'title' THEN coalesce(nullif(caption_text, ''), original_filename) END,
                    part, media_id
            ) - 1 AS place, sorted.*
            FROM sorted CROSS JOIN asked
        )
        (
            SELECT c.part AS place, c.media_id, c.is_cover, m.original_filename AS filename,
                m.caption_text AS caption, m.captured_at
            FROM {schema}.album_contents AS c
            JOIN {schema}.media AS m ON m.bucket = c.bucket AND m.id = c.media_id
            WHERE c.bucket = %(bucket)s AND c.subject_id = %(subject_id)s AND c.record_id = %(album_id)s
                AND (SELECT "order" FROM asked) = 'manual'
                AND m.deleted_at IS NULL
                AND (%(after_place)s::bigint IS NULL OR c.part > %(after_place)s)
            ORDER BY c.part LIMIT %(limit)s
        )
        UNION ALL
        (
            SELECT place, media_id, is_cover, original_filename, caption_text, captured_at
            FROM placed
            WHERE NOT hidden AND (%(after_place)s::bigint IS NULL OR place > %(after_place)s)
            ORDER BY place LIMIT %(limit)s
        )
        ORDER BY place
        """,
        AlbumItem,
        {"album_id": album_id},
        keyset=("place",),
    )


def ask_album_dates(album_id: UUID) -> Question[AlbumDates]:
    """Ask from when to when an album goes; the answer is one row, whether there is such an album or not."""
    return Question(
        "album_dates",
        EVERY_KIND,
        _FOUND_BY_RULE
        + """, held AS (
            SELECT captured FROM found
            UNION ALL
            SELECT """
        + _DAY
        + """
            FROM {schema}.album_contents AS c
            JOIN {schema}.media AS m ON m.bucket = c.bucket AND m.id = c.media_id
            WHERE c.bucket = %(bucket)s AND c.subject_id = %(subject_id)s AND c.record_id = %(album_id)s
                AND m.deleted_at IS NULL
        )
        SELECT min(captured) AS date_from, max(captured) AS date_to FROM held
        """,
        AlbumDates,
        {"album_id": album_id},
    )
