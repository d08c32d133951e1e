"""The part of a health record that says what was found and when, and how that is settled or put right."""

from __future__ import annotations

from dataclasses import KW_ONLY
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from domain.personal.health_record_rules import (
    EffectiveMissing,
    EmptySeries,
    EnteredInError,
    HasItsOwnVerb,
    NotAProcedure,
    NotFinal,
    NotPreliminary,
    ProcedureOver,
    SampleOffTheDay,
    TakesNoValue,
    require_sound_finding,
    require_sound_timing,
)
from domain.personal.health_record_terms import (
    BY_OWN_VERB,
    DATED,
    NEVER,
    NOTHING,
    OPEN,
    OVER,
    SETTLED,
    About,
    AbsentReason,
    Care,
    Code,
    Comparator,
    Component,
    FhirResource,
    Finding,
    HealthStatus,
    Interpretation,
    Precision,
    ProcedureStatus,
    RecordType,
    ReferenceRange,
    Sample,
    Summary,
    Timing,
    Unit,
    summarise,
)
from domain.personal.location_terms import touches
from domain.shared.content import Content
from domain.shared.known import differs, told
from domain.shared.peers import PeerRef, peer_refs
from domain.shared.record import Origin
from domain.shared.values import LEDGER_ONLY, Day, Id, Line, Many, Moment, Number, Text


class Findings(Content):
    """An entry with a value or without one: measured, observed, done."""

    _: KW_ONLY
    record_type: RecordType
    code: Code
    status: HealthStatus = HealthStatus.FINAL
    status_reason: str = ""
    procedure_status: ProcedureStatus | None = None
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

    class ProcedureProgressed(Event):
        TOPIC = "health_record.procedure_progressed"
        procedure_status: ProcedureStatus

    class Finalised(Event):
        TOPIC = "health_record.finalised"

        def apply(self, record: Findings) -> None:
            record.status = HealthStatus.FINAL

    class Amended(Event):
        TOPIC = "health_record.amended"
        interpretation: Interpretation | None
        reference_range: ReferenceRange | None
        note: str
        reason: str

        def apply(self, record: Findings) -> None:
            super().apply(record)
            record.status = HealthStatus.AMENDED
            record.status_reason = self.reason

    class Corrected(Event, Finding, Timing):
        TOPIC = "health_record.corrected"
        interpretation: Interpretation | None
        note: str
        reason: str

        def apply(self, record: Findings) -> None:
            super().apply(record)
            record.status = HealthStatus.CORRECTED
            record.status_reason = self.reason

    class TimeCorrected(Corrected):
        TOPIC = "health_record.time_corrected"
        effective_precision: Precision | None

    class MarkedInError(Event):
        TOPIC = "health_record.marked_in_error"
        reason: str

        def apply(self, record: Findings) -> None:
            record.status = HealthStatus.ENTERED_IN_ERROR
            record.status_reason = self.reason

    @classmethod
    def record(
        cls,
        origin: Origin,
        record_type: RecordType,
        *,
        code: Code,
        status: HealthStatus = HealthStatus.FINAL,
        procedure_status: ProcedureStatus | None = None,
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
    ) -> Self:
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
        record = cls._begin(
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
        if procedure_status is not None:
            record.progress_procedure(procedure_status)
        return record

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
    ) -> Self:
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

    def progress_procedure(self, procedure_status: ProcedureStatus) -> None:
        self._require_standing()
        if self.record_type is not RecordType.PROCEDURE:
            raise NotAProcedure
        if procedure_status is self.procedure_status:
            return
        if self.procedure_status in OVER:
            raise ProcedureOver
        self.trigger_event(self.ProcedureProgressed, procedure_status=procedure_status)

    def finalise(self) -> None:
        self._require_standing()
        if self.status is HealthStatus.FINAL:
            return
        if self.status not in OPEN:
            raise NotPreliminary
        self.trigger_event(self.Finalised)

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
        note = told(note, self.note)
        if (interpretation, reference_range, note) != known:
            self.trigger_event(
                self.Amended,
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
        effective_precision: Precision | None = None,
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
        """Put a mistake in a final record right; a value or time given replaces all of the old one.

        How exactly the old time was known says nothing of another one: it goes with it.
        """
        self._require_settled()
        finding = self._finding_or(
            Finding(
                value_quantity, value_unit, comparator, value_text, value_bool, components, data_absent_reason
            )
        )
        timing = self._timing_or(Timing(effective_at, effective_start, effective_end))
        precision = told(effective_precision, self.effective_precision if timing == self._timing else None)
        facts = {
            **vars(finding),
            **vars(timing),
            "interpretation": interpretation or self.interpretation,
            "note": told(note, self.note),
        }
        if precision is not self.effective_precision:
            self.trigger_event(self.TimeCorrected, **facts, effective_precision=precision, reason=reason)
        elif differs(self, facts):
            self.trigger_event(self.Corrected, **facts, reason=reason)

    def mark_entered_in_error(self, reason: Line = "") -> None:
        """Say that the record should not be there. It is kept, and nothing but notes and tags is added to it."""
        if self.status is not HealthStatus.ENTERED_IN_ERROR:
            self.trigger_event(self.MarkedInError, reason=reason)

    @property
    def named_peers(self) -> frozenset[PeerRef]:
        practitioner = peer_refs("contact", self.care.practitioner_contact_id if self.care else None)
        return practitioner | peer_refs("device", self.device_id)

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
