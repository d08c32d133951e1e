"""Places, releases and ends legal holds, and has erased what they kept back once nothing holds it any more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import orjson
from psycopg import Connection
from psycopg_pool import ConnectionPool

from domain.catalogue import kind_named
from domain.shared import clock
from domain.shared.errors import InvalidInput
from domain.shared.values import new_id
from infrastructure.connections import lent
from infrastructure.crypto.cipher import Cipher
from infrastructure.crypto.keyring import EVERYONE, KeyRing
from infrastructure.crypto.period_key import period_of
from infrastructure.erasure import compaction
from infrastructure.erasure.erasures import Erasures
from infrastructure.erasure.journal import Erasure
from infrastructure.erasure.request import ErasureRequest
from infrastructure.errors import Erased, HeldByRecord, NotFound, TooLateToHold
from infrastructure.ledger.fences import ANY_RECORD
from infrastructure.ledger.holds import Hold, active_holds, all_holds, end_hold, place_hold
from infrastructure.ledger.repository import Repository

MAX_WORDS = 2000  # characters of a reason
MAX_PURPOSE = 200  # characters
RECORDS_AT_ONCE = 5000
"""How many records one erasure takes when holds have ended."""

PURPOSE_OF_RECORDS = "legal hold"
"""The purpose of a hold that a record itself demands; its reason stands in the record."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """Why something is held, and for which purpose it may be read."""

    reason: str
    purpose: str


class Holds:
    """The legal holds of a store. Safe to share between threads."""

    def __init__(
        self, pool: ConnectionPool[Connection[Any]], keys: KeyRing, repository: Repository, erasures: Erasures
    ) -> None:
        self._pool = pool
        self._keys = keys
        self._repository = repository
        self._erasures = erasures

    def place(
        self,
        subject_id: UUID,
        ruling: Ruling,
        until: datetime,
        *,
        placed_by: UUID,
        kind: str = "",
        record_id: UUID | None = None,
    ) -> Hold:
        """Have a kind or a record of a person kept until a moment, whoever asks to erase it.

        The kind may have no record yet. Raises InvalidInput, NotFound, Erased, its TooLateToHold where an
        erasure came first, Unavailable.
        """
        now = clock.now()
        _check(ruling, until, now)
        if bool(kind) == (record_id is not None) or subject_id == EVERYONE:
            msg = "a hold is on a kind or on one record"
            raise InvalidInput(msg)
        period = ""
        if record_id is not None:
            kind, period = self._filed(subject_id, record_id)
        kind_named(kind)
        hold_id = new_id()
        sealed = self._cipher().seal(
            orjson.dumps({"reason": ruling.reason, "purpose": ruling.purpose}), _binding(subject_id, hold_id)
        )
        hold = Hold(
            hold_id, subject_id, kind, record_id or ANY_RECORD, placed_by, now, until, sealed,
            by_record=False, ended_at=None,
        )  # fmt: skip
        with lent(self._pool) as connection, connection.transaction():
            place_hold(connection, hold, period)
        if record_id is not None:  # an erasure may have come and gone before the hold was placed
            self._require_readable(hold)
        return hold

    def release(self, hold_id: UUID) -> Hold:
        """End a hold now; what erasures have asked for meanwhile is erased. Raises NotFound, HeldByRecord."""
        hold = self.one(hold_id)
        if hold.by_record and self._is_readable(hold):
            raise HeldByRecord
        with lent(self._pool) as connection:
            end_hold(connection, hold, clock.now())
        self.erase_unheld()
        return self.one(hold_id)

    def all(self) -> list[Hold]:
        """Return every hold there is or was, oldest first."""
        with lent(self._pool) as connection:
            return all_holds(connection)

    def of(self, subject_id: UUID) -> list[Hold]:
        """Return the holds on records of a person as they stand now."""
        with lent(self._pool) as connection:
            return active_holds(connection, subject_id, clock.now())

    def one(self, hold_id: UUID) -> Hold:
        """Return a hold; raises NotFound."""
        for hold in self.all():
            if hold.hold_id == hold_id:
                return hold
        raise NotFound

    def ruling(self, hold: Hold) -> Ruling | None:
        """Return why something is held; None once the hold has ended."""
        if hold.by_record:
            return Ruling("", PURPOSE_OF_RECORDS)
        if hold.sealed is None:
            return None
        said = orjson.loads(self._cipher().open(bytes(hold.sealed), _binding(hold.subject_id, hold.hold_id)))
        return Ruling(said["reason"], said["purpose"])

    def end_due(self) -> None:
        """End the holds whose date has passed, and have erased what nothing holds any more."""
        now = clock.now()
        for hold in self.all():
            if hold.ended_at is None and not hold.is_active(now):
                with lent(self._pool) as connection:
                    end_hold(connection, hold, hold.until or now)
        self.erase_unheld()

    def erase_unheld(self) -> None:
        """Erase what earlier erasures have left to holds and no hold covers now.

        What is left is read off the keys, so it makes no difference who ended a hold and what became of them.
        """
        for erasure, left in self._erasures.left_to_holds():
            free = self._free(erasure, left)
            for start in range(0, len(free), RECORDS_AT_ONCE):
                self._erasures.erase(_following(erasure, free[start : start + RECORDS_AT_ONCE]))

    def _free(self, erasure: Erasure, left: frozenset[UUID]) -> list[UUID]:
        subject_id = erasure.request.subject_id
        with lent(self._pool) as connection:
            holds = active_holds(connection, subject_id, clock.now())
            filed = compaction.filed(connection, subject_id, left)
        return sorted(each for each in left if not any(hold.covers(filed[each][0], each) for hold in holds))

    def _filed(self, subject_id: UUID, record_id: UUID) -> tuple[str, str]:
        loaded = self._repository.load(subject_id, record_id)
        if loaded is None:
            raise NotFound
        return loaded.record.KIND, period_of(loaded.record.KIND, loaded.record.created_on)

    def _require_readable(self, hold: Hold) -> None:
        self._keys.forget()
        if not self._is_readable(hold) and not self._is_kept(hold):
            with lent(self._pool) as connection:
                end_hold(connection, hold, clock.now())
            raise TooLateToHold

    def _is_readable(self, hold: Hold) -> bool:
        try:
            return self._repository.load(hold.subject_id, hold.record_id) is not None
        except Erased:
            return False

    def _is_kept(self, hold: Hold) -> bool:
        return any(hold.record_id in left for _, left in self._erasures.left_to_holds())

    def _cipher(self) -> Cipher:
        return Cipher(self._keys.subject_secret(EVERYONE, "holds"))


def _following(erasure: Erasure, record_ids: list[UUID]) -> ErasureRequest:
    """Return the request that ends what an erasure began; the same however often, and by whomever, it is made."""
    asked = erasure.request
    name = b"".join(each.bytes for each in record_ids).hex()
    return ErasureRequest(
        uuid5(erasure.id, name),
        asked.subject_id,
        asked.requested_by,
        clock.now(),
        asked.grounds,
        record_ids=frozenset(record_ids),
        follows=erasure.id,
    )


def _check(ruling: Ruling, until: datetime, now: datetime) -> None:
    if until.tzinfo is None or until <= now:
        msg = "a hold ends at a moment to come"
        raise InvalidInput(msg)
    if not 0 < len(ruling.reason) <= MAX_WORDS or not 0 < len(ruling.purpose) <= MAX_PURPOSE:
        msg = "a hold needs a reason and a purpose"
        raise InvalidInput(msg)


def _binding(subject_id: UUID, hold_id: UUID) -> bytes:
    return b"lifeledger hold\x01" + subject_id.bytes + hold_id.bytes
