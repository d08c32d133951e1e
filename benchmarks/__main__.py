"""Run benchmarks: ``python -m benchmarks [NAME …]``; without a name, all of them."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence

from benchmarks import (
    backup,
    bulk,
    caching,
    commands,
    disk,
    erasure,
    growth,
    idle,
    latency,
    loading,
    plots,
    projection,
    rebuild,
    report,
    rotation,
    time_travel,
)
from benchmarks.bench import Bench, Options
from benchmarks.figures import Figure

ALL: dict[str, Callable[[Bench], list[Figure]]] = {
    "commands": commands.run,
    "load": loading.run,
    "bulk": bulk.run,
    "projection": projection.run,
    "rebuild": rebuild.run,
    "latency": latency.run,
    "cache": caching.run,
    "time": time_travel.run,
    "rotation": rotation.run,
    "erasure": erasure.run,
    "growth": growth.run,
    "disk": disk.run,
    "idle": idle.run,
    "backup": backup.run,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, keep the JSON."""
    given = _parser().parse_args(arguments)
    options = Options(given.quick, given.large, tuple(given.sizes), given.idle_seconds)
    names = given.names or list(ALL)
    figures: list[Figure] = []
    server: dict[str, str] = {}
    print(report.HEADINGS)
    for name in names:
        begun = time.monotonic()
        with Bench(options) as bench:  # each in a store of its own, so that their order does not matter
            found = ALL[name](bench)
            server = bench.server_settings
        figures += found
        print(f"-- {name}, {time.monotonic() - begun:.0f} s")
        for line in report.lines(found):
            print(line, flush=True)
    print(f"{report.missed(figures)} goals missed; figures in {report.keep(figures, names, options, server)}")
    if given.quick:
        print("a quick run shows that everything runs; its figures mean nothing")
    if given.plots:
        for path in plots.draw(figures):
            print(path)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*ALL, []], metavar="NAME", help=", ".join(ALL))
    parser.add_argument("--quick", action="store_true", help="small and once: only to see that all runs")
    parser.add_argument("--large", action="store_true", help="growth up to 10,000,000 events")
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=[], metavar="EVENTS", help="growth at these sizes"
    )
    parser.add_argument(
        "--idle-seconds", type=float, default=10.0, help="how long the idle worker is watched"
    )
    parser.add_argument("--plots", action="store_true", help="draw scale curves into docs/performance/")
    return parser


if __name__ == "__main__":
    main()
