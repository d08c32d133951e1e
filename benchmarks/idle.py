"""What it costs to do nothing: CPU of an idle worker, and how long the command line takes to start."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.bench import Bench, Beside, Figure
from benchmarks.environment import environment_of

SETTLE = 4.0  # seconds until a worker that has just started has nothing to do
BIN = Path(sys.executable).parent
STARTS = {"--help": 0.150, "status": 0.400, "find task": None}
"""Seconds a command may take, with servers running."""


def run(bench: Bench) -> list[Figure]:
    environment = environment_of(bench)
    lifeledger = BIN / "lifeledger"
    _run([lifeledger, "init", "bench", "bench@example.org"], environment)
    works = [[sys.executable, "-c", "pass"], *([lifeledger, *words.split()] for words in STARTS)]
    bare, *started = bench.alternating(1, *((lambda each=each: _run(each, environment)) for each in works))
    figures = [
        Figure(
            f"lifeledger {words}",
            1000 / each,
            "ms",
            goal and goal * 1000,
            beside=(Beside("python -c pass", 1000 / bare),),
        )
        for (words, goal), each in zip(STARTS.items(), started, strict=True)
    ]
    return [*figures, Figure("idle worker", _idle_percent(bench, environment), "% of a core", 1.0)]


def _run(command: Sequence[str | Path], environment: dict[str, str]) -> None:
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, timeout=60)  # noqa: S603 - our own


def _idle_percent(bench: Bench, environment: dict[str, str]) -> float:
    command = [sys.executable, "-m", "infrastructure.cli.worker_process"]
    worker = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)  # noqa: S603 - our own
    try:
        time.sleep(SETTLE)
        before, seconds = _cpu_seconds(worker.pid), bench.options.idle_seconds
        time.sleep(seconds)
        return 100 * (_cpu_seconds(worker.pid) - before) / seconds
    finally:
        worker.terminate()
        worker.wait()


def _cpu_seconds(pid: int) -> float:
    """Return the processor time of a process so far, in user and kernel, from /proc (Linux)."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    utime, stime = after_name[11:13]
    return (int(utime) + int(stime)) / os.sysconf("SC_CLK_TCK")
