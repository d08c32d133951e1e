"""What a benchmark tells: figures, what was measured in turn with them, and whether they meet their goals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Self


class Median(float):
    """The median of several rounds. It remembers them: how far they lie apart tells how much it is worth."""

    rounds: tuple[float, ...]

    def __new__(cls, rounds: Sequence[float]) -> Self:
        made = super().__new__(cls, median(rounds))
        made.rounds = tuple(rounds)
        return made


@dataclass(frozen=True)
class Beside:
    """Something measured in turn with a figure: a limit, a peer, or the figure itself at another size."""

    name: str
    value: float
    goal: float | None = None
    """What the figure should be, as a multiple of this."""


@dataclass(frozen=True)
class Check:
    """One line of the table: a figure, or a ratio, against its goal."""

    against: str
    found: float
    goal: float | None
    met: bool | None


@dataclass(frozen=True)
class Figure:
    """A measured figure beside its goal and what was taken in the same run.

    More is better where the unit ends in ``/s``, less everywhere else; the goals of ratios follow.
    """

    name: str
    value: float
    unit: str
    goal: float | None = None
    limit: float | None = None
    beside: tuple[Beside, ...] = ()
    curve: str | None = None
    """The plot that shows this figure, with the others of the same curve: ``what by what``."""
    at: float | None = None
    """Where on the curve: events in the store, writers, load."""

    @property
    def more_is_better(self) -> bool:
        return self.unit.endswith("/s")

    @property
    def neighbours(self) -> tuple[Beside, ...]:
        """What was measured beside it; ``limit`` is the short form for one without a goal."""
        return (*self.beside, *((Beside("limit", self.limit),) if self.limit else ()))

    def checks(self) -> Iterator[Check]:
        """Yield the figure itself and its ratio to each neighbour."""
        yield Check("", self.value, self.goal, self._met(self.value, self.goal))
        for each in self.neighbours:
            ratio = self.value / each.value
            yield Check(each.name, ratio, each.goal, self._met(ratio, each.goal))

    def _met(self, found: float, goal: float | None) -> bool | None:
        if goal is None:
            return None
        return found >= goal if self.more_is_better else found <= goal
