"""The times of day of a rule that repeats by the hour, the minute or the second."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Self

UNITS = {"HOURLY": 3600, "MINUTELY": 60, "SECONDLY": 1}
"""The frequencies shorter than a day, in seconds."""

Times = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]
"""Hours, minutes and seconds, each in order."""

_DAY = 86_400  # seconds


@dataclass(frozen=True, slots=True)
class Beat:
    """Every n-th hour, minute or second from the start, as far as the rule allows it.

    What a day has of them depends only on how many units lie between the start and that day, modulo n. So the
    allowed ones are kept by what remains of them, and no day is walked through to find that it has none.
    """

    unit: int
    """In seconds."""
    interval: int
    begun: int
    """The unit that the start lies in, counted from the first day there is."""
    allowed: Mapping[int, Sequence[int]]
    """The units of a day, in order, by their remainder modulo the interval."""
    within: tuple[int, ...]
    """The seconds of a unit."""

    @classmethod
    def of(
        cls, start: datetime, frequency: str, interval: int, times: Times, positions: tuple[int, ...]
    ) -> Self:
        """Return it for a frequency of UNITS; ``times`` are those that the rule admits.

        Parts shorter than the unit expand it, all others limit it (RFC 5545 section 3.3.10); positions count
        within the unit.
        """
        unit = UNITS[frequency]
        hours, minutes, seconds = times
        match frequency:
            case "HOURLY":
                units = list(hours)
                within = [minute * 60 + second for minute, second in product(minutes, seconds)]
            case "MINUTELY":
                units = [hour * 60 + minute for hour, minute in product(hours, minutes)]
                within = list(seconds)
            case _:
                units = [hour * 3600 + minute * 60 + second for hour, minute, second in product(*times)]
                within = [0]
        if positions:
            places = {place - 1 if place > 0 else len(within) + place for place in positions}
            within = [second for place, second in enumerate(within) if place in places]
        allowed: dict[int, list[int]] = {}
        for each in units:
            allowed.setdefault(each % interval, []).append(each)
        begun = start.toordinal() * (_DAY // unit) + second_of_day(start) // unit
        return cls(unit, interval, begun, allowed, tuple(within))

    @property
    def most_a_day(self) -> int:
        """How often it may take place on one day."""
        return max(map(len, self.allowed.values()), default=0) * len(self.within)

    def on(self, day: int, since: int = 0) -> Iterator[int]:
        """Yield the seconds of a day, given by its ordinal, none of a unit that lies before the second ``since``."""
        units = self.allowed.get((self.begun - day * (_DAY // self.unit)) % self.interval, ())
        for unit in units[bisect_left(units, since // self.unit) :]:
            for second in self.within:
                yield unit * self.unit + second


def second_of_day(moment: datetime) -> int:
    """Return how many seconds of its day, on the wall, lie before a time."""
    return moment.hour * 3600 + moment.minute * 60 + moment.second
