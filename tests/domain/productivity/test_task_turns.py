"""Completing a task that recurs makes its next instance."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from domain.productivity.task import Task
from domain.productivity.task_terms import Energy, Priority, RecurrenceMode, Status
from domain.productivity.task_turns import Turn
from domain.shared.record import Origin
from domain.shared.values import new_id
from tests.domain.shelf import Shelf

ON_SCHEDULE, AFTER_COMPLETION = RecurrenceMode.ON_SCHEDULE, RecurrenceMode.AFTER_COMPLETION
MONDAY, WEDNESDAY = date(2026, 3, 2), date(2026, 3, 4)
MORNING = datetime(2026, 3, 2, 8)  # noqa: DTZ001 - wall time


def noon(day: date) -> datetime:
    return datetime.combine(day, MORNING.replace(hour=12).time())


def kept(**fields: Any) -> tuple[Task, Shelf]:
    shelf = Shelf()
    task = Task.create(Origin(new_id(), peers=shelf), "Water the plants", **fields)
    shelf.add(task)
    return task, shelf


def done(task: Task, day: date, hour: int = 12) -> None:
    task.complete(completed_at=datetime(day.year, day.month, day.day, hour, tzinfo=UTC))


def next_of(task: Task, shelf: Shelf) -> Task:
    assert task.next_id is not None
    following = shelf.get(Task, task.next_id)
    assert following is not None
    return following


def test_next_instance_is_like_the_one_before_with_nothing_done() -> None:
    (parent, shelf), helper, garden = kept(), new_id(), new_id()
    task = Task.create(
        Origin(new_id(), peers=shelf), "Water", notes="all", priority=Priority.HIGH, due=MONDAY,
        estimate_minutes=5, list_name="Home", recurrence="FREQ=WEEKLY",
    )  # fmt: skip
    shelf.add(task)
    task.nest_under(parent.id)
    task.add_checklist_item("kitchen")
    task.check_item(task.checklist[0].id)
    task.tag("plants")
    task.move_to_list("Home", section="Garden")
    task.suit("outside", energy=Energy.LOW)
    task.assign(helper)
    task.locate(garden)
    task.start()
    done(task, MONDAY)
    following = next_of(task, shelf)
    assert (following.status, following.percent_complete, following.started_at) == (Status.TODO, 0, None)
    assert (following.title, following.notes, following.priority) == ("Water", "all", Priority.HIGH)
    assert (following.section, following.context, following.energy) == ("Garden", "outside", Energy.LOW)
    assert (following.assignee_contact_id, following.location_id) == (helper, garden)
    assert (following.estimate_minutes, following.list_name, following.tags) == (5, "Home", ("plants",))
    assert [(item.text, item.checked) for item in following.checklist] == [("kitchen", False)]
    assert (following.due, following.recurrence) == (date(2026, 3, 9), "FREQ=WEEKLY")
    assert (following.parent_id, parent.children) == (parent.id, (task.id, following.id))
    assert task.status is Status.DONE


def test_next_instance_is_made_once() -> None:
    task, shelf = kept(due=MONDAY, recurrence="FREQ=DAILY")
    before = task.id
    done(task, MONDAY)
    made = next_of(task, shelf).id
    task.reopen()
    done(task, WEDNESDAY)
    assert (task.next_id, set(shelf.records)) == (made, {before, made})


def test_task_that_does_not_recur_has_no_next_instance() -> None:
    task, shelf = kept(due=MONDAY, recurrence="FREQ=DAILY")
    task.stop_recurrence()
    done(task, MONDAY)
    assert (task.next_id, len(shelf.records)) == (None, 1)


def test_subtasks_completed_with_their_task_are_not_made_anew() -> None:
    parent, shelf = kept()
    child = Task.create(Origin(new_id(), peers=shelf), "Water", due=MONDAY, recurrence="FREQ=DAILY")
    shelf.add(child)
    child.nest_under(parent.id)
    parent.complete(complete_subtasks=True)
    assert (child.status, child.next_id) == (Status.DONE, None)


def test_mode_goes_on_with_the_series() -> None:
    task, shelf = kept(due=MONDAY)
    task.set_recurrence("FREQ=DAILY;INTERVAL=3", mode=AFTER_COMPLETION)
    task.set_recurrence("FREQ=DAILY;INTERVAL=3", mode=AFTER_COMPLETION)
    done(task, WEDNESDAY)
    following = next_of(task, shelf)
    assert (following.due, following.recurrence_mode) == (date(2026, 3, 7), AFTER_COMPLETION)
    assert task.version == 4


def test_the_day_of_completion_is_that_of_the_tasks_time_zone() -> None:
    task, shelf = kept(due=MONDAY, timezone="Asia/Tokyo")
    task.set_recurrence("FREQ=DAILY", mode=AFTER_COMPLETION)
    done(task, MONDAY, hour=20)  # Tuesday there
    assert next_of(task, shelf).due == WEDNESDAY


def test_series_counts_down_and_ends() -> None:
    task, shelf = kept(due=MONDAY, recurrence="FREQ=DAILY;COUNT=4;WKST=MO")
    done(task, WEDNESDAY)  # the one of Tuesday is passed over
    third = next_of(task, shelf)
    assert (third.due, third.recurrence) == (WEDNESDAY, "FREQ=DAILY;COUNT=2;WKST=MO")
    done(third, WEDNESDAY)
    last = next_of(third, shelf)
    assert last.recurrence == "FREQ=DAILY;COUNT=1;WKST=MO"
    done(last, WEDNESDAY)
    assert last.next_id is None


@pytest.mark.parametrize(
    ("turn", "done_on", "mode", "days"),
    [
        (Turn("FREQ=WEEKLY", None, MONDAY, None), MONDAY, ON_SCHEDULE, (None, date(2026, 3, 9))),
        # done early: the one after it, not the same one again
        (Turn("FREQ=WEEKLY", None, MONDAY, None), date(2026, 2, 20), ON_SCHEDULE, (None, date(2026, 3, 9))),
        # done late: those missed are passed over, that of the day itself is not
        (Turn("FREQ=WEEKLY", None, MONDAY, None), date(2026, 3, 16), ON_SCHEDULE, (None, date(2026, 3, 16))),
        (Turn("FREQ=WEEKLY", None, MONDAY, None), date(2026, 3, 17), ON_SCHEDULE, (None, date(2026, 3, 23))),
        # a task that may be begun before it is due is missed when it can no longer be done in time
        (Turn("FREQ=WEEKLY", MONDAY, date(2026, 3, 6), None), date(2026, 3, 13), ON_SCHEDULE,
         (date(2026, 3, 9), date(2026, 3, 13))),
        (Turn("FREQ=WEEKLY", MONDAY, date(2026, 3, 6), None), date(2026, 3, 14), ON_SCHEDULE,
         (date(2026, 3, 16), date(2026, 3, 20))),
        (Turn("FREQ=WEEKLY;BYDAY=MO", None, WEDNESDAY, None), WEDNESDAY, ON_SCHEDULE, (None, date(2026, 3, 9))),
        (Turn("FREQ=MONTHLY;INTERVAL=2", None, MONDAY, None), MONDAY, ON_SCHEDULE, (None, date(2026, 5, 2))),
        (Turn("FREQ=WEEKLY", None, MONDAY, None), WEDNESDAY, AFTER_COMPLETION, (None, date(2026, 3, 11))),
        (Turn("FREQ=WEEKLY;BYDAY=MO", None, MONDAY, None), WEDNESDAY, AFTER_COMPLETION, (None, date(2026, 3, 9))),
        (Turn("FREQ=WEEKLY", None, None, None), WEDNESDAY, ON_SCHEDULE, (None, date(2026, 3, 11))),
        (Turn("FREQ=DAILY;UNTIL=20260303", None, MONDAY, None), MONDAY, ON_SCHEDULE, (None, date(2026, 3, 3))),
    ],
)  # fmt: skip
def test_days_of_the_next_instance(
    turn: Turn, done_on: date, mode: RecurrenceMode, days: tuple[date | None, date]
) -> None:
    following = turn.following(noon(done_on), mode, None)
    assert following is not None
    assert (following.start_on, following.due) == days


@pytest.mark.parametrize(
    "rule", ["FREQ=DAILY;UNTIL=20260302", "FREQ=DAILY;COUNT=1", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"]
)
def test_series_that_is_over_has_no_next_instance(rule: str) -> None:
    assert Turn(rule, None, MONDAY, None).following(noon(MONDAY), ON_SCHEDULE, None) is None


def test_local_time_follows_the_rule() -> None:
    turn = Turn("FREQ=DAILY;BYHOUR=8,20", None, None, MORNING).following(
        noon(MONDAY), ON_SCHEDULE, "Europe/Berlin"
    )
    assert turn is not None
    assert turn.due_at == MORNING.replace(hour=20)


@pytest.mark.parametrize(
    ("rule", "done_at", "mode", "due_at"),
    [
        ("FREQ=HOURLY;INTERVAL=4", MORNING.replace(minute=5), ON_SCHEDULE, MORNING.replace(hour=12)),
        # done late: those missed are passed over
        ("FREQ=HOURLY;INTERVAL=4", MORNING.replace(hour=17), ON_SCHEDULE, MORNING.replace(hour=20)),
        ("FREQ=HOURLY;INTERVAL=4", MORNING.replace(hour=22), ON_SCHEDULE, MORNING.replace(day=3, hour=0)),
        ("FREQ=HOURLY;INTERVAL=4", MORNING.replace(hour=9, minute=20, second=7), AFTER_COMPLETION,
         MORNING.replace(hour=13, minute=20)),
        ("FREQ=SECONDLY;INTERVAL=30", MORNING.replace(minute=1, second=27), AFTER_COMPLETION,
         MORNING.replace(minute=1, second=57)),
        ("FREQ=MINUTELY;INTERVAL=20;BYHOUR=8", MORNING.replace(hour=9), ON_SCHEDULE, MORNING.replace(day=3)),
    ],
)  # fmt: skip
def test_task_by_the_hour_comes_back_at_its_time(
    rule: str, done_at: datetime, mode: RecurrenceMode, due_at: datetime
) -> None:
    following = Turn(rule, None, None, MORNING).following(done_at, mode, "Europe/Berlin")
    assert following is not None
    assert following.due_at == due_at


@pytest.mark.parametrize("rule", ["FREQ=HOURLY", "FREQ=DAILY;BYHOUR=9,17"])
@pytest.mark.parametrize("mode", RecurrenceMode)
def test_task_that_is_due_on_a_day_does_not_come_back_on_that_day(rule: str, mode: RecurrenceMode) -> None:
    following = Turn(rule, None, MONDAY, None).following(noon(MONDAY), mode, None)
    assert following is not None
    assert following.due == date(2026, 3, 3)


def test_series_of_every_second_for_ages_is_gone_through_at_once() -> None:
    everything = ",".join(map(str, range(60)))
    rule = f"FREQ=DAILY;BYHOUR={','.join(map(str, range(24)))};BYMINUTE={everything};BYSECOND={everything}"
    following = Turn(rule, None, date(1000, 1, 1), None).following(noon(MONDAY), ON_SCHEDULE, None)
    assert following is not None
    assert following.due == MONDAY
