"""Who says who comes to a calendar event: its organiser, whoever that is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from domain.productivity.calendar_event import CalendarEvent
from domain.productivity.calendar_event_terms import Attendee, AttendeeKind, AttendeeRole, NotOrganizer, Rsvp
from domain.shared.peers import PeerRef
from domain.shared.record import Record
from domain.shared.values import new_id
from infrastructure.ledger.codec import decode_event
from tests.domain.productivity.appointments import NOON, an_imported_event, refresh


def topics(event: CalendarEvent) -> list[str]:
    """Return what has happened to the event."""
    return [each.TOPIC for each in event.pending_events if isinstance(each, Record.Event)]


def test_an_event_is_the_persons_own_unless_somebody_says_otherwise() -> None:
    assert topics(an_imported_event()) == topics(an_imported_event(is_organizer=True))
    assert an_imported_event().is_organizer
    theirs = an_imported_event(is_organizer=False)
    assert not theirs.is_organizer
    assert topics(theirs) == ["calendar_event.scheduled", "calendar_event.organizer_known"]


@pytest.mark.parametrize(
    "change",
    [
        lambda event: event.invite("bob"),
        lambda event: event.invite("ann"),
        lambda event: event.invite("ann", name="Ann"),
        lambda event: event.uninvite("ann"),
        lambda event: event.uninvite("bob"),
    ],
)
def test_only_the_organiser_says_who_comes(change: Callable[[CalendarEvent], None]) -> None:
    event = an_imported_event(attendees=(Attendee("ann"),), is_organizer=False)
    with pytest.raises(NotOrganizer):
        change(event)
    assert event.attendees == (Attendee("ann"),)


def test_answers_to_another_organiser_can_be_noted() -> None:
    event = an_imported_event(attendees=(Attendee("ann"),), is_organizer=False)
    event.record_rsvp("ann", Rsvp.ACCEPTED)
    event.respond(Rsvp.DECLINED)
    assert (event.attendees[0].rsvp, event.my_rsvp) == (Rsvp.ACCEPTED, Rsvp.DECLINED)


def test_who_takes_an_event_over_says_who_comes() -> None:
    event = an_imported_event(attendees=(Attendee("ann"),), is_organizer=False)
    event.take_over()
    event.uninvite("ann")
    assert (event.is_organizer, event.attendees) == (True, ())


def test_source_that_tells_the_same_again_makes_no_event() -> None:
    event = an_imported_event(is_organizer=False)
    refresh(event, is_organizer=False)
    assert event.version == 2


def test_source_that_tells_nothing_of_the_organiser_keeps_what_is_known() -> None:
    event = an_imported_event(is_organizer=False)
    refresh(event, "Brunch")
    assert (event.title, event.is_organizer) == ("Brunch", False)


@pytest.mark.parametrize("before", [True, False])
def test_source_tells_that_an_event_has_changed_hands(*, before: bool) -> None:
    event = an_imported_event(is_organizer=before)
    refresh(event, is_organizer=not before)
    assert event.is_organizer is not before
    assert event.edited_fields == (), "that was the source, not the person"


def test_source_does_not_take_back_what_the_person_has_taken_over() -> None:
    event = an_imported_event(attendees=(Attendee("ann"),), is_organizer=False)
    event.take_over()
    assert event.edited_fields == ("is_organizer",)
    refresh(event, "News", attendees=(Attendee("bob"),), is_organizer=False)
    assert (event.is_organizer, event.title, event.attendees) == (True, "News", (Attendee("bob"),))


def test_who_is_invited_may_be_a_contact_and_stays_the_one() -> None:
    event, ann = an_imported_event(), new_id()
    event.invite("ann", contact_id=ann)
    event.record_rsvp("ann", Rsvp.ACCEPTED)
    event.invite("ann", role=AttendeeRole.OPTIONAL)
    (attendee,) = event.attendees
    assert (attendee.contact_id, attendee.rsvp, attendee.role) == (ann, Rsvp.ACCEPTED, AttendeeRole.OPTIONAL)
    assert event.named_peers == {PeerRef("contact", ann)}
    event.uninvite("ann")
    event.invite("ann")
    assert event.named_peers == frozenset()


def test_what_is_not_told_of_who_is_invited_again_stands() -> None:
    event, dora = an_imported_event(), new_id()
    event.invite("dora", name="Dora", role=AttendeeRole.CHAIR, kind=AttendeeKind.ROOM)
    event.invite("dora", contact_id=dora)
    told = Attendee("dora", name="Dora", role=AttendeeRole.CHAIR, kind=AttendeeKind.ROOM, contact_id=dora)
    assert event.attendees == (told,)
    event.invite("dora", name="")
    assert event.attendees == (replace(told, name=""),)


def test_import_that_invites_the_same_again_leaves_alone_who_they_are() -> None:
    event, ann = an_imported_event(attendees=(Attendee("ann"),)), new_id()
    event.invite("ann", contact_id=ann)
    refresh(event, "Brunch", attendees=(Attendee("ann"), Attendee("bob")))
    assert (event.title, event.attendees) == ("Brunch", (Attendee("ann", contact_id=ann),))


def test_event_from_before_attendees_were_contacts_is_read() -> None:
    body = (
        b'{"purpose":null,"data":{"attendee":{"address":"ann","name":"Ann","kind":"individual",'
        b'"role":"chair","rsvp":"accepted","rsvp_requested":false,"comment":""}}}'
    )
    invited, _ = decode_event("calendar_event", "calendar_event.invited", 1, (new_id(), 2, NOON), body)
    event = an_imported_event()
    invited.apply(event)
    assert event.attendees == (Attendee("ann", "Ann", role=AttendeeRole.CHAIR, rsvp=Rsvp.ACCEPTED),)
    assert event.named_peers == frozenset()
