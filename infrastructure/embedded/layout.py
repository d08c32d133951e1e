"""Where the servers keep what in a data directory, and who may enter it."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from infrastructure.embedded.account import (
    Account,
    closed_folder_above,
    hand_over,
    let_pass,
    require_reachable,
)
from infrastructure.embedded.errors import DataDirectoryUnreachable, ServerDidNotStart

POSTGRES_ROLE = "lifeledger"
REDIS_SOCKET = "redis.sock"
POSTGRES_PORT = 5432  # only part of the socket's name: nothing listens on TCP
_LONGEST_SOCKET_PATH = 103  # bytes; the limit of macOS, Linux allows four more
_SOCKET_NAME_BYTES = len(f"/.s.PGSQL.{POSTGRES_PORT}")


@dataclass(frozen=True, slots=True)
class Layout:
    """The places in one data directory; `root` must be resolved, because its name stands for the directory."""

    root: Path

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def redis(self) -> Path:
        return self.root / "redis"

    @property
    def sockets(self) -> Path:
        return self.root / "sock"

    @property
    def programs(self) -> Path:
        return self.root / "programs"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def keeper_lock(self) -> Path:
        return self.run / "keeper.lock"

    @property
    def clients_lock(self) -> Path:
        return self.run / "clients.lock"

    @property
    def ready(self) -> Path:
        return self.run / "ready.json"

    @property
    def control(self) -> Path:
        return self.run / "control"

    @property
    def postgres_configuration(self) -> Path:
        return self.run / "postgresql.conf"

    def log(self, name: str) -> Path:
        return self.root / "log" / f"{name}.log"


def layout_of(data_dir: Path) -> Layout:
    """Name the places under the one true path of the directory."""
    return Layout(Path(os.path.realpath(data_dir)))


def establish(layout: Layout, account: Account | None) -> None:
    """Make the folders that are missing.

    DataDirectoryUnreachable: the current user, or the account of the servers, may not get there.
    """
    with naming_the_closed(layout):
        layout.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        require_reachable(account, layout.root)
        let_pass(account, layout.root)
        for folder in (layout.run, layout.log("keeper").parent):
            folder.mkdir(mode=0o700, exist_ok=True)
            close_to_others(folder, but_passing=0o011)
        let_pass(account, layout.run)
        private_folder(layout.redis, account)
        close_to_others(layout.redis)


def close_to_others(folder: Path, *, but_passing: int = 0) -> None:
    """Take back what a folder of ours allows others: a copy of a data directory has the modes of who made it."""
    status = folder.lstat()
    if stat.S_ISDIR(status.st_mode) and status.st_mode & 0o077 & ~but_passing:
        folder.chmod(0o700)


@contextmanager
def naming_the_closed(layout: Layout) -> Iterator[None]:
    """DataDirectoryUnreachable: the current user may not use a file or folder that the body needs."""
    try:
        yield
    except OSError as error:
        message = (
            f"cannot use {error.filename or layout.root}: {error.strerror}; choose another data directory"
        )
        raise DataDirectoryUnreachable(message) from None


def private_folder(folder: Path, account: Account | None) -> None:
    """Make sure of a folder that only the servers, and root, can enter."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    # Also when it was there: we may have died between the two steps.
    if folder.lstat().st_uid == 0:
        hand_over(account, folder)


def socket_folder(layout: Layout, account: Account | None) -> Path:
    """Make sure of the folder for the sockets: in the data directory, or in the temp directory if its path is too long.

    ServerDidNotStart: somebody else has made that folder before us.
    """
    folder = layout.sockets
    if not _fit_for_sockets(folder):
        folder = _in_temp_directory(layout, account)
    private_folder(folder, account)
    if folder == layout.sockets:
        close_to_others(folder)
    status = folder.lstat()
    owner = os.geteuid() if account is None else account.uid
    # In a temp directory anybody could have made it first, and then read along.
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != owner or status.st_mode & 0o077:
        message = f"{folder} is needed for the sockets, but is not a private folder of the servers"
        raise ServerDidNotStart(message)
    return folder


def _fit_for_sockets(folder: Path) -> bool:
    # PostgreSQL splits its list of socket folders at commas, and a quote or a line break would end the setting.
    plain = str(folder).isprintable() and not set(str(folder)) & set(",'\"\\")
    return plain and len(os.fsencode(folder)) + _SOCKET_NAME_BYTES <= _LONGEST_SOCKET_PATH


def _in_temp_directory(layout: Layout, account: Account | None) -> Path:
    owner = os.geteuid() if account is None else account.uid
    name = f"lifeledger-{owner}-{hashlib.sha256(os.fsencode(layout.root)).hexdigest()[:16]}"
    for directory in (tempfile.gettempdir(), "/tmp"):  # noqa: S108 - the folder in it is private and checked
        folder = Path(directory).resolve() / name
        if _fit_for_sockets(folder) and (account is None or closed_folder_above(account, folder) is None):
            return folder
    raise ServerDidNotStart(
        "the data directory has a name too long for Unix sockets, and so has the temp directory"
    )
