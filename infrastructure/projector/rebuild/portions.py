"""How the ledger is cut into portions that one worker loads in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from infrastructure.ledger.buckets import BUCKETS
from infrastructure.ledger.scan import FIRST, Stretch

PORTION_EVENTS = 20_000
SAMPLES = 16  # records looked at for each portion of a bucket that needs several

Sample = Callable[[int, int, int], list[UUID]]
"""Gives the records of every so many-th event of a bucket: (bucket, head, step)."""


@dataclass(frozen=True, slots=True)
class Portion:
    """A stretch of records with about so many events."""

    stretch: Stretch
    events: int


def cut(heads: Mapping[int, int], sample: Sample, size: int = PORTION_EVENTS) -> Iterator[Portion]:
    """Yield portions that cover all buckets without overlap: many thin buckets, or part of a thick one."""
    start, filled = (0, FIRST), 0
    for place, events in _cuts(heads, sample, size):
        if filled and filled + events > size:
            yield _portion(start, place, filled)
            start, filled = place, 0
        filled += events
    if filled:
        yield _portion(start, (BUCKETS, FIRST), filled)


def _cuts(heads: Mapping[int, int], sample: Sample, size: int) -> Iterator[tuple[tuple[int, UUID], int]]:
    """Yield places where a portion may begin, each with the number of events up to the next."""
    for bucket, head in sorted(heads.items()):
        if head <= size:
            yield (bucket, FIRST), head
            continue
        # Record ids grow with time but streams differ in length: equal shares are found by looking.
        pieces = -(-head // size)
        records = sample(bucket, head, max(head // (pieces * SAMPLES), 1))
        firsts = sorted({FIRST, *(records[len(records) * n // pieces] for n in range(1, pieces))})
        for first in firsts:
            yield (bucket, first), head // len(firsts)


def _portion(start: tuple[int, UUID], end: tuple[int, UUID], events: int) -> Portion:
    return Portion(Stretch(*start, *end), events)
