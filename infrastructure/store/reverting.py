"""Takes records back to an earlier state by events of their own: nothing is rewritten, so this too can be taken back.

A record comes back whole or not at all. Records are taken in chunks, each one transaction; whoever is interrupted
starts again, and finds nothing to do for those that are back already. What a rule refuses is tried again after the
others, until a round changes nothing: a task can only come back under its parent when the parent has left from
under the task. A preview goes the same way and does not append.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Protocol
from uuid import UUID

from domain.catalogue import KINDS
from domain.shared.content import Content
from domain.shared.errors import DomainError
from domain.shared.record import Record, reverted_fields, state_of
from domain.shared.values import new_id
from infrastructure.errors import ClaimTaken, Erased, ProcessingRestricted, VersionConflict
from infrastructure.ledger.events import Attribution
from infrastructure.ledger.moments import Span
from infrastructure.ledger.repository import Loaded
from infrastructure.store.changes import FieldChange, fields_between, load_short
from infrastructure.store.engine import Engine
from infrastructure.store.unit_of_work import UnitOfWork

CHUNK = 500  # records
ATTEMPTS = 5


class Action(StrEnum):
    """What a revert does with a record."""

    REVERTED = "reverted"
    TRASHED = "trashed"
    """It was made later."""
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Reversal:
    """What became of one record, or would become of it."""

    record_id: UUID
    kind: str | None
    action: Action
    to_version: int
    """0 for what was not there."""
    reason: str | None = None
    """Why it was left: ``erased``, ``changed_since``, ``no_trash``, ``claim_taken``, ``conflict`` or the broken rule."""
    fields: tuple[FieldChange, ...] = ()


class By(Protocol):
    """For whom and by whom a revert is carried out: a session."""

    engine: Engine
    subject_id: UUID
    actor_id: UUID
    purpose: str | None


class Reverting:
    """One revert: all its events have its id as their correlation. Not thread-safe."""

    def __init__(self, by: By, reason: str, each: Callable[[Reversal], None], *, dry_run: bool) -> None:
        self._by = by
        self._reason = reason
        self._each = each
        self._preview = self._new_work() if dry_run else None
        self._earlier: dict[UUID, Loaded] = {}
        """Of the chunk in hand, as far as they were loaded together."""
        self._counts: Counter[Action] = Counter()
        self.run_id = new_id()

    def carry_out(self, spans: Iterable[Span]) -> Counter[Action]:
        """Take records back to where their spans begin, or say what that would do; raises Unavailable, KeyUnavailable."""
        waiting = self._round(spans)
        while waiting:
            again = self._round([span for span, _ in waiting])
            if len(again) == len(waiting):
                for _, refused in again:
                    self._tell(refused)
                break
            waiting = again
        return self._counts

    def _round(self, spans: Iterable[Span]) -> list[tuple[Span, Reversal]]:
        """Take all spans once; return those that a rule refused."""
        refused: list[tuple[Span, Reversal]] = []
        spans = iter(spans)
        while chunk := list(islice(spans, CHUNK)):
            for span, found in zip(chunk, self._together(chunk), strict=True):
                if found is None:
                    continue
                if found.action is Action.LEFT and found.reason not in _FINAL:
                    refused.append((span, found))
                else:
                    self._tell(found)
        return refused

    def _together(self, spans: Sequence[Span]) -> list[Reversal | None]:
        """Take a chunk in one transaction; one that keeps failing is cut in two until the cause stands alone."""
        for number in range(ATTEMPTS):
            try:
                return self._attempt(spans, first=number == 0)
            except (VersionConflict, ClaimTaken) as error:
                cause = "claim_taken" if isinstance(error, ClaimTaken) else "conflict"
        if len(spans) == 1:
            (span,) = spans
            return [_left(span, cause)]
        half = len(spans) // 2
        return self._together(spans[:half]) + self._together(spans[half:])

    def _attempt(self, spans: Sequence[Span], *, first: bool) -> list[Reversal | None]:
        engine, subject_id = self._by.engine, self._by.subject_id
        work = self._preview or self._new_work()
        if first:  # afterwards somebody has gone on from there: each is loaded as it is by now
            work.bring(load_short(engine, subject_id, {span.record_id: span.last for span in spans}))
        self._earlier = load_short(engine, subject_id, {span.record_id: span.before for span in spans})
        found = [self._one(work, span) for span in spans]
        if self._preview is None:
            self._append(work)
        return found

    def _one(self, work: UnitOfWork, span: Span) -> Reversal | None:
        """Take one record back in memory; None where there is nothing to do."""
        if span.kind is not None and span.kind not in KINDS:
            return None  # an event about the ledger itself
        try:
            return self._taken_back(work, span)
        except Erased:
            return _left(span, "erased")
        except ProcessingRestricted:
            return _left(span, "restricted")
        except DomainError as error:
            return _left(span, _code(error))

    def _taken_back(self, work: UnitOfWork, span: Span) -> Reversal | None:
        record = work.existing(span.record_id)
        before, held = state_of(record), record.claims
        left = self._take_back(record, span)
        if left is None and self._is_claimed(work, record):
            work.forget(record.id)
            left = _left(span, "claim_taken")
        fields = fields_between(before, state_of(record))
        if left is not None or not fields:
            return left
        if self._preview is not None and not held and not record.claims and _has_no_peers(record):
            work.forget(record.id)  # no other record's return depends on it
        action = Action.REVERTED if span.before else Action.TRASHED
        return Reversal(span.record_id, record.KIND, action, span.before, None, fields)

    def _take_back(self, record: Record, span: Span) -> Reversal | None:
        if span.before == 0:
            if record.deleted_at is not None:
                return None
            if not isinstance(record, Content):
                return _left(span, "no_trash")
            if span.after < span.last:
                return _left(span, "changed_since")
            record.trash(self._reason)
            return None
        loaded = self._earlier.get(record.id) or self._by.engine.repository.load(
            self._by.subject_id, record.id, version=span.before
        )
        if loaded is None:
            raise Erased
        earlier = loaded.record
        same = all(getattr(record, name) == getattr(earlier, name) for name in reverted_fields(type(record)))
        if not same and span.after < span.last:
            return _left(span, "changed_since")
        record.revert_to(earlier, self._reason)
        return None

    def _is_claimed(self, work: UnitOfWork, record: Record) -> bool:
        """Whether somebody else holds what the record would hold again, and goes on holding it."""
        for change in work.claims_taken(record.id):
            holder = self._by.engine.ledger.claim_holders(change.bucket, [change.claim]).get(change.claim)
            if holder is not None and holder != record.id and not work.gives_up(holder, change.claim):
                return True
        return False

    def _append(self, work: UnitOfWork) -> None:
        engine, command_id = self._by.engine, new_id()
        by = Attribution(self._by.actor_id, command_id, self.run_id)
        append = work.append(by, command_id.bytes, self._by.purpose)
        if append is None:
            return
        engine.ledger.append(append)
        engine.bell.ring()
        work.after_commit()

    def _new_work(self) -> UnitOfWork:
        engine = self._by.engine
        fences = engine.ledger.fences.known(self._by.subject_id)
        return UnitOfWork(self._by.subject_id, engine.repository, engine.sealer, engine.keys, fences)

    def _tell(self, found: Reversal) -> None:
        self._counts[found.action] += 1
        self._each(found)


_FINAL = frozenset({"erased", "restricted", "changed_since", "no_trash", "conflict", "not_revertible"})
"""Reasons that no other record's return can remove."""


def _left(span: Span, reason: str) -> Reversal:
    return Reversal(span.record_id, span.kind, Action.LEFT, span.before, reason)


def _code(error: DomainError) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()


def _has_no_peers(record: Record) -> bool:
    return type(record)._require_fit is Record._require_fit  # noqa: SLF001 - whether the kind has such a rule
