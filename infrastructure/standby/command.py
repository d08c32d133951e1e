"""A fork of the standby that becomes the command of a client."""

from __future__ import annotations

import io
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from socket import socket
from typing import NoReturn, TextIO

from infrastructure.standby.wire import PID_BYTES, STREAMS, Request, conditions, receive

_PATIENCE = 10.0  # seconds for a client that has connected to say what it wants
_EXIT_UNFORESEEN = 1
_EXIT_UNFLUSHED = 120  # as Python ends when what was left to print at its end cannot be written

Run = Callable[[], None]


def become(connection: socket, run: Run, *, without: Sequence[int]) -> NoReturn:
    """Be the command of the client at the other end, from its first to its last moment, without those descriptors.

    Whatever happens, this process never returns to what the standby does.
    """
    try:
        for descriptor in without:
            os.close(descriptor)
        os.setsid()
        _hear_signals_as_a_new_process()
        connection.settimeout(_PATIENCE)
        if receive(connection)[0] == conditions():
            connection.sendall(os.getpid().to_bytes(PID_BYTES, "big"))
            request, descriptors = receive(connection, len(STREAMS))
            _take_over(Request.unpacked(request), descriptors)
            connection.sendall(bytes([_exit_code(run)]))
    finally:
        os._exit(0)  # an exception ends it, too: the client has gone, or learns that there is no exit code


def _hear_signals_as_a_new_process() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _take_over(request: Request, descriptors: Sequence[int]) -> None:
    """Put everything in place that the client's process was started with."""
    for standard, given in enumerate(descriptors):
        os.dup2(given, standard)
        os.close(given)
    for standard, described in enumerate(request.streams):
        setattr(sys, STREAMS[standard], _stream(standard, *described.decode().split()))
    for number in request.ignored:
        signal.signal(number, signal.SIG_IGN)
    os.environb.clear()
    os.environb.update(pair.partition(b"=")[::2] for pair in request.environment)
    time.tzset()
    os.chdir(request.folder)
    os.umask(request.umask)
    sys.argv = [os.fsdecode(word) for word in request.arguments]


def _stream(descriptor: int, encoding: str, errors: str, by_line: str, at_once: str) -> TextIO:
    """Open a standard stream as the interpreter does when it starts."""
    binary = open(descriptor, "wb" if descriptor else "rb", closefd=False)  # noqa: SIM115 - open to the end
    return io.TextIOWrapper(
        binary,
        encoding=encoding,
        errors=errors,
        newline="\n",
        line_buffering=by_line == "1",
        write_through=at_once == "1",
    )


def _exit_code(run: Run) -> int:
    """Run the command and return what a process of its own would have exited with."""
    code = _outcome(run)
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        return _EXIT_UNFLUSHED
    return code & 0xFF


def _outcome(run: Run) -> int:
    try:
        run()
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)  # noqa: T201 - as the interpreter does
        return _EXIT_UNFORESEEN
    except BaseException:  # noqa: BLE001 - whatever it is, the interpreter would show it and end
        sys.excepthook(*sys.exc_info())
        return _EXIT_UNFORESEEN
    return 0
