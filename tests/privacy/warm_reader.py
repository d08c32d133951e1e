"""A process with warm keys and rows in its memory, that says on demand what it can still read of them."""

from __future__ import annotations

import sys
from contextlib import suppress
from uuid import UUID

from domain.shared.errors import LifeledgerError
from infrastructure.bootstrap import open_store
from infrastructure.errors import Erased, NotFound
from infrastructure.ledger.buckets import bucket_of
from infrastructure.ledger.events import EventRow
from infrastructure.ledger.sealing import OpenedEvent
from infrastructure.settings import Settings
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.privacy.inhabited import ask_everything, readings


class WarmReader:
    """Some records of a person: their rows as they were, and the keys that open them."""

    def __init__(self, store: Store, subject_id: UUID, records: set[UUID]) -> None:
        self.records = records
        self._me, self._sealer = store.acting_as(subject_id), store.engine.sealer
        rows = store.engine.ledger.tail(bucket_of(subject_id), 0, 1_000_000)
        self._rows: list[EventRow] = [row for row in rows if row.record_id in records]
        ask_everything(self._me)

    def reads(self) -> int:
        """Return how many events and records can be read."""
        opened = sum(isinstance(self._sealer.open(row), OpenedEvent) for row in self._rows)
        return opened + sum(_reads(self._me, each) for each in self.records)


def _reads(me: Session, record_id: UUID) -> bool:
    with suppress(Erased, NotFound):
        return any(True for _ in readings(me, record_id))
    return False


def main() -> None:
    """Answer each line ``subject record record …`` with a number; the first time, be warm before answering."""
    with open_store(Settings()) as store:
        readers: dict[str, WarmReader] = {}
        for line in sys.stdin:
            if line not in readers:
                subject, *records = map(UUID, line.split())
                readers[line] = WarmReader(store, subject, set(records))
            try:
                answer: object = readers[line].reads()
            except LifeledgerError as error:
                answer = type(error).__name__
            sys.stdout.write(f"{answer}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
