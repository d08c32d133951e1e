"""What was found, and how it is settled or put right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.personal.health_record import HealthRecord
from domain.personal.health_record_rules import (
    EffectiveMissing,
    EffectiveTwice,
    EmptySeries,
    EnteredInError,
    HasItsOwnVerb,
    InTheFuture,
    ManyValues,
    NotFinal,
    NotPreliminary,
    PeriodBroken,
    SampleOffTheDay,
    TakesNoValue,
    UnitWithoutQuantity,
    ValueAndAbsence,
    ValueMissing,
)
from domain.personal.health_record_terms import (
    AbsentReason,
    Care,
    Code,
    Comparator,
    Component,
    FhirResource,
    FhirVersion,
    HealthStatus,
    Interpretation,
    Precision,
    RecordType,
    ReferenceRange,
    Sample,
    summarise,
)
from domain.shared.commands import commands_of
from domain.shared.errors import DomainError, InvalidInput
from domain.shared.values import LEDGER_ONLY
from tests.domain.personal.health_entries import (
    DAY,
    EACH_TYPE,
    GLUCOSE,
    HOUR,
    NOW,
    allergy,
    condition,
    measured,
    medication,
    origin,
    series,
    topic,
    vaccination,
)

pytestmark = pytest.mark.usefixtures("stopped_clock")

PRESSURE = Code("Blood pressure", "http://loinc.org", "85354-9")
SYSTOLIC = Component(Code("Systolic", "http://loinc.org", "8480-6"), Decimal(120), "mm[Hg]")
DIASTOLIC = Component(Code("Diastolic", "http://loinc.org", "8462-4"), Decimal(80), "mm[Hg]")


def test_recorded_measurement_keeps_its_value_and_circumstances() -> None:
    record = measured(
        comparator=Comparator.LESS,
        value_quantity=Decimal("5.40"),
        value_unit="mmol/L",
        reference_range=ReferenceRange(Decimal("3.9"), Decimal("5.5")),
        interpretation=Interpretation.NORMAL,
        method="enzymatic",
        specimen="serum",
        care=Care(practitioner="Dr Ana", organization="Clinic"),
        fhir=FhirResource("Observation", "obs-1", FhirVersion.R4),
    )
    assert topic(record) == "health_record.recorded"
    assert (record.record_type, record.status) == (RecordType.LAB_RESULT, HealthStatus.FINAL)
    assert (record.value_quantity, record.value_unit, record.comparator) == (Decimal("5.4"), "mmol/L", "<")
    assert record.code.code == "2345-7"
    assert record.fhir == FhirResource("Observation", "obs-1", FhirVersion.R4)
    assert record.care == Care(practitioner="Dr Ana", organization="Clinic")
    assert record.effective_at == NOW


def test_blood_pressure_is_two_components() -> None:
    record = measured(code=PRESSURE, components=(SYSTOLIC, DIASTOLIC))
    assert [part.value for part in record.components] == [120, 80]
    assert record.value_quantity is None


@pytest.mark.parametrize(
    ("details", "error"),
    [
        ({"value_quantity": None}, ValueMissing),
        ({"value_text": "high", "data_absent_reason": AbsentReason.MASKED}, ValueAndAbsence),
        ({"value_bool": False, "data_absent_reason": AbsentReason.MASKED}, ValueAndAbsence),
        ({"value_quantity": Decimal(0), "data_absent_reason": AbsentReason.MASKED}, ValueAndAbsence),
        ({"components": (SYSTOLIC,), "data_absent_reason": AbsentReason.MASKED}, ValueAndAbsence),
        ({"value_quantity": Decimal(1), "value_text": "one"}, ManyValues),
        ({"value_bool": False, "value_text": "no"}, ManyValues),
        ({"value_text": "high", "value_unit": "mg"}, UnitWithoutQuantity),
        ({"value_text": "high", "comparator": Comparator.GREATER}, UnitWithoutQuantity),
    ],
)
def test_measurement_has_one_value_or_the_reason_why_not(
    details: dict[str, Any], error: type[DomainError]
) -> None:
    with pytest.raises(error):
        measured(**details)


def test_absent_value_says_why() -> None:
    record = measured(data_absent_reason=AbsentReason.NOT_PERFORMED)
    assert (record.data_absent_reason, record.value_quantity) == (AbsentReason.NOT_PERFORMED, None)


def test_what_is_no_measurement_needs_no_value() -> None:
    record = HealthRecord.record(origin(), RecordType.PROCEDURE, code=Code("Appendectomy"))
    assert record.value_quantity is None
    with pytest.raises(ValueAndAbsence):
        HealthRecord.record(
            origin(),
            RecordType.PROCEDURE,
            code=Code("x"),
            value_text="done",
            data_absent_reason=AbsentReason.ERROR,
        )


@pytest.mark.parametrize(
    "record_type",
    [
        RecordType.CONDITION,
        RecordType.MEDICATION_STATEMENT,
        RecordType.MEDICATION_REQUEST,
        RecordType.IMMUNIZATION,
        RecordType.ALLERGY,
    ],
)
def test_what_has_a_verb_of_its_own_begins_with_it(record_type: RecordType) -> None:
    with pytest.raises(HasItsOwnVerb):
        HealthRecord.record(origin(), record_type, code=GLUCOSE, effective_at=NOW)
    with pytest.raises(HasItsOwnVerb):
        HealthRecord.record_series(
            origin(), record_type, code=GLUCOSE, day=DAY, samples=(Sample(NOW, Decimal(1)),)
        )


def test_value_is_exact_and_never_a_float() -> None:
    record = commands_of(HealthRecord)["record"]
    body = (
        '{"record_type": "lab_result", "code": {"text": "Glucose"}, "value_unit": "mmol/L",'
        ' "effective_at": "2026-03-10T12:00:00Z", "value_quantity": %s}'
    )
    assert record.arguments_from_json(body % '"5.10"')["value_quantity"] == Decimal("5.10")
    with pytest.raises(InvalidInput):
        record.arguments_from_json(body % "5.10")
    with pytest.raises(InvalidInput):
        record.arguments_from_json(body.replace('"Glucose"', '" "') % '"5.10"')


@pytest.mark.parametrize(
    ("details", "error"),
    [
        ({"effective_at": None}, EffectiveMissing),
        ({"effective_start": NOW}, EffectiveTwice),
        ({"effective_end": NOW}, EffectiveTwice),
        ({"effective_at": None, "effective_end": NOW}, PeriodBroken),
        ({"effective_at": None, "effective_start": NOW, "effective_end": NOW - HOUR}, PeriodBroken),
        ({"effective_at": NOW + 25 * HOUR}, InTheFuture),
        ({"effective_at": None, "effective_start": NOW + 25 * HOUR}, InTheFuture),
        ({"effective_at": None, "effective_start": NOW, "effective_end": NOW + 25 * HOUR}, InTheFuture),
    ],
)
def test_measurement_is_true_at_one_time_that_has_come(
    details: dict[str, Any], error: type[DomainError]
) -> None:
    with pytest.raises(error):
        measured(**details)


def test_clock_of_a_source_may_be_a_day_ahead() -> None:
    assert measured(effective_at=NOW + 24 * HOUR).effective_at == NOW + 24 * HOUR
    period = measured(effective_at=None, effective_start=NOW, effective_end=NOW)
    assert (period.effective_start, period.effective_end) == (NOW, NOW)


def test_plan_may_end_later() -> None:
    plan = HealthRecord.record(
        origin(), RecordType.GOAL, code=Code("Walk more"), effective_start=NOW, effective_end=NOW + 900 * HOUR
    )
    assert plan.effective_end == NOW + 900 * HOUR


def test_series_keeps_its_samples_in_order_and_in_four_numbers() -> None:
    late, early = Sample(NOW + HOUR, Decimal(90)), Sample(NOW, Decimal("60.5"))
    record = series(samples=(late, early))
    assert topic(record) == "health_record.series_recorded"
    assert record.samples == (early, late)
    assert (record.series_count, record.series_min, record.series_max) == (2, Decimal("60.5"), Decimal(90))
    assert record.series_mean == Decimal("75.25")
    assert (record.effective_start, record.effective_end) == (NOW, NOW + HOUR)
    assert (record.series_day, record.value_unit) == (DAY, "/min")


def test_mean_is_rounded_to_twelve_decimals_and_written_plainly() -> None:
    assert str(series("1", "1", "2").series_mean) == "1.333333333333"
    assert str(series("100", "300").series_mean) == "200"
    assert str(series("0").series_mean) == "0"


@given(st.lists(st.decimals(min_value=-(10**15), max_value=10**15, places=12), min_size=1, max_size=50))
def test_mean_lies_between_the_smallest_and_the_largest(values: list[Decimal]) -> None:
    summary = summarise([Sample(NOW, value) for value in values])
    assert summary.series_count == len(values)
    assert summary.series_min <= summary.series_mean <= summary.series_max


def test_series_has_samples_of_one_day() -> None:
    with pytest.raises(EmptySeries):
        series()
    with pytest.raises(SampleOffTheDay):
        series("1", "2", day=DAY - timedelta(days=2))
    with pytest.raises(SampleOffTheDay):
        series(samples=(Sample(NOW - 60 * HOUR, Decimal(1)), Sample(NOW, Decimal(1))))
    with pytest.raises(InTheFuture):
        series(samples=(Sample(NOW, Decimal(1)), Sample(NOW + 25 * HOUR, Decimal(1))))


def test_samples_stay_in_the_ledger() -> None:
    hints = get_type_hints(HealthRecord, include_extras=True)
    marked = {name for name, hint in hints.items() if LEDGER_ONLY in getattr(hint, "__metadata__", ())}
    assert marked == {"samples"}


def test_series_has_no_single_value_or_time_to_correct() -> None:
    record = series("60", "61")
    with pytest.raises(TakesNoValue):
        record.correct(value_quantity=Decimal(60))
    with pytest.raises(TakesNoValue):
        record.correct(effective_at=NOW)
    record.correct(note="worn on the left")
    assert record.status is HealthStatus.CORRECTED


@pytest.mark.parametrize("status", [HealthStatus.REGISTERED, HealthStatus.PRELIMINARY, HealthStatus.UNKNOWN])
def test_preliminary_record_is_finalised_once(status: HealthStatus) -> None:
    record = measured(status=status)
    record.finalise()
    record.finalise()
    assert (record.status, record.version) == (HealthStatus.FINAL, 2)


@pytest.mark.parametrize("status", [HealthStatus.AMENDED, HealthStatus.CORRECTED, HealthStatus.CANCELLED])
def test_what_is_beyond_preliminary_is_not_finalised(status: HealthStatus) -> None:
    with pytest.raises(NotPreliminary):
        measured(status=status).finalise()


@pytest.mark.parametrize(
    "status", [HealthStatus.REGISTERED, HealthStatus.PRELIMINARY, HealthStatus.CANCELLED]
)
def test_only_a_final_record_is_amended_or_corrected(status: HealthStatus) -> None:
    record = measured(status=status)
    with pytest.raises(NotFinal):
        record.amend(note="x")
    with pytest.raises(NotFinal):
        record.correct(value_text="x")


def test_amendment_says_more_and_leaves_the_value() -> None:
    record = measured(note="fasting")
    record.amend(
        "lab called", interpretation=Interpretation.HIGH, reference_range=ReferenceRange(text="below 5")
    )
    assert topic(record) == "health_record.amended"
    assert (record.status, record.status_reason) == (HealthStatus.AMENDED, "lab called")
    assert (record.interpretation, record.note) == (Interpretation.HIGH, "fasting")
    assert record.reference_range == ReferenceRange(text="below 5")
    assert record.value_quantity == Decimal("5.4")


def test_correction_replaces_the_whole_value_and_keeps_the_rest() -> None:
    record = measured(value_quantity=Decimal(54), value_unit="mmol/L", comparator=Comparator.LESS, note="n")
    record.correct("decimal point", value_quantity=Decimal("5.4"), value_unit="mmol/L")
    assert (record.status, record.status_reason) == (HealthStatus.CORRECTED, "decimal point")
    assert (record.value_quantity, record.comparator, record.note) == (Decimal("5.4"), None, "n")
    assert record.effective_at == NOW
    record.correct("wrong sample", data_absent_reason=AbsentReason.ERROR)
    assert (record.value_quantity, record.value_unit) == (None, None)


def test_correction_replaces_the_whole_time() -> None:
    record = measured()
    record.correct(effective_start=NOW - HOUR, effective_end=NOW)
    assert (record.effective_at, record.effective_start, record.effective_end) == (None, NOW - HOUR, NOW)
    assert record.value_quantity == Decimal("5.4")
    with pytest.raises(InTheFuture):
        record.correct(effective_at=NOW + 25 * HOUR)
    with pytest.raises(PeriodBroken):
        record.correct(effective_end=NOW)


def test_corrected_time_is_known_as_exactly_as_is_said_with_it() -> None:
    record = measured(effective_precision=Precision.MONTH)
    record.correct("decimal point", value_quantity=Decimal(54), value_unit="mmol/L")
    assert (record.effective_precision, topic(record)) == (Precision.MONTH, "health_record.corrected")
    record.correct("other day", effective_at=NOW - HOUR)
    assert (record.effective_precision, topic(record)) == (None, "health_record.time_corrected")
    record.correct("by the letter", effective_at=NOW, effective_precision=Precision.DAY)
    assert (record.effective_at, record.effective_precision) == (NOW, Precision.DAY)
    record.correct("by the second letter", effective_precision=Precision.MINUTE)
    assert (record.effective_at, record.effective_precision) == (NOW, Precision.MINUTE)
    record.correct(effective_at=NOW)
    assert (record.effective_precision, record.version) == (Precision.MINUTE, 5)
    assert (record.status, record.status_reason) == (HealthStatus.CORRECTED, "by the second letter")


def test_corrected_value_keeps_the_rules_of_values() -> None:
    with pytest.raises(ManyValues):
        measured().correct(value_text="a", value_bool=True)
    with pytest.raises(UnitWithoutQuantity):
        measured().correct(value_unit="mg")
    for record in (condition(), medication(), vaccination(), allergy()):
        with pytest.raises(TakesNoValue):
            record.correct(value_text="x")


def test_amendment_or_correction_that_changes_nothing_is_no_event() -> None:
    record = measured(note="n")
    record.amend("again", note="n")
    record.correct("again", note="n", value_quantity=Decimal("5.40"), value_unit="mmol/L", effective_at=NOW)
    assert record.version == 1


@pytest.mark.parametrize("make", EACH_TYPE)
def test_record_entered_in_error_stays_so(make: Callable[[], HealthRecord]) -> None:
    record = make()
    record.mark_entered_in_error("other patient")
    record.mark_entered_in_error("again")
    assert (record.status, record.status_reason, record.version) == (
        HealthStatus.ENTERED_IN_ERROR,
        "other patient",
        2,
    )
    for verb in (
        record.finalise,
        lambda: record.amend(note="x"),
        lambda: record.correct(note="x"),
        record.resolve,
        lambda: record.change_dosage(()),
        record.stop_medication,
        record.refute_allergy,
    ):
        with pytest.raises(EnteredInError):
            verb()
    record.annotate("kept for the file")
    assert record.annotations == ("kept for the file",)


def test_preliminary_record_may_be_entered_in_error() -> None:
    record = measured(status=HealthStatus.PRELIMINARY)
    record.mark_entered_in_error()
    assert record.status is HealthStatus.ENTERED_IN_ERROR
