"""What the operating system knows of the processes of a data directory."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

PROC = Path("/proc")
needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def wait_until(condition: Callable[[], object], *, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it is there, and belongs to somebody else
    try:
        state = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0]
    except ProcessLookupError:
        return False  # it went while the file was read
    except FileNotFoundError:
        return sys.platform != "linux"
    return state != "Z"


def processes_of(data_dir: Path) -> dict[int, str]:
    """Every living process that was started on this data directory or works in it, with its command line."""
    return {
        int(entry.name): _command(entry)
        for entry in PROC.iterdir()
        if entry.name.isdecimal() and int(entry.name) != os.getpid() and _belongs(entry, data_dir)
    }


def keepers_of(data_dir: Path) -> list[int]:
    return [pid for pid, command in processes_of(data_dir).items() if "embedded.keeper" in command]


def kill_at_once(*pids: int) -> None:
    """Like a power failure: the first is stopped before any is killed, so that it cannot react to the others."""
    os.kill(pids[0], signal.SIGSTOP)
    for pid in (*pids[1:], pids[0]):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not any(map(alive, pids)))


def _command(entry: Path) -> str:
    try:
        return (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def _belongs(entry: Path, data_dir: Path) -> bool:
    if not alive(int(entry.name)):
        return False
    with suppress(OSError):
        if (entry / "cwd").readlink().is_relative_to(data_dir):
            return True
    return str(data_dir) in _command(entry)
