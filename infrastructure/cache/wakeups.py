"""Wakes projectors after a commit: by an event inside a process, by Redis pub/sub between processes."""

from __future__ import annotations

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
    """Rings in all processes that listen; a message may be lost, the poll behind it finds out."""

    def __init__(self, connect: Callable[[], redis.Redis]) -> None:
        """``connect`` makes the client when it is first needed."""
        self._connect = connect
        self._listener: PubSub | None = None

    @cached_property
    def _redis(self) -> redis.Redis:
        return self._connect()

    def ring(self) -> None:
        """Wake whoever waits; where Redis fails, they find out by polling."""
        try:
            self._redis.publish(CHANNEL, b"")
        except failures():
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
                    return
        except failures():
            self._listener = None
            time.sleep(timeout)
