"""A process that rebuilds read tables and dies by SIGKILL in a phase of it: ``dying PHASE SUBJECT``."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any
from uuid import UUID

from domain.productivity.task import Task
from infrastructure.bootstrap import open_store
from infrastructure.projector.rebuild import portions, rebuilder, shadow, swap
from infrastructure.projector.rebuild.fill import Filler
from infrastructure.projector.rebuild.following import ShadowProjector
from infrastructure.projector.rebuild.rebuilder import Rebuilder, Stage
from infrastructure.settings import Settings

AFTER: dict[str, tuple[object, str, int]] = {
    "laid": (Rebuilder, "_lay", 1),
    "filling": (Filler, "_copy", 3),
    "indexing": (shadow, "bare_done", 3),
    "catching up": (ShadowProjector, "_written", 1),
    "comparing": (rebuilder, "compare", 3),
    "last events": (rebuilder, "_require_same_events", 2),
    "renamed": (swap, "_rename", 1),
    "exchanged": (swap, "_exchange", 1),
}
"""What has been done, the n-th time, when the process dies; what is not committed by then is gone."""
BEFORE: dict[str, tuple[object, str, int]] = {"swapped": (swap, "drop_soon", 1)}
"""What is next when the process dies."""


def deadly(owner: object, name: str, nth: int, *, after: bool) -> None:
    """Have the n-th call of something kill this process."""
    real: Callable[..., Any] = getattr(owner, name)
    calls = count(1)

    def die(*arguments: Any, **named: Any) -> Any:
        last = next(calls) == nth
        result = real(*arguments, **named) if after or not last else None
        if last:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, die)


@contextmanager
def small_portions() -> Iterator[None]:
    """Cut even a small ledger into several portions."""
    size = portions.cut.__defaults__
    portions.cut.__defaults__ = (20,)
    try:
        yield
    finally:
        portions.cut.__defaults__ = size


def main(phase: str, subject: UUID) -> None:
    with open_store(Settings()) as store, small_portions():
        me = store.acting_as(subject)

        def tell(stage: Stage) -> None:
            if stage.name == "catching up" and stage.done == 0:
                me.do(Task.create, title="meanwhile")
                store.engine.projector.run_until_idle()

        deadly(*(AFTER | BEFORE)[phase], after=phase in AFTER)
        store.engine.care.rebuilder.rebuild(["tasks", "timeline"] if phase == "exchanged" else (), tell=tell)


if __name__ == "__main__":
    main(sys.argv[1], UUID(sys.argv[2]))
