"""What a process of the soak did, a line for each accepted thing, so that nothing is lost when it dies."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import orjson

READY = "ready"
ACCEPTED = "accepted"
IMPORTED = "imported"
REBUILT = "rebuilt"
BROKEN_OFF = "broken off"
ENDED = "ended"
REQUEST, RECEIPT = "request", "receipt"
"""What is timed: requests, and questions that wait until the read tables have reached a receipt."""


class Journal:
    """Written by the threads of one process."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self._lock = Lock()
        self._longest = {REQUEST: 0.0, RECEIPT: 0.0}
        self._requests = 0

    def write(self, what: str, **values: Any) -> None:
        with self._lock:
            self._file.write(orjson.dumps({"what": what, **values}) + b"\n")

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Note how long one request took, whether it was answered or refused."""
        begun = time.monotonic()
        try:
            yield
        finally:
            with self._lock:
                self._longest[what] = max(self._longest[what], time.monotonic() - begun)
                self._requests += 1

    def end(self) -> None:
        self.write(ENDED, longest=self._longest, requests=self._requests)
        self._file.close()


@dataclass(frozen=True)
class Account:
    """What all journals of a folder say."""

    entries: list[dict[str, Any]]

    @classmethod
    def of(cls, folder: Path) -> Account:
        return cls(
            [orjson.loads(line) for path in folder.glob("*.jsonl") for line in path.read_bytes().splitlines()]
        )

    def told(self, what: str) -> list[dict[str, Any]]:
        return [entry for entry in self.entries if entry["what"] == what]

    def longest(self, what: str) -> float:
        """Return how long the request or the wait for a receipt took that took longest, in seconds."""
        return max(float(entry["longest"][what]) for entry in self.told(ENDED))
