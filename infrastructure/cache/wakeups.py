"""Wakes projectors after a commit: by an event inside a process, by Redis pub/sub between processes."""

from __future__ import annotations

import threading
import time

import redis

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

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client
        self._listener: redis.client.PubSub | None = None

    def ring(self) -> None:
        """Wake whoever waits; where Redis fails, they find out by polling."""
        try:
            self._redis.publish(CHANNEL, b"")
        except redis.RedisError:
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
        except redis.RedisError:
            self._listener = None
            time.sleep(timeout)
