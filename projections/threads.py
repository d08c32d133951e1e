"""Read model ``threads``: mail as conversations, with counts and participants.

A conversation stands where its latest message stands. A page walks down the messages by time and keeps those
with no later one in their conversation, so it reads a few conversations and never all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

from projections.question import Question
from projections.table import Column, Index, Sql, derived_table

TABLE = derived_table(
    "thread_messages",
    (
        Column("thread", Sql.UUID, nullable=False),
        Column("at", Sql.TIMESTAMPTZ, open=True, nullable=False),
        Column("unread", Sql.BOOLEAN, open=True, nullable=False),
        Column("subject", Sql.TEXT, nullable=False),
        Column("participant", Sql.TEXT, nullable=False),
    ),
    indexes=(
        Index(("bucket", "subject_id", "at", "record_id")),
        Index(("bucket", "subject_id", "at", "record_id", "thread"), where="unread"),
        Index(("bucket", "subject_id", "thread", "at", "record_id")),
    ),
)


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation; ``last_id`` is its latest message, of those unread where only such were asked for."""

    last_at: datetime
    last_id: UUID
    thread: UUID
    subject: str
    messages: int
    unread: int
    participants: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ThreadMessage:
    """One message of a conversation."""

    at: datetime
    record_id: UUID
    unread: bool
    subject: str
    participant: str


def thread_of(thread_key: str) -> UUID:
    """Return the id of a conversation: keys are as long as Message-IDs may be, too long for an index."""
    return UUID(bytes=blake2b(thread_key.encode(), digest_size=16).digest())


_SUMMARY = """
        SELECT page.at AS last_at, page.record_id AS last_id, page.thread, whole.subject, whole.messages,
            whole.unread, whole.participants
        FROM page CROSS JOIN LATERAL (
            SELECT count(*) AS messages, count(*) FILTER (WHERE unread) AS unread,
                (array_agg(subject ORDER BY at, record_id))[1] AS subject,
                array_agg(DISTINCT participant) AS participants
            FROM {schema}.thread_messages AS m
            WHERE m.bucket = %(bucket)s AND m.subject_id = %(subject_id)s AND m.thread = page.thread
        ) AS whole
        ORDER BY page.at DESC, page.record_id DESC
"""


def ask_threads(*, unread: bool) -> Question[Thread]:
    """Ask for conversations, the latest first; ``unread`` asks for those with unread messages, by the latest such."""
    if unread:
        return Question(
            "unread threads",
            "email",
            """
        WITH page AS (
            SELECT m.at, m.record_id, m.thread FROM {schema}.thread_messages AS m
            WHERE m.bucket = %(bucket)s AND m.subject_id = %(subject_id)s AND m.unread
                AND (%(after_last_at)s::timestamptz IS NULL
                    OR (m.at, m.record_id) < (%(after_last_at)s, %(after_last_id)s))
                AND NOT EXISTS (
                    SELECT FROM {schema}.thread_messages AS later
                    WHERE later.bucket = m.bucket AND later.subject_id = m.subject_id AND later.thread = m.thread
                        AND later.unread AND (later.at, later.record_id) > (m.at, m.record_id))
            ORDER BY m.at DESC, m.record_id DESC LIMIT %(limit)s
        )
        """
            + _SUMMARY,
            Thread,
            keyset=("last_at", "last_id"),
        )
    return Question(
        "threads",
        "email",
        """
        WITH page AS (
            SELECT m.at, m.record_id, m.thread FROM {schema}.thread_messages AS m
            WHERE m.bucket = %(bucket)s AND m.subject_id = %(subject_id)s
                AND (%(after_last_at)s::timestamptz IS NULL
                    OR (m.at, m.record_id) < (%(after_last_at)s, %(after_last_id)s))
                AND NOT EXISTS (
                    SELECT FROM {schema}.thread_messages AS later
                    WHERE later.bucket = m.bucket AND later.subject_id = m.subject_id AND later.thread = m.thread
                        AND (later.at, later.record_id) > (m.at, m.record_id))
            ORDER BY m.at DESC, m.record_id DESC LIMIT %(limit)s
        )
        """
        + _SUMMARY,
        Thread,
        keyset=("last_at", "last_id"),
    )


def ask_thread_messages(thread: UUID) -> Question[ThreadMessage]:
    """Ask for the messages of a conversation, oldest first."""
    return Question(
        "thread messages",
        "email",
        """
        SELECT at, record_id, unread, subject, participant FROM {schema}.thread_messages
        WHERE bucket = %(bucket)s AND subject_id = %(subject_id)s AND thread = %(thread)s
            AND (%(after_at)s::timestamptz IS NULL OR (at, record_id) > (%(after_at)s, %(after_record_id)s))
        ORDER BY at, record_id LIMIT %(limit)s
        """,
        ThreadMessage,
        {"thread": thread},
        keyset=("at", "record_id"),
    )
