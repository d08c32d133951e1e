"""The log files of the keeper and its servers."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

_FULL_BYTES = 1024 * 1024


def open_log(path: Path) -> BinaryIO:
    """Append to a log; a full one is put aside first, so there are never more than two of each."""
    with suppress(FileNotFoundError):
        if path.stat().st_size > _FULL_BYTES:
            path.replace(path.with_suffix(".log.1"))
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    return os.fdopen(descriptor, "ab")
