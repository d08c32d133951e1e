"""One entry of a person's health history: a measurement, condition, medication, vaccination, allergy and so on."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from domain.personal.findings import Findings
from domain.personal.health_record_rules import (
    MedicationEnded,
    NotACondition,
    NotAMedication,
    NotAnAllergy,
    NotARequest,
    require_happened,
    require_happened_on,
    require_medication_status,
    require_sound_abatement,
    require_sound_dosage,
    require_sound_timing,
)
from domain.personal.health_record_terms import (
    ENDED,
    MEDICATIONS,
    About,
    AllergyCategory,
    AllergyType,
    Care,
    ClinicalStatus,
    Code,
    Criticality,
    Dosage,
    FhirResource,
    ImmunizationStatus,
    MedicationStatus,
    Precision,
    Reaction,
    RecordType,
    RequestIntent,
    RequestPriority,
    Severity,
    Timing,
    Vaccine,
    VerificationStatus,
)
from domain.shared import clock
from domain.shared.content import Content
from domain.shared.known import say, told
from domain.shared.record import Origin
from domain.shared.values import Day, Line, Many, Moment, Text


class HealthRecord(Findings):
    """An entry of the health history; ``record_type`` says which fields speak (GDPR: a special category always)."""

    KIND: ClassVar[str] = "health_record"

    clinical_status: ClinicalStatus | None = None
    verification_status: VerificationStatus | None = None
    severity: Severity | None = None
    onset_on: date | None = None
    abatement_on: date | None = None
    medication_status: MedicationStatus | None = None
    dosage: tuple[Dosage, ...] = ()
    stop_reason: str = ""
    intent: RequestIntent | None = None
    priority: RequestPriority | None = None
    immunization_status: ImmunizationStatus | None = None
    vaccine: Vaccine | None = None
    allergy_type: AllergyType | None = None
    allergy_categories: tuple[AllergyCategory, ...] = ()
    criticality: Criticality | None = None
    reactions: tuple[Reaction, ...] = ()
    recorded_at: datetime | None = None
    """When it was first written down at its source (``recordedDate`` in FHIR)."""

    class Event(Findings.Event):
        """Any event of a health record."""

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

    class Ordered(Event):
        TOPIC = "health_record.ordered"
        intent: RequestIntent
        priority: RequestPriority | None

    class AllergyRefuted(Event):
        TOPIC = "health_record.allergy_refuted"
        reason: str

        def apply(self, record: HealthRecord) -> None:
            record.verification_status = VerificationStatus.REFUTED
            record.clinical_status = ClinicalStatus.INACTIVE
            record.status_reason = self.reason

    class EntryDated(Event):
        TOPIC = "health_record.entry_dated"
        recorded_at: datetime

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
        require_medication_status(record_type, medication_status)
        timing = Timing(None, effective_start, effective_end)
        require_sound_timing(timing, may_end_later=True)
        require_sound_dosage(dosage)
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
        require_sound_dosage(dosage)
        if dosage != self.dosage:
            self.trigger_event(HealthRecord.DosageChanged, dosage=dosage, reason=reason)

    def stop_medication(self, reason: Line = "", *, stopped_at: Moment | None = None) -> None:
        """Stop before the planned end, now unless told."""
        self._require_medication()
        if self.medication_status is MedicationStatus.STOPPED and stopped_at in (None, self.effective_end):
            return
        if self.medication_status in ENDED:
            raise MedicationEnded
        end = stopped_at or clock.now()
        require_sound_timing(Timing(self.effective_at, self.effective_start or end, end))
        self.trigger_event(HealthRecord.MedicationStopped, effective_end=end, stop_reason=reason)

    def order(self, intent: RequestIntent, priority: RequestPriority | None = None) -> None:
        """Say how a medication was requested; a priority left out is what it was."""
        self._require_standing()
        if self.record_type is not RecordType.MEDICATION_REQUEST:
            raise NotARequest
        say(self, HealthRecord.Ordered, intent=intent, priority=told(priority, self.priority))

    def refute_allergy(self, reason: Line = "") -> None:
        """Say that there is no such allergy."""
        self._require_standing()
        if self.record_type is not RecordType.ALLERGY:
            raise NotAnAllergy
        if self.verification_status is not VerificationStatus.REFUTED:
            self.trigger_event(HealthRecord.AllergyRefuted, reason=reason)

    def date_entry(self, recorded_at: Moment) -> None:
        """Say when the source first wrote it down, which may be long after it was true."""
        self._require_standing()
        require_happened(recorded_at)
        say(self, HealthRecord.EntryDated, recorded_at=recorded_at)

    def _require_medication(self) -> None:
        self._require_standing()
        if self.record_type not in MEDICATIONS:
            raise NotAMedication
