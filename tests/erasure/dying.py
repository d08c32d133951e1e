"""A process that erases something and dies by SIGKILL when a step has done its work but is not noted as done."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any
from uuid import UUID

from infrastructure.bootstrap import open_store
from infrastructure.erasure.steps import Step, Steps
from infrastructure.settings import Settings

IN_ORDER = Steps.in_order


def main(step: str, subject: UUID, record_id: UUID | None) -> None:
    def deadly(self: Steps) -> dict[str, Step]:
        steps = IN_ORDER(self)
        real = steps[step]

        def work_and_die(connection: Any, erasure: Any) -> dict[str, Any]:
            real(connection, erasure)
            os.kill(os.getpid(), signal.SIGKILL)
            raise AssertionError

        return {**steps, step: work_and_die}

    Steps.in_order = deadly  # type: ignore[method-assign]  # the fault this process is for
    with open_store(Settings()) as store:
        store.erase(subject, grounds="test", record_id=record_id)


if __name__ == "__main__":
    main(sys.argv[1], UUID(sys.argv[2]), UUID(sys.argv[3]) if len(sys.argv) > 3 else None)
