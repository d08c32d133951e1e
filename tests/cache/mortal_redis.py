"""A Redis that can be killed and stopped."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import redis

from domain.productivity.task import Task
from infrastructure.cache.answers import AnswerCache
from infrastructure.embedded.programs import installed
from infrastructure.ledger.events import Receipt
from infrastructure.store.session import Session
from infrastructure.store.store import Store

PATIENCE = 60.0  # seconds; no test waits that long unless something is broken


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


def answers_of(store: Store) -> AnswerCache:
    assert isinstance(store.engine.answers, AnswerCache)
    return store.engine.answers


def titles(session: Session, after: Receipt | None = None) -> list[str]:
    return sorted(task.title for task in session.find(Task, after=after))


def read(session: Session, after: Receipt | None = None) -> int:
    (task,) = session.find(Task, after=after)
    return int(task.title)
