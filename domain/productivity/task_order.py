"""The part of a task that says what must be done before it, and whether that is done.

Both ends of a dependency are kept, as those of nesting are: a task that ends tells those that wait for it.
"""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import Annotated, Self
from uuid import UUID

from domain.productivity.task_terms import MAX_DEPENDENCIES, MAX_DEPENDENTS, Status, TaskClosed, TaskCycle
from domain.shared.nesting import Nestable
from domain.shared.record import TooMany, peers_of
from domain.shared.values import LEDGER_ONLY, Id, Line


class TaskOrder(Nestable):
    """A task that others wait for, and that waits for others.

    A predecessor that is done, cancelled, in the trash or erased holds nothing up. ``blocked`` is what a task is
    that nobody has begun while one holds it up; no command says so, it follows. An erasure changes no other
    record: what an erased task held up says ``blocked`` until its next step.
    """

    STAYS = Nestable.STAYS | {"dependents"}

    _: KW_ONLY
    status: Status = Status.TODO
    dependencies: tuple[UUID, ...] = ()
    """The tasks that must be done first."""
    dependents: Annotated[tuple[UUID, ...], LEDGER_ONLY] = ()
    """The tasks that this one must be done before; an erased one is still named."""

    class Event(Nestable.Event):
        """Any event of a task."""

    class DependencyAdded(Event):
        TOPIC = "task.dependency_added"
        predecessor_id: UUID

        def apply(self, task: TaskOrder) -> None:
            task.dependencies = (*task.dependencies, self.predecessor_id)

    class DependencyRemoved(Event):
        TOPIC = "task.dependency_removed"
        predecessor_id: UUID

        def apply(self, task: TaskOrder) -> None:
            task.dependencies = tuple(item for item in task.dependencies if item != self.predecessor_id)

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
        """A predecessor is open: nothing the person has said of this task, nor its source."""

        TOPIC = "task.blocked"
        IN_TRASH = True

        def apply(self, task: TaskOrder) -> None:
            task.status = Status.BLOCKED

    class Unblocked(Event):
        """The last open predecessor is so no longer."""

        TOPIC = "task.unblocked"
        IN_TRASH = True

        def apply(self, task: TaskOrder) -> None:
            task.status = Status.TODO

    def add_dependency(self, predecessor_id: Id) -> None:
        """Say that another task must be done first."""
        self._require_open()
        if predecessor_id in self.dependencies:
            return
        if predecessor_id == self.id:
            raise TaskCycle
        if len(self.dependencies) >= MAX_DEPENDENCIES:
            raise TooMany
        self._require_acyclic((self._peer(type(self), predecessor_id).id,))
        before = self.dependencies
        self.trigger_event(self.DependencyAdded, predecessor_id=predecessor_id)
        self._tell_predecessors(before)

    def remove_dependency(self, predecessor_id: Id) -> None:
        if predecessor_id in self.dependencies:
            before = self.dependencies
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

    def _require_open(self) -> None:
        if not self.is_open:
            raise TaskClosed

    def _tell_others(self, before: Self) -> None:
        super()._tell_others(before)
        self._tell_predecessors(before.dependencies)
        self._tell_dependents()

    def _tell_predecessors(self, before: tuple[UUID, ...]) -> None:
        """Let tasks that this one waited for or waits for now know, and be blocked or not by them."""
        for former in self._relatives(before, besides=self.dependencies):
            if self.id in former.dependents:
                former.trigger_event(self.DependentRemoved, dependent_id=self.id)
        for present in self._relatives(self.dependencies, besides=before):
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

    def _is_held_up(self, *, ending: frozenset[UUID] = frozenset()) -> bool:
        """Return whether there is an open predecessor besides those that end with this task."""
        waited_for = self._relatives(self.dependencies, besides=ending)
        return any(task.deleted_at is None and task.is_open for task in waited_for)

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
                frontier.extend(task.dependencies if task is not None else ())
