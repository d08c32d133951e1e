"""The side of the program that has nothing loaded: hands its command to a standby and waits for the end of it."""

from __future__ import annotations

import os
import signal
import socket
import sys
from types import FrameType

from infrastructure.standby.wire import (
    PID_BYTES,
    STREAMS,
    Request,
    Truncated,
    conditions,
    exactly,
    is_foreign,
    send,
)

EXIT_CUT_SHORT = 70
PATIENCE = 1.0  # seconds for a standby to take a command; one that hangs costs no more
_PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def carried_out(path: str) -> int | None:
    """Have the standby at this socket carry out the command of this process; returns the exit code.

    None where it has not begun and never will: then the command is this process's own to run.
    """
    try:
        request = _request()
        connection = socket.socket(socket.AF_UNIX)
    except (OSError, AttributeError):
        return None  # no folder to be in any more, or a standard stream is closed
    with connection:
        try:
            connection.settimeout(PATIENCE)
            connection.connect(path)
            # It is about to see this environment, root key and all.
            if is_foreign(connection) or os.stat(path).st_uid != os.geteuid():  # noqa: PTH116 - pathlib is slow to load
                return None
            send(connection, conditions(), [])
            pid = int.from_bytes(exactly(connection, PID_BYTES), "big")
            signal.pthread_sigmask(signal.SIG_BLOCK, _PASSED_ON)
            send(connection, request.packed(), [0, 1, 2])
        except (OSError, Truncated):
            # What was not sent to its end is never begun, not even by a standby that wakes up late.
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _PASSED_ON)
            return None
        connection.settimeout(None)
        return _end_of(pid, connection)


def _end_of(pid: int, connection: socket.socket) -> int:
    """Wait for the exit code; what this process is told by signal, the other one hears."""
    told: list[int] = []

    def pass_on(number: int, _frame: FrameType | None) -> None:
        told.append(number)
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return  # it has just ended, and so shall we

    for number in set(_PASSED_ON).difference(_ignored()):
        signal.signal(number, pass_on)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _PASSED_ON)
    try:
        return exactly(connection, 1)[0]
    except (OSError, Truncated):
        for fatal in told:
            signal.signal(fatal, signal.SIG_DFL)
            os.kill(os.getpid(), fatal)  # it died of this, and so do we
    sys.stderr.write(
        "lifeledger: the command was cut short; look whether it was carried out before you repeat it\n"
    )
    return EXIT_CUT_SHORT


def _request() -> Request:
    umask = os.umask(0o077)
    os.umask(umask)
    return Request(
        arguments=[os.fsencode(word) for word in sys.argv],
        environment=[name + b"=" + value for name, value in os.environb.items()],
        folder=os.getcwdb(),  # noqa: PTH109 - see above
        umask=umask,
        ignored=_ignored(),
        streams=[_described(name) for name in STREAMS],
    )


def _ignored() -> list[int]:
    return [number for number in _PASSED_ON if signal.getsignal(number) is signal.SIG_IGN]


def _described(name: str) -> bytes:
    stream = getattr(sys, name)
    buffering = f"{stream.line_buffering:d} {stream.write_through:d}"
    return f"{stream.encoding} {stream.errors} {buffering}".encode()
