"""The part of a calendar event that says who comes: whom it invites, and what they and the person answer."""

from __future__ import annotations

from dataclasses import KW_ONLY, replace

from domain.productivity.calendar_event_terms import (
    Attendee,
    AttendeeKind,
    AttendeeNotFound,
    AttendeeRole,
    CalendarAddress,
    NotOrganizer,
    Organizer,
    Rsvp,
    require_single_attendees,
)
from domain.productivity.calendar_series import CalendarSeries
from domain.shared.known import told
from domain.shared.peers import PeerRef, peer_refs
from domain.shared.values import Id, Line


class Invitations(CalendarSeries):
    """A gathering: its organiser, its attendees and the person's own answer."""

    _: KW_ONLY
    organizer: Organizer | None = None
    is_organizer: bool = True
    """Whether the person called the event, as is taken for granted where nobody has said otherwise."""
    attendees: tuple[Attendee, ...] = ()
    my_rsvp: Rsvp | None = None

    class Event(CalendarSeries.Event):
        """Any event of a calendar event."""

    class OrganizerKnown(Event):
        TOPIC = "calendar_event.organizer_known"
        BY_SOURCE = True
        is_organizer: bool

    class TakenOver(Event):
        TOPIC = "calendar_event.taken_over"
        EDITS = ("is_organizer",)

        def apply(self, event: Invitations) -> None:
            event.is_organizer = True

    class Invited(Event):
        TOPIC = "calendar_event.invited"
        EDITS = ("attendees",)
        attendee: Attendee

        def apply(self, event: Invitations) -> None:
            others = tuple(each for each in event.attendees if not each.is_at(self.attendee.address))
            event.attendees = (*others, self.attendee)

    class Uninvited(Event):
        TOPIC = "calendar_event.uninvited"
        EDITS = ("attendees",)
        address: str

        def apply(self, event: Invitations) -> None:
            event.attendees = tuple(each for each in event.attendees if not each.is_at(self.address))

    class AttendeeResponded(Event):
        TOPIC = "calendar_event.attendee_responded"
        EDITS = ("attendees",)
        address: str
        rsvp: Rsvp

        def apply(self, event: Invitations) -> None:
            event.attendees = tuple(
                replace(each, rsvp=self.rsvp) if each.is_at(self.address) else each
                for each in event.attendees
            )

    class Responded(Event):
        TOPIC = "calendar_event.responded"
        my_rsvp: Rsvp

    def take_over(self) -> None:
        """Say that the event is one's own, or has been handed over; its source no longer says otherwise."""
        self._require_live()
        if not self.is_organizer:
            self.trigger_event(self.TakenOver)

    def invite(
        self,
        address: CalendarAddress,
        *,
        name: Line | None = None,
        kind: AttendeeKind | None = None,
        role: AttendeeRole | None = None,
        contact_id: Id | None = None,
    ) -> None:
        """Invite somebody, an individual whose presence is required unless told otherwise; again, to tell more of them.

        What they have answered, and all that is not told, stands. ``contact_id`` is the contact they are; to forget it,
        uninvite them first.
        """
        self._require_organizer()
        known = self._attendee(address)
        if known is None:
            require_single_attendees((*self.attendees, Attendee(address)))
        before = known or Attendee(address)
        attendee = replace(
            before,
            name=told(name, before.name),
            kind=told(kind, before.kind),
            role=told(role, before.role),
            contact_id=told(contact_id, before.contact_id),
        )
        if attendee != known:
            self.trigger_event(self.Invited, attendee=attendee)

    def uninvite(self, address: CalendarAddress) -> None:
        self._require_organizer()
        if self._attendee(address) is None:
            raise AttendeeNotFound
        self.trigger_event(self.Uninvited, address=address)

    def record_rsvp(self, address: CalendarAddress, rsvp: Rsvp) -> None:
        """Note what somebody invited has answered, also to another organiser."""
        self._require_live()
        attendee = self._attendee(address)
        if attendee is None:
            raise AttendeeNotFound
        if rsvp is not attendee.rsvp:
            self.trigger_event(self.AttendeeResponded, address=address, rsvp=rsvp)

    def respond(self, rsvp: Rsvp) -> None:
        """Answer an invitation oneself."""
        self._require_live()
        if rsvp is not self.my_rsvp:
            self.trigger_event(self.Responded, my_rsvp=rsvp)

    @property
    def named_peers(self) -> frozenset[PeerRef]:
        return peer_refs("contact", *(each.contact_id for each in self.attendees))

    def _require_organizer(self) -> None:
        self._require_live()
        if not self.is_organizer:
            raise NotOrganizer

    def _attendee(self, address: str) -> Attendee | None:
        return next((each for each in self.attendees if each.is_at(address)), None)
