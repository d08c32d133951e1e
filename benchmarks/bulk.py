"""Many records at once, durable: parsed entries through the importers' intake, and commands in batches of 500."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from uuid import UUID

from benchmarks import payload, peer
from benchmarks.bench import Bench, Beside, Figure
from benchmarks.commands import rows_of
from benchmarks.crew import Crew
from benchmarks.limits import BareEvents
from domain.productivity.task import Task
from infrastructure.bootstrap import reach_engine
from infrastructure.importers.batch import BATCH_DRAFTS, Intake
from infrastructure.importers.draft import Draft
from infrastructure.settings import Settings
from infrastructure.store.session import Session, call

COUNT = 10_000
CHUNK = 500
PROCESSES = 2
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

    together = bench.person().subject_id
    share = events // PROCESSES
    crew = resources.enter_context(
        Crew(
            importing,
            [(bench.settings, together, f"file {each}", share, bench.rounds) for each in range(PROCESSES)],
        )
    )
    known = drafts("known", numbers, events)
    take(importer, known)
    batched, imported, imported_together, repeated, copied, saved = bench.alternating(
        events,
        commands,
        lambda: take(importer, drafts("uid", numbers, events)),
        crew,
        lambda: take(importer, known),
        lambda: bare.copy(events, CHUNK),
        lambda: other.save_batches(events),
    )
    beside = (Beside(COPY, copied, 0.45), Beside(f"{peer.NAME}, {peer.BATCH} a save", saved, 3.0))
    return [
        Figure("commands in transactions of 500", batched, "events/s", 30_000, beside=beside),
        Figure("import of parsed entries, new", imported, "events/s", beside=beside),
        Figure(
            f"import of parsed entries, new, {PROCESSES} processes",
            imported_together,
            "events/s",
            10_000,
            beside=beside,
        ),
        Figure("import of parsed entries, all known", repeated, "records/s"),
    ]


def drafts(source: str, numbers: Iterator[int], wanted: int) -> list[Draft]:
    """Return so many entries as an importer parses them, none of which was there before."""
    return [
        Draft("task", "create", f"{source}-{next(numbers)}", payload.task(number)) for number in range(wanted)
    ]


def take(session: Session, listed: list[Draft]) -> None:
    """Take entries in as one file."""
    intake = Intake(session, "bench")
    for start in range(0, len(listed), BATCH_DRAFTS):
        intake.take(listed[start : start + BATCH_DRAFTS])


def importing(
    resources: ExitStack, settings: Settings, subject_id: UUID, source: str, entries: int, rounds: int
) -> Callable[[], object]:
    """Set up a member of a crew that takes in files of one person; they are parsed before it is measured."""
    engine = resources.enter_context(reach_engine(settings))
    session, numbers = Session(engine, subject_id, subject_id, "benchmark"), count()
    files = iter([drafts(source, numbers, entries) for _ in range(rounds)])
    return lambda: take(session, next(files))
