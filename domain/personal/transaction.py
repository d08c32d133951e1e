"""A movement of money on an account, as the bank or the person tells it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar, Self
from uuid import UUID

from domain.personal.reversing import Reversing
from domain.personal.transaction_terms import (
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
    NothingMoved,
    NotPending,
    PartsDoNotSum,
    ReconciledAmountFixed,
    Reconciliation,
    References,
    Tax,
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
)
from domain.shared.content import Content
from domain.shared.known import told
from domain.shared.money import require_precision
from domain.shared.peers import PeerRef, peer_refs, usable_peer
from domain.shared.record import Origin, peers_of
from domain.shared.values import Currency, Day, Id, Label, Line, Moment, Money, Name, Text, Title


class Transaction(Reversing):
    """A movement of money; a negative amount is money out."""

    KIND: ClassVar[str] = "transaction"

    account_id: str
    account_name: str = ""
    account_type: AccountType | None = None
    institution: str = ""
    iban: str | None = None
    account_number: str | None = None
    transaction_type: TransactionType = TransactionType.OTHER
    booked_on: date | None = None
    value_on: date | None = None
    transacted_at: datetime | None = None
    original: ForeignAmount | None = None
    description_raw: str = ""
    """The bank's own words; only the bank corrects them."""
    memo: str = ""
    references: References = References()
    transfer_peer_id: UUID | None = None
    refund_of: UUID | None = None
    balance_after: Decimal | None = None
    tax: Tax | None = None

    class Event(Reversing.Event):
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

    class Corrected(Event, Entry):
        TOPIC = "transaction.corrected"
        BY_SOURCE = True

    class TransferMatched(Event):
        TOPIC = "transaction.transfer_matched"
        IN_TRASH = True
        transfer_peer_id: UUID

    class TransferUnmatched(Event):
        TOPIC = "transaction.transfer_unmatched"
        IN_TRASH = True

        def apply(self, transaction: Transaction) -> None:
            transaction.transfer_peer_id = None

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

    def match_transfer(self, peer_id: Id) -> None:
        """Say that this and another transaction are the two ends of one transfer; both know it afterwards."""
        if peer_id == self.transfer_peer_id:
            return
        self._require_moving()
        peer = self._peer(Transaction, peer_id)
        if not peer.moves_money:
            raise NothingMoved
        if self.transfer_peer_id is not None:
            raise TransferTaken
        self._require_other_end(peer, self.amount, self.day)
        self.trigger_event(Transaction.TransferMatched, transfer_peer_id=peer_id)
        self._tell_other_end(None)

    def unmatch_transfer(self) -> None:
        before = self.transfer_peer_id
        if before is not None:
            self.trigger_event(Transaction.TransferUnmatched)
            self._tell_other_end(before)

    @property
    def direction(self) -> Direction:
        """Whether money came in or went out; an amount of zero came in."""
        return Direction.OUT if self.amount < 0 else Direction.IN

    @property
    def day(self) -> date:
        """The day of the booking, or the best day known before it."""
        return day_of(self.booked_on, self.value_on, self.transacted_at)

    @property
    def named_peers(self) -> frozenset[PeerRef]:
        contacts = peer_refs("contact", self.counterparty_contact_id)
        return contacts | peer_refs("document", *self.receipts)

    def _require_fit(self) -> None:
        self._require_transfer_fits(self.amount, self.day)

    def _tell_others(self, before: Self) -> None:
        super()._tell_others(before)
        self._tell_other_end(before.transfer_peer_id)

    def _tell_other_end(self, before: UUID | None) -> None:
        """Let the former and the present other end of the transfer know; an erased one need not."""
        if self.transfer_peer_id == before:
            return
        former, peer = self._end(before), self._end(self.transfer_peer_id)
        if former is not None and former.transfer_peer_id == self.id:
            former.trigger_event(Transaction.TransferUnmatched)
        if peer is not None and peer.transfer_peer_id is None:
            peer.trigger_event(Transaction.TransferMatched, transfer_peer_id=self.id)

    def _end(self, transaction_id: UUID | None) -> Transaction | None:
        return peers_of(self).get(Transaction, transaction_id) if transaction_id is not None else None

    def _require_amount_may_become(self, amount: Decimal, day: date) -> None:
        require_precision(amount, self.currency)
        if amount != self.amount and self.reconciliation is Reconciliation.RECONCILED:
            raise ReconciledAmountFixed
        if amount != self.amount and self.splits:
            raise PartsDoNotSum
        self._require_transfer_fits(amount, day)

    def _require_transfer_fits(self, amount: Decimal, day: date) -> None:
        peer = self._end(self.transfer_peer_id)
        if peer is not None:
            self._require_other_end(peer, amount, day)

    def _require_other_end(self, peer: Transaction, amount: Decimal, day: date) -> None:
        if peer.transfer_peer_id not in (None, self.id):
            raise TransferTaken
        if peer.account_id == self.account_id:
            raise TransferWithinAccount
        if peer.currency != self.currency:
            raise TransferCurrencyDiffers
        if not (amount < 0 < peer.amount or peer.amount < 0 < amount):
            raise TransferNotOpposite
        if abs((peer.day - day).days) > TRANSFER_DAYS:
            raise TransferTooFarApart
