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


def is_closed_to_root(data_dir: str) -> bool:
    """Whether this is root, in somebody else's data directory: what root writes there, its owner could not use."""
    if os.geteuid() != 0:
        return False
    try:
        return os.stat(data_dir).st_uid != 0  # noqa: PTH116 - pathlib is slow to load
    except OSError:
        return False  # whoever makes it owns it; what else is wrong with it, who opens it says better
