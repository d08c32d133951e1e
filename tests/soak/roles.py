"""The processes that use the store during the soak: ``python -m tests.soak.roles ROLE SEED JOURNAL SUBJECT …``.

Each goes on until SIGTERM, through every fault, and repeats what was not answered until it is known how it ended.
Any error but the documented ones ends it, and with it the soak.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from itertools import count
from pathlib import Path
from random import Random
from types import FrameType
from typing import TypeVar
from uuid import UUID

from domain.productivity.note import Note
from domain.productivity.task import Task
from domain.shared.errors import DomainError
from domain.shared.values import new_id
from infrastructure.bootstrap import open_store
from infrastructure.errors import (
    Busy,
    KeyUnavailable,
    NotFound,
    NotYetProjected,
    RebuildRefused,
    Unavailable,
    VersionConflict,
)
from infrastructure.importers.batch import Intake
from infrastructure.importers.draft import Draft
from infrastructure.ledger.events import Receipt
from infrastructure.projector.rebuild.crew import Crew
from infrastructure.settings import Settings
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.soak.journal import ACCEPTED, BROKEN_OFF, IMPORTED, READY, REBUILT, RECEIPT, REQUEST, Journal

T = TypeVar("T")

TRY_AGAIN = (Busy, KeyUnavailable, Unavailable)
PAUSE = 0.05  # seconds before what was not answered is repeated
WRITER_THREADS = 4
READER_THREADS = 2
BATCH = 100
KNOWN = 200  # records of its own that a writer goes on changing
PLATFORM = "soak"


class Role:
    """What the roles share: a store, a journal, and when to stop."""

    def __init__(self, store: Store, journal: Journal, people: Sequence[UUID], stop: threading.Event) -> None:
        self.sessions: list[Session] = [store.acting_as(each, purpose="soak") for each in people]
        self.journal = journal
        self.stop = stop

    def answered(self, request: Callable[[], T], what: str = REQUEST) -> T:
        """Repeat a request until it is answered; each attempt is timed by itself."""
        while True:
            try:
                with self.journal.timed(what):
                    return request()
            except TRY_AGAIN:
                time.sleep(PAUSE)


class Writer(Role):
    """Gives commands, each of which makes one event or is refused, and keeps the receipts."""

    def work(self, seed: int) -> None:
        random, mine = Random(seed), list[tuple[Session, UUID]]()
        for number in count():
            if self.stop.is_set():
                return
            if len(mine) < KNOWN and (not mine or random.random() < 0.5):
                session = random.choice(self.sessions)
                mine.append((session, self._make(session, seed, number).id))
            else:
                self._change(*random.choice(mine), random, f"{seed} changed {number}")
            if len(mine) == KNOWN and random.random() < 0.05:
                del mine[0]

    def _make(self, session: Session, seed: int, number: int) -> Receipt:
        """Write a note and make a task; return the task's receipt."""
        noting, making = (session.given(command_id=new_id()) for _ in range(2))
        self._accepted(lambda: noting.do(Note.write, title=f"note {seed} {number}", body="n" * 200))
        return self._accepted(lambda: making.do(Task.create, title=f"task {seed} {number}", notes="t" * 200))

    def _change(self, session: Session, record_id: UUID, random: Random, title: str) -> None:
        given = session.given(command_id=new_id())
        try:
            if random.random() < 0.6:
                verb = random.choice((Task.complete, Task.reopen, Task.trash, Task.restore))
                receipt = self._accepted(lambda: given.do(verb, record_id))
            else:
                receipt = self._accepted(lambda: given.do(Task.retitle, record_id, title))
        except (DomainError, VersionConflict):
            return  # what the state forbids, or somebody else's change
        if random.random() < 0.05:
            self._sees_its_own(session, receipt)

    def _accepted(self, command: Callable[[], Receipt]) -> Receipt:
        receipt = self.answered(command)
        self.journal.write(
            ACCEPTED,
            command_id=receipt.command_id,
            record_id=receipt.id,
            version=receipt.version,
            bucket=receipt.bucket,
            position=receipt.position,
        )
        return receipt

    def _sees_its_own(self, session: Session, receipt: Receipt) -> None:
        try:
            task = self.answered(lambda: session.get(Task, receipt.id, after=receipt), RECEIPT)
        except NotYetProjected:
            return  # the tables are being filled again
        except NotFound:  # they were emptied between the checkpoint and the row
            assert self.answered(lambda: session.engine.reader.reached(receipt.bucket)) < receipt.position
            return
        assert task.version >= receipt.version


