"""The ledger as it was at an earlier moment: nothing can be appended, and streams end where they ended then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile
from typing import Any, Never
from uuid import UUID

from psycopg import Connection
from psycopg_pool import ConnectionPool

from infrastructure.errors import ReadOnlyStore
from infrastructure.ledger.events import Append, EventRow, Receipt, SourceEntry
from infrastructure.ledger.fences import Fences
from infrastructure.ledger.ledger import LAST_VERSION, Ledger


class FrozenLedger(Ledger):
    """Reads streams as they stood at a moment (the rule is that of moments.py); refuses whatever would add."""

    def __init__(self, pool: ConnectionPool[Connection[Any]], fences: Fences, moment: datetime) -> None:
        super().__init__(pool, fences)
        self._moment = moment

    def append(self, append: Append) -> Receipt:  # noqa: ARG002 - the ledger's signature
        """Raise ReadOnlyStore."""
        self._refuse()

    def keep_snapshot(self, row: EventRow, fences: int) -> None:  # noqa: ARG002 - the ledger's signature
        """Raise ReadOnlyStore."""
        self._refuse()

    def note_sources(self, subject_id: UUID, sources: Sequence[SourceEntry], fences: int) -> None:  # noqa: ARG002 - the ledger's signature
        """Raise ReadOnlyStore."""
        self._refuse()

    def heads(self) -> dict[int, int]:
        """Return nothing: whoever projects is up to date."""
        return {}

    def stream(
        self, subject_id: UUID, record_id: UUID, *, after: int = -1, up_to: int = LAST_VERSION
    ) -> list[EventRow]:
        """Return the events of a record before the first that was recorded later than the moment."""
        rows = super().stream(subject_id, record_id, after=after, up_to=up_to)
        return list(takewhile(lambda row: row.recorded_at is None or row.recorded_at <= self._moment, rows))

    def replay(self, subject_id: UUID, record_id: UUID, *, up_to: int = LAST_VERSION) -> list[EventRow]:
        """Return the same as ``stream``: a snapshot may be of a later moment."""
        return self.stream(subject_id, record_id, up_to=up_to)

    def _refuse(self) -> Never:
        raise ReadOnlyStore
