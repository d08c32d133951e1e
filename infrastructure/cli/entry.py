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
        "backups list",
        "content",
        "diff",
        "do",
        "erasures",
        "find",
        "find-person",
        "history",
        "hold list",
        "hold place",
        "hold release",
        "hold show",
        "keys status",
        "kinds",
        "projections",
        "retention drop",
        "retention list",
        "retention set",
        "search",
        "show",
        "statistics",
        "status",
        "threads",
        "timeline",
    }
)
"""Commands that ask, change or rule one thing, and end soon; none that prompts, starts processes of its own, or goes
through all of a store, its keys or its backups."""

QUICK_WITH = {"erase": ("--record", "--dry-run"), "rebuild": ("--list",), "revert": ("--record",)}
"""Commands that are quick with one of these options; without, they may be about everything, and erase prompts."""

SMALL_BYTES = 1 << 20
"""An import of files that are no larger together ends soon, too; one of a folder may not."""

_EXIT_INTERRUPTED = 130
STANDBY = "infrastructure.cli.standby_process"
"""The module whose ``main`` stands by for the next commands."""


def main() -> None:
    """Run the program: by the standby, or in this process beside one that it starts."""
    if wanted() and _ends_soon(sys.argv[1:]):
        _try_standby()
    _run()


def _ends_soon(words: list[str]) -> bool:
    if not words:
        return False
    if "--help" in words:
        return True
    if words[0] == "import":
        return _is_small([word for word in words[1:] if word != "--json"])
    if words[0] in QUICK_WITH:
        return any(word.partition("=")[0] in QUICK_WITH[words[0]] for word in words)
    return words[0] in QUICK or " ".join(words[:2]) in QUICK


def _is_small(files: list[str]) -> bool:
    """Return whether these are names of small files, and nothing else."""
    try:
        return all(map(os.path.isfile, files)) and sum(map(os.path.getsize, files)) <= SMALL_BYTES
    except OSError:
        return False


def _try_standby() -> None:
    """End with the exit code of a standby that has run the program; where there is none, start one for the next."""
    data_dir = data_dir_of(sys.argv[2:])
    path = None if data_dir is None else socket_in(data_dir)
    if data_dir is None or path is None:
        return
    code = _by_standby(path)
    if code is not None:
        sys.exit(code)
    if _will_be_used(path):
        _start_standby(data_dir)


def _by_standby(path: str) -> int | None:
    try:
        return carried_out(path)
    except KeyboardInterrupt:
        sys.stderr.write("lifeledger: interrupted\n")
        os._exit(_EXIT_INTERRUPTED)


def _will_be_used(path: str) -> bool:
    """Whether the command opens a store that is there; others start a standby when they do."""
    return "--help" not in sys.argv and os.path.isdir(os.path.dirname(path))  # noqa: PTH112, PTH120 - pathlib is slow to load


def _start_standby(data_dir: str) -> None:
    from infrastructure.standby.launch import start_unless_there  # noqa: PLC0415 - needed only here

    start_unless_there(data_dir, STANDBY)


def _run() -> None:
    from infrastructure.cli.app import main as run  # noqa: PLC0415 - takes half a second

    run()
