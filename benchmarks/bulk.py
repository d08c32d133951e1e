"""Many records at once, durable: parsed entries through the importers' intake, and commands in batches of 500."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import count

from benchmarks import payload, peer
from benchmarks.bench import Bench, Beside, Figure
from benchmarks.commands import rows_of
from benchmarks.limits import BareEvents
from domain.productivity.task import Task
from infrastructure.importers.batch import BATCH_DRAFTS, Intake
from infrastructure.importers.draft import Draft
from infrastructure.store.session import call

COUNT = 10_000
CHUNK = 500
COPY = "COPY of the same rows, 500 at a time"


def run(bench: Bench) -> list[Figure]:
    with ExitStack() as resources:
        return _measured(bench, resources)


def _measured(bench: Bench, resources: ExitStack) -> list[Figure]:
    me, importer, numbers, events = bench.person(), bench.person(), count(), bench.count(COUNT)
    bare = BareEvents(resources.enter_context(bench.connect("ledger")), rows_of(bench.person(), 200))
    bench.connect(peer.DATABASE).close()
    other = peer.Peer(peer.environment(bench.servers.postgres_url(peer.DATABASE)))
    resources.callback(other.close)

    def commands() -> None:
        for start in range(0, events, CHUNK):
            tasks = [payload.task(next(numbers)) for _ in range(min(CHUNK, events - start))]
            me.do_all([call(Task.create, **each) for each in tasks])

    def drafts() -> list[Draft]:
        return [
            Draft("task", "create", f"uid-{next(numbers)}", payload.task(number)) for number in range(events)
        ]

    def take(listed: list[Draft]) -> None:
        intake = Intake(importer, "bench")
        for start in range(0, events, BATCH_DRAFTS):
            intake.take(listed[start : start + BATCH_DRAFTS])

    known = drafts()
    take(known)
    batched, imported, repeated, copied, saved = bench.alternating(
        events,
        commands,
        lambda: take(drafts()),
        lambda: take(known),
        lambda: bare.copy(events, CHUNK),
        lambda: other.save_batches(events),
    )
    beside = (Beside(COPY, copied, 0.45), Beside(f"{peer.NAME}, {peer.BATCH} a save", saved, 3.0))
    return [
        Figure("commands in transactions of 500", batched, "events/s", 30_000, beside=beside),
        Figure("import of parsed entries, new", imported, "events/s", beside=beside),
        Figure("import of parsed entries, all known", repeated, "records/s"),
    ]
