"""What a transaction keeps: exact money, whole splits, settled amounts and honest transfers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.catalogue import events_of
from domain.personal.transaction import Transaction
from domain.personal.transaction_terms import (
    MAX_RECEIPTS,
    BookingStatus,
    CategorySource,
    Direction,
    ExcessPrecision,
    ForeignAmount,
    Merchant,
    NotAnOpeningStatus,
    NotBooked,
    NothingMoved,
    NotPending,
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
)
from domain.shared.commands import commands_of
from domain.shared.errors import DomainError, InvalidInput, PeerUnusable, RecordTrashed
from domain.shared.record import Origin, Peers, R, Source, TooMany, attach, state_fields
from domain.shared.values import new_id

PERSON = new_id()
TODAY = date(2026, 3, 10)


class Ledger:
    """The person's other transactions, by id."""

    def __init__(self) -> None:
        self.records: dict[UUID, Transaction] = {}

    def get(self, kind: type[R], record_id: UUID) -> R | None:
        record = self.records.get(record_id)
        return record if isinstance(record, kind) else None

    def record(self, amount: str, **details: Any) -> Transaction:
        transaction = recorded(amount, peers=self, **details)
        self.records[transaction.id] = transaction
        return transaction


def recorded(
    amount: str = "-12.50", *, source: Source | None = None, peers: Peers | None = None, **details: Any
) -> Transaction:
    settled: dict[str, Any] = {"currency": "EUR", "account_id": "checking", "booked_on": TODAY} | details
    origin = Origin(PERSON, source=source) if peers is None else Origin(PERSON, source=source, peers=peers)
    return Transaction.record(origin, Decimal(amount), **settled)


def pending(amount: str = "-12.50", **details: Any) -> Transaction:
    return recorded(
        amount, **({"status": BookingStatus.PENDING, "booked_on": None, "value_on": TODAY} | details)
    )


def parts(*amounts: str) -> tuple[SplitPart, ...]:
    return tuple(SplitPart(Decimal(amount)) for amount in amounts)


def last_event(transaction: Transaction) -> Any:
    return transaction.pending_events[-1]


def replayed(transaction: Transaction) -> Transaction:
    state: Any = None
    for event in transaction.pending_events:
        state = event.mutate(state)
    return state  # type: ignore[no-any-return]


def state_of(transaction: Transaction) -> dict[str, Any]:
    return {name: getattr(transaction, name) for name in (*state_fields(Transaction), "version")}


# Recording ---------------------------------------------------------------------------------------------


def test_recorded_transaction_keeps_what_the_bank_said() -> None:
    transaction = recorded(
        "-12.50",
        account_name="Everyday",
        iban="DE89370400440532013000",
        transaction_type=TransactionType.CARD_PAYMENT,
        description_raw="CARD 1234 COFFEE",
        counterparty_name="Coffee House",
        merchant=Merchant("5814", "Berlin", "DE"),
        references=References(fitid="2026-1"),
        original=ForeignAmount(Decimal("-14.00"), "USD", Decimal("0.8929")),
        balance_after=Decimal("100.00"),
        tax=Tax(deductible=True, year=2026),
    )
    assert last_event(transaction).TOPIC == "transaction.recorded"
    assert transaction.status is BookingStatus.BOOKED
    assert transaction.amount == Decimal("-12.50")
    assert transaction.references.fitid == "2026-1"
    assert transaction.original == ForeignAmount(Decimal("-14.00"), "USD", Decimal("0.8929"))
    assert transaction.merchant == Merchant("5814", "Berlin", "DE")
    assert transaction.tax == Tax(deductible=True, year=2026)
    assert transaction.day == TODAY


@pytest.mark.parametrize(("amount", "direction"), [("-0.01", "out"), ("0", "in"), ("5", "in")])
def test_direction_is_the_sign_of_the_amount(amount: str, direction: str) -> None:
    assert recorded(amount).direction is Direction(direction)


