"""When a calendar event takes place: its times, its series, and what becomes of skips and changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from domain.productivity.calendar_event import CalendarEvent
from domain.productivity.calendar_event_terms import (
    EndBeforeStart,
    EventAllDay,
    EventTimed,
    NoSuchOccurrence,
    NotMidnight,
    NotRecurring,
    OccurrenceIsSkipped,
    OccurrenceTwice,
    Override,
    TimeKind,
    ZoneMismatch,
)
from domain.productivity.calendar_series import CalendarSeries
from domain.productivity.occurrences import MAX_OCCURRENCES
from domain.productivity.rule import RuleUnreadable
from domain.shared.errors import DomainError
from domain.shared.record import TooMany
from tests.domain.productivity.series import DAY, END, HOUR, MIDNIGHT, START, WEEK, a_day, an_event, wall


def last(event: CalendarEvent) -> CalendarSeries.Event:
    found = event.pending_events[-1]
    assert isinstance(found, CalendarSeries.Event)
    return found


def test_timed_event_ends_after_it_starts_or_has_no_end() -> None:
    assert an_event(end_local=None).end_local is None
    for end in (START, START - HOUR):
        with pytest.raises(EndBeforeStart):
            an_event(end_local=end)


def test_all_day_event_may_end_on_the_day_it_starts() -> None:
    assert a_day(end_local=MIDNIGHT).end_local == MIDNIGHT
    with pytest.raises(EndBeforeStart):
        a_day(end_local=MIDNIGHT - DAY)


@pytest.mark.parametrize(
    ("kind", "timezone"),
    [
        (TimeKind.ZONED, None),
        (TimeKind.UTC, "Europe/Berlin"),
        (TimeKind.FLOATING, "Europe/Berlin"),
        (TimeKind.ALL_DAY, "Europe/Berlin"),
    ],
)
def test_zoned_event_and_no_other_has_a_zone(kind: TimeKind, timezone: str | None) -> None:
    with pytest.raises(ZoneMismatch):
        an_event(MIDNIGHT, None, time_kind=kind, timezone=timezone)


@pytest.mark.parametrize(
    "fields",
    [
        {"start_local": START},
        {"end_local": END},
        {"rdates": (START + WEEK,)},
        {"rrule": "FREQ=DAILY", "overrides": (Override(MIDNIGHT, start_local=START),)},
    ],
)
def test_all_day_event_has_no_times_of_day(fields: dict[str, Any]) -> None:
    with pytest.raises(NotMidnight):
        a_day(**fields)


def test_rule_with_an_impossible_end_is_refused() -> None:
    with pytest.raises(RuleUnreadable):
        an_event(rrule="FREQ=DAILY;UNTIL=20261399")
    with pytest.raises(RuleUnreadable):
        an_event().set_recurrence("FREQ=DAILY;UNTIL=20261399")


def test_rescheduled_event_keeps_its_length_unless_given_a_new_end() -> None:
    event = an_event()
    event.reschedule(START + DAY)
    assert (event.start_local, event.end_local, event.sequence) == (START + DAY, END + DAY, 1)
    event.reschedule(START, end_local=END + HOUR)
    assert (event.start_local, event.end_local, event.sequence) == (START, END + HOUR, 2)
    assert last(event).TOPIC == "calendar_event.rescheduled"


def test_rescheduled_event_still_ends_after_it_starts() -> None:
    with pytest.raises(EndBeforeStart):
        an_event().reschedule(START, end_local=START)


def test_new_zone_keeps_the_times_on_the_wall() -> None:
    event = an_event()
    event.change_timezone("Asia/Tokyo")
    assert (event.start_local, event.timezone, event.sequence) == (START, "Asia/Tokyo", 1)
    event.change_timezone(None)
    assert (event.start_local, event.timezone, event.time_kind) == (START, None, TimeKind.FLOATING)


def test_event_in_utc_gets_a_zone_of_its_own() -> None:
    event = an_event(time_kind=TimeKind.UTC, timezone=None)
    event.change_timezone("Europe/Berlin")
    assert (event.time_kind, event.timezone) == (TimeKind.ZONED, "Europe/Berlin")


def test_all_day_event_has_no_zone_to_change() -> None:
    with pytest.raises(EventAllDay):
        a_day().change_timezone("Europe/Berlin")


@pytest.mark.parametrize(
    ("end", "day_after"),
    [
        (None, None),
        (wall("2026-01-05 10:00"), wall("2026-01-06")),
        (wall("2026-01-06 00:00"), wall("2026-01-06")),
        (wall("2026-01-07 00:01"), wall("2026-01-08")),
    ],
)
def test_event_made_all_day_covers_all_the_days_it_touched(
    end: datetime | None, day_after: datetime | None
) -> None:
    event = an_event(end_local=end)
    event.make_all_day()
    assert (event.time_kind, event.timezone) == (TimeKind.ALL_DAY, None)
    assert (event.start_local, event.end_local, event.sequence) == (MIDNIGHT, day_after, 1)


def test_event_that_lasts_all_day_is_left_so() -> None:
    event = a_day()
    event.make_all_day()
    assert event.version == 1


def test_all_day_event_gets_a_time_in_a_zone_or_anywhere() -> None:
    zoned, floating = a_day(), a_day()
    zoned.make_timed(START, end_local=END, timezone="Europe/Berlin")
    floating.make_timed(START)
    assert (zoned.time_kind, zoned.timezone, zoned.end_local) == (TimeKind.ZONED, "Europe/Berlin", END)
    assert (floating.time_kind, floating.timezone, floating.end_local) == (TimeKind.FLOATING, None, None)
    with pytest.raises(EventTimed):
        zoned.make_timed(START)


def test_recurrence_is_set_with_the_dates_there_are_or_with_others() -> None:
    event = an_event(rdates=(START + DAY,))
    event.set_recurrence("FREQ=WEEKLY")
    assert (event.rrule, event.rdates, event.sequence) == ("FREQ=WEEKLY", (START + DAY,), 1)
    event.set_recurrence("FREQ=WEEKLY", rdates=())
    assert (event.rdates, event.sequence) == ((), 2)


def test_new_rule_drops_what_no_longer_fits_and_says_what_is_kept() -> None:
    kept = Override(START + 2 * WEEK, title="kept")
    dropped = Override(START + 3 * WEEK, title="dropped")
    event = an_event(rrule="FREQ=WEEKLY", exdates=(START + WEEK, START + 4 * WEEK), overrides=(kept, dropped))
    event.set_recurrence("FREQ=WEEKLY;INTERVAL=2")
    changed = last(event)
    assert isinstance(changed, CalendarEvent.RecurrenceSet)
    assert (changed.exdates, changed.overrides) == ((START + 4 * WEEK,), (kept,))
    assert (event.exdates, event.overrides) == ((START + 4 * WEEK,), (kept,))


def test_series_cleared_takes_place_once() -> None:
    event = an_event(
        rrule="FREQ=WEEKLY",
        rdates=(START + DAY,),
        exdates=(START + WEEK,),
        overrides=(Override(START, title="x"),),
    )
    event.clear_recurrence()
    assert (event.rrule, event.rdates, event.exdates, event.overrides) == (None, (), (), ())
    assert event.sequence == 1


def test_skipped_occurrence_can_be_restored() -> None:
    event = an_event(rrule="FREQ=WEEKLY")
    event.skip_occurrence(START + WEEK)
    event.skip_occurrence(START + WEEK)
    assert (event.exdates, event.sequence) == ((START + WEEK,), 1)
    event.restore_occurrence(START + WEEK)
    assert (event.exdates, event.sequence) == ((), 2)


def test_skipping_forgets_a_change_of_the_same_occurrence() -> None:
    event = an_event(rrule="FREQ=WEEKLY")
    event.change_occurrence(START + WEEK, title="Brunch")
    event.skip_occurrence(START + WEEK)
    assert (event.exdates, event.overrides) == ((START + WEEK,), ())


def test_skipped_occurrence_must_be_restored_before_it_is_changed() -> None:
    event = an_event(rrule="FREQ=WEEKLY")
    event.skip_occurrence(START)
    with pytest.raises(OccurrenceIsSkipped):
        event.change_occurrence(START, title="Brunch")


def test_changed_occurrence_differs_only_in_what_was_last_given() -> None:
    event = an_event(rrule="FREQ=WEEKLY")
    event.change_occurrence(START + WEEK, start_local=START + WEEK + HOUR)
    event.change_occurrence(START + WEEK, title="Brunch", cancelled=True)
    assert event.overrides == (Override(START + WEEK, title="Brunch", cancelled=True),)


def test_occurrence_changed_back_is_as_in_the_series() -> None:
    event = an_event(rrule="FREQ=WEEKLY")
    event.change_occurrence(START + WEEK, title="Brunch")
    event.change_occurrence(START + WEEK)
    assert event.overrides == ()
    event.change_occurrence(START + WEEK, title="Brunch")
    event.restore_occurrence(START + WEEK)
    assert event.overrides == ()


def test_sequence_grows_with_the_time_of_an_occurrence_and_not_with_its_words() -> None:
    event = an_event(rrule="FREQ=WEEKLY")
    event.change_occurrence(START, title="Brunch")
    assert event.sequence == 0
    event.change_occurrence(START, title="Brunch", end_local=END + HOUR)
    assert event.sequence == 1
    event.change_occurrence(START, title="Breakfast", end_local=END + HOUR)
    assert event.sequence == 1
    event.change_occurrence(START, cancelled=True)
    assert event.sequence == 2


def test_changed_occurrence_ends_after_it_starts() -> None:
    event = an_event(rrule="FREQ=WEEKLY")
    with pytest.raises(EndBeforeStart):
        event.change_occurrence(START, end_local=START)
    with pytest.raises(EndBeforeStart):
        event.change_occurrence(START, start_local=END, end_local=END)


@pytest.mark.parametrize(
    "use",
    [
        CalendarEvent.skip_occurrence,
        CalendarEvent.restore_occurrence,
        lambda event, moment: event.change_occurrence(moment, title="x"),
    ],
)
def test_occurrence_is_one_that_the_series_has(use: Callable[[CalendarEvent, datetime], None]) -> None:
    extra = START + DAY
    event = an_event(rrule="FREQ=WEEKLY;COUNT=3", rdates=(extra,))
    for known in (START, extra, START + 2 * WEEK):
        use(event, known)
    for unknown in (START + HOUR, START + 3 * WEEK, START - WEEK, START + 2 * DAY):
        with pytest.raises(NoSuchOccurrence):
            use(event, unknown)
    with pytest.raises(NotRecurring):
        use(an_event(), START)


@pytest.mark.parametrize(
    ("fields", "broken"),
    [
        ({"rrule": "FREQ=WEEKLY", "exdates": (START + DAY,)}, NoSuchOccurrence),
        ({"rrule": "FREQ=WEEKLY", "overrides": (Override(START + DAY),)}, NoSuchOccurrence),
        ({"exdates": (START,)}, NotRecurring),
        ({"overrides": (Override(START),)}, NotRecurring),
        ({"rrule": "FREQ=WEEKLY", "exdates": (START,), "overrides": (Override(START),)}, OccurrenceTwice),
        ({"rrule": "FREQ=WEEKLY", "overrides": (Override(START), Override(START))}, OccurrenceTwice),
        ({"rrule": "FREQ=WEEKLY", "overrides": (Override(START, end_local=START),)}, EndBeforeStart),
    ],
)
def test_scheduled_series_is_sound(fields: dict[str, Any], broken: type[DomainError]) -> None:
    with pytest.raises(broken):
        an_event(**fields)


def test_skips_are_bounded() -> None:
    event = an_event(rrule="FREQ=DAILY", exdates=tuple(START + n * DAY for n in range(MAX_OCCURRENCES)))
    with pytest.raises(TooMany):
        event.skip_occurrence(START + MAX_OCCURRENCES * DAY)


def test_changes_are_bounded_but_one_more_of_the_same_occurrence_is_not_one_more() -> None:
    changes = tuple(Override(START + n * DAY, title="x") for n in range(MAX_OCCURRENCES))
    event = an_event(rrule="FREQ=DAILY", overrides=changes)
    with pytest.raises(TooMany):
        event.change_occurrence(START + MAX_OCCURRENCES * DAY, title="x")
    event.change_occurrence(START, title="y")
    assert event.overrides[-1] == Override(START, title="y")
