"""The part of a contact that says what the person has to do with them."""

from __future__ import annotations

from dataclasses import KW_ONLY
from datetime import datetime

from domain.communication.contact_terms import InteractionKind
from domain.shared import clock
from domain.shared.content import Content
from domain.shared.values import Moment, Text


class Dealings(Content):
    """Somebody liked, met or avoided."""

    _: KW_ONLY
    is_favourite: bool = False
    is_vip: bool = False
    is_blocked: bool = False
    last_interaction_at: datetime | None = None
    interaction_count: int = 0

    class Event(Content.Event):
        """Any event of a contact."""

    class Favourited(Event):
        TOPIC = "contact.favourited"

        def apply(self, contact: Dealings) -> None:
            contact.is_favourite = True

    class Unfavourited(Event):
        TOPIC = "contact.unfavourited"

        def apply(self, contact: Dealings) -> None:
            contact.is_favourite = False

    class MarkedVip(Event):
        TOPIC = "contact.marked_vip"

        def apply(self, contact: Dealings) -> None:
            contact.is_vip = True

    class UnmarkedVip(Event):
        TOPIC = "contact.unmarked_vip"

        def apply(self, contact: Dealings) -> None:
            contact.is_vip = False

    class InteractionLogged(Event):
        TOPIC = "contact.interaction_logged"
        interaction: InteractionKind
        at: datetime
        note: str

        def apply(self, contact: Dealings) -> None:
            contact.last_interaction_at = max(contact.last_interaction_at or self.at, self.at)
            contact.interaction_count += 1

    class Blocked(Event):
        TOPIC = "contact.blocked"

        def apply(self, contact: Dealings) -> None:
            contact.is_blocked = True

    class Unblocked(Event):
        TOPIC = "contact.unblocked"

        def apply(self, contact: Dealings) -> None:
            contact.is_blocked = False

    def favourite(self) -> None:
        if not self.is_favourite:
            self.trigger_event(self.Favourited)

    def unfavourite(self) -> None:
        if self.is_favourite:
            self.trigger_event(self.Unfavourited)

    def mark_vip(self) -> None:
        """Say that what comes from the contact is never to be overlooked."""
        if not self.is_vip:
            self.trigger_event(self.MarkedVip)

    def unmark_vip(self) -> None:
        if self.is_vip:
            self.trigger_event(self.UnmarkedVip)

    def log_interaction(
        self, interaction: InteractionKind, *, at: Moment | None = None, note: Text = ""
    ) -> None:
        """Note that the person had to do with the contact, by default now; the note stays in the ledger."""
        self.trigger_event(self.InteractionLogged, interaction=interaction, at=at or clock.now(), note=note)

    def block(self) -> None:
        if not self.is_blocked:
            self.trigger_event(self.Blocked)

    def unblock(self) -> None:
        if self.is_blocked:
            self.trigger_event(self.Unblocked)
