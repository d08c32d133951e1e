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
    record_ids: frozenset[UUID] = frozenset()
    follows: UUID | None = None
    """The erasure that left these records to a hold, which has ended."""

    @property
    def grain(self) -> str:
        """Return how much is asked for: person, kind, period or record, of which there may be several."""
        if self.record_ids:
            return "record"
        return "period" if self.period else "kind" if self.kind else "person"

    @property
    def target(self) -> tuple[str, str, frozenset[UUID]]:
        """Return what of the person it takes: the same for two requests for the same."""
        return self.kind, self.period, self.record_ids

    def as_json(self) -> dict[str, Any]:
        """Return what is asked for as JSON values, without whose it is, who asks and why."""
        return {
            "kind": self.kind,
            "period": self.period,
            "record_ids": sorted(map(str, self.record_ids)),
            "follows": str(self.follows) if self.follows else None,
        }

    @classmethod
    def from_json(
        cls, ids: tuple[UUID, UUID, UUID], requested_at: datetime, grounds: str, said: Mapping[str, Any]
    ) -> Self:
        """Return the request that ``as_json`` was of; ``ids`` are its own, the person's and the asker's."""
        return cls(
            *ids,
            requested_at,
            grounds,
            said["kind"],
            said["period"],
            frozenset(map(UUID, said["record_ids"])),
            UUID(said["follows"]) if said["follows"] else None,
        )

    def checked(self) -> Self:
        """Return the request; raises InvalidInput for what cannot be meant."""
        if self.kind:
            kind_named(self.kind)
        plain = self.grounds.isprintable() and 0 < len(self.grounds) <= MAX_GROUNDS
        alone = not self.record_ids or not (self.kind or self.period)
        if not plain or not alone or (self.period and not self.kind) or self.subject_id == EVERYONE:
            raise InvalidInput
        if self.kind == "user" or self.subject_id in self.record_ids:
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
    kept: Mapping[UUID, UUID] = field(default_factory=dict)
    """Records under a hold, each with its period key: they leave the read tables, and only the hold opens them."""

    def erased(self, erasure_id: UUID) -> ErasedScope:
        """Return which events are erased."""
        return ErasedScope(erasure_id, self.key_ids, frozenset(self.records), frozenset(self.kept))

    @property
    def broken_keys(self) -> frozenset[UUID]:
        """Return the period keys that are destroyed although other records of theirs live on."""
        return frozenset({*self.records.values(), *self.kept.values()}) - self.key_ids

    def as_json(self) -> dict[str, Any]:
        """Return the scope as JSON values."""
        return {
            "key_ids": sorted(map(str, self.key_ids)),
            "records": _as_text(self.records),
            "kept": _as_text(self.kept),
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Self:
        """Return the scope that ``as_json`` gave."""
        return cls(frozenset(map(UUID, said["key_ids"])), _as_ids(said["records"]), _as_ids(said["kept"]))


def _as_text(keyed: Mapping[UUID, UUID]) -> dict[str, str]:
    return {str(record_id): str(key_id) for record_id, key_id in sorted(keyed.items())}


def _as_ids(keyed: Mapping[str, str]) -> dict[UUID, UUID]:
    return {UUID(record_id): UUID(key_id) for record_id, key_id in keyed.items()}
