"""Start, join and stop the servers of a data directory."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from infrastructure.embedded import locks, status
from infrastructure.embedded.account import server_account
from infrastructure.embedded.bell import ring
from infrastructure.embedded.errors import ServerDidNotStart, ServerDidNotStop, ServersNotStarted
from infrastructure.embedded.launch import ANOTHER_KEEPS, READY, Launch
from infrastructure.embedded.layout import (
    POSTGRES_ROLE,
    REDIS_SOCKET,
    establish,
    layout_of,
    naming_the_closed,
)
from infrastructure.embedded.room import NEEDED, is_short
from infrastructure.embedded.status import Ready, ServerStatus

_POLL = 0.005  # seconds
_CONNECT_TIMEOUT = (
    10  # seconds; a server that hangs, such as one that was stopped by SIGSTOP, would take minutes
)


class EmbeddedServers:
    """The PostgreSQL and the Redis of a data directory, for as long as this object is open.

    Starts them, or joins those that another process has started, whose settings then hold. After close() they stay
    up until nobody has had them open for idle_seconds. Threads may share one object. An object that is never closed
    counts as a client until its process ends; in a forked child, until the child has closed it or ended as well.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        idle_seconds: float = 900.0,
        start_timeout: float = 60.0,
        shared_buffers_mb: int = 256,
        redis_memory_mb: int = 256,
    ) -> None:
        self._layout = layout_of(data_dir)
        self._idle_seconds = idle_seconds
        self._start_timeout = start_timeout
        self._shared_buffers_mb = shared_buffers_mb
        self._redis_memory_mb = redis_memory_mb
        self._mutex = threading.Lock()
        self._presence: int | None = None
        self._ready: Ready | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Return when both servers answer; may be called again, also after somebody has stopped them.

        A Redis that keeps falling is not waited for: at its address nobody answers until it stays up.
        DataDirectoryUnreachable: a folder is closed to the account that the servers run as.
        ServerDidNotStart: they do not answer within start_timeout, or cannot be started.
        """
        deadline = time.monotonic() + self._start_timeout
        with self._mutex:
            # A lock file that somebody has deleted tells a new keeper nothing of us.
            if self._presence is not None and not locks.is_named(self._presence, self._layout.clients_lock):
                self._leave()
            if self._presence is None:
                self._presence = self._announce(deadline)
            try:
                with naming_the_closed(self._layout):
                    self._ready = self._join(deadline)
            except BaseException:
                self._leave()
                raise

    def close(self) -> None:
        """Give up the presence; the servers stay up for others."""
        with self._mutex:
            self._leave()

    def postgres_url(self, database: str) -> str:
        """Address a database for psycopg or SQLAlchemy.

        ServersNotStarted: before start().
        """
        place = f"host={quote(self._socket_dir, safe='')}&connect_timeout={_CONNECT_TIMEOUT}"
        return f"postgresql://{POSTGRES_ROLE}@/{quote(database, safe='')}?{place}"

    @property
    def redis_url(self) -> str:
        """Address the cache for redis-py.

        ServersNotStarted: before start().
        """
        return f"unix://{quote(self._socket_dir)}/{REDIS_SOCKET}"

    def ensure_database(self, name: str) -> None:
        """Make the database unless it is there; other processes may do the same at this moment.

        ServersNotStarted: before start(). ServerDidNotStart: PostgreSQL does not answer, or cannot make it.
        """
        from infrastructure.embedded.databases import ensure_database  # noqa: PLC0415 - joining must not load psycopg

        ensure_database(self.postgres_url("postgres"), name)

    @property
    def _socket_dir(self) -> str:
        ready = self._ready
        if ready is None:
            raise ServersNotStarted("start() comes before the addresses of the servers")
        return ready.socket_dir

    def _leave(self) -> None:
        if self._presence is not None:
            os.utime(self._presence)
            os.close(self._presence)
        self._presence = self._ready = None

    def _announce(self, deadline: float) -> int:
        """Take a share of the clients' lock: from now on no keeper stops for idleness."""
        descriptor = self._open_clients_lock()
        while not locks.try_shared(descriptor):
            # A keeper holds it while it stops for idleness, and for a moment whenever it looks.
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise self._too_late()
            time.sleep(_POLL)
        os.utime(descriptor)
        return descriptor

    def _open_clients_lock(self) -> int:
        with naming_the_closed(self._layout):
            if not self._layout.clients_lock.exists():
                establish(self._layout, server_account(self._layout.postgres))
            return locks.open_lock(self._layout.clients_lock)

    def _join(self, deadline: float) -> Ready:
        """Wait for a word of the keeper; start a keeper when there is none."""
        launch: Launch | None = None
        try:
            while (ready := status.read(self._layout)) is None:
                if launch is None and not locks.file_is_held(self._layout.keeper_lock):
                    launch = self._launch()
                elif launch is not None and (outcome := launch.outcome()) is not None:
                    launch.close()
                    launch = None
                    if outcome not in {READY, ANOTHER_KEEPS}:
                        raise self._not_started(outcome)
                if time.monotonic() > deadline:
                    raise self._too_late()
                time.sleep(_POLL)
        finally:
            if launch is not None:
                launch.close()
        return ready

    def _launch(self) -> Launch:
        establish(self._layout, server_account(self._layout.postgres))
        return Launch(
            self._layout,
            idle_seconds=self._idle_seconds,
            shared_buffers_mb=self._shared_buffers_mb,
            redis_memory_mb=self._redis_memory_mb,
        )

    def _not_started(self, reason: str) -> ServerDidNotStart:
        if is_short(self._layout.root):
            room = f"less than {NEEDED >> 20} MB are left on the disk of {self._layout.root}"
            return ServerDidNotStart(f"the servers do not start: {room}; make room, and repeat")
        return ServerDidNotStart(reason)

    def _too_late(self) -> ServerDidNotStart:
        logs = self._layout.log("keeper").parent
        return ServerDidNotStart(f"the servers do not answer within {self._start_timeout:g} s; see {logs}")


def stop(data_dir: Path, *, timeout: float = 90.0) -> bool:
    """Stop the servers, whoever uses them; True when they were running and are now down.

    The time is longer than what their keeper waits for each before it ends them by force.

    ServerDidNotStop: they still run after that time; the request stands.
    DataDirectoryUnreachable: the current user may not look into the data directory.
    """
    layout = layout_of(data_dir)
    deadline = time.monotonic() + timeout
    with naming_the_closed(layout):
        if not locks.file_is_held(layout.keeper_lock):
            return False
        first = status.read(layout)
    asked = False
    while locks.file_is_held(layout.keeper_lock):
        current = status.read(layout)
        if first is None and current is not None:
            # It was starting. This may be another one than we have asked, and asking twice does no harm.
            first, asked = current, False
        elif first is not None and current is not None and current.keeper_pid != first.keeper_pid:
            break  # somebody has needed the servers again, and has started them
        # A keeper that has just begun may not listen yet.
        asked = asked or ring(layout.control)
        if time.monotonic() > deadline:
            message = f"the servers of {layout.root} still run after {timeout:g} s"
            raise ServerDidNotStop(message)
        time.sleep(_POLL)
    return True


def running(data_dir: Path) -> ServerStatus | None:
    """Look what runs in the data directory, without starting anything; None also while the servers are starting.

    DataDirectoryUnreachable: the current user may not look into the data directory.
    """
    layout = layout_of(data_dir)
    with naming_the_closed(layout):
        ready = status.read(layout)
    return None if ready is None else ready.status()
