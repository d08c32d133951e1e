"""Which statuses a medication and a procedure may have, and how a medication was requested."""

from __future__ import annotations

import pytest

from domain.personal.health_record_rules import MedicationEnded, NoSuchStatus, NotAMedication
from domain.personal.health_record_terms import MedicationStatus, RecordType
from tests.domain.personal.health_entries import medication

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
