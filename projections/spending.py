"""Read model ``spending``: money in and out by month, currency and category."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from projections.question import Question
from projections.table import BUCKET, SUBJECT, Column, Sql, Table

TABLE = Table(
    "spending",
    (
        BUCKET,
        SUBJECT,
        Column("month", Sql.DATE, open=True, nullable=False),
        Column("currency", Sql.TEXT, open=True, nullable=False),
        Column("category", Sql.TEXT, nullable=False),
        Column("money_in", Sql.NUMERIC, nullable=False),
        Column("money_out", Sql.NUMERIC, nullable=False),
        Column("transactions", Sql.BIGINT, open=True, nullable=False),
    ),
    ("bucket", "subject_id", "month", "currency", "category"),
)


@dataclass(frozen=True, slots=True)
class Spending:
    """What came in and went out in a month, both as positive amounts; no category is an empty text."""

    month: date
    currency: str
    category: str
    money_in: Decimal
    money_out: Decimal
    transactions: int


def ask_spending(since: date, until: date) -> Question[Spending]:
    """Ask what was spent in the months from ``since`` on and before ``until``, latest month first.

    Booked transactions count, by their parts where they are split, once in each category; transfers between own
    accounts do not, nor does what undid another entry.
    """
    return Question(
        "spending",
        "transaction",
        """
        SELECT month, currency, category, money_in, money_out, transactions FROM {schema}.spending
        WHERE bucket = %(bucket)s AND subject_id = %(subject_id)s
            AND month >= %(since)s AND month < %(until)s AND transactions > 0
            AND (%(after_month)s::date IS NULL OR month < %(after_month)s
                OR month = %(after_month)s AND (currency, category) > (%(after_currency)s, %(after_category)s))
        ORDER BY month DESC, currency, category LIMIT %(limit)s
        """,
        Spending,
        {"since": since, "until": until},
        keyset=("month", "currency", "category"),
        analysis=True,
    )
