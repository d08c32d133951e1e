"""The root key: the secret outside PostgreSQL that wraps every other key; where it comes from is a port."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from infrastructure.crypto.cipher import KEY_BYTES, Cipher, derive
from infrastructure.errors import CorruptEvent, RootKeyProblem


@dataclass(frozen=True, slots=True)
class RootEpoch:
    """Names a root key: of which store, of which epoch, and by the fingerprint the keys database has of it."""

    store_id: UUID
    number: int
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class RootKey:
    """A root key in hand."""

    epoch: RootEpoch
    secret: bytes


class RootKeys(Protocol):
    """Where root keys come from; epochs count from 1, one root key each."""

    def secret(self, epoch: RootEpoch) -> bytes:
        """Return the 32 bytes of a root key; raises RootKeyProblem where there is none of that fingerprint."""
        ...

    def create(self, store_id: UUID, number: int) -> bytes:
        """Make the root key of a new epoch, durably; where another process was first, return that one.

        Raises RootKeyProblem where it cannot.
        """
        ...

    def destroy(self, epoch: RootEpoch) -> None:
        """Make sure that a root key can never be had again; repeats change nothing.

        Raises RootKeyProblem where that is not in its power yet.
        """
        ...

    def describe(self) -> str:
        """Say where the keys come from and what guards them; raises RootKeyProblem where the guard is down."""
        ...


def fitting(secret: bytes | None, epoch: RootEpoch) -> bytes:
    """Return the secret if it is the one the keys database was wrapped with; raises RootKeyProblem."""
    if secret is None or len(secret) != KEY_BYTES:
        msg = f"there is no root key of epoch {epoch.number}"
        raise RootKeyProblem(msg)
    if not secrets.compare_digest(fingerprint(secret), epoch.fingerprint):
        msg = f"the root key of epoch {epoch.number} is not the one this keys database was made with"
        raise RootKeyProblem(msg)
    return secret


class Wrapping:
    """Wraps and unwraps many keys under one root key."""

    __slots__ = ("_cipher",)

    def __init__(self, root: bytes) -> None:
        self._cipher = Cipher(derive(root, b"wrap"))

    def wrap(self, secret: bytes, coordinates: bytes) -> bytes:
        """Encrypt a key, bound to its coordinates."""
        return self._cipher.seal(secret, coordinates)

    def unwrap(self, wrapped: bytes, coordinates: bytes) -> bytes:
        """Decrypt a wrapped key; raises RootKeyProblem where the root key or the coordinates do not fit."""
        try:
            return self._cipher.open(wrapped, coordinates)
        except CorruptEvent:
            raise RootKeyProblem from None


def wrap(root: bytes, secret: bytes, coordinates: bytes) -> bytes:
    """Encrypt a key under the root key, bound to its coordinates."""
    return Wrapping(root).wrap(secret, coordinates)


def unwrap(root: bytes, wrapped: bytes, coordinates: bytes) -> bytes:
    """Decrypt a wrapped key; raises RootKeyProblem where the root key or the coordinates do not fit."""
    return Wrapping(root).unwrap(wrapped, coordinates)


def fingerprint(secret: bytes) -> bytes:
    """Return 16 bytes that name a key without giving it away."""
    return derive(secret, b"fingerprint")[:16]
