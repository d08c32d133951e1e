"""PostgreSQL processes of a data directory that have outlived their keeper."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from infrastructure.embedded.errors import ServerDidNotStart

_PROC = Path("/proc")
_POLL = 0.02  # seconds
# For a living postmaster: roll back and write everything, then abandon everything. Its children obey it alone, so
# they hear from us only when it is gone; by then the database has to recover anyway.
_ESCALATION = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0))  # and seconds to obey


def recorded_pid(database_files: Path) -> int | None:
    """Read which process postmaster.pid names; it may be long gone, and its number given to another."""
    try:
        first_line = (database_files / "postmaster.pid").read_bytes().partition(b"\n")[0]
        return abs(int(first_line))  # negative for a single-user server
    except (FileNotFoundError, ValueError):
        return None


def end_leftovers(database_files: Path) -> None:
    """Stop them as cleanly as they let us.

    ServerDidNotStart: one of them cannot be ended.
    """
    postmaster = recorded_pid(database_files)
    for number, patience in _ESCALATION:
        pids = _processes_of(database_files)
        if not pids:
            return
        if postmaster is not None and postmaster in pids:
            pids = {postmaster}
        elif number is signal.SIGINT:
            continue
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        deadline = time.monotonic() + patience
        while not _processes_of(database_files).isdisjoint(pids) and time.monotonic() < deadline:
            time.sleep(_POLL)
    if _processes_of(database_files):
        message = f"an older PostgreSQL still runs in {database_files} and cannot be ended"
        raise ServerDidNotStart(message)


def _processes_of(database_files: Path) -> set[int]:
    if _PROC.joinpath("self", "cwd").exists():
        numbered = (entry for entry in _PROC.iterdir() if entry.name.isdecimal())
        return {int(entry.name) for entry in numbered if _works_in(entry, database_files)}
    pid = recorded_pid(database_files)
    return set() if pid is None or not _was_started_on(pid, database_files) else {pid}


def _works_in(process: Path, database_files: Path) -> bool:
    # Every PostgreSQL process works in its database directory; so may a person's shell, hence the name.
    try:
        return (process / "comm").read_bytes() == b"postgres\n" and (
            process / "cwd"
        ).readlink() == database_files
    except OSError:  # it has just ended, or belongs to somebody else
        return False


def _was_started_on(pid: int, database_files: Path) -> bool:
    """Without /proc only the postmaster can be recognised, by its command line."""
    answer = subprocess.run(  # noqa: S603 - a number and fixed words
        ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, check=False
    )
    return b"postgres -D " + os.fsencode(database_files) in answer.stdout
