"""Keeps projecting: until it is told to stop, through outages, woken when there is something to do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from infrastructure.logs import log
from infrastructure.projector.projector import Projector

JANITOR_INTERVAL = 30.0  # seconds
POLL_INTERVAL = 1.0  # seconds; polling is the truth, a wake-up only saves the wait
LONGEST_PAUSE = 5.0  # seconds, while the database or the keys cannot be reached


class Wakeups(Protocol):
    """Tells a worker that something was appended; may lose a message, never blocks longer than asked."""

    def wait(self, timeout: float) -> None:
        """Return when something was appended, or after ``timeout`` seconds."""
        ...


def work(projector: Projector, wakeups: Wakeups, stop: threading.Event, tidy: Callable[[], None]) -> None:
    """Project until ``stop`` is set; a batch that has begun is finished first.

    ``tidy`` is called now and then: it goes on with what others have left unfinished.
    """
    pause = POLL_INTERVAL
    tidied_at = float("-inf")

    def interrupted() -> bool:
        return stop.is_set() or time.monotonic() - tidied_at > JANITOR_INTERVAL

    while not stop.is_set():
        try:
            if interrupted():
                tidied_at = time.monotonic()
                tidy()
            projector.run_until_idle(interrupted)
            pause = POLL_INTERVAL
            if not interrupted():
                wakeups.wait(POLL_INTERVAL)
        except Exception as error:  # noqa: BLE001 - a worker outlives whatever keeps it from working now
            log().warning("projector waits", reason=type(error).__name__, seconds=pause)
            stop.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
