"""Read model ``health_series``: measurements by code and day, with count, least, mean and greatest value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from projections.question import Question
from projections.table import Column, Index, Sql, derived_table

TABLE = derived_table(
    "health_series",
    (
        Column("code", Sql.TEXT, nullable=False),
        Column("day", Sql.DATE, open=True, nullable=False),
        Column("label", Sql.TEXT, nullable=False),
        Column("unit", Sql.TEXT, nullable=False),
        Column("count", Sql.BIGINT, nullable=False),
        Column("least", Sql.NUMERIC, nullable=False),
        Column("total", Sql.NUMERIC, nullable=False),
        Column("greatest", Sql.NUMERIC, nullable=False),
    ),
    indexes=(Index(("bucket", "subject_id", "code", "day")),),
    part=True,
)


@dataclass(frozen=True, slots=True)
class DayOfMeasurements:
    """All measurements of one thing in one unit on one day."""

    day: date
    code: str
    label: str
    unit: str
    count: int
    least: Decimal
    mean: Decimal
    greatest: Decimal


def ask_health_series(code: str, since: date, until: date) -> Question[DayOfMeasurements]:
    """Ask for what was measured under a code (LOINC where known, else its name) on the days [since, until)."""
    return Question(
        "health series",
        "health_record",
        """
        SELECT day, code, min(label) AS label, unit, sum(count)::bigint AS count, min(least) AS least,
            sum(total) / sum(count) AS mean, max(greatest) AS greatest
        FROM {schema}.health_series
        WHERE bucket = %(bucket)s AND subject_id = %(subject_id)s AND code = %(code)s
            AND day >= %(since)s AND day < %(until)s
            AND (%(after_day)s::date IS NULL OR (day, unit) > (%(after_day)s, %(after_unit)s))
        GROUP BY day, code, unit ORDER BY day, unit LIMIT %(limit)s
        """,
        DayOfMeasurements,
        {"code": code, "since": since, "until": until},
        keyset=("day", "unit"),
        analysis=True,
    )
