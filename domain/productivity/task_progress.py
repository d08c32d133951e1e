"""The part of a task that says how far it has come: what state it is in, and what time it has taken."""

from __future__ import annotations

from dataclasses import KW_ONLY
from datetime import datetime
from typing import Annotated

from pydantic import Field

from domain.productivity.task_order import TaskOrder
from domain.productivity.task_terms import NotWaiting, Status, TaskOpen, TimeOverlap, TimeSpan
from domain.shared import clock
from domain.shared.values import Line, Moment


class TaskProgress(TaskOrder):
    """Work that is begun, waits, ends or is given up.

    Whether it may end is the task's to say (``Task.complete``), for that depends on other tasks.
    """

    _: KW_ONLY
    spent_minutes: int = 0
    percent_complete: int = 0
    cancelled_at: datetime | None = None
    cancel_reason: str = ""
    waiting_for: str | None = None
    time_log: tuple[TimeSpan, ...] = ()

    class Event(TaskOrder.Event):
        """Any event of a task."""

    class ProgressEvent(Event):
        """A step of the person's towards the end; what a source says of its own steps no longer counts."""

        EDITS = ("completed_at", "percent_complete", "status")

    class Started(ProgressEvent):
        TOPIC = "task.started"

        def apply(self, task: TaskProgress) -> None:
            task.status = Status.IN_PROGRESS
            task.started_at = task.started_at or self.timestamp

    class PutOnWait(ProgressEvent):
        TOPIC = "task.put_on_wait"
        waiting_for: str

        def apply(self, task: TaskProgress) -> None:
            if task.status is Status.IN_PROGRESS:  # one that came in as begun has no time of its own
                task.started_at = task.started_at or self.timestamp
            task.status = Status.WAITING
            task.waiting_for = self.waiting_for

    class WaitEnded(ProgressEvent):
        TOPIC = "task.wait_ended"

        def apply(self, task: TaskProgress) -> None:
            task.status = Status.IN_PROGRESS if task.started_at else Status.TODO
            task.waiting_for = None

    class Completed(ProgressEvent):
        TOPIC = "task.completed"
        completed_at: datetime

        def apply(self, task: TaskProgress) -> None:
            task.status = Status.DONE
            task.completed_at = self.completed_at
            task.percent_complete = 100
            task.waiting_for = None

    class Reopened(ProgressEvent):
        TOPIC = "task.reopened"

        def apply(self, task: TaskProgress) -> None:
            task.status = Status.TODO
            task.completed_at = task.cancelled_at = task.started_at = None
            task.cancel_reason = ""
            task.percent_complete = 0

    class Cancelled(ProgressEvent):
        TOPIC = "task.cancelled"
        reason: str

        def apply(self, task: TaskProgress) -> None:
            task.status = Status.CANCELLED
            task.cancelled_at = self.timestamp
            task.cancel_reason = self.reason
            task.waiting_for = None

    class ProgressRecorded(ProgressEvent):
        TOPIC = "task.progress_recorded"
        percent_complete: int

    class TimeLogged(Event):
        TOPIC = "task.time_logged"
        span: TimeSpan

        def apply(self, task: TaskProgress) -> None:
            task.time_log = (*task.time_log, self.span)
            task.spent_minutes = sum(_minutes(span) for span in task.time_log)

    def start(self, *, force: bool = False) -> None:
        """Begin, or go on with what was begun and waits.

        The beginning is refused while a predecessor keeps the task from it (PredecessorsOpen) and until the lag
        after one has passed (TooEarly, which says when that is), unless forced.
        """
        self._require_open()
        if self.status is Status.IN_PROGRESS:
            return
        if not force and not self.is_begun:
            self._require_free(clock.now(), only_to_begin=True)
        self.trigger_event(self.Started)
        self._tell_dependents()

    def wait_for(self, waiting_for: Line) -> None:
        self._require_open()
        if (self.status, self.waiting_for) != (Status.WAITING, waiting_for):
            self.trigger_event(self.PutOnWait, waiting_for=waiting_for)

    def stop_waiting(self) -> None:
        if self.status is not Status.WAITING:
            raise NotWaiting
        self.trigger_event(self.WaitEnded)
        self._settle()

    def reopen(self) -> None:
        if self.is_open:
            raise TaskOpen
        self.trigger_event(self.Reopened)
        self._settle()
        self._tell_dependents()

    def cancel(self, reason: Line = "") -> None:
        self._require_open()
        self.trigger_event(self.Cancelled, reason=reason)
        self._tell_dependents()

    def record_progress(self, percent: Annotated[int, Field(ge=0, le=99)]) -> None:
        """Say how far the task has come; a hundred percent is ``complete``."""
        self._require_open()
        if percent != self.percent_complete:
            self.trigger_event(self.ProgressRecorded, percent_complete=percent)

    def log_time(self, started_at: Moment, ended_at: Moment) -> None:
        span = TimeSpan(started_at, ended_at)
        overlaps = any(
            span.started_at < other.ended_at and other.started_at < span.ended_at for other in self.time_log
        )
        if ended_at <= started_at or overlaps:
            raise TimeOverlap
        self.trigger_event(self.TimeLogged, span=span)


def _minutes(span: TimeSpan) -> int:
    return round((span.ended_at - span.started_at).total_seconds() / 60)