@pytest.mark.parametrize(
    ("currency", "exact", "excess"),
    [
        ("EUR", "1.23", "1.234"),
        ("JPY", "100", "100.5"),
        ("KRW", "100", "0.01"),
        ("BHD", "1.234", "1.2345"),
        ("KWD", "-1.001", "-1.0001"),
        ("CLF", "1.2345", None),
        ("XAU", "0.0001", None),
    ],
)
def test_amount_has_no_more_decimals_than_its_currency(currency: str, exact: str, excess: str | None) -> None:
    assert recorded(exact, currency=currency).amount == Decimal(exact)
    if excess is not None:
        with pytest.raises(ExcessPrecision):
            recorded(excess, currency=currency)


def test_zeros_at_the_end_are_not_excess_precision() -> None:
    assert recorded("1.2300").amount == Decimal("1.23")
    assert recorded("100.00", currency="JPY").amount == 100


def test_balance_and_foreign_amount_fit_their_currencies() -> None:
    with pytest.raises(ExcessPrecision):
        recorded(balance_after=Decimal("1.001"))
    with pytest.raises(ExcessPrecision):
        recorded(original=ForeignAmount(Decimal("1.5"), "JPY"))


def test_largest_amount_is_kept_to_the_last_digit() -> None:
    assert str(recorded("123456789012345.6789", currency="CLF").amount) == "123456789012345.6789"


@pytest.mark.parametrize("amount", [12.5, "NaN", "12345678901234567890", "1.23456"])
def test_amount_is_a_decimal_number_and_never_a_float(amount: object) -> None:
    record = commands_of(Transaction)["record"]
    with pytest.raises(InvalidInput):
        record.arguments((amount,), {"currency": "EUR", "account_id": "a", "booked_on": TODAY})


def test_amount_comes_from_json_as_text() -> None:
    record = commands_of(Transaction)["record"]
    body = '{"amount": "0.10", "currency": "EUR", "account_id": "a", "booked_on": "2026-03-10"}'
    assert record.arguments_from_json(body)["amount"] == Decimal("0.10")
    with pytest.raises(InvalidInput):
        record.arguments_from_json(body.replace('"0.10"', "0.10"))


@pytest.mark.parametrize("status", [BookingStatus.REVERSED, BookingStatus.CANCELLED])
def test_transaction_does_not_begin_reversed_or_cancelled(status: BookingStatus) -> None:
    with pytest.raises(NotAnOpeningStatus):
        recorded(status=status)


def test_booked_transaction_needs_its_booking_day() -> None:
    with pytest.raises(Undated):
        recorded(booked_on=None, value_on=TODAY)


def test_transaction_without_any_day_is_refused() -> None:
    with pytest.raises(Undated):
        pending(value_on=None)


def test_day_of_a_transaction_is_that_of_its_booking() -> None:
    assert recorded(value_on=TODAY - timedelta(days=3)).day == TODAY


def test_pending_transaction_counts_on_the_day_it_was_made() -> None:
    made = datetime(2026, 3, 9, 23, 30, tzinfo=UTC)
    assert pending(value_on=None, transacted_at=made).day == date(2026, 3, 9)


def test_category_of_a_new_transaction_is_the_persons_unless_imported() -> None:
    assert recorded(category="food").category_source is CategorySource.USER
    imported = recorded(category="food", source=Source("ofx", "1"))
    assert imported.category_source is CategorySource.SOURCE
    assert recorded().category_source is None


def test_refund_is_of_a_transaction_that_exists() -> None:
    ledger = Ledger()
    paid = ledger.record("-20")
    assert ledger.record("20", refund_of=paid.id).refund_of == paid.id
    with pytest.raises(PeerUnusable):
        ledger.record("20", refund_of=new_id())


# Status ------------------------------------------------------------------------------------------------


