"""Read models ``visits`` and ``places``: where the person was, and how often."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from projections.question import Question
from projections.table import BUCKET, SUBJECT, Column, Index, Sql, Table, derived_table

VISITS = derived_table(
    "visits",
    (
        Column("place", Sql.TEXT, nullable=False),
        Column("latitude", Sql.FLOAT, nullable=False),
        Column("longitude", Sql.FLOAT, nullable=False),
        Column("arrived_at", Sql.TIMESTAMPTZ, open=True, nullable=False),
        Column("left_at", Sql.TIMESTAMPTZ, open=True),
    ),
    indexes=(
        Index(("bucket", "subject_id", "place", "arrived_at")),
        Index(("bucket", "subject_id", "arrived_at", "record_id", "part")),
    ),
    part=True,
)

PLACES = Table(
    "places",
    (
        BUCKET,
        SUBJECT,
        Column("place", Sql.TEXT, nullable=False),
        Column("visits", Sql.BIGINT, nullable=False),
        Column("minutes", Sql.BIGINT, nullable=False),
    ),
    ("bucket", "subject_id", "place"),
    (Index(("bucket", "subject_id", "visits", "place")),),
)


@dataclass(frozen=True, slots=True)
class Place:
    """A place and how often the person was there."""

    place: str
    visits: int
    minutes: int
    last_arrived_at: datetime
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Visit:
    """One stay at a place."""

    arrived_at: datetime
    left_at: datetime | None
    place: str
    latitude: float
    longitude: float
    record_id: UUID
    part: int


def ask_places() -> Question[Place]:
    """Ask for places, the most visited first."""
    return Question(
        "places",
        "location",
        """
        SELECT p.place, p.visits, p.minutes, last.arrived_at AS last_arrived_at, last.latitude, last.longitude
        FROM {schema}.places AS p CROSS JOIN LATERAL (
            SELECT v.arrived_at, v.latitude, v.longitude FROM {schema}.visits AS v
            WHERE v.bucket = p.bucket AND v.subject_id = p.subject_id AND v.place = p.place
            ORDER BY v.arrived_at DESC LIMIT 1
        ) AS last
        WHERE p.bucket = %(bucket)s AND p.subject_id = %(subject_id)s AND p.visits > 0
            AND (%(after_visits)s::bigint IS NULL OR (p.visits, p.place) < (%(after_visits)s, %(after_place)s))
        ORDER BY p.visits DESC, p.place DESC LIMIT %(limit)s
        """,
        Place,
        keyset=("visits", "place"),
        analysis=True,
    )


def ask_visits() -> Question[Visit]:
    """Ask for visits, the latest first."""
    return Question(
        "visits",
        "location",
        """
        SELECT arrived_at, left_at, place, latitude, longitude, record_id, part FROM {schema}.visits
        WHERE bucket = %(bucket)s AND subject_id = %(subject_id)s
            AND (%(after_arrived_at)s::timestamptz IS NULL
                OR (arrived_at, record_id, part) < (%(after_arrived_at)s, %(after_record_id)s, %(after_part)s))
        ORDER BY arrived_at DESC, record_id DESC, part DESC LIMIT %(limit)s
        """,
        Visit,
        keyset=("arrived_at", "record_id", "part"),
        analysis=True,
    )
