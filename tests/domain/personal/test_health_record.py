"""What a health record keeps: one value or why there is none, true times, and verbs that fit its type."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.catalogue import events_of
from domain.personal.health_record import HealthRecord
from domain.personal.health_record_rules import (
    DosageBroken,
    EffectiveTwice,
    EnteredInError,
    InTheFuture,
    ManyValues,
    MedicationEnded,
    NotAbated,
    NotACondition,
    NotAMedication,
    NotAnAllergy,
    PeriodBroken,
)
from domain.personal.health_record_terms import (
    AllergyCategory,
    AllergyType,
    ClinicalStatus,
    Criticality,
    Dosage,
    HealthStatus,
    ImmunizationStatus,
    Interpretation,
    MedicationStatus,
    PeriodUnit,
    Precision,
    ProcedureStatus,
    Reaction,
    RecordType,
    RequestIntent,
    Severity,
    Vaccine,
    VerificationStatus,
)
from domain.shared import clock
from domain.shared.errors import RecordTrashed
from domain.shared.record import state_fields
from tests.domain.personal.health_entries import (
    DAILY,
    DAY,
    EACH_TYPE,
    HOUR,
    NOW,
    allergy,
    condition,
    measured,
    medication,
    procedure,
    series,
    topic,
    vaccination,
)

pytestmark = pytest.mark.usefixtures("stopped_clock")

TWICE = Dosage("two a day", frequency=2, period=Decimal(1), period_unit=PeriodUnit.DAY)


def replayed(record: HealthRecord) -> HealthRecord:
    state: Any = None
    for event in record.pending_events:
        state = event.mutate(state)
    return state  # type: ignore[no-any-return]


def state_of(record: HealthRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in (*state_fields(HealthRecord), "version")}


def test_diagnosed_condition_is_active_and_confirmed_unless_told() -> None:
    record = condition(severity=Severity.MILD, onset_on=date(2020, 1, 1))
    assert topic(record) == "health_record.diagnosed"
    assert record.record_type is RecordType.CONDITION
    assert (record.clinical_status, record.verification_status) == (
        ClinicalStatus.ACTIVE,
        VerificationStatus.CONFIRMED,
    )
    assert (record.severity, record.onset_on) == (Severity.MILD, date(2020, 1, 1))


def test_condition_is_resolved_once() -> None:
    record = condition(onset_on=DAY)
    record.resolve(DAY)
    record.resolve(DAY)
    record.resolve()
    assert (record.clinical_status, record.abatement_on, record.version) == (ClinicalStatus.RESOLVED, DAY, 2)


def test_resolved_condition_may_learn_its_day() -> None:
    record = condition()
    record.resolve()
    assert record.clinical_status is ClinicalStatus.RESOLVED
    record.resolve(DAY)
    assert (record.abatement_on, record.version) == (DAY, 3)


@pytest.mark.parametrize("status", [None, "active", "recurrence", "relapse"])
def test_condition_that_goes_on_has_no_end(status: str | None) -> None:
    with pytest.raises(NotAbated):
        condition(clinical_status=status and ClinicalStatus(status), abatement_on=DAY)


@pytest.mark.parametrize("status", ["inactive", "remission", "resolved"])
def test_condition_that_is_over_may_have_an_end_after_its_onset(status: str) -> None:
    over = ClinicalStatus(status)
    assert condition(clinical_status=over, abatement_on=DAY, onset_on=DAY).abatement_on == DAY
    with pytest.raises(NotAbated):
        condition(clinical_status=over, abatement_on=DAY, onset_on=DAY + timedelta(days=1))


def test_condition_lies_not_in_the_future() -> None:
    later = DAY + timedelta(days=2)
    with pytest.raises(InTheFuture):
        condition(onset_on=later)
    with pytest.raises(InTheFuture):
        condition().resolve(later)
    with pytest.raises(NotAbated):
        condition(onset_on=DAY).resolve(DAY - timedelta(days=1))


def test_started_medication_has_a_dosage_that_changes() -> None:
    record = medication(record_type=RecordType.MEDICATION_REQUEST)
    assert topic(record) == "health_record.medication_started"
    assert (record.record_type, record.medication_status) == (
        RecordType.MEDICATION_REQUEST,
        MedicationStatus.ACTIVE,
    )
    record.change_dosage((DAILY,))
    assert record.version == 1
    record.change_dosage((TWICE,), reason="pain")
    assert record.dosage == (TWICE,)


def test_dosage_does_not_end_before_it_starts() -> None:
    broken = Dosage("one a day", start_on=DAY, end_on=DAY - timedelta(days=1))
    with pytest.raises(DosageBroken):
        medication(dosage=(DAILY, broken))
    with pytest.raises(DosageBroken):
        medication().change_dosage((broken,))
    assert medication(dosage=(Dosage("once", start_on=DAY, end_on=DAY),)).dosage[0].end_on == DAY


def test_stopped_medication_ends_now_unless_told_and_only_once() -> None:
    record = medication(effective_end=NOW + 900 * HOUR)
    record.stop_medication("rash")
    record.stop_medication("again")
    assert (record.medication_status, record.effective_end, record.stop_reason) == (
        MedicationStatus.STOPPED,
        NOW,
        "rash",
    )
    assert record.version == 2
    earlier = medication()
    earlier.stop_medication(stopped_at=NOW - HOUR)
    assert earlier.effective_end == NOW - HOUR


def test_stopped_medication_is_not_stopped_at_another_time() -> None:
    record = medication()
    record.stop_medication(stopped_at=NOW - HOUR)
    record.stop_medication(stopped_at=NOW - HOUR)
    with pytest.raises(MedicationEnded):
        record.stop_medication(stopped_at=NOW)
    assert (record.effective_end, record.version) == (NOW - HOUR, 2)


def test_medication_taken_at_a_moment_has_no_period_that_could_be_stopped() -> None:
    record = medication()
    record.correct(effective_at=NOW - HOUR)
    with pytest.raises(EffectiveTwice):
        record.stop_medication()
    record.correct(effective_start=NOW - HOUR)
    record.stop_medication()
    assert record.effective_end == NOW


def test_medication_stops_after_it_started_and_not_in_the_future() -> None:
    with pytest.raises(PeriodBroken):
        medication().stop_medication(stopped_at=NOW - 25 * HOUR)
    with pytest.raises(InTheFuture):
        medication().stop_medication(stopped_at=NOW + 25 * HOUR)
    undated = medication(effective_start=None)
    undated.stop_medication(stopped_at=NOW)
    assert (undated.effective_start, undated.effective_end) == (None, NOW)


def test_ended_medication_has_no_new_dosage() -> None:
    stopped = medication()
    stopped.stop_medication()
    completed = medication(medication_status=MedicationStatus.COMPLETED)
    for record in (stopped, completed, medication(medication_status=MedicationStatus.NOT_TAKEN)):
        with pytest.raises(MedicationEnded):
            record.change_dosage((TWICE,))
    with pytest.raises(MedicationEnded):
        completed.stop_medication()


def test_medication_starts_as_a_statement_or_a_request() -> None:
    with pytest.raises(NotAMedication):
        medication(record_type=RecordType.PROCEDURE)
    with pytest.raises(PeriodBroken):
        medication(effective_end=NOW - 48 * HOUR)
    with pytest.raises(InTheFuture):
        medication(effective_start=NOW + 25 * HOUR)


def test_vaccination_keeps_lot_and_dose() -> None:
    record = vaccination(effective_at=NOW, vaccine=Vaccine("A1", "Maker", DAY, 2, 3), body_site="left arm")
    assert topic(record) == "health_record.immunised"
    assert (record.record_type, record.immunization_status) == (
        RecordType.IMMUNIZATION,
        ImmunizationStatus.COMPLETED,
    )
    assert record.vaccine == Vaccine("A1", "Maker", DAY, 2, 3)
    assert vaccination(immunization_status=ImmunizationStatus.NOT_DONE).immunization_status == "not_done"
    with pytest.raises(InTheFuture):
        vaccination(effective_at=NOW + 25 * HOUR)


def test_reported_allergy_is_refuted_once() -> None:
    reaction = Reaction(("hives",), severity=Severity.SEVERE)
    record = allergy(
        allergy_type=AllergyType.ALLERGY,
        categories=(AllergyCategory.FOOD,),
        criticality=Criticality.HIGH,
        reactions=(reaction,),
    )
    assert topic(record) == "health_record.allergy_reported"
    assert (record.allergy_categories, record.criticality) == ((AllergyCategory.FOOD,), Criticality.HIGH)
    assert record.reactions == (reaction,)
    assert (record.verification_status, record.clinical_status) == ("unconfirmed", "active")
    record.refute_allergy("tolerated in a test")
    record.refute_allergy("again")
    assert record.verification_status is VerificationStatus.REFUTED
    assert (record.clinical_status, record.status_reason) == (ClinicalStatus.INACTIVE, "tolerated in a test")
    assert record.version == 2
    with pytest.raises(InTheFuture):
        allergy(onset_on=DAY + timedelta(days=2))


@pytest.mark.parametrize("make", EACH_TYPE)
def test_verbs_fit_the_type_of_the_record(make: Callable[[], HealthRecord]) -> None:
    record = make()
    if record.record_type is not RecordType.CONDITION:
        with pytest.raises(NotACondition):
            record.resolve()
    if record.record_type is not RecordType.MEDICATION_STATEMENT:
        with pytest.raises(NotAMedication):
            record.change_dosage((TWICE,))
        with pytest.raises(NotAMedication):
            record.stop_medication()
    if record.record_type is not RecordType.ALLERGY:
        with pytest.raises(NotAnAllergy):
            record.refute_allergy()
    assert record.version == 1


def test_replay_of_all_events_gives_the_same_state() -> None:
    lab = measured(status=HealthStatus.PRELIMINARY)
    lab.finalise()
    lab.amend("more", interpretation=Interpretation.HIGH)
    lab.correct("less", value_text="hemolysed", effective_start=NOW)
    lab.correct("by the letter", effective_at=NOW, effective_precision=Precision.DAY)
    lab.mark_entered_in_error("mixed up")
    asthma, pill, peanut = condition(), medication(), allergy()
    asthma.date_entry(NOW)
    asthma.resolve(DAY)
    pill.change_dosage((TWICE,), reason="pain")
    pill.stop_medication("rash")
    peanut.refute_allergy("test")
    request = medication(record_type=RecordType.MEDICATION_REQUEST)
    request.order(RequestIntent.PLAN)
    surgery = procedure(procedure_status=ProcedureStatus.PREPARATION)
    surgery.progress_procedure(ProcedureStatus.COMPLETED)
    records = (lab, asthma, pill, peanut, request, surgery, series("60", "70"), vaccination(effective_at=NOW))
    for record in records:
        assert state_of(replayed(record)) == state_of(record)
    own = {event for event in events_of(HealthRecord).values() if "{kind}" not in event.TOPIC}
    seen = {type(event) for record in records for event in record.pending_events}
    assert seen == own, "every event belongs into this replay"


def test_an_entry_may_have_been_written_down_long_after_it_was_true_but_not_tomorrow() -> None:
    asthma = condition(onset_on=date(1990, 5, 1))
    for _ in range(2):
        asthma.date_entry(NOW)
    assert (asthma.recorded_at, asthma.onset_on, asthma.version) == (NOW, date(1990, 5, 1), 2)
    with pytest.raises(InTheFuture):
        asthma.date_entry(clock.now() + timedelta(days=2))
    asthma.mark_entered_in_error()
    with pytest.raises(EnteredInError):
        asthma.date_entry(NOW - HOUR)


def test_trashed_record_takes_no_command() -> None:
    record = condition()
    record.trash()
    with pytest.raises(RecordTrashed):
        record.resolve()


def test_neither_errors_nor_names_of_records_show_content() -> None:
    with pytest.raises(ManyValues) as refused:
        measured(value_text="secret", value_bool=True)
    assert "secret" not in str(refused.value)
    assert "Asthma" not in repr(condition())