def test_pending_transaction_is_booked_with_the_amount_the_bank_took() -> None:
    transaction = pending("-12.50", references=References(fitid="p-1"))
    transaction.book(
        TODAY, amount=Decimal("-13.00"), references=References(fitid="b-1"), balance_after=Decimal(5)
    )
    assert last_event(transaction).TOPIC == "transaction.booked"
    assert transaction.status is BookingStatus.BOOKED
    assert (transaction.amount, transaction.booked_on) == (Decimal("-13.00"), TODAY)
    assert transaction.references == References(fitid="b-1")
    assert transaction.balance_after == 5


def test_booking_keeps_what_the_bank_does_not_repeat() -> None:
    transaction = pending("-12.50", references=References(fitid="p-1"), balance_after=Decimal(7))
    transaction.book(TODAY + timedelta(days=1))
    assert transaction.amount == Decimal("-12.50")
    assert transaction.value_on == TODAY
    assert transaction.references.fitid == "p-1"
    assert transaction.balance_after == 7


def test_booked_amount_fits_the_currency() -> None:
    with pytest.raises(ExcessPrecision):
        pending().book(TODAY, amount=Decimal("-1.001"))
    with pytest.raises(ExcessPrecision):
        pending().book(TODAY, balance_after=Decimal("-1.001"))


def test_only_a_pending_transaction_is_booked_or_cancelled() -> None:
    for transaction in (recorded(), recorded(status=BookingStatus.INFORMATION)):
        with pytest.raises(NotPending):
            transaction.book(TODAY)
        with pytest.raises(NotPending):
            transaction.cancel_pending()


def test_cancelled_pending_transaction_stays_cancelled() -> None:
    transaction = pending()
    transaction.cancel_pending("hold released")
    assert (transaction.status, transaction.status_reason) == (BookingStatus.CANCELLED, "hold released")
    with pytest.raises(NotPending):
        transaction.book(TODAY)
    with pytest.raises(NotPending):
        transaction.cancel_pending()


def test_booked_transaction_is_reversed_by_another() -> None:
    ledger = Ledger()
    paid, back = ledger.record("-20"), ledger.record("20")
    paid.reverse(TODAY, reversal_id=back.id, reason="chargeback")
    assert paid.status is BookingStatus.REVERSED
    assert (paid.reversed_on, paid.reversal_id, paid.status_reason) == (TODAY, back.id, "chargeback")


def test_reversal_is_dated_today_unless_told() -> None:
    transaction = recorded()
    transaction.reverse()
    assert transaction.reversed_on == last_event(transaction).timestamp.date()


def test_only_a_booked_transaction_is_reversed_and_only_once() -> None:
    with pytest.raises(NotBooked):
        pending().reverse()
    transaction = recorded()
    transaction.reverse(TODAY)
    with pytest.raises(NotBooked):
        transaction.reverse(TODAY)


def test_reversal_is_another_existing_transaction() -> None:
    transaction = recorded()
    with pytest.raises(ReversesItself):
        transaction.reverse(TODAY, reversal_id=transaction.id)
    with pytest.raises(PeerUnusable):
        transaction.reverse(TODAY, reversal_id=new_id())


# Correction --------------------------------------------------------------------------------------------


def test_correction_replaces_what_it_names_and_keeps_the_rest() -> None:
    transaction = recorded("-12.50", description_raw="COFEE", memo="m")
    transaction.correct(
        amount=Decimal("-12.55"), description_raw="COFFEE", booked_on=TODAY + timedelta(days=1)
    )
    assert last_event(transaction).TOPIC == "transaction.corrected"
    assert (transaction.amount, transaction.description_raw, transaction.memo) == (
        Decimal("-12.55"),
        "COFFEE",
        "m",
    )
    assert transaction.day == TODAY + timedelta(days=1)


def test_correction_that_changes_nothing_is_no_event() -> None:
    transaction = recorded("-12.50")
    transaction.correct(amount=Decimal("-12.500"), booked_on=TODAY)
    assert transaction.version == 1


