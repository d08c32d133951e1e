"""A pool of connections whose queue is bounded: in how many wait, and for how long."""

from __future__ import annotations

import threading
from typing import Any

from psycopg import Connection
from psycopg_pool import ConnectionPool, PoolTimeout, TooManyRequests

from infrastructure.errors import Busy, Unavailable


class Connections(ConnectionPool[Connection[Any]]):
    """Lends each connection to one caller at a time. Safe to share between threads."""

    def __init__(self, url: str, **settings: Any) -> None:  # noqa: ANN401 - those of ConnectionPool
        """Take the settings of ConnectionPool; ``max_waiting`` and ``timeout`` are the bounds of its queue."""
        super().__init__(url, **settings)
        self._counting = threading.Lock()
        self._lent = 0

    def getconn(self, timeout: float | None = None) -> Connection[Any]:
        """Return a connection; raises Busy where all are at work, Unavailable where none can be made."""
        try:
            connection = super().getconn(timeout)
        except (PoolTimeout, TooManyRequests):
            raise (Busy if self._lent >= self.max_size else Unavailable) from None
        with self._counting:
            self._lent += 1
        return connection

    def putconn(self, conn: Connection[Any]) -> None:
        """Take a connection back."""
        with self._counting:
            self._lent -= 1
        super().putconn(conn)
