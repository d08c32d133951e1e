"""The cost of one command as the store grows; beside an INSERT into a table that does not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from itertools import count
from random import Random
from uuid import UUID

from benchmarks import payload
from benchmarks.bench import Bench, Beside, Figure, in_turns
from benchmarks.commands import rows_of
from benchmarks.history import PURPOSE, fill_people
from benchmarks.limits import BareEvents
from domain.productivity.task import Task

SIZES = (100_000, 1_000_000)
LARGE = 10_000_000
EVENTS_A_PERSON = 1000
EVENTS_A_RECORD = 5
SAMPLE = 200
"""People whose commands are measured, drawn at random from all."""
CHANGES = 400
FLAT = 1.15


def run(bench: Bench) -> list[Figure]:
    with ExitStack() as resources:
        connection = resources.enter_context(bench.connect("ledger"))
        bare = BareEvents(connection, rows_of(bench.person(), 200))
        people: list[tuple[UUID, list[UUID]]] = []
        taken: list[tuple[int, float, float]] = []
        for size in _sizes(bench):
            wanted = size // EVENTS_A_PERSON - len(people)
            made = fill_people(
                bench.store.engine, wanted, EVENTS_A_PERSON // EVENTS_A_RECORD, EVENTS_A_RECORD
            )
            people += made.items()
            connection.execute("ANALYZE ledger.events")
            connection.execute("CHECKPOINT")
            taken.append((size, *_measured(bench, people, bare)))
    _, first, first_insert = taken[0]
    return [_figure(size, cost, insert, first * insert / first_insert) for size, cost, insert in taken]


def _sizes(bench: Bench) -> tuple[int, ...]:
    if bench.options.sizes:
        return bench.options.sizes
    full = (*SIZES, LARGE) if bench.options.large else SIZES
    return tuple(bench.count(size) for size in full)


def _figure(size: int, cost: float, insert: float, expected: float) -> Figure:
    """Compare with the smallest store, corrected by what the INSERT says of the machine at this moment."""
    return Figure(
        f"one command at {size:,} events",
        cost,
        "ms",
        beside=(
            Beside("the smallest store, per INSERT", expected, FLAT),
            Beside("INSERT into a small table", insert),
        ),
        curve="cost of one command by events in the store",
        at=size,
    )


def _measured(bench: Bench, people: list[tuple[UUID, list[UUID]]], bare: BareEvents) -> tuple[float, float]:
    """Return milliseconds of one command on a record of anybody, and of one INSERT."""
    random = Random(7)  # noqa: S311 - who is asked, not a secret
    drawn = [random.choice(people) for _ in range(bench.count(SAMPLE))]
    sessions = [(bench.store.acting_as(subject, purpose=PURPOSE), records) for subject, records in drawn]
    for session, records in sessions:  # what a person's first command costs is not what is measured
        session.load(records[0])
        bench.store.engine.keys.subject_secret(session.subject_id, "index")
    changes, numbers = bench.count(CHANGES), count()

    def change() -> None:
        for _ in range(changes):
            session, records = random.choice(sessions)
            note = payload.NOTES[next(numbers) % len(payload.NOTES)]
            session.do(Task.write_notes, random.choice(records), note)

    works: list[tuple[int, Callable[[], object]]] = [
        (changes, change),
        (changes, lambda: bare.insert(changes)),
    ]
    changed, inserted = in_turns(works, rounds=bench.rounds)
    return 1000 / changed, 1000 / inserted