def test_correction_keeps_what_the_person_edited() -> None:
    transaction = recorded(source=Source("ofx", "1"), counterparty_name="AMZN MKTP")
    transaction.identify_counterparty("Bookshop")
    transaction.correct(counterparty_name="AMZN MKTPLC", memo="new")
    assert (transaction.counterparty_name, transaction.memo) == ("Bookshop", "new")


def test_booking_an_imported_transaction_does_not_bar_later_corrections() -> None:
    transaction = pending("-12.50", source=Source("camt", "1"))
    transaction.book(TODAY, amount=Decimal("-13.00"))
    transaction.correct(amount=Decimal("-13.50"))
    assert transaction.amount == Decimal("-13.50")


def test_correction_fits_the_currencies() -> None:
    for wrong in (
        {"amount": Decimal("1.001")},
        {"balance_after": Decimal("1.001")},
        {"original": ForeignAmount(Decimal("0.1"), "KRW")},
    ):
        with pytest.raises(ExcessPrecision):
            recorded().correct(**wrong)


def test_reversed_or_cancelled_transaction_is_not_corrected() -> None:
    cancelled, undone = pending(), recorded()
    cancelled.cancel_pending()
    undone.reverse(TODAY)
    for transaction in (cancelled, undone):
        with pytest.raises(TransactionClosed):
            transaction.correct(memo="late")


# Category, description, counterparty -------------------------------------------------------------------


def test_person_categorises_over_a_rule_and_a_model_never_over_the_person() -> None:
    transaction = recorded()
    transaction.categorise("food", by=CategorySource.MODEL, confidence=0.7)
    assert (transaction.category, transaction.category_confidence) == ("food", 0.7)
    transaction.categorise("food/groceries")
    assert transaction.category_source is CategorySource.USER
    assert transaction.category_confidence is None
    version = transaction.version
    for other in (CategorySource.RULE, CategorySource.MODEL, CategorySource.SOURCE):
        transaction.categorise("travel", by=other)
    assert (transaction.category, transaction.version) == ("food/groceries", version)


def test_same_category_again_is_no_event() -> None:
    transaction = recorded()
    transaction.categorise("food")
    transaction.categorise("food")
    assert transaction.version == 2


def test_description_leaves_the_banks_words_alone() -> None:
    transaction = recorded(description_raw="POS 99 XK")
    transaction.describe("Lunch with Ana")
    transaction.describe("Lunch with Ana")
    assert (transaction.description, transaction.description_raw) == ("Lunch with Ana", "POS 99 XK")
    assert transaction.version == 2


def test_counterparty_is_identified_as_a_whole() -> None:
    transaction = recorded(counterparty_name="X", counterparty_iban="DE89370400440532013000")
    contact = new_id()
    transaction.identify_counterparty("Ana", contact_id=contact, bic="DEUTDEFF", merchant=Merchant("5814"))
    transaction.identify_counterparty("Ana", contact_id=contact, bic="DEUTDEFF", merchant=Merchant("5814"))
    assert transaction.version == 2
    assert (transaction.counterparty_name, transaction.counterparty_contact_id) == ("Ana", contact)
    assert (transaction.counterparty_iban, transaction.counterparty_bic) == (None, "DEUTDEFF")
    assert transaction.merchant == Merchant("5814")


# Splits ------------------------------------------------------------------------------------------------


def test_splits_add_up_to_the_amount_exactly() -> None:
    transaction = recorded("-0.30")
    transaction.split(parts("-0.10", "-0.20"))
    assert sum(part.amount for part in transaction.splits) == Decimal("-0.30")
    with pytest.raises(PartsDoNotSum):
        transaction.split(parts("-0.10", "-0.19"))


def test_part_may_be_of_the_other_sign() -> None:
    transaction = recorded("-20")
    transaction.split(parts("-22", "2"))
    assert len(transaction.splits) == 2


def test_part_fits_the_currency() -> None:
    with pytest.raises(ExcessPrecision):
        recorded("-1.00").split(parts("-0.505", "-0.495"))


