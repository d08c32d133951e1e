"""Worker processes: each opens the store for itself and projects until it is told to stop."""

from __future__ import annotations

import multiprocessing
import signal
import threading
import time
from types import FrameType

from infrastructure.interpreter import relax_collector, switch_sooner
from infrastructure.logs import log
from infrastructure.settings import Settings

RESTART_PAUSE = 1.0  # seconds before a worker that died is replaced


def run_workers(settings: Settings, count: int) -> int:
    """Run ``count`` workers until SIGTERM or SIGINT, replacing any that dies; return the exit code.

    Raises what open_store raises, before any worker is started.
    """
    from infrastructure.bootstrap import open_store  # noqa: PLC0415 - see work_until_told

    open_store(settings.model_copy(update={"project_in_process": False})).close()
    stop = stop_on_signals()
    spawn = multiprocessing.get_context("spawn")  # connections and threads do not survive a fork
    workers = [_started(spawn, settings) for _ in range(count)]
    while not stop.wait(RESTART_PAUSE):
        workers = [each if each.is_alive() else _started(spawn, settings) for each in workers]
    for each in workers:
        each.terminate()
    for each in workers:
        each.join()
    return 0 if all(each.exitcode == 0 for each in workers) else 1


def _started(
    spawn: multiprocessing.context.SpawnContext, settings: Settings
) -> multiprocessing.context.SpawnProcess:
    process = spawn.Process(target=work_until_told, args=(settings,))
    process.start()
    return process


def work_until_told(settings: Settings) -> None:
    """Project in this process until SIGTERM or SIGINT; the batch in hand is finished first."""
    from infrastructure.backup.schedule import kept_backed_up  # noqa: PLC0415 - loaded in the worker, not beside it
    from infrastructure.bootstrap import open_store  # noqa: PLC0415
    from infrastructure.projector.worker import work  # noqa: PLC0415

    stop = stop_on_signals()
    leave_with_parent(stop)
    relax_collector()
    switch_sooner()
    with (
        open_store(settings.model_copy(update={"project_in_process": False})) as store,
        kept_backed_up(settings),
    ):
        log().info("worker started")
        store.renew_beside()
        work(store.engine.projector, store.engine.bell, stop, store.tidy)


def stop_on_signals() -> threading.Event:
    """Return an event that SIGTERM and SIGINT set."""
    stop = threading.Event()

    def tell(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, tell)
    signal.signal(signal.SIGINT, tell)
    return stop


def leave_with_parent(stop: threading.Event) -> None:
    """Stop when the process that started this worker is gone: killed, it cannot tell its workers."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        while parent.is_alive():
            time.sleep(RESTART_PAUSE)
        stop.set()

    threading.Thread(target=watch, name="parent watch", daemon=True).start()
