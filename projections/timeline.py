"""Read model ``timeline``: everything a person keeps, by the time it happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from domain.shared.record import Record
from projections.question import EVERY_KIND, Question
from projections.table import Column, Index, Sql, derived_table
from projections.view import Derived, Row

TABLE = derived_table(
    "timeline",
    (
        Column("kind", Sql.TEXT, open=True, nullable=False),
        Column("at", Sql.TIMESTAMPTZ, open=True, nullable=False),
        Column("title", Sql.TEXT, nullable=False),
        Column("detail", Sql.TEXT, nullable=False),
    ),
    indexes=(
        Index(("bucket", "subject_id", "at", "record_id")),
        Index(("bucket", "subject_id", "kind", "at", "record_id")),
    ),
)


class Moment(NamedTuple):
    """What a record shows on the timeline, and when it happened (not when it was recorded)."""

    at: datetime
    title: str
    detail: str = ""


def on_timeline(moment: Callable[[Any], Moment | None]) -> Derived:
    """Put a kind on the timeline; ``moment`` returns None for a record that has no place on it."""

    def rows(record: Record) -> Iterator[Row]:
        found = moment(record)
        if found is not None:
            yield (record.KIND, found.at, found.title, found.detail)

    return Derived(TABLE, rows)


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line of the timeline."""

    at: datetime
    kind: str
    record_id: UUID
    title: str
    detail: str


def ask_timeline(
    *, kind: str | None, since: datetime | None, until: datetime | None
) -> Question[TimelineEntry]:
    """Ask what happened, newest first, of one kind or of all; ``since`` is included, ``until`` is not."""
    return Question(
        "timeline",
        EVERY_KIND,
        """
        SELECT at, kind, record_id, title, detail FROM {schema}.timeline
        WHERE bucket = %(bucket)s AND subject_id = %(subject_id)s
            AND (%(kind)s::text IS NULL OR kind = %(kind)s)
            AND (%(since)s::timestamptz IS NULL OR at >= %(since)s)
            AND (%(until)s::timestamptz IS NULL OR at < %(until)s)
            AND (%(after_at)s::timestamptz IS NULL OR (at, record_id) < (%(after_at)s, %(after_record_id)s))
        ORDER BY at DESC, record_id DESC
        LIMIT %(limit)s
        """,
        TimelineEntry,
        {"kind": kind, "since": since, "until": until},
        keyset=("at", "record_id"),
    )
