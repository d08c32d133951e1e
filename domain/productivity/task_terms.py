"""The words of a task: its states, parts and the rules it may break."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from domain.shared.errors import IllegalTransition, RuleBroken
from domain.shared.values import Id, Line, LocalTime, Moment

MAX_CHECKLIST = 200
MAX_DEPENDENCIES = 100
MAX_DEPENDENTS = 1000
MAX_LAG_MINUTES = 5_256_000

Minutes = Annotated[int, Field(ge=0, le=10_000_000)]

LagMinutes = Annotated[int, Field(ge=0, le=MAX_LAG_MINUTES)]
"""Minutes that must pass first, up to ten years."""


class Status(StrEnum):
    TODO = "todo"
    IN_PROGRESS = "in_progress"
    BLOCKED = "blocked"
    WAITING = "waiting"
    DONE = "done"
    CANCELLED = "cancelled"


StatedStatus = Literal[Status.TODO, Status.IN_PROGRESS, Status.WAITING, Status.DONE, Status.CANCELLED]
"""What a task can be said to be; that it is blocked follows from its predecessors."""


class Priority(StrEnum):
    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"


class Energy(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class RecurrenceMode(StrEnum):
    """What the next instance of a recurring task is reckoned from: the days of this one, or when it was done."""

    ON_SCHEDULE = "on_schedule"
    AFTER_COMPLETION = "after_completion"


class DependencyType(StrEnum):
    """What of the other task must come first, and what of this one waits for it."""

    FINISH_TO_START = "finish_to_start"
    START_TO_START = "start_to_start"
    FINISH_TO_FINISH = "finish_to_finish"
    START_TO_FINISH = "start_to_finish"


class TaskClosed(IllegalTransition):
    """The task is done or cancelled; reopen it first."""


class TaskOpen(IllegalTransition):
    """The task is still open."""


class NotWaiting(IllegalTransition):
    """The task is not waiting for anything."""


class PredecessorsOpen(RuleBroken):
    """Tasks that must be finished or begun first have not been."""


class TooEarly(RuleBroken):
    """What must come first has come, but the time that must pass after it has not passed."""

    def __init__(self, not_before: datetime) -> None:
        super().__init__()
        self.not_before = not_before  # and not in the message: it tells when something was done


class SubtasksOpen(RuleBroken):
    """Tasks under this one are still open; complete them first, or with it."""


class StartAfterDue(RuleBroken):
    """A task cannot start after it is due."""


class TaskCycle(RuleBroken):
    """Tasks must not wait for themselves, not even through others."""


class ItemExists(RuleBroken):
    """The checklist has an item with this id already."""


class TimeOverlap(RuleBroken):
    """Logged times must not overlap and must end after they start."""


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """One line of a task's checklist."""

    id: Id
    text: Line
    checked: bool = False


@dataclass(frozen=True, slots=True)
class Dependency:
    """Another task that comes first, and the time that must pass after that."""

    task_id: Id
    type: DependencyType = DependencyType.FINISH_TO_START
    lag_minutes: LagMinutes = 0

    @property
    def holds_start(self) -> bool:
        """Whether the task must not even begin before; else it must not end."""
        return self.type in (DependencyType.FINISH_TO_START, DependencyType.START_TO_START)

    @property
    def waits_for_start(self) -> bool:
        """Whether it is enough that the other task has begun; else it must have ended."""
        return self.type in (DependencyType.START_TO_START, DependencyType.START_TO_FINISH)

    @property
    def lag(self) -> timedelta:
        """The time that must pass; all days have 24 hours."""
        return timedelta(minutes=self.lag_minutes)


def _of_id_alone(value: Any) -> Any:  # noqa: ANN401 - whatever was stored
    return {"task_id": value} if isinstance(value, str) else value


KeptDependency = Annotated[Dependency, BeforeValidator(_of_id_alone)]
"""A dependency as states hold it; a revert of the time when all were from finish to start stored the ids alone."""


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """A piece of work on a task."""

    started_at: Moment
    ended_at: Moment


@dataclass(frozen=True)
class Details:
    """What the source of a task can say of it."""

    title: str
    notes: str
    priority: Priority
    start_on: date | None
    start_at: LocalTime | None
    due: date | None
    due_at: LocalTime | None
    timezone: str | None
    recurrence: str | None
    status: Status
    completed_at: datetime | None
    percent_complete: int


def without_start_time(data: dict[str, Any]) -> None:
    """Make an event of the first version one of the second: tasks began on a day, at no time of it."""
    data["start_at"] = None


def from_finish_to_start(data: dict[str, Any]) -> None:
    """Make an event of the first version one of the second: all tasks waited for the end of others, and no longer."""
    data["dependency_type"] = DependencyType.FINISH_TO_START
    data["lag_minutes"] = 0
