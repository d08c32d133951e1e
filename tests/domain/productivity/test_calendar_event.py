"""What may be done with a calendar event: its words, its guests, its reminders and what its source says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from domain.catalogue import events_of, topic_of
from domain.productivity.calendar_event import CalendarEvent
from domain.productivity.calendar_event_terms import (
    MAX_ATTENDEES,
    Attendee,
    AttendeeNotFound,
    AttendeeRole,
    AttendeeTwice,
    EventCancelled,
    EventNotCancelled,
    IcalStatus,
    Organizer,
    Override,
    Rsvp,
)
from domain.productivity.reminder_terms import (
    MAX_REMINDERS,
    Reminder,
    ReminderExists,
    ReminderNotFound,
    ReminderUnclear,
)
from domain.shared import clock
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput, RecordTrashed
from domain.shared.place import HalfPlace
from domain.shared.record import Origin, Record, TooMany, state_fields
from domain.shared.values import new_id
from tests.domain.productivity.appointments import (
    END,
    NOON,
    START,
    WEEK,
    an_event,
    an_imported_event,
    refresh,
)


def last_topic(event: CalendarEvent) -> str:
    last = event.pending_events[-1]
    assert isinstance(last, Record.Event)
    return last.TOPIC


def state(event: CalendarEvent) -> dict[str, object]:
    return {name: getattr(event, name) for name in state_fields(CalendarEvent)} | {"version": event.version}


def test_scheduled_event_has_all_that_was_said() -> None:
    reminder = Reminder(new_id(), minutes_before=15)
    event = an_event(
        ical_uid="a@b",
        organizer=Organizer("ann@example.org", "Ann"),
        attendees=(Attendee("bob@example.org"),),
        reminders=(reminder,),
        categories=("work",),
        latitude=52.5,
        longitude=13.4,
        priority=3,
    )
    assert last_topic(event) == "calendar_event.scheduled"
    assert (event.start_local, event.end_local, event.timezone) == (START, END, "Europe/Berlin")
    assert (event.ical_status, event.sequence, event.ical_uid) == (IcalStatus.CONFIRMED, 0, "a@b")
    assert (event.reminders, event.categories, event.priority) == ((reminder,), ("work",), 3)
    assert event.organizer == Organizer("ann@example.org", "Ann")


def test_event_may_have_no_title() -> None:
    assert an_event("").title == ""


def test_words_are_changed_one_by_one() -> None:
    event = an_event()
    event.retitle("Brunch")
    assert (event.title, last_topic(event)) == ("Brunch", "calendar_event.retitled")
    event.describe("With eggs")
    assert (event.description, last_topic(event)) == ("With eggs", "calendar_event.described")
    event.relocate("Café", latitude=52.5, longitude=13.4)
    assert (event.location, event.latitude, event.longitude) == ("Café", 52.5, 13.4)
    assert last_topic(event) == "calendar_event.relocated"
    assert event.sequence == 0


def test_new_place_does_not_keep_the_old_position() -> None:
    event = an_event(location="Café", latitude=52.5, longitude=13.4)
    event.relocate("Office")
    assert (event.location, event.latitude, event.longitude) == ("Office", None, None)


@pytest.mark.parametrize("half", [{"latitude": 52.5}, {"longitude": 13.4}])
def test_position_has_two_coordinates(half: dict[str, Any]) -> None:
    with pytest.raises(HalfPlace):
        an_event(**half)
    with pytest.raises(HalfPlace):
        an_event().relocate("Café", **half)
    with pytest.raises(HalfPlace):
        refresh(an_imported_event(), **half)


def test_guests_are_invited_and_uninvited_by_address() -> None:
    event = an_event()
    event.invite("Ann@example.org", name="Ann")
    event.invite("bob@example.org")
    assert [guest.address for guest in event.attendees] == ["Ann@example.org", "bob@example.org"]
    event.uninvite("ann@example.org")
    assert [guest.address for guest in event.attendees] == ["bob@example.org"]
    assert last_topic(event) == "calendar_event.uninvited"


def test_inviting_again_in_another_role_keeps_the_answer() -> None:
    event = an_event()
    event.invite("ann@example.org")
    event.record_rsvp("ANN@example.org", Rsvp.ACCEPTED)
    event.invite("ann@example.org", role=AttendeeRole.CHAIR)
    (guest,) = event.attendees
    assert (guest.role, guest.rsvp) == (AttendeeRole.CHAIR, Rsvp.ACCEPTED)


def test_answer_of_a_guest_is_recorded() -> None:
    event = an_event(attendees=(Attendee("ann@example.org"), Attendee("bob@example.org")))
    event.record_rsvp("bob@example.org", Rsvp.DECLINED)
    assert [guest.rsvp for guest in event.attendees] == [Rsvp.NEEDS_ACTION, Rsvp.DECLINED]
    assert last_topic(event) == "calendar_event.attendee_responded"


def test_somebody_who_is_not_invited_cannot_answer_or_be_uninvited() -> None:
    event = an_event()
    with pytest.raises(AttendeeNotFound):
        event.record_rsvp("ann@example.org", Rsvp.ACCEPTED)
    with pytest.raises(AttendeeNotFound):
        event.uninvite("ann@example.org")


def test_guests_are_bounded() -> None:
    guests = tuple(Attendee(f"{n}@example.org") for n in range(MAX_ATTENDEES))
    event = an_event(attendees=guests)
    one_more = Attendee("one-more@example.org")
    with pytest.raises(TooMany):
        event.invite(one_more.address)
    with pytest.raises(TooMany):
        an_event(attendees=(*guests, one_more))
    with pytest.raises(TooMany):
        refresh(an_imported_event(), attendees=(*guests, one_more))
    event.invite("1@example.org", name="One")


def test_nobody_is_invited_twice_under_one_address() -> None:
    twice = (Attendee("j\u00f6rg@example.org"), Attendee("JO\u0308RG@example.org", "J\u00f6rg"))
    with pytest.raises(AttendeeTwice):
        an_event(attendees=twice)
    with pytest.raises(AttendeeTwice):
        refresh(an_imported_event(), attendees=twice)


def test_invitation_is_answered_for_oneself() -> None:
    event = an_event(my_rsvp=Rsvp.NEEDS_ACTION)
    event.respond(Rsvp.TENTATIVE)
    assert (event.my_rsvp, last_topic(event)) == (Rsvp.TENTATIVE, "calendar_event.responded")


def test_reminders_are_added_and_removed() -> None:
    event = an_event()
    first, second = new_id(), new_id()
    event.add_reminder(minutes_before=15, reminder_id=first)
    event.add_reminder(at=NOON, reminder_id=second)
    assert event.reminders == (Reminder(first, minutes_before=15), Reminder(second, at=NOON))
    event.remove_reminder(first)
    assert [reminder.id for reminder in event.reminders] == [second]


@pytest.mark.parametrize("due", [{}, {"minutes_before": 5, "at": NOON}])
def test_reminder_is_due_at_one_time(due: dict[str, Any]) -> None:
    with pytest.raises(ReminderUnclear):
        an_event().add_reminder(**due)
    with pytest.raises(ReminderUnclear):
        an_event(reminders=(Reminder(new_id(), **due),))
    with pytest.raises(ReminderUnclear):
        refresh(an_imported_event(), reminders=(Reminder(new_id(), **due),))


def test_reminder_has_an_id_of_its_own() -> None:
    reminder = Reminder(new_id(), minutes_before=5)
    with pytest.raises(ReminderExists):
        an_event(reminders=(reminder,)).add_reminder(at=NOON, reminder_id=reminder.id)
    with pytest.raises(ReminderExists):
        an_event(reminders=(reminder, reminder))
    with pytest.raises(ReminderExists):
        refresh(an_imported_event(), reminders=(reminder, reminder))


def test_reminder_that_is_not_there_cannot_be_used() -> None:
    event = an_event()
    with pytest.raises(ReminderNotFound):
        event.remove_reminder(new_id())
    with pytest.raises(ReminderNotFound):
        event.acknowledge_reminder(new_id())


def test_reminders_are_bounded() -> None:
    reminders = tuple(Reminder(new_id(), minutes_before=n) for n in range(MAX_REMINDERS))
    one_more = Reminder(new_id(), at=NOON)
    with pytest.raises(TooMany):
        an_event(reminders=reminders).add_reminder(at=NOON)
    with pytest.raises(TooMany):
        an_event(reminders=(*reminders, one_more))
    with pytest.raises(TooMany):
        refresh(an_imported_event(), reminders=(*reminders, one_more))


def test_reminder_of_a_single_event_is_acknowledged_once() -> None:
    reminder = Reminder(new_id(), minutes_before=5)
    event = an_event(reminders=(reminder, Reminder(new_id(), minutes_before=10)))
    with clock.reading(lambda: NOON):
        event.acknowledge_reminder(reminder.id)
    event.acknowledge_reminder(reminder.id)
    assert [each.acknowledged_at for each in event.reminders] == [NOON, None]
    assert event.version == 2


def test_reminder_of_a_series_is_acknowledged_for_later_occurrences_too() -> None:
    reminder = Reminder(new_id(), minutes_before=5)
    event = an_event(rrule="FREQ=WEEKLY", reminders=(reminder,))
    for moment in (NOON, NOON + WEEK, NOON):
        event.acknowledge_reminder(reminder.id, acknowledged_at=moment)
    assert (event.reminders[0].acknowledged_at, event.version) == (NOON + WEEK, 3)


def test_event_is_confirmed_and_doubted() -> None:
    event = an_event(ical_status=IcalStatus.TENTATIVE)
    event.confirm()
    assert (event.ical_status, last_topic(event)) == (IcalStatus.CONFIRMED, "calendar_event.confirmed")
    event.mark_tentative()
    assert (event.ical_status, last_topic(event)) == (IcalStatus.TENTATIVE, "calendar_event.marked_tentative")


def test_cancelled_event_can_be_reinstated_as_a_newer_one() -> None:
    event = an_event(sequence=4)
    event.cancel("ill")
    assert (event.ical_status, event.sequence) == (IcalStatus.CANCELLED, 4)
    event.reinstate()
    assert (event.ical_status, event.sequence) == (IcalStatus.CONFIRMED, 5)


def test_event_that_is_not_cancelled_cannot_be_reinstated() -> None:
    with pytest.raises(EventNotCancelled):
        an_event().reinstate()


@pytest.mark.parametrize(
    "change",
    [
        CalendarEvent.confirm,
        CalendarEvent.mark_tentative,
        CalendarEvent.cancel,
        CalendarEvent.make_all_day,
        CalendarEvent.clear_recurrence,
        lambda event: event.retitle("x"),
        lambda event: event.describe("x"),
        lambda event: event.relocate("x"),
        lambda event: event.reschedule(START),
        lambda event: event.change_timezone("Asia/Tokyo"),
        lambda event: event.make_timed(START),
        lambda event: event.set_recurrence("FREQ=DAILY"),
        lambda event: event.skip_occurrence(START),
        lambda event: event.restore_occurrence(START),
        lambda event: event.change_occurrence(START, title="x"),
        CalendarEvent.take_over,
        lambda event: event.invite("x"),
        lambda event: event.uninvite("x"),
        lambda event: event.record_rsvp("x", Rsvp.ACCEPTED),
        lambda event: event.respond(Rsvp.ACCEPTED),
        lambda event: event.attach("https://example.org/"),
        lambda event: event.detach("https://example.org/"),
        lambda event: event.add_reminder(at=NOON),
        lambda event: event.remove_reminder(new_id()),
        lambda event: event.acknowledge_reminder(new_id()),
    ],
)
def test_cancelled_event_must_be_reinstated_before_it_changes(
    change: Callable[[CalendarEvent], None],
) -> None:
    event = an_event(rrule="FREQ=WEEKLY")
    event.cancel()
    with pytest.raises(EventCancelled):
        change(event)


def test_nothing_happens_where_nothing_would_change() -> None:
    event = an_event(attendees=(Attendee("ann"),), my_rsvp=Rsvp.ACCEPTED, rrule="FREQ=WEEKLY")
    event.retitle("Breakfast")
    event.describe("")
    event.relocate("")
    event.reschedule(START)
    event.reschedule(START, end_local=END)
    event.change_timezone("Europe/Berlin")
    event.set_recurrence("FREQ=WEEKLY")
    event.restore_occurrence(START)
    event.change_occurrence(START)
    event.invite("ANN")
    event.record_rsvp("ann", Rsvp.NEEDS_ACTION)
    event.respond(Rsvp.ACCEPTED)
    event.take_over()
    event.confirm()
    assert event.version == 1
    single = an_event()
    single.clear_recurrence()
    assert single.version == 1


def test_trashed_event_cannot_be_changed() -> None:
    event = an_event()
    event.trash()
    with pytest.raises(RecordTrashed):
        event.retitle("x")


def test_event_claims_nothing_because_files_repeat_uids() -> None:
    assert an_event(ical_uid="a@b").claims == frozenset()


def test_every_command_has_a_json_schema() -> None:
    for command in commands_of(CalendarEvent).values():
        assert command.json_schema()["type"] == "object"


def test_event_can_be_scheduled_from_json() -> None:
    arguments = commands_of(CalendarEvent)["schedule"].arguments_from_json(
        """{"title": "", "time_kind": "zoned", "timezone": "Europe/Berlin",
            "start_local": "2026-01-05T09:00:00", "rrule": "freq=weekly",
            "overrides": [{"occurrence": "2026-01-12T09:00:00", "title": "Brunch"}],
            "attendees": [{"address": "ann@example.org", "rsvp": "accepted"}],
            "reminders": [{"id": "01890a5d-ac96-774b-bcce-b302099a8057", "minutes_before": 5}]}"""
    )
    event = CalendarEvent.schedule(Origin(new_id()), **arguments)
    assert event.overrides == (Override(START + WEEK, title="Brunch"),)
    assert (event.rrule, event.attendees[0].rsvp) == ("FREQ=WEEKLY", Rsvp.ACCEPTED)


@pytest.mark.parametrize(
    "arguments",
    [
        '{"title": "x", "time_kind": "zoned", "start_local": "2026-01-05T09:00:00Z"}',
        '{"title": "x", "time_kind": "utc", "start_local": "2026-01-05T09:00:00", "priority": 10}',
        '{"title": "x", "time_kind": "utc", "start_local": "2026-01-05T09:00:00", "attendees": [{"address": ""}]}',
        '{"title": "x", "time_kind": "utc", "start_local": "2026-01-05T09:00:00", "attachments": ["agenda.pdf"]}',
    ],
)
def test_times_with_offsets_odd_priorities_and_what_is_no_address_are_refused(arguments: str) -> None:
    with pytest.raises(InvalidInput):
        commands_of(CalendarEvent)["schedule"].arguments_from_json(arguments)


def test_error_and_repr_show_no_content() -> None:
    event = an_event("Secret")
    event.cancel()
    with pytest.raises(EventCancelled) as caught:
        event.retitle("Secret")
    assert "Secret" not in f"{caught.value}{event!r}"


def test_event_replays_to_the_same() -> None:
    event = an_imported_event(rrule="FREQ=WEEKLY")
    event.retitle("Brunch")
    event.invite("ann")
    event.record_rsvp("ann", Rsvp.ACCEPTED)
    event.add_reminder(minutes_before=5)
    event.acknowledge_reminder(event.reminders[0].id)
    event.skip_occurrence(START)
    event.cancel()
    event.reinstate()
    refresh(event, "News", is_organizer=False)
    event.take_over()
    refresh(event, "News", attachments=("https://example.org/1",))
    event.attach("https://example.org/2")
    event.detach("https://example.org/1")
    again: Any = None
    for each in event.pending_events:
        assert isinstance(each, CalendarEvent.Event)
        assert events_of(CalendarEvent)[topic_of(type(each), CalendarEvent)] is type(each)
        again = each.mutate(again)
    assert state(again) == state(event)
