"""One attempt of a client to start a keeper."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from infrastructure.embedded.layout import Layout
from infrastructure.embedded.logs import open_log

READY = "ready"
ANOTHER_KEEPS = "another keeper has the data directory"

_IMPORT_ROOT = Path(__file__).resolve().parents[2]
# What Python and the socket folder need. The rest stays out: a root key in the environment of a client has
# no business in a process that lives on.
_ENVIRONMENT = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR")


class Launch:
    def __init__(
        self, layout: Layout, *, idle_seconds: float, shared_buffers_mb: int, redis_memory_mb: int
    ) -> None:
        self._log = layout.log("keeper")
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        search_path = [str(_IMPORT_ROOT), environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, search_path))
        self._answer, answer = os.pipe()
        os.set_blocking(self._answer, False)
        with open_log(self._log) as log, os.fdopen(answer, "wb") as keepers_end:
            self._launcher = subprocess.Popen(  # noqa: S603 - our own module
                [
                    sys.executable,
                    "-P",
                    "-m",
                    "infrastructure.embedded.keeper",
                    str(layout.root),
                    f"--idle-seconds={idle_seconds}",
                    f"--shared-buffers-mb={shared_buffers_mb}",
                    f"--redis-memory-mb={redis_memory_mb}",
                ],
                stdin=subprocess.DEVNULL,
                stdout=keepers_end,
                stderr=log,
                cwd="/",
                env=environment,
                start_new_session=True,
            )

    def outcome(self) -> str | None:
        """Hear what the keeper says: READY, ANOTHER_KEEPS or a reason; None as long as it says nothing."""
        try:
            word = os.read(self._answer, 4096).decode()
        except BlockingIOError:
            return None
        return word or f"the keeper ended unexpectedly; see {self._log}"

    def close(self) -> None:
        os.close(self._answer)
        # Long gone by itself, unless it hangs before it could detach the keeper.
        self._launcher.kill()
        self._launcher.wait()
