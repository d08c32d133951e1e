"""Several processes at one shadow."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable
from multiprocessing.context import SpawnContext, SpawnProcess

from domain.shared.errors import LifeledgerError
from infrastructure.errors import RebuildRefused
from infrastructure.interpreter import relax_collector
from infrastructure.logs import log
from infrastructure.projector.processes import leave_with_parent, stop_on_signals
from infrastructure.projector.rebuild.plan import Plan
from infrastructure.settings import Settings

LOOK = 0.2  # seconds between looks at how far they are
REPLACEMENTS = 5  # of workers that died, before the build is given up


class Crew:
    """Loads shadows with ``count`` processes, replacing those that die."""

    def __init__(self, settings: Settings, count: int) -> None:
        self._settings = settings
        self._count = count

    def __call__(self, plan: Plan, look: Callable[[], None]) -> None:
        """Load a shadow; raises RebuildRefused where workers keep failing."""
        spawn = multiprocessing.get_context("spawn")  # connections and threads do not survive a fork
        workers = [self._hired(spawn, plan) for _ in range(self._count)]
        replaced = 0
        try:
            while any(each.is_alive() for each in workers):
                time.sleep(LOOK)
                look()
                for number, each in enumerate(workers):
                    if not each.is_alive() and each.exitcode:
                        if replaced == REPLACEMENTS:
                            raise RebuildRefused("the workers keep failing; their log says why")
                        workers[number] = self._hired(spawn, plan)
                        replaced += 1
        finally:
            for each in workers:
                each.terminate()
            for each in workers:
                each.join()

    def _hired(self, spawn: SpawnContext, plan: Plan) -> SpawnProcess:
        process = spawn.Process(target=load_until_done, args=(self._settings, plan))
        process.start()
        return process


def load_until_done(settings: Settings, plan: Plan) -> None:
    """Work at a shadow in this process until it is loaded, or SIGTERM, or the process that asked is gone."""
    from infrastructure.bootstrap import reach_engine  # noqa: PLC0415 - loaded in the worker, not beside it

    stop: threading.Event = stop_on_signals()
    leave_with_parent(stop)
    relax_collector()
    try:
        with reach_engine(settings) as engine:
            engine.care.rebuilder.filler(plan).work(stop)
    except LifeledgerError as error:
        log().warning("rebuild worker leaves", reason=type(error).__name__)
        raise SystemExit(1) from None
    except Exception as error:  # noqa: BLE001 - its text may quote a row
        log().error("rebuild worker failed", reason=type(error).__name__)
        raise SystemExit(1) from None
