"""The PostgreSQL server of a data directory."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path

from infrastructure.embedded.account import Account, hand_over
from infrastructure.embedded.child import Child
from infrastructure.embedded.errors import ServerDidNotStart
from infrastructure.embedded.layout import (
    POSTGRES_PORT,
    POSTGRES_ROLE,
    Layout,
    close_to_others,
    socket_folder,
)
from infrastructure.embedded.leftovers import end_leftovers, recorded_pid
from infrastructure.embedded.programs import Programs

# What a server log may hold: that the server could not start, or why it closed a connection. Errors in SQL quote
# values, and so does the report of a crashed backend (level LOG), hence nothing below FATAL.
_SETTINGS = {
    "listen_addresses": "",
    "port": str(POSTGRES_PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "fsync": "on",
    "synchronous_commit": "on",
    "wal_compression": "on",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "idle_in_transaction_session_timeout": "60s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_destination": "stderr",
    "logging_collector": "off",
    "log_min_messages": "fatal",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_checkpoints": "off",
}
_STATUS_LINE = 7  # of postmaster.pid, counted from 0; pg_ctl --wait reads the same
_STOP = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0))  # fast: roll back and write everything; immediate
# One that recovers has nothing to write, does not always hear the first, and recovers again when it is next started.
_STOP_RECOVERING = ((signal.SIGINT, 3.0), (signal.SIGQUIT, 10.0))
_CANNOT_CONNECT_NOW = b"C57P03\0"  # the SQLSTATE, as it stands in an answer
_PROTOCOL = 3 << 16  # 3.0
_ANSWER_TIMEOUT = 1.0  # seconds


class Postgres:
    def __init__(
        self,
        layout: Layout,
        programs: Programs,
        account: Account | None,
        *,
        sockets: Path,
        shared_buffers_mb: int,
    ) -> None:
        self._layout = layout
        self._files = layout.postgres
        self._programs = programs
        self._account = account
        self._sockets = sockets
        self._settings = _SETTINGS | {
            "unix_socket_directories": str(sockets),
            "shared_buffers": f"{shared_buffers_mb}MB",
            "dynamic_shared_memory_type": "posix" if _has_posix_memory() else "mmap",
        }
        self._log = layout.log("postgres")
        self._child: Child | None = None

    @property
    def pid(self) -> int:
        return 0 if self._child is None else self._child.pid

    @property
    def runs(self) -> bool:
        return self._child is not None and not self._child.ended

    @property
    def reachable(self) -> bool:
        """Whether it runs and its socket is still there."""
        return self.runs and self._socket.exists()

    def start(self) -> None:
        """Start the process, after making the database files if there are none; answers() tells when it serves.

        ServerDidNotStart: the files cannot be made or are of another version, or an older server does not go away.
        """
        socket_folder(self._layout, self._account)  # again: something may have cleaned the temp directory
        self._sweep_unfinished()
        if not self._files.exists():
            self._initialise()
        self._require_same_version()
        self._take_over_files()
        close_to_others(self._files)  # else PostgreSQL would not start
        end_leftovers(self._files)
        for name in (self._socket, self._socket.with_name(f"{self._socket.name}.lock")):
            name.unlink(missing_ok=True)
        self._write_configuration()
        # What postmaster.pid names is none of ours any more, but the number may be in use again, and then
        # PostgreSQL would refuse to start. It disregards this process, as pg_ctl does for its own caller, and
        # still checks that nobody uses the shared memory of the last server.
        stale = recorded_pid(self._files)
        self._child = Child(
            [
                self._programs.postgres,
                "-D",
                self._files,
                "-c",
                f"config_file={self._layout.postgres_configuration}",
            ],
            log=self._log,
            account=self._account,
            when_keeper_dies=signal.SIGINT,
            environment={} if stale is None else {"PG_GRANDPARENT_PID": str(stale)},
        )

    def answers(self) -> bool:
        return self._status() == b"ready"

    def stop(self) -> None:
        if self._child is not None:
            self._child.stop(*(_STOP_RECOVERING if self._recovers() else _STOP))

    def _status(self) -> bytes:
        """Return what the server says of itself; nothing where it has not said anything yet."""
        try:
            lines = (self._files / "postmaster.pid").read_bytes().splitlines()
        except FileNotFoundError:
            return b""
        ours = len(lines) > _STATUS_LINE and lines[0].strip() == str(self.pid).encode()
        return lines[_STATUS_LINE].strip() if ours else b""

    def _recovers(self) -> bool:
        """Whether it takes nobody because it starts, or recovers from a crash of one of its processes.

        By a connection: of a crash its status tells nothing. One that is stopping already takes nobody either.
        """
        words = b"user\0" + POSTGRES_ROLE.encode() + b"\0database\0postgres\0\0"
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_ANSWER_TIMEOUT)
            try:
                connection.connect(str(self._socket))
                connection.sendall(struct.pack("!II", len(words) + 8, _PROTOCOL) + words)
                answer = connection.recv(256)
            except OSError:
                return False
        return _CANNOT_CONNECT_NOW in answer and self._status() != b"stopping"

    @property
    def _socket(self) -> Path:
        return self._sockets / f".s.PGSQL.{POSTGRES_PORT}"

    def _initialise(self) -> None:
        """Make the database files elsewhere and rename: a broken-off attempt leaves nothing that looks whole."""
        draft = self._files.with_name(f"{self._files.name}.new-{secrets.token_hex(4)}")
        draft.mkdir(mode=0o700)
        hand_over(self._account, draft)
        maker = Child(
            [
                self._programs.initdb,
                "-D",
                draft,
                f"--username={POSTGRES_ROLE}",
                "--encoding=UTF8",
                # Sorts by code point everywhere alike; indexes survive an upgrade of the operating system.
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                # The folder of the socket decides who may connect.
                "--auth-local=trust",
                "--auth-host=reject",
                "--no-instructions",
            ],
            log=self._log,
            account=self._account,
            when_keeper_dies=signal.SIGKILL,
        )
        if maker.wait() != 0:
            shutil.rmtree(draft, ignore_errors=True)
            message = f"initdb could not make {self._files}; its reason is in {self._log}"
            raise ServerDidNotStart(message)
        draft.rename(self._files)
        _write_folder_to_disk(self._files.parent)

    def _sweep_unfinished(self) -> None:
        for draft in self._files.parent.glob(f"{self._files.name}.new-*"):
            shutil.rmtree(draft, ignore_errors=True)

    def _require_same_version(self) -> None:
        made_by = (self._files / "PG_VERSION").read_text().strip()
        answer = subprocess.run(  # noqa: S603 - our own program
            [self._programs.postgres, "--version"], capture_output=True, text=True, check=True
        )
        version = answer.stdout.split()[-1]
        if version.partition(".")[0] != made_by:
            message = (
                f"{self._files} was made by PostgreSQL {made_by} and cannot be used by {version}; "
                "export it with the version that made it"
            )
            raise ServerDidNotStart(message)

    def _take_over_files(self) -> None:
        """Own the database files if root has put them there, for instance from a backup."""
        if self._account is None or self._files.stat().st_uid != 0:
            return
        for folder, _, names in os.walk(self._files):
            for path in (Path(folder), *(Path(folder, name) for name in names)):
                hand_over(self._account, path)

    def _write_configuration(self) -> None:
        # Outside the database files: root does not write in a folder that belongs to another account.
        draft = self._layout.postgres_configuration.with_suffix(".new")
        draft.unlink(missing_ok=True)
        draft.write_text("".join(f"{name} = {_quoted(value)}\n" for name, value in self._settings.items()))
        hand_over(self._account, draft)
        draft.replace(self._layout.postgres_configuration)


def _has_posix_memory() -> bool:
    """Whether shm_open(3) works: on Linux it makes files in a folder that may be closed or read-only in a container."""
    return sys.platform != "linux" or os.access("/dev/shm", os.W_OK | os.X_OK)  # noqa: S108 - names are PostgreSQL's


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def _write_folder_to_disk(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
