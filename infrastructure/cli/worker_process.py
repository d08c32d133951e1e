"""One worker in this very process: ``python -m infrastructure.cli.worker_process``, settings from the environment."""

from __future__ import annotations

from infrastructure.projector.processes import work_until_told
from infrastructure.settings import Settings

if __name__ == "__main__":
    work_until_told(Settings())
