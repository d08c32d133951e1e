"""The part of a transaction that is the person's own: what it was for, with whom, and whether a statement agrees."""

from __future__ import annotations

from dataclasses import KW_ONLY
from decimal import Decimal
from uuid import UUID

from domain.personal.transaction_terms import (
    MAX_RECEIPTS,
    MIN_PARTS,
    Bic,
    BookingStatus,
    CategorySource,
    Iban,
    Merchant,
    NotBooked,
    NothingMoved,
    NotRecurring,
    Parts,
    PartsDoNotSum,
    Reconciliation,
    Recurrence,
    SplitPart,
    TooFewParts,
)
from domain.shared.content import Content
from domain.shared.known import say
from domain.shared.money import require_precision
from domain.shared.record import TooMany
from domain.shared.values import Fraction, Id, Line, Name, Title


class Bookkeeping(Content):
    """A movement of money as it stands in its owner's books; what they have said, no correction by the bank takes away."""

    _: KW_ONLY
    amount: Decimal
    currency: str
    status: BookingStatus = BookingStatus.BOOKED
    description: str = ""
    counterparty_name: str | None = None
    counterparty_iban: str | None = None
    counterparty_bic: str | None = None
    counterparty_contact_id: UUID | None = None
    merchant: Merchant | None = None
    category: str | None = None
    category_source: CategorySource | None = None
    category_confidence: float | None = None
    splits: tuple[SplitPart, ...] = ()
    receipts: tuple[UUID, ...] = ()
    reconciliation: Reconciliation = Reconciliation.UNRECONCILED
    statement_id: str | None = None
    flag_reason: str | None = None
    recurrence_id: UUID | None = None
    """The series of movements that this one is of: a rent, a subscription."""
    recurrence: Recurrence | None = None

    class Event(Content.Event):
        """Any event of a transaction."""

    class Categorised(Event):
        TOPIC = "transaction.categorised"
        category: str
        category_source: CategorySource
        category_confidence: float | None

    class Described(Event):
        TOPIC = "transaction.described"
        description: str

    class CounterpartyIdentified(Event):
        TOPIC = "transaction.counterparty_identified"
        counterparty_name: str
        counterparty_iban: str | None
        counterparty_bic: str | None
        counterparty_contact_id: UUID | None
        merchant: Merchant | None

    class Split(Event):
        TOPIC = "transaction.split"
        splits: tuple[SplitPart, ...]

    class Unsplit(Event):
        TOPIC = "transaction.unsplit"

        def apply(self, transaction: Bookkeeping) -> None:
            transaction.splits = ()

    class ReceiptAttached(Event):
        TOPIC = "transaction.receipt_attached"
        document_id: UUID

        def apply(self, transaction: Bookkeeping) -> None:
            transaction.receipts = (*transaction.receipts, self.document_id)

    class ReceiptDetached(Event):
        TOPIC = "transaction.receipt_detached"
        document_id: UUID

        def apply(self, transaction: Bookkeeping) -> None:
            transaction.receipts = tuple(each for each in transaction.receipts if each != self.document_id)

    class Cleared(Event):
        TOPIC = "transaction.cleared"

        def apply(self, transaction: Bookkeeping) -> None:
            transaction.reconciliation = Reconciliation.CLEARED

    class Reconciled(Event):
        TOPIC = "transaction.reconciled"
        statement_id: str | None

        def apply(self, transaction: Bookkeeping) -> None:
            super().apply(transaction)
            transaction.reconciliation = Reconciliation.RECONCILED

    class Unreconciled(Event):
        TOPIC = "transaction.unreconciled"

        def apply(self, transaction: Bookkeeping) -> None:
            transaction.reconciliation = Reconciliation.UNRECONCILED
            transaction.statement_id = None

    class Flagged(Event):
        TOPIC = "transaction.flagged"
        flag_reason: str

    class FlagResolved(Event):
        TOPIC = "transaction.flag_resolved"
        resolution: str

        def apply(self, transaction: Bookkeeping) -> None:
            transaction.flag_reason = None

    class MarkedRecurring(Event):
        TOPIC = "transaction.marked_recurring"
        recurrence_id: UUID
        recurrence: Recurrence

    class RecurringEnded(Event):
        TOPIC = "transaction.recurring_ended"
        recurrence: Recurrence

    def categorise(
        self, category: Title, *, by: CategorySource = CategorySource.USER, confidence: Fraction | None = None
    ) -> None:
        """Choose a category, as a path (``food/groceries``); a rule or model does not replace the person's choice."""
        if self.category_source is CategorySource.USER and by is not CategorySource.USER:
            return
        if (category, by, confidence) != (self.category, self.category_source, self.category_confidence):
            self.trigger_event(
                self.Categorised, category=category, category_source=by, category_confidence=confidence
            )

    def describe(self, description: Line) -> None:
        if description != self.description:
            self.trigger_event(self.Described, description=description)

    def identify_counterparty(
        self,
        name: Name,
        *,
        iban: Iban | None = None,
        bic: Bic | None = None,
        contact_id: Id | None = None,
        merchant: Merchant | None = None,
    ) -> None:
        """Say who is at the other end; what is not given is unknown afterwards."""
        known = (
            self.counterparty_name,
            self.counterparty_iban,
            self.counterparty_bic,
            self.counterparty_contact_id,
            self.merchant,
        )
        if (name, iban, bic, contact_id, merchant) != known:
            self.trigger_event(
                self.CounterpartyIdentified,
                counterparty_name=name,
                counterparty_iban=iban,
                counterparty_bic=bic,
                counterparty_contact_id=contact_id,
                merchant=merchant,
            )

    def split(self, parts: Parts) -> None:
        """Divide the amount among purposes; a second split replaces the first."""
        self._require_moving()
        if len(parts) < MIN_PARTS:
            raise TooFewParts
        for part in parts:
            require_precision(part.amount, self.currency)
        if sum(part.amount for part in parts) != self.amount:
            raise PartsDoNotSum
        if parts != self.splits:
            self.trigger_event(self.Split, splits=parts)

    def unsplit(self) -> None:
        if self.splits:
            self.trigger_event(self.Unsplit)

    def attach_receipt(self, document_id: Id) -> None:
        if document_id in self.receipts:
            return
        if len(self.receipts) >= MAX_RECEIPTS:
            raise TooMany
        self.trigger_event(self.ReceiptAttached, document_id=document_id)

    def detach_receipt(self, document_id: Id) -> None:
        if document_id in self.receipts:
            self.trigger_event(self.ReceiptDetached, document_id=document_id)

    def clear(self) -> None:
        """Note that the bank has the entry too; ``reconcile`` says that a statement agrees with it."""
        self._require_booked()
        if self.reconciliation is Reconciliation.UNRECONCILED:
            self.trigger_event(self.Cleared)

    def reconcile(self, statement_id: Line | None = None) -> None:
        """Settle the entry against a statement: its amount cannot change any more."""
        self._require_booked()
        if (Reconciliation.RECONCILED, statement_id) != (self.reconciliation, self.statement_id):
            self.trigger_event(self.Reconciled, statement_id=statement_id)

    def unreconcile(self) -> None:
        if self.reconciliation is not Reconciliation.UNRECONCILED:
            self.trigger_event(self.Unreconciled)

    def flag(self, reason: Title) -> None:
        if reason != self.flag_reason:
            self.trigger_event(self.Flagged, flag_reason=reason)

    def resolve_flag(self, resolution: Line = "") -> None:
        if self.flag_reason is not None:
            self.trigger_event(self.FlagResolved, resolution=resolution)

    def mark_recurring(self, recurrence_id: Id) -> None:
        """Say that the movement is one of a series, of which more are to be expected; the id is the caller's."""
        say(self, self.MarkedRecurring, recurrence_id=recurrence_id, recurrence=Recurrence.ONGOING)

    def end_recurring(self) -> None:
        """Say that the movement was the last of its series."""
        if self.recurrence_id is None:
            raise NotRecurring
        say(self, self.RecurringEnded, recurrence=Recurrence.FINISHED)

    @property
    def moves_money(self) -> bool:
        """Whether the account's balance has changed by the amount, or will."""
        return self.status in (BookingStatus.PENDING, BookingStatus.BOOKED)

    def _require_booked(self) -> None:
        if self.status is not BookingStatus.BOOKED:
            raise NotBooked

    def _require_moving(self) -> None:
        if not self.moves_money:
            raise NothingMoved
