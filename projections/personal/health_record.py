"""What can be asked of health records; those entered in error are kept and shown nowhere but in their own table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time

from domain.personal.health_record import HealthRecord
from domain.personal.health_record_terms import Code, HealthStatus
from projections import health_series
from projections.record_table import RecordTable
from projections.search import Words, in_search
from projections.timeline import Moment, on_timeline
from projections.view import Derived, Row, View


def _at(record: HealthRecord) -> datetime:
    at = record.effective_at or record.effective_start
    if at is None and record.onset_on is not None:
        at = datetime.combine(record.onset_on, time(), UTC)
    return at or record.created_on


def _moment(record: HealthRecord) -> Moment | None:
    if record.status is HealthStatus.ENTERED_IN_ERROR:
        return None
    return Moment(_at(record), record.code.text, _value(record) or record.record_type.value)


def _value(record: HealthRecord) -> str:
    if record.value_quantity is None:
        return ""
    comparator = "" if record.comparator is None else record.comparator.value
    return f"{comparator}{record.value_quantity} {record.value_unit or ''}".strip()


def _words(record: HealthRecord) -> Words | None:
    if record.status is HealthStatus.ENTERED_IN_ERROR:
        return None
    return Words(record.code.text, "\n".join(text for text in (record.value_text, record.note) if text))


def _measured(record: HealthRecord) -> Iterator[Row]:
    if record.status is HealthStatus.ENTERED_IN_ERROR:
        return
    day: date = record.series_day or _at(record).date()
    number = 0
    if record.series_mean is not None:
        total = record.series_mean * record.series_count
        yield (
            number, _key(record.code), day, record.code.text, record.value_unit or "", record.series_count,
            record.series_min, total, record.series_max,
        )  # fmt: skip
    elif record.value_quantity is not None and record.comparator is None:  # "<5" is a bound and no value
        value = record.value_quantity
        yield (
            number,
            _key(record.code),
            day,
            record.code.text,
            record.value_unit or "",
            1,
            value,
            value,
            value,
        )
    for number, part in enumerate(record.components, 1):
        yield (
            number,
            _key(part.code),
            day,
            part.code.text,
            part.unit or "",
            1,
            part.value,
            part.value,
            part.value,
        )


def _key(code: Code) -> str:
    return code.code or code.text


VIEW = View(
    HealthRecord,
    RecordTable(
        HealthRecord,
        "health_records",
        filters=("record_type",),
        orders=("effective_at",),
        listed=("effective_at", "record_type", "code", "value_quantity", "value_unit"),
    ),
    kept_from=_at,
    derived=(on_timeline(_moment), in_search(_words), Derived(health_series.TABLE, _measured)),
)
