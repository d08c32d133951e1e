"""What a person says of a transaction: its category, parts, receipts and whether a statement agrees."""

from __future__ import annotations

from decimal import Decimal

import pytest

from domain.personal.transaction_terms import (
    MAX_RECEIPTS,
    BookingStatus,
    CategorySource,
    Merchant,
    NotBooked,
    NotRecurring,
    PartsDoNotSum,
    ReconciledAmountFixed,
    Reconciliation,
    Recurrence,
    TooFewParts,
)
from domain.shared.money import ExcessPrecision
from domain.shared.record import TooMany
from domain.shared.values import new_id
from tests.domain.personal.movements import TODAY, last_event, parts, pending, recorded


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


def test_movement_is_one_of_a_series_until_the_series_ends() -> None:
    series_id = new_id()
    rent = recorded("-800")
    with pytest.raises(NotRecurring):
        rent.end_recurring()
    rent.mark_recurring(series_id)
    rent.mark_recurring(series_id)
    assert (rent.recurrence_id, rent.recurrence) == (series_id, Recurrence.ONGOING)
    rent.end_recurring()
    rent.end_recurring()
    assert (rent.recurrence_id, rent.recurrence, rent.version) == (series_id, Recurrence.FINISHED, 3)
    rent.mark_recurring(series_id)
    assert rent.recurrence is Recurrence.ONGOING
