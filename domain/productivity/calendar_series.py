"""The part of a calendar event that says when: its times, its series, and whether it takes place at all."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, fields, replace
from datetime import datetime
from typing import Any

from domain.productivity.calendar_event_terms import (
    EventAllDay,
    EventCancelled,
    EventNotCancelled,
    EventTimed,
    IcalStatus,
    OccurrenceIsSkipped,
    Override,
    TimeKind,
)
from domain.productivity.occurrences import MAX_OCCURRENCES
from domain.productivity.timing import Timing, rule_for
from domain.shared.content import Content
from domain.shared.known import told
from domain.shared.record import TooMany
from domain.shared.recurrence import RecurrenceRule
from domain.shared.values import Line, LocalTime, Many, Text, TimeZone


@dataclass(frozen=True)
class SeriesKept:
    """Which extra dates, skips and changed occurrences a series still has after a change of its time."""

    rdates: tuple[datetime, ...]
    exdates: tuple[datetime, ...]
    overrides: tuple[Override, ...]


class CalendarSeries(Content):
    """Something that takes place, once or again and again.

    The library gives each kind event classes of its own, also for inherited ones: commands trigger ``self.X``.
    """

    _: KW_ONLY
    time_kind: TimeKind
    start_local: LocalTime
    end_local: LocalTime | None = None
    """Exclusive for an all-day event. None: a moment, or all of the day."""
    timezone: str | None = None
    rrule: str | None = None
    rdates: tuple[datetime, ...] = ()
    exdates: tuple[datetime, ...] = ()
    """The skipped occurrences, by the local start the series gives them."""
    overrides: tuple[Override, ...] = ()
    ical_status: IcalStatus = IcalStatus.CONFIRMED
    sequence: int = 0
    """SEQUENCE of RFC 5545: grows with every change of the time, so that calendars know the newer one."""

    class Event(Content.Event):
        """Any event of a calendar event."""

    class TimeEvent(Event):
        """A change of when it takes place.

        A series and its exceptions hold together, so the person who changes one of them has all of it: the
        source no longer moves the series away from under the occurrence they skipped.
        """

        EDITS = (
            "time_kind",
            "start_local",
            "end_local",
            "timezone",
            "rrule",
            "rdates",
            "exdates",
            "overrides",
        )

        sequence: int

    class Rescheduled(TimeEvent, SeriesKept):
        TOPIC = "calendar_event.rescheduled"
        start_local: datetime
        end_local: datetime | None

    class TimezoneChanged(TimeEvent):
        TOPIC = "calendar_event.timezone_changed"
        time_kind: TimeKind
        timezone: str | None
        exdates: tuple[datetime, ...]
        overrides: tuple[Override, ...]

    class MadeAllDay(TimeEvent, SeriesKept):
        TOPIC = "calendar_event.made_all_day"
        start_local: datetime
        end_local: datetime | None
        rrule: str | None

        def apply(self, series: CalendarSeries) -> None:
            super().apply(series)
            series.time_kind = TimeKind.ALL_DAY
            series.timezone = None

    class MadeTimed(TimeEvent, SeriesKept):
        TOPIC = "calendar_event.made_timed"
        time_kind: TimeKind
        timezone: str | None
        start_local: datetime
        end_local: datetime | None
        rrule: str | None
        """None: as it was."""

        class_version = 2

        @staticmethod
        def upcast_v1_v2(data: dict[str, Any]) -> None:
            """Say nothing of the rule, which used to stay as it was."""
            data["rrule"] = None

        def apply(self, series: CalendarSeries) -> None:
            rrule = told(self.rrule, series.rrule)
            super().apply(series)
            series.rrule = rrule

    class RecurrenceSet(TimeEvent, SeriesKept):
        TOPIC = "calendar_event.recurrence_set"
        rrule: str

    class RecurrenceCleared(TimeEvent):
        TOPIC = "calendar_event.recurrence_cleared"

        def apply(self, series: CalendarSeries) -> None:
            super().apply(series)
            series.rrule = None
            series.rdates = series.exdates = ()
            series.overrides = ()

    class OccurrenceSkipped(TimeEvent):
        TOPIC = "calendar_event.occurrence_skipped"
        occurrence: datetime

        def apply(self, series: CalendarSeries) -> None:
            super().apply(series)
            series.exdates = (*series.exdates, self.occurrence)
            series.overrides = tuple(each for each in series.overrides if each.occurrence != self.occurrence)

    class OccurrenceRestored(TimeEvent):
        TOPIC = "calendar_event.occurrence_restored"
        occurrence: datetime

        def apply(self, series: CalendarSeries) -> None:
            super().apply(series)
            series.exdates = tuple(each for each in series.exdates if each != self.occurrence)
            series.overrides = tuple(each for each in series.overrides if each.occurrence != self.occurrence)

    class OccurrenceChanged(TimeEvent):
        TOPIC = "calendar_event.occurrence_changed"
        override: Override

        def apply(self, series: CalendarSeries) -> None:
            super().apply(series)
            occurrence = self.override.occurrence
            others = tuple(each for each in series.overrides if each.occurrence != occurrence)
            series.overrides = (*others, self.override)

    class Confirmed(Event):
        TOPIC = "calendar_event.confirmed"
        EDITS = ("ical_status",)

        def apply(self, series: CalendarSeries) -> None:
            series.ical_status = IcalStatus.CONFIRMED

    class MarkedTentative(Event):
        TOPIC = "calendar_event.marked_tentative"
        EDITS = ("ical_status",)

        def apply(self, series: CalendarSeries) -> None:
            series.ical_status = IcalStatus.TENTATIVE

    class Cancelled(Event):
        TOPIC = "calendar_event.cancelled"
        EDITS = ("ical_status",)
        reason: str

        def apply(self, series: CalendarSeries) -> None:
            series.ical_status = IcalStatus.CANCELLED

    class Reinstated(Event):
        TOPIC = "calendar_event.reinstated"
        EDITS = ("ical_status",)
        sequence: int

        def apply(self, series: CalendarSeries) -> None:
            super().apply(series)
            series.ical_status = IcalStatus.CONFIRMED

    def reschedule(self, start_local: LocalTime, *, end_local: LocalTime | None = None) -> None:
        """Move the event, and all of its series; without a new end it keeps its length."""
        self._require_live()
        self._retime(self._timing.moved(start_local, end_local), self.Rescheduled)

    def change_timezone(self, timezone: TimeZone | None) -> None:
        """Say in which zone the local times are meant, None for any (floating); the times stay as written."""
        self._require_live()
        if self.time_kind is TimeKind.ALL_DAY:
            raise EventAllDay
        kind = TimeKind.FLOATING if timezone is None else TimeKind.ZONED
        timing = replace(self._timing, time_kind=kind, timezone=timezone)
        self._retime(timing.fitted(), self.TimezoneChanged)

    def make_all_day(self) -> None:
        self._require_live()
        self._retime(self._timing.as_all_day(), self.MadeAllDay)

    def make_timed(
        self, start_local: LocalTime, *, end_local: LocalTime | None = None, timezone: TimeZone | None = None
    ) -> None:
        """Give an all-day event a time of day, in a zone or floating; every occurrence keeps its day."""
        self._require_live()
        if self.time_kind is not TimeKind.ALL_DAY:
            raise EventTimed
        self._retime(self._timing.as_timed(start_local, end_local, timezone), self.MadeTimed)

    def set_recurrence(self, rrule: RecurrenceRule, *, rdates: Many[LocalTime] | None = None) -> None:
        """Let it recur by a rule, with the extra dates there are or other ones.

        Skips and changes of occurrences that the new series does not have are dropped.
        """
        self._require_live()
        rrule = rule_for(self.time_kind, self.timezone, rrule)
        timing = replace(self._timing, rrule=rrule, rdates=told(rdates, self.rdates))
        self._retime(timing.fitted(), self.RecurrenceSet)

    def clear_recurrence(self) -> None:
        """Let it take place once, at its start."""
        self._require_live()
        timing = replace(self._timing, rrule=None, rdates=(), exdates=(), overrides=())
        self._retime(timing, self.RecurrenceCleared)

    def skip_occurrence(self, occurrence: LocalTime) -> None:
        """Leave one occurrence out, named by the local start the series gives it."""
        self._require_live()
        replace(self._timing, exdates=(occurrence,), overrides=()).require_sound()
        if occurrence in self.exdates:
            return
        self._require_room(self.exdates)
        self.trigger_event(self.OccurrenceSkipped, occurrence=occurrence, sequence=self.sequence + 1)

    def restore_occurrence(self, occurrence: LocalTime) -> None:
        """Let a skipped or changed occurrence be as the series has it."""
        self._require_live()
        replace(self._timing, exdates=(occurrence,), overrides=()).require_sound()
        if occurrence in self.exdates or self._timing.override_at(occurrence) is not None:
            self.trigger_event(self.OccurrenceRestored, occurrence=occurrence, sequence=self.sequence + 1)

    def change_occurrence(
        self,
        occurrence: LocalTime,
        *,
        start_local: LocalTime | None = None,
        end_local: LocalTime | None = None,
        title: Line | None = None,
        location: Line | None = None,
        description: Text | None = None,
        cancelled: bool = False,
    ) -> None:
        """Let one occurrence differ from its series in what is given, and in nothing else.

        The sequence grows where that is about its time.
        """
        self._require_live()
        override = Override(occurrence, start_local, end_local, title, location, description, cancelled)
        replace(self._timing, exdates=(), overrides=(override,)).require_sound()
        if occurrence in self.exdates:
            raise OccurrenceIsSkipped
        as_given = Override(occurrence)
        if override == as_given:  # it differs in nothing any more
            self.restore_occurrence(occurrence)
            return
        known = self._timing.override_at(occurrence)
        if known is None:
            self._require_room(self.overrides)
        if override != known:
            retimed = override.when != (known or as_given).when
            self.trigger_event(self.OccurrenceChanged, override=override, sequence=self.sequence + retimed)

    def confirm(self) -> None:
        self._require_live()
        if self.ical_status is not IcalStatus.CONFIRMED:
            self.trigger_event(self.Confirmed)

    def mark_tentative(self) -> None:
        self._require_live()
        if self.ical_status is not IcalStatus.TENTATIVE:
            self.trigger_event(self.MarkedTentative)

    def cancel(self, reason: Line = "") -> None:
        self._require_live()
        self.trigger_event(self.Cancelled, reason=reason)

    def reinstate(self) -> None:
        """Let a cancelled event take place after all, as a confirmed one."""
        if self.ical_status is not IcalStatus.CANCELLED:
            raise EventNotCancelled
        self.trigger_event(self.Reinstated, sequence=self.sequence + 1)

    @property
    def _timing(self) -> Timing:
        return Timing(**{name: getattr(self, name) for name in CalendarSeries.TimeEvent.EDITS})

    def _retime(self, timing: Timing, event_class: type[TimeEvent]) -> None:
        """Put new times into force, with those of them in the event that this kind of change can alter."""
        timing.require_sound()
        if timing != self._timing:
            names = {item.name for item in fields(event_class)}.intersection(CalendarSeries.TimeEvent.EDITS)
            carried = {name: getattr(timing, name) for name in names}
            self.trigger_event(event_class, **carried, sequence=self.sequence + 1)

    def _require_live(self) -> None:
        if self.ical_status is IcalStatus.CANCELLED:
            raise EventCancelled

    def _require_room(self, exceptions: tuple[object, ...]) -> None:
        if len(exceptions) >= MAX_OCCURRENCES:
            raise TooMany
