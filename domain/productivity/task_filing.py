"""The part of a task that says where it stands among others, who is to do it, and what that takes."""

from __future__ import annotations

from dataclasses import KW_ONLY
from uuid import UUID

from domain.productivity.task_checklist import TaskChecklist
from domain.productivity.task_terms import Energy
from domain.shared.known import say
from domain.shared.values import Id, Label, Rank


class TaskFiling(TaskChecklist):
    """A task in its list, for somebody, somewhere."""

    _: KW_ONLY
    list_name: str | None = None
    section: str | None = None
    position: str | None = None
    """Sorted as text, among the tasks of its section."""
    assignee_contact_id: UUID | None = None
    location_id: UUID | None = None
    """Where it can be done: a contact that is a place."""
    context: str | None = None
    energy: Energy | None = None

    class Event(TaskChecklist.Event):
        """Any event of a task."""

    class MovedToList(Event):
        TOPIC = "task.moved_to_list"
        list_name: str | None
        section: str | None

    class Reordered(Event):
        TOPIC = "task.reordered"
        position: str

    class Assigned(Event):
        TOPIC = "task.assigned"
        assignee_contact_id: UUID

    class Unassigned(Event):
        TOPIC = "task.unassigned"

        def apply(self, task: TaskFiling) -> None:
            task.assignee_contact_id = None

    class Located(Event):
        TOPIC = "task.located"
        location_id: UUID | None

    class Suited(Event):
        TOPIC = "task.suited"
        context: str | None
        energy: Energy | None

    def move_to_list(self, list_name: Label | None, *, section: Label | None = None) -> None:
        """Put the task into a section of a list, or into none."""
        say(self, self.MovedToList, list_name=list_name, section=section)

    def reorder(self, position: Rank) -> None:
        say(self, self.Reordered, position=position)

    def assign(self, contact_id: Id) -> None:
        """Say who is to do it; nobody named is the person."""
        self._require_open()
        say(self, self.Assigned, assignee_contact_id=contact_id)

    def unassign(self) -> None:
        if self.assignee_contact_id is not None:
            self.trigger_event(self.Unassigned)

    def locate(self, location_id: Id | None) -> None:
        """Say where it can be done: at a place of the address book, or anywhere."""
        say(self, self.Located, location_id=location_id)

    def suit(self, context: Label | None = None, *, energy: Energy | None = None) -> None:
        """Say where or with what the task can be done (``phone``, ``town``), and how much strength it takes."""
        say(self, self.Suited, context=context, energy=energy)
