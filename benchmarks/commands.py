"""Single commands, durable: one thread, eight threads, four processes; beside a bare INSERT and the peer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count
from typing import Any
from uuid import UUID

import psycopg

from benchmarks import payload, peer
from benchmarks.bench import Bench, Beside, Figure
from benchmarks.crew import Crew
from benchmarks.limits import BareEvents
from domain.productivity.task import Task
from infrastructure.bootstrap import open_store
from infrastructure.ledger.events import EventRow
from infrastructure.settings import Settings
from infrastructure.store.session import Session

COUNT = 400
THREADS = 8
PROCESSES = 4
INSERT = "INSERT of the same row"
CURVE = "commands by writers"
_APART = 100_000_000  # positions: far enough for several writers to a bare table


def run(bench: Bench) -> list[Figure]:
    with ExitStack() as resources:
        sample = rows_of(bench.person(), 200)
        other = peer.Peer(peer.environment(_peer_url(bench)))
        resources.callback(other.close)
        return [
            _one_thread(bench, sample, other, resources),
            _threads(bench, sample, other, resources),
            _processes(bench, sample, other.environment),
        ]


def create(me: Session, numbers: Iterator[int], tasks: int) -> None:
    """Give so many creating commands."""
    for _ in range(tasks):
        me.do(Task.create, **payload.task(next(numbers)))


def rows_of(me: Session, rows: int) -> list[EventRow]:
    """Give commands and return the rows they left: what the bare statements write."""
    create(me, count(), rows)
    receipt = me.do(Task.create, title="last")
    return me.engine.ledger.tail(receipt.bucket, 1, rows)


def _peer_url(bench: Bench) -> str:
    bench.connect(peer.DATABASE).close()  # made, and seen to be durable
    return bench.servers.postgres_url(peer.DATABASE)


def _one_thread(bench: Bench, sample: Sequence[EventRow], other: peer.Peer, resources: ExitStack) -> Figure:
    me, numbers, tasks = bench.person(), count(), bench.count(COUNT)
    bare = BareEvents(resources.enter_context(bench.connect("ledger")), sample)
    ours, insert, library = bench.alternating(
        tasks, lambda: create(me, numbers, tasks), lambda: bare.insert(tasks), lambda: other.save(tasks)
    )
    beside = (Beside(INSERT, insert, 0.70), Beside(peer.NAME, library, 2.5))
    return Figure("command, 1 thread", ours, "commands/s", 1000, beside=beside, curve=CURVE, at=1)


def _threads(bench: Bench, sample: Sequence[EventRow], other: peer.Peer, resources: ExitStack) -> Figure:
    people, tasks = [bench.person() for _ in range(THREADS)], bench.count(COUNT // 4)
    numbers = [count(start=_APART * each) for each in range(THREADS)]
    bare = [
        BareEvents(resources.enter_context(bench.connect("ledger")), sample, _APART * (each + 1))
        for each in range(THREADS)
    ]
    threads = resources.enter_context(ThreadPoolExecutor(THREADS))

    def together(work: Callable[[int], None]) -> Callable[[], object]:
        return lambda: list(threads.map(work, range(THREADS)))

    ours, insert, library = bench.alternating(
        tasks * THREADS,
        together(lambda each: create(people[each], numbers[each], tasks)),
        together(lambda each: bare[each].insert(tasks)),
        together(lambda _each: other.save(tasks)),
    )
    beside = (Beside(INSERT, insert, 0.60), Beside(peer.NAME, library, 4.0))
    return Figure("command, 8 threads", ours, "commands/s", beside=beside, curve=CURVE, at=THREADS)


def _processes(bench: Bench, sample: Sequence[EventRow], environment: dict[str, str]) -> Figure:
    tasks, url = bench.count(COUNT // 2), bench.servers.postgres_url("ledger")
    people = [bench.person().subject_id for _ in range(PROCESSES)]
    apart = [_APART * (THREADS + 1 + each) for each in range(PROCESSES)]
    with (
        Crew(creating, [(bench.settings, each, tasks) for each in people]) as ours,
        Crew(inserting, [(url, sample, first, tasks) for first in apart]) as bare,
        Crew(peer.saving, [(environment, tasks)] * PROCESSES) as library,
    ):
        commands, insert, saved = bench.alternating(tasks * PROCESSES, ours, bare, library)
    beside = (Beside(INSERT, insert), Beside(peer.NAME, saved))
    return Figure("command, 4 processes", commands, "commands/s", beside=beside)


def creating(resources: ExitStack, settings: Settings, subject_id: UUID, tasks: int) -> Callable[[], object]:
    """Set up a member of a crew that gives commands for a person."""
    store = resources.enter_context(open_store(settings))
    me, numbers = store.acting_as(subject_id, purpose="benchmark"), count()
    return lambda: create(me, numbers, tasks)


def inserting(
    resources: ExitStack, url: str, sample: Sequence[EventRow], first: int, tasks: int
) -> Callable[[], Any]:
    """Set up a member of a crew that inserts bare rows."""
    connection = resources.enter_context(psycopg.connect(url, autocommit=True))
    bare = BareEvents(connection, sample, first)
    return lambda: bare.insert(tasks)
