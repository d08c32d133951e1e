"""What can be asked of tasks."""

from __future__ import annotations

from collections.abc import Iterator

from domain.productivity.task import Task
from projections import task_tree
from projections.record_table import RecordTable
from projections.search import Words, in_search
from projections.timeline import Moment, on_timeline
from projections.view import Derived, Row, View


def _moment(task: Task) -> Moment:
    return Moment(task.completed_at or task.created_on, task.title, task.status.value)


def _words(task: Task) -> Words:
    return Words(task.title, "\n".join((task.notes, *(item.text for item in task.checklist))))


def _branch(task: Task) -> Iterator[Row]:
    yield (task.parent_id, task.title, task.status.value, task.due)


VIEW = View(
    Task,
    RecordTable(
        Task, "tasks", filters=("status",), orders=("due",), listed=("title", "status", "priority", "due")
    ),
    derived=(on_timeline(_moment), in_search(_words), Derived(task_tree.TABLE, _branch)),
)
