"""The settings of a bench's store as the environment of another process."""

from __future__ import annotations

import os
from pathlib import Path

from benchmarks.bench import Bench

ROOT = Path(__file__).parents[1]


def environment_of(bench: Bench) -> dict[str, str]:
    """Return this process's environment without its own settings, and with the bench's data directory."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("LIFELEDGER_")}
    return {**inherited, "PYTHONPATH": str(ROOT), "LIFELEDGER_DATA_DIR": str(bench.settings.data_dir)}
