"""A server process that ends with the keeper that started it."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from infrastructure.embedded.account import Account
from infrastructure.embedded.logs import open_log

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Child:
    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        log: Path,
        account: Account | None,
        when_keeper_dies: signal.Signals,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        with open_log(log) as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own programs, no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                # Nothing of the person's environment: PGPORT or PGDATA would change what the server does.
                env={"PATH": os.defpath, "LC_ALL": "C", **(environment or {})},
                user=None if account is None else account.uid,
                group=None if account is None else account.gid,
                extra_groups=None if account is None else [],
                start_new_session=True,
                # Safe here: the keeper has one thread only.
                preexec_fn=_ending_with_parent(when_keeper_dies),  # noqa: PLW1509
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def wait(self) -> int:
        return self._process.wait()

    def stop(self, *steps: tuple[signal.Signals, float]) -> None:
        """Send each signal in turn and give it its seconds; at the end there is no process left."""
        for number, seconds in steps:
            self._process.send_signal(number)
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                continue
            return
        self._process.kill()
        self._process.wait()


def _ending_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    keeper = os.getpid()

    def arm() -> None:
        # Runs after the change of user, which would have disarmed it.
        prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != keeper:
            os._exit(1)

    return arm
