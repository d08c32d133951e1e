"""The words of a reminder, of whatever it reminds."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from domain.shared.errors import ItemNotFound, RuleBroken
from domain.shared.record import TooMany
from domain.shared.values import Id, Moment

MAX_REMINDERS = 100
MAX_REPEATS = 1000
MINUTES_A_YEAR = 525_600

MinutesBefore = Annotated[int, Field(ge=-MINUTES_A_YEAR, le=MINUTES_A_YEAR)]
"""Minutes before a start or an end, up to a year; negative is after it."""

Repeats = Annotated[int, Field(ge=0, le=MAX_REPEATS)]
"""How many times more, after the first (REPEAT of RFC 5545)."""

MinutesApart = Annotated[int, Field(ge=1, le=MINUTES_A_YEAR)]


class ReminderAction(StrEnum):
    DISPLAY = "display"
    EMAIL = "email"
    AUDIO = "audio"


class ReminderAnchor(StrEnum):
    """What the minutes of a reminder are counted from: RELATED of RFC 5545; of a task, the end is when it is due."""

    START = "start"
    END = "end"


class Proximity(StrEnum):
    """Whether it is also time when the person comes to the place, or leaves it (RFC 9074)."""

    NONE = "none"
    ARRIVE = "arrive"
    DEPART = "depart"


class ReminderUnclear(RuleBroken):
    """A reminder is due either some minutes before the start or the end, or at one moment, or by being near."""


class RepetitionUnclear(RuleBroken):
    """A reminder that repeats says both how many times and how many minutes apart."""


class ReminderExists(RuleBroken):
    """There is a reminder with this id already."""


class ReminderNotFound(ItemNotFound):
    """There is no such reminder."""


class ReminderSnoozedIntoPast(RuleBroken):
    """A reminder can be snoozed only until a moment in the future."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """A call to mind, either some minutes before each start or end or at one moment; or only by being near.

    An importer derives ``id`` from the source; a new one at every import would make every refresh a change.
    """

    id: Id
    minutes_before: MinutesBefore | None = None
    at: Moment | None = None
    action: ReminderAction = ReminderAction.DISPLAY
    acknowledged_at: Moment | None = None
    relative_to: ReminderAnchor = ReminderAnchor.START
    repeat: Repeats = 0
    repeat_every_minutes: MinutesApart | None = None
    snoozed_until: Moment | None = None
    proximity: Proximity = Proximity.NONE

    @property
    def is_clear(self) -> bool:
        """Whether it says when it is due, and once only."""
        if self.minutes_before is None:
            timed = self.at is not None or self.proximity is not Proximity.NONE
            return timed and self.relative_to is ReminderAnchor.START
        return self.at is None


def require_clear_reminders(reminders: Collection[Reminder]) -> None:
    """Raise the rule that the reminders of one record break, if any."""
    if len(reminders) > MAX_REMINDERS:
        raise TooMany
    seen: set[UUID] = set()
    for each in reminders:
        if not each.is_clear:
            raise ReminderUnclear
        if (each.repeat > 0) is (each.repeat_every_minutes is None):
            raise RepetitionUnclear
        if each.id in seen:
            raise ReminderExists
        seen.add(each.id)
