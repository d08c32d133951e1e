"""Brings a loaded shadow up to a place in the ledger and not past it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg_pool import ConnectionPool

from infrastructure.errors import RebuildAborted
from infrastructure.ledger.erasure_events import is_erasure
from infrastructure.ledger.events import EventRow
from infrastructure.ledger.sealing import Sealer
from infrastructure.projector.fold import Changes
from infrastructure.projector.projector import Events, Projector
from infrastructure.projector.purge import Purge
from infrastructure.projector.rebuild import shadow
from infrastructure.projector.rebuild.plan import Plan
from infrastructure.projector.rows import Key
from infrastructure.projector.schema import SHADOW


class ShadowProjector(Projector):
    """Projects into the shadow what concerns its tables. No answers are kept of them: caches stay as they are."""

    def __init__(
        self,
        ledger: Events,
        goal: Mapping[int, int],
        sealer: Sealer,
        pool: ConnectionPool[Connection[Any]],
        plan: Plan,
    ) -> None:
        """``goal`` is the position to reach in each bucket."""
        super().__init__(_UpTo(ledger, goal), sealer, pool, _NoAnswers(), schema=SHADOW)
        self._plan = plan

    def _known(self, connection: Connection[Any]) -> dict[int, int]:
        """Return where the shadow stands; raises RebuildAborted where it is not what was built, with the batch."""
        shadow.require_whole(connection, self._plan)
        return super()._known(connection)

    def _purges(self, connection: Connection[Any], batch: Iterable[EventRow]) -> list[Purge]:  # noqa: ARG002 - the projector's signature
        """Raise RebuildAborted where an erasure has begun: what is half-built may hold what it takes away."""
        if any(map(is_erasure, batch)):
            raise RebuildAborted
        return []

    def _fold(
        self,
        connection: Connection[Any],
        batch: Sequence[EventRow],
        unwritable: Mapping[Key, str],
        last: Changes | None = None,
    ) -> Changes:
        concerned = [row for row in batch if self._plan.concerns(row)]
        if not concerned:
            return Changes()
        return self._plan.restricted(super()._fold(connection, concerned, unwritable, last))


class _UpTo:
    """The ledger as if each bucket ended at its goal."""

    def __init__(self, ledger: Events, goal: Mapping[int, int]) -> None:
        self._ledger = ledger
        self._goal = goal

    def heads(self) -> dict[int, int]:
        return dict(self._goal)

    def tails(self, after: Mapping[int, int], limit: int) -> list[EventRow]:
        found = self._ledger.tails(after, limit)
        return [row for row in found if row.position <= self._goal.get(row.bucket, 0)]

    def stream(self, subject_id: UUID, record_id: UUID) -> list[EventRow]:
        return self._ledger.stream(subject_id, record_id)


class _NoAnswers:
    """Nobody asks the shadow."""

    def changing(self, touched: Iterable[tuple[UUID, str]]) -> AbstractContextManager[None]:  # noqa: ARG002 - the port's signature
        return nullcontext()
