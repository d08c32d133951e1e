"""Single commands, one thread, durable: beside a bare INSERT of a row of the same width."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import psycopg

from benchmarks.bench import Bench, Figure, alternating
from domain.productivity.task import Task

COUNT = 300
NOTES = "x" * 300


def run(bench: Bench) -> list[Figure]:
    me = bench.person()
    made = [me.do(Task.create, title="Load and append").id for _ in range(COUNT)]
    with psycopg.connect(bench.servers.postgres_url("ledger"), autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS bare (id uuid PRIMARY KEY, position bigint UNIQUE, topic text, body bytea)"
        )
        position = iter(range(10_000_000))

        def bare() -> None:
            for _ in range(COUNT):
                row = (uuid4(), next(position), "task.created", bytes(600))
                connection.execute("INSERT INTO bare VALUES (%s, %s, %s, %s)", row)

        def create() -> None:
            for number in range(COUNT):
                me.do(Task.create, title=f"Task {number}", notes=NOTES, due=date(2026, 12, 1))

        def change() -> None:
            for number in range(COUNT):
                me.do(Task.retitle, made[number], f"title {uuid4()}")

        created, changed, limit = alternating(COUNT, create, change, bare)
    return [
        Figure("create a record, one thread", created, "commands/s", 1000, limit),
        Figure("load a record of a few events and append, one thread", changed, "commands/s", 1000, limit),
    ]
