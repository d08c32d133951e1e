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
    NotARequest,
)
from domain.personal.health_record_terms import MedicationStatus, RecordType, RequestIntent, RequestPriority
from tests.domain.personal.health_entries import EACH_TYPE, medication, topic

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
