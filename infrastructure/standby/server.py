"""The standby: one process per data directory that has the program loaded, and no connection, no key and no data.

It lives as long as the keeper of the servers, but is no client of theirs: how long they stay up is not its business.
"""

from __future__ import annotations

import gc
import os
import resource
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from socket import AF_UNIX, socket

from infrastructure.embedded import locks
from infrastructure.embedded.layout import Layout, layout_of
from infrastructure.standby.code import LoadedCode
from infrastructure.standby.command import Run, become
from infrastructure.standby.place import LOCK, socket_in
from infrastructure.standby.wire import is_foreign

LOOK = 1.0  # seconds between two looks whether the keeper still lives
SERVERS_WITHIN = 60.0  # seconds; as long as the command that has started both waits for the servers
_LOCK_PATIENCE = 1.0  # seconds; who asks whether the lock is held holds it for microseconds
_LOCK_POLL = 0.005  # seconds
_BACKLOG = 64
_STDERR = 2
_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def stand_by(
    data_dir: Path, *, load: Callable[[], Iterator[None]], run: Run, servers_within: float = SERVERS_WITHIN
) -> None:
    """Detach, load the program, and run it in a fork for each command, until the servers of the data directory stop.

    The first step of ``load`` is what every command needs; the others are taken while nobody asks. The servers may
    come up at the same time, in ``servers_within`` seconds. Does nothing where the data directory has a standby, or a
    path too long for a socket.
    """
    _detach()
    layout = layout_of(data_dir)
    path = socket_in(str(layout.root))
    lock = _taken(layout)
    if path is None or lock is None:
        return
    code = LoadedCode()
    # Before anything is loaded: who asks meanwhile waits for the rest of it, which is shorter than all of it.
    with _listening(path) as listener:
        try:
            Standby(layout, lock, listener, code, run).serve(load(), servers_within)
        finally:
            if locks.is_named(lock, layout.root / LOCK):
                Path(path).unlink(missing_ok=True)


class Standby:
    def __init__(self, layout: Layout, lock: int, listener: socket, code: LoadedCode, run: Run) -> None:
        self._layout = layout
        self._lock = lock
        self._listener = listener
        self._code = code
        self._run = run

    def serve(self, loading: Iterator[None], servers_within: float) -> None:
        """Return when nobody needs this process any more, or when its code is of yesterday."""
        expected_until = time.monotonic() + servers_within
        loaded = _is_last(loading)
        while self._is_the_one():
            if locks.file_is_held(self._layout.keeper_lock):
                expected_until = 0.0  # it has come; when it goes, so do we
            elif time.monotonic() > expected_until:
                return
            asked, _, _ = select.select([self._listener], [], [], LOOK if loaded else 0)
            if not asked:
                loaded = loaded or _is_last(loading)
                continue
            if not self._code.is_current():
                return
            # Where the client has gone, or there can be no further process, the client runs the command itself.
            with suppress(OSError):
                self._answer()

    def _is_the_one(self) -> bool:
        return locks.is_named(self._lock, self._layout.root / LOCK)

    def _answer(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            if is_foreign(connection):
                return
            # What ends this process must not end a fork that still has its handlers.
            signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
            try:
                if os.fork() == 0:
                    # The lock is shared: a command would hold it to its end, though the standby were gone.
                    become(connection, self._run, without=[self._lock, self._listener.fileno()])
            finally:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)


def _detach() -> None:
    """Leave the terminal and everything else of the process that started this one."""
    for inherited in [int(each.name) for each in Path("/dev/fd").iterdir()]:
        if inherited > _STDERR:
            with suppress(OSError):  # the folder itself, which is closed by now
                os.close(inherited)
    with suppress(PermissionError):  # started as the first of its group already
        os.setsid()
    os.chdir("/")
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold what people wrote
    for number in _ENDING:
        signal.signal(number, lambda _number, _frame: sys.exit(0))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # a command that has ended leaves nothing to be buried


def _taken(layout: Layout) -> int | None:
    """Take the lock of the one standby there may be, and say in its file who has it."""
    try:
        lock = locks.open_lock(layout.root / LOCK)
    except OSError:
        return None  # the data directory has gone, or is somebody else's
    deadline = time.monotonic() + _LOCK_PATIENCE
    while not locks.try_exclusive(lock):
        if time.monotonic() > deadline:
            return None
        time.sleep(_LOCK_POLL)
    os.truncate(lock, 0)
    os.pwrite(lock, b"%d\n" % os.getpid(), 0)
    return lock


def _is_last(loading: Iterator[None]) -> bool:
    """Take a step, and tell whether it was the last."""
    try:
        next(loading)
    except StopIteration:
        gc.collect()
        gc.freeze()  # a fork would copy each page that holds the count of a collection
        return True
    finally:
        _require_one_thread()
    return False


def _require_one_thread() -> None:
    """End here rather than fork while another thread may hold a lock that the fork would wait for."""
    tasks = Path("/proc/self/task")
    count = len(list(tasks.iterdir())) if tasks.is_dir() else threading.active_count()
    if count != 1:
        message = f"the loaded program has {count} threads; it cannot be forked"
        raise RuntimeError(message)


def _listening(path: str) -> socket:
    """Listen, and only then give the socket its name, which another one may have left that was killed."""
    listener = socket(AF_UNIX)
    draft = Path(path).with_suffix(".new")
    draft.unlink(missing_ok=True)
    listener.bind(str(draft))
    draft.chmod(0o600)
    listener.listen(_BACKLOG)
    listener.settimeout(0)  # who has connected may be gone before it is accepted
    draft.replace(path)
    return listener