@pytest.mark.parametrize("amounts", [(), ("-12.50",)])
def test_split_is_into_two_or_more(amounts: tuple[str, ...]) -> None:
    with pytest.raises(TooFewParts):
        recorded("-12.50").split(parts(*amounts))


def test_second_split_replaces_the_first_and_the_same_is_no_event() -> None:
    transaction = recorded("-3")
    transaction.split(parts("-1", "-2"))
    transaction.split(parts("-1.00", "-2.00"))
    assert transaction.version == 2
    transaction.split(parts("-1", "-1", "-1"))
    assert len(transaction.splits) == 3


def test_unsplit_takes_the_parts_away_once() -> None:
    transaction = recorded("-3")
    transaction.unsplit()
    transaction.split(parts("-1", "-2"))
    transaction.unsplit()
    transaction.unsplit()
    assert transaction.splits == ()
    assert transaction.version == 3


def test_amount_of_a_split_transaction_cannot_change_under_its_parts() -> None:
    transaction = pending("-3")
    transaction.split(parts("-1", "-2"))
    with pytest.raises(PartsDoNotSum):
        transaction.correct(amount=Decimal(-4))
    with pytest.raises(PartsDoNotSum):
        transaction.book(TODAY, amount=Decimal(-4))
    transaction.book(TODAY, amount=Decimal(-3))
    assert transaction.status is BookingStatus.BOOKED


# Transfers ---------------------------------------------------------------------------------------------


def test_two_ends_of_a_transfer_are_matched_from_both_sides() -> None:
    ledger = Ledger()
    out, into = (
        ledger.record("-50"),
        ledger.record("50", account_id="savings", booked_on=TODAY + timedelta(days=5)),
    )
    out.match_transfer(into.id)
    into.match_transfer(out.id)
    assert (out.transfer_peer_id, into.transfer_peer_id) == (into.id, out.id)
    out.match_transfer(into.id)
    assert out.version == 2


def test_fee_may_make_the_ends_of_a_transfer_differ() -> None:
    ledger = Ledger()
    out, into = ledger.record("-50"), ledger.record("49.50", account_id="savings")
    out.match_transfer(into.id)
    assert out.transfer_peer_id == into.id


@pytest.mark.parametrize(
    ("amount", "details", "error"),
    [
        ("50", {"account_id": "checking"}, TransferWithinAccount),
        ("50", {"currency": "USD"}, TransferCurrencyDiffers),
        ("-50", {}, TransferNotOpposite),
        ("0", {}, TransferNotOpposite),
        ("50", {"booked_on": TODAY + timedelta(days=6)}, TransferTooFarApart),
        ("50", {"booked_on": TODAY - timedelta(days=6)}, TransferTooFarApart),
        ("50", {"status": BookingStatus.INFORMATION}, NothingMoved),
    ],
)
def test_what_is_not_a_transfer_is_not_matched(
    amount: str, details: dict[str, Any], error: type[DomainError]
) -> None:
    ledger = Ledger()
    out, other = ledger.record("-50"), ledger.record(amount, **({"account_id": "savings"} | details))
    with pytest.raises(error):
        out.match_transfer(other.id)
    assert out.version == 1


def test_transfer_needs_a_living_peer() -> None:
    ledger = Ledger()
    out, into = ledger.record("-50"), ledger.record("50", account_id="savings")
    into.trash()
    with pytest.raises(PeerUnusable):
        out.match_transfer(into.id)
    with pytest.raises(PeerUnusable):
        out.match_transfer(new_id())


def test_transaction_is_one_end_of_one_transfer() -> None:
    ledger = Ledger()
    out, into, other = (
        ledger.record("-50"),
        ledger.record("50", account_id="b"),
        ledger.record("50", account_id="c"),
    )
    out.match_transfer(into.id)
    with pytest.raises(TransferTaken):
        out.match_transfer(other.id)
    into.match_transfer(out.id)
    with pytest.raises(TransferTaken):
        ledger.record("-50").match_transfer(into.id)


