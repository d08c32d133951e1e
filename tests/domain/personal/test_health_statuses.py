"""Which statuses a medication and a procedure may have, and how a medication was requested."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from domain.personal.health_record import HealthRecord
from domain.personal.health_record_rules import (
    EnteredInError,
    MedicationEnded,
    NoSuchStatus,
    NotAMedication,
    NotAProcedure,
    NotARequest,
    ProcedureOver,
)
from domain.personal.health_record_terms import (
    HealthStatus,
    MedicationStatus,
    ProcedureStatus,
    RecordType,
    RequestIntent,
    RequestPriority,
)
from tests.domain.personal.health_entries import EACH_TYPE, measured, medication, procedure, topic

pytestmark = pytest.mark.usefixtures("stopped_clock")

STATEMENT = ["active", "completed", "intended", "stopped", "on_hold", "unknown", "not_taken"]
REQUEST = ["active", "on_hold", "cancelled", "completed", "stopped", "draft", "unknown"]


@pytest.mark.parametrize(
    ("record_type", "allowed"),
    [(RecordType.MEDICATION_STATEMENT, STATEMENT), (RecordType.MEDICATION_REQUEST, REQUEST)],
)
def test_medication_has_a_status_of_its_type(record_type: RecordType, allowed: list[str]) -> None:
    for status in MedicationStatus:
        if status.value in allowed:
            record = medication(record_type=record_type, medication_status=status)
            assert record.medication_status is status
        else:
            with pytest.raises(NoSuchStatus):
                medication(record_type=record_type, medication_status=status)


def test_what_is_no_medication_is_refused_whatever_its_status() -> None:
    with pytest.raises(NotAMedication):
        medication(record_type=RecordType.PROCEDURE, medication_status=MedicationStatus.DRAFT)


def test_cancelled_request_is_over() -> None:
    record = medication(
        record_type=RecordType.MEDICATION_REQUEST, medication_status=MedicationStatus.CANCELLED
    )
    with pytest.raises(MedicationEnded):
        record.stop_medication()
    with pytest.raises(MedicationEnded):
        record.change_dosage(())


def test_request_is_told_its_intent_and_keeps_its_priority_unless_told() -> None:
    record = medication(record_type=RecordType.MEDICATION_REQUEST)
    assert (record.intent, record.priority) == (None, None)
    for _ in range(2):
        record.order(RequestIntent.PLAN, RequestPriority.URGENT)
    assert (record.intent, record.priority, record.version) == ("plan", "urgent", 2)
    assert topic(record) == "health_record.ordered"
    record.order(RequestIntent.REFLEX_ORDER)
    assert (record.intent, record.priority, record.version) == ("reflex_order", "urgent", 3)


def test_request_that_is_over_is_still_told_its_intent() -> None:
    record = medication(record_type=RecordType.MEDICATION_REQUEST)
    record.stop_medication()
    record.order(RequestIntent.ORDER)
    assert record.intent is RequestIntent.ORDER


@pytest.mark.parametrize("make", EACH_TYPE)
def test_only_a_request_has_an_intent(make: Callable[[], HealthRecord]) -> None:
    with pytest.raises(NotARequest):
        make().order(RequestIntent.ORDER)


def test_request_entered_in_error_is_told_nothing() -> None:
    record = medication(record_type=RecordType.MEDICATION_REQUEST)
    record.mark_entered_in_error()
    with pytest.raises(EnteredInError):
        record.order(RequestIntent.ORDER)


@pytest.mark.parametrize("status", ProcedureStatus)
def test_procedure_is_recorded_as_far_as_it_has_come(status: ProcedureStatus) -> None:
    record = procedure(procedure_status=status)
    assert (record.procedure_status, record.status) == (status, HealthStatus.FINAL)


def test_procedure_may_be_recorded_without_saying_how_far_it_has_come() -> None:
    record = procedure()
    assert (record.procedure_status, record.status, record.version) == (None, HealthStatus.FINAL, 1)


def test_procedure_goes_on_until_it_is_over() -> None:
    record = procedure(procedure_status=ProcedureStatus.PREPARATION)
    for status in (ProcedureStatus.IN_PROGRESS, ProcedureStatus.ON_HOLD, ProcedureStatus.IN_PROGRESS):
        record.progress_procedure(status)
        assert record.procedure_status is status
    before = record.version
    for _ in range(2):
        record.progress_procedure(ProcedureStatus.COMPLETED)
    assert (record.procedure_status, record.version) == (ProcedureStatus.COMPLETED, before + 1)
    assert topic(record) == "health_record.procedure_progressed"


@pytest.mark.parametrize("status", ["not_done", "stopped", "completed"])
def test_procedure_that_is_over_does_not_go_on(status: str) -> None:
    record = procedure(procedure_status=ProcedureStatus(status))
    with pytest.raises(ProcedureOver):
        record.progress_procedure(ProcedureStatus.IN_PROGRESS)


def test_corrected_record_of_a_procedure_not_done_still_says_so() -> None:
    record = procedure(procedure_status=ProcedureStatus.NOT_DONE)
    record.correct("wrong note", note="the patient had a fever")
    assert (record.procedure_status, record.status) == (ProcedureStatus.NOT_DONE, HealthStatus.CORRECTED)


def test_only_a_procedure_has_a_status_of_procedures() -> None:
    with pytest.raises(NotAProcedure):
        measured(procedure_status=ProcedureStatus.COMPLETED)
    with pytest.raises(NotAProcedure):
        medication().progress_procedure(ProcedureStatus.COMPLETED)


def test_procedure_entered_in_error_does_not_go_on() -> None:
    record = procedure(procedure_status=ProcedureStatus.PREPARATION)
    record.mark_entered_in_error()
    with pytest.raises(EnteredInError):
        record.progress_procedure(ProcedureStatus.IN_PROGRESS)
