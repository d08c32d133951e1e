"""The keeper: one small process per data directory, which starts its servers, watches them and stops them when idle."""

from __future__ import annotations

import argparse
import logging
import os
import resource
import stat
import sys
import time
from contextlib import suppress
from pathlib import Path

from infrastructure.embedded import locks
from infrastructure.embedded.account import server_account
from infrastructure.embedded.errors import EmbeddedServerError
from infrastructure.embedded.launch import ANOTHER_KEEPS, READY
from infrastructure.embedded.layout import Layout, establish, layout_of, socket_folder
from infrastructure.embedded.postgres import Postgres
from infrastructure.embedded.programs import installed, runnable
from infrastructure.embedded.redis import Redis
from infrastructure.embedded.watch import Watch

_LOCK_PATIENCE = 1.0  # seconds; who asks whether the lock is held holds it for microseconds
_LOCK_POLL = 0.005  # seconds

_log = logging.getLogger("keeper")


def main() -> None:
    """Detach, take the data directory unless another keeper has it, and keep its servers."""
    arguments = argparse.ArgumentParser(description="keep the servers of a lifeledger data directory")
    arguments.add_argument("data_dir", type=Path)
    arguments.add_argument("--idle-seconds", type=float, default=900.0)
    arguments.add_argument("--shared-buffers-mb", type=int, default=256)
    arguments.add_argument("--redis-memory-mb", type=int, default=256)
    options = arguments.parse_args()
    # The process that was started ends here: no client ever has a keeper for a child, to bury it one day.
    if os.fork():
        os._exit(0)
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold what people wrote
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        _keep(layout_of(options.data_dir), options)
    except EmbeddedServerError as error:
        _log.error("%s", error)
        _tell_client(str(error))
        sys.exit(1)


def _keep(layout: Layout, options: argparse.Namespace) -> None:
    account = server_account(layout.postgres)
    establish(layout, account)
    lock = locks.open_lock(layout.keeper_lock)
    if not _taken(lock):
        _tell_client(ANOTHER_KEEPS)
        return
    programs = runnable(installed(), account, layout.programs)
    sockets = socket_folder(layout, account)
    watch = Watch(
        layout,
        lock=lock,
        postgres=Postgres(
            layout, programs, account, sockets=sockets, shared_buffers_mb=options.shared_buffers_mb
        ),
        redis=Redis(layout, programs, account, sockets=sockets, maxmemory_mb=options.redis_memory_mb),
        sockets=sockets,
        idle_seconds=options.idle_seconds,
    )
    watch.run(when_up=lambda: _tell_client(READY))


def _taken(lock: int) -> bool:
    deadline = time.monotonic() + _LOCK_PATIENCE
    while not locks.try_exclusive(lock):
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOCK_POLL)
    return True


def _tell_client(word: str) -> None:
    """Answer the client that started us, which reads our standard output; it hears one word only."""
    listener = sys.stdout.fileno()
    if stat.S_ISFIFO(os.fstat(listener).st_mode):
        with suppress(BrokenPipeError):
            os.write(listener, word.encode())
        os.dup2(sys.stderr.fileno(), listener)


if __name__ == "__main__":
    main()
