"""Links for tests."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from domain.core.link import Link
from domain.core.link_terms import LinkStatus, Target
from domain.productivity.note import Note
from domain.shared.peers import Peers
from domain.shared.record import Origin, R, Record
from domain.shared.values import new_id
from tests.domain.shelf import Shelf

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PERSON = new_id()
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


class Shown(Shelf):
    """Peers of which each is there, unless it is in the trash."""

    def __init__(self) -> None:
        super().__init__()
        self.trashed: set[UUID] = set()

    def get(self, kind: type[R], record_id: UUID) -> R | None:
        assert kind is Record
        note = Note.write(Origin(PERSON, record_id), "shown")
        if record_id in self.trashed:
            note.trash()
        return note if isinstance(note, kind) else None


PHC = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g"
"""The hash of a password, as a PHC string."""


def created(peers: Peers | None = None, **details: Any) -> Link:
    return Link.create(Origin(PERSON, peers=peers or Shown()), HASH, **{"targets": (PHOTO,)} | details)


def topics(link: Link) -> list[str]:
    return [event.TOPIC for event in link.pending_events if isinstance(event, Link.Event)]


def status_of(link: Link) -> LinkStatus:
    return link.status