def test_unmatched_transfer_is_free_again() -> None:
    ledger = Ledger()
    out, into, other = (
        ledger.record("-50"),
        ledger.record("50", account_id="b"),
        ledger.record("50", account_id="c"),
    )
    out.unmatch_transfer()
    assert out.version == 1
    out.match_transfer(into.id)
    out.unmatch_transfer()
    assert out.transfer_peer_id is None
    out.match_transfer(other.id)
    assert out.transfer_peer_id == other.id


def test_correction_does_not_break_a_matched_transfer() -> None:
    ledger = Ledger()
    out, into = ledger.record("-50"), ledger.record("50", account_id="savings")
    out.match_transfer(into.id)
    into.match_transfer(out.id)
    with pytest.raises(TransferNotOpposite):
        out.correct(amount=Decimal(50))
    with pytest.raises(TransferNotOpposite):
        out.correct(amount=Decimal(0))
    with pytest.raises(TransferNotOpposite):
        into.correct(amount=Decimal(0))
    with pytest.raises(TransferTooFarApart):
        out.correct(booked_on=TODAY + timedelta(days=6))
    out.correct(amount=Decimal("-50.25"), booked_on=TODAY + timedelta(days=2))
    assert out.amount == Decimal("-50.25")


def test_money_that_never_moved_is_neither_split_nor_matched() -> None:
    ledger = Ledger()
    other = ledger.record("3", account_id="savings")
    cancelled = ledger.record("-3", status=BookingStatus.PENDING)
    cancelled.cancel_pending()
    for transaction in (cancelled, ledger.record("-3", status=BookingStatus.INFORMATION)):
        with pytest.raises(NothingMoved):
            transaction.split(parts("-1", "-2"))
        with pytest.raises(NothingMoved):
            transaction.match_transfer(other.id)


# Receipts, reconciliation, flags -----------------------------------------------------------------------


def test_receipts_are_attached_once_and_detached_once() -> None:
    transaction, receipt = recorded(), new_id()
    transaction.attach_receipt(receipt)
    transaction.attach_receipt(receipt)
    assert (transaction.receipts, transaction.version) == ((receipt,), 2)
    transaction.detach_receipt(receipt)
    transaction.detach_receipt(receipt)
    assert (transaction.receipts, transaction.version) == ((), 3)


def test_receipts_are_bounded() -> None:
    transaction = recorded()
    for _ in range(MAX_RECEIPTS):
        transaction.attach_receipt(new_id())
    with pytest.raises(TooMany):
        transaction.attach_receipt(new_id())


def test_reconciled_amount_cannot_change() -> None:
    transaction = recorded("-12.50")
    transaction.reconcile("2026-03")
    with pytest.raises(ReconciledAmountFixed):
        transaction.correct(amount=Decimal("-12.51"))
    transaction.correct(memo="still fine")
    transaction.unreconcile()
    transaction.correct(amount=Decimal("-12.51"))
    assert transaction.amount == Decimal("-12.51")


def test_cleared_transaction_is_not_reconciled_yet() -> None:
    transaction = recorded("-12.50")
    transaction.clear()
    transaction.clear()
    assert (transaction.reconciliation, transaction.version) == (Reconciliation.CLEARED, 2)
    transaction.correct(amount=Decimal("-12.51"))
    transaction.reconcile()
    transaction.clear()
    assert transaction.reconciliation is Reconciliation.RECONCILED


def test_reconciliation_with_the_same_statement_is_no_event() -> None:
    transaction = recorded()
    transaction.reconcile("1")
    transaction.reconcile("1")
    assert (transaction.statement_id, transaction.version) == ("1", 2)
    transaction.unreconcile()
    transaction.unreconcile()
    assert (transaction.statement_id, transaction.version) == (None, 3)
    assert transaction.reconciliation is Reconciliation.UNRECONCILED


