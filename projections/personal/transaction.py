"""What can be asked of money."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time

from domain.personal.transaction import Transaction
from domain.personal.transaction_terms import BookingStatus
from projections import spending
from projections.record_table import RecordTable
from projections.search import Words, in_search
from projections.timeline import Moment, on_timeline
from projections.view import Row, Tally, View


def _moment(transaction: Transaction) -> Moment:
    at = transaction.transacted_at
    if at is None:
        day = transaction.booked_on or transaction.value_on or transaction.created_on.date()
        at = datetime.combine(day, time(), UTC)
    title = transaction.description or transaction.counterparty_name or transaction.description_raw
    return Moment(at, title, f"{transaction.amount} {transaction.currency}")


def _words(transaction: Transaction) -> Words:
    title = transaction.description or transaction.counterparty_name or ""
    texts = (
        transaction.description_raw,
        transaction.memo,
        transaction.counterparty_name,
        transaction.category,
    )
    return Words(title, "\n".join(text for text in texts if text))


def _spent(transaction: Transaction) -> Iterator[tuple[Row, Row]]:
    day = transaction.booked_on or transaction.value_on
    if (
        transaction.status is not BookingStatus.BOOKED
        or transaction.transfer_peer_id is not None
        or transaction.reverses_id is not None
        or day is None
    ):
        return
    parts = [(part.category, part.amount) for part in transaction.splits]
    counted = set()
    for category, amount in parts or [(transaction.category, transaction.amount)]:
        group = (day.replace(day=1), transaction.currency, category or "")
        yield group, (max(amount, 0), max(-amount, 0), 0 if group in counted else 1)
        counted.add(group)


VIEW = View(
    Transaction,
    RecordTable(
        Transaction,
        "transactions",
        filters=("account_id", "status"),
        orders=("booked_on",),
        listed=("booked_on", "amount", "currency", "description", "counterparty_name"),
    ),
    kept_from=lambda record: _moment(record).at,
    derived=(on_timeline(_moment), in_search(_words)),
    tallies=(Tally(spending.TABLE, _spent),),
)
