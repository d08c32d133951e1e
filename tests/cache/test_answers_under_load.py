"""Answers while others write and Redis dies, hangs and comes back."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing.sharedctypes import Synchronized
from uuid import UUID

import pytest

from domain.productivity.task import Task
from infrastructure.bootstrap import open_store
from infrastructure.settings import Settings
from infrastructure.store.session import Session
from infrastructure.store.store import Person, Store
from tests.cache.mortal_redis import MortalRedis, answers_of, eventually, read, titles


@dataclass
class Workload:
    """A writer that counts up in the title of a task, while readers watch that they never see it fall."""

    settings: Settings
    person: Person
    counter_id: UUID
    seen: Synchronized[int]
    """The highest number that anybody has seen in an answer."""
    stop: threading.Event = field(default_factory=threading.Event)
    failures: list[BaseException] = field(default_factory=list)
    reads: int = 0
    written: int = 0

    @contextmanager
    def running(self, store: Store, readers: int) -> Iterator[None]:
        spawn = multiprocessing.get_context("spawn")
        stop_process = spawn.Event()
        failed_in_process = spawn.Value("i", 0)
        process = spawn.Process(
            target=read_in_process,
            args=(self.settings, self.person, self.seen, stop_process, failed_in_process),
        )
        process.start()
        watchers = [store.acting_as(self.person) for _ in range(readers)]
        threads = [threading.Thread(target=self._guarded, args=(self._watch, each)) for each in watchers]
        threads.append(
            threading.Thread(target=self._guarded, args=(self._write, store.acting_as(self.person)))
        )
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stop.set()
            stop_process.set()
            for thread in threads:
                thread.join()
            process.join()
        assert self.failures == []
        assert (process.exitcode, failed_in_process.value) == (0, 0)

    def until(self, more: int) -> None:
        """Wait until that many more numbers were written and read back."""
        wanted = self.written + more
        eventually(lambda: self.written >= wanted or self.stop.is_set())

    def _guarded(self, work: Callable[[Session], None], session: Session) -> None:
        try:
            while not self.stop.is_set():
                work(session)
        except BaseException as error:  # noqa: BLE001 - shown by the test's own thread
            self.failures.append(error)
            self.stop.set()

    def _watch(self, session: Session) -> None:
        watch(session, self.seen)
        self.reads += 1

    def _write(self, session: Session) -> None:
        number = self.written + 1
        receipt = session.do(Task.retitle, self.counter_id, str(number))
        assert read(session, receipt) >= number
        assert int(session.timeline(kind="task")[0].title) >= number
        raise_to(self.seen, number)
        self.written = number


def watch(session: Session, seen: Synchronized[int]) -> None:
    """Ask what may have been kept; nothing may be older than what anybody saw before the question."""
    floor = seen.value
    number = read(session)
    assert number >= floor
    raise_to(seen, number)
    floor = seen.value
    (entry,) = session.timeline(kind="task")
    assert int(entry.title) >= floor
    raise_to(seen, int(entry.title))


def raise_to(seen: Synchronized[int], number: int) -> None:
    with seen.get_lock():
        seen.value = max(seen.value, number)


def read_in_process(
    settings: Settings,
    person: Person,
    seen: Synchronized[int],
    stop: threading.Event,
    failed: Synchronized[int],
) -> None:
    with open_store(settings) as store:
        session = store.acting_as(person)
        try:
            while not stop.is_set():
                watch(session, seen)
        except BaseException:
            failed.value = 1
            raise


@pytest.fixture
def workload(on_mortal: Settings) -> Iterator[tuple[Workload, Store]]:
    """The counter at 0; one store projects and another one is asked, so that they share nothing but Redis."""
    with ExitStack() as stack:
        store = stack.enter_context(open_store(on_mortal))
        person = store.register("ada", "ada@example.org")
        me = store.acting_as(person)
        made = me.do(Task.create, title="0")
        store.catch_up()
        stack.enter_context(open_store(on_mortal.model_copy(update={"project_in_process": True})))
        seen = multiprocessing.get_context("spawn").Value("q", 0)
        yield Workload(on_mortal, person, made.id, seen), store


def test_no_reader_is_given_an_answer_older_than_one_that_was_seen(workload: tuple[Workload, Store]) -> None:
    work, store = workload
    with work.running(store, readers=3):
        work.until(60)
    assert work.written >= 60
    assert work.reads > 60
    assert answers_of(store).hits > 0


def test_redis_may_die_and_come_back_and_no_answer_is_stale_or_missing(
    workload: tuple[Workload, Store], mortal: MortalRedis
) -> None:
    work, store = workload
    with work.running(store, readers=2):
        for _ in range(2):
            work.until(5)
            mortal.kill()
            work.until(2)
            mortal.start()
            work.until(5)
    assert work.written >= 24
    assert answers_of(store).healthy()


def test_redis_may_stop_answering_and_go_on_and_no_answer_is_stale_or_missing(
    workload: tuple[Workload, Store], mortal: MortalRedis
) -> None:
    work, store = workload
    with work.running(store, readers=2):
        for _ in range(2):
            work.until(5)
            mortal.tell(signal.SIGSTOP)
            try:
                work.until(1)
            finally:
                mortal.tell(signal.SIGCONT)
            work.until(5)
    assert work.written >= 22
    assert answers_of(store).healthy()


def test_answers_are_kept_again_after_redis_has_come_back(on_mortal: Settings, mortal: MortalRedis) -> None:
    with open_store(on_mortal) as store:
        me = store.acting_as(store.register("ada", "ada@example.org"))
        me.do(Task.create, title="A")
        store.catch_up()
        mortal.kill()
        assert titles(me) == ["A"]
        assert not answers_of(store).healthy()
        mortal.start()

        def hit() -> bool:
            before = answers_of(store).hits
            assert titles(me) == ["A"]
            return answers_of(store).hits > before

        eventually(hit)
