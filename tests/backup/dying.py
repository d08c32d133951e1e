"""A process that restores a backup and is killed at a step: SIGKILL at the n-th thing it asks of its ports."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
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
    """A shelf whose reader may not survive the reading."""

    countdown: Countdown

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


def main(steps: int, until: str) -> None:
    from datetime import datetime  # noqa: PLC0415

    DyingShelf.countdown = DyingFinishing.countdown = Countdown(steps)
    settings = Settings()
    shelf = bootstrap.shelf_of(settings)
    shelf.__class__ = DyingShelf
    vars(finishing)["Finishing"] = DyingFinishing
    wanted = Wanted(datetime.fromisoformat(until) if until else None)
    bootstrap.bring_back(settings, shelf, wanted)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
