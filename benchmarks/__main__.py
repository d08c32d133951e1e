"""Run benchmarks: ``python -m benchmarks [NAME …]``; without a name, all of them."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import backup, bulk, caching, commands, projection
from benchmarks.bench import Bench, Figure

ALL: dict[str, Callable[[Bench], list[Figure]]] = {
    "commands": commands.run,
    "bulk": bulk.run,
    "projection": projection.run,
    "cache": caching.run,
    "backup": backup.run,
}
RESULTS = Path(__file__).parent / "results"


def main(names: list[str]) -> None:
    unknown = set(names) - set(ALL)
    if unknown:
        sys.exit(f"choose from: {', '.join(ALL)}")
    figures = []
    with Bench() as bench:
        for name in names or ALL:
            found = ALL[name](bench)
            figures += found
            for figure in found:
                print(figure)
    RESULTS.mkdir(exist_ok=True)
    machine = {
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
    }
    taken = {"at": datetime.now(UTC).isoformat(), **machine, "figures": [vars(figure) for figure in figures]}
    (RESULTS / "latest.json").write_text(json.dumps(taken, indent=2))


if __name__ == "__main__":
    main(sys.argv[1:])
