"""What the interleavings expect: who lives with which records, and what an erasure that died has come to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any
from uuid import UUID

from domain.catalogue import kind_named
from infrastructure.erasure.steps import STEPS


class Answer(Enum):
    """What becomes of a command."""

    TAKEN = auto()
    REFUSED = auto()
    EITHER = auto()
    """The fence stands in one of the two databases: which of them is asked first decides."""


@dataclass
class Thing:
    """A record as the model knows it."""

    kind: str
    period: str
    planted: list[str]
    """Every string that was written into it."""
    version: int = 1
    tags: tuple[str, ...] = ()
    annotations: tuple[str, ...] = ()
    trashed: bool = False
    withdrawn: bool = False
    """Gone for everybody, whether a hold keeps it or not."""
    gone: bool = False
    """Gone for good."""


@dataclass(frozen=True)
class Target:
    """What of a person an erasure is asked to take."""

    kind: str = ""
    period: str = ""
    record_id: UUID | None = None

    @property
    def of_person(self) -> bool:
        return not self.kind and self.record_id is None

    @property
    def scope(self) -> dict[str, Any]:
        """Return the target as the arguments of ``Store.erase``."""
        return {
            "kind": kind_named(self.kind) if self.kind else None,
            "period": self.period or None,
            "record_id": self.record_id,
        }

    def takes(self, record_id: UUID | None, kind: str, period: str) -> bool:
        """Return whether a record is meant; one that is yet to be made has no id."""
        if self.record_id is not None:
            return record_id == self.record_id
        return self.kind in ("", kind) and self.period in ("", period)


@dataclass(frozen=True)
class Begun:
    """An erasure that died when a step had done its work and was not noted as done."""

    target: Target
    died_at: str
    doomed: frozenset[UUID]
    """What it takes, as far as that was settled when it died."""
    kept: frozenset[UUID]
    """What of that was under a hold."""

    def came_to(self, step: str) -> bool:
        return STEPS.index(self.died_at) >= STEPS.index(step)

    def answer(self, *, new: bool) -> Answer:
        """Return what becomes of a command on what is meant."""
        if not self.came_to("scope"):  # the fence is up among the keys, and was rolled back in the ledger
            return Answer.EITHER
        begins_anew = new and not self.target.of_person and self.came_to("caches")
        return Answer.TAKEN if begins_anew else Answer.REFUSED


@dataclass
class Someone:
    """A person as the model knows them."""

    subject_id: UUID
    name: str
    things: dict[UUID, Thing]
    holds: dict[UUID, Target] = field(default_factory=dict)
    begun: list[Begun] = field(default_factory=list)
    erased: bool = False

    def living(self) -> list[UUID]:
        """Return the records that no erasure has taken or is about to take."""
        taken = {each for begun in self.begun for each in self._meant(begun)}
        return [each for each, thing in self.things.items() if not thing.withdrawn and each not in taken]

    def has(self, target: Target) -> bool:
        """Return whether anything that lives is meant."""
        living = [(each, self.things[each]) for each in self.living()]
        return any(target.takes(each, thing.kind, thing.period) for each, thing in living)

    def listed(self, kind: str) -> set[UUID]:
        """Return the records of a kind that a list shows once all is projected."""
        return {
            each for each in self.living() if self.things[each].kind == kind and not self.things[each].trashed
        }

    def keeps_name(self) -> bool:
        """Return whether nobody else may have the name yet: it goes with what the ledger is rid of."""
        gone = any(begun.target.of_person and begun.came_to("verification") for begun in self.begun)
        return not (self.erased or gone)

    def is_readable(self, record_id: UUID) -> bool:
        return not self.things[record_id].withdrawn and not any(
            begun.came_to("keys") and record_id in begun.doomed for begun in self.begun
        )

    def is_held(self, record_id: UUID) -> bool:
        thing = self.things[record_id]
        return any(hold.takes(record_id, thing.kind, thing.period) for hold in self.holds.values())

    def answer_to_new(self, kind: str, period: str) -> Answer:
        """Return what becomes of a command that makes a record."""
        if self.erased:
            return Answer.REFUSED
        return strictest(
            begun.answer(new=True) for begun in self.begun if begun.target.takes(None, kind, period)
        )

    def answer_to_change(self, record_id: UUID) -> Answer:
        """Return what becomes of a command on a record."""
        if self.things[record_id].withdrawn:
            return Answer.REFUSED
        return strictest(begun.answer(new=False) for begun in self.begun if record_id in self._meant(begun))

    def may_be_too_late_to_hold(self) -> bool:
        """Return whether fences may stand that a hold cannot pass."""
        return any(begun.target.of_person or not begun.came_to("caches") for begun in self.begun)

    def die(self, target: Target, step: str) -> None:
        """Note an erasure that died at a step."""
        doomed = frozenset(self._targeted(target))
        self.begun.append(Begun(target, step, doomed, frozenset(filter(self.is_held, doomed))))

    def finish(self, target: Target) -> None:
        """Note an erasure as seen through, whether it had begun before or not."""
        before = [begun for begun in self.begun if begun.target == target]
        self.begun = [begun for begun in self.begun if begun.target != target]
        for each in before:
            self._take(self._meant(each), each.kept if each.came_to("scope") else None)
        if not before:
            self._take(self._targeted(target), None)
        self.erased = self.erased or target.of_person

    def store_opened(self) -> None:
        """Note that a store was opened: it sees through what the file tells of and the ledger does not."""
        for begun in tuple(self.begun):
            if begun.died_at == "file":
                self.finish(begun.target)

    def settle(self) -> None:
        """Let go for good what no hold keeps any more."""
        for record_id, thing in self.things.items():
            thing.gone = thing.gone or (thing.withdrawn and not self.is_held(record_id))

    def _take(self, record_ids: frozenset[UUID], kept: frozenset[UUID] | None) -> None:
        for record_id in record_ids:
            thing = self.things[record_id]
            thing.withdrawn = True
            thing.gone = (
                thing.gone or not self.is_held(record_id) or (kept is not None and record_id not in kept)
            )

    def _meant(self, begun: Begun) -> frozenset[UUID]:
        return begun.doomed if begun.came_to("scope") else self._targeted(begun.target)

    def _targeted(self, target: Target) -> frozenset[UUID]:
        return frozenset(
            each
            for each, thing in self.things.items()
            if not thing.withdrawn and target.takes(each, thing.kind, thing.period)
        )


def strictest(answers: Iterable[Answer]) -> Answer:
    """Return what becomes of commands that are carried out together."""
    given = set(answers)
    return next((each for each in (Answer.REFUSED, Answer.EITHER) if each in given), Answer.TAKEN)
