"""The words of a health record (after FHIR R4): its types, states and parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.shared.values import Day, Id, Label, Line, Many, Moment, Name, Number, StoredContent, Text, Title

Unit = Annotated[Label, Field(description="a unit, in UCUM where the source knows it; kept as written")]
Times = Annotated[int, Field(ge=1, le=1000)]
DoseNumber = Annotated[int, Field(ge=1, le=100)]


class RecordType(StrEnum):
    OBSERVATION = "observation"
    VITAL_SIGN = "vital_sign"
    LAB_RESULT = "lab_result"
    CONDITION = "condition"
    MEDICATION_STATEMENT = "medication_statement"
    MEDICATION_REQUEST = "medication_request"
    IMMUNIZATION = "immunization"
    ALLERGY = "allergy"
    PROCEDURE = "procedure"
    ENCOUNTER = "encounter"
    DIAGNOSTIC_REPORT = "diagnostic_report"
    DOCUMENT = "document"
    FAMILY_HISTORY = "family_history"
    CARE_PLAN = "care_plan"
    GOAL = "goal"
    WORKOUT = "workout"
    SLEEP = "sleep"
    NUTRITION = "nutrition"
    SYMPTOM = "symptom"
    CYCLE = "cycle"


MEASURED = frozenset({RecordType.OBSERVATION, RecordType.VITAL_SIGN, RecordType.LAB_RESULT})
DATED = MEASURED | {
    RecordType.WORKOUT,
    RecordType.SLEEP,
    RecordType.NUTRITION,
    RecordType.SYMPTOM,
    RecordType.CYCLE,
}
MEDICATIONS = frozenset({RecordType.MEDICATION_STATEMENT, RecordType.MEDICATION_REQUEST})
BY_OWN_VERB = MEDICATIONS | {RecordType.CONDITION, RecordType.IMMUNIZATION, RecordType.ALLERGY}


class HealthStatus(StrEnum):
    REGISTERED = "registered"
    PRELIMINARY = "preliminary"
    FINAL = "final"
    AMENDED = "amended"
    CORRECTED = "corrected"
    CANCELLED = "cancelled"
    ENTERED_IN_ERROR = "entered_in_error"
    UNKNOWN = "unknown"


OPEN = frozenset({HealthStatus.REGISTERED, HealthStatus.PRELIMINARY, HealthStatus.UNKNOWN})
SETTLED = frozenset({HealthStatus.FINAL, HealthStatus.AMENDED, HealthStatus.CORRECTED})


class Precision(StrEnum):
    """How exactly a source knows a time: FHIR dates may be a year or a month."""

    YEAR = "year"
    MONTH = "month"
    DAY = "day"
    MINUTE = "minute"
    SECOND = "second"
    SUBSECOND = "subsecond"


class Comparator(StrEnum):
    """The true value lies on this side of the quantity."""

    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER_OR_EQUAL = ">="
    GREATER = ">"


class Interpretation(StrEnum):
    LOW = "L"
    CRITICALLY_LOW = "LL"
    NORMAL = "N"
    HIGH = "H"
    CRITICALLY_HIGH = "HH"
    ABNORMAL = "A"
    CRITICALLY_ABNORMAL = "AA"
    POSITIVE = "POS"
    NEGATIVE = "NEG"


class AbsentReason(StrEnum):
    UNKNOWN = "unknown"
    ASKED_DECLINED = "asked_declined"
    NOT_PERFORMED = "not_performed"
    MASKED = "masked"
    ERROR = "error"


class ClinicalStatus(StrEnum):
    ACTIVE = "active"
    RECURRENCE = "recurrence"
    RELAPSE = "relapse"
    INACTIVE = "inactive"
    REMISSION = "remission"
    RESOLVED = "resolved"


ABATED = frozenset({ClinicalStatus.INACTIVE, ClinicalStatus.REMISSION, ClinicalStatus.RESOLVED})


class VerificationStatus(StrEnum):
    """How sure it is; that it was entered in error is the record's status."""

    UNCONFIRMED = "unconfirmed"
    PROVISIONAL = "provisional"
    DIFFERENTIAL = "differential"
    CONFIRMED = "confirmed"
    REFUTED = "refuted"


class Severity(StrEnum):
    MILD = "mild"
    MODERATE = "moderate"
    SEVERE = "severe"


class MedicationStatus(StrEnum):
    ACTIVE = "active"
    COMPLETED = "completed"
    INTENDED = "intended"
    STOPPED = "stopped"
    ON_HOLD = "on_hold"
    NOT_TAKEN = "not_taken"
    UNKNOWN = "unknown"
    DRAFT = "draft"
    CANCELLED = "cancelled"


ENDED = frozenset(
    {
        MedicationStatus.COMPLETED,
        MedicationStatus.STOPPED,
        MedicationStatus.NOT_TAKEN,
        MedicationStatus.CANCELLED,
    }
)
_OF_REQUESTS = frozenset({MedicationStatus.DRAFT, MedicationStatus.CANCELLED})
_OF_STATEMENTS = frozenset({MedicationStatus.INTENDED, MedicationStatus.NOT_TAKEN})
MEDICATION_STATUSES: Mapping[RecordType, frozenset[MedicationStatus]] = {
    RecordType.MEDICATION_STATEMENT: frozenset(MedicationStatus) - _OF_REQUESTS,
    RecordType.MEDICATION_REQUEST: frozenset(MedicationStatus) - _OF_STATEMENTS,
}
"""The statuses a medication may be given; requests of older events may have one of a statement."""


