"""Advisory locks on files, which the kernel releases when their holder dies.

A lock belongs to the open file, and a fork shares the open file with its child. All descriptors are opened
close-on-exec, so no server started by us inherits one. A Python process that forks without exec does: its
child then counts as a holder too, until it ends.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def open_lock(path: Path) -> int:
    """Make the file if need be; taking the lock is another step."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def try_exclusive(descriptor: int) -> bool:
    """Take the lock for this holder alone, or return False at once."""
    return _try(descriptor, fcntl.LOCK_EX)


def try_shared(descriptor: int) -> bool:
    """Take a share of the lock, or return False at once."""
    return _try(descriptor, fcntl.LOCK_SH)


def release(descriptor: int) -> None:
    """Release the lock in every process that shares this open file; closing gives up only one's own share."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)


def is_held(descriptor: int) -> bool:
    """Tell whether somebody else holds this file exclusively.

    Asking takes the lock in shared mode for some microseconds, so who wants it exclusively has to try more
    than once.
    """
    if not try_shared(descriptor):
        return True
    # Not left to close(): a fork at this moment would carry the lock on in its child.
    release(descriptor)
    return False


def file_is_held(path: Path) -> bool:
    """Like is_held(); a file that does not exist is held by nobody."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return is_held(descriptor)
    finally:
        os.close(descriptor)


def is_named(descriptor: int, path: Path) -> bool:
    """Tell whether the open file still is the one at this path."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _try(descriptor: int, mode: int) -> bool:
    try:
        fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
