"""No kept answer outlives what it was made from, whoever asks, and whatever happens to Redis."""

from __future__ import annotations

import multiprocessing
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from random import Random
from uuid import UUID, uuid4

import psycopg
import pytest
import redis
from pydantic import SecretStr

from domain.productivity.note import Note
from domain.productivity.task import Task
from infrastructure.bootstrap import open_store
from infrastructure.cache.answers import AnswerCache, NoCache
from infrastructure.embedded.programs import installed
from infrastructure.ledger.events import Receipt
from infrastructure.settings import Settings
from infrastructure.store.session import Session
from infrastructure.store.store import Person, Store

PATIENCE = 60.0  # seconds; no test waits that long unless something is broken
PLANTED = "Quarterly biopsy Wintermute"


class MortalRedis:
    """A Redis of the test's own, on a socket, which may be killed and paused."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "redis.sock"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    def start(self) -> None:
        self._socket.unlink(missing_ok=True)
        options = {
            "port": "0",
            "unixsocket": self._socket,
            "dir": self._folder,
            "save": "",
            "appendonly": "no",
        }
        arguments = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
        self._process = subprocess.Popen(
            [installed().redis_server, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        with self.client() as client:
            eventually(lambda: self._answers(client))

    @contextmanager
    def client(self) -> Iterator[redis.Redis]:
        client = redis.Redis(unix_socket_path=str(self._socket))
        try:
            yield client
        finally:
            client.close()

    def tell(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def _answers(self, client: redis.Redis) -> bool:
        with suppress(redis.RedisError):
            return bool(client.ping())
        return False


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def mortal() -> Iterator[MortalRedis]:
    folder = Path(tempfile.mkdtemp(prefix="lifeledger-redis-"))  # short: a socket's path holds 107 bytes
    server = MortalRedis(folder)
    try:
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)


@pytest.fixture
def on_mortal(settings: Settings, mortal: MortalRedis) -> Settings:
    return settings.model_copy(update={"redis_url": SecretStr(mortal.url)})


@pytest.fixture(params=["redis", "none"])
def any_store(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Store]:
    """A store with each of the ways to keep answers."""
    if request.param == "none":
        settings = settings.model_copy(update={"redis_url": None})
    with open_store(settings) as opened:
        assert isinstance(opened.engine.answers, NoCache if request.param == "none" else AnswerCache)
        yield opened


def answers_of(store: Store) -> AnswerCache:
    assert isinstance(store.engine.answers, AnswerCache)
    return store.engine.answers


def titles(session: Session, after: Receipt | None = None) -> list[str]:
    return sorted(task.title for task in session.find(Task, after=after))


def test_whatever_keeps_answers_they_are_those_of_the_tables(any_store: Store) -> None:
    me = any_store.acting_as(any_store.register("ada", "ada@example.org"))
    random = Random(5)
    kept: dict[UUID, str] = {}
    for number in range(40):
        if not kept or random.random() < 0.4:
            receipt = me.do(Task.create, title=f"made {number}")
            kept[receipt.id] = f"made {number}"
        elif random.random() < 0.3:
            record_id = random.choice(list(kept))
            del kept[record_id]
            receipt = me.do(Task.trash, record_id)
        else:
            record_id = random.choice(list(kept))
            kept[record_id] = f"changed {number}"
            receipt = me.do(Task.retitle, record_id, f"changed {number}")
        any_store.catch_up()
        for _ in range(2):
            assert titles(me, after=receipt) == sorted(kept.values())
            assert sorted(entry.title for entry in me.timeline(kind="task")) == sorted(kept.values())
            assert me.count(Task) == len(kept)


def test_whatever_keeps_answers_one_from_before_a_change_is_never_given_after_it(any_store: Store) -> None:
    answers, subject_id = any_store.engine.answers, uuid4()
    _, ticket = answers.find(subject_id, "task", "q")
    with answers.changing([(subject_id, "task")]):
        if ticket is not None:
            answers.keep(ticket, b"old")
        assert answers.find(subject_id, "task", "q") == (None, None)
    assert answers.find(subject_id, "task", "q")[0] is None


def test_whatever_keeps_answers_an_error_inside_a_change_leaves_them_usable(any_store: Store) -> None:
    answers, subject_id = any_store.engine.answers, uuid4()
    with suppress(psycopg.OperationalError), answers.changing([(subject_id, "task")]):
        raise psycopg.OperationalError
    answer, ticket = answers.find(subject_id, "task", "q")
    assert answer is None
    assert (ticket is not None) == isinstance(answers, AnswerCache)


def test_an_answer_is_found_again_also_by_another_store(
    store: Store, me: Session, person: Person, reopened: Callable[[], Store]
) -> None:
    me.do(Task.create, title="Once")
    store.catch_up()
    first = me.find(Task)
    hits, misses = answers_of(store).hits, answers_of(store).misses
    assert titles(me) == [task.title for task in first] == ["Once"]
    assert (answers_of(store).hits, answers_of(store).misses) == (hits + 1, misses)
    other = reopened()
    assert titles(other.acting_as(person)) == ["Once"]
    assert (answers_of(other).hits, answers_of(other).misses) == (1, 0)


def test_an_answer_of_an_earlier_generation_is_a_miss(store: Store, me: Session) -> None:
    made = me.do(Task.create, title="Before")
    store.catch_up()
    assert titles(me) == titles(me) == ["Before"]
    hits = answers_of(store).hits
    assert hits == 1
    me.do(Task.retitle, made.id, "After")
    store.catch_up()
    assert titles(me) == ["After"]
    assert answers_of(store).hits == hits


def test_a_change_of_one_kind_or_person_leaves_the_answers_of_others(store: Store, me: Session) -> None:
    stranger = store.acting_as(store.register("eve", "eve@example.org"))
    me.do(Task.create, title="Mine")
    store.catch_up()
    titles(me)
    me.timeline()
    me.do(Note.write, title="Another kind")
    stranger.do(Task.create, title="Another person")
    store.catch_up()
    hits = answers_of(store).hits
    assert titles(me) == ["Mine"]
    assert answers_of(store).hits == hits + 1
    assert len(me.timeline(kind="note")) == 1  # control: what ranges over all kinds is asked anew
    assert len(me.timeline()) == 3
    assert answers_of(store).hits == hits + 1


def test_two_people_or_two_questions_never_share_an_answer(store: Store, me: Session) -> None:
    stranger = store.acting_as(store.register("eve", "eve@example.org"))
    me.do(Task.create, title="A")
    me.do(Task.create, title="B")
    store.catch_up()
    for _ in range(2):
        assert titles(me) == ["A", "B"]
        assert titles(stranger) == []
        assert [task.title for task in me.find(Task, order_by="created_at", limit=1)] == ["A"]
        assert [task.title for task in me.find(Task, order_by="-created_at", limit=1)] == ["B"]
        assert len(me.find(Task, trashed=True)) == 0
    assert answers_of(store).hits == 5


def test_an_answer_moved_to_another_key_is_not_opened(
    store: Store, me: Session, servers_redis: redis.Redis
) -> None:
    me.do(Task.create, title="A")
    store.catch_up()
    titles(me)
    (key,) = servers_redis.scan_iter(match=f"a:{me.subject_id.hex}:*")
    kept = servers_redis.get(key)
    assert isinstance(kept, bytes)
    servers_redis.set(key, kept[:-1] + bytes([kept[-1] ^ 1]), ex=60)
    hits = answers_of(store).hits
    assert titles(me) == ["A"]
    assert answers_of(store).hits == hits
    assert titles(me) == ["A"]  # control: put right again
    assert answers_of(store).hits == hits + 1


@pytest.fixture
def servers_redis(settings: Settings) -> Iterator[redis.Redis]:
    assert settings.redis_url is not None
    client = redis.Redis.from_url(settings.redis_url.get_secret_value())
    yield client
    client.close()


def test_redis_holds_no_clear_text_and_no_key_for_ever(on_mortal: Settings, mortal: MortalRedis) -> None:
    with open_store(on_mortal) as store, mortal.client() as client:
        me = store.acting_as(store.register("wintermute", "wintermute@example.org"), purpose=PLANTED)
        receipt = me.do(Task.create, title=PLANTED, notes=PLANTED)
        store.catch_up()
        for _ in range(2):
            assert titles(me) == [PLANTED]
            assert [hit.record_id for hit in me.search("wintermute", kind="task")] == [receipt.id]
            assert len(me.timeline()) == 2
            assert me.audit(record_id=receipt.id)[0].purpose == PLANTED
            assert len(me.task_tree()) == 1
        assert answers_of(store).hits == 5
        keys = list(client.scan_iter())
        names = [key.decode() for key in keys]
        content = b"\n".join(key + b" " + (client.get(key) or b"") for key in keys)
        assert sum(name.startswith("a:") for name in names) == 5
        assert all(client.ttl(key) > 0 for key in keys)
        assert {name.split(":")[0] for name in names} == {"a", "g"}
        store_id = store.engine.keys.store_id
        assert {name.split(":")[1] for name in names} == {me.subject_id.hex, store_id.hex}
        for word in (PLANTED, *PLANTED.split(), "wintermute", "example.org"):
            assert word.lower().encode() not in content.lower()
    with psycopg.connect(_ledger_url(on_mortal)) as connection:  # control: there is something to be seen
        assert connection.execute("SELECT title FROM read.tasks").fetchall() == [(PLANTED,)]


def _ledger_url(settings: Settings) -> str:
    assert settings.ledger_url is not None
    return settings.ledger_url.get_secret_value()


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


def read(session: Session, after: Receipt | None = None) -> int:
    (task,) = session.find(Task, after=after)
    return int(task.title)


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
