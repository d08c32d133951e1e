"""Messages for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from domain.catalogue import topic_of
from domain.communication.email import Email
from domain.communication.email_terms import Mailbox
from domain.shared.record import Origin, state_fields
from domain.shared.values import StoredContent, new_id

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
ADA = Mailbox("Ada", "ada@example.org")
SOURCE = StoredContent(new_id(), 1234, "message/rfc822")


def arguments_of(**content: Any) -> dict[str, Any]:
    return {"received_at": NOON, "source_content": SOURCE} | content


def received(**content: Any) -> Email:
    return Email.receive(Origin(new_id()), **arguments_of(**content))


def drafted(**content: Any) -> Email:
    given: dict[str, Any] = {"to": (ADA,), "subject": "Tea"}
    return Email.draft(Origin(new_id()), **given | content)


def queued() -> Email:
    email = drafted()
    email.queue()
    return email


def sent() -> Email:
    email = queued()
    email.confirm_sent(NOON, message_id="<1@example.org>", source_content=SOURCE)
    return email


def failed() -> Email:
    email = queued()
    email.fail_send("mailbox full")
    return email


def topics(email: Email) -> list[str]:
    return [topic_of(cast("type[Email.Event]", type(event)), Email) for event in email.pending_events]


def replayed(email: Email) -> Any:
    state: Any = None
    for event in email.pending_events:
        state = event.mutate(state)
    return state


def contents(email: Email) -> dict[str, Any]:
    return {name: getattr(email, name) for name in state_fields(Email)} | {"version": email.version}
