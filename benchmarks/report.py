"""The table that is printed and the JSON that is kept."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.bench import Options
from benchmarks.figures import Check, Figure

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"
VERSIONS = (
    "psycopg",
    "psycopg-pool",
    "eventsourcing",
    "cryptography",
    "pydantic",
    "orjson",
    "redis",
    "hiredis",
)
HEADINGS = (
    f"{'figure':<44} {'value':>12} {'unit':<12} {'beside it':<38} {'value':>12} {'ratio':>7}  {'goal':>9}"
)


def lines(figures: Sequence[Figure]) -> Iterator[str]:
    """Yield the table: a line for each figure and for what was measured beside it, with goal and verdict."""
    for figure in figures:
        own, *ratios = figure.checks()
        head = f"{figure.name:<44} {figure.value:>12,.2f} {figure.unit:<12}"
        if own.goal is not None or not ratios:
            yield f"{head} {'':<38} {'':>12} {'':>7}  {_goal(figure, own, ',.0f')}".rstrip()
            head = " " * len(head)
        for check, neighbour in zip(ratios, figure.neighbours, strict=True):
            beside = f"{neighbour.name:<38} {neighbour.value:>12,.2f} {check.found:>7.2f}"
            yield f"{head} {beside}  {_goal(figure, check, '.2f')}".rstrip()
            head = " " * len(head)


def missed(figures: Sequence[Figure]) -> int:
    """Return how many goals are missed."""
    return sum(check.met is False for figure in figures for check in figure.checks())


def keep(
    figures: Sequence[Figure], names: Sequence[str], options: Options, server: Mapping[str, str]
) -> Path:
    """Write figures, machine, versions and settings as JSON; return the file."""
    RESULTS.mkdir(exist_ok=True)
    now = datetime.now(UTC)
    found = {
        "at": now.isoformat(),
        "commit": _commit(),
        "names": list(names),
        "options": asdict(options),
        "machine": _machine(),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in VERSIONS}},
        "server": dict(server),
        "figures": [_plain(figure) for figure in figures],
    }
    text = json.dumps(found, indent=2)
    path = RESULTS / f"{now:%Y%m%dT%H%M%SZ}.json"
    path.write_text(text)
    (RESULTS / "latest.json").write_text(text)
    return path


def _plain(figure: Figure) -> dict[str, Any]:
    rounds = getattr(figure.value, "rounds", ())
    beside = [{**vars(each), "rounds": getattr(each.value, "rounds", ())} for each in figure.neighbours]
    return {
        "name": figure.name, "value": figure.value, "rounds": rounds, "unit": figure.unit, "curve": figure.curve,
        "at": figure.at, "beside": beside, "checks": [vars(check) for check in figure.checks()],
    }  # fmt: skip


def _goal(figure: Figure, check: Check, form: str) -> str:
    if check.goal is None:
        return ""
    sign = "≥" if figure.more_is_better else "≤"
    return f"{sign} {check.goal:>7{form}} {'met' if check.met else 'MISSED'}"


def _machine() -> dict[str, Any]:
    """Describe the machine, and how busy it was: figures of a busy one are worth nothing."""
    return {
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "cpu": _cpu_name(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_mb": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20,
        "load_average": os.getloadavg(),
    }


def _cpu_name() -> str:
    try:
        told = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in told.splitlines() if "model name" in line), "")


def _commit() -> str:
    """Return the commit that was measured, with a mark where files differ from it."""
    try:
        answer = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12"],  # noqa: S607 - whichever git there is
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return answer.stdout.strip()
