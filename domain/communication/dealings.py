"""The part of a contact that says what the person has to do with them."""

from __future__ import annotations

from dataclasses import KW_ONLY
from datetime import UTC, date, datetime, timedelta

from domain.communication.contact_terms import CadenceDays, InteractionKind
from domain.shared import clock
from domain.shared.content import Content
from domain.shared.known import say
from domain.shared.values import Moment, Text


class Dealings(Content):
    """Somebody liked, met or avoided."""

    _: KW_ONLY
    is_favourite: bool = False
    is_vip: bool = False
    is_blocked: bool = False
    last_interaction_at: datetime | None = None
    interaction_count: int = 0
    stay_in_touch_days: int | None = None
    next_contact_on: date | None = None
    """By when (UTC) the person wants to have had to do with the contact again."""

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
            contact.next_contact_on = _next_contact(contact, contact.last_interaction_at)

    class CadenceSet(Event):
        TOPIC = "contact.cadence_set"
        stay_in_touch_days: int

        def apply(self, contact: Dealings) -> None:
            super().apply(contact)
            contact.next_contact_on = _next_contact(contact, self.timestamp)

    class CadenceCleared(Event):
        TOPIC = "contact.cadence_cleared"

        def apply(self, contact: Dealings) -> None:
            contact.stay_in_touch_days = contact.next_contact_on = None

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

    def set_stay_in_touch(self, days: CadenceDays) -> None:
        """Want to have to do with the contact every so many days, from the latest interaction on, else from now on."""
        say(self, self.CadenceSet, stay_in_touch_days=days)

    def clear_stay_in_touch(self) -> None:
        if self.stay_in_touch_days is not None:
            self.trigger_event(self.CadenceCleared)

    def block(self) -> None:
        if not self.is_blocked:
            self.trigger_event(self.Blocked)

    def unblock(self) -> None:
        if self.is_blocked:
            self.trigger_event(self.Unblocked)


def _next_contact(contact: Dealings, otherwise: datetime) -> date | None:
    """Return the day that follows from the latest interaction, or from another moment where there was none."""
    if contact.stay_in_touch_days is None:
        return None
    day = (contact.last_interaction_at or otherwise).astimezone(UTC).date()
    return day + timedelta(days=contact.stay_in_touch_days)
