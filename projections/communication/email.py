"""What can be asked of mail; drafts and junk are in no conversation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from domain.communication.email import Email
from domain.communication.email_terms import Direction, EmailState
from projections import threads
from projections.record_table import RecordTable
from projections.search import Words, in_search
from projections.timeline import Moment, on_timeline
from projections.view import Derived, Row, View


def _at(email: Email) -> datetime:
    return email.received_at or email.sent_at or email.created_on


def _moment(email: Email) -> Moment:
    return Moment(_at(email), email.subject, _participant(email))


def _participant(email: Email) -> str:
    """Return who a message comes from, or goes to where the person wrote it."""
    others = email.from_ if email.direction is Direction.INCOMING else email.to
    return next((box.name or box.address for box in others), "")


def _words(email: Email) -> Words:
    people = [
        text for box in (*email.from_, *email.to, *email.cc) for text in (box.name, box.address) if text
    ]
    files = [attachment.filename for attachment in email.attachments if attachment.filename]
    return Words(email.subject, "\n".join((*people, *files, email.text_body)))


def _message(email: Email) -> Iterator[Row]:
    if email.is_junk or email.state is EmailState.DRAFT:
        return
    key = email.thread_key or email.message_id or str(email.id)
    yield (threads.thread_of(key), _at(email), not email.is_read, email.subject, _participant(email))


VIEW = View(
    Email,
    RecordTable(
        Email,
        "emails",
        filters=("folder", "is_read"),
        orders=("received_at",),
        listed=("received_at", "from_", "subject", "is_read"),
    ),
    kept_from=_at,
    derived=(on_timeline(_moment), in_search(_words), Derived(threads.TABLE, _message)),
)
