"""The rules of a health record, and what is said where one would be broken."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from domain.personal.health_record_terms import (
    ABATED,
    MEASURED,
    MEDICATION_STATUSES,
    ClinicalStatus,
    Dosage,
    Finding,
    MedicationStatus,
    RecordType,
    Timing,
)
from domain.shared import clock
from domain.shared.errors import IllegalTransition, RuleBroken

CLOCK_SKEW = timedelta(days=1)  # a source's clock or zone may be ahead of ours


class EnteredInError(IllegalTransition):
    """The record was entered in error; it is kept as it is."""


class NotPreliminary(IllegalTransition):
    """The record is not preliminary any more."""


class NotFinal(IllegalTransition):
    """The record is not final yet, or was cancelled."""


class MedicationEnded(IllegalTransition):
    """The medication was stopped, completed, cancelled or not taken."""


class ProcedureOver(IllegalTransition):
    """The procedure was completed, stopped or not done."""


class HasItsOwnVerb(RuleBroken):
    """Conditions, medications, immunizations and allergies begin with a verb of their own."""


class NotACondition(RuleBroken):
    """Only a condition can be resolved."""


class NotAMedication(RuleBroken):
    """Only a medication has a dosage and can be stopped."""


class NotAProcedure(RuleBroken):
    """Only a procedure is prepared, in progress or completed."""


class NotARequest(RuleBroken):
    """Only the request for a medication has an intent and a priority."""


class NoSuchStatus(RuleBroken):
    """A record of this type cannot have this status."""


class NotAnAllergy(RuleBroken):
    """Only an allergy can be refuted."""


class TakesNoValue(RuleBroken):
    """A series and a record of this type have no single value."""


class ValueMissing(RuleBroken):
    """A measurement needs a value, components or the reason why there is none."""


class ValueAndAbsence(RuleBroken):
    """A record has either a value or the reason why there is none."""


class ManyValues(RuleBroken):
    """A value is a quantity, a text or a yes or no: one of them."""


class UnitWithoutQuantity(RuleBroken):
    """A unit and a comparator belong to a quantity."""


class EffectiveMissing(RuleBroken):
    """A measurement or activity needs the moment or period it was true."""


class EffectiveTwice(RuleBroken):
    """A record is true at a moment or over a period, not both."""


class PeriodBroken(RuleBroken):
    """A period has a start and does not end before it."""


class DosageBroken(RuleBroken):
    """A dosage does not end before it starts."""


class InTheFuture(RuleBroken):
    """Health data cannot lie more than a day in the future."""


class NotAbated(RuleBroken):
    """Only an inactive, resolved or remitted condition has an end, and not before its onset."""


class EmptySeries(RuleBroken):
    """A series has at least one sample."""


class SampleOffTheDay(RuleBroken):
    """A sample does not lie on the day of its series anywhere on Earth."""


def require_happened(moment: datetime | None) -> None:
    """Refuse a moment more than a day from now."""
    if moment is not None and moment > clock.now() + CLOCK_SKEW:
        raise InTheFuture


def require_happened_on(day: date | None) -> None:
    """Refuse a day after tomorrow."""
    if day is not None and day > (clock.now() + CLOCK_SKEW).date():
        raise InTheFuture


def require_sound_timing(timing: Timing, *, may_end_later: bool = False) -> None:
    """Refuse two times in one, a broken period and what has not happened yet."""
    start, end = timing.effective_start, timing.effective_end
    if timing.effective_at and (start or end):
        raise EffectiveTwice
    if end and (start is None or end < start):
        raise PeriodBroken
    require_happened(timing.effective_at or start)
    if not may_end_later:
        require_happened(end)


def require_sound_finding(finding: Finding, record_type: RecordType) -> None:
    """Refuse more than one value, a value beside its absence, and a measurement with neither."""
    values = [finding.value_quantity, finding.value_text, finding.value_bool]
    given = sum(value is not None for value in values)
    if given > 1:
        raise ManyValues
    if finding.value_quantity is None and (finding.value_unit is not None or finding.comparator is not None):
        raise UnitWithoutQuantity
    found = given > 0 or bool(finding.components)
    if found and finding.data_absent_reason is not None:
        raise ValueAndAbsence
    if record_type in MEASURED and not found and finding.data_absent_reason is None:
        raise ValueMissing


def require_medication_status(record_type: RecordType, status: MedicationStatus) -> None:
    """Refuse what is no medication, and a status that medications of this type do not have."""
    if record_type not in MEDICATION_STATUSES:
        raise NotAMedication
    if status not in MEDICATION_STATUSES[record_type]:
        raise NoSuchStatus


def require_sound_dosage(dosage: Iterable[Dosage]) -> None:
    """Refuse a dosage that ends before it starts."""
    for each in dosage:
        if each.start_on is not None and each.end_on is not None and each.end_on < each.start_on:
            raise DosageBroken


def require_sound_abatement(
    clinical_status: ClinicalStatus | None, onset_on: date | None, abatement_on: date | None
) -> None:
    """Refuse the end of a condition that goes on, an end before its onset and days to come."""
    require_happened_on(onset_on)
    require_happened_on(abatement_on)
    if abatement_on is None:
        return
    if clinical_status not in ABATED or (onset_on is not None and abatement_on < onset_on):
        raise NotAbated
