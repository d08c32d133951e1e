"""Starts a standby beside a command, and ends it with the servers."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

from infrastructure.data_dir import is_closed_to_root
from infrastructure.embedded import locks
from infrastructure.embedded.account import server_account
from infrastructure.embedded.errors import EmbeddedServerError, ServerDidNotStop
from infrastructure.embedded.layout import establish, layout_of, naming_the_closed
from infrastructure.embedded.logs import open_log
from infrastructure.standby.code import IMPORT_ROOT
from infrastructure.standby.place import LOCK, socket_in
from infrastructure.standby.wire import FIXED_AT_START

# Not -m: that would have the current folder, or need PYTHONPATH, which the client's conditions name.
_START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from {module} import main; main()"
_POLL = 0.01  # seconds
_ESCALATION = ((signal.SIGTERM, 2.0), (signal.SIGKILL, 5.0))  # and seconds to obey


def start_unless_there(data_dir: str, module: str) -> None:
    """Have ``main`` of that module stand by for this data directory, which has no standby yet, and soon has servers.

    Returns at once. A standby that cannot be started is none: nobody waits for it, and nothing depends on it.
    """
    if is_closed_to_root(data_dir):
        return  # the command itself says so
    layout = layout_of(Path(data_dir))
    with suppress(OSError, EmbeddedServerError):
        if socket_in(data_dir) is None or locks.file_is_held(layout.root / LOCK):
            return
        establish(layout, server_account(layout.postgres))
        # Nothing of the person's environment but what a fork cannot change: a root key has no business in it.
        environment = {
            name: value
            for name, value in os.environ.items()
            if name == "PATH" or name.startswith(FIXED_AT_START)
        }
        start = _START.format(module=module)
        with open_log(layout.log("standby")) as log:
            os.posix_spawn(
                sys.executable,
                [sys.executable, "-P", "-c", start, str(IMPORT_ROOT), data_dir],
                environment,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                    (os.POSIX_SPAWN_DUP2, log.fileno(), 2),
                ],
            )


def end(data_dir: Path) -> None:
    """Return when the data directory has no standby any more; commands it has become go on.

    ServerDidNotStop: it is still there. DataDirectoryUnreachable: it is somebody else's.
    """
    layout = layout_of(data_dir)
    lock = layout.root / LOCK
    with naming_the_closed(layout):
        for number, patience in _ESCALATION:
            if not locks.file_is_held(lock):
                return
            with suppress(ProcessLookupError, ValueError):  # it goes by itself, or has not yet said who it is
                os.kill(int(lock.read_text("ascii")), number)
            deadline = time.monotonic() + patience
            while locks.file_is_held(lock) and time.monotonic() < deadline:
                time.sleep(_POLL)
        if not locks.file_is_held(lock):
            return
    message = f"the standby of {layout.root} still runs"
    raise ServerDidNotStop(message)
