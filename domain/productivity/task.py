"""A to-do item: what is to be done, by when, after what, and how far it has come."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from domain.productivity.task_progress import TaskProgress
from domain.productivity.task_terms import (
    MAX_CHECKLIST,
    MAX_DEPTH,
    ChecklistItem,
    Details,
    ItemExists,
    Minutes,
    Percent,
    PredecessorsOpen,
    Priority,
    StartAfterDue,
    Status,
    TaskCycle,
    TaskTooDeep,
)
from domain.shared import clock
from domain.shared.content import Content
from domain.shared.errors import ItemNotFound
from domain.shared.record import Origin, TooMany, peers_of
from domain.shared.recurrence import RecurrenceRule
from domain.shared.values import Day, Id, Label, Line, LocalTime, Moment, Text, TimeZone, Title, new_id


class Task(TaskProgress):
    """Something to be done."""

    KIND: ClassVar[str] = "task"

    title: str
    notes: str = ""
    priority: Priority = Priority.NONE
    start_on: date | None = None
    due: date | None = None
    due_at: LocalTime | None = None
    timezone: str | None = None
    estimate_minutes: int | None = None
    parent_id: UUID | None = None
    dependencies: tuple[UUID, ...] = ()
    checklist: tuple[ChecklistItem, ...] = ()
    recurrence: str | None = None
    list_name: str | None = None

    class Event(TaskProgress.Event):
        """Any event of a task."""

    class Created(Event, Content.Created, Details):
        TOPIC = "task.created"
        estimate_minutes: int | None
        list_name: str | None

    class Retitled(Event):
        TOPIC = "task.retitled"
        title: str

    class NotesWritten(Event):
        TOPIC = "task.notes_written"
        notes: str

    class Rescheduled(Event):
        TOPIC = "task.rescheduled"
        start_on: date | None
        due: date | None
        due_at: LocalTime | None
        timezone: str | None

    class DueCleared(Event):
        TOPIC = "task.due_cleared"
        EDITS = ("due", "due_at", "timezone")

        def apply(self, task: Task) -> None:
            task.due = task.due_at = task.timezone = None

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

    class DependencyAdded(Event):
        TOPIC = "task.dependency_added"
        predecessor_id: UUID

        def apply(self, task: Task) -> None:
            task.dependencies = (*task.dependencies, self.predecessor_id)

    class DependencyRemoved(Event):
        TOPIC = "task.dependency_removed"
        predecessor_id: UUID

        def apply(self, task: Task) -> None:
            task.dependencies = tuple(item for item in task.dependencies if item != self.predecessor_id)

    class ChecklistItemAdded(Event):
        TOPIC = "task.checklist_item_added"
        item: ChecklistItem

        def apply(self, task: Task) -> None:
            task.checklist = (*task.checklist, self.item)

    class ChecklistItemChecked(Event):
        TOPIC = "task.checklist_item_checked"
        item_id: UUID

        def apply(self, task: Task) -> None:
            task.checklist = _with_check(task.checklist, self.item_id, checked=True)

    class ChecklistItemUnchecked(Event):
        TOPIC = "task.checklist_item_unchecked"
        item_id: UUID

        def apply(self, task: Task) -> None:
            task.checklist = _with_check(task.checklist, self.item_id, checked=False)

    class ChecklistItemRemoved(Event):
        TOPIC = "task.checklist_item_removed"
        item_id: UUID

        def apply(self, task: Task) -> None:
            task.checklist = tuple(item for item in task.checklist if item.id != self.item_id)

    class RecurrenceSet(Event):
        TOPIC = "task.recurrence_set"
        recurrence: str

    class RecurrenceStopped(Event):
        TOPIC = "task.recurrence_stopped"
        EDITS = ("recurrence",)

        def apply(self, task: Task) -> None:
            task.recurrence = None

    class Refreshed(Event, Details):
        TOPIC = "task.refreshed"
        BY_SOURCE = True

    @classmethod
    def create(
        cls,
        origin: Origin,
        title: Title,
        *,
        notes: Text = "",
        priority: Priority = Priority.NONE,
        start_on: Day | None = None,
        due: Day | None = None,
        due_at: LocalTime | None = None,
        timezone: TimeZone | None = None,
        estimate_minutes: Minutes | None = None,
        list_name: Label | None = None,
        recurrence: RecurrenceRule | None = None,
        status: Status = Status.TODO,
        completed_at: Moment | None = None,
        percent_complete: Percent = 0,
    ) -> Task:
        _require_order(start_on, due, due_at)
        return cls._begin(
            origin,
            cls.Created,
            title=title,
            notes=notes,
            priority=priority,
            start_on=start_on,
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

    def refresh(
        self,
        title: Title,
        *,
        notes: Text = "",
        priority: Priority = Priority.NONE,
        start_on: Day | None = None,
        due: Day | None = None,
        due_at: LocalTime | None = None,
        timezone: TimeZone | None = None,
        recurrence: RecurrenceRule | None = None,
        status: Status = Status.TODO,
        completed_at: Moment | None = None,
        percent_complete: Percent = 0,
    ) -> None:
        """Take what the source of an imported task says now."""
        _require_order(start_on, due, due_at)
        self._refresh(
            Task.Refreshed,
            title=title,
            notes=notes,
            priority=priority,
            start_on=start_on,
            due=due,
            due_at=due_at,
            timezone=timezone,
            recurrence=recurrence,
            status=status,
            completed_at=completed_at if status is Status.DONE else None,
            percent_complete=100 if status is Status.DONE else min(percent_complete, 99),
        )

    def retitle(self, title: Title) -> None:
        if title != self.title:
            self.trigger_event(Task.Retitled, title=title)

    def write_notes(self, notes: Text) -> None:
        if notes != self.notes:
            self.trigger_event(Task.NotesWritten, notes=notes)

    def complete(self, *, force: bool = False, completed_at: Moment | None = None) -> None:
        """Finish the task; refused while a predecessor is open, unless forced.

        One that is cancelled, in the trash or erased counts as done.
        """
        self._require_open()
        if not force and any(self._waits_for(each) for each in self.dependencies):
            raise PredecessorsOpen
        self.trigger_event(Task.Completed, completed_at=completed_at or clock.now())

    def reschedule(
        self,
        due: Day | None = None,
        *,
        due_at: LocalTime | None = None,
        timezone: TimeZone | None = None,
        start_on: Day | None = None,
    ) -> None:
        self._require_open()
        _require_order(start_on, due, due_at)
        if (start_on, due, due_at, timezone) != (self.start_on, self.due, self.due_at, self.timezone):
            self.trigger_event(Task.Rescheduled, start_on=start_on, due=due, due_at=due_at, timezone=timezone)

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
        self._require_open()
        if parent_id == self.parent_id:
            return
        if parent_id == self.id:
            raise TaskCycle
        self._require_room(self._peer(Task, parent_id))
        self.trigger_event(Task.Nested, parent_id=parent_id)

    def promote(self) -> None:
        self._require_open()
        if self.parent_id is not None:
            self.trigger_event(Task.Promoted)

    def add_dependency(self, predecessor_id: Id) -> None:
        self._require_open()
        if predecessor_id in self.dependencies:
            return
        if predecessor_id == self.id:
            raise TaskCycle
        self._require_acyclic((self._peer(Task, predecessor_id).id,))
        self.trigger_event(Task.DependencyAdded, predecessor_id=predecessor_id)

    def remove_dependency(self, predecessor_id: Id) -> None:
        if predecessor_id in self.dependencies:
            self.trigger_event(Task.DependencyRemoved, predecessor_id=predecessor_id)

    def add_checklist_item(self, text: Line, *, item_id: Id | None = None) -> None:
        self._require_open()
        if len(self.checklist) >= MAX_CHECKLIST:
            raise TooMany
        item = ChecklistItem(item_id or new_id(), text)
        if any(each.id == item.id for each in self.checklist):
            raise ItemExists
        self.trigger_event(Task.ChecklistItemAdded, item=item)

    def check_item(self, item_id: Id) -> None:
        if not self._item(item_id).checked:
            self.trigger_event(Task.ChecklistItemChecked, item_id=item_id)

    def uncheck_item(self, item_id: Id) -> None:
        if self._item(item_id).checked:
            self.trigger_event(Task.ChecklistItemUnchecked, item_id=item_id)

    def remove_item(self, item_id: Id) -> None:
        self._item(item_id)
        self.trigger_event(Task.ChecklistItemRemoved, item_id=item_id)

    def set_recurrence(self, rule: RecurrenceRule) -> None:
        self._require_open()
        if rule != self.recurrence:
            self.trigger_event(Task.RecurrenceSet, recurrence=rule)

    def stop_recurrence(self) -> None:
        if self.recurrence is not None:
            self.trigger_event(Task.RecurrenceStopped)

    def _require_fit(self) -> None:
        if self.parent_id is not None:
            self._require_room(peers_of(self).get(Task, self.parent_id))
        self._require_acyclic(self.dependencies)

    def _require_room(self, parent: Task | None) -> None:
        """Walk up from the parent; tasks further up may be in the trash, and count all the same."""
        above, depth = parent, 2
        while above is not None and above.parent_id is not None:
            if above.parent_id == self.id:
                raise TaskCycle
            depth += 1
            if depth > MAX_DEPTH:
                raise TaskTooDeep
            above = peers_of(self).get(Task, above.parent_id)

    def _require_acyclic(self, predecessors: tuple[UUID, ...]) -> None:
        seen: set[UUID] = set()
        frontier = list(predecessors)
        while frontier:
            current = frontier.pop()
            if current == self.id:
                raise TaskCycle
            if current not in seen:
                seen.add(current)
                # A trashed one still counts, for it may come back; an erased one is gone.
                task = peers_of(self).get(Task, current)
                frontier.extend(task.dependencies if task is not None else ())

    def _waits_for(self, predecessor_id: UUID) -> bool:
        predecessor = peers_of(self).get(Task, predecessor_id)
        return predecessor is not None and predecessor.deleted_at is None and predecessor.is_open

    def _item(self, item_id: UUID) -> ChecklistItem:
        for item in self.checklist:
            if item.id == item_id:
                return item
        raise ItemNotFound


def _require_order(start_on: date | None, due: date | None, due_at: datetime | None) -> None:
    ends = [day for day in (due, due_at.date() if due_at else None) if day is not None]
    if start_on is not None and any(start_on > end for end in ends):
        raise StartAfterDue


def _with_check(
    items: tuple[ChecklistItem, ...], item_id: UUID, *, checked: bool
) -> tuple[ChecklistItem, ...]:
    return tuple(ChecklistItem(each.id, each.text, checked) if each.id == item_id else each for each in items)
