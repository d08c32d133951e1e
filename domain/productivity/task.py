"""A to-do item: what is to be done, by when, after what, and how far it has come."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.productivity.reminder_terms import Reminder
from domain.productivity.task_reminders import TaskReminders
from domain.productivity.task_terms import (
    Details,
    Minutes,
    Priority,
    RecurrenceMode,
    StartAfterDue,
    StatedStatus,
    Status,
    SubtasksOpen,
    without_start_time,
)
from domain.productivity.task_turns import Turn
from domain.shared import clock
from domain.shared.content import Content
from domain.shared.known import say
from domain.shared.peers import PeerRef, peer_refs
from domain.shared.record import Origin, peers_of, subject_of
from domain.shared.recurrence import RecurrenceRule
from domain.shared.values import Day, Id, Label, LocalTime, Many, Moment, Percent, Text, TimeZone, Title


class Task(TaskReminders):
    """Something to be done."""

    KIND: ClassVar[str] = "task"
    MAX_DEPTH: ClassVar[int] = 10
    STAYS = TaskReminders.STAYS | {"next_id"}

    title: str
    notes: str = ""
    priority: Priority = Priority.NONE
    start_on: date | None = None
    start_at: LocalTime | None = None
    due: date | None = None
    due_at: LocalTime | None = None
    timezone: str | None = None
    estimate_minutes: int | None = None
    parent_id: UUID | None = None
    recurrence: str | None = None
    recurrence_mode: RecurrenceMode = RecurrenceMode.ON_SCHEDULE
    next_id: UUID | None = None
    """The instance that was made when this one was completed."""

    class Event(TaskReminders.Event):
        """Any event of a task."""

    class Created(Event, Content.Created, Details):
        TOPIC = "task.created"
        class_version = 2
        estimate_minutes: int | None
        list_name: str | None

        upcast_v1_v2 = staticmethod(without_start_time)

    class Retitled(Event):
        TOPIC = "task.retitled"
        title: str

    class NotesWritten(Event):
        TOPIC = "task.notes_written"
        notes: str

    class Rescheduled(Event):
        TOPIC = "task.rescheduled"
        class_version = 2
        start_on: date | None
        start_at: LocalTime | None
        due: date | None
        due_at: LocalTime | None
        timezone: str | None

        upcast_v1_v2 = staticmethod(without_start_time)

    class DueCleared(Event):
        TOPIC = "task.due_cleared"
        EDITS = ("due", "due_at", "timezone")

        def apply(self, task: Task) -> None:
            task.due = task.due_at = None
            if task.start_at is None:  # a time to begin at stays on its clock
                task.timezone = None

    class Reprioritised(Event):
        TOPIC = "task.reprioritised"
        priority: Priority

    class Estimated(Event):
        TOPIC = "task.estimated"
        estimate_minutes: int

    class Nested(Event):
        TOPIC = "task.nested"
        parent_id: UUID

    class Promoted(Event):
        TOPIC = "task.promoted"

        def apply(self, task: Task) -> None:
            task.parent_id = None

    class RecurrenceSet(Event):
        TOPIC = "task.recurrence_set"
        class_version = 2
        recurrence: str
        recurrence_mode: RecurrenceMode

        @staticmethod
        def upcast_v1_v2(data: dict[str, Any]) -> None:
            data["recurrence_mode"] = RecurrenceMode.ON_SCHEDULE

    class RecurrenceStopped(Event):
        TOPIC = "task.recurrence_stopped"
        EDITS = ("recurrence",)

        def apply(self, task: Task) -> None:
            task.recurrence = None

    class Recurred(Event):
        """The next instance of the task was made."""

        TOPIC = "task.recurred"
        next_id: UUID

    class Refreshed(Event, Details):
        TOPIC = "task.refreshed"
        BY_SOURCE = True
        class_version = 2

        upcast_v1_v2 = staticmethod(without_start_time)

    @classmethod
    def create(
        cls,
        origin: Origin,
        title: Title,
        *,
        notes: Text = "",
        priority: Priority = Priority.NONE,
        start_on: Day | None = None,
        start_at: LocalTime | None = None,
        due: Day | None = None,
        due_at: LocalTime | None = None,
        timezone: TimeZone | None = None,
        estimate_minutes: Minutes | None = None,
        list_name: Label | None = None,
        recurrence: RecurrenceRule | None = None,
        status: StatedStatus = Status.TODO,
        completed_at: Moment | None = None,
        percent_complete: Percent = 0,
        reminders: Many[Reminder] = (),
    ) -> Task:
        _require_order(start_on, start_at, due, due_at)
        task = cls._begin(
            origin,
            cls.Created,
            title=title,
            notes=notes,
            priority=priority,
            start_on=start_on,
            start_at=start_at,
            due=due,
            due_at=due_at,
            timezone=timezone,
            estimate_minutes=estimate_minutes,
            list_name=list_name,
            recurrence=recurrence,
            status=status,
            completed_at=completed_at if status is Status.DONE else None,
            percent_complete=100 if status is Status.DONE else min(percent_complete, 99),
        )
        task._learn_reminders(reminders)  # noqa: SLF001 - a record of its own kind
        return task

    def refresh(
        self,
        title: Title,
        *,
        notes: Text = "",
        priority: Priority = Priority.NONE,
        start_on: Day | None = None,
        start_at: LocalTime | None = None,
        due: Day | None = None,
        due_at: LocalTime | None = None,
        timezone: TimeZone | None = None,
        recurrence: RecurrenceRule | None = None,
        status: StatedStatus = Status.TODO,
        completed_at: Moment | None = None,
        percent_complete: Percent = 0,
        reminders: Many[Reminder] = (),
    ) -> None:
        """Take what the source of an imported task says now."""
        _require_order(start_on, start_at, due, due_at)
        self._refresh(
            Task.Refreshed,
            title=title,
            notes=notes,
            priority=priority,
            start_on=start_on,
            start_at=start_at,
            due=due,
            due_at=due_at,
            timezone=timezone,
            recurrence=recurrence,
            status=Status.BLOCKED if status is Status.TODO and self._is_held_up() else status,
            completed_at=completed_at if status is Status.DONE else None,
            percent_complete=100 if status is Status.DONE else min(percent_complete, 99),
        )
        self._learn_reminders(reminders)
        self._tell_dependents()

    def retitle(self, title: Title) -> None:
        if title != self.title:
            self.trigger_event(Task.Retitled, title=title)

    def write_notes(self, notes: Text) -> None:
        if notes != self.notes:
            self.trigger_event(Task.NotesWritten, notes=notes)

    def complete(
        self, *, force: bool = False, complete_subtasks: bool = False, completed_at: Moment | None = None
    ) -> None:
        """Finish the task, with all that is open under it if so told; makes the next instance of one that recurs.

        Refused while a task under it is open. Refused, unless forced, while what must come before the beginning or
        the end of any of them has not come (PredecessorsOpen), or the lag after it has not passed when they end
        (TooEarly, which says when that is). What lies under it is not made anew.
        """
        self._require_open()
        ending = (self, *self._open_below())
        if len(ending) > 1 and not complete_subtasks:
            raise SubtasksOpen
        with_it = frozenset(each.id for each in ending)
        at = completed_at or clock.now()
        for task in () if force else ending:
            task._require_free(at, ending=with_it)  # noqa: SLF001 - a record of its own kind
        for task in reversed(ending):
            task.trigger_event(Task.Completed, completed_at=at)
        for task in ending:
            task._tell_dependents()  # noqa: SLF001 - see above
        self._make_next(at)

    def reschedule(
        self,
        due: Day | None = None,
        *,
        due_at: LocalTime | None = None,
        timezone: TimeZone | None = None,
        start_on: Day | None = None,
        start_at: LocalTime | None = None,
    ) -> None:
        self._require_open()
        _require_order(start_on, start_at, due, due_at)
        say(
            self,
            Task.Rescheduled,
            start_on=start_on,
            start_at=start_at,
            due=due,
            due_at=due_at,
            timezone=timezone,
        )

    def clear_due(self) -> None:
        self._require_open()
        if self.due is not None or self.due_at is not None:
            self.trigger_event(Task.DueCleared)

    def reprioritise(self, priority: Priority) -> None:
        self._require_open()
        if priority is not self.priority:
            self.trigger_event(Task.Reprioritised, priority=priority)

    def estimate(self, minutes: Minutes) -> None:
        self._require_open()
        if minutes != self.estimate_minutes:
            self.trigger_event(Task.Estimated, estimate_minutes=minutes)

    def nest_under(self, parent_id: Id) -> None:
        """Put the task under another one, whether or not there is still something to do."""
        before = self.parent_id
        if parent_id == before:
            return
        self._require_place(self._peer(Task, parent_id).id)
        self.trigger_event(Task.Nested, parent_id=parent_id)
        self._tell_parents(before)

    def promote(self) -> None:
        before = self.parent_id
        if before is not None:
            self.trigger_event(Task.Promoted)
            self._tell_parents(before)

    def set_recurrence(
        self, rule: RecurrenceRule, *, mode: RecurrenceMode = RecurrenceMode.ON_SCHEDULE
    ) -> None:
        self._require_open()
        if (rule, mode) != (self.recurrence, self.recurrence_mode):
            self.trigger_event(Task.RecurrenceSet, recurrence=rule, recurrence_mode=mode)

    def stop_recurrence(self) -> None:
        if self.recurrence is not None:
            self.trigger_event(Task.RecurrenceStopped)

    @property
    def lies_in(self) -> UUID | None:
        return self.parent_id

    @property
    def named_peers(self) -> frozenset[PeerRef]:
        return peer_refs("contact", self.assignee_contact_id, self.location_id)

    def _require_fit(self) -> None:
        if self.parent_id is not None:
            self._require_place(self.parent_id)
        self._require_acyclic(self.waits_for)

    def _open_below(self) -> Iterator[Task]:
        """Yield the open tasks under this one, those above first; what is in the trash is left out with all in it."""
        for task in self._inside():
            if task.deleted_at is None:
                if task.is_open:
                    yield task
                yield from task._open_below()  # noqa: SLF001 - a record of its own kind

    def _make_next(self, done_at: datetime) -> None:
        """Make the next instance, once: a task that is reopened and completed again has it already."""
        if self.recurrence is None or self.next_id is not None:
            return
        turn = Turn(self.recurrence, self.start_on, self.due, self.due_at, self.start_at)
        done_locally = done_at.astimezone(ZoneInfo(self.timezone or "UTC")).replace(tzinfo=None)
        following = turn.following(done_locally, self.recurrence_mode, self.timezone)
        if following is not None:
            task = self._again(following)
            peers_of(self).add(task)
            self.trigger_event(Task.Recurred, next_id=task.id)

    def _again(self, turn: Turn) -> Task:
        """Return a new task like this one, at its own time and with nothing done."""
        task = Task.create(
            Origin(subject_of(self), peers=peers_of(self)),
            self.title,
            notes=self.notes,
            priority=self.priority,
            start_on=turn.start_on,
            start_at=turn.start_at,
            due=turn.due,
            due_at=turn.due_at,
            timezone=self.timezone,
            estimate_minutes=self.estimate_minutes,
            list_name=self.list_name,
        )
        task.set_recurrence(turn.rule, mode=self.recurrence_mode)
        for item in self.checklist:
            task.add_checklist_item(item.text)
        for tag in self.tags:
            task.tag(tag)
        task.move_to_list(self.list_name, section=self.section)
        task.suit(self.context, energy=self.energy)
        task.locate(self.location_id)
        self._remind_of_next(task)
        if self.assignee_contact_id is not None:
            task.assign(self.assignee_contact_id)
        parent = self._relative(self.parent_id)
        if parent is not None and parent.deleted_at is None:
            task.nest_under(parent.id)
        return task


def _require_order(
    start_on: date | None, start_at: datetime | None, due: date | None, due_at: datetime | None
) -> None:
    begins, ends = _days(start_on, start_at), _days(due, due_at)
    if begins and ends and max(begins) > min(ends):
        raise StartAfterDue
    if start_at is not None and due_at is not None and start_at > due_at:
        raise StartAfterDue


def _days(day: date | None, time: datetime | None) -> list[date]:
    return [each for each in (day, time.date() if time is not None else None) if each is not None]
