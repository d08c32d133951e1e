"""Carries out the retention rules: explains them record by record, trashes, and erases by whole periods or in batches."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from domain.catalogue import kind_named
from domain.shared import clock
from domain.shared.content import Content
from domain.shared.errors import DomainError
from domain.shared.values import new_id
from infrastructure.crypto.period_key import period_of
from infrastructure.erasure.request import ErasureRequest
from infrastructure.errors import Erased, NotFound, ProcessingRestricted, VersionConflict
from infrastructure.rulings.rules import Action, Outcome, RetentionRule, RetentionRules, Verdict, judge
from infrastructure.store.engine import Engine
from infrastructure.store.session import Session
from projections.catalogue import view_of
from projections.find import Listing
from projections.question import MAX_LIMIT

INTERVAL = 3600.0  # seconds between two runs of a janitor
RECORDS_AT_ONCE = 1000
"""How many single records one erasure takes."""
RECORDS_A_RUN = 20_000
"""How many records a run of a janitor trashes or erases one by one; the next run goes on."""


class Retention:
    """What the rules come to now. One per process; a fixed clock gives the same verdicts again."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._ran_at = float("-inf")

    @property
    def rules(self) -> RetentionRules:
        """Return the rules, to be read and set."""
        return self._engine.care.retention_rules

    def verdicts(self, subject_id: UUID | None = None) -> Iterator[Verdict]:
        """Yield what would become of each record that a rule is about, of one person or of all, and why.

        Raises Unavailable, KeyUnavailable.
        """
        for each, rule in self.rules.in_force(subject_id):
            yield from self._judged(each, rule)

    def run(self, subject_id: UUID | None = None, *, at_most: int | None = None) -> Counter[Outcome]:
        """Carry the rules out; return how many records were trashed and erased.

        What a hold, an erasure or a restriction of the last moment keeps is kept: commands and erasures ask
        for themselves. Raises Unavailable, KeyUnavailable.
        """
        self._engine.projector.run_until_idle()
        done: Counter[Outcome] = Counter()
        for each, rule in self.rules.in_force(subject_id):
            wanted = Outcome.TRASH if rule.action == Action.TRASH else Outcome.ERASE
            due = [verdict.record_id for verdict in self._judged(each, rule) if verdict.outcome is wanted]
            room = len(due) if at_most is None else max(at_most - done.total(), 0)
            if wanted is Outcome.TRASH:
                done[wanted] += sum(self._trash(each, rule, record_id) for record_id in due[:room])
            else:
                done[wanted] += self._erase(each, rule, due, room)
        return +done

    def run_if_due(self) -> None:
        """Carry the rules out in bounded batches unless that was done within the hour: for janitors."""
        if time.monotonic() - self._ran_at > INTERVAL:
            self._ran_at = time.monotonic()
            if self.rules.all():
                self.run(at_most=RECORDS_A_RUN)

    def _judged(self, subject_id: UUID, rule: RetentionRule) -> Iterator[Verdict]:
        engine, now = self._engine, clock.now()
        holds = engine.care.holds.of(subject_id)
        restricted = engine.ledger.fences.current(subject_id).restricts(subject_id, [rule.kind])
        for trashed in (False, True):
            listing = Listing(view_of(rule.kind).table, trashed=trashed)
            cursor: str | None = None
            while True:
                page = engine.reader.find(subject_id, listing, MAX_LIMIT, cursor, fresh=True)
                for record in page:
                    yield judge(rule, record, holds, restricted=restricted, now=now)
                cursor = page.next
                if cursor is None:
                    break

    def _trash(self, subject_id: UUID, rule: RetentionRule, record_id: UUID) -> bool:
        kind = kind_named(rule.kind)
        if not issubclass(kind, Content):
            return False
        session = Session(self._engine, subject_id, rule.set_by, "retention")
        try:
            session.do(kind.trash, record_id, "retention")
        except (DomainError, Erased, NotFound, ProcessingRestricted, VersionConflict):
            return False  # it has become another case since: the next run looks again
        return True

    def _erase(self, subject_id: UUID, rule: RetentionRule, due: list[UUID], room: int) -> int:
        """Erase periods that are over and all due by their keys, whatever their number, and up to ``room`` others."""
        whole, rest = self._periods(subject_id, rule.kind, set(due))
        erased = 0
        for period, record_ids in whole.items():
            with suppress(NotFound):  # another janitor was first
                self._engine.care.erasures.erase(_request(subject_id, rule, period=period))
                erased += len(record_ids)
        rest = rest[:room]
        for start in range(0, len(rest), RECORDS_AT_ONCE):
            some = rest[start : start + RECORDS_AT_ONCE]
            with suppress(NotFound):
                self._engine.care.erasures.erase(_request(subject_id, rule, record_ids=some))
                erased += len(some)
        return erased

    def _periods(
        self, subject_id: UUID, kind: str, due: set[UUID]
    ) -> tuple[dict[str, set[UUID]], list[UUID]]:
        """Return the periods that can go whole, and the records of all others.

        A period goes whole once it is over, so that nothing new begins in it, and where the ledger has no
        record in it that is not due: one that a projection could not take is in no read table.
        """
        by_period: dict[str, set[UUID]] = defaultdict(set)
        for record_id, created in self._engine.care.erasures.readable(subject_id, kind):
            by_period[period_of(kind, created)].add(record_id)
        current = period_of(kind, clock.now())
        whole = {
            period: found
            for period, found in by_period.items()
            if period < current and found and found <= due
        }
        return whole, sorted(due - {each for found in whole.values() for each in found})


def _request(
    subject_id: UUID, rule: RetentionRule, *, period: str = "", record_ids: Iterable[UUID] = ()
) -> ErasureRequest:
    now: datetime = clock.now()
    grounds = f"retention: {rule.kind} is kept for {rule.days} days"
    kind = rule.kind if period else ""
    return ErasureRequest(
        new_id(), subject_id, rule.set_by, now, grounds, kind, period, frozenset(record_ids)
    )
