"""Keeps the servers of one data directory up until nobody has needed them for a while."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from infrastructure.embedded import locks, status
from infrastructure.embedded.bell import Bell
from infrastructure.embedded.errors import ServerDidNotStart
from infrastructure.embedded.falls import FALLS_WITHIN, MOST_FALLS, Falls
from infrastructure.embedded.layout import Layout

_START_POLL = 0.005  # seconds
_SHORTEST_WATCH, _LONGEST_WATCH = 0.02, 5.0  # seconds between two looks at the clients
_WATCHES_PER_IDLE_TIME = 20
_SOCKET_PATIENCE = 15.0  # seconds
_REDIS_PATIENCE = 5.0  # seconds for a Redis that runs to answer; one that hangs must not hold PostgreSQL back
_REDIS_RESTS = 60.0  # seconds that a Redis which keeps falling, or hangs, is left down

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
    """Over a PostgreSQL and a Redis, by the holder of the lock of the data directory.

    Without PostgreSQL there is no store, without Redis it is slower. So a PostgreSQL that falls again and again ends
    the watch; such a Redis, or one that runs and does not answer, is left down for a while and then tried once more.
    """

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
        self._postgres_falls, self._redis_falls = Falls(), Falls()
        self._redis_rests_until: float | None = None
        self._redis_given_up = False
        self._word: int | None = None

    def run(self, *, when_up: Callable[[], None]) -> None:
        """Return when the servers have been stopped.

        ServerDidNotStart: a server cannot be started, or PostgreSQL falls again and again.
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
                fallen = [server for server in self._wanted if not server.reachable]
                for server in fallen:
                    self._note_fall(server)
                if fallen or self._redis_has_rested():
                    self._bring_up()
        finally:
            self._withdraw()
            for server in self._servers:
                server.stop()
            self._remove_far_sockets()

    @property
    def _servers(self) -> tuple[Server, Server]:
        return (self._redis, self._postgres)

    @property
    def _wanted(self) -> tuple[Server, ...]:
        return self._servers if self._redis_rests_until is None else (self._postgres,)

    def _bring_up(self) -> bool:
        """Start what does not run and tell the clients when all that is wanted answers.

        False when a stop comes first.
        """
        self._withdraw()
        for server in self._wanted:
            if not server.reachable:
                server.stop()
                server.start()
        started = time.monotonic()
        while not self._bell.stop_asked:
            # Both make their socket first of all, but one that ends late may take the new socket for its own.
            sockets_due = time.monotonic() - started > _SOCKET_PATIENCE
            fallen = [
                server for server in self._wanted if not (server.reachable if sockets_due else server.runs)
            ]
            for server in fallen:
                self._note_fall(server)
                server.stop()
                if server in self._wanted:
                    server.start()
                    started = time.monotonic()
            if not fallen and self._postgres.answers():
                if self._redis not in self._wanted or self._redis.answers():
                    self._give_word()
                    return True
                if time.monotonic() - started > _REDIS_PATIENCE:
                    self._leave_redis_down(f"Redis has not answered for {_REDIS_PATIENCE:.0f} s")
                    continue
            self._bell.wait(_START_POLL)
        return False

    def _note_fall(self, server: Server) -> None:
        """Wait a little before it is started again; a Redis that has fallen too often is not wanted for a while."""
        name, falls = ("PostgreSQL", self._postgres_falls)
        if server is self._redis:
            name, falls = ("Redis", self._redis_falls)
        if falls.note():
            _log.warning("%s has ended; starting it again", name)
            if server is self._redis:
                self._redis_given_up = False  # it has stayed up for a while since
            time.sleep(falls.pause)
            return
        often = f"{name} ended {MOST_FALLS + 1} times within {FALLS_WITHIN:.0f} s"
        if server is self._postgres:
            message = f"{often}; see {self._layout.log('postgres').parent}"
            raise ServerDidNotStart(message)
        self._leave_redis_down(often)

    def _leave_redis_down(self, why: str) -> None:
        if not self._redis_given_up:
            logs = self._layout.log("redis").parent
            _log.warning("%s; going on without it, trying it every %.0f s; see %s", why, _REDIS_RESTS, logs)
        self._redis_given_up = True
        self._redis_rests_until = time.monotonic() + _REDIS_RESTS
        self._redis.stop()  # it may run on, without its socket or without a word

    def _redis_has_rested(self) -> bool:
        """Whether it is time to try a Redis that was given up."""
        if self._redis_rests_until is None or time.monotonic() < self._redis_rests_until:
            return False
        self._redis_rests_until = None
        self._redis_falls.allow_none()
        return True

    def _give_word(self) -> None:
        self._up_since = self._up_since or time.time()
        self._word = status.publish(
            self._layout,
            status.Ready(
                keeper_pid=os.getpid(),
                postgres_pid=self._postgres.pid,
                redis_pid=self._redis.pid if self._redis in self._wanted else None,
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
