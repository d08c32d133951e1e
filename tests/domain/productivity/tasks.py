"""Tasks for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from domain.productivity.task import Task
from domain.shared.record import Origin, Source
from domain.shared.values import new_id
from tests.domain.shelf import Shelf

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SOURCE = Source("todoist", "7")


def a_task(title: str = "Renew passport", **fields: Any) -> Task:
    return Task.create(Origin(new_id()), title, **fields)


def some_tasks(count: int) -> tuple[Task, ...]:
    """Return tasks that know each other."""
    shelf = Shelf()
    tasks = tuple(Task.create(Origin(new_id(), peers=shelf), "Task") for _ in range(count))
    for task in tasks:
        shelf.add(task)
    return tasks


def a_done_task() -> Task:
    task = a_task()
    task.complete()
    return task
