"""Transactions of two accounts under any commands in any order."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.personal.transaction_terms import BookingStatus, CategorySource, Reconciliation, SplitPart
from domain.shared.errors import DomainError, PeerUnusable
from domain.shared.record import attach
from tests.domain.personal.movements import PERSON, TODAY, Ledger, replayed, state_of

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
