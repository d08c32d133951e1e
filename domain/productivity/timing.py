"""When a calendar event takes place, and what becomes of its series when that changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from domain.productivity.calendar_event_terms import (
    EndBeforeStart,
    NoSuchOccurrence,
    NotMidnight,
    NotRecurring,
    OccurrenceTwice,
    Override,
    TimeKind,
    ZoneMismatch,
)
from domain.productivity.occurrences import matching, require_moderate
from domain.productivity.rule import read_rule, read_until

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Timing:
    """The times of an event as its calendar writes them: on the wall, never converted to UTC."""

    time_kind: TimeKind
    start_local: datetime
    end_local: datetime | None
    """Exclusive for an all-day event. None: a moment, or all of the day."""
    timezone: str | None
    rrule: str | None
    rdates: tuple[datetime, ...]
    exdates: tuple[datetime, ...]
    """The skipped occurrences, by the local start the series gives them."""
    overrides: tuple[Override, ...]

    @property
    def recurs(self) -> bool:
        """Whether there is more than the one occurrence at the start."""
        return self.rrule is not None or bool(self.rdates)

    def require_sound(self) -> None:
        """Raise the rule that is broken, if any."""
        if (self.time_kind is TimeKind.ZONED) is (self.timezone is None):
            raise ZoneMismatch
        all_day = self.time_kind is TimeKind.ALL_DAY
        if all_day and any(each.time() != time.min for each in self._moments()):
            raise NotMidnight
        if self.rrule is not None:
            self._require_sound_rule(self.rrule)
        self._require_order(self.start_local, self.end_local)
        if not self.recurs:
            if self.exdates or self.overrides:
                raise NotRecurring
            return
        if self.exdates or self.overrides:
            self._require_sound_exceptions()

    def given(self, occurrences: Iterable[datetime]) -> frozenset[datetime]:
        """Return those of the local starts that the series gives, skipped or not."""
        return matching(self.start_local, self.rrule, self.rdates, occurrences, timezone=self.timezone)

    def override_at(self, occurrence: datetime) -> Override | None:
        """Return what is changed about an occurrence."""
        return next((each for each in self.overrides if each.occurrence == occurrence), None)

    def fitted(self) -> Timing:
        """Return it without the skips and changes of occurrences that the series does not have."""
        if not self.recurs:
            return replace(self, exdates=(), overrides=())
        given = self.given((*self.exdates, *(each.occurrence for each in self.overrides)))
        return replace(
            self,
            exdates=tuple(each for each in self.exdates if each in given),
            overrides=tuple(each for each in self.overrides if each.occurrence in given),
        )

    def moved(self, start: datetime, end: datetime | None) -> Timing:
        """Return it with another start and end (None keeps the length); see ``_become``."""
        if end is None and self.end_local is not None:
            end = start + (self.end_local - self.start_local)
        return self._become(replace(self, start_local=start, end_local=end))

    def as_all_day(self) -> Timing:
        """Return it lasting all of the days that it touches, without times or zone."""
        return self._become(
            replace(
                self,
                time_kind=TimeKind.ALL_DAY,
                timezone=None,
                start_local=_midnight(self.start_local),
                end_local=self.end_local and _next_midnight(self.end_local),
                rrule=self._rule_for(TimeKind.ALL_DAY, None),
            )
        )

    def as_timed(self, start: datetime, end: datetime | None, timezone: str | None) -> Timing:
        """Return it at a time of day, in a zone or floating; every occurrence keeps its day."""
        kind = TimeKind.FLOATING if timezone is None else TimeKind.ZONED
        return self._become(
            replace(
                self,
                time_kind=kind,
                timezone=timezone,
                start_local=start,
                end_local=end,
                rrule=self._rule_for(kind, timezone),
            )
        )

    def _become(self, times: Timing) -> Timing:
        """Return the new times with the extra dates, skips and changes of these, as far as they go along.

        An extra date at the old time of day gets the new one. A skip or change stays if it still names an
        occurrence; otherwise it follows to the new time of the same day or, failing that, by as much as the
        start has moved; otherwise it is dropped.
        """
        new = replace(times, rdates=self._dates_for(times), exdates=(), overrides=())
        if not (self.exdates or self.overrides):
            return new
        named = (*self.exdates, *(each.occurrence for each in self.overrides))
        choices = {each: self._successors(each, new.start_local) for each in named}
        given = new.given({each for some in choices.values() for each in some})
        heirs = {
            each: next(choice for choice in some if choice in given)
            for each, some in choices.items()
            if not given.isdisjoint(some)
        }
        exdates = dict.fromkeys(heirs[each] for each in self.exdates if each in heirs)
        overrides = {
            heirs[each.occurrence]: self._adapted(each, heirs[each.occurrence], new)
            for each in self.overrides
            if each.occurrence in heirs and heirs[each.occurrence] not in exdates
        }
        return replace(new, exdates=tuple(exdates), overrides=tuple(overrides.values()))

    def _rule_for(self, kind: TimeKind, timezone: str | None) -> str | None:
        """Return the rule as another kind of event keeps it; one kept before UNTIL was on the wall is read first."""
        own = self.rrule and rule_for(self.time_kind, self.timezone, self.rrule)
        return own and rule_for(kind, timezone, own)

    def _dates_for(self, times: Timing) -> tuple[datetime, ...]:
        moved = (
            _at(each, times.start_local)
            if times.time_kind is TimeKind.ALL_DAY or each.time() == self.start_local.time()
            else each
            for each in self.rdates
        )
        return tuple(dict.fromkeys(moved))

    def _successors(self, occurrence: datetime, start: datetime) -> tuple[datetime, ...]:
        choices = (occurrence, _at(occurrence, start))
        if occurrence < self.start_local:  # an extra date before the start
            return choices
        return (*choices, occurrence + (start - self.start_local))

    def _adapted(self, override: Override, occurrence: datetime, new: Timing) -> Override:
        start, end = override.start_local, override.end_local
        if new.time_kind is TimeKind.ALL_DAY:
            start, end = start and _midnight(start), end and _next_midnight(end)
        elif self.time_kind is TimeKind.ALL_DAY:
            start, end = start and _at(start, new.start_local), None
        elif start is None and end is not None:
            end += occurrence - override.occurrence
        return replace(override, occurrence=occurrence, start_local=start, end_local=end)

    def _moments(self) -> Iterator[datetime]:
        yield from (self.start_local, *self.rdates, *self.exdates)
        if self.end_local is not None:
            yield self.end_local
        for each in self.overrides:
            yield each.occurrence
            yield from filter(None, (each.start_local, each.end_local))

    def _require_order(self, start: datetime, end: datetime | None) -> None:
        if end is not None and (end < start or (end == start and self.time_kind is not TimeKind.ALL_DAY)):
            raise EndBeforeStart

    def _require_sound_rule(self, rrule: str) -> None:
        rule = read_rule(self.start_local, rrule, self.timezone)
        by_the_day = rule.beat is None and rrule == _without_times_of_day(rrule)
        if self.time_kind is TimeKind.ALL_DAY and not by_the_day:
            raise NotMidnight
        require_moderate(self.start_local, rule)

    def _require_sound_exceptions(self) -> None:
        named = (*self.exdates, *(each.occurrence for each in self.overrides))
        distinct = set(named)
        if len(distinct) < len(named):
            raise OccurrenceTwice
        if self.given(distinct) != distinct:
            raise NoSuchOccurrence
        for each in self.overrides:
            self._require_order(each.start_local or each.occurrence, each.end_local)


def rule_for(time_kind: TimeKind, timezone: str | None, rrule: str) -> str:
    """Return the rule as an event of this kind keeps it (RFC 5545 section 3.3.10), with the same occurrences.

    UNTIL is written as the start is: as a date for an all-day event, else as a time on the wall of the event. The
    whole of a date counts; of a time in UTC the event's zone tells when that is. An all-day event has no times of day.
    """
    if time_kind is TimeKind.ALL_DAY:
        rrule = _without_times_of_day(rrule)
    parts = dict(piece.split("=", 1) for piece in rrule.split(";"))
    if "UNTIL" in parts:
        until = read_until(parts["UNTIL"], timezone)
        clock = "" if time_kind is TimeKind.ALL_DAY else f"T{until:%H%M%S}"
        parts["UNTIL"] = f"{until.year:04}{until:%m%d}{clock}"
    return ";".join(f"{name}={value}" for name, value in parts.items())


def _without_times_of_day(rrule: str) -> str:
    parts = rrule.split(";")
    return ";".join(each for each in parts if not each.startswith(("BYHOUR=", "BYMINUTE=", "BYSECOND=")))


def _at(day: datetime, clock: datetime) -> datetime:
    return datetime.combine(day, clock.time())


def _midnight(moment: datetime) -> datetime:
    return datetime.combine(moment, time.min)


def _next_midnight(moment: datetime) -> datetime:
    midnight = _midnight(moment)
    return midnight if moment == midnight else midnight + _DAY
