"""One entry of a person's health history: a measurement, condition, medication, vaccination, allergy and so on."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, ClassVar
from uuid import UUID

from domain.personal.health_record_terms import (
    BY_OWN_VERB,
    DATED,
    ENDED,
    MEDICATIONS,
    NEVER,
    NOTHING,
    OPEN,
    SETTLED,
    About,
    AbsentReason,
    AllergyCategory,
    AllergyType,
    Care,
    ClinicalStatus,
    Code,
    Comparator,
    Component,
    Criticality,
    Dosage,
    EffectiveMissing,
    EmptySeries,
    EnteredInError,
    FhirResource,
    Finding,
    HasItsOwnVerb,
    HealthStatus,
    ImmunizationStatus,
    Interpretation,
    MedicationEnded,
    MedicationStatus,
    NotACondition,
    NotAMedication,
    NotAnAllergy,
    NotFinal,
    NotPreliminary,
    Precision,
    Reaction,
    RecordType,
    ReferenceRange,
    Sample,
    SampleOffTheDay,
    Severity,
    Summary,
    TakesNoValue,
    Timing,
    Unit,
    Vaccine,
    VerificationStatus,
    require_happened_on,
    require_sound_abatement,
    require_sound_finding,
    require_sound_timing,
    summarise,
)
from domain.personal.location_terms import touches
from domain.shared import clock
from domain.shared.record import LEDGER_ONLY, Content, Origin
from domain.shared.values import Day, Id, Line, Many, Moment, Number, Text


class HealthRecord(Content):
    """An entry of the health history; ``record_type`` says which fields speak (GDPR: a special category always)."""

    KIND: ClassVar[str] = "health_record"

    record_type: RecordType
    code: Code
    status: HealthStatus = HealthStatus.FINAL
    status_reason: str = ""
    issued_at: datetime | None = None
    note: str = ""
    care: Care | None = None
    fhir: FhirResource | None = None
    effective_at: datetime | None = None
    effective_start: datetime | None = None
    effective_end: datetime | None = None
    effective_precision: Precision | None = None
    value_quantity: Decimal | None = None
    value_unit: str | None = None
    comparator: Comparator | None = None
    value_text: str | None = None
    value_bool: bool | None = None
    components: tuple[Component, ...] = ()
    data_absent_reason: AbsentReason | None = None
    reference_range: ReferenceRange | None = None
    interpretation: Interpretation | None = None
    body_site: str | None = None
    method: str | None = None
    specimen: str | None = None
    device_id: UUID | None = None
    series_day: date | None = None
    series_count: int = 0
    series_min: Decimal | None = None
    series_mean: Decimal | None = None
    series_max: Decimal | None = None
    samples: Annotated[tuple[Sample, ...], LEDGER_ONLY] = ()
    clinical_status: ClinicalStatus | None = None
    verification_status: VerificationStatus | None = None
    severity: Severity | None = None
    onset_on: date | None = None
    abatement_on: date | None = None
    medication_status: MedicationStatus | None = None
    dosage: tuple[Dosage, ...] = ()
    stop_reason: str = ""
    immunization_status: ImmunizationStatus | None = None
    vaccine: Vaccine | None = None
    allergy_type: AllergyType | None = None
    allergy_categories: tuple[AllergyCategory, ...] = ()
    criticality: Criticality | None = None
    reactions: tuple[Reaction, ...] = ()

    class Event(Content.Event):
        """Any event of a health record."""

    class Recorded(Event, Content.Created, About, Timing, Finding):
        TOPIC = "health_record.recorded"
        status: HealthStatus
        effective_precision: Precision | None
        reference_range: ReferenceRange | None
        interpretation: Interpretation | None
        body_site: str | None
        method: str | None
        specimen: str | None
        device_id: UUID | None

    class SeriesRecorded(Event, Content.Created, About, Timing, Summary):
        TOPIC = "health_record.series_recorded"
        series_day: date
        samples: tuple[Sample, ...]
        value_unit: str | None
        device_id: UUID | None

    class Diagnosed(Event, Content.Created, About):
        TOPIC = "health_record.diagnosed"
        clinical_status: ClinicalStatus | None
        verification_status: VerificationStatus | None
        severity: Severity | None
        onset_on: date | None
        abatement_on: date | None
        body_site: str | None

    class MedicationStarted(Event, Content.Created, About, Timing):
        TOPIC = "health_record.medication_started"
        medication_status: MedicationStatus
        dosage: tuple[Dosage, ...]

    class Immunised(Event, Content.Created, About):
        TOPIC = "health_record.immunised"
        immunization_status: ImmunizationStatus
        effective_at: datetime | None
        effective_precision: Precision | None
        vaccine: Vaccine | None
        body_site: str | None

    class AllergyReported(Event, Content.Created, About):
        TOPIC = "health_record.allergy_reported"
        clinical_status: ClinicalStatus | None
        verification_status: VerificationStatus | None
        onset_on: date | None
        allergy_type: AllergyType | None
        allergy_categories: tuple[AllergyCategory, ...]
        criticality: Criticality | None
        reactions: tuple[Reaction, ...]

    class Finalised(Event):
        TOPIC = "health_record.finalised"

        def apply(self, record: HealthRecord) -> None:
            record.status = HealthStatus.FINAL

    class Amended(Event):
        TOPIC = "health_record.amended"
        interpretation: Interpretation | None
        reference_range: ReferenceRange | None
        note: str
        reason: str

        def apply(self, record: HealthRecord) -> None:
            super().apply(record)
            record.status = HealthStatus.AMENDED
            record.status_reason = self.reason

    class Corrected(Event, Finding, Timing):
        TOPIC = "health_record.corrected"
        interpretation: Interpretation | None
        note: str
        reason: str

        def apply(self, record: HealthRecord) -> None:
            super().apply(record)
            record.status = HealthStatus.CORRECTED
            record.status_reason = self.reason

    class MarkedInError(Event):
        TOPIC = "health_record.marked_in_error"
        reason: str

        def apply(self, record: HealthRecord) -> None:
            record.status = HealthStatus.ENTERED_IN_ERROR
            record.status_reason = self.reason

    class Resolved(Event):
        TOPIC = "health_record.resolved"
        abatement_on: date | None

        def apply(self, record: HealthRecord) -> None:
            super().apply(record)
            record.clinical_status = ClinicalStatus.RESOLVED

    class DosageChanged(Event):
        TOPIC = "health_record.dosage_changed"
        dosage: tuple[Dosage, ...]
        reason: str

    class MedicationStopped(Event):
        TOPIC = "health_record.medication_stopped"
        effective_end: datetime
        stop_reason: str

        def apply(self, record: HealthRecord) -> None:
            super().apply(record)
            record.medication_status = MedicationStatus.STOPPED

    class AllergyRefuted(Event):
        TOPIC = "health_record.allergy_refuted"
        reason: str

        def apply(self, record: HealthRecord) -> None:
            record.verification_status = VerificationStatus.REFUTED
            record.clinical_status = ClinicalStatus.INACTIVE
            record.status_reason = self.reason

    @classmethod
    def record(
        cls,
        origin: Origin,
        record_type: RecordType,
        *,
        code: Code,
        status: HealthStatus = HealthStatus.FINAL,
        effective_at: Moment | None = None,
        effective_start: Moment | None = None,
        effective_end: Moment | None = None,
        effective_precision: Precision | None = None,
        value_quantity: Number | None = None,
        value_unit: Unit | None = None,
        comparator: Comparator | None = None,
        value_text: Text | None = None,
        value_bool: bool | None = None,
        components: Many[Component] = (),
        data_absent_reason: AbsentReason | None = None,
        reference_range: ReferenceRange | None = None,
        interpretation: Interpretation | None = None,
        body_site: Line | None = None,
        method: Line | None = None,
        specimen: Line | None = None,
        device_id: Id | None = None,
        issued_at: Moment | None = None,
        note: Text = "",
        care: Care | None = None,
        fhir: FhirResource | None = None,
    ) -> HealthRecord:
        """Keep a measurement, procedure, workout and whatever else has no verb of its own."""
        if record_type in BY_OWN_VERB:
            raise HasItsOwnVerb
        timing = Timing(effective_at, effective_start, effective_end)
        require_sound_timing(timing, may_end_later=record_type not in DATED)
        if record_type in DATED and timing == NEVER:
            raise EffectiveMissing
        finding = Finding(
            value_quantity, value_unit, comparator, value_text, value_bool, components, data_absent_reason
        )
        require_sound_finding(finding, record_type)
        return cls._begin(
            origin,
            cls.Recorded,
            **vars(About(record_type, code, issued_at, note, care, fhir)),
            **vars(timing),
            **vars(finding),
            status=status,
            effective_precision=effective_precision,
            reference_range=reference_range,
            interpretation=interpretation,
            body_site=body_site,
            method=method,
            specimen=specimen,
            device_id=device_id,
        )

    @classmethod
    def record_series(
        cls,
        origin: Origin,
        record_type: RecordType,
        *,
        code: Code,
        day: Day,
        samples: Many[Sample],
        unit: Unit | None = None,
        device_id: Id | None = None,
        issued_at: Moment | None = None,
        note: Text = "",
        care: Care | None = None,
        fhir: FhirResource | None = None,
    ) -> HealthRecord:
        """Keep what a wearable measured of one thing on one day, by the calendar of the place."""
        if record_type in BY_OWN_VERB:
            raise HasItsOwnVerb
        if not samples:
            raise EmptySeries
        ordered = tuple(sorted(samples, key=lambda sample: sample.at))
        timing = Timing(None, ordered[0].at, ordered[-1].at)
        require_sound_timing(timing)
        if not all(touches(day, end, end) for end in (ordered[0].at, ordered[-1].at)):
            raise SampleOffTheDay
        return cls._begin(
            origin,
            cls.SeriesRecorded,
            **vars(About(record_type, code, issued_at, note, care, fhir)),
            **vars(timing),
            **vars(summarise(ordered)),
            series_day=day,
            samples=ordered,
            value_unit=unit,
            device_id=device_id,
        )

    @classmethod
    def diagnose(
        cls,
        origin: Origin,
        code: Code,
        *,
        clinical_status: ClinicalStatus | None = ClinicalStatus.ACTIVE,
        verification_status: VerificationStatus | None = VerificationStatus.CONFIRMED,
        severity: Severity | None = None,
        onset_on: Day | None = None,
        abatement_on: Day | None = None,
        body_site: Line | None = None,
        issued_at: Moment | None = None,
        note: Text = "",
        care: Care | None = None,
        fhir: FhirResource | None = None,
    ) -> HealthRecord:
        """Keep a condition."""
        require_sound_abatement(clinical_status, onset_on, abatement_on)
        return cls._begin(
            origin,
            cls.Diagnosed,
            **vars(About(RecordType.CONDITION, code, issued_at, note, care, fhir)),
            clinical_status=clinical_status,
            verification_status=verification_status,
            severity=severity,
            onset_on=onset_on,
            abatement_on=abatement_on,
            body_site=body_site,
        )

    @classmethod
    def start_medication(
        cls,
        origin: Origin,
        code: Code,
        *,
        record_type: RecordType = RecordType.MEDICATION_STATEMENT,
        medication_status: MedicationStatus = MedicationStatus.ACTIVE,
        effective_start: Moment | None = None,
        effective_end: Moment | None = None,
        dosage: Many[Dosage] = (),
        issued_at: Moment | None = None,
        note: Text = "",
        care: Care | None = None,
        fhir: FhirResource | None = None,
    ) -> HealthRecord:
        """Keep a medication; a planned end may lie in the future."""
        if record_type not in MEDICATIONS:
            raise NotAMedication
        timing = Timing(None, effective_start, effective_end)
        require_sound_timing(timing, may_end_later=True)
        return cls._begin(
            origin,
            cls.MedicationStarted,
            **vars(About(record_type, code, issued_at, note, care, fhir)),
            **vars(timing),
            medication_status=medication_status,
            dosage=dosage,
        )

    @classmethod
    def immunise(
        cls,
        origin: Origin,
        code: Code,
        *,
        effective_at: Moment | None = None,
        effective_precision: Precision | None = None,
        immunization_status: ImmunizationStatus = ImmunizationStatus.COMPLETED,
        vaccine: Vaccine | None = None,
        body_site: Line | None = None,
        issued_at: Moment | None = None,
        note: Text = "",
        care: Care | None = None,
        fhir: FhirResource | None = None,
    ) -> HealthRecord:
        """Keep a vaccination, given or not done."""
        require_sound_timing(Timing(effective_at, None, None))
        return cls._begin(
            origin,
            cls.Immunised,
            **vars(About(RecordType.IMMUNIZATION, code, issued_at, note, care, fhir)),
            immunization_status=immunization_status,
            effective_at=effective_at,
            effective_precision=effective_precision,
            vaccine=vaccine,
            body_site=body_site,
        )

    @classmethod
    def report_allergy(
        cls,
        origin: Origin,
        code: Code,
        *,
        allergy_type: AllergyType | None = None,
        categories: Many[AllergyCategory] = (),
        criticality: Criticality | None = None,
        clinical_status: ClinicalStatus | None = ClinicalStatus.ACTIVE,
        verification_status: VerificationStatus | None = VerificationStatus.UNCONFIRMED,
        onset_on: Day | None = None,
        reactions: Many[Reaction] = (),
        issued_at: Moment | None = None,
        note: Text = "",
        care: Care | None = None,
        fhir: FhirResource | None = None,
    ) -> HealthRecord:
        """Keep an allergy or intolerance; the code is what it is against."""
        require_happened_on(onset_on)
        return cls._begin(
            origin,
            cls.AllergyReported,
            **vars(About(RecordType.ALLERGY, code, issued_at, note, care, fhir)),
            clinical_status=clinical_status,
            verification_status=verification_status,
            onset_on=onset_on,
            allergy_type=allergy_type,
            allergy_categories=categories,
            criticality=criticality,
            reactions=reactions,
        )

    def finalise(self) -> None:
        self._require_standing()
        if self.status is HealthStatus.FINAL:
            return
        if self.status not in OPEN:
            raise NotPreliminary
        self.trigger_event(HealthRecord.Finalised)

    def amend(
        self,
        reason: Line = "",
        *,
        interpretation: Interpretation | None = None,
        reference_range: ReferenceRange | None = None,
        note: Text | None = None,
    ) -> None:
        """Say more about a final record, whose value stands; None keeps what was said."""
        self._require_settled()
        known = (self.interpretation, self.reference_range, self.note)
        interpretation = interpretation or self.interpretation
        reference_range = reference_range or self.reference_range
        note = self.note if note is None else note
        if (interpretation, reference_range, note) != known:
            self.trigger_event(
                HealthRecord.Amended,
                interpretation=interpretation,
                reference_range=reference_range,
                note=note,
                reason=reason,
            )

    def correct(
        self,
        reason: Line = "",
        *,
        effective_at: Moment | None = None,
        effective_start: Moment | None = None,
        effective_end: Moment | None = None,
        value_quantity: Number | None = None,
        value_unit: Unit | None = None,
        comparator: Comparator | None = None,
        value_text: Text | None = None,
        value_bool: bool | None = None,
        components: Many[Component] = (),
        data_absent_reason: AbsentReason | None = None,
        interpretation: Interpretation | None = None,
        note: Text | None = None,
    ) -> None:
        """Put a mistake in a final record right; a value or time given replaces all of the old one."""
        self._require_settled()
        finding = self._finding_or(
            Finding(
                value_quantity, value_unit, comparator, value_text, value_bool, components, data_absent_reason
            )
        )
        timing = self._timing_or(Timing(effective_at, effective_start, effective_end))
        interpretation = interpretation or self.interpretation
        note = self.note if note is None else note
        known = (self._finding, self._timing, self.interpretation, self.note)
        if (finding, timing, interpretation, note) != known:
            self.trigger_event(
                HealthRecord.Corrected,
                **vars(finding),
                **vars(timing),
                interpretation=interpretation,
                note=note,
                reason=reason,
            )

    def mark_entered_in_error(self, reason: Line = "") -> None:
        """Say that the record should not be there. It is kept, and nothing but notes and tags is added to it."""
        if self.status is not HealthStatus.ENTERED_IN_ERROR:
            self.trigger_event(HealthRecord.MarkedInError, reason=reason)

    def resolve(self, abatement_on: Day | None = None) -> None:
        """End a condition, on a day if it is known."""
        self._require_standing()
        if self.record_type is not RecordType.CONDITION:
            raise NotACondition
        abatement_on = abatement_on or self.abatement_on
        require_sound_abatement(ClinicalStatus.RESOLVED, self.onset_on, abatement_on)
        if (self.clinical_status, self.abatement_on) != (ClinicalStatus.RESOLVED, abatement_on):
            self.trigger_event(HealthRecord.Resolved, abatement_on=abatement_on)

    def change_dosage(self, dosage: Many[Dosage], *, reason: Line = "") -> None:
        self._require_medication()
        if self.medication_status in ENDED:
            raise MedicationEnded
        if dosage != self.dosage:
            self.trigger_event(HealthRecord.DosageChanged, dosage=dosage, reason=reason)

    def stop_medication(self, reason: Line = "", *, stopped_at: Moment | None = None) -> None:
        """Stop before the planned end, now unless told."""
        self._require_medication()
        if self.medication_status is MedicationStatus.STOPPED:
            return
        if self.medication_status in ENDED:
            raise MedicationEnded
        end = stopped_at or clock.now()
        require_sound_timing(Timing(None, self.effective_start or end, end))
        self.trigger_event(HealthRecord.MedicationStopped, effective_end=end, stop_reason=reason)

    def refute_allergy(self, reason: Line = "") -> None:
        """Say that there is no such allergy."""
        self._require_standing()
        if self.record_type is not RecordType.ALLERGY:
            raise NotAnAllergy
        if self.verification_status is not VerificationStatus.REFUTED:
            self.trigger_event(HealthRecord.AllergyRefuted, reason=reason)

    @property
    def _finding(self) -> Finding:
        return Finding(
            self.value_quantity,
            self.value_unit,
            self.comparator,
            self.value_text,
            self.value_bool,
            self.components,
            self.data_absent_reason,
        )

    @property
    def _timing(self) -> Timing:
        return Timing(self.effective_at, self.effective_start, self.effective_end)

    def _finding_or(self, new: Finding) -> Finding:
        if new == NOTHING:
            return self._finding
        if self.series_count or self.record_type in BY_OWN_VERB:
            raise TakesNoValue
        require_sound_finding(new, self.record_type)
        return new

    def _timing_or(self, new: Timing) -> Timing:
        if new == NEVER:
            return self._timing
        if self.series_count:
            raise TakesNoValue
        require_sound_timing(new, may_end_later=self.record_type not in DATED)
        return new

    def _require_standing(self) -> None:
        if self.status is HealthStatus.ENTERED_IN_ERROR:
            raise EnteredInError

    def _require_settled(self) -> None:
        self._require_standing()
        if self.status not in SETTLED:
            raise NotFinal

    def _require_medication(self) -> None:
        self._require_standing()
        if self.record_type not in MEDICATIONS:
            raise NotAMedication
