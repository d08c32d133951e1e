"""Whether the disk of a data directory is full: a server that ends for want of room says so in its log only."""

from __future__ import annotations

import shutil
from pathlib import Path

NEEDED = 48 << 20  # bytes: new database files, or some segments of WAL


def is_short(folder: Path) -> bool:
    """Whether there is so little room that servers fail for it."""
    try:
        return shutil.disk_usage(folder).free < NEEDED
    except OSError:
        return False
