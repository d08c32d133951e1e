"""How far each erasure has come: one row each in the ledger, with its steps, their times and their counts.

The row is locked while a step is carried out. Whoever waits for it finds the step done and goes on with the
next, so several processes may work on the same erasure, and one that dies leaves it where it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool

from infrastructure.connections import reported
from infrastructure.erasure.request import ErasureRequest, Scope
from infrastructure.errors import NotFound
from infrastructure.ledger.buckets import bucket_of

REQUESTED, DONE = "requested", "receipt"
"""The step an erasure begins with, and its last."""

_COLUMNS = """bucket, erasure_id, subject_id, scope, requested_by, requested_at, grounds, step, steps,
    file_number, receipt"""


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure, asked for, under way or done."""

    request: ErasureRequest
    step: str
    """The last step that is done."""
    steps: Mapping[str, Mapping[str, Any]]
    """Each step that is done, with its time and what it counted."""
    scope: Scope | None
    file_number: int | None
    receipt: Mapping[str, Any] | None

    @property
    def id(self) -> UUID:
        """Return the id, which is also that of its event in the ledger."""
        return self.request.erasure_id

    @property
    def done(self) -> bool:
        """Return whether nothing remains to be done."""
        return self.step == DONE

    @property
    def kinds(self) -> Mapping[str, Mapping[str, int]]:
        """Return how many records and events of each kind it takes; nothing before its event has told of them."""
        kinds: Mapping[str, Mapping[str, int]] = self.steps.get("event", {}).get("kinds", {})
        return kinds


