"""Wakes projectors after a commit: by an event inside a process, by Redis pub/sub between processes."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from infrastructure.cache.answers import failures

if TYPE_CHECKING:
    import redis
    from redis.client import PubSub

CHANNEL = "lifeledger:appended"
PAUSE = 0.005  # seconds between two rings of a process


class LocalBell:
    """Rings inside one process."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def ring(self) -> None:
        """Wake whoever waits."""
        self._event.set()

    def wait(self, timeout: float) -> None:
        """Return when it rang, or after ``timeout`` seconds."""
        self._event.wait(timeout)
        self._event.clear()


class RedisBell:
    """Rings in all processes that listen; a message may be lost, the poll behind it finds out.

    A thread of its own does the ringing: commands do not wait for Redis, and many within PAUSE ring once.
    """

    def __init__(self, connect: Callable[[], redis.Redis]) -> None:
        """``connect`` makes the client when it is first needed."""
        self._connect = connect
        self._listener: PubSub | None = None
        self._lock = threading.Lock()
        self._rung = threading.Event()
        self._closing = threading.Event()
        self._ringer: threading.Thread | None = None

    @cached_property
    def _redis(self) -> redis.Redis:
        return self._connect()

    def ring(self) -> None:
        """Wake whoever waits; where Redis fails, they find out by polling."""
        self._rung.set()
        if self._ringer is None:
            with self._lock:
                if self._ringer is None:
                    self._ringer = threading.Thread(target=self._publish, name="bell", daemon=True)
                    self._ringer.start()

    def close(self) -> None:
        """Ring once more if that is due, and end."""
        if self._ringer is not None:
            self._rung.set()
            self._closing.set()
            self._ringer.join()

    def _publish(self) -> None:
        while self._rung.wait():
            self._rung.clear()
            with contextlib.suppress(failures()):
                self._redis.publish(CHANNEL, b"")
            if self._closing.wait(PAUSE) and not self._rung.is_set():
                return

    def wait(self, timeout: float) -> None:
        """Return when it rang, or after ``timeout`` seconds."""
        try:
            if self._listener is None:
                self._listener = self._redis.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]  # the library's own gap
                self._listener.subscribe(CHANNEL)
            deadline = time.monotonic() + timeout
            while (left := deadline - time.monotonic()) > 0:
                if self._listener.get_message(timeout=left):
                    while self._listener.get_message():
                        pass  # what rang meanwhile is answered by the same look
                    return
        except failures():
            self._listener = None
            time.sleep(timeout)
