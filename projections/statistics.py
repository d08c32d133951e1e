"""Read model ``statistics``: how many records, events and bytes a person has of each kind."""

from __future__ import annotations

from dataclasses import dataclass

from domain.shared.record import Record
from projections.question import EVERY_KIND, Question
from projections.table import BUCKET, SUBJECT, Column, Sql, Table

TABLE = Table(
    "statistics",
    (
        BUCKET,
        SUBJECT,
        Column("kind", Sql.TEXT, open=True, nullable=False),
        Column("records", Sql.BIGINT, open=True, nullable=False),
        Column("trashed", Sql.BIGINT, open=True, nullable=False),
        Column("events", Sql.BIGINT, open=True, nullable=False),
        Column("bytes", Sql.BIGINT, open=True, nullable=False),
    ),
    ("bucket", "subject_id", "kind"),
)


def of_record(record: Record) -> tuple[int, int]:
    """Return what a record counts for: living records, trashed records."""
    return (0, 1) if record.deleted_at is not None else (1, 0)


@dataclass(frozen=True, slots=True)
class KindStatistics:
    """What a person has of one kind; bytes are those of the encrypted events."""

    kind: str
    records: int
    trashed: int
    events: int
    bytes: int


def ask_statistics() -> Question[KindStatistics]:
    """Ask how much there is of each kind."""
    return Question(
        "statistics",
        EVERY_KIND,
        """
        SELECT kind, records, trashed, events, bytes FROM {schema}.statistics
        WHERE bucket = %(bucket)s AND subject_id = %(subject_id)s AND events > 0
        ORDER BY kind
        """,
        KindStatistics,
        analysis=True,
    )
