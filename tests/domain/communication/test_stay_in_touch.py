"""By when the person wants to have had to do with a contact again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone

from domain.communication.contact_terms import InteractionKind
from domain.shared import clock
from tests.domain.communication.contacts import NOON, added, topics


def at(days: int) -> Callable[[], datetime]:
    return lambda: NOON + timedelta(days=days)


def test_the_next_day_to_meet_follows_from_the_latest_interaction() -> None:
    with clock.reading(at(0)):
        contact = added()
        contact.log_interaction(InteractionKind.CALL)
    with clock.reading(at(10)):
        contact.set_stay_in_touch(30)
        first = contact.next_contact_on
        contact.log_interaction(InteractionKind.GIFT, at=at(-3)())
        earlier = contact.next_contact_on
        contact.log_interaction(InteractionKind.MEETING)
    assert (first, earlier) == (date(2024, 5, 31), date(2024, 5, 31))
    assert contact.next_contact_on == date(2024, 6, 10)


def test_without_an_interaction_the_days_count_from_when_they_were_set() -> None:
    with clock.reading(at(0)):
        contact = added()
        contact.set_stay_in_touch(7)
        contact.set_stay_in_touch(7)
    due = contact.next_contact_on
    contact.clear_stay_in_touch()
    contact.clear_stay_in_touch()
    contact.log_interaction(InteractionKind.CALL)
    assert (due, contact.next_contact_on) == (date(2024, 5, 8), None)
    assert contact.stay_in_touch_days is None
    assert topics(contact)[1:] == [
        "contact.cadence_set",
        "contact.cadence_cleared",
        "contact.interaction_logged",
    ]


def test_the_day_is_that_in_utc_wherever_the_interaction_was() -> None:
    with clock.reading(at(0)):
        contact = added()
        contact.set_stay_in_touch(1)
        tokyo = datetime(2024, 5, 1, 3, tzinfo=timezone(timedelta(hours=9)))
        contact.log_interaction(InteractionKind.CALL, at=tokyo)
    assert contact.next_contact_on == date(2024, 5, 1)
