"""Makes backups on a schedule while a worker runs: when one is due, whoever else may be making them too."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from domain.shared import clock
from infrastructure.backup.shelf import Shelf
from infrastructure.bootstrap import back_up, prune_backups, shelf_of
from infrastructure.errors import BackupRunning
from infrastructure.logs import log
from infrastructure.settings import Settings

LOOK_EVERY = 300.0  # seconds between two looks at whether a backup is due
LEAVE_AFTER = 5.0  # seconds that a worker waits for a backup under way


@contextmanager
def kept_backed_up(settings: Settings) -> Iterator[None]:
    """Make and prune backups in a thread of its own inside the block, where the settings want any."""
    if settings.backup_place is None or settings.backup_every_hours <= 0:
        yield
        return
    stop = threading.Event()
    thread = threading.Thread(target=_keep, args=(settings, stop), name="backups", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(LEAVE_AFTER)  # one that takes longer dies with the process: the next sweeps what it left


def back_up_if_due(settings: Settings, shelf: Shelf) -> bool:
    """Make a backup and prune, where the last is old enough; return whether there was one to make.

    Raises what ``back_up`` raises; where another worker is making it now, there is none to make.
    """
    if not due(shelf, timedelta(hours=settings.backup_every_hours), clock.now()):
        return False
    try:
        manifest = back_up(settings, shelf)
        pruned = prune_backups(settings, shelf)
    except BackupRunning:
        return False
    log().info("backup made", run=manifest.run, events=manifest.events, pruned=pruned.runs)
    return True


def due(shelf: Shelf, every: timedelta, now: datetime) -> bool:
    """Return whether the last run is as old as ``every``, or of the future: then a clock is wrong."""
    runs = shelf.survey().runs
    return not runs or not timedelta(0) <= now - runs[-1].created_at < every


def _keep(settings: Settings, stop: threading.Event) -> None:
    while True:
        try:
            back_up_if_due(settings, shelf_of(settings))
        except Exception as error:  # noqa: BLE001 - the schedule outlives whatever keeps one backup from being made
            log().warning("backup failed", reason=type(error).__name__, seconds=LOOK_EVERY)
        if stop.wait(LOOK_EVERY):
            return
