"""The unprivileged account that the servers run as when lifeledger itself runs as root.

PostgreSQL refuses to run as root. Anybody else runs the servers as themselves and has no account here.
"""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from infrastructure.embedded.errors import DataDirectoryUnreachable, ServerDidNotStart

_CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    uid: int
    gid: int


def server_account(database_files: Path) -> Account | None:
    """Who runs the servers; None is the current user.

    The owner of existing database files goes on owning them.
    """
    if os.geteuid() != 0:
        _require_name()
        return None
    try:
        files = database_files.stat()
    except FileNotFoundError:
        pass
    else:
        if files.st_uid != 0:
            return Account(files.st_uid, files.st_gid)
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    message = f"PostgreSQL does not run as root, and there is no account {' or '.join(_CANDIDATES)}"
    raise ServerDidNotStart(message)


def _require_name() -> None:
    """PostgreSQL asks for the name of the user it runs as; a container may have a number only."""
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        message = f"PostgreSQL needs a name for the user id {os.geteuid()}; add one to /etc/passwd"
        raise ServerDidNotStart(message) from None


def may(account: Account, path: Path, wanted: int) -> bool:
    """Whether the mode bits of this one file or folder allow `wanted`, an or of os.R_OK, os.W_OK and os.X_OK."""
    status = path.stat()
    if status.st_uid == account.uid:
        granted = status.st_mode >> 6
    elif status.st_gid == account.gid:
        granted = status.st_mode >> 3
    else:
        granted = status.st_mode
    return granted & wanted == wanted


def closed_folder_above(account: Account, path: Path) -> Path | None:
    """Find the first folder on the way to `path` that the account may not pass."""
    return next((folder for folder in reversed(path.parents) if not may(account, folder, os.X_OK)), None)


def require_reachable(account: Account | None, path: Path) -> None:
    """DataDirectoryUnreachable: a folder above `path` is closed to the account."""
    if account is None:
        return
    closed = closed_folder_above(account, path)
    if closed is not None:
        name = _name_of(account)
        message = (
            f"the servers run as '{name}', because PostgreSQL does not run as root, and '{name}' may not enter "
            f"{closed}; choose a data directory outside {closed}, or run lifeledger as an ordinary user"
        )
        raise DataDirectoryUnreachable(message)


def let_pass(account: Account | None, folder: Path) -> None:
    """Let the account walk through a folder of ours, not list it."""
    if account is None or may(account, folder, os.X_OK):
        return
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o070:
        # The group has a meaning for somebody: leave it theirs.
        folder.chmod(mode | 0o001)
    else:
        os.chown(folder, -1, account.gid)
        folder.chmod(mode | 0o010)


def hand_over(account: Account | None, path: Path) -> None:
    """Make the account the owner; without an account everything is ours already."""
    if account is not None:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def _name_of(account: Account) -> str:
    try:
        return pwd.getpwuid(account.uid).pw_name
    except KeyError:
        return str(account.uid)