class ProcedureStatus(StrEnum):
    """How far a procedure has come; how settled its record is, is the record's status."""

    PREPARATION = "preparation"
    IN_PROGRESS = "in_progress"
    NOT_DONE = "not_done"
    ON_HOLD = "on_hold"
    STOPPED = "stopped"
    COMPLETED = "completed"
    UNKNOWN = "unknown"


OVER = frozenset({ProcedureStatus.NOT_DONE, ProcedureStatus.STOPPED, ProcedureStatus.COMPLETED})


class RequestIntent(StrEnum):
    """How binding the request for a medication is."""

    PROPOSAL = "proposal"
    PLAN = "plan"
    ORDER = "order"
    ORIGINAL_ORDER = "original_order"
    REFLEX_ORDER = "reflex_order"
    FILLER_ORDER = "filler_order"
    INSTANCE_ORDER = "instance_order"
    OPTION = "option"


class RequestPriority(StrEnum):
    ROUTINE = "routine"
    URGENT = "urgent"
    ASAP = "asap"
    STAT = "stat"


class ImmunizationStatus(StrEnum):
    COMPLETED = "completed"
    NOT_DONE = "not_done"


class AllergyType(StrEnum):
    ALLERGY = "allergy"
    INTOLERANCE = "intolerance"


class AllergyCategory(StrEnum):
    FOOD = "food"
    MEDICATION = "medication"
    ENVIRONMENT = "environment"
    BIOLOGIC = "biologic"


class Criticality(StrEnum):
    LOW = "low"
    HIGH = "high"
    UNABLE_TO_ASSESS = "unable_to_assess"


class PeriodUnit(StrEnum):
    """Units of time as UCUM writes them."""

    SECOND = "s"
    MINUTE = "min"
    HOUR = "h"
    DAY = "d"
    WEEK = "wk"
    MONTH = "mo"
    YEAR = "a"


class FhirVersion(StrEnum):
    STU3 = "STU3"
    R4 = "R4"
    R4B = "R4B"
    R5 = "R5"


@dataclass(frozen=True, slots=True)
class Code:
    """What a record is about, in words and, where known, in a code system (LOINC, SNOMED CT, RxNorm, CVX…)."""

    text: Title
    system: Line | None = None
    code: Name | None = None
    display: Line | None = None


@dataclass(frozen=True, slots=True)
class Component:
    """A part of a measurement, such as the systolic pressure of a blood pressure."""

    code: Code
    value: Number
    unit: Unit | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of a series."""

    at: Moment
    value: Number


@dataclass(frozen=True, slots=True)
class ReferenceRange:
    """Where the laboratory expects a value."""

    low: Number | None = None
    high: Number | None = None
    text: Line = ""


@dataclass(frozen=True, slots=True)
class Dosage:
    """How a medication is taken: ``frequency`` times in ``period`` ``period_unit``."""

    text: Text = ""
    route: Line | None = None
    dose_quantity: Number | None = None
    dose_unit: Unit | None = None
    frequency: Times | None = None
    period: Number | None = None
    period_unit: PeriodUnit | None = None
    as_needed: bool = False
    start_on: Day | None = None
    end_on: Day | None = None


@dataclass(frozen=True, slots=True)
class Vaccine:
    """What was injected; the vaccine itself is the record's code (CVX)."""

    lot: Label | None = None
    manufacturer: Name | None = None
    expires_on: Day | None = None
    dose_number: DoseNumber | None = None
    series_doses: DoseNumber | None = None
    route: Line | None = None


@dataclass(frozen=True, slots=True)
class Reaction:
    """What an allergy did once."""

    manifestations: Many[Line]
    substance: Line | None = None
    severity: Severity | None = None
    onset_at: Moment | None = None


@dataclass(frozen=True, slots=True)
class Care:
    """Who saw to it, and where."""

    practitioner: Line | None = None
    practitioner_contact_id: Id | None = None
    organization: Line | None = None
    encounter: Line | None = None


@dataclass(frozen=True, slots=True)
class FhirResource:
    """The resource a record was read from, kept whole in ``raw``."""

    resource_type: Name
    id: Name | None = None
    version: FhirVersion | None = None
    raw: StoredContent | None = None


@dataclass(frozen=True)
class About:
    """What every record says, whatever its type."""

    record_type: RecordType
    code: Code
    issued_at: datetime | None
    note: str
    care: Care | None
    fhir: FhirResource | None


@dataclass(frozen=True)
class Timing:
    """When it was true."""

    effective_at: datetime | None
    effective_start: datetime | None
    effective_end: datetime | None


@dataclass(frozen=True)
class Finding:
    """What was found, or why nothing was."""

    value_quantity: Decimal | None
    value_unit: str | None
    comparator: Comparator | None
    value_text: str | None
    value_bool: bool | None
    components: tuple[Component, ...]
    data_absent_reason: AbsentReason | None


NEVER = Timing(None, None, None)
NOTHING = Finding(None, None, None, None, None, (), None)


@dataclass(frozen=True)
class Summary:
    """A series in four numbers."""

    series_count: int
    series_min: Decimal
    series_mean: Decimal
    """To twelve decimals; the other three are exact."""
    series_max: Decimal


def summarise(samples: Sequence[Sample]) -> Summary:
    """Return the four numbers of a series that is not empty."""
    values = [sample.value for sample in samples]
    with localcontext() as context:
        context.prec = 60  # ten thousand values of 28 digits, and the mean's decimals
        mean = (sum(values, Decimal(0)) / len(values)).quantize(Decimal("1e-12"))
    plain = Decimal(f"{mean:f}".rstrip("0").rstrip("."))
    return Summary(len(values), min(values), plain, max(values))
