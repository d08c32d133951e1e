"""When a recurring task is to be done again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from domain.productivity.occurrences import occurrences
from domain.productivity.rule import read_rule
from domain.productivity.task_terms import RecurrenceMode
from domain.shared.recurrence import counted_down
from domain.shared.values import LAST_YEAR

_NO_TIME = timedelta()
_TICK = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_LAST = datetime(LAST_YEAR, 12, 31)  # noqa: DTZ001 - wall time


@dataclass(frozen=True, slots=True)
class Turn:
    """One instance of a recurring task: the rule, which counts from this instance, and its days."""

    rule: str
    start_on: date | None
    due: date | None
    due_at: datetime | None
    start_at: datetime | None = None

    @property
    def _begins(self) -> datetime | None:
        """The local time that the rule counts from (RFC 5545: DTSTART, and DUE where there is none)."""
        if self.start_at is not None:
            return self.start_at
        if self.start_on is None and self.due_at is not None:
            return self.due_at
        day = self.start_on or self.due
        return None if day is None else _midnight(day)

    @property
    def _ends(self) -> date | None:
        times = (each.date() for each in (self.start_at, self.due_at) if each is not None)
        days = (each for each in (self.start_on, self.due) if each is not None)
        return max((*days, *times), default=None)

    @property
    def _is_timed(self) -> bool:
        return self.start_at is not None or (self.start_on is None and self.due_at is not None)

    def following(self, done_at: datetime, mode: RecurrenceMode, timezone: str | None) -> Turn | None:
        """Return the instance after this one, which was done at a local time; None where the series is over.

        On schedule that is the next one of the rule that does not end before the day it was done: those missed are
        passed over. After completion it is the next one of a series that begins anew on that day. The days keep their
        distance from each other; a task that has none is due on the day the rule gives. Of a rule by the hour or
        shorter, what is said here of the day is meant of the time, where the task has one.
        """
        today = _midnight(done_at)
        begins = self._begins or today
        series, first = begins, today - (self._ends - begins.date() if self._ends else _NO_TIME)
        beat = read_rule(begins, self.rule, timezone).beat if self._is_timed else None
        if mode is RecurrenceMode.AFTER_COMPLETION:
            series, first = datetime.combine(today, begins.time()), today
            if beat is not None:
                series = done_at.replace(second=done_at.second if beat.unit == 1 else 0, microsecond=0)
        elif beat is not None:
            first = done_at - ((self.due_at or begins) - begins)
        first = max(first, series + (_TICK if self._is_timed else _DAY))
        found = occurrences(series, self.rule, (), (), after=first, before=_LAST, limit=1, timezone=timezone)
        begin = next(found, None)
        if begin is None:
            return None
        passed = occurrences(series, self.rule, (), (), after=series, before=begin, timezone=timezone)
        return self._moved(begins, begin, counted_down(self.rule, passed))

    def _moved(self, before: datetime, begin: datetime, rule: str) -> Turn:
        by = begin.date() - before.date()
        start_on = self.start_on + by if self.start_on is not None else None
        due = self.due + by if self.due is not None else None
        if self._begins is None:
            due = begin.date()
        if self.start_at is not None:  # the rule may name other hours, for what lies behind the start too
            due_at = self.due_at + (begin - before) if self.due_at is not None else None
            return Turn(rule, start_on, due, due_at, begin)
        due_at = self.due_at + by if self.due_at is not None else None
        if due_at is not None and self.start_on is None:
            due_at = begin
        return Turn(rule, start_on, due, due_at)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())