class Reader(Role):
    """Asks what people ask, through the cache."""

    def work(self, seed: int) -> None:
        random = Random(seed)
        questions: tuple[Callable[[Session], object], ...] = (
            lambda me: me.find(Task, limit=50),
            lambda me: me.find(Note, limit=20, order_by="-updated_at"),
            lambda me: me.search("changed"),
            lambda me: me.timeline(limit=50),
            lambda me: me.count(Task, status="done"),
        )
        while not self.stop.is_set():
            question, session = random.choice(questions), random.choice(self.sessions)
            self.answered(lambda: question(session))  # noqa: B023 - answered before the next is chosen
            time.sleep(0.002)


class Importer(Role):
    """Imports, and now and then imports again what it has imported."""

    def work(self, seed: int) -> None:
        random, (session, *_) = Random(seed), self.sessions
        for batch in count():
            if self.stop.is_set():
                return
            again = random.randrange(batch) if batch and random.random() < 0.2 else batch
            names = [f"{seed}-{again}-{number}" for number in range(BATCH)]
            drafts = [Draft("task", "create", name, {"title": name}) for name in names]
            self.answered(lambda: Intake(session, PLATFORM).take(drafts))  # noqa: B023 - answered at once
            self.journal.write(IMPORTED, names=names)
            time.sleep(0.1)


class Rebuilder(Role):
    """Rebuilds all read models again and again, by itself and with two workers in turn."""

    def work(self, seed: int) -> None:
        rebuilder, stages = self.sessions[0].engine.care.rebuilder, list[str]()
        for number in count(seed):
            if self.stop.is_set():
                return
            begun, crew = time.monotonic(), Crew(Settings(), 2) if number % 2 else None
            try:
                report = rebuilder.rebuild(
                    crew=crew, stop=self.stop, tell=lambda stage: stages.append(stage.name)
                )
            except (*TRY_AGAIN, RebuildRefused) as error:
                ended, how = BROKEN_OFF, dict[str, object](reason=type(error).__name__)
                time.sleep(PAUSE)
            else:
                ended, how = REBUILT, dict[str, object](equal=report.equal, compared=len(report.compared))
            self.journal.write(ended, **how, seconds=time.monotonic() - begun, last_stage=stages[-1:])
            stages.clear()


ROLES: dict[str, tuple[type[Writer | Reader | Importer | Rebuilder], int]] = {
    "writer": (Writer, WRITER_THREADS),
    "reader": (Reader, READER_THREADS),
    "importer": (Importer, 1),
    "rebuilder": (Rebuilder, 1),
}


def main(name: str, seed: int, path: Path, people: Sequence[UUID]) -> None:
    stop = threading.Event()

    def tell(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, tell)
    kind, threads = ROLES[name]
    journal = Journal(path)
    with open_store(Settings(project_in_process=False)) as store, ThreadPoolExecutor(threads) as executor:
        role = kind(store, journal, people, stop)
        journal.write(READY)
        works = [executor.submit(role.work, seed * threads + each) for each in range(threads)]
        wait(works, return_when=FIRST_EXCEPTION)
        stop.set()  # one that has failed ends the others
        for each in works:
            each.result()
    journal.end()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), [UUID(each) for each in sys.argv[4:]])
