"""Links for tests."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.core.link import Link
from domain.core.link_terms import LinkStatus, Target
from domain.shared.record import Origin
from domain.shared.values import new_id

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HASH = hashlib.sha256(b"token").hexdigest()
PHOTO = Target("media", new_id())


class Hands:
    """The hands of the clock, which a test may move."""

    def __init__(self) -> None:
        self.at = NOON

    def pass_days(self, days: float) -> None:
        self.at += timedelta(days=days)


def days(number: float) -> datetime:
    return NOON + timedelta(days=number)


def created(**details: Any) -> Link:
    return Link.create(Origin(new_id()), HASH, **{"targets": (PHOTO,)} | details)


def topics(link: Link) -> list[str]:
    return [event.TOPIC for event in link.pending_events if isinstance(event, Link.Event)]


def status_of(link: Link) -> LinkStatus:
    return link.status
