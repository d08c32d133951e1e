"""When a calendar event takes place: its times, its series, and what becomes of skips and changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.catalogue import events_of, topic_of
from domain.productivity.calendar_event import CalendarEvent
from domain.productivity.calendar_event_terms import (
    EndBeforeStart,
    EventAllDay,
    EventCancelled,
    EventTimed,
    IcalStatus,
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
from domain.productivity.occurrences import MAX_OCCURRENCES, RuleUnreadable
from domain.productivity.timing import Timing
from domain.shared.errors import DomainError
from domain.shared.record import Origin, Source, TooMany, state_fields
from domain.shared.values import new_id


def wall(text: str) -> datetime:
    """Return a time on the wall: it has no zone."""
    return datetime.fromisoformat(text)


START = wall("2026-01-05 09:00")  # a Monday
END = wall("2026-01-05 10:00")
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
MIDNIGHT = wall("2026-01-05")


def an_event(start_local: datetime = START, end_local: datetime | None = END, **fields: Any) -> CalendarEvent:
    zone: dict[str, Any] = {"time_kind": TimeKind.ZONED, "timezone": "Europe/Berlin"}
    origin = Origin(new_id())
    return CalendarEvent.schedule(
        origin, "Breakfast", start_local=start_local, end_local=end_local, **(zone | fields)
    )


def a_day(
    start_local: datetime = MIDNIGHT, end_local: datetime | None = None, **fields: Any
) -> CalendarEvent:
    return an_event(start_local, end_local, time_kind=TimeKind.ALL_DAY, timezone=None, **fields)


def last(event: CalendarEvent) -> CalendarSeries.Event:
    found = event.pending_events[-1]
    assert isinstance(found, CalendarSeries.Event)
    return found


def state(event: CalendarEvent) -> dict[str, object]:
    return {name: getattr(event, name) for name in state_fields(CalendarEvent)} | {"version": event.version}


# The times of one event


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


# The series


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


def test_until_in_utc_ends_a_zoned_series_on_its_own_clock() -> None:
    event = an_event(rrule="FREQ=WEEKLY;UNTIL=20260112T080000Z")  # 9:00 in Berlin
    event.skip_occurrence(START + WEEK)
    assert len(event.exdates) == 1
    event.change_timezone("America/New_York")  # there it is 3:00: the series now ends a week earlier
    assert not event.exdates


# What follows when the whole series moves


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


RULES = [
    "FREQ=WEEKLY",
    "FREQ=DAILY;BYHOUR=9,10",
    "FREQ=DAILY;COUNT=9",
    "FREQ=WEEKLY;BYDAY=MO,WE",
    "FREQ=DAILY;UNTIL=20260112T080000Z",
]
MOMENTS = st.builds(
    lambda day, hour: MIDNIGHT + day * DAY + hour * HOUR, st.integers(0, 14), st.sampled_from([0, 9, 10])
)

TIMES = ("time_kind", "start_local", "end_local", "timezone", "rrule", "rdates", "exdates")


class SeriesLife(RuleBasedStateMachine):
    """Whatever is done to a series and in whatever order, it stays sound and can be replayed."""

    @initialize(imported=st.booleans(), rrule=st.sampled_from(RULES))
    def schedule(self, *, imported: bool, rrule: str) -> None:
        self.event = CalendarEvent.schedule(
            Origin(new_id(), source=Source("ical", "7") if imported else None),
            "Breakfast",
            time_kind=TimeKind.ZONED,
            start_local=START,
            end_local=END,
            timezone="Europe/Berlin",
            rrule=rrule,
        )
        self.sequence = 0

    def attempt(self, command: Callable[..., None], *args: object, **kwargs: object) -> bool:
        """Run a command; one that is refused must leave no trace, and one that runs at most one event."""
        before = state(self.event)
        refused: DomainError | None = None
        try:
            command(self.event, *args, **kwargs)
        except DomainError as error:
            refused = error
        after = state(self.event)
        cancelled = before["ical_status"] is IcalStatus.CANCELLED
        assert cancelled or not isinstance(refused, EventCancelled)
        steps = self.event.version - int(str(before["version"]))
        assert steps in ({0} if refused else {0, 1})
        assert (steps == 0) is (after == before)
        by_person = command is not CalendarEvent.refresh
        if by_person and any(after[name] != before[name] for name in TIMES):
            assert self.event.sequence == int(str(before["sequence"])) + 1
            assert not cancelled
        return refused is None

    @rule(
        verb=st.sampled_from(
            [
                CalendarEvent.confirm,
                CalendarEvent.mark_tentative,
                CalendarEvent.cancel,
                CalendarEvent.reinstate,
                CalendarEvent.reinstate,
                CalendarEvent.clear_recurrence,
                CalendarEvent.make_all_day,
            ]
        )
    )
    def move_on(self, verb: Callable[[CalendarEvent], None]) -> None:
        self.attempt(verb)

    @rule(start=MOMENTS, length=st.none() | st.sampled_from([DAY, HOUR, -HOUR]))
    def reschedule(self, start: datetime, length: timedelta | None) -> None:
        self.attempt(CalendarEvent.reschedule, start, end_local=length and start + length)

    @rule(zone=st.sampled_from([None, "Europe/Berlin", "America/New_York"]), start=MOMENTS)
    def change_zone(self, zone: str | None, start: datetime) -> None:
        self.attempt(CalendarEvent.change_timezone, zone)
        self.attempt(CalendarEvent.make_timed, start, timezone=zone)

    @rule(rrule=st.sampled_from(RULES), rdates=st.none() | st.tuples(MOMENTS))
    def set_recurrence(self, rrule: str, rdates: tuple[datetime, ...] | None) -> None:
        self.attempt(CalendarEvent.set_recurrence, rrule, rdates=rdates)

    @rule(moment=MOMENTS)
    def skip(self, moment: datetime) -> None:
        if self.attempt(CalendarEvent.skip_occurrence, moment):
            assert moment in self.event.exdates

    @rule(moment=MOMENTS)
    def restore(self, moment: datetime) -> None:
        if self.attempt(CalendarEvent.restore_occurrence, moment):
            assert moment not in self.event.exdates

    @rule(
        moment=MOMENTS,
        start=st.none() | MOMENTS,
        end=st.none() | MOMENTS,
        title=st.none() | st.just("x"),
        cancelled=st.booleans(),
    )
    def change(
        self,
        moment: datetime,
        *,
        start: datetime | None,
        end: datetime | None,
        title: str | None,
        cancelled: bool,
    ) -> None:
        self.attempt(
            CalendarEvent.change_occurrence,
            moment,
            start_local=start,
            end_local=end,
            title=title,
            cancelled=cancelled,
        )

    @rule(rrule=st.sampled_from(RULES), start=MOMENTS, status=st.sampled_from(IcalStatus))
    def refresh(self, rrule: str, start: datetime, status: IcalStatus) -> None:
        self.attempt(
            CalendarEvent.refresh,
            "Breakfast",
            time_kind=TimeKind.FLOATING,
            start_local=start,
            rrule=rrule,
            ical_status=status,
            sequence=self.event.sequence,
        )

    @invariant()
    def is_sound(self) -> None:
        """Schedule an event from the same fields: it is refused unless they keep all the rules."""
        names = (
            "time_kind",
            "start_local",
            "end_local",
            "timezone",
            "rrule",
            "rdates",
            "exdates",
            "overrides",
        )
        fields: dict[str, Any] = {name: getattr(self.event, name) for name in names}
        CalendarEvent.schedule(Origin(new_id()), "", **fields)
        assert (self.event.timezone is not None) is (self.event.time_kind is TimeKind.ZONED)

    @invariant()
    def sequence_never_falls(self) -> None:
        assert self.event.sequence >= self.sequence
        self.sequence = self.event.sequence

    @invariant()
    def replays_to_the_same(self) -> None:
        again: Any = None
        for each in self.event.pending_events:
            assert isinstance(each, CalendarEvent.Event)
            assert events_of(CalendarEvent)[topic_of(type(each), CalendarEvent)] is type(each)
            again = each.mutate(again)
        assert state(again) == state(self.event)


TestSeriesLife = SeriesLife.TestCase
TestSeriesLife.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
