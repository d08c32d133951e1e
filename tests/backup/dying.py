"""A process that makes or restores a backup and is killed at a step: SIGKILL at the n-th thing it asks of its ports.

``dying backup STEP`` or ``dying restore STEP [MOMENT]``.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from infrastructure import bootstrap
from infrastructure.backup import finishing
from infrastructure.backup.shelf import Shelf
from infrastructure.backup.wanted import Wanted
from infrastructure.ledger.events import ClaimChange
from infrastructure.settings import Settings


class Countdown:
    """Kills this process when it has been asked often enough."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def step(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class DyingShelf(Shelf):
    """A shelf whose reader may not survive the reading, nor its writer what has been written."""

    countdown: Countdown

    def write(self, name: str, data: bytes) -> None:
        super().write(name, data)
        self.countdown.step()

    def write_pieces(self, name: str, pieces: Iterable[bytes]) -> None:
        super().write_pieces(name, self._counted(pieces))
        self.countdown.step()

    def _counted(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self.countdown.step()
            yield piece

    def read(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        self.countdown.step()
        return super().read(name, start, length)

    def pieces(self, name: str) -> Iterator[bytes]:
        for piece in super().pieces(name):
            self.countdown.step()
            yield piece


class DyingFinishing(finishing.Finishing):
    """The last steps, not all of which may be reached."""

    countdown: Countdown

    def claims_of(self, *record: Any) -> Iterator[ClaimChange]:
        self.countdown.step()
        yield from super().claims_of(*record)

    def apply_erasures(self) -> int:
        self.countdown.step()
        return super().apply_erasures()

    def empty_read_tables(self) -> None:
        self.countdown.step()
        super().empty_read_tables()
        self.countdown.step()


def main(work: str, steps: int, until: str = "") -> None:
    DyingShelf.countdown = DyingFinishing.countdown = Countdown(steps)
    settings = Settings()
    shelf = bootstrap.shelf_of(settings)
    shelf.__class__ = DyingShelf
    if work == "backup":
        bootstrap.back_up(settings, shelf)
        return
    vars(finishing)["Finishing"] = DyingFinishing
    wanted = Wanted(datetime.fromisoformat(until) if until else None)
    bootstrap.bring_back(settings, shelf, wanted)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
