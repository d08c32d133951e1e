"""The records of one person in memory: to commands what a unit of work is, without a ledger."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeVar
from uuid import UUID

from domain.shared.peers import Claim
from domain.shared.record import Record

R = TypeVar("R", bound=Record)


class Shelf:
    """A fake behind the port ``Peers``; tests/store/test_peers.py holds both to the same rules."""

    def __init__(self, *records: Record) -> None:
        self.records = {record.id: record for record in records}

    def get(self, kind: type[R], record_id: UUID) -> R | None:
        record = self.records.get(record_id)
        return record if isinstance(record, kind) else None

    def get_all(self, kind: type[R], record_ids: Collection[UUID]) -> tuple[R, ...]:
        found = (self.get(kind, each) for each in record_ids)
        return tuple(each for each in found if each is not None)

    def holders(self, kind: type[R], claims: Collection[Claim]) -> tuple[R, ...]:
        held = (each for each in self.records.values() if not each.claims.isdisjoint(claims))
        return tuple(each for each in held if isinstance(each, kind))

    def add(self, record: Record) -> None:
        self.records[record.id] = record
