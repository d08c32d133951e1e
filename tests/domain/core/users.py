"""Users for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from domain.core.user import User
from domain.shared.record import Origin
from domain.shared.values import new_id

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TEXT = "a" * 64


def oneself() -> Origin:
    """Return where a person begins: under their own id."""
    subject_id = new_id()
    return Origin(subject_id, subject_id)


def registered(**details: Any) -> User:
    return User.register(oneself(), "ada", "ada@example.org", **details)


def active() -> User:
    user = registered()
    user.verify_email()
    return user


def topics(user: User) -> list[str]:
    return [event.TOPIC for event in user.pending_events if isinstance(event, User.Event)]
