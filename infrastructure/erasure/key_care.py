"""Replaces the root key once an erasure has made that due, and dates receipts when it is gone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg import Connection
from psycopg_pool import ConnectionPool

from infrastructure.crypto.root_key import RootKeys
from infrastructure.erasure.erasures import Erasures
from infrastructure.errors import KeyUnavailable

_LAST_ENDED = """
SELECT epoch, destroyed_at FROM keys.root_epochs
WHERE bucket = 0 AND destroyed_at IS NOT NULL ORDER BY epoch DESC LIMIT 1
"""


class KeyCare:
    """What workers do for the root key. Belongs to one thread."""

    def __init__(
        self, pool: ConnectionPool[Connection[Any]], roots: RootKeys, delay: timedelta, erasures: Erasures
    ) -> None:
        """``delay`` is how long a key that was destroyed may lie in old copies before the root key goes too."""
        self._pool = pool
        self._roots = roots
        self._delay = delay
        self._erasures = erasures
        self._dated: tuple[int, datetime] | None = None

    def rotate_if_due(self) -> None:
        """Replace the root key where the delay is over; raises RootKeyProblem, KeyUnavailable."""
        from infrastructure.crypto.rotation import rotate_if_due  # noqa: PLC0415 - only janitors rotate

        rotate_if_due(self._pool, self._roots, self._delay)

    def date_receipts(self) -> None:
        """Write into receipts since when no old copy of the keys database opens what they are about."""
        ended = self._last_ended()
        if ended is not None and ended != self._dated:
            self._erasures.note_rotation(*ended)
            self._dated = ended

    def _last_ended(self) -> tuple[int, datetime] | None:
        try:
            with self._pool.connection() as connection:
                return connection.execute(_LAST_ENDED).fetchone()
        except psycopg.Error:
            raise KeyUnavailable from None
