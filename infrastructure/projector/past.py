"""Read tables of one person as they stood at a moment, for one connection alone and as long as it lives.

They are temporary tables: PostgreSQL writes them to no log, takes them into no base backup, never samples them by
itself, and drops them when the connection ends, also by a crash of either side. A kind is folded when something
is first asked of it, up to the head that the bucket had when the past was opened, so all answers fit together.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection, sql
from psycopg_pool import ConnectionPool

from infrastructure.cache.answers import NoCache
from infrastructure.connections import reported
from infrastructure.crypto.keyring import KeyRing
from infrastructure.ledger.buckets import bucket_of
from infrastructure.ledger.ledger import Ledger
from infrastructure.ledger.moments import Moments
from infrastructure.ledger.sealing import Sealer
from infrastructure.projector.projector import BATCH_EVENTS, Projector
from infrastructure.projector.schema import TEMPORARY, create_temporary
from projections import audit, statistics
from projections.catalogue import tables_of, view_of
from projections.table import Table


class PastTables(Projector):
    """Fills the tables of one person at one moment. Safe to share between threads."""

    def __init__(
        self,
        ledger: Ledger,
        sealer: Sealer,
        keys: KeyRing,
        moments: Moments,
        pool: ConnectionPool[Connection[Any]],
        subject_id: UUID,
        moment: datetime,
    ) -> None:
        """``pool`` has one connection, is not open yet and is closed with the tables."""
        super().__init__(ledger, sealer, pool, NoCache(), schema=TEMPORARY)
        self._keys = keys
        self._destructions = keys.destructions()
        self._moments = moments
        self._subject_id = subject_id
        self._moment = moment
        self._head = ledger.head(bucket_of(subject_id))
        self._filled: set[str] = set()
        self._made: set[Table] = set()
        self._filling = threading.Lock()

    def fill(self, kinds: Iterable[str]) -> None:
        """Fold the events of those kinds that the tables do not have yet; raises Unavailable, KeyUnavailable.

        All of it or nothing: a failure leaves the tables as they were. After an erasure, by anybody, they begin
        anew: they may hold what it took.
        """
        with self._filling:
            self._begin_anew_after_erasures()
            missing = sorted(set(kinds) - self._filled)
            if not missing:
                return
            self._pool.open()
            tables = {audit.TABLE, statistics.TABLE}.union(*(tables_of(view_of(kind)) for kind in missing))
            with reported(), self._pool.connection() as connection:
                create_temporary(connection, tables - self._made, parked=not self._made)
                self._fold_all(connection, missing)
                for table in tables:  # fills the statistics of the columns that keep any
                    connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(TEMPORARY, table.name)))
            self._made |= tables
            self._filled |= set(missing)

    def close(self) -> None:
        """End the connection and with it the tables."""
        self._pool.close()

    def _begin_anew_after_erasures(self) -> None:
        destructions = self._keys.destructions()
        if destructions == self._destructions:
            return
        if self._made:
            with reported(), self._pool.connection() as connection:
                connection.execute("DISCARD TEMP")
        self._made.clear()
        self._filled.clear()
        self._destructions = destructions

    def _fold_all(self, connection: Connection[Any], kinds: list[str]) -> None:
        for batch in self._moments.events_up_to(
            self._subject_id, kinds, self._moment, self._head, BATCH_EVENTS
        ):
            self._sealer.preload(batch)
            self._written(connection, batch, self._fold(connection, batch, {}))