def test_only_a_booked_transaction_is_reconciled() -> None:
    for transaction in (pending(), recorded(status=BookingStatus.INFORMATION)):
        with pytest.raises(NotBooked):
            transaction.reconcile()
        with pytest.raises(NotBooked):
            transaction.clear()


def test_flag_stays_until_it_is_resolved() -> None:
    transaction = recorded()
    transaction.resolve_flag()
    transaction.flag("I do not know this shop")
    transaction.flag("I do not know this shop")
    assert (transaction.flag_reason, transaction.version) == ("I do not know this shop", 2)
    transaction.resolve_flag("It was Ana")
    assert transaction.flag_reason is None
    assert last_event(transaction).resolution == "It was Ana"


def test_trashed_transaction_takes_no_command() -> None:
    transaction = recorded()
    transaction.trash()
    with pytest.raises(RecordTrashed):
        transaction.describe("x")


def test_neither_errors_nor_names_of_records_show_content() -> None:
    transaction = recorded("-3", description="secret")
    with pytest.raises(PartsDoNotSum) as refused:
        transaction.split(parts("-77", "-88"))
    assert "77" not in str(refused.value)
    assert "secret" not in repr(transaction)


# All together ------------------------------------------------------------------------------------------


def test_replay_of_all_events_gives_the_same_state() -> None:
    ledger = Ledger()
    into = ledger.record("50", account_id="savings")
    transaction = ledger.record(
        "-49", source=Source("ofx", "1"), status=BookingStatus.PENDING, references=References(fitid="1")
    )
    transaction.book(TODAY, amount=Decimal(-50))
    transaction.correct(memo="fee included", transaction_type=TransactionType.TRANSFER)
    transaction.categorise("transfer")
    transaction.describe("to savings")
    transaction.identify_counterparty("me")
    transaction.split(parts("-49.50", "-0.50"))
    transaction.unsplit()
    transaction.split(parts("-49", "-1"))
    transaction.match_transfer(into.id)
    transaction.unmatch_transfer()
    transaction.match_transfer(into.id)
    transaction.attach_receipt(new_id())
    transaction.attach_receipt(new_id())
    transaction.detach_receipt(transaction.receipts[0])
    transaction.clear()
    transaction.reconcile("3")
    transaction.unreconcile()
    transaction.reconcile("4")
    transaction.flag("odd")
    transaction.resolve_flag("fine")
    transaction.flag("odd again")
    transaction.reverse(TODAY, reversal_id=into.id, reason="bank error")
    cancelled = pending()
    cancelled.cancel_pending("gone")
    for each in (transaction, cancelled):
        assert state_of(replayed(each)) == state_of(each)
    seen = {type(event) for each in (transaction, cancelled) for event in each.pending_events}
    own = {event for event in events_of(Transaction).values() if "{kind}" not in event.TOPIC}
    assert seen == own, "every event belongs into this replay"


MONEY = st.decimals(min_value=-1000, max_value=1000, places=2)
EXCESS = (
    st.integers(min_value=-100_000, max_value=100_000)
    .filter(lambda n: n % 10)
    .map(lambda n: Decimal(n) / 1000)
)
DAYS = st.integers(min_value=0, max_value=12).map(lambda n: TODAY + timedelta(days=n))


