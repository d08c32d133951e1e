"""One person's records as they stood at a moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from types import TracebackType
from typing import Any, NoReturn, Self, TypeVar
from uuid import UUID

from psycopg import Connection
from psycopg_pool import ConnectionPool

from domain.shared.record import Record
from infrastructure.cache.answers import NoCache
from infrastructure.crypto.keyring import KeyRing
from infrastructure.errors import InvalidQuery, NotFound, PastIsReadOnly, StatementRefused, Unavailable
from infrastructure.ledger.events import Receipt
from infrastructure.ledger.sealing import ErasedEvent, OpenedEvent
from infrastructure.projector.past import PastTables
from infrastructure.projector.schema import TEMPORARY
from infrastructure.store.engine import Engine
from infrastructure.store.options import asks
from infrastructure.store.questions import Questions
from infrastructure.store.reader import WAIT_SECONDS, Page, Reader
from projections.catalogue import kinds_in
from projections.find import Listing
from projections.question import MAX_LIMIT, Question

T = TypeVar("T")


class Past(Questions):
    """A person's records as they stood at ``moment``: every question of a session, no command.

    Use it in a with statement, or close it. A record that was erased since is in no answer; ``load`` of one raises
    Erased. Threads may share it, one of them asks at a time.
    """

    def __init__(self, engine: Engine, subject_id: UUID, moment: datetime) -> None:
        if moment.tzinfo is None:
            raise InvalidQuery
        pool = engine.connect_apart()
        self._tables = PastTables(
            engine.ledger, engine.sealer, engine.keys, engine.moments, pool, subject_id, moment
        )
        super().__init__(replace(engine, reader=PastReader(pool, engine.keys, self._tables)), subject_id)
        self.moment = moment

    @asks
    def load(self, record_id: UUID, *, as_of: datetime | None = None) -> Record:
        """Return a record as it stood then, or at a moment before; raises NotFound, Erased."""
        return super().load(record_id, as_of=self.moment if as_of is None else min(as_of, self.moment))

    @asks
    def history(self, record_id: UUID) -> list[OpenedEvent | ErasedEvent]:
        """Return the events a record had then, oldest first; raises NotFound."""
        version = self.engine.moments.version_at(self.subject_id, record_id, self.moment)
        if not version:
            raise NotFound
        return self.engine.repository.history(self.subject_id, record_id, up_to=version)

    def do(self, *_: object, **__: object) -> NoReturn:
        """Raise PastIsReadOnly."""
        raise PastIsReadOnly

    do_all = given = do

    def close(self) -> None:
        """Let the tables go that were made to answer."""
        self._tables.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class PastReader(Reader):
    """Answers from tables that are filled for what is asked, each kind when something is first asked of it."""

    def __init__(self, pool: ConnectionPool[Connection[Any]], keys: KeyRing, tables: PastTables) -> None:
        super().__init__(pool, NoCache(), keys, TEMPORARY)
        self._tables = tables

    def ask(
        self,
        subject_id: UUID,
        question: Question[T],
        limit: int = MAX_LIMIT,
        cursor: str | None = None,
        *,
        fresh: bool = False,
    ) -> Page[T]:
        """Answer a question, see Reader.ask."""
        kinds = frozenset().union(*map(kinds_in, question.tables))
        chosen = question.parameters.get("kind")
        self._tables.fill((kinds & {chosen}) or kinds)
        return super().ask(subject_id, question, limit, cursor, fresh=fresh)

    def find(
        self, subject_id: UUID, listing: Listing, limit: int, cursor: str | None, *, fresh: bool = False
    ) -> Page[Any]:
        """Return a page of records of one kind, see Reader.find."""
        self._tables.fill((listing.view.kind.KIND,))
        return super().find(subject_id, listing, limit, cursor, fresh=fresh)

    def count(self, subject_id: UUID, listing: Listing) -> int:
        """Return how many records a listing has."""
        self._tables.fill((listing.view.kind.KIND,))
        return super().count(subject_id, listing)

    def get(self, subject_id: UUID, kind: str, record_id: UUID) -> Record | None:
        """Return one record."""
        self._tables.fill((kind,))
        return super().get(subject_id, kind, record_id)

    def wait_for(self, receipt: Receipt, nudge: Callable[[], None], seconds: float = WAIT_SECONDS) -> None:
        """Return at once: the past is read from the ledger, which has every receipt."""

    @contextmanager
    def _connection(self, patience: float | None = None) -> Iterator[Connection[Any]]:
        try:
            with super()._connection(patience) as connection:
                yield connection
        except StatementRefused:  # the connection was lost, and the tables with it
            raise Unavailable from None
