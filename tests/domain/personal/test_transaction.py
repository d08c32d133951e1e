"""What a transaction keeps: exact money, whole splits, settled amounts and honest transfers."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from domain.catalogue import events_of
from domain.personal.transaction import Transaction
from domain.personal.transaction_terms import (
    BookingStatus,
    CategorySource,
    Direction,
    ForeignAmount,
    Merchant,
    NotAnOpeningStatus,
    NotBooked,
    NotPending,
    PartsDoNotSum,
    References,
    ReversesItself,
    Tax,
    TransactionClosed,
    TransactionType,
    Undated,
)
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput, PeerUnusable, RecordTrashed
from domain.shared.money import ExcessPrecision
from domain.shared.record import Source
from domain.shared.values import new_id
from tests.domain.personal.movements import (
    TODAY,
    Ledger,
    last_event,
    parts,
    pending,
    recorded,
    replayed,
    state_of,
)


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


def test_entry_that_undid_another_knows_so_until_that_is_taken_back() -> None:
    ledger = Ledger()
    paid, back = ledger.record("-50"), ledger.record("50")
    before = deepcopy(paid)

    def ends() -> tuple[UUID | None, UUID | None]:
        return paid.reversal_id, back.reverses_id

    paid.reverse(reversal_id=back.id)
    assert ends() == (back.id, paid.id)
    undone = deepcopy(paid)
    paid.revert_to(before, "")
    assert ends() == (None, None)
    paid.revert_to(undone, "")
    assert ends() == (back.id, paid.id)


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
    transaction.mark_recurring(new_id())
    ledger.record("50").reverse(reversal_id=transaction.id)
    transaction.end_recurring()
    transaction.reverse(TODAY, reversal_id=into.id, reason="bank error")
    cancelled = pending()
    cancelled.cancel_pending("gone")
    for each in (transaction, cancelled):
        assert state_of(replayed(each)) == state_of(each)
    seen = {type(event) for each in (transaction, cancelled) for event in each.pending_events}
    own = {event for event in events_of(Transaction).values() if "{kind}" not in event.TOPIC}
    assert seen == own, "every event belongs into this replay"
