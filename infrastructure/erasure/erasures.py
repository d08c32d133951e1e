"""Asks for erasures, sees them through, and shows what became of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.shared import clock
from domain.shared.values import new_id
from infrastructure.erasure import compaction, journal
from infrastructure.erasure.erasure_file import Line
from infrastructure.erasure.journal import REQUESTED, Erasure, Journal
from infrastructure.erasure.receipt import receipt_of
from infrastructure.erasure.request import ErasureRequest
from infrastructure.erasure.steps import STEPS, Steps
from infrastructure.errors import ErasureUnfinished, KeyUnavailable, NotFound, StaleErasureFile, Unavailable
from infrastructure.logs import log


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an erasure holds: the receipt is the store's own, and nothing of what was erased is left."""

    signed: bool
    left: Mapping[str, int]

    @property
    def holds(self) -> bool:
        """Return whether it does."""
        return self.signed and not any(self.left.values())


class Erasures:
    """The erasures of a store. Threads and processes may work on the same one: each step is done by one of them."""

    def __init__(self, journal_: Journal, steps: Steps) -> None:
        self._journal = journal_
        self._steps = steps

    def erase(self, request: ErasureRequest) -> Erasure:
        """See an erasure through, or the one like it that was begun before; return how it stands.

        Where a step has to wait, such as for a table that is in use, the erasure is returned unfinished and goes
        on by itself. Raises InvalidInput, NotFound where there is nothing to erase, Unavailable, KeyUnavailable.
        """
        request.checked()
        begun = self._begun(request)
        if begun is None:
            if request.follows is None and not self._is_there(request):
                raise NotFound
            self._journal.add(request)
        erasure_id = begun.id if begun else request.erasure_id
        try:
            return self.resume(erasure_id)
        except ErasureUnfinished:
            return self.show(erasure_id)

    def preview(self, request: ErasureRequest) -> dict[str, dict[str, int]]:
        """Return how many records and events of each kind would go now."""
        with self._journal.connection() as connection:
            scope = self._steps.found(connection, request.checked())
            return compaction.counted(connection, request.subject_id, scope.erased(request.erasure_id))

    def held(self, request: ErasureRequest) -> dict[UUID, int]:
        """Return the holds that would keep something now, and how many records each."""
        with self._journal.connection() as connection:
            return self._steps.held(connection, request.checked())

    def readable(self, subject_id: UUID, kind: str) -> list[tuple[UUID, datetime]]:
        """Return the records of a kind that are not erased, each with when it was made."""
        with self._journal.connection() as connection:
            key_ids = self._steps.destruction.keys_in(subject_id, kind, "")
            return compaction.living(connection, subject_id, key_ids)

    def left_to_holds(self) -> Iterator[tuple[Erasure, frozenset[UUID]]]:
        """Yield the erasures that have left records to holds, with those that are not erased since."""
        for erasure in self._journal.with_kept():
            left = self._steps.destruction.held_back(erasure.request.subject_id, erasure.id)
            if left:
                yield erasure, left

    def resume(self, erasure_id: UUID) -> Erasure:
        """Carry out the steps that remain; raises NotFound, ErasureUnfinished, Unavailable, KeyUnavailable."""
        erasure = self.show(erasure_id)
        while not erasure.done:
            self._next_step(erasure)
            erasure = self.show(erasure_id)
        return erasure

    def resume_all(self) -> None:
        """Go on with every erasure that is not done; what cannot be done now is left for the next time."""
        for erasure in self._journal.unfinished():
            try:
                self.resume(erasure.id)
            except (ErasureUnfinished, Unavailable, KeyUnavailable) as error:
                log().warning("erasure waits", erasure=str(erasure.id), reason=type(error).__name__)

    def apply_missing(self) -> int:
        """Forget again what a restored database remembers; return how many erasures are not done.

        All keys are destroyed before the first erasure goes on: its steps project the ledger, and nothing that
        another takes away may appear in read tables meanwhile.
        To be called before anything is served. Raises ErasureUnfinished where projecting takes long,
        StaleErasureFile where the databases know more than the file, BrokenErasureFile, Unavailable, KeyUnavailable.
        """
        self._steps.signer.prepare()
        last = self._steps.file.last_number()
        in_ledger, unfinished = self._journal.file_numbers()
        in_keys = self._steps.destruction.applied()
        if max(in_ledger | in_keys, default=0) > last:
            raise StaleErasureFile
        if len(in_ledger) == len(in_keys) == last:
            return unfinished
        missing = [
            line
            for line in self._steps.file.lines()
            if line.number not in in_ledger or line.number not in in_keys
        ]
        for line in missing:
            self._destroy_again(line, in_ledger=line.number in in_ledger)
        for line in missing:
            self.resume(line.request.erasure_id)
        return self._journal.file_numbers()[1]

    def all(self) -> list[Erasure]:
        """Return every erasure, oldest first."""
        return self._journal.all()

    def show(self, erasure_id: UUID) -> Erasure:
        """Return one erasure; raises NotFound."""
        return self._journal.one(erasure_id)

    def verify(self, erasure_id: UUID) -> Verdict:
        """Check the receipt's signature, and look for what should be gone; raises NotFound, ErasureUnfinished."""
        erasure = self.show(erasure_id)
        if erasure.receipt is None:
            raise ErasureUnfinished
        with self._journal.connection() as connection:
            left = self._steps.left(connection, erasure)
        return Verdict(self._steps.signer.accepts(erasure.receipt), left)

    def note_rotation(self, epoch: int, at: datetime) -> None:
        """Sign the second date into the receipts of those whose keys were last wrapped under a root key now destroyed."""
        for erasure in self._journal.all():
            receipt = erasure.receipt
            if receipt is None or receipt["unrecoverable_at"] is not None or receipt["epoch"] > epoch:
                continue
            with self._journal.locked(erasure) as (connection, current):
                signed = receipt_of(
                    self._steps.keys.store_id, current, self._steps.signer, unrecoverable_at=at.isoformat()
                )
                journal.note_receipt(connection, current, signed)

    def _begun(self, request: ErasureRequest) -> Erasure | None:
        """Return an erasure of the same that is under way or, for a person, done: nothing can come after it."""
        return next(
            (
                erasure
                for erasure in self._journal.of(request.subject_id)
                if erasure.request.target == request.target
                and (not erasure.done or request.grain == "person")
            ),
            None,
        )

    def _is_there(self, request: ErasureRequest) -> bool:
        """Return whether there is anything to erase or to hold back, at the same cost for whoever has much."""
        with self._journal.connection() as connection:
            scope = self._steps.found(connection, request)
            filed = compaction.filed(connection, request.subject_id, scope.records)
        return bool(scope.key_ids or scope.kept) or any(kind for kind, _ in filed.values())

    def _next_step(self, erasure: Erasure) -> None:
        with self._journal.locked(erasure) as (connection, current):
            if current.done:
                return
            done = STEPS.index(current.step) + 1 if current.step != REQUESTED else 0
            name = STEPS[done]
            counted = self._steps.in_order()[name](connection, current)
            journal.note_step(connection, current, name, clock.now(), counted)

    def _destroy_again(self, line: Line, *, in_ledger: bool) -> None:
        self._journal.add(line.request, line.scope, line.number)
        erasure = self.show(line.request.erasure_id)
        if in_ledger and "keys" in erasure.steps:  # the ledger is of now, the keys are of before
            with self._journal.locked(erasure) as (connection, current):
                self._steps.fence(connection, current)
                self._steps.destroy_keys(connection, current)
        while "keys" not in erasure.steps:
            self._next_step(erasure)
            erasure = self.show(erasure.id)


def new_request(
    subject_id: UUID, grounds: str, requested_by: UUID, *, kind: str, period: str, record_id: UUID | None
) -> ErasureRequest:
    """Return a request made now."""
    records = frozenset({record_id} if record_id else ())
    return ErasureRequest(new_id(), subject_id, requested_by, clock.now(), grounds, kind, period, records)
