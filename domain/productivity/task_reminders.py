"""The part of a task that says when a person is to be reminded of it."""

from __future__ import annotations

from dataclasses import replace

from domain.productivity.reminder_terms import Reminder, require_clear_reminders
from domain.productivity.reminders import Reminded
from domain.productivity.task_filing import TaskFiling


class TaskReminders(TaskFiling, Reminded):
    """A task that calls itself to mind before it begins, or before it is due."""

    class Event(TaskFiling.Event, Reminded.Event):
        """Any event of a task."""

    class RemindersKnown(Event):
        TOPIC = "task.reminders_known"
        BY_SOURCE = True
        reminders: tuple[Reminder, ...]

    def _learn_reminders(self, reminders: tuple[Reminder, ...]) -> None:
        """Take what the source says of them, which came to be told later than all the rest."""
        require_clear_reminders(reminders)
        self._refresh(self.RemindersKnown, reminders=reminders)

    def _remind_of_next(self, task: TaskReminders) -> None:
        """Give the next instance the reminders that are of no one moment, as if nobody had seen them."""
        for each in self.reminders:
            if each.at is None:
                unseen = replace(each, acknowledged_at=None, snoozed_until=None)
                task.trigger_event(self.ReminderAdded, reminder=unseen)

    @property
    def _reminds_again(self) -> bool:
        return False  # the next instance of one that recurs is a task of its own

    def _require_remindable(self) -> None:
        self._require_open()
