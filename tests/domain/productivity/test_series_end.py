"""When a series with an UNTIL is over, and how that is written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time
from itertools import islice
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.productivity.calendar_event import CalendarEvent
from domain.productivity.calendar_event_terms import TimeKind
from domain.productivity.calendar_series import CalendarSeries
from domain.productivity.occurrences import every_occurrence
from domain.shared.record import Origin, Source, restored, state_of
from domain.shared.values import new_id
from infrastructure.ledger.codec import decode_event
from tests.domain.productivity.series import DAY, MIDNIGHT, START, WEEK, a_day, an_event

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
ZONED, UTC, FLOATING, ALL_DAY = TimeKind.ZONED, TimeKind.UTC, TimeKind.FLOATING, TimeKind.ALL_DAY


def starts(event: CalendarEvent, rrule: str | None) -> list[datetime]:
    found = every_occurrence(
        event.start_local,
        rrule,
        event.rdates,
        event.exdates,
        after=MIDNIGHT - DAY,
        before=MIDNIGHT + 60 * DAY,
        timezone=event.timezone,
    )
    return list(islice(found, 100))


def scheduled(kind: TimeKind, zone: str | None, rrule: str) -> CalendarEvent:
    start = MIDNIGHT if kind is ALL_DAY else START
    return an_event(start, None, time_kind=kind, timezone=zone, rrule=rrule)


def imported(kind: TimeKind, zone: str | None, rrule: str) -> CalendarEvent:
    """Return an event that its source has let recur later."""
    start: dict[str, Any] = {"time_kind": kind, "timezone": zone, "start_local": START}
    if kind is ALL_DAY:
        start["start_local"] = MIDNIGHT
    event = CalendarEvent.schedule(Origin(new_id(), source=Source("ical", "7")), "Choir", **start)
    event.refresh("Choir", rrule=rrule, **start)
    return event


def set_later(kind: TimeKind, zone: str | None, rrule: str) -> CalendarEvent:
    event = scheduled(kind, zone, "FREQ=MONTHLY")
    event.set_recurrence(rrule)
    return event


@pytest.mark.parametrize("made", [scheduled, imported, set_later])
@pytest.mark.parametrize(
    ("kind", "zone", "until", "kept"),
    [
        (ALL_DAY, None, "20260112", "20260112"),
        (ALL_DAY, None, "20260112T000000", "20260112"),
        (ALL_DAY, None, "20260112T235959Z", "20260112"),
        (FLOATING, None, "20260112", "20260112T235959"),
        (FLOATING, None, "20260112T090000", "20260112T090000"),
        (FLOATING, None, "20260112T090000Z", "20260112T090000"),
        (UTC, None, "20260112", "20260112T235959"),
        (UTC, None, "20260112T090000Z", "20260112T090000"),
        (ZONED, BERLIN, "20260112", "20260112T235959"),
        (ZONED, BERLIN, "20260112T090000", "20260112T090000"),
        (ZONED, BERLIN, "20260112T080000Z", "20260112T090000"),
        (ZONED, BERLIN, "20260712T070060Z", "20260712T090059"),
        (ZONED, NEW_YORK, "20260112T035959Z", "20260111T225959"),
        (ZONED, "Asia/Tokyo", "99991231T235959Z", "99991231T235959"),
        (ZONED, NEW_YORK, "00010101T000000Z", "00010101T000000"),
    ],
)
def test_until_is_kept_as_the_start_is_written(
    made: Callable[..., CalendarEvent], kind: TimeKind, zone: str | None, until: str, kept: str
) -> None:
    event = made(kind, zone, f"FREQ=DAILY;UNTIL={until};INTERVAL=2")
    assert event.rrule == f"FREQ=DAILY;UNTIL={kept};INTERVAL=2"


KINDS = st.sampled_from([(ALL_DAY, None), (FLOATING, None), (UTC, None), (ZONED, BERLIN), (ZONED, NEW_YORK)])
UNTILS = st.builds(
    lambda day, clock, form: datetime.combine(MIDNIGHT + day * DAY, clock).strftime(form),
    st.integers(-2, 50),
    st.sampled_from([time(0), time(8), time(9), time(9, 0, 1), time(14), time(23, 59, 59)]),
    st.sampled_from(["%Y%m%d", "%Y%m%dT%H%M%S", "%Y%m%dT%H%M%SZ"]),
)


@given(
    kind=KINDS, until=UNTILS, rule=st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,TH", "FREQ=MONTHLY"])
)
def test_however_until_is_written_the_series_has_the_same_occurrences(
    kind: tuple[TimeKind, str | None], until: str, rule: str
) -> None:
    written = f"{rule};UNTIL={until}"
    event = scheduled(*kind, written)
    assert starts(event, event.rrule) == starts(event, written)
    version = event.version
    event.set_recurrence(written)
    assert event.version == version


def test_until_is_on_the_wall_and_stays_there_in_another_zone() -> None:
    event = an_event(rrule="FREQ=WEEKLY;UNTIL=20260112T080000Z")  # 9:00 in Berlin
    event.skip_occurrence(START + WEEK)
    event.change_timezone(NEW_YORK)
    assert event.exdates == (START + WEEK,)


def test_until_becomes_a_date_and_a_time_with_the_event() -> None:
    event = an_event(rrule="FREQ=DAILY;UNTIL=20260108T090000")
    event.make_all_day()
    assert event.rrule == "FREQ=DAILY;UNTIL=20260108"
    event.make_timed(START, timezone=NEW_YORK)
    assert event.rrule == "FREQ=DAILY;UNTIL=20260108T235959"
    assert [each.day for each in starts(event, event.rrule)] == [5, 6, 7, 8]


def test_until_in_utc_that_an_old_event_holds_is_read_in_the_zone_it_had() -> None:
    event = an_event(start_local=START, rrule="FREQ=DAILY", timezone=NEW_YORK)
    state = state_of(event) | {"rrule": "FREQ=DAILY;UNTIL=20260108T045959Z"}  # 7 January, 23:59:59
    old = restored(CalendarEvent, event.id, 1, event.created_on, event.modified_on, state)
    old.retitle("Brunch")
    old.reschedule(START + DAY)
    assert old.rrule == "FREQ=DAILY;UNTIL=20260108T045959Z"
    old.make_all_day()
    assert old.rrule == "FREQ=DAILY;UNTIL=20260107"


def test_event_made_timed_before_the_rule_was_told_keeps_its_rule() -> None:
    event = a_day(rrule="FREQ=DAILY;UNTIL=20260108")
    data = {
        "sequence": 1,
        "time_kind": "floating",
        "timezone": None,
        "start_local": "2026-01-05T09:00:00",
        "end_local": None,
        "rdates": [],
        "exdates": [],
        "overrides": [],
    }
    envelope = (event.id, 2, event.modified_on)
    body = orjson.dumps({"purpose": None, "data": data})
    made_timed, _ = decode_event("calendar_event", "calendar_event.made_timed", 1, envelope, body)
    assert isinstance(made_timed, CalendarSeries.Event)
    again: Any = made_timed.mutate(event)
    assert (again.start_local, again.rrule) == (START, "FREQ=DAILY;UNTIL=20260108")
    assert [each.day for each in starts(again, again.rrule)] == [5, 6, 7, 8]
