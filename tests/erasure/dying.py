"""An erasure that dies when a step has done its work but is not noted as done: by SIGKILL, in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID

from domain.catalogue import kind_named
from infrastructure.bootstrap import open_store
from infrastructure.erasure.steps import Step, Steps
from infrastructure.settings import Settings

ROOT = Path(__file__).parents[2]
IN_ORDER = Steps.in_order


def kill_at(step: str, environment: dict[str, str], subject: UUID, **scope: object) -> None:
    """Have another process ask for an erasure, as ``Store.erase`` takes it, and die at a step of it."""
    said = json.dumps(scope, default=str)
    command = [sys.executable, "-m", "tests.erasure.dying", step, str(subject), said]
    died = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, check=False)
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()


def deadly(step: str, die: Callable[[], NoReturn]) -> Callable[[Steps], dict[str, Step]]:
    """Return a ``Steps.in_order`` of which one step dies at its end."""

    def in_order(self: Steps) -> dict[str, Step]:
        steps = IN_ORDER(self)
        real = steps[step]

        def work_and_die(connection: Any, erasure: Any) -> dict[str, Any]:
            real(connection, erasure)
            die()

        return {**steps, step: work_and_die}

    return in_order


def main(step: str, subject: UUID, scope: dict[str, str]) -> None:
    with open_store(Settings()) as store:  # which may have seen through what others have left
        Steps.in_order = deadly(step, _kill)  # type: ignore[assignment,method-assign]  # the fault this process is for
        store.erase(
            subject,
            grounds="test",
            kind=kind_named(scope["kind"]) if "kind" in scope else None,
            period=scope.get("period"),
            record_id=UUID(scope["record_id"]) if "record_id" in scope else None,
        )


def _kill() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


if __name__ == "__main__":
    main(sys.argv[1], UUID(sys.argv[2]), json.loads(sys.argv[3]))
