"""How often one server has ended of late, and whether it is worth another start."""

from __future__ import annotations

import time
from collections import deque

MOST_FALLS = 5
FALLS_WITHIN = 60.0  # seconds
_FIRST_PAUSE = 0.05  # seconds before a start is repeated; doubled at each fall


class Falls:
    """The falls of the last minute; more than MOST_FALLS of them are too many."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=MOST_FALLS)

    def note(self) -> bool:
        """Count a fall; False when it is one too many, and the server is not to be started again."""
        now = time.monotonic()
        while self._times and now - self._times[0] > FALLS_WITHIN:
            self._times.popleft()
        if len(self._times) == MOST_FALLS:
            return False
        self._times.append(now)
        return True

    def allow_none(self) -> None:
        """Make the next fall within FALLS_WITHIN seconds one too many: for a server that is tried once more."""
        self._times.extend([time.monotonic()] * MOST_FALLS)

    @property
    def pause(self) -> float:
        """Seconds to wait before the next start."""
        return float(_FIRST_PAUSE * 2 ** (len(self._times) - 1))
