"""A backup of a ledger, reading it through, and bringing it back into another database."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pydantic import SecretStr

from benchmarks.bench import Bench, Figure
from infrastructure.backup.verify import verify
from infrastructure.backup.wanted import Wanted
from infrastructure.bootstrap import back_up, bring_back, shelf_of
from infrastructure.importers.batch import BATCH_DRAFTS, Intake
from infrastructure.importers.draft import Draft
from infrastructure.settings import Settings

EVENTS = int(os.environ.get("LIFELEDGER_BENCH_EVENTS", "10000"))
T = TypeVar("T")


def run(bench: Bench) -> list[Figure]:
    me = bench.person()
    intake = Intake(me, "bench")
    for start in range(0, EVENTS, BATCH_DRAFTS):
        numbers = range(start, min(start + BATCH_DRAFTS, EVENTS))
        intake.take(
            [Draft("task", "create", f"uid-{number}", {"title": f"Task {number}", "notes": "x" * 300}) for number in numbers]
        )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        settings, empty = _by_url(bench, Path(folder), "ledger"), _by_url(bench, Path(folder), "restored")
        shelf = shelf_of(settings)
        seconds, manifest = _timed(lambda: back_up(settings, shelf))
        checking, found = _timed(lambda: verify(shelf))
        nothing, _ = _timed(lambda: back_up(settings, shelf))
        restoring, restored = _timed(lambda: bring_back(empty, shelf, Wanted()))
    assert restored.events == manifest.events == found.events >= EVENTS
    return [
        Figure(
            f"backup, first run, {manifest.events:,} events", manifest.events / seconds, "events/s", 20_000
        ),
        Figure("backup, size", manifest.bytes / manifest.events, "bytes/event", 1_000),
        Figure("backup, run with nothing new", nothing * 1000, "ms", 1_000),
        Figure("backup, verify", found.events / checking, "events/s", 10_000),
        Figure("backup, restore", restored.events / restoring, "events/s", 10_000),
    ]


def _by_url(bench: Bench, folder: Path, ledger: str) -> Settings:
    """Return the settings of a ledger on the benchmark's server, beside the same keys."""
    return bench.settings.model_copy(
        update={
            "ledger_url": SecretStr(bench.servers.postgres_url(ledger)),
            "keys_url": SecretStr(bench.servers.postgres_url("keys")),
            "redis_url": SecretStr(bench.servers.redis_url),
            "backup_url": str(folder / "backups"),
            "blob_url": f"file://{_made(folder / ledger)}",
        }
    )


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    started = time.perf_counter()
    done = work()
    return time.perf_counter() - started, done
