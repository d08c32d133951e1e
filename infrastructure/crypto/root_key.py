"""The root key: the secret outside PostgreSQL that wraps every other key."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from infrastructure.crypto.cipher import KEY_BYTES, Cipher, derive
from infrastructure.errors import CorruptEvent, RootKeyProblem

_OTHERS = 0o077


class RootKeys(Protocol):
    """Where root keys come from; epochs count from 1, one root key each."""

    def secret(self, epoch: int) -> bytes:
        """Return the 32 bytes of an epoch's root key; raises RootKeyProblem."""
        ...

    def create(self, epoch: int) -> bytes:
        """Make the root key of a new epoch, durably, and return it; raises RootKeyProblem where it cannot."""
        ...


class FileRootKeys:
    """Root keys as files of mode 0600 in a folder of mode 0700: ``root-1.key`` holds base64."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def secret(self, epoch: int) -> bytes:
        """Read a root key; refused where anybody but the owner may read it."""
        path = self._path(epoch)
        try:
            mode = path.stat().st_mode
            text = path.read_text("ascii")
        except (OSError, UnicodeDecodeError):
            msg = f"no root key of epoch {epoch} can be read in {self._folder}"
            raise RootKeyProblem(msg) from None
        if mode & _OTHERS or self._folder.stat().st_mode & _OTHERS:
            msg = f"others may read the root key in {self._folder}: chmod 600 the file, 700 the folder"
            raise RootKeyProblem(msg)
        return _decoded(text)

    def create(self, epoch: int) -> bytes:
        """Write a new random root key; where another process was first, return that one."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        secret = secrets.token_bytes(KEY_BYTES)
        draft = self._folder / f".root-{secrets.token_hex(8)}"
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(secret))
            file.flush()
            os.fsync(file.fileno())
        try:
            with suppress(FileExistsError):
                os.link(draft, self._path(epoch))  # unlike rename, never replaces a key that is there
        finally:
            draft.unlink()
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return self.secret(epoch)

    def _path(self, epoch: int) -> Path:
        return self._folder / f"root-{epoch}.key"


class EnvironmentRootKey:
    """One root key given as a setting, in base64; its epoch never changes."""

    def __init__(self, encoded: str) -> None:
        self._secret = _decoded(encoded)

    def secret(self, epoch: int) -> bytes:
        """Return the key; there is only epoch 1."""
        if epoch != 1:
            raise RootKeyProblem
        return self._secret

    def create(self, epoch: int) -> bytes:
        """Return the key that was given: the first epoch needs none to be made."""
        return self.secret(epoch)


def wrap(root: bytes, secret: bytes, coordinates: bytes) -> bytes:
    """Encrypt a key under the root key, bound to its coordinates."""
    return Cipher(derive(root, b"wrap")).seal(secret, coordinates)


def unwrap(root: bytes, wrapped: bytes, coordinates: bytes) -> bytes:
    """Decrypt a wrapped key; raises RootKeyProblem where the root key or the coordinates do not fit."""
    try:
        return Cipher(derive(root, b"wrap")).open(wrapped, coordinates)
    except CorruptEvent:
        raise RootKeyProblem from None


def fingerprint(secret: bytes) -> bytes:
    """Return 16 bytes that name a key without giving it away."""
    return derive(secret, b"fingerprint")[:16]


def _decoded(text: str) -> bytes:
    try:
        secret = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) != KEY_BYTES:
        msg = "a root key is 32 bytes in base64"
        raise RootKeyProblem(msg)
    return secret
