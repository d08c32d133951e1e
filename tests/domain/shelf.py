"""The records of one person in memory: to commands what a unit of work is, without a ledger."""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID

from domain.shared.record import Record

R = TypeVar("R", bound=Record)


class Shelf:
    """A fake behind the port ``Peers``; tests/store/test_peers.py holds both to the same rules."""

    def __init__(self, *records: Record) -> None:
        self.records = {record.id: record for record in records}

    def get(self, kind: type[R], record_id: UUID) -> R | None:
        record = self.records.get(record_id)
        return record if isinstance(record, kind) else None

    def add(self, record: Record) -> None:
        self.records[record.id] = record
