"""The part of a record that says when a person is to be reminded of it, and whether they were."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.productivity.reminder_terms import (
    MinutesApart,
    MinutesBefore,
    Proximity,
    Reminder,
    ReminderAction,
    ReminderAnchor,
    ReminderNotFound,
    ReminderSnoozedIntoPast,
    Repeats,
    require_clear_reminders,
)
from domain.shared import clock
from domain.shared.content import Content
from domain.shared.values import Id, Moment, new_id


class Reminded(Content):
    """Something that a person is to be reminded of.

    Nothing here goes off: programs that show reminders read them, and say what became of them.
    """

    reminders: tuple[Reminder, ...] = field(default=(), kw_only=True)

    class Event(Content.Event):
        """Any event of something with reminders."""

    class ReminderAdded(Event):
        TOPIC = "{kind}.reminder_added"
        EDITS = ("reminders",)
        reminder: Reminder

        def apply(self, record: Reminded) -> None:
            record.reminders = (*record.reminders, self.reminder)

    class ReminderRemoved(Event):
        TOPIC = "{kind}.reminder_removed"
        EDITS = ("reminders",)
        reminder_id: UUID

        def apply(self, record: Reminded) -> None:
            record.reminders = tuple(each for each in record.reminders if each.id != self.reminder_id)

    class ReminderAcknowledged(Event):
        """The reminder was seen, which also ends its being snoozed."""

        TOPIC = "{kind}.reminder_acknowledged"
        EDITS = ("reminders",)
        reminder_id: UUID
        acknowledged_at: datetime

        def apply(self, record: Reminded) -> None:
            record.reminders = _with(
                record, self.reminder_id, acknowledged_at=self.acknowledged_at, snoozed_until=None
            )

    class ReminderSnoozed(Event):
        TOPIC = "{kind}.reminder_snoozed"
        EDITS = ("reminders",)
        reminder_id: UUID
        snoozed_until: datetime

        def apply(self, record: Reminded) -> None:
            record.reminders = _with(record, self.reminder_id, snoozed_until=self.snoozed_until)

    def add_reminder(
        self,
        *,
        minutes_before: MinutesBefore | None = None,
        at: Moment | None = None,
        action: ReminderAction = ReminderAction.DISPLAY,
        relative_to: ReminderAnchor = ReminderAnchor.START,
        repeat: Repeats = 0,
        repeat_every_minutes: MinutesApart | None = None,
        proximity: Proximity = Proximity.NONE,
        reminder_id: Id | None = None,
    ) -> None:
        """Ask to be reminded, either some minutes before the start or the end or at a moment, or by being near."""
        self._require_remindable()
        reminder = Reminder(
            reminder_id or new_id(),
            minutes_before,
            at,
            action,
            relative_to=relative_to,
            repeat=repeat,
            repeat_every_minutes=repeat_every_minutes,
            proximity=proximity,
        )
        require_clear_reminders((*self.reminders, reminder))
        self.trigger_event(self.ReminderAdded, reminder=reminder)

    def remove_reminder(self, reminder_id: Id) -> None:
        self._require_remindable()
        self._reminder(reminder_id)
        self.trigger_event(self.ReminderRemoved, reminder_id=reminder_id)

    def acknowledge_reminder(self, reminder_id: Id, *, acknowledged_at: Moment | None = None) -> None:
        """Note that the reminder was seen; that of a series is seen again for later occurrences (RFC 9074)."""
        self._require_remindable()
        known = self._reminder(reminder_id)
        moment = acknowledged_at or clock.now()
        seen_at, is_snoozed = known.acknowledged_at, known.snoozed_until is not None
        if seen_at is None or is_snoozed or (self._reminds_again and moment > seen_at):
            self.trigger_event(self.ReminderAcknowledged, reminder_id=reminder_id, acknowledged_at=moment)

    def snooze_reminder(self, reminder_id: Id, until: Moment) -> None:
        """Be reminded once more at a later moment; until then, or until it is acknowledged."""
        self._require_remindable()
        known = self._reminder(reminder_id)
        if until <= clock.now():
            raise ReminderSnoozedIntoPast
        if until != known.snoozed_until:
            self.trigger_event(self.ReminderSnoozed, reminder_id=reminder_id, snoozed_until=until)

    @property
    @abstractmethod
    def _reminds_again(self) -> bool:
        """Whether a reminder that was seen is due again one day."""

    @abstractmethod
    def _require_remindable(self) -> None:
        """Check that there is still something to be reminded of."""

    def _reminder(self, reminder_id: UUID) -> Reminder:
        for each in self.reminders:
            if each.id == reminder_id:
                return each
        raise ReminderNotFound


def _with(record: Reminded, reminder_id: UUID, **changed: Any) -> tuple[Reminder, ...]:  # noqa: ANN401 - parts of a reminder
    return tuple(replace(each, **changed) if each.id == reminder_id else each for each in record.reminders)
