"""A folder of mode 0700 with files of mode 0600 that are written once, and in the end overwritten."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from infrastructure.errors import RootKeyProblem

_OTHERS = 0o077
_OVERWRITES = 2  # with random bytes; a file system that copies on write keeps old blocks all the same


class PrivateFolder:
    """Keeps small secrets as files that only their owner may read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, name: str) -> bytes | None:
        """Return what a file holds, None where there is no such file.

        Raises RootKeyProblem where it cannot be read, or where anybody but the owner may read it.
        """
        path = self.path / name
        try:
            with path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode | self.path.stat().st_mode
                content = file.read()
        except FileNotFoundError:
            return None
        except OSError:
            msg = f"{path} cannot be read"
            raise RootKeyProblem(msg) from None
        if mode & _OTHERS:
            msg = f"others may read the root key in {self.path}: chmod 600 the file, 700 the folder"
            raise RootKeyProblem(msg)
        return content

    def write_once(self, name: str, content: bytes) -> None:
        """Write a file durably unless there is one; one that is there stays as it is. Raises RootKeyProblem."""
        try:
            self._write_once(name, content)
        except OSError as error:
            msg = f"no root key can be written to {self.path}: {error.strerror}"
            raise RootKeyProblem(msg) from None

    def destroy(self, name: str) -> None:
        """Overwrite and remove a file, durably; does nothing where it is gone. Raises RootKeyProblem."""
        path = self.path / name
        try:
            with path.open("r+b") as file:
                for _ in range(_OVERWRITES):
                    file.seek(0)
                    file.write(secrets.token_bytes(os.fstat(file.fileno()).st_size))
                    file.flush()
                    os.fsync(file.fileno())
            path.unlink()
        except FileNotFoundError:
            pass
        except OSError as error:
            msg = f"{path} cannot be destroyed: {error.strerror}"
            raise RootKeyProblem(msg) from None
        with suppress(FileNotFoundError):
            self._sync()

    def names(self) -> list[str]:
        """Return the names of the files, none where the folder is not there."""
        return sorted(path.name for path in self.path.glob("root-*")) if self.path.is_dir() else []

    def modes(self) -> str:
        """Return who may read here, as the modes of the folder and of its files."""
        paths = [self.path, *(self.path / name for name in self.names())]
        return ", ".join(f"{path.name} {path.stat().st_mode & 0o777:04o}" for path in paths if path.exists())

    def _write_once(self, name: str, content: bytes) -> None:
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self.path / f".draft-{secrets.token_hex(8)}"
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(draft, self.path / name)  # unlike rename, never replaces a key that is there
        finally:
            draft.unlink()
        self._sync()

    def _sync(self) -> None:
        folder = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
