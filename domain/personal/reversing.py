"""The part of a transaction that says whether the bank has undone it, or it is what undid another one."""

from __future__ import annotations

from dataclasses import KW_ONLY
from datetime import date
from typing import Self
from uuid import UUID

from domain.personal.bookkeeping import Bookkeeping
from domain.personal.transaction_terms import BookingStatus, ReversesItself
from domain.shared import clock
from domain.shared.record import peers_of
from domain.shared.values import Day, Id, Line


class Reversing(Bookkeeping):
    """A movement of money that may be reversed; the entry that reverses it knows (ADR 22), so that neither counts."""

    STAYS = Bookkeeping.STAYS | {"reverses_id"}

    _: KW_ONLY
    reversed_on: date | None = None
    reversal_id: UUID | None = None
    reverses_id: UUID | None = None
    """The entry that this one undid, as that one says."""
    status_reason: str = ""

    class Event(Bookkeeping.Event):
        """Any event of a transaction."""

    class Reversed(Event):
        TOPIC = "transaction.reversed"
        reversed_on: date
        reversal_id: UUID | None
        reason: str

        def apply(self, transaction: Reversing) -> None:
            super().apply(transaction)
            transaction.status = BookingStatus.REVERSED
            transaction.status_reason = self.reason

    class ReversesAnother(Event):
        """Another entry says that this one undid it, or no longer does."""

        TOPIC = "transaction.reverses_another"
        IN_TRASH = True
        reverses_id: UUID | None

    def reverse(
        self, reversed_on: Day | None = None, *, reversal_id: Id | None = None, reason: Line = ""
    ) -> None:
        """Mark the entry as undone by the bank, today unless told; ``reversal_id`` is the entry that undid it."""
        self._require_booked()
        if reversal_id == self.id:
            raise ReversesItself
        if reversal_id is not None:
            self._peer(type(self), reversal_id)
        before = self.reversal_id
        self.trigger_event(
            self.Reversed,
            reversed_on=reversed_on or clock.now().date(),
            reversal_id=reversal_id,
            reason=reason,
        )
        self._tell_reversal(before)

    def _tell_others(self, before: Self) -> None:
        super()._tell_others(before)
        self._tell_reversal(before.reversal_id)

    def _tell_reversal(self, before: UUID | None) -> None:
        """Let the entry that undid this one know, and one that no longer does; an erased one need not."""
        if self.reversal_id == before:
            return
        former, present = (
            peers_of(self).get(type(self), each) if each is not None else None
            for each in (before, self.reversal_id)
        )
        if former is not None and former.reverses_id == self.id:
            former.trigger_event(self.ReversesAnother, reverses_id=None)
        if present is not None and present.reverses_id is None:
            present.trigger_event(self.ReversesAnother, reverses_id=self.id)
