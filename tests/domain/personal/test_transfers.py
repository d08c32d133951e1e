"""Two transactions that are the ends of one transfer."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.personal.transaction_terms import (
    BookingStatus,
    NothingMoved,
    TransferCurrencyDiffers,
    TransferNotOpposite,
    TransferTaken,
    TransferTooFarApart,
    TransferWithinAccount,
)
from domain.shared.errors import DomainError, PeerUnusable
from domain.shared.values import new_id
from tests.domain.personal.movements import TODAY, Ledger, parts


def test_two_ends_of_a_transfer_are_matched_at_once() -> None:
    ledger = Ledger()
    out, into = (
        ledger.record("-50"),
        ledger.record("50", account_id="savings", booked_on=TODAY + timedelta(days=5)),
    )
    out.match_transfer(into.id)
    assert (out.transfer_peer_id, into.transfer_peer_id) == (into.id, out.id)
    out.match_transfer(into.id)
    into.match_transfer(out.id)
    assert (out.version, into.version) == (2, 2)


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
    with pytest.raises(TransferTaken):
        ledger.record("-50").match_transfer(into.id)
    with pytest.raises(TransferTaken):
        into.match_transfer(ledger.record("-50").id)


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
    into.unmatch_transfer()
    assert (out.transfer_peer_id, into.transfer_peer_id) == (None, None)
    out.match_transfer(other.id)
    assert out.transfer_peer_id == other.id


def test_end_in_the_trash_is_unmatched_too() -> None:
    ledger = Ledger()
    out, into = ledger.record("-50"), ledger.record("50", account_id="savings")
    out.match_transfer(into.id)
    into.trash()
    with pytest.raises(TransferNotOpposite):
        out.correct(amount=Decimal(50))  # it may come back
    out.unmatch_transfer()
    into.restore()
    assert into.transfer_peer_id is None


def test_erased_end_holds_the_other_to_nothing() -> None:
    ledger = Ledger()
    out, into = ledger.record("-50"), ledger.record("50", account_id="savings")
    out.match_transfer(into.id)
    del ledger.records[into.id]
    out.correct(amount=Decimal(50))
    out.unmatch_transfer()
    assert out.transfer_peer_id is None


def test_revert_matches_and_unmatches_both_ends() -> None:
    ledger = Ledger()
    out, into = ledger.record("-50"), ledger.record("50", account_id="savings")
    alone = deepcopy(out)
    out.match_transfer(into.id)
    matched = deepcopy(out)
    out.revert_to(alone, "")
    assert (out.transfer_peer_id, into.transfer_peer_id) == (None, None)
    out.revert_to(matched, "")
    assert (out.transfer_peer_id, into.transfer_peer_id) == (into.id, out.id)
    out.unmatch_transfer()
    into.match_transfer(ledger.record("-50").id)
    with pytest.raises(TransferTaken):
        out.revert_to(matched, "")


def test_correction_does_not_break_a_matched_transfer() -> None:
    ledger = Ledger()
    out, into = ledger.record("-50"), ledger.record("50", account_id="savings")
    out.match_transfer(into.id)
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
