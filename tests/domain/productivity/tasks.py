"""Tasks for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from domain.productivity.task import Task
from domain.shared.record import Origin, Record, Source
from domain.shared.values import new_id

R = TypeVar("R", bound=Record)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SOURCE = Source("todoist", "7")


class Shelf:
    """The other records of the person."""

    def __init__(self, *records: Record) -> None:
        self.records = {record.id: record for record in records}

    def get(self, kind: type[R], record_id: UUID) -> R | None:
        record = self.records.get(record_id)
        return record if isinstance(record, kind) else None


def a_task(title: str = "Renew passport", **fields: Any) -> Task:
    return Task.create(Origin(new_id()), title, **fields)


def some_tasks(count: int) -> tuple[Task, ...]:
    """Return tasks that know each other."""
    shelf = Shelf()
    tasks = tuple(Task.create(Origin(new_id(), peers=shelf), "Task") for _ in range(count))
    shelf.records.update((task.id, task) for task in tasks)
    return tasks


def a_done_task() -> Task:
    task = a_task()
    task.complete()
    return task
