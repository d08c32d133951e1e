"""Keeps the servers of one data directory up until nobody has needed them for a while."""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from infrastructure.embedded import locks, status
from infrastructure.embedded.bell import Bell
from infrastructure.embedded.errors import ServerDidNotStart
from infrastructure.embedded.layout import Layout

_START_POLL = 0.005  # seconds
_SHORTEST_WATCH, _LONGEST_WATCH = 0.02, 5.0  # seconds between two looks at the clients
_WATCHES_PER_IDLE_TIME = 20
_SOCKET_PATIENCE = 15.0  # seconds
_MOST_FALLS = 5
_FALLS_WITHIN = 60.0  # seconds
_FIRST_PAUSE = 0.05  # seconds before a start is repeated; doubled at each fall

_log = logging.getLogger("keeper")


class Server(Protocol):
    @property
    def pid(self) -> int: ...

    @property
    def runs(self) -> bool: ...

    @property
    def reachable(self) -> bool: ...

    def start(self) -> None: ...

    def answers(self) -> bool: ...

    def stop(self) -> None: ...


class Watch:
    """Over a PostgreSQL and a Redis, by the holder of the lock of the data directory."""

    def __init__(
        self,
        layout: Layout,
        *,
        lock: int,
        postgres: Server,
        redis: Server,
        sockets: Path,
        idle_seconds: float,
    ) -> None:
        self._layout = layout
        self._lock = lock
        self._postgres = postgres
        self._redis = redis
        self._sockets = sockets
        self._idle_seconds = idle_seconds
        self._bell = Bell(layout.control)
        self._clients = locks.open_lock(layout.clients_lock)
        self._last_visit = 0
        self._last_needed = 0.0
        self._up_since: float | None = None
        self._falls: deque[float] = deque(maxlen=_MOST_FALLS)
        self._word: int | None = None

    def run(self, *, when_up: Callable[[], None]) -> None:
        """Return when the servers have been stopped.

        ServerDidNotStart: a server cannot be started, or falls again and again.
        """
        try:
            if not self._bring_up():
                raise ServerDidNotStart("somebody stopped the servers while they were starting")
            self._last_needed = time.monotonic()
            when_up()
            watch = min(max(_SHORTEST_WATCH, self._idle_seconds / _WATCHES_PER_IDLE_TIME), _LONGEST_WATCH)
            while True:
                self._bell.wait(watch)
                if self._bell.stop_asked or self._displaced() or self._idle():
                    return
                if not all(server.reachable for server in self._servers):
                    self._note_fall()
                    self._bring_up()
        finally:
            self._withdraw()
            for server in self._servers:
                server.stop()
            self._remove_far_sockets()

    @property
    def _servers(self) -> tuple[Server, Server]:
        return (self._redis, self._postgres)

    def _bring_up(self) -> bool:
        """Start what does not run and tell the clients when both answer; False when a stop comes first."""
        self._withdraw()
        for server in self._servers:
            if not server.reachable:
                server.stop()
                server.start()
        started = time.monotonic()
        while not self._bell.stop_asked:
            # Both make their socket first of all, but one that ends late may take the new socket for its own.
            sockets_due = time.monotonic() - started > _SOCKET_PATIENCE
            fallen = [
                server for server in self._servers if not (server.reachable if sockets_due else server.runs)
            ]
            for server in fallen:
                self._note_fall()
                server.stop()
                server.start()
                started = time.monotonic()
            if not fallen and all(server.answers() for server in self._servers):
                self._give_word()
                return True
            self._bell.wait(_START_POLL)
        return False

    def _note_fall(self) -> None:
        now = time.monotonic()
        while self._falls and now - self._falls[0] > _FALLS_WITHIN:
            self._falls.popleft()
        if len(self._falls) == _MOST_FALLS:
            logs = self._layout.log("postgres").parent
            message = f"a server ended {_MOST_FALLS + 1} times within {_FALLS_WITHIN:.0f} s; see {logs}"
            raise ServerDidNotStart(message)
        self._falls.append(now)
        _log.warning("a server has ended; starting it again")
        time.sleep(_FIRST_PAUSE * 2 ** (len(self._falls) - 1))

    def _give_word(self) -> None:
        self._up_since = self._up_since or time.time()
        self._word = status.publish(
            self._layout,
            status.Ready(
                keeper_pid=os.getpid(),
                postgres_pid=self._postgres.pid,
                redis_pid=self._redis.pid,
                up_since=self._up_since,
                idle_seconds=self._idle_seconds,
                socket_dir=str(self._sockets),
            ),
        )

    def _remove_far_sockets(self) -> None:
        """Leave no empty folder outside of the data directory, unless another keeper may need it by now."""
        if self._sockets != self._layout.sockets and not self._displaced():
            with suppress(OSError):
                self._sockets.rmdir()

    def _withdraw(self) -> None:
        if self._word is not None:
            status.take_back(self._layout, self._word)
            self._word = None

    def _idle(self) -> bool:
        """Whether nobody has needed the servers for long enough.

        Then the clients' lock stays ours: who comes now waits until we are gone, and starts another keeper.
        """
        now = time.monotonic()
        # A client that came and went between two looks has left its time on the file. Only a change counts: the
        # clock of the file may be set.
        visit = os.fstat(self._clients).st_mtime_ns
        if visit != self._last_visit:
            self._last_visit = visit
            self._last_needed = now
        if not locks.try_exclusive(self._clients):
            self._last_needed = now
            return False
        if now - self._last_needed >= self._idle_seconds:
            return True
        locks.release(self._clients)
        return False

    def _displaced(self) -> bool:
        """Whether somebody has deleted the lock files, so that others lock new ones of the same name."""
        ours = ((self._lock, self._layout.keeper_lock), (self._clients, self._layout.clients_lock))
        return not all(locks.is_named(descriptor, path) for descriptor, path in ours)
