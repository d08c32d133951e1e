"""The words of a calendar event: its kinds of time, its parts and the rules it may break."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from domain.productivity.reminder_terms import Reminder
from domain.shared.errors import IllegalTransition, ItemNotFound, RuleBroken
from domain.shared.record import TooMany
from domain.shared.values import Id, Line, LocalTime, Text, address_key

MAX_ATTACHMENTS = 100
MAX_ATTENDEES = 1000

CalendarUid = Annotated[Line, StringConstraints(min_length=1)]
"""The UID an event has in iCalendar. Not unique: files repeat it, and leave it out."""

CalendarAddress = Annotated[Line, StringConstraints(min_length=1, max_length=320)]
"""Who somebody is to a calendar: mostly an e-mail address, without ``mailto:``; letter case does not count."""

ImportanceRank = Annotated[int, Field(ge=0, le=9)]
"""PRIORITY of RFC 5545: 1 is the highest, 9 the lowest, 0 means none."""


class TimeKind(StrEnum):
    ZONED = "zoned"
    UTC = "utc"
    FLOATING = "floating"
    ALL_DAY = "all_day"


class IcalStatus(StrEnum):
    TENTATIVE = "tentative"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"


class Transparency(StrEnum):
    BUSY = "busy"
    FREE = "free"


class Classification(StrEnum):
    PUBLIC = "public"
    PRIVATE = "private"
    CONFIDENTIAL = "confidential"


class AttendeeKind(StrEnum):
    INDIVIDUAL = "individual"
    GROUP = "group"
    RESOURCE = "resource"
    ROOM = "room"


class AttendeeRole(StrEnum):
    CHAIR = "chair"
    REQUIRED = "required"
    OPTIONAL = "optional"
    NON_PARTICIPANT = "non_participant"


class Rsvp(StrEnum):
    NEEDS_ACTION = "needs_action"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    TENTATIVE = "tentative"
    DELEGATED = "delegated"


class EventCancelled(IllegalTransition):
    """The event is cancelled; reinstate it first."""


class EventNotCancelled(IllegalTransition):
    """The event is not cancelled."""


class EventAllDay(IllegalTransition):
    """The event lasts all day and has no time zone; give it a time first."""


class EventTimed(IllegalTransition):
    """The event has a time already."""


class OccurrenceIsSkipped(IllegalTransition):
    """The occurrence is skipped; restore it first."""


class NotOrganizer(IllegalTransition):
    """Only who called the event says who comes; take it over first if that is you."""


class ZoneMismatch(RuleBroken):
    """A zoned event names its time zone, and no other event does."""


class NotMidnight(RuleBroken):
    """All the times of an all-day event are midnights."""


class EndBeforeStart(RuleBroken):
    """An event ends after it starts; an all-day event may end, exclusively, on the day it starts."""


class NotRecurring(RuleBroken):
    """The event takes place once; it has no occurrences to skip or change."""


class NoSuchOccurrence(RuleBroken):
    """The series has no occurrence that starts at this time."""


class OccurrenceTwice(RuleBroken):
    """An occurrence is skipped or changed only once, and not both."""


class AttendeeTwice(RuleBroken):
    """Nobody is invited twice under one address."""


class AttendeeNotFound(ItemNotFound):
    """Nobody is invited under this address."""


class AttachmentNotFound(ItemNotFound):
    """The event has no attachment with this address."""


@dataclass(frozen=True, slots=True)
class Override:
    """How one occurrence differs from its series; None is as in the series.

    ``occurrence`` is the local start the series would have given it, whatever its own start is now.
    """

    occurrence: LocalTime
    start_local: LocalTime | None = None
    end_local: LocalTime | None = None
    title: Line | None = None
    location: Line | None = None
    description: Text | None = None
    cancelled: bool = False

    @property
    def when(self) -> tuple[datetime | None, datetime | None, bool]:
        """Return what it says about time: a change of it raises the event's sequence."""
        return self.start_local, self.end_local, self.cancelled


@dataclass(frozen=True, slots=True)
class Organizer:
    """Who called the event."""

    address: CalendarAddress
    name: Line = ""


@dataclass(frozen=True, slots=True)
class Attendee:
    """Somebody invited, known by address, and what they answered."""

    address: CalendarAddress
    name: Line = ""
    kind: AttendeeKind = AttendeeKind.INDIVIDUAL
    role: AttendeeRole = AttendeeRole.REQUIRED
    rsvp: Rsvp = Rsvp.NEEDS_ACTION
    rsvp_requested: bool = False
    comment: Line = ""
    contact_id: Id | None = None
    """Who they are in the address book."""

    def is_at(self, address: str) -> bool:
        """Return whether this is the attendee with the given address."""
        return address_key(self.address) == address_key(address)


@dataclass(frozen=True)
class EventDetails:
    """What the source of a calendar event can tell of it."""

    title: str
    time_kind: TimeKind
    start_local: datetime
    end_local: datetime | None
    timezone: str | None
    rrule: str | None
    rdates: tuple[datetime, ...]
    exdates: tuple[datetime, ...]
    overrides: tuple[Override, ...]
    ical_uid: str | None
    calendar_name: str | None
    description: str
    location: str
    latitude: float | None
    longitude: float | None
    url: str | None
    sequence: int
    ical_status: IcalStatus
    transparency: Transparency
    classification: Classification
    priority: int
    organizer: Organizer | None
    attendees: tuple[Attendee, ...]
    my_rsvp: Rsvp | None
    reminders: tuple[Reminder, ...]
    categories: tuple[str, ...]
    colour: str | None


def require_single_attendees(attendees: Collection[Attendee]) -> None:
    """Raise the rule that the attendees of one event break, if any."""
    if len(attendees) > MAX_ATTENDEES:
        raise TooMany
    if len({address_key(each.address) for each in attendees}) < len(attendees):
        raise AttendeeTwice
