"""The words of a transaction: its states, parts and the rules it may break."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, TypeVar

from pydantic import Field, StringConstraints

from domain.shared.errors import IllegalTransition, RuleBroken
from domain.shared.money import require_precision
from domain.shared.values import Country, Currency, Label, Line, Many, Money, Name, Number, Title

T = TypeVar("T")

MAX_RECEIPTS = 100
MIN_PARTS = 2
MAX_PARTS = 200
TRANSFER_DAYS = 5

Iban = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}[0-9]{2}[A-Z0-9]{8,30}$")]
"""An account number (ISO 13616) without spaces; check digits are not checked, or a statement would be lost."""

Bic = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$")]
"""The code of a bank (ISO 9362)."""

Mcc = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}$")]
"""What a merchant sells (ISO 18245)."""

Rate = Annotated[Number, Field(gt=0)]


class BookingStatus(StrEnum):
    """How far the bank is with an entry; ``information`` is one that moves no money (camt.053 INFO)."""

    PENDING = "pending"
    BOOKED = "booked"
    REVERSED = "reversed"
    CANCELLED = "cancelled"
    INFORMATION = "information"


class AccountType(StrEnum):
    CHECKING = "checking"
    SAVINGS = "savings"
    CREDIT_CARD = "credit_card"
    LOAN = "loan"
    INVESTMENT = "investment"
    CASH = "cash"
    MONEY_MARKET = "money_market"
    CREDIT_LINE = "credit_line"
    PENSION = "pension"
    CRYPTO = "crypto"


class TransactionType(StrEnum):
    CARD_PAYMENT = "card_payment"
    CASH_WITHDRAWAL = "cash_withdrawal"
    CASH_DEPOSIT = "cash_deposit"
    TRANSFER = "transfer"
    DIRECT_DEBIT = "direct_debit"
    DIRECT_DEPOSIT = "direct_deposit"
    CHECK = "check"
    FEE = "fee"
    INTEREST = "interest"
    DIVIDEND = "dividend"
    REFUND = "refund"
    STANDING_ORDER = "standing_order"
    ADJUSTMENT = "adjustment"
    OTHER = "other"


class Recurrence(StrEnum):
    """Whether more movements of a series are to be expected."""

    ONGOING = "ongoing"
    FINISHED = "finished"


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


class CategorySource(StrEnum):
    """Who chose a category."""

    USER = "user"
    RULE = "rule"
    MODEL = "model"
    SOURCE = "source"


class Reconciliation(StrEnum):
    """How far an entry was compared with the account's statement."""

    UNRECONCILED = "unreconciled"
    CLEARED = "cleared"
    RECONCILED = "reconciled"


class NotPending(IllegalTransition):
    """The transaction is not pending."""


class NotBooked(IllegalTransition):
    """The transaction is not booked."""


class NotRecurring(IllegalTransition):
    """The transaction is not one of a series."""


class NothingMoved(IllegalTransition):
    """The transaction was reversed or cancelled or only informs; no money moved."""


class TransactionClosed(IllegalTransition):
    """The transaction was reversed or cancelled."""


class NotAnOpeningStatus(RuleBroken):
    """A transaction begins pending, booked or as information."""


class Undated(RuleBroken):
    """A transaction needs a day, and a booked one the day of its booking."""


class PartsDoNotSum(RuleBroken):
    """The parts of a transaction must add up to its amount exactly."""


class TooFewParts(RuleBroken):
    """A transaction is split into two parts or more."""


class ReconciledAmountFixed(RuleBroken):
    """The amount agrees with a statement and cannot change; undo the reconciliation first."""


class TransferTaken(RuleBroken):
    """One of the two transactions is already matched as a transfer with another one."""


class TransferMismatch(RuleBroken):
    """The two transactions cannot be one transfer."""


class TransferWithinAccount(TransferMismatch):
    """A transfer goes from one account to another."""


class TransferCurrencyDiffers(TransferMismatch):
    """Both ends of a transfer are in the same currency."""


class TransferNotOpposite(TransferMismatch):
    """One end of a transfer is money out, the other money in."""


class TransferTooFarApart(TransferMismatch):
    """The two ends of a transfer lie at most five days apart."""


class ReversesItself(RuleBroken):
    """A transaction cannot be its own reversal."""


@dataclass(frozen=True, slots=True)
class References:
    """What the banks call a transaction (OFX, ISO 20022)."""

    fitid: Line | None = None
    end_to_end_id: Line | None = None
    mandate_id: Line | None = None
    check_number: Label | None = None
    bank_reference: Line | None = None
    instruction_id: Line | None = None


@dataclass(frozen=True, slots=True)
class ForeignAmount:
    """What was paid in another currency; banks add charges, so amount and rate need not agree."""

    amount: Money
    currency: Currency
    rate: Rate | None = None


@dataclass(frozen=True, slots=True)
class Merchant:
    """Where a card was used."""

    mcc: Mcc | None = None
    city: Name | None = None
    country: Country | None = None


@dataclass(frozen=True, slots=True)
class SplitPart:
    """A share of a transaction with a purpose of its own; it may be of the other sign (a returned deposit)."""

    amount: Money
    category: Title | None = None
    note: Line = ""
    person: Name | None = None


Parts = Annotated[Many[SplitPart], Field(max_length=MAX_PARTS)]


@dataclass(frozen=True, slots=True)
class Tax:
    """How a transaction appears in a tax return."""

    deductible: bool
    category: Name | None = None
    year: Annotated[int, Field(ge=1000, le=2999)] | None = None


@dataclass(frozen=True)
class Entry:
    """What a bank may say again, and better, of an entry."""

    amount: Decimal
    booked_on: date | None
    value_on: date | None
    transacted_at: datetime | None
    original: ForeignAmount | None
    transaction_type: TransactionType
    description_raw: str
    memo: str
    counterparty_name: str | None
    counterparty_iban: str | None
    counterparty_bic: str | None
    references: References
    balance_after: Decimal | None


def day_of(booked_on: date | None, value_on: date | None, transacted_at: datetime | None) -> date:
    """Return the day of an entry; a booking has no zone, so the moment counts where it happened."""
    day = booked_on or value_on or (transacted_at and transacted_at.date())
    if day is None:
        raise Undated
    return day


def require_foreign_precision(original: ForeignAmount | None) -> None:
    """Refuse a foreign amount with more decimals than its currency."""
    if original is not None:
        require_precision(original.amount, original.currency)
