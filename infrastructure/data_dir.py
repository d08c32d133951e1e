"""Where the data lies when nobody says so. Asked before anything else is loaded, so it imports next to nothing."""

from __future__ import annotations

import os
import sys


def default_data_dir() -> str | None:
    """Return the folder of the user this process runs as; None for one without a home."""
    if os.geteuid() == 0:
        return "/var/lib/lifeledger"  # root's home is closed to the user PostgreSQL runs as
    home = os.path.expanduser("~")  # noqa: PTH111 - pathlib is slow to load
    if not os.path.isabs(home):  # noqa: PTH117 - see above
        return None
    if sys.platform == "darwin":
        return f"{home}/Library/Application Support/lifeledger"
    shared = os.environ.get("XDG_DATA_HOME") or f"{home}/.local/share"
    return f"{shared}/lifeledger"
