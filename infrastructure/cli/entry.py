"""Where the program begins: a quick command goes to the standby, which has everything loaded that this module must not."""

from __future__ import annotations

import os
import sys

from infrastructure.standby.client import carried_out
from infrastructure.standby.place import data_dir_of, socket_in, wanted

QUICK = frozenset(
    {
        "agenda",
        "audit",
        "diff",
        "do",
        "find",
        "history",
        "kinds",
        "search",
        "show",
        "statistics",
        "status",
        "threads",
        "timeline",
    }
)
"""Commands that ask, or change one record, and end soon; none that prompts or looks after servers, keys or backups."""

_EXIT_INTERRUPTED = 130


def main() -> None:
    """Run the program: by the standby, or in this process, which then starts one if it opens the store."""
    path = None
    if wanted() and QUICK.issuperset(sys.argv[1:2]) and len(sys.argv) > 1:
        path = socket_in(data_dir_of(sys.argv[2:]))
    code = None if path is None else _by_standby(path)
    if code is not None:
        sys.exit(code)
    _run()


def _by_standby(path: str) -> int | None:
    try:
        return carried_out(path)
    except KeyboardInterrupt:
        sys.stderr.write("lifeledger: interrupted\n")
        os._exit(_EXIT_INTERRUPTED)


def _run() -> None:
    from infrastructure.cli.app import main as run  # noqa: PLC0415 - takes half a second

    run()
