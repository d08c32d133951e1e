"""What wakes a keeper: a signal, the end of a child, a request to stop."""

from __future__ import annotations

import errno
import os
import select
import signal
from pathlib import Path
from types import FrameType


class Bell:
    """Only for the main thread of a process of its own: it takes over the signals.

    Requests come through a named pipe and not as signals, because a pipe without a living reader refuses the
    writer, while the number of a dead process may by now belong to another.
    """

    def __init__(self, control: Path) -> None:
        self.stop_asked = False
        self._signals, wakeup = os.pipe()
        os.set_blocking(self._signals, False)
        os.set_blocking(wakeup, False)
        signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        control.unlink(missing_ok=True)
        os.mkfifo(control, 0o600)
        # Also open for writing: a pipe whose last writer has gone would be readable for ever.
        self._control = os.open(control, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def wait(self, seconds: float) -> None:
        """Return after that time, or at once when something happened."""
        rung, _, _ = select.select([self._signals, self._control], [], [], seconds)
        for descriptor in rung:
            os.read(descriptor, 4096)
        if self._control in rung:
            self.stop_asked = True

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stop_asked = True


def ring(control: Path) -> bool:
    """Ask the keeper that listens there to stop; False when none does."""
    try:
        descriptor = os.open(control, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        return False
    try:
        os.write(descriptor, b"stop\n")
    except BrokenPipeError:
        return False
    finally:
        os.close(descriptor)
    return True
