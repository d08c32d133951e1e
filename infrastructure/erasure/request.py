"""What an erasure is asked to take, and what that turns out to be: ids, kinds and periods only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from domain.catalogue import kind_named
from domain.shared.errors import InvalidInput
from infrastructure.crypto.keyring import EVERYONE
from infrastructure.ledger.erasure_events import ErasedScope

MAX_GROUNDS = 300


@dataclass(frozen=True, slots=True)
class ErasureRequest:
    """Who and what is to be forgotten: a person, a kind, a period of a kind, or one record."""

    erasure_id: UUID
    subject_id: UUID
    requested_by: UUID
    requested_at: datetime
    grounds: str
    kind: str = ""
    period: str = ""
    record_id: UUID | None = None

    @property
    def grain(self) -> str:
        """Return how much is asked for: person, kind, period or record."""
        if self.record_id is not None:
            return "record"
        return "period" if self.period else "kind" if self.kind else "person"

    @property
    def target(self) -> tuple[str, str, UUID | None]:
        """Return what of the person it takes: the same for two requests for the same."""
        return self.kind, self.period, self.record_id

    def checked(self) -> Self:
        """Return the request; raises InvalidInput for what cannot be meant."""
        if self.kind:
            kind_named(self.kind)
        plain = self.grounds.isprintable() and 0 < len(self.grounds) <= MAX_GROUNDS
        alone = self.record_id is None or not (self.kind or self.period)
        if not plain or not alone or (self.period and not self.kind) or self.subject_id == EVERYONE:
            raise InvalidInput
        if self.kind == "user" or self.record_id == self.subject_id:
            msg = "who a person is goes with the person: erase the person"
            raise InvalidInput(msg)
        return self


@dataclass(frozen=True, slots=True)
class Scope:
    """What a request comes to once fences stand around it."""

    key_ids: frozenset[UUID] = frozenset()
    """Period keys all of whose records go, but for those kept."""
    records: Mapping[UUID, UUID] = field(default_factory=dict)
    """Records that go by themselves, each with its period key; the others of that period stay."""
    kept: frozenset[UUID] = frozenset()
    """Records that stay although all others of their period go, such as those under a hold."""

    def erased(self, erasure_id: UUID) -> ErasedScope:
        """Return which events are erased."""
        return ErasedScope(erasure_id, self.key_ids, frozenset(self.records), self.kept)

    @property
    def destroyed_keys(self) -> frozenset[UUID]:
        """Return the period keys that are destroyed, those whose other records live on included."""
        return self.key_ids | frozenset(self.records.values())

    def as_json(self) -> dict[str, Any]:
        """Return the scope as JSON values."""
        return {
            "key_ids": sorted(map(str, self.key_ids)),
            "records": {str(record_id): str(key_id) for record_id, key_id in sorted(self.records.items())},
            "kept": sorted(map(str, self.kept)),
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Self:
        """Return the scope that ``as_json`` gave."""
        return cls(
            frozenset(map(UUID, said["key_ids"])),
            {UUID(record_id): UUID(key_id) for record_id, key_id in said["records"].items()},
            frozenset(map(UUID, said["kept"])),
        )
