"""Read model ``audit``: who did what, when and why. One row an event, read-only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from projections.question import EVERY_KIND, Question
from projections.table import BUCKET, SUBJECT, Column, Index, Sql, Table

TABLE = Table(
    "audit",
    (
        BUCKET,
        Column("position", Sql.BIGINT, open=True, nullable=False),
        SUBJECT,
        Column("record_id", Sql.UUID, open=True, nullable=False),
        Column("kind", Sql.TEXT, open=True),
        Column("action", Sql.TEXT, open=True),
        Column("action_class", Sql.TEXT, open=True),
        Column("occurred_at", Sql.TIMESTAMPTZ, open=True),
        Column("actor_id", Sql.UUID, open=True),
        Column("command_id", Sql.UUID, open=True),
        Column("correlation_id", Sql.UUID, open=True),
        Column("causation_id", Sql.UUID, open=True),
        Column("purpose", Sql.TEXT),
        # By these an erasure finds what it has to take away, and how much.
        Column("key_id", Sql.UUID, open=True),
        Column("size", Sql.BIGINT, open=True, nullable=False),
    ),
    ("bucket", "subject_id", "position"),
    (
        Index(("bucket", "subject_id", "record_id", "position")),
        Index(("bucket", "subject_id", "action_class", "position")),
        Index(("bucket", "subject_id", "kind", "position")),
    ),
)


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One event as the audit trail shows it, without its content; nobody writes it, it is read from the ledger."""

    position: int
    occurred_at: datetime | None
    action: str | None
    """The topic of the event: ``task.completed``."""
    action_class: str | None
    kind: str | None
    record_id: UUID
    actor_id: UUID | None
    command_id: UUID | None
    correlation_id: UUID | None
    causation_id: UUID | None
    purpose: str | None


def ask_audit(
    *,
    record_id: UUID | None,
    kind: str | None,
    action_class: str | None,
    actor_id: UUID | None,
    since: datetime | None,
    until: datetime | None,
) -> Question[AuditLine]:
    """Ask who did what, newest first; every filter left out lets all pass."""
    return Question(
        "audit",
        EVERY_KIND,
        """
        SELECT position, occurred_at, action, action_class, kind, record_id, actor_id, command_id,
            correlation_id, causation_id, purpose
        FROM {schema}.audit
        WHERE bucket = %(bucket)s AND subject_id = %(subject_id)s
            AND (%(record_id)s::uuid IS NULL OR record_id = %(record_id)s)
            AND (%(kind)s::text IS NULL OR kind = %(kind)s)
            AND (%(action_class)s::text IS NULL OR action_class = %(action_class)s)
            AND (%(actor_id)s::uuid IS NULL OR actor_id = %(actor_id)s)
            AND (%(since)s::timestamptz IS NULL OR occurred_at >= %(since)s)
            AND (%(until)s::timestamptz IS NULL OR occurred_at < %(until)s)
            AND (%(after_position)s::bigint IS NULL OR position < %(after_position)s)
        ORDER BY position DESC LIMIT %(limit)s
        """,
        AuditLine,
        {
            "record_id": record_id,
            "kind": kind,
            "action_class": action_class,
            "actor_id": actor_id,
            "since": since,
            "until": until,
        },
        keyset=("position",),
    )