class Ledgers(RuleBasedStateMachine):
    """Any commands in any order: refused ones change nothing, accepted ones keep the invariants."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger()

    @initialize(amount=MONEY, start=st.sampled_from(["pending", "booked"]))
    def begin(self, amount: Decimal, start: str) -> None:
        settled = BookingStatus(start)
        self.one = self.ledger.record(str(amount), status=settled)
        self.other = self.ledger.record(str(-amount), account_id="savings")
        self.settled_amount: Decimal | None = None
        self.path = [self.one.status]

    def attempt(self, verb: str, *args: Any, **kwargs: Any) -> None:
        before = (state_of(self.one), len(self.one.pending_events))
        try:
            getattr(self.one, verb)(*args, **kwargs)
        except DomainError:
            assert (state_of(self.one), len(self.one.pending_events)) == before
        else:
            assert len(self.one.pending_events) - before[1] <= 1
        if self.one.status is not self.path[-1]:
            self.path.append(self.one.status)

    @rule(day=DAYS, amount=st.none() | MONEY)
    def book(self, day: date, amount: Decimal | None) -> None:
        self.attempt("book", day, amount=amount)

    @rule(amount=st.none() | MONEY | EXCESS, day=st.none() | DAYS)
    def correct(self, amount: Decimal | None, day: date | None) -> None:
        self.attempt("correct", amount=amount, booked_on=day)

    @rule(cut=st.decimals(min_value=-50, max_value=50, places=2), error=st.sampled_from([0, 0, 0, 1]))
    def split(self, cut: Decimal, error: int) -> None:
        self.attempt("split", (SplitPart(cut), SplitPart(self.one.amount - cut + error)))

    @rule(verb=st.sampled_from(["unsplit", "unmatch_transfer", "clear", "resolve_flag"]))
    def plain(self, verb: str) -> None:
        self.attempt(verb)

    @rule()
    def reconcile(self) -> None:
        self.attempt("reconcile", "statement")
        if self.one.reconciliation is Reconciliation.RECONCILED:
            self.settled_amount = self.one.amount

    @rule()
    def unreconcile(self) -> None:
        self.attempt("unreconcile")
        self.settled_amount = None

    @rule()
    def match(self) -> None:
        self.attempt("match_transfer", self.other.id)

    @rule(category=st.sampled_from(["food", "rent"]), by=st.sampled_from(CategorySource))
    def categorise(self, category: str, by: CategorySource) -> None:
        chosen = self.one.category if self.one.category_source is CategorySource.USER else None
        self.attempt("categorise", category, by=by)
        if chosen is not None and by is not CategorySource.USER:
            assert self.one.category == chosen

    @precondition(lambda self: self.one.version > 8)
    @rule(verb=st.sampled_from(["reverse", "cancel_pending"]))
    def close(self, verb: str) -> None:
        self.attempt(verb)

    @invariant()
    def splits_add_up(self) -> None:
        if hasattr(self, "one") and self.one.splits:
            assert sum(part.amount for part in self.one.splits) == self.one.amount

    @invariant()
    def amount_is_whole_cents(self) -> None:
        if hasattr(self, "one"):
            assert self.one.amount == self.one.amount.quantize(Decimal("0.01"))

    @invariant()
    def reconciled_amount_stands(self) -> None:
        if hasattr(self, "one") and self.settled_amount is not None:
            assert self.one.amount == self.settled_amount

    @invariant()
    def matched_transfer_is_one(self) -> None:
        if hasattr(self, "one") and self.one.transfer_peer_id is not None:
            assert self.one.amount * self.other.amount < 0
            assert abs((self.one.day - self.other.day).days) <= 5

    @invariant()
    def status_only_goes_forward(self) -> None:
        if hasattr(self, "one"):
            steps = {("pending", "booked"), ("booked", "reversed"), ("pending", "cancelled")}
            assert all(step in steps for step in zip(self.path, self.path[1:], strict=False))

    @invariant()
    def replay_agrees(self) -> None:
        if hasattr(self, "one"):
            assert state_of(replayed(self.one)) == state_of(self.one)


TestLedgers = Ledgers.TestCase
TestLedgers.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)


def test_peers_are_looked_up_again_after_loading() -> None:
    ledger = Ledger()
    out, into = ledger.record("-50"), ledger.record("50", account_id="savings")
    loaded = replayed(out)
    with pytest.raises(PeerUnusable):
        loaded.match_transfer(into.id)
    attach(loaded, PERSON, ledger)
    loaded.match_transfer(into.id)
    assert loaded.transfer_peer_id == into.id