class Journal:
    """Reads and writes the erasures of a ledger, as the role that may. Raises Unavailable."""

    def __init__(
        self, pool: ConnectionPool[Connection[Any]], reading: ConnectionPool[Connection[Any]]
    ) -> None:
        """Write through ``pool``; ``reading`` is of any role that may read: most processes never erase anything."""
        self._pool = pool
        self._reading = reading

    def add(
        self, request: ErasureRequest, scope: Scope | None = None, file_number: int | None = None
    ) -> None:
        """Note an erasure that was asked for; one that is noted already stays as it is."""
        with self.connection() as connection:
            connection.execute(
                "INSERT INTO ledger.erasures (bucket, erasure_id, subject_id, scope, requested_by, requested_at,"
                " grounds, step, file_number) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                (
                    bucket_of(request.subject_id),
                    request.erasure_id,
                    request.subject_id,
                    Jsonb({**request.as_json(), "found": scope.as_json() if scope else None}),
                    request.requested_by,
                    request.requested_at,
                    request.grounds,
                    REQUESTED,
                    file_number,
                ),
            )

    def all(self) -> list[Erasure]:
        """Return every erasure, oldest first."""
        return self._read("SELECT {columns} FROM ledger.erasures ORDER BY requested_at, erasure_id", ())

    def unfinished(self) -> list[Erasure]:
        """Return the erasures that are not done, oldest first."""
        return self._read(
            "SELECT {columns} FROM ledger.erasures WHERE step <> %s ORDER BY requested_at, erasure_id",
            (DONE,),
        )

    def of(self, subject_id: UUID) -> list[Erasure]:
        """Return the erasures of a person, oldest first."""
        return self._read(
            "SELECT {columns} FROM ledger.erasures WHERE bucket = %s AND subject_id = %s ORDER BY requested_at",
            (bucket_of(subject_id), subject_id),
        )

    def with_kept(self) -> list[Erasure]:
        """Return the erasures that left something to holds, oldest first."""
        return self._read(
            "SELECT {columns} FROM ledger.erasures WHERE scope #> '{{found,kept}}' <> '{{}}'"
            " ORDER BY requested_at, erasure_id",
            (),
        )

    def one(self, erasure_id: UUID) -> Erasure:
        """Return an erasure; raises NotFound."""
        found = self._read("SELECT {columns} FROM ledger.erasures WHERE erasure_id = %s", (erasure_id,))
        if not found:
            raise NotFound
        return found[0]

    def file_numbers(self) -> tuple[set[int], int]:
        """Return the numbers in the erasure file of those that are known, and how many are not done."""
        with reported(), self._reading.connection() as connection:
            rows = connection.execute("SELECT file_number, step FROM ledger.erasures").fetchall()
        numbers = {number for number, _ in rows if number is not None}
        return numbers, sum(step != DONE for _, step in rows)

    @contextmanager
    def locked(self, erasure: Erasure) -> Iterator[tuple[Connection[Any], Erasure]]:
        """Lock an erasure to the end of the block, and yield it as it is by then."""
        where = (bucket_of(erasure.request.subject_id), erasure.id)
        with self.connection() as connection, connection.transaction():
            with connection.cursor(row_factory=dict_row) as cursor:
                row = cursor.execute(
                    f"SELECT {_COLUMNS} FROM ledger.erasures WHERE bucket = %s AND erasure_id = %s FOR UPDATE",
                    where,
                ).fetchone()
            if row is None:
                raise NotFound
            # After the query, not before: the last statement's snapshot is held, and would hold up the scrub.
            connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            connection.execute("SET LOCAL statement_timeout = 0")
            yield connection, _erasure(row)

    @contextmanager
    def connection(self) -> Iterator[Connection[Any]]:
        """Lend a connection of the role that may erase."""
        with reported(), self._pool.connection() as connection:
            yield connection

    def _read(self, statement: LiteralString, parameters: Sequence[Any]) -> list[Erasure]:
        text = psycopg.sql.SQL(statement).format(columns=psycopg.sql.SQL(_COLUMNS))
        with (
            reported(),
            self._reading.connection() as connection,
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            return [_erasure(row) for row in cursor.execute(text, parameters)]


def note_step(connection: Connection[Any], erasure: Erasure, step: str, at: datetime, counted: Any) -> None:  # noqa: ANN401 - JSON
    """Note a step as done, in the transaction that has the erasure locked."""
    connection.execute(
        "UPDATE ledger.erasures SET step = %s, steps = steps || %s WHERE bucket = %s AND erasure_id = %s",
        (step, Jsonb({step: {"at": at.isoformat(), **counted}}), *_key(erasure)),
    )


def note_scope(connection: Connection[Any], erasure: Erasure, scope: Scope) -> None:
    """Note what a request came to."""
    connection.execute(
        "UPDATE ledger.erasures SET scope = scope || %s WHERE bucket = %s AND erasure_id = %s",
        (Jsonb({"found": scope.as_json()}), *_key(erasure)),
    )


def note_file_number(connection: Connection[Any], erasure: Erasure, number: int) -> None:
    """Note the line of the erasure file that tells of the erasure."""
    connection.execute(
        "UPDATE ledger.erasures SET file_number = %s WHERE bucket = %s AND erasure_id = %s",
        (number, *_key(erasure)),
    )


def note_receipt(connection: Connection[Any], erasure: Erasure, receipt: Mapping[str, Any]) -> None:
    """Keep the receipt, or the one that replaces it."""
    connection.execute(
        "UPDATE ledger.erasures SET receipt = %s WHERE bucket = %s AND erasure_id = %s",
        (Jsonb(receipt), *_key(erasure)),
    )


def _key(erasure: Erasure) -> tuple[int, UUID]:
    return bucket_of(erasure.request.subject_id), erasure.id


def _erasure(row: Mapping[str, Any]) -> Erasure:
    asked = row["scope"]
    ids = (row["erasure_id"], row["subject_id"], row["requested_by"])
    request = ErasureRequest.from_json(ids, row["requested_at"], row["grounds"], asked)
    scope = Scope.from_json(asked["found"]) if asked["found"] else None
    return Erasure(request, row["step"], row["steps"], scope, row["file_number"], row["receipt"])
