"""The part of a task that says what must come before it, and whether that has come.

Both ends of a dependency are kept, as those of nesting are: a task that ends tells those that wait for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import KW_ONLY
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from domain.productivity.task_terms import (
    MAX_DEPENDENCIES,
    MAX_DEPENDENTS,
    Dependency,
    DependencyType,
    KeptDependency,
    LagMinutes,
    PredecessorsOpen,
    Status,
    TaskClosed,
    TaskCycle,
    TooEarly,
    from_finish_to_start,
)
from domain.shared.nesting import Nestable
from domain.shared.record import TooMany, peers_of
from domain.shared.values import LEDGER_ONLY, Id, Line


class TaskOrder(Nestable):
    """A task that others wait for, and that waits for others.

    A predecessor has come as far as it must by being done or, where that is enough, begun; one that is cancelled,
    in the trash or erased holds nothing up. ``blocked`` is what a task is that nobody has begun while one keeps it
    from beginning; no command says so, it follows from the other task's events. A lag follows from the clock, which has
    none: it is looked at by the commands that begin and end the task. An erasure changes no other record: what an
    erased task held up says ``blocked`` until its next step.
    """

    STAYS = Nestable.STAYS | {"dependents"}

    _: KW_ONLY
    status: Status = Status.TODO
    started_at: datetime | None = None
    completed_at: datetime | None = None
    dependencies: tuple[KeptDependency, ...] = ()
    """The tasks that come first, each once."""
    dependents: Annotated[tuple[UUID, ...], LEDGER_ONLY] = ()
    """The tasks that this one comes before; an erased one is still named."""

    class Event(Nestable.Event):
        """Any event of a task."""

    class DependencyAdded(Event):
        """What the task waits for another one for; the latest counts."""

        TOPIC = "task.dependency_added"
        class_version = 2
        predecessor_id: UUID
        dependency_type: DependencyType
        lag_minutes: int

        upcast_v1_v2 = staticmethod(from_finish_to_start)

        def apply(self, task: TaskOrder) -> None:
            others = (each for each in task.dependencies if each.task_id != self.predecessor_id)
            added = Dependency(self.predecessor_id, self.dependency_type, self.lag_minutes)
            task.dependencies = (*others, added)

    class DependencyRemoved(Event):
        TOPIC = "task.dependency_removed"
        predecessor_id: UUID

        def apply(self, task: TaskOrder) -> None:
            task.dependencies = tuple(
                each for each in task.dependencies if each.task_id != self.predecessor_id
            )

    class DependentAdded(Event):
        """Another task waits for this one from now on; its ``task.dependency_added`` says so too."""

        TOPIC = "task.dependent_added"
        IN_TRASH = True
        dependent_id: UUID

        def apply(self, task: TaskOrder) -> None:
            task.dependents = (*task.dependents, self.dependent_id)

    class DependentRemoved(Event):
        TOPIC = "task.dependent_removed"
        IN_TRASH = True
        dependent_id: UUID

        def apply(self, task: TaskOrder) -> None:
            task.dependents = tuple(item for item in task.dependents if item != self.dependent_id)

    class Blocked(Event):
        """A predecessor keeps it from beginning: nothing the person has said of this task, nor its source."""

        TOPIC = "task.blocked"
        IN_TRASH = True

        def apply(self, task: TaskOrder) -> None:
            task.status = Status.BLOCKED

    class Unblocked(Event):
        """The last predecessor that kept it from beginning does so no longer."""

        TOPIC = "task.unblocked"
        IN_TRASH = True

        def apply(self, task: TaskOrder) -> None:
            task.status = Status.TODO

    def add_dependency(
        self,
        predecessor_id: Id,
        *,
        dependency_type: DependencyType = DependencyType.FINISH_TO_START,
        lag_minutes: LagMinutes = 0,
    ) -> None:
        """Say that another task comes first, and in what; said again of the same one, what is said last counts.

        What waits for the other's start or finish is the start of this task, or its finish; the lag is the time
        that must pass between the two.
        """
        self._require_open()
        added = Dependency(predecessor_id, dependency_type, lag_minutes)
        if added in self.dependencies:
            return
        if predecessor_id == self.id:
            raise TaskCycle
        before = self.waits_for
        if predecessor_id not in before and len(before) >= MAX_DEPENDENCIES:
            raise TooMany
        self._require_acyclic((self._peer(type(self), predecessor_id).id,))
        self.trigger_event(
            self.DependencyAdded,
            predecessor_id=predecessor_id,
            dependency_type=dependency_type,
            lag_minutes=lag_minutes,
        )
        self._tell_predecessors(before)

    def remove_dependency(self, predecessor_id: Id) -> None:
        before = self.waits_for
        if predecessor_id in before:
            self.trigger_event(self.DependencyRemoved, predecessor_id=predecessor_id)
            self._tell_predecessors(before)

    def trash(self, reason: Line = "") -> None:
        """Put the task aside; what waits for it waits no longer."""
        super().trash(reason)
        self._tell_dependents()

    def restore(self) -> None:
        super().restore()
        self._tell_dependents()

    @property
    def is_open(self) -> bool:
        """Whether there is still something to do."""
        return self.status not in (Status.DONE, Status.CANCELLED)

    @property
    def is_begun(self) -> bool:
        """Whether somebody has begun it, or has ended it; one that was begun may wait by hand."""
        waits = self.status is Status.WAITING and self.started_at is not None
        return waits or self.status is Status.IN_PROGRESS or not self.is_open

    @property
    def waits_for(self) -> tuple[UUID, ...]:
        """The tasks that come first, in whatever way."""
        return tuple(each.task_id for each in self.dependencies)

    def _require_open(self) -> None:
        if not self.is_open:
            raise TaskClosed

    def _tell_others(self, before: Self) -> None:
        super()._tell_others(before)
        self._tell_predecessors(before.waits_for)
        self._tell_dependents()

    def _tell_predecessors(self, before: tuple[UUID, ...]) -> None:
        """Let tasks that this one waited for or waits for now know, and be blocked or not by them."""
        for former in self._relatives(before, besides=self.waits_for):
            if self.id in former.dependents:
                former.trigger_event(self.DependentRemoved, dependent_id=self.id)
        for present in self._relatives(self.waits_for, besides=before):
            if self.id not in present.dependents:
                if len(present.dependents) >= MAX_DEPENDENTS:
                    raise TooMany
                present.trigger_event(self.DependentAdded, dependent_id=self.id)
        self._settle()

    def _tell_dependents(self) -> None:
        """Let those that wait for this task see whether it still holds them up."""
        for task in self._relatives(self.dependents):
            task._settle()  # noqa: SLF001 - a record of its own kind

    def _settle(self) -> None:
        """Be blocked, or no longer, as the predecessors say."""
        if self.status is Status.TODO and self._is_held_up():
            self.trigger_event(self.Blocked)
        elif self.status is Status.BLOCKED and not self._is_held_up():
            self.trigger_event(self.Unblocked)

    def _is_held_up(self) -> bool:
        """Return whether a predecessor keeps the task from beginning, lags aside."""
        return any(each.holds_start and not _has_come(task, each) for each, task in self._predecessors())

    def _require_free(
        self, at: datetime, *, ending: frozenset[UUID] = frozenset(), only_to_begin: bool = False
    ) -> None:
        """Check that what comes first has come, and the lag after it passed by then, besides what ends with the task.

        Raises PredecessorsOpen, TooEarly.
        """
        free_at = [at]
        for each, task in self._predecessors(besides=ending):
            if only_to_begin and not each.holds_start:
                continue
            if not _has_come(task, each):
                raise PredecessorsOpen
            came_at = _came_at(task, each)
            if each.lag_minutes and came_at is not None:
                free_at.append(came_at + each.lag)
        if max(free_at) > at:
            raise TooEarly(max(free_at))

    def _predecessors(self, *, besides: frozenset[UUID] = frozenset()) -> Iterator[tuple[Dependency, Self]]:
        """Yield what holds this task up or has done so, each with its task; erased and trashed ones do not."""
        named = {each.task_id: each for each in self.dependencies}
        for task in self._relatives(self.waits_for, besides=besides):
            if task.deleted_at is None:
                yield named[task.id], task

    def _relatives(
        self, record_ids: tuple[UUID, ...], *, besides: tuple[UUID, ...] | frozenset[UUID] = ()
    ) -> tuple[Self, ...]:
        """Return those tasks of the ledger that are named, but not also in the other list; erased ones are none."""
        return peers_of(self).get_all(type(self), [each for each in record_ids if each not in besides])

    def _require_acyclic(self, predecessors: tuple[UUID, ...]) -> None:
        seen: set[UUID] = set()
        frontier = list(predecessors)
        while frontier:
            current = frontier.pop()
            if current == self.id:
                raise TaskCycle
            if current not in seen:
                seen.add(current)
                # A trashed one still counts, for it may come back; an erased one is gone.
                task = peers_of(self).get(type(self), current)
                frontier.extend(task.waits_for if task is not None else ())


def _has_come(task: TaskOrder, tie: Dependency) -> bool:
    """Return whether a task has come as far as what waits for it needs."""
    return task.is_begun if tie.waits_for_start else not task.is_open


def _came_at(task: TaskOrder, tie: Dependency) -> datetime | None:
    """Return when a task came so far; None where nobody has said, and of one that was given up: nothing follows it."""
    if task.status is Status.CANCELLED:
        return None
    return (task.started_at if tie.waits_for_start else None) or task.completed_at
