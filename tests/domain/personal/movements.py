"""Movements of money for tests."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from domain.personal.transaction import Transaction
from domain.personal.transaction_terms import BookingStatus, SplitPart
from domain.shared.peers import Peers
from domain.shared.record import Origin, Source, state_fields
from domain.shared.values import new_id
from tests.domain.shelf import Shelf

PERSON = new_id()
TODAY = date(2026, 3, 10)


class Ledger(Shelf):
    """The person's transactions."""

    def record(self, amount: str, **details: Any) -> Transaction:
        transaction = recorded(amount, peers=self, **details)
        self.add(transaction)
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
