"""Entries of a health history for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.personal.health_record import HealthRecord
from domain.personal.health_record_terms import Code, Dosage, PeriodUnit, RecordType, Sample
from domain.shared.record import Origin
from domain.shared.values import new_id

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = NOW.date()
HOUR = timedelta(hours=1)
GLUCOSE = Code("Glucose", "http://loinc.org", "2345-7", "Glucose [Mass/volume] in Serum or Plasma")
ASPIRIN = Code("Aspirin 81 mg")
DAILY = Dosage("one a day", frequency=1, period=Decimal(1), period_unit=PeriodUnit.DAY)


def origin() -> Origin:
    return Origin(new_id())


def measured(**details: Any) -> HealthRecord:
    known: dict[str, Any] = {"code": GLUCOSE, "effective_at": NOW}
    if not {"value_text", "value_bool", "components", "data_absent_reason", "value_quantity"} & set(details):
        known |= {"value_quantity": Decimal("5.4"), "value_unit": "mmol/L"}
    return HealthRecord.record(origin(), RecordType.LAB_RESULT, **(known | details))


def series(*values: str, **details: Any) -> HealthRecord:
    samples = tuple(Sample(NOW + index * HOUR, Decimal(value)) for index, value in enumerate(values))
    known: dict[str, Any] = {"code": Code("Heart rate"), "day": DAY, "samples": samples, "unit": "/min"}
    return HealthRecord.record_series(origin(), RecordType.VITAL_SIGN, **(known | details))


def procedure(**details: Any) -> HealthRecord:
    return HealthRecord.record(origin(), RecordType.PROCEDURE, code=Code("Appendectomy"), **details)


def condition(**details: Any) -> HealthRecord:
    return HealthRecord.diagnose(origin(), Code("Asthma"), **details)


def medication(**details: Any) -> HealthRecord:
    known: dict[str, Any] = {"effective_start": NOW - 24 * HOUR, "dosage": (DAILY,)}
    return HealthRecord.start_medication(origin(), ASPIRIN, **(known | details))


def vaccination(**details: Any) -> HealthRecord:
    return HealthRecord.immunise(origin(), Code("Influenza", "http://hl7.org/fhir/sid/cvx", "140"), **details)


def allergy(**details: Any) -> HealthRecord:
    return HealthRecord.report_allergy(origin(), Code("Peanut"), **details)


EACH_TYPE = [measured, lambda: series("60"), procedure, condition, medication, vaccination, allergy]


def topic(record: HealthRecord) -> str:
    event: Any = record.pending_events[-1]
    return str(event.TOPIC)
