"""An appointment, once or in a series, as calendars write it: local time and zone, never a derived UTC."""

from __future__ import annotations

from dataclasses import fields
from typing import ClassVar
from uuid import UUID

from domain.productivity.calendar_attachments import CalendarAttachments, each_once
from domain.productivity.calendar_event_terms import (
    Attendee,
    CalendarUid,
    Classification,
    EventDetails,
    IcalStatus,
    ImportanceRank,
    Organizer,
    Override,
    Rsvp,
    TimeKind,
    Transparency,
    require_single_attendees,
)
from domain.productivity.reminder_terms import Reminder, require_clear_reminders
from domain.productivity.reminders import Reminded
from domain.productivity.timing import Timing, rule_for
from domain.shared.content import Content
from domain.shared.known import say, told
from domain.shared.place import require_whole_place
from domain.shared.record import Origin
from domain.shared.recurrence import RecurrenceRule
from domain.shared.values import (
    Count,
    Id,
    Label,
    Latitude,
    Line,
    LocalTime,
    Longitude,
    Many,
    Name,
    Text,
    TimeZone,
    Url,
)


class CalendarEvent(CalendarAttachments, Reminded):
    """An appointment, a holiday, a birthday: what it is, who comes and who is to be reminded."""

    KIND: ClassVar[str] = "calendar_event"

    title: str
    ical_uid: str | None = None
    calendar_name: str | None = None
    calendar_id: UUID | None = None
    """What a program knows the calendar by, which may be called otherwise one day."""
    description: str = ""
    location: str = ""
    latitude: float | None = None
    longitude: float | None = None
    url: str | None = None
    transparency: Transparency = Transparency.BUSY
    classification: Classification = Classification.PUBLIC
    priority: int = 0
    categories: tuple[str, ...] = ()
    colour: str | None = None

    class Event(CalendarAttachments.Event, Reminded.Event):
        """Any event of a calendar event."""

    class Scheduled(Event, Content.Created, EventDetails):
        TOPIC = "calendar_event.scheduled"

    class Retitled(Event):
        TOPIC = "calendar_event.retitled"
        title: str

    class Described(Event):
        TOPIC = "calendar_event.described"
        description: str

    class Relocated(Event):
        TOPIC = "calendar_event.relocated"
        location: str
        latitude: float | None
        longitude: float | None

    class MovedToCalendar(Event):
        TOPIC = "calendar_event.moved_to_calendar"
        calendar_name: str | None
        calendar_id: UUID | None

    class Refreshed(Event, EventDetails):
        TOPIC = "calendar_event.refreshed"
        BY_SOURCE = True

    @classmethod
    def schedule(
        cls,
        origin: Origin,
        title: Line,
        *,
        time_kind: TimeKind,
        start_local: LocalTime,
        end_local: LocalTime | None = None,
        timezone: TimeZone | None = None,
        rrule: RecurrenceRule | None = None,
        rdates: Many[LocalTime] = (),
        exdates: Many[LocalTime] = (),
        overrides: Many[Override] = (),
        ical_uid: CalendarUid | None = None,
        calendar_name: Name | None = None,
        description: Text = "",
        location: Line = "",
        latitude: Latitude | None = None,
        longitude: Longitude | None = None,
        url: Url | None = None,
        sequence: Count = 0,
        ical_status: IcalStatus = IcalStatus.CONFIRMED,
        transparency: Transparency = Transparency.BUSY,
        classification: Classification = Classification.PUBLIC,
        priority: ImportanceRank = 0,
        organizer: Organizer | None = None,
        attendees: Many[Attendee] = (),
        my_rsvp: Rsvp | None = None,
        reminders: Many[Reminder] = (),
        categories: Many[Label] = (),
        colour: Label | None = None,
        is_organizer: bool | None = None,
        attachments: Many[Url] = (),
    ) -> CalendarEvent:
        """Enter an event; skips and changes must name occurrences that the series has.

        It is the person's own unless ``is_organizer`` says otherwise.
        """
        rrule = rrule and rule_for(time_kind, timezone, rrule)
        timing = Timing(time_kind, start_local, end_local, timezone, rrule, rdates, exdates, overrides)
        timing.require_sound()
        require_whole_place(latitude, longitude)
        require_single_attendees(attendees)
        require_clear_reminders(reminders)
        attachments = each_once(attachments)
        event = cls._begin(
            origin,
            cls.Scheduled,
            title=title,
            time_kind=time_kind,
            start_local=start_local,
            end_local=end_local,
            timezone=timezone,
            rrule=rrule,
            rdates=rdates,
            exdates=exdates,
            overrides=overrides,
            ical_uid=ical_uid,
            calendar_name=calendar_name,
            description=description,
            location=location,
            latitude=latitude,
            longitude=longitude,
            url=url,
            sequence=sequence,
            ical_status=ical_status,
            transparency=transparency,
            classification=classification,
            priority=priority,
            organizer=organizer,
            attendees=attendees,
            my_rsvp=my_rsvp,
            reminders=reminders,
            categories=categories,
            colour=colour,
        )
        event._learn(is_organizer=is_organizer, attachments=attachments)  # noqa: SLF001 - a record of its own kind
        return event

    def refresh(
        self,
        title: Line,
        *,
        time_kind: TimeKind,
        start_local: LocalTime,
        end_local: LocalTime | None = None,
        timezone: TimeZone | None = None,
        rrule: RecurrenceRule | None = None,
        rdates: Many[LocalTime] = (),
        exdates: Many[LocalTime] = (),
        overrides: Many[Override] = (),
        ical_uid: CalendarUid | None = None,
        calendar_name: Name | None = None,
        description: Text = "",
        location: Line = "",
        latitude: Latitude | None = None,
        longitude: Longitude | None = None,
        url: Url | None = None,
        sequence: Count = 0,
        ical_status: IcalStatus = IcalStatus.CONFIRMED,
        transparency: Transparency = Transparency.BUSY,
        classification: Classification = Classification.PUBLIC,
        priority: ImportanceRank = 0,
        organizer: Organizer | None = None,
        attendees: Many[Attendee] = (),
        my_rsvp: Rsvp | None = None,
        reminders: Many[Reminder] = (),
        categories: Many[Label] = (),
        colour: Label | None = None,
        is_organizer: bool | None = None,
        attachments: Many[Url] = (),
    ) -> None:
        """Take what the source of an imported event says now, also of one that it had cancelled."""
        rrule = rrule and rule_for(time_kind, timezone, rrule)
        if "start_local" not in self.edited_fields:
            timing = Timing(time_kind, start_local, end_local, timezone, rrule, rdates, exdates, overrides)
            timing.require_sound()
        require_whole_place(latitude, longitude)
        require_single_attendees(attendees)
        require_clear_reminders(reminders)
        attachments = each_once(attachments)
        self._refresh(
            CalendarEvent.Refreshed,
            title=title,
            time_kind=time_kind,
            start_local=start_local,
            end_local=end_local,
            timezone=timezone,
            rrule=rrule,
            rdates=rdates,
            exdates=exdates,
            overrides=overrides,
            ical_uid=ical_uid,
            calendar_name=calendar_name,
            description=description,
            location=location,
            latitude=latitude,
            longitude=longitude,
            url=url,
            sequence=sequence,
            ical_status=ical_status,
            transparency=transparency,
            classification=classification,
            priority=priority,
            organizer=organizer,
            attendees=attendees,
            my_rsvp=my_rsvp,
            reminders=reminders,
            categories=categories,
            colour=colour,
        )
        self._learn(is_organizer=is_organizer, attachments=attachments)

    def call_off(self, *, sequence: Count = 0) -> None:
        """Take that the source of an imported event cancels it, and says nothing else of it."""
        known = {item.name: getattr(self, item.name) for item in fields(EventDetails)}
        said = {"ical_status": IcalStatus.CANCELLED, "sequence": max(sequence, self.sequence)}
        self._refresh(CalendarEvent.Refreshed, **(known | said))

    def retitle(self, title: Line) -> None:
        self._require_live()
        if title != self.title:
            self.trigger_event(CalendarEvent.Retitled, title=title)

    def describe(self, description: Text) -> None:
        self._require_live()
        if description != self.description:
            self.trigger_event(CalendarEvent.Described, description=description)

    def relocate(
        self, location: Line, *, latitude: Latitude | None = None, longitude: Longitude | None = None
    ) -> None:
        self._require_live()
        require_whole_place(latitude, longitude)
        if (location, latitude, longitude) != (self.location, self.latitude, self.longitude):
            self.trigger_event(
                CalendarEvent.Relocated, location=location, latitude=latitude, longitude=longitude
            )

    def move_to_calendar(self, name: Name | None, *, calendar_id: Id | None = None) -> None:
        """Put the event into another calendar, or into none; later imports leave it there."""
        say(self, CalendarEvent.MovedToCalendar, calendar_name=name, calendar_id=calendar_id)

    def _learn(self, *, is_organizer: bool | None, attachments: tuple[str, ...]) -> None:
        """Take what came to be told later than the events that carry all the rest."""
        self._refresh(CalendarEvent.OrganizerKnown, is_organizer=told(is_organizer, self.is_organizer))
        self._refresh(CalendarEvent.AttachmentsKnown, attachments=attachments)

    @property
    def _reminds_again(self) -> bool:
        return self._timing.recurs

    def _require_remindable(self) -> None:
        self._require_live()
