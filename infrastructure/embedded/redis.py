"""The Redis server of a data directory: a cache in memory, which writes nothing to disk."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

from infrastructure.embedded.account import Account
from infrastructure.embedded.child import Child
from infrastructure.embedded.layout import REDIS_SOCKET, Layout, socket_folder
from infrastructure.embedded.programs import Programs

_SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "save": "",
    "appendonly": "no",
    "maxmemory-policy": "allkeys-lru",
    "slowlog-log-slower-than": "-1",
    # Its report of a crash would quote the command that was running.
    "crash-log-enabled": "no",
    "loglevel": "warning",
    "logfile": "",
    "daemonize": "no",
}
_ANSWER_TIMEOUT, _END_TIMEOUT = 1.0, 5.0  # seconds
_STOP = ((signal.SIGTERM, 2.0),)  # there is nothing to be written


class Redis:
    def __init__(
        self, layout: Layout, programs: Programs, account: Account | None, *, sockets: Path, maxmemory_mb: int
    ) -> None:
        self._layout = layout
        self._program = programs.redis_server
        self._account = account
        self._socket = sockets / REDIS_SOCKET
        self._log = layout.log("redis")
        settings = _SETTINGS | {
            "dir": str(layout.redis),
            "unixsocket": str(self._socket),
            "maxmemory": f"{maxmemory_mb}mb",
        }
        self._arguments = [word for name, value in settings.items() for word in (f"--{name}", value)]
        self._child: Child | None = None

    @property
    def pid(self) -> int:
        return 0 if self._child is None else self._child.pid

    @property
    def runs(self) -> bool:
        return self._child is not None and not self._child.ended

    @property
    def reachable(self) -> bool:
        """Whether it runs and its socket is still there."""
        return self.runs and self._socket.exists()

    def start(self) -> None:
        socket_folder(self._layout, self._account)  # again: something may have cleaned the temp directory
        # A Redis that outlived its keeper would run on for ever once another has taken the name of its socket.
        self._ask("SHUTDOWN NOSAVE", _END_TIMEOUT)
        self._socket.unlink(missing_ok=True)
        self._child = Child(
            [self._program, *self._arguments],
            log=self._log,
            account=self._account,
            when_keeper_dies=signal.SIGTERM,
        )

    def answers(self) -> bool:
        return self._ask("PING", _ANSWER_TIMEOUT) == b"+PONG\r\n"

    def stop(self) -> None:
        if self._child is not None:
            self._child.stop(*_STOP)

    def _ask(self, command: str, timeout: float) -> bytes:
        """Return the reply, or nothing if there is no server, it has closed the connection or says nothing in time."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(timeout)
            try:
                connection.connect(str(self._socket))
                connection.sendall(f"{command}\r\n".encode())
                return connection.recv(64)
            except OSError:
                return b""
