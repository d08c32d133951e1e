"""Root keys wrapped by a passphrase: ``root-1.scrypt`` holds salt, cost and the wrapped root key.

The root key itself is random, so that rotation needs no new passphrase. Every epoch keeps the salt of the one
before it: a process derives once (RFC 7914), however many epochs it meets.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import secrets
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID

from infrastructure.crypto.cipher import KEY_BYTES, Cipher
from infrastructure.crypto.root_key import RootEpoch, fitting
from infrastructure.crypto.root_keys.private_folder import PrivateFolder
from infrastructure.errors import CorruptEvent, RootKeyProblem

SALT_BYTES = 16
COST = 2**17  # with blocks of 1 KiB: 128 MiB and about 0.4 s
BLOCKS = 8
_MOST_MEMORY = 2**30  # bytes; a file that asks for more was not written by us


@dataclass(frozen=True, slots=True)
class _Sealed:
    """What a file holds; binary values in base64."""

    salt: str
    n: int
    r: int
    p: int
    wrapped: str


class PassphraseRootKeys:
    """Root keys in files that open with a passphrase. Safe to share between threads."""

    def __init__(self, folder: Path, passphrase: str, cost: int = COST) -> None:
        self._folder = PrivateFolder(folder)
        self._passphrase = passphrase.encode()
        self._cost = cost
        self._lock = threading.Lock()
        self._derived: dict[tuple[str, int, int, int], Cipher] = {}

    def secret(self, epoch: RootEpoch) -> bytes:
        """Unwrap a root key; raises RootKeyProblem where the passphrase is not the one it was wrapped with."""
        return fitting(self._opened(epoch.store_id, epoch.number), epoch)

    def create(self, store_id: UUID, number: int) -> bytes:
        """Wrap a new random root key; where another process was first, return that one."""
        if self._folder.read(_name(number)) is None:
            before = self._before(store_id, number)
            salt = before.salt if before else _encoded(secrets.token_bytes(SALT_BYTES))
            shape = (before.n, before.r, before.p) if before else (self._cost, BLOCKS, 1)
            secret = secrets.token_bytes(KEY_BYTES)
            wrapped = self._cipher(salt, *shape).seal(secret, _bound(store_id, number))
            sealed = _Sealed(salt, *shape, _encoded(wrapped))
            self._folder.write_once(_name(number), json.dumps(asdict(sealed)).encode())
        return self._opened(store_id, number)

    def destroy(self, epoch: RootEpoch) -> None:
        """Overwrite and remove the file."""
        self._folder.destroy(_name(epoch.number))

    def describe(self) -> str:
        """Name the modes of folder and files."""
        return f"passphrase ({self._folder.modes()})"

    def _before(self, store_id: UUID, number: int) -> _Sealed | None:
        """Return the file of the epoch before, if the passphrase opens it: another would lock the owner out."""
        content = self._folder.read(_name(number - 1))
        if content is None:
            return None
        self._opened(store_id, number - 1)
        return _parsed(content)

    def _opened(self, store_id: UUID, number: int) -> bytes:
        content = self._folder.read(_name(number))
        if content is None:
            msg = f"no root key of epoch {number} can be read in {self._folder.path}"
            raise RootKeyProblem(msg)
        sealed = _parsed(content)
        cipher = self._cipher(sealed.salt, sealed.n, sealed.r, sealed.p)
        try:
            return cipher.open(_decoded(sealed.wrapped), _bound(store_id, number))
        except CorruptEvent:
            msg = f"the passphrase does not open the root key of epoch {number}"
            raise RootKeyProblem(msg) from None

    def _cipher(self, salt: str, n: int, r: int, p: int) -> Cipher:
        with self._lock:
            cipher = self._derived.get((salt, n, r, p))
            if cipher is None:
                cipher = Cipher(_scrypt(self._passphrase, _decoded(salt), n, r, p))
                self._derived[salt, n, r, p] = cipher
            return cipher


def _scrypt(passphrase: bytes, salt: bytes, n: int, r: int, p: int) -> bytes:
    try:
        return hashlib.scrypt(passphrase, salt=salt, n=n, r=r, p=p, maxmem=_MOST_MEMORY, dklen=KEY_BYTES)
    except (ValueError, OverflowError):
        raise _damaged() from None


def _parsed(content: bytes) -> _Sealed:
    try:
        sealed = _Sealed(**json.loads(content))
    except (ValueError, TypeError):
        raise _damaged() from None
    if not all(type(each) is int for each in (sealed.n, sealed.r, sealed.p)):
        raise _damaged()
    return sealed


def _bound(store_id: UUID, number: int) -> bytes:
    return b"lifeledger root key\x01" + store_id.bytes + number.to_bytes(8)


def _encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise _damaged() from None


def _damaged() -> RootKeyProblem:
    return RootKeyProblem("the file of the root key is damaged")


def _name(number: int) -> str:
    return f"root-{number}.scrypt"
