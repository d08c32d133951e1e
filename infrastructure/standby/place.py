"""Where the standby of a data directory listens, and whether there is to be one."""

from __future__ import annotations

import os

from infrastructure.data_dir import default_data_dir

LOCK = "run/standby.lock"
_SOCKET = "run/standby.sock"
_LONGEST = 103  # bytes of a socket's path; the limit of macOS, Linux allows four more
_OFF = frozenset({"0", "off", "f", "false", "n", "no"})  # as pydantic reads a setting that is yes or no


def wanted() -> bool:
    """Whether this environment wants one; with servers of one's own nothing would end it.

    What is neither yes nor no counts as yes: the command itself refuses it, by a standby or without.
    """
    return os.environ.get("LIFELEDGER_STANDBY", "").lower() not in _OFF and not os.environ.get(
        "LIFELEDGER_LEDGER_URL"
    )


def data_dir_of(arguments: list[str]) -> str | None:
    """Return the data directory a command line means, by its one true path; None where there is none to be meant.

    A standby holds nothing of its data directory, so a wrong guess would only ask another one.
    """
    named = os.environ.get("LIFELEDGER_DATA_DIR")
    for number, word in enumerate(arguments):
        if word == "--":
            break
        if word == "--data-dir":
            named = "".join(arguments[number + 1 : number + 2])
        elif word.startswith("--data-dir="):
            named = word.partition("=")[2]
    meant = named or default_data_dir()
    return None if meant is None else os.path.realpath(meant)


def socket_in(data_dir: str) -> str | None:
    """Return the path of the socket; None where it would be too long for one."""
    path = f"{data_dir}/{_SOCKET}"
    return path if len(os.fsencode(path)) <= _LONGEST else None
