"""The code as it lay on disk when a process loaded it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

IMPORT_ROOT = Path(__file__).resolve().parents[2]
_PACKAGES = ("domain", "projections", "infrastructure", "migrations")


class LoadedCode:
    """To be made before anything is loaded, so that a file that changes meanwhile counts as changed."""

    def __init__(self) -> None:
        ours = (path for package in _PACKAGES for path in IMPORT_ROOT.joinpath(package).rglob("*.py"))
        # Whoever installs another version of a library changes the folder it lies in.
        libraries = (path for path in map(Path, sys.path) if path.name in {"site-packages", "dist-packages"})
        self._stamps = {str(path): _stamp(path) for path in (*ours, *libraries)}

    def is_current(self) -> bool:
        """Whether the same code would be loaded now."""
        return all(_stamp(path) == stamp for path, stamp in self._stamps.items())


def _stamp(path: str | Path) -> tuple[int, int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - hundreds of them at each command, and a Path costs more than the call
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
