"""A movement of money on an account, as the bank or the person tells it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from domain.personal.transaction_terms import (
    MAX_RECEIPTS,
    MIN_PARTS,
    TRANSFER_DAYS,
    AccountType,
    Bic,
    BookingStatus,
    CategorySource,
    Direction,
    Entry,
    ForeignAmount,
    Iban,
    Merchant,
    NotAnOpeningStatus,
    NotBooked,
    NothingMoved,
    NotPending,
    Parts,
    PartsDoNotSum,
    ReconciledAmountFixed,
    Reconciliation,
    References,
    ReversesItself,
    SplitPart,
    Tax,
    TooFewParts,
    TransactionClosed,
    TransactionType,
    TransferCurrencyDiffers,
    TransferNotOpposite,
    TransferTaken,
    TransferTooFarApart,
    TransferWithinAccount,
    Undated,
    day_of,
    require_foreign_precision,
    require_precision,
    told,
)
from domain.shared import clock
from domain.shared.record import Content, Origin, TooMany, peers_of, usable_peer
from domain.shared.values import Currency, Day, Fraction, Id, Label, Line, Moment, Money, Name, Text, Title


class Transaction(Content):
    """A movement of money; a negative amount is money out."""

    KIND: ClassVar[str] = "transaction"

    amount: Decimal
    currency: str
    account_id: str
    account_name: str = ""
    account_type: AccountType | None = None
    institution: str = ""
    iban: str | None = None
    account_number: str | None = None
    status: BookingStatus = BookingStatus.BOOKED
    transaction_type: TransactionType = TransactionType.OTHER
    booked_on: date | None = None
    value_on: date | None = None
    transacted_at: datetime | None = None
    original: ForeignAmount | None = None
    description_raw: str = ""
    """The bank's own words; only the bank corrects them."""
    description: str = ""
    memo: str = ""
    counterparty_name: str | None = None
    counterparty_iban: str | None = None
    counterparty_bic: str | None = None
    counterparty_contact_id: UUID | None = None
    merchant: Merchant | None = None
    references: References = References()
    category: str | None = None
    category_source: CategorySource | None = None
    category_confidence: float | None = None
    splits: tuple[SplitPart, ...] = ()
    transfer_peer_id: UUID | None = None
    refund_of: UUID | None = None
    receipts: tuple[UUID, ...] = ()
    balance_after: Decimal | None = None
    reconciliation: Reconciliation = Reconciliation.UNRECONCILED
    statement_id: str | None = None
    tax: Tax | None = None
    flag_reason: str | None = None
    reversed_on: date | None = None
    reversal_id: UUID | None = None
    status_reason: str = ""

    class Event(Content.Event):
        """Any event of a transaction."""

    class Recorded(Event, Content.Created, Entry):
        TOPIC = "transaction.recorded"
        currency: str
        account_id: str
        account_name: str
        account_type: AccountType | None
        institution: str
        iban: str | None
        account_number: str | None
        status: BookingStatus
        description: str
        counterparty_contact_id: UUID | None
        merchant: Merchant | None
        category: str | None
        category_source: CategorySource | None
        refund_of: UUID | None
        tax: Tax | None

    class Booked(Event):
        TOPIC = "transaction.booked"
        BY_SOURCE = True
        amount: Decimal
        booked_on: date
        value_on: date | None
        references: References
        balance_after: Decimal | None

        def apply(self, transaction: Transaction) -> None:
            super().apply(transaction)
            transaction.status = BookingStatus.BOOKED

    class PendingCancelled(Event):
        TOPIC = "transaction.pending_cancelled"
        reason: str

        def apply(self, transaction: Transaction) -> None:
            transaction.status = BookingStatus.CANCELLED
            transaction.status_reason = self.reason

    class Reversed(Event):
        TOPIC = "transaction.reversed"
        reversed_on: date
        reversal_id: UUID | None
        reason: str

        def apply(self, transaction: Transaction) -> None:
            super().apply(transaction)
            transaction.status = BookingStatus.REVERSED
            transaction.status_reason = self.reason

    class Corrected(Event, Entry):
        TOPIC = "transaction.corrected"
        BY_SOURCE = True

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

        def apply(self, transaction: Transaction) -> None:
            transaction.splits = ()

    class TransferMatched(Event):
        TOPIC = "transaction.transfer_matched"
        transfer_peer_id: UUID

    class TransferUnmatched(Event):
        TOPIC = "transaction.transfer_unmatched"

        def apply(self, transaction: Transaction) -> None:
            transaction.transfer_peer_id = None

    class ReceiptAttached(Event):
        TOPIC = "transaction.receipt_attached"
        document_id: UUID

        def apply(self, transaction: Transaction) -> None:
            transaction.receipts = (*transaction.receipts, self.document_id)

    class ReceiptDetached(Event):
        TOPIC = "transaction.receipt_detached"
        document_id: UUID

        def apply(self, transaction: Transaction) -> None:
            transaction.receipts = tuple(each for each in transaction.receipts if each != self.document_id)

    class Cleared(Event):
        TOPIC = "transaction.cleared"

        def apply(self, transaction: Transaction) -> None:
            transaction.reconciliation = Reconciliation.CLEARED

    class Reconciled(Event):
        TOPIC = "transaction.reconciled"
        statement_id: str | None

        def apply(self, transaction: Transaction) -> None:
            super().apply(transaction)
            transaction.reconciliation = Reconciliation.RECONCILED

    class Unreconciled(Event):
        TOPIC = "transaction.unreconciled"

        def apply(self, transaction: Transaction) -> None:
            transaction.reconciliation = Reconciliation.UNRECONCILED
            transaction.statement_id = None

    class Flagged(Event):
        TOPIC = "transaction.flagged"
        flag_reason: str

    class FlagResolved(Event):
        TOPIC = "transaction.flag_resolved"
        resolution: str

        def apply(self, transaction: Transaction) -> None:
            transaction.flag_reason = None

    @classmethod
    def record(
        cls,
        origin: Origin,
        amount: Money,
        *,
        currency: Currency,
        account_id: Name,
        account_name: Line = "",
        account_type: AccountType | None = None,
        institution: Line = "",
        iban: Iban | None = None,
        account_number: Label | None = None,
        status: BookingStatus = BookingStatus.BOOKED,
        transaction_type: TransactionType = TransactionType.OTHER,
        booked_on: Day | None = None,
        value_on: Day | None = None,
        transacted_at: Moment | None = None,
        original: ForeignAmount | None = None,
        description_raw: Text = "",
        description: Line = "",
        memo: Text = "",
        counterparty_name: Name | None = None,
        counterparty_iban: Iban | None = None,
        counterparty_bic: Bic | None = None,
        counterparty_contact_id: Id | None = None,
        merchant: Merchant | None = None,
        references: References | None = None,
        category: Title | None = None,
        category_source: CategorySource | None = None,
        balance_after: Money | None = None,
        refund_of: Id | None = None,
        tax: Tax | None = None,
    ) -> Transaction:
        """Keep a movement of money; ``account_id`` is what the bank, or the person, calls the account."""
        if status in (BookingStatus.REVERSED, BookingStatus.CANCELLED):
            raise NotAnOpeningStatus
        if status is BookingStatus.BOOKED and booked_on is None:
            raise Undated
        day_of(booked_on, value_on, transacted_at)
        require_precision(amount, currency)
        require_precision(balance_after, currency)
        require_foreign_precision(original)
        if refund_of is not None:
            usable_peer(origin.peers, cls, refund_of)
        chooser = CategorySource.SOURCE if origin.source else CategorySource.USER
        return cls._begin(
            origin,
            cls.Recorded,
            amount=amount,
            currency=currency,
            account_id=account_id,
            account_name=account_name,
            account_type=account_type,
            institution=institution,
            iban=iban,
            account_number=account_number,
            status=status,
            transaction_type=transaction_type,
            booked_on=booked_on,
            value_on=value_on,
            transacted_at=transacted_at,
            original=original,
            description_raw=description_raw,
            description=description,
            memo=memo,
            counterparty_name=counterparty_name,
            counterparty_iban=counterparty_iban,
            counterparty_bic=counterparty_bic,
            counterparty_contact_id=counterparty_contact_id,
            merchant=merchant,
            references=references or References(),
            category=category,
            category_source=(category_source or chooser) if category is not None else None,
            balance_after=balance_after,
            refund_of=refund_of,
            tax=tax,
        )

    def book(
        self,
        booked_on: Day,
        *,
        amount: Money | None = None,
        value_on: Day | None = None,
        references: References | None = None,
        balance_after: Money | None = None,
    ) -> None:
        """Turn a pending entry into a booked one; the bank may book another amount. None keeps what is known."""
        if self.status is not BookingStatus.PENDING:
            raise NotPending
        self._require_amount_may_become(told(amount, self.amount), booked_on)
        require_precision(balance_after, self.currency)
        self.trigger_event(
            Transaction.Booked,
            amount=told(amount, self.amount),
            booked_on=booked_on,
            value_on=told(value_on, self.value_on),
            references=told(references, self.references),
            balance_after=told(balance_after, self.balance_after),
        )

    def cancel_pending(self, reason: Line = "") -> None:
        if self.status is not BookingStatus.PENDING:
            raise NotPending
        self.trigger_event(Transaction.PendingCancelled, reason=reason)

    def reverse(
        self, reversed_on: Day | None = None, *, reversal_id: Id | None = None, reason: Line = ""
    ) -> None:
        """Mark the entry as undone by the bank, today unless told; ``reversal_id`` is the entry that undid it."""
        self._require_booked()
        if reversal_id == self.id:
            raise ReversesItself
        if reversal_id is not None:
            self._peer(Transaction, reversal_id)
        self.trigger_event(
            Transaction.Reversed,
            reversed_on=reversed_on or clock.now().date(),
            reversal_id=reversal_id,
            reason=reason,
        )

    def correct(
        self,
        *,
        amount: Money | None = None,
        booked_on: Day | None = None,
        value_on: Day | None = None,
        transacted_at: Moment | None = None,
        original: ForeignAmount | None = None,
        transaction_type: TransactionType | None = None,
        description_raw: Text | None = None,
        memo: Text | None = None,
        counterparty_name: Name | None = None,
        counterparty_iban: Iban | None = None,
        counterparty_bic: Bic | None = None,
        references: References | None = None,
        balance_after: Money | None = None,
    ) -> None:
        """Take a correction by the entry's source (OFX CORRECTACTION); None keeps what is known.

        What the person has edited stays as it is.
        """
        if self.status in (BookingStatus.REVERSED, BookingStatus.CANCELLED):
            raise TransactionClosed
        entry = Entry(
            amount=told(amount, self.amount),
            booked_on=told(booked_on, self.booked_on),
            value_on=told(value_on, self.value_on),
            transacted_at=told(transacted_at, self.transacted_at),
            original=told(original, self.original),
            transaction_type=told(transaction_type, self.transaction_type),
            description_raw=told(description_raw, self.description_raw),
            memo=told(memo, self.memo),
            counterparty_name=told(counterparty_name, self.counterparty_name),
            counterparty_iban=told(counterparty_iban, self.counterparty_iban),
            counterparty_bic=told(counterparty_bic, self.counterparty_bic),
            references=told(references, self.references),
            balance_after=told(balance_after, self.balance_after),
        )
        self._require_amount_may_become(
            entry.amount, day_of(entry.booked_on, entry.value_on, entry.transacted_at)
        )
        require_precision(entry.balance_after, self.currency)
        require_foreign_precision(entry.original)
        self._refresh(Transaction.Corrected, **vars(entry))

    def categorise(
        self, category: Title, *, by: CategorySource = CategorySource.USER, confidence: Fraction | None = None
    ) -> None:
        """Choose a category, as a path (``food/groceries``); a rule or model does not replace the person's choice."""
        if self.category_source is CategorySource.USER and by is not CategorySource.USER:
            return
        if (category, by, confidence) != (self.category, self.category_source, self.category_confidence):
            self.trigger_event(
                Transaction.Categorised, category=category, category_source=by, category_confidence=confidence
            )

    def describe(self, description: Line) -> None:
        if description != self.description:
            self.trigger_event(Transaction.Described, description=description)

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
                Transaction.CounterpartyIdentified,
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
            self.trigger_event(Transaction.Split, splits=parts)

    def unsplit(self) -> None:
        if self.splits:
            self.trigger_event(Transaction.Unsplit)

    def match_transfer(self, peer_id: Id) -> None:
        """Say that this and another transaction are the two ends of one transfer; match the other one as well."""
        if peer_id == self.transfer_peer_id:
            return
        self._require_moving()
        peer = self._peer(Transaction, peer_id)
        if not peer.moves_money:
            raise NothingMoved
        if self.transfer_peer_id is not None or peer.transfer_peer_id not in (None, self.id):
            raise TransferTaken
        self._require_other_end(peer, self.amount, self.day)
        self.trigger_event(Transaction.TransferMatched, transfer_peer_id=peer_id)

    def unmatch_transfer(self) -> None:
        if self.transfer_peer_id is not None:
            self.trigger_event(Transaction.TransferUnmatched)

    def attach_receipt(self, document_id: Id) -> None:
        if document_id in self.receipts:
            return
        if len(self.receipts) >= MAX_RECEIPTS:
            raise TooMany
        self.trigger_event(Transaction.ReceiptAttached, document_id=document_id)

    def detach_receipt(self, document_id: Id) -> None:
        if document_id in self.receipts:
            self.trigger_event(Transaction.ReceiptDetached, document_id=document_id)

    def clear(self) -> None:
        """Note that the bank has the entry too; ``reconcile`` says that a statement agrees with it."""
        self._require_booked()
        if self.reconciliation is Reconciliation.UNRECONCILED:
            self.trigger_event(Transaction.Cleared)

    def reconcile(self, statement_id: Line | None = None) -> None:
        """Settle the entry against a statement: its amount cannot change any more."""
        self._require_booked()
        if (Reconciliation.RECONCILED, statement_id) != (self.reconciliation, self.statement_id):
            self.trigger_event(Transaction.Reconciled, statement_id=statement_id)

    def unreconcile(self) -> None:
        if self.reconciliation is not Reconciliation.UNRECONCILED:
            self.trigger_event(Transaction.Unreconciled)

    def flag(self, reason: Title) -> None:
        if reason != self.flag_reason:
            self.trigger_event(Transaction.Flagged, flag_reason=reason)

    def resolve_flag(self, resolution: Line = "") -> None:
        if self.flag_reason is not None:
            self.trigger_event(Transaction.FlagResolved, resolution=resolution)

    @property
    def direction(self) -> Direction:
        """Whether money came in or went out; an amount of zero came in."""
        return Direction.OUT if self.amount < 0 else Direction.IN

    @property
    def day(self) -> date:
        """The day of the booking, or the best day known before it."""
        return day_of(self.booked_on, self.value_on, self.transacted_at)

    @property
    def moves_money(self) -> bool:
        """Whether the account's balance has changed by the amount, or will."""
        return self.status in (BookingStatus.PENDING, BookingStatus.BOOKED)

    def _require_fit(self) -> None:
        if self.transfer_peer_id is None:
            return
        peer = peers_of(self).get(Transaction, self.transfer_peer_id)
        if peer is not None:
            if peer.transfer_peer_id not in (None, self.id):
                raise TransferTaken
            self._require_other_end(peer, self.amount, self.day)

    def _require_booked(self) -> None:
        if self.status is not BookingStatus.BOOKED:
            raise NotBooked

    def _require_moving(self) -> None:
        if not self.moves_money:
            raise NothingMoved

    def _require_amount_may_become(self, amount: Decimal, day: date) -> None:
        require_precision(amount, self.currency)
        if amount != self.amount and self.reconciliation is Reconciliation.RECONCILED:
            raise ReconciledAmountFixed
        if amount != self.amount and self.splits:
            raise PartsDoNotSum
        turned = (amount < 0) != (self.amount < 0) or amount == 0
        if self.transfer_peer_id is not None and (turned or day != self.day):
            self._require_other_end(self._peer(Transaction, self.transfer_peer_id), amount, day)

    def _require_other_end(self, peer: Transaction, amount: Decimal, day: date) -> None:
        if peer.account_id == self.account_id:
            raise TransferWithinAccount
        if peer.currency != self.currency:
            raise TransferCurrencyDiffers
        if not (amount < 0 < peer.amount or peer.amount < 0 < amount):
            raise TransferNotOpposite
        if abs((peer.day - day).days) > TRANSFER_DAYS:
            raise TransferTooFarApart
