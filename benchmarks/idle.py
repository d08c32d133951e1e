"""What it costs to do nothing: CPU of an idle worker, and how long the command line takes to start."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.bench import Bench, Beside, Figure
from benchmarks.environment import environment_of
from infrastructure.standby.place import socket_in

SETTLE = 4.0  # seconds until a worker that has just started has nothing to do
BIN = Path(sys.executable).parent
ALONE = "LIFELEDGER_STANDBY=0"
STARTS = {
    "--help": 0.150,
    "status": 0.400,
    "find task": 0.500,
    f"status, {ALONE}": None,
    f"find task, {ALONE}": None,
}
"""Seconds a command may take, with servers running and the standby that an earlier command has left."""
STANDBY_PATIENCE = 60.0  # seconds
STANDBY_LOADS = 4.0
"""Seconds in which it has loaded everything, on a slow machine too; it answers earlier, and shares the processor."""


def run(bench: Bench) -> list[Figure]:
    environment = environment_of(bench)
    _lifeledger("init bench bench@example.org", environment)
    _leave_standby(bench, environment)
    works = [partial(_run, [sys.executable, "-c", "pass"], environment)]
    works += [partial(_lifeledger, words, environment) for words in STARTS]
    bare, *started = bench.alternating(1, *works)
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


def _leave_standby(bench: Bench, environment: dict[str, str]) -> None:
    """Give the first quick command, and wait until what it leaves behind can be asked."""
    path = socket_in(str(bench.settings.data_dir.resolve()))
    assert path is not None
    _lifeledger("find task", environment)
    deadline = time.monotonic() + STANDBY_PATIENCE
    while not Path(path).exists():
        assert time.monotonic() < deadline, "there is no standby"
        time.sleep(0.01)
    time.sleep(STANDBY_LOADS)


def _lifeledger(line: str, environment: dict[str, str]) -> None:
    words, _, setting = line.partition(", ")
    name, _, value = setting.partition("=")
    _run([BIN / "lifeledger", *words.split()], {**environment, **({name: value} if name else {})})


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
