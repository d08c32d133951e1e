"""What takes place when, for somebody in a zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from domain.productivity.calendar_event import CalendarEvent
from domain.productivity.calendar_event_terms import TimeKind
from infrastructure.errors import InvalidQuery, WindowTooLong
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from projections import agenda
from projections.agenda import Occurrence
from tests.store.asking import wall

pytestmark = pytest.mark.usefixtures("registered")

BERLIN = "Europe/Berlin"


def day_of(me: Session, store: Store, day: date, zone: str = "UTC", days: int = 1) -> list[Occurrence]:
    store.catch_up()
    since = datetime.combine(day, time(), ZoneInfo(zone))
    until = datetime.combine(day + timedelta(days=days), time(), ZoneInfo(zone))
    return list(me.agenda(since, until, zone=zone))


def test_a_weekly_event_stays_at_its_hour_on_the_wall_across_a_clock_change(
    store: Store, me: Session
) -> None:
    me.do(
        CalendarEvent.schedule, "Standup", time_kind=TimeKind.ZONED, timezone=BERLIN,
        start_local=wall(2026, 10, 5, 9), end_local=wall(2026, 10, 5, 9, 30), rrule="FREQ=WEEKLY",
    )  # fmt: skip
    found = day_of(me, store, date(2026, 10, 18), days=14)
    assert [occurrence.start.astimezone(UTC) for occurrence in found] == [
        datetime(2026, 10, 19, 7, tzinfo=UTC),
        datetime(2026, 10, 26, 8, tzinfo=UTC),
    ]
    assert {occurrence.end - occurrence.start for occurrence in found} == {timedelta(minutes=30)}
    far = day_of(me, store, date(2031, 3, 3))
    assert [occurrence.start.hour for occurrence in far] == [9]


def test_a_time_that_the_clock_change_skips_comes_as_much_later(store: Store, me: Session) -> None:
    me.do(
        CalendarEvent.schedule, "Night", time_kind=TimeKind.ZONED, timezone=BERLIN,
        start_local=wall(2026, 3, 28, 2, 30), rrule="FREQ=DAILY;COUNT=3",
    )  # fmt: skip
    found = day_of(me, store, date(2026, 3, 28), zone=BERLIN, days=3)
    assert [(each.start.hour, each.start.minute) for each in found] == [(2, 30), (3, 30), (2, 30)]


def test_single_occurrences_may_be_skipped_moved_renamed_or_cancelled(store: Store, me: Session) -> None:
    made = me.do(
        CalendarEvent.schedule, "Course", time_kind=TimeKind.UTC, start_local=wall(2026, 6, 1, 10),
        end_local=wall(2026, 6, 1, 11), rrule="FREQ=DAILY;COUNT=5",
    )  # fmt: skip
    assert len(day_of(me, store, date(2026, 6, 1), days=10)) == 5  # control
    me.do(CalendarEvent.skip_occurrence, made.id, wall(2026, 6, 2, 10))
    me.do(CalendarEvent.change_occurrence, made.id, wall(2026, 6, 3, 10), cancelled=True)
    me.do(
        CalendarEvent.change_occurrence,
        made.id,
        wall(2026, 6, 4, 10),
        start_local=wall(2026, 6, 20, 15),
        end_local=wall(2026, 6, 20, 17),
        title="Moved",
    )
    found = day_of(me, store, date(2026, 6, 1), days=10)
    assert [(each.start.day, each.title) for each in found] == [(1, "Course"), (5, "Course")]
    (moved,) = day_of(me, store, date(2026, 6, 20))
    assert (moved.start.hour, moved.end.hour, moved.title) == (15, 17, "Moved")
    me.do(CalendarEvent.restore_occurrence, made.id, wall(2026, 6, 2, 10))
    assert [each.start.day for each in day_of(me, store, date(2026, 6, 1), days=10)] == [1, 2, 5]


def test_all_day_and_floating_events_hang_on_the_askers_zone(store: Store, me: Session) -> None:
    me.do(CalendarEvent.schedule, "Holiday", time_kind=TimeKind.ALL_DAY, start_local=wall(2026, 7, 1))
    me.do(CalendarEvent.schedule, "Lunch", time_kind=TimeKind.FLOATING, start_local=wall(2026, 7, 1, 12))
    for zone, offset in (("Pacific/Auckland", 12), ("UTC", 0), ("America/Los_Angeles", -7)):
        holiday, lunch = day_of(me, store, date(2026, 7, 1), zone=zone)
        midnight = datetime(2026, 7, 1, tzinfo=UTC) - timedelta(hours=offset)
        assert (holiday.title, holiday.start, holiday.end) == (
            "Holiday",
            midnight,
            midnight + timedelta(days=1),
        )
        assert (holiday.all_day, lunch.all_day) == (True, False)
        assert lunch.start == midnight + timedelta(hours=12)
        for near in (date(2026, 6, 30), date(2026, 7, 2)):
            assert day_of(me, store, near, zone=zone) == []


def test_the_window_takes_in_what_overlaps_it_and_nothing_else(store: Store, me: Session) -> None:
    me.do(
        CalendarEvent.schedule, "Two hours", time_kind=TimeKind.UTC,
        start_local=wall(2026, 8, 1, 10), end_local=wall(2026, 8, 1, 12),
    )  # fmt: skip
    me.do(
        CalendarEvent.schedule, "Expedition", time_kind=TimeKind.UTC,
        start_local=wall(2026, 8, 1), end_local=wall(2026, 10, 20),
    )  # fmt: skip
    me.do(
        CalendarEvent.schedule, "Month", time_kind=TimeKind.UTC,
        start_local=wall(2026, 8, 1), end_local=wall(2026, 8, 31),
    )  # fmt: skip
    store.catch_up()

    def named(since: datetime, until: datetime) -> list[str]:
        return sorted(each.title for each in me.agenda(since.replace(tzinfo=UTC), until.replace(tzinfo=UTC)))

    assert named(wall(2026, 8, 1, 11), wall(2026, 8, 1, 11, 30)) == ["Expedition", "Month", "Two hours"]
    assert named(wall(2026, 8, 1, 12), wall(2026, 8, 1, 13)) == ["Expedition", "Month"]  # the end is outside
    assert named(wall(2026, 8, 1, 9), wall(2026, 8, 1, 10)) == ["Expedition", "Month"]  # so is the window's
    assert named(wall(2026, 8, 30), wall(2026, 8, 31)) == ["Expedition", "Month"]
    assert named(wall(2026, 10, 19), wall(2026, 10, 20)) == ["Expedition"]
    assert named(wall(2026, 10, 20), wall(2026, 10, 21)) == []


def test_cancelled_and_trashed_events_do_not_take_place(store: Store, me: Session) -> None:
    made = me.do(CalendarEvent.schedule, "Talk", time_kind=TimeKind.UTC, start_local=wall(2026, 8, 1, 10))
    assert len(day_of(me, store, date(2026, 8, 1))) == 1
    me.do(CalendarEvent.cancel, made.id)
    assert day_of(me, store, date(2026, 8, 1)) == []
    me.do(CalendarEvent.reinstate, made.id)
    assert len(day_of(me, store, date(2026, 8, 1))) == 1
    me.do(CalendarEvent.trash, made.id)
    assert day_of(me, store, date(2026, 8, 1)) == []


@pytest.mark.parametrize("zone", ["Pacific/Apia", "Pacific/Niue", "UTC"])
def test_a_window_may_reach_as_far_as_dates_do(store: Store, me: Session, zone: str) -> None:
    me.do(
        CalendarEvent.schedule, "Ages", time_kind=TimeKind.ZONED, timezone=zone,
        start_local=wall(1000, 1, 1), end_local=wall(2999, 12, 31),
    )  # fmt: skip
    me.do(CalendarEvent.schedule, "Lunch", time_kind=TimeKind.FLOATING, start_local=wall(2026, 7, 1, 12))
    store.catch_up()
    for offset in (timezone(timedelta(hours=-14)), UTC, timezone(timedelta(hours=14)), ZoneInfo(zone)):
        first, last = datetime.min.replace(tzinfo=offset), datetime.max.replace(tzinfo=offset)
        assert [each.title for each in me.agenda(first, last, zone=zone)] == ["Ages", "Lunch"]
        assert len(me.agenda(first, first + timedelta(days=2), zone=zone)) == 0
        assert len(me.agenda(last - timedelta(days=2), last, zone=zone)) == 0
    assert [each.title for each in day_of(me, store, date(1500, 1, 1))] == ["Ages"]


def test_an_occurrence_that_a_clock_change_moves_keeps_its_length(store: Store, me: Session) -> None:
    me.do(
        CalendarEvent.schedule, "Night", time_kind=TimeKind.ZONED, timezone=BERLIN, rrule="FREQ=DAILY",
        start_local=wall(2026, 3, 1, 2, 30), end_local=wall(2026, 3, 1, 3),
    )  # fmt: skip
    zone = ZoneInfo(BERLIN)
    changing = wall(2026, 3, 29).replace(tzinfo=zone)
    (night,) = day_of(me, store, changing.date(), BERLIN)
    assert (night.start, night.end) == (changing.replace(hour=3, minute=30), changing.replace(hour=4))
    (again,) = me.agenda(changing.replace(hour=3, minute=40), changing.replace(hour=3, minute=50))
    assert again == night
    assert len(me.agenda(changing.replace(hour=4), changing.replace(hour=5))) == 0
    (usual,) = day_of(me, store, date(2026, 3, 30), BERLIN)
    assert (usual.start.hour, usual.start.minute, usual.end.hour) == (2, 30, 3)


def test_a_start_outside_the_gap_keeps_the_end_on_the_wall(store: Store, me: Session) -> None:
    me.do(
        CalendarEvent.schedule, "Shift", time_kind=TimeKind.ZONED, timezone=BERLIN,
        start_local=wall(2026, 3, 28, 22), end_local=wall(2026, 3, 29, 6),
    )  # fmt: skip
    (shift,) = day_of(me, store, date(2026, 3, 28), BERLIN)
    assert (shift.start.hour, shift.end.hour) == (22, 6)
    assert shift.end.astimezone(UTC) - shift.start.astimezone(UTC) == timedelta(hours=7)


def test_a_day_whose_midnight_is_skipped_ends_with_the_day(store: Store, me: Session) -> None:
    me.do(CalendarEvent.schedule, "Holiday", time_kind=TimeKind.ALL_DAY, start_local=wall(2026, 4, 24))
    (holiday,) = day_of(me, store, date(2026, 4, 24), "Africa/Cairo")
    assert (holiday.start.hour, holiday.end) == (1, wall(2026, 4, 25).replace(tzinfo=holiday.end.tzinfo))


def test_what_is_planned_for_a_skipped_day_takes_place_the_day_after(store: Store, me: Session) -> None:
    me.do(
        CalendarEvent.schedule, "Boat", time_kind=TimeKind.ZONED, timezone="Pacific/Apia",
        start_local=wall(2011, 12, 30, 10), end_local=wall(2011, 12, 30, 11),
    )  # fmt: skip
    store.catch_up()
    apia = ZoneInfo("Pacific/Apia")
    ten = wall(2011, 12, 31, 10).replace(tzinfo=apia)
    (boat,) = me.agenda(ten - timedelta(hours=1), ten + timedelta(minutes=30))
    assert (boat.start, boat.end) == (ten, ten + timedelta(hours=1))


def test_a_window_in_which_a_series_would_be_cut_is_refused(store: Store, me: Session) -> None:
    me.do(
        CalendarEvent.schedule, "Pill", time_kind=TimeKind.UTC,
        start_local=wall(2020, 1, 1, 8), rrule="FREQ=DAILY",
    )  # fmt: skip
    first = date(2020, 1, 1)
    assert len(day_of(me, store, first, days=10_000)) == 10_000
    with pytest.raises(WindowTooLong, match="shorter"):
        day_of(me, store, first, days=10_001)
    assert issubclass(WindowTooLong, InvalidQuery)


def test_a_window_short_enough_is_answered_whatever_lies_around_it(store: Store, me: Session) -> None:
    me.do(
        CalendarEvent.schedule, "Tick", time_kind=TimeKind.UTC, start_local=wall(2026, 1, 1), rrule="FREQ=MINUTELY;INTERVAL=5"
    )  # fmt: skip
    store.catch_up()
    noon = datetime(2126, 2, 1, 12, tzinfo=UTC)
    assert [each.start.minute for each in me.agenda(noon, noon + timedelta(minutes=15))] == [0, 5, 10]
    assert len(me.agenda(noon, noon + timedelta(days=31))) == 31 * 288
    with pytest.raises(WindowTooLong):
        me.agenda(noon, noon + timedelta(days=35))


def test_hour_that_clocks_leave_out_doubles_nothing(store: Store, me: Session) -> None:
    me.do(
        CalendarEvent.schedule, "Drops", time_kind=TimeKind.ZONED, timezone="Europe/Lisbon",
        start_local=wall(2027, 3, 28), rrule="FREQ=MINUTELY;INTERVAL=30;UNTIL=20270328T030000",
    )  # fmt: skip
    store.catch_up()
    lisbon = ZoneInfo("Europe/Lisbon")
    found = me.agenda(wall(2027, 3, 28).replace(tzinfo=lisbon), wall(2027, 3, 29).replace(tzinfo=lisbon))
    assert [f"{each.start.astimezone(lisbon):%H:%M}" for each in found] == [
        "00:00",
        "00:30",
        "02:00",
        "02:30",
        "03:00",
    ]


def test_window_with_more_than_anybody_reads_of_many_events_is_refused(
    store: Store, me: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agenda, "MAX_LISTED", 500)
    for _ in range(2):
        me.do(
            CalendarEvent.schedule, "Tick", time_kind=TimeKind.UTC,
            start_local=wall(2026, 1, 1), rrule="FREQ=MINUTELY;INTERVAL=5",
        )  # fmt: skip
    store.catch_up()
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert len(me.agenda(noon, noon + timedelta(hours=12))) == 288
    with pytest.raises(WindowTooLong):
        day_of(me, store, date(2026, 1, 1))
