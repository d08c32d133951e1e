"""Root keys as files: ``root-1.key`` holds 32 bytes in base64."""

from __future__ import annotations

import base64
import binascii
import secrets
from pathlib import Path
from uuid import UUID

from infrastructure.crypto.cipher import KEY_BYTES
from infrastructure.crypto.root_key import RootEpoch, fitting
from infrastructure.crypto.root_keys.private_folder import PrivateFolder
from infrastructure.errors import RootKeyProblem


class FileRootKeys:
    """Root keys as files of mode 0600 in a folder of mode 0700."""

    def __init__(self, folder: Path) -> None:
        self._folder = PrivateFolder(folder)

    def secret(self, epoch: RootEpoch) -> bytes:
        """Read a root key; refused where anybody but the owner may read it."""
        content = self._folder.read(_name(epoch.number))
        if content is None:
            msg = f"no root key of epoch {epoch.number} can be read in {self._folder.path}"
            raise RootKeyProblem(msg)
        return fitting(decoded(content), epoch)

    def create(self, store_id: UUID, number: int) -> bytes:  # noqa: ARG002 - files are not bound to a store
        """Write a new random root key; where another process was first, return that one."""
        self._folder.write_once(_name(number), base64.b64encode(secrets.token_bytes(KEY_BYTES)))
        return decoded(self._folder.read(_name(number)) or b"")

    def destroy(self, epoch: RootEpoch) -> None:
        """Overwrite and remove the file."""
        self._folder.destroy(_name(epoch.number))

    def describe(self) -> str:
        """Name the folder and the modes of what is in it."""
        return f"file ({self._folder.modes()})"


def decoded(text: bytes) -> bytes:
    """Return a root key that was written in base64; raises RootKeyProblem."""
    try:
        secret = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) != KEY_BYTES:
        msg = "a root key is 32 bytes in base64"
        raise RootKeyProblem(msg)
    return secret


def _name(number: int) -> str:
    return f"root-{number}.key"
