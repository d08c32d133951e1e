"""The part of a document that says how long it holds, and how long it must be kept."""

from __future__ import annotations

from dataclasses import KW_ONLY
from datetime import date

from domain.personal.document_terms import DocumentOnHold, NothingToRenew, RenewedTooShort, require_order
from domain.shared.content import Content
from domain.shared.values import Day, Line


class Keeping(Content):
    """A document with an end: of its validity, of a term of law, or of a hold."""

    _: KW_ONLY
    valid_from: date | None = None
    expires_on: date | None = None
    retention_until: date | None = None
    legal_hold: bool = False
    hold_reason: str = ""

    class Event(Content.Event):
        """Any event of a document."""

    class ExpirySet(Event):
        TOPIC = "document.expiry_set"
        expires_on: date | None

    class Renewed(Event):
        TOPIC = "document.renewed"
        expires_on: date
        valid_from: date | None

    class RetentionSet(Event):
        TOPIC = "document.retention_set"
        retention_until: date | None

    class HoldPlaced(Event):
        TOPIC = "document.hold_placed"
        hold_reason: str

        def apply(self, document: Keeping) -> None:
            document.legal_hold = True
            document.hold_reason = self.hold_reason

    class HoldReleased(Event):
        TOPIC = "document.hold_released"

        def apply(self, document: Keeping) -> None:
            document.legal_hold = False
            document.hold_reason = ""

    def set_expiry(self, expires_on: Day | None) -> None:
        """Say when the document runs out; None for never."""
        require_order(self.valid_from, expires_on)
        if expires_on != self.expires_on:
            self.trigger_event(self.ExpirySet, expires_on=expires_on)

    def renew(self, expires_on: Day, *, valid_from: Day | None = None) -> None:
        """Extend a document that expires; without a new ``valid_from`` the old one stays."""
        if self.expires_on is None:
            raise NothingToRenew
        if expires_on <= self.expires_on:
            raise RenewedTooShort
        valid_from = valid_from or self.valid_from
        require_order(valid_from, expires_on)
        self.trigger_event(self.Renewed, expires_on=expires_on, valid_from=valid_from)

    def set_retention(self, retention_until: Day | None) -> None:
        """Say until when the law wants the document kept; a reminder, where a hold is a lock."""
        if retention_until != self.retention_until:
            self.trigger_event(self.RetentionSet, retention_until=retention_until)

    def place_hold(self, reason: Line = "") -> None:
        """Keep the document from the trash until the hold is released."""
        if not self.legal_hold or reason != self.hold_reason:
            self.trigger_event(self.HoldPlaced, hold_reason=reason)

    def release_hold(self) -> None:
        if self.legal_hold:
            self.trigger_event(self.HoldReleased)

    def trash(self, reason: Line = "") -> None:
        if self.legal_hold:
            raise DocumentOnHold
        super().trash(reason)

    def _require_fit(self) -> None:
        if self.legal_hold and self.deleted_at is not None:
            raise DocumentOnHold

    @property
    def on_hold(self) -> bool:
        return self.legal_hold
