"""What becomes of skips and changes when their series moves."""

from __future__ import annotations

from datetime import datetime

import pytest

from domain.productivity.calendar_event import CalendarEvent
from domain.productivity.calendar_event_terms import NotMidnight, Override, TimeKind
from domain.productivity.timing import Timing
from tests.domain.productivity.series import DAY, END, HOUR, MIDNIGHT, START, WEEK, a_day, an_event


def moved(event: CalendarEvent) -> tuple[tuple[datetime, ...], tuple[Override, ...]]:
    return event.exdates, event.overrides


def test_skips_and_changes_follow_to_a_new_time_of_day() -> None:
    event = an_event(
        rrule="FREQ=WEEKLY", exdates=(START + WEEK,), overrides=(Override(START + 2 * WEEK, title="Brunch"),)
    )
    event.reschedule(START + HOUR)
    assert moved(event) == ((START + WEEK + HOUR,), (Override(START + 2 * WEEK + HOUR, title="Brunch"),))


def test_skips_and_changes_follow_to_another_weekday() -> None:
    event = an_event(rrule="FREQ=WEEKLY", exdates=(START, START + WEEK))
    event.reschedule(START + DAY)
    assert event.exdates == (START + DAY, START + WEEK + DAY)


def test_skip_that_still_fits_stays_where_it_is() -> None:
    event = an_event(rrule="FREQ=WEEKLY", exdates=(START + 2 * WEEK,))
    event.reschedule(START + WEEK)
    assert event.exdates == (START + 2 * WEEK,)


def test_skip_that_fits_nowhere_is_dropped() -> None:
    event = an_event(rrule="FREQ=WEEKLY;BYDAY=MO", exdates=(START + WEEK,))
    event.reschedule(START + 2 * WEEK)
    assert event.exdates == (START + 3 * WEEK,)
    event.set_recurrence("FREQ=YEARLY")
    assert not event.exdates


def test_extra_dates_follow_to_a_new_time_of_day_with_their_skips() -> None:
    extra = START + DAY
    own_time = START + 2 * DAY + HOUR
    event = an_event(rdates=(extra, own_time), exdates=(extra,))
    event.reschedule(START + 3 * HOUR)
    assert (event.rdates, event.exdates) == ((extra + 3 * HOUR, own_time), (extra + 3 * HOUR,))


def test_end_given_to_one_occurrence_moves_with_it() -> None:
    event = an_event(rrule="FREQ=WEEKLY", overrides=(Override(START, end_local=END + HOUR),))
    event.reschedule(START + 5 * HOUR)
    assert event.overrides == (Override(START + 5 * HOUR, end_local=END + 6 * HOUR),)


def test_time_given_to_one_occurrence_stays() -> None:
    own = Override(START + WEEK, start_local=START + WEEK + DAY)
    event = an_event(rrule="FREQ=WEEKLY", overrides=(own,))
    event.reschedule(START + HOUR)
    assert event.overrides == (Override(START + WEEK + HOUR, start_local=START + WEEK + DAY),)


def test_series_made_all_day_and_timed_again_keeps_its_skips_and_changes() -> None:
    event = an_event(
        rrule="FREQ=WEEKLY",
        rdates=(START + DAY,),
        exdates=(START + WEEK,),
        overrides=(Override(START + 2 * WEEK, START + 2 * WEEK + DAY, END + 2 * WEEK + DAY),),
    )
    event.make_all_day()
    assert (event.rdates, event.exdates) == ((MIDNIGHT + DAY,), (MIDNIGHT + WEEK,))
    moved_day = MIDNIGHT + 2 * WEEK + DAY
    assert event.overrides == (Override(MIDNIGHT + 2 * WEEK, moved_day, moved_day + DAY),)
    event.make_timed(START + HOUR, timezone="Europe/Berlin")
    assert (event.rdates, event.exdates) == ((START + DAY + HOUR,), (START + WEEK + HOUR,))
    assert event.overrides == (Override(START + 2 * WEEK + HOUR, start_local=START + 2 * WEEK + DAY + HOUR),)


def test_two_skips_that_fall_on_one_day_become_one_and_win_over_a_change() -> None:
    event = an_event(
        rrule="FREQ=DAILY;BYHOUR=9,12,17",
        exdates=(START, START + 8 * HOUR),
        overrides=(Override(START + 3 * HOUR, title="Lunch"),),
    )
    event.make_all_day()
    assert moved(event) == ((MIDNIGHT,), ())


def test_times_of_day_in_the_rule_of_an_all_day_event_are_ignored() -> None:
    rule = "FREQ=DAILY;BYHOUR=9;BYMINUTE=30;BYSECOND=0;COUNT=3"
    scheduled, ruled, made = a_day(rrule=rule), a_day(), an_event(rrule=rule)
    ruled.set_recurrence(rule)
    made.make_all_day()
    assert {event.rrule for event in (scheduled, ruled, made)} == {"FREQ=DAILY;COUNT=3"}


def test_times_of_an_all_day_event_are_sound_only_without_times_in_the_rule() -> None:
    timing = Timing(TimeKind.ALL_DAY, MIDNIGHT, None, None, "FREQ=DAILY;BYHOUR=9", (), (), ())
    with pytest.raises(NotMidnight):
        timing.require_sound()
