"""The peer: the eventsourcing library with its own PostgreSQL persistence and AES cipher, on the same server."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import count
from typing import Any
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.cryptography import AESCipher
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier

from benchmarks import payload

DATABASE = "peer"
NAME = "eventsourcing 9.5"
BATCH = 100  # events a save, as its documentation's own comparison has it

_FIELDS: dict[str, Any] = {
    "purpose": "benchmark",
    "priority": "none",
    "start_on": None,
    "start_at": None,
    "due_at": None,
    "timezone": None,
    "recurrence": None,
    "status": "todo",
    "completed_at": None,
    "percent_complete": 0,
    "source": None,
    "metadata": {},
    "estimate_minutes": None,
    "list_name": None,
}
"""What our own event holds besides the arguments: the same JSON on both sides."""


class Todo(Aggregate):
    """A task with the fields of ours."""

    @event("Created")
    def __init__(self, title: str, notes: str, due: str, details: dict[str, Any]) -> None:
        self.title = title
        self.notes = notes
        self.due = due
        self.details = details

    @event("Retitled")
    def retitle(self, title: str) -> None:
        self.title = title


class Todos(Application[UUID]):
    """The library's application, as it comes."""


def environment(url: str) -> dict[str, str]:
    """Return the settings of the library for a database of the embedded server."""
    info = conninfo_to_dict(url)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(info["dbname"]),
        "POSTGRES_HOST": str(info["host"]),
        "POSTGRES_PORT": "5432",
        "POSTGRES_USER": str(info["user"]),
        "POSTGRES_PASSWORD": "none-on-a-socket",
        "CIPHER_TOPIC": "eventsourcing.cryptography:AESCipher",
        "CIPHER_KEY": AESCipher.create_key(32),
    }


class Peer:
    """Writes and reads the same tasks through the library. Threads may share it."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.app = Todos(environment)
        self._numbers = count()

    def close(self) -> None:
        self.app.close()

    def save(self, tasks: int) -> None:
        """Save so many new tasks, one at a time."""
        for _ in range(tasks):
            self.app.save(self._made())

    def save_batches(self, tasks: int) -> None:
        """Save so many new tasks, BATCH at a time."""
        for start in range(0, tasks, BATCH):
            self.app.save(*(self._made() for _ in range(min(BATCH, tasks - start))))

    def history(self, records: int, events_each: int) -> list[UUID]:
        """Make tasks of so many events and return their ids."""
        made = [self._made() for _ in range(records)]
        for todo in made:
            for again in range(1, events_each):
                todo.retitle(f"Renew the passport, reminder {again}")
            self.app.save(todo)
        return [todo.id for todo in made]

    def load(self, ids: Sequence[UUID]) -> None:
        for todo_id in ids:
            self.app.repository.get(todo_id)

    def change(self, ids: Sequence[UUID]) -> None:
        for todo_id in ids:
            todo: Todo = self.app.repository.get(todo_id)
            todo.retitle("Renew the passport, changed")
            self.app.save(todo)

    def _made(self) -> Todo:
        arguments = payload.task(next(self._numbers))
        return Todo(arguments["title"], arguments["notes"], arguments["due"].isoformat(), _FIELDS)


def saving(resources: ExitStack, environment: dict[str, str], tasks: int) -> Any:  # noqa: ANN401 - the work of a crew
    """Set up a member of a crew that saves tasks."""
    peer = Peer(environment)
    resources.callback(peer.close)
    return lambda: peer.save(tasks)


class TodoRows(PostgresTrackingRecorder):
    """One read table, written as the library's documentation shows it."""

    def __init__(self, datastore: PostgresDatastore, **settings: Any) -> None:  # noqa: ANN401 - the library's own
        super().__init__(datastore, **settings)
        table = Identifier(datastore.schema, "todo_rows")
        self.sql_create_statements.append(
            SQL(
                "CREATE TABLE IF NOT EXISTS {} (id uuid PRIMARY KEY, title text, notes text, due text)"
            ).format(table)
        )
        self._insert = SQL(
            "INSERT INTO {} VALUES (%s, %s, %s, %s) ON CONFLICT (id) DO UPDATE SET title = excluded.title"
        ).format(table)
        self._retitle = SQL("UPDATE {} SET title = %s WHERE id = %s").format(table)

    def put(self, todo: Any, tracking: Tracking) -> None:  # noqa: ANN401 - an event class the decorator makes
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(self._insert, (todo.originator_id, todo.title, todo.notes, todo.due))

    def retitle(self, todo: Any, tracking: Tracking) -> None:  # noqa: ANN401 - an event class the decorator makes
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(self._retitle, (todo.title, todo.originator_id))


class TodoProjection(Projection[TodoRows]):
    name = "todo_rows"

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:  # noqa: ANN401 - the library's signature
        put = self.view.put if isinstance(domain_event, Aggregate.Created) else self.view.retitle
        put(domain_event, tracking)


def project(environment: dict[str, str], last: int) -> None:
    """Run the library's own runner up to a notification; its ``wait`` is not used: it sleeps up to 0.8 s."""
    with ProjectionRunner(
        application_class=Todos, projection_class=TodoProjection, view_class=TodoRows, env=environment
    ) as runner:
        while (runner.view.max_tracking_id(Todos.name) or 0) < last:
            time.sleep(0.005)
