"""What a calendar event takes from its source, and what it keeps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from domain.productivity.calendar_event import CalendarEvent
from domain.productivity.calendar_event_terms import Attendee, IcalStatus, NoSuchOccurrence, Rsvp
from domain.productivity.reminder_terms import Reminder
from domain.shared.values import new_id
from tests.domain.productivity.appointments import NOON, START, WEEK, an_imported_event, refresh


def test_refresh_takes_what_the_source_says_now() -> None:
    event = an_imported_event()
    refresh(event, "Brunch", start_local=START - WEEK, sequence=2, ical_status=IcalStatus.CANCELLED)
    assert (event.title, event.start_local, event.sequence) == ("Brunch", START - WEEK, 2)
    assert (event.ical_status, event.sequence) == (IcalStatus.CANCELLED, 2)
    assert event.edited_fields == ()
    refresh(event, "Brunch", sequence=3)
    assert (event.ical_status, event.sequence) == (IcalStatus.CONFIRMED, 3)


def test_refresh_without_news_is_no_event() -> None:
    fields: dict[str, Any] = {
        "attendees": (Attendee("ann"),),
        "reminders": (Reminder(new_id(), minutes_before=5),),
        "rrule": "FREQ=WEEKLY",
        "exdates": (START + WEEK,),
        "attachments": ("https://example.org/1",),
    }
    event = an_imported_event(**fields)
    version = event.version
    refresh(event, **fields)
    assert event.version == version


def test_refresh_keeps_what_the_person_wrote() -> None:
    event = an_imported_event()
    event.relocate("Mine")
    refresh(event, "Theirs", location="Theirs", latitude=1.0, longitude=1.0)
    assert (event.title, event.location, event.latitude) == ("Theirs", "Mine", None)


def test_refresh_keeps_the_whole_series_the_person_changed() -> None:
    event = an_imported_event(rrule="FREQ=WEEKLY")
    event.skip_occurrence(START + WEEK)
    moved = START + timedelta(hours=3)
    refresh(event, "Later", start_local=moved, end_local=moved + WEEK, rrule="FREQ=MONTHLY")
    assert (event.title, event.start_local, event.rrule) == ("Later", START, "FREQ=WEEKLY")
    assert event.exdates == (START + WEEK,)


@pytest.mark.parametrize(
    ("act", "field"),
    [
        (CalendarEvent.confirm, "ical_status"),
        (CalendarEvent.cancel, "ical_status"),
        (lambda event: event.invite("bob"), "attendees"),
        (lambda event: event.uninvite("ann"), "attendees"),
        (lambda event: event.record_rsvp("ann", Rsvp.ACCEPTED), "attendees"),
        (lambda event: event.respond(Rsvp.ACCEPTED), "my_rsvp"),
        (lambda event: event.add_reminder(at=NOON), "reminders"),
        (lambda event: event.attach("https://example.org/2"), "attachments"),
        (lambda event: event.detach("https://example.org/1"), "attachments"),
        (CalendarEvent.make_all_day, "time_kind"),
        (CalendarEvent.clear_recurrence, "rrule"),
        (lambda event: event.change_occurrence(START, title="x"), "overrides"),
    ],
)
def test_refresh_does_not_undo_what_the_person_did(act: Callable[[CalendarEvent], None], field: str) -> None:
    given: dict[str, Any] = {
        "attendees": (Attendee("ann"),),
        "rrule": "FREQ=WEEKLY",
        "ical_status": IcalStatus.TENTATIVE,
        "attachments": ("https://example.org/1",),
    }
    event = an_imported_event(**given)
    act(event)
    mine = getattr(event, field)
    refresh(event, "News", **given)
    assert (event.title, getattr(event, field)) == ("News", mine)


def test_refresh_does_not_undo_an_acknowledgement() -> None:
    reminder = Reminder(new_id(), minutes_before=5)
    event = an_imported_event(reminders=(reminder,))
    event.acknowledge_reminder(reminder.id, acknowledged_at=NOON)
    refresh(event, "News", reminders=(reminder,))
    assert [each.acknowledged_at for each in event.reminders] == [NOON]


def test_refresh_does_not_bring_back_a_reminder() -> None:
    reminder = Reminder(new_id(), minutes_before=5)
    event = an_imported_event(reminders=(reminder,))
    event.remove_reminder(reminder.id)
    refresh(event, "News", reminders=(reminder,))
    assert event.reminders == ()


def test_refresh_does_not_confirm_what_the_person_doubts() -> None:
    event = an_imported_event()
    event.mark_tentative()
    refresh(event, "News")
    assert (event.title, event.ical_status) == ("News", IcalStatus.TENTATIVE)


def test_reinstated_event_is_not_cancelled_again_by_a_refresh() -> None:
    event = an_imported_event(ical_status=IcalStatus.CANCELLED)
    event.reinstate()
    refresh(event, ical_status=IcalStatus.CANCELLED)
    assert event.ical_status is IcalStatus.CONFIRMED


def test_refresh_checks_the_series_it_would_take() -> None:
    stray = START + timedelta(days=1)
    event = an_imported_event(rrule="FREQ=WEEKLY")
    with pytest.raises(NoSuchOccurrence):
        refresh(event, rrule="FREQ=WEEKLY", exdates=(stray,))
    event.skip_occurrence(START)
    refresh(event, rrule="FREQ=WEEKLY", exdates=(stray,))
    assert event.exdates == (START,)


def test_source_calls_an_event_off_and_says_nothing_else_of_it() -> None:
    event = an_imported_event(location="Deck", sequence=3)
    event.call_off(sequence=4)
    assert (event.ical_status, event.sequence, event.location) == (IcalStatus.CANCELLED, 4, "Deck")
    version = event.version
    event.call_off(sequence=4)
    assert event.version == version
    refresh(event, location="Deck", sequence=5)
    assert event.ical_status is IcalStatus.CONFIRMED, "that was the source, not the person"


def test_source_does_not_call_off_what_the_person_has_decided_otherwise() -> None:
    event = an_imported_event()
    event.mark_tentative()
    event.call_off(sequence=4)
    assert (event.ical_status, event.sequence) == (IcalStatus.TENTATIVE, 4)


def test_event_that_was_moved_to_another_calendar_stays_there() -> None:
    event, calendar_id = an_imported_event(calendar_name="Work"), new_id()
    event.move_to_calendar("Work")
    event.move_to_calendar("Home", calendar_id=calendar_id)
    event.move_to_calendar("Home", calendar_id=calendar_id)
    moved = event.version
    refresh(event, calendar_name="Work")
    assert (event.calendar_name, event.calendar_id) == ("Home", calendar_id)
    event.move_to_calendar(None)
    assert (event.calendar_name, event.calendar_id, moved) == (None, None, 2)
