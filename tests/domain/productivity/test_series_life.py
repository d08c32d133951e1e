"""A series under any commands in any order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.catalogue import events_of, topic_of
from domain.productivity.calendar_event import CalendarEvent
from domain.productivity.calendar_event_terms import EventCancelled, IcalStatus, TimeKind
from domain.shared.errors import DomainError
from domain.shared.record import Origin, Source, state_fields
from domain.shared.values import new_id
from tests.domain.productivity.series import DAY, END, HOUR, MIDNIGHT, START


def state(event: CalendarEvent) -> dict[str, object]:
    return {name: getattr(event, name) for name in state_fields(CalendarEvent)} | {"version": event.version}


RULES = [
    "FREQ=WEEKLY",
    "FREQ=DAILY;BYHOUR=9,10",
    "FREQ=DAILY;COUNT=9",
    "FREQ=WEEKLY;BYDAY=MO,WE",
    "FREQ=DAILY;UNTIL=20260112T080000Z",
    "FREQ=DAILY;UNTIL=20260112",
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
