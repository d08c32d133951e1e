"""The part of a task that is a list of small steps."""

from __future__ import annotations

from dataclasses import field
from uuid import UUID

from domain.productivity.task_progress import TaskProgress
from domain.productivity.task_terms import MAX_CHECKLIST, ChecklistItem, ItemExists
from domain.shared.errors import ItemNotFound
from domain.shared.record import TooMany
from domain.shared.values import Id, Line, new_id


class TaskChecklist(TaskProgress):
    """Lines that are checked one by one; that all are checked does not complete the task."""

    checklist: tuple[ChecklistItem, ...] = field(default=(), kw_only=True)

    class Event(TaskProgress.Event):
        """Any event of a task."""

    class ChecklistItemAdded(Event):
        TOPIC = "task.checklist_item_added"
        item: ChecklistItem

        def apply(self, task: TaskChecklist) -> None:
            task.checklist = (*task.checklist, self.item)

    class ChecklistItemChecked(Event):
        TOPIC = "task.checklist_item_checked"
        item_id: UUID

        def apply(self, task: TaskChecklist) -> None:
            task.checklist = _with_check(task.checklist, self.item_id, checked=True)

    class ChecklistItemUnchecked(Event):
        TOPIC = "task.checklist_item_unchecked"
        item_id: UUID

        def apply(self, task: TaskChecklist) -> None:
            task.checklist = _with_check(task.checklist, self.item_id, checked=False)

    class ChecklistItemRemoved(Event):
        TOPIC = "task.checklist_item_removed"
        item_id: UUID

        def apply(self, task: TaskChecklist) -> None:
            task.checklist = tuple(item for item in task.checklist if item.id != self.item_id)

    def add_checklist_item(self, text: Line, *, item_id: Id | None = None) -> None:
        self._require_open()
        if len(self.checklist) >= MAX_CHECKLIST:
            raise TooMany
        item = ChecklistItem(item_id or new_id(), text)
        if any(each.id == item.id for each in self.checklist):
            raise ItemExists
        self.trigger_event(self.ChecklistItemAdded, item=item)

    def check_item(self, item_id: Id) -> None:
        if not self._item(item_id).checked:
            self.trigger_event(self.ChecklistItemChecked, item_id=item_id)

    def uncheck_item(self, item_id: Id) -> None:
        if self._item(item_id).checked:
            self.trigger_event(self.ChecklistItemUnchecked, item_id=item_id)

    def remove_item(self, item_id: Id) -> None:
        self._item(item_id)
        self.trigger_event(self.ChecklistItemRemoved, item_id=item_id)

    def _item(self, item_id: UUID) -> ChecklistItem:
        for item in self.checklist:
            if item.id == item_id:
                return item
        raise ItemNotFound


def _with_check(
    items: tuple[ChecklistItem, ...], item_id: UUID, *, checked: bool
) -> tuple[ChecklistItem, ...]:
    return tuple(ChecklistItem(each.id, each.text, checked) if each.id == item_id else each for each in items)
