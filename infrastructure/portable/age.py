"""Files in the age format (age-encryption.org), written and read piece by piece, never whole in memory."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from infrastructure.errors import CopyUnusable

PIECES_WAITING = 16
AGE = ".age"


class Lock(Protocol):
    """How the files of a copy are closed."""

    suffix: str

    def write(self, pieces: Iterable[bytes], target: BinaryIO) -> None:
        """Write what the pieces say; raises what they raise."""
        ...


class Key(Protocol):
    """How the files of a copy are opened."""

    def read(self, source: BinaryIO) -> Iterator[bytes]:
        """Yield what is in a file; raises CopyUnusable."""
        ...


class Unlocked:
    """Files that anybody can read."""

    suffix = ""

    def write(self, pieces: Iterable[bytes], target: BinaryIO) -> None:
        """Write what the pieces say."""
        target.writelines(pieces)

    def read(self, source: BinaryIO) -> Iterator[bytes]:
        """Yield what is in a file."""
        while piece := source.read(1 << 20):
            yield piece


class AgeLock:
    """Files encrypted to recipients (``age1…``); raises CopyUnusable for what is no recipient."""

    suffix = AGE

    def __init__(self, recipients: Iterable[str]) -> None:
        import pyrage  # noqa: PLC0415 - only portable copies need it

        try:
            self._recipients = [pyrage.x25519.Recipient.from_str(text) for text in recipients]
        except pyrage.RecipientError:
            msg = "a recipient is an age public key: age1…"
            raise CopyUnusable(msg) from None

    def write(self, pieces: Iterable[bytes], target: BinaryIO) -> None:
        """Encrypt what the pieces say."""
        import pyrage  # noqa: PLC0415 - see above

        source = _Source(pieces)
        try:
            pyrage.encrypt_io(source, target, self._recipients)
        except (pyrage.EncryptError, OSError):
            raise source.fault or CopyUnusable from None


class AgeKey:
    """Opens what was encrypted to an identity (``AGE-SECRET-KEY-…``); raises CopyUnusable for what is none."""

    def __init__(self, identity: str) -> None:
        import pyrage  # noqa: PLC0415 - see AgeLock

        lines = [line for line in identity.splitlines() if line and not line.startswith("#")]
        try:
            self._identities = [pyrage.x25519.Identity.from_str(line) for line in lines]
        except pyrage.IdentityError:
            msg = "an identity file holds age secret keys: AGE-SECRET-KEY-…"
            raise CopyUnusable(msg) from None

    def read(self, source: BinaryIO) -> Iterator[bytes]:
        """Yield the plaintext of a file; raises CopyUnusable where it is not whole or not for this key."""
        return iter(_Decrypting(source, self._identities))


def new_identity() -> tuple[str, str]:
    """Return a new identity and its recipient."""
    import pyrage  # noqa: PLC0415 - see AgeLock

    identity = pyrage.x25519.Identity.generate()
    return str(identity), str(identity.to_public())


def locked_with(passphrase: str, identity: str) -> bytes:
    """Return an identity encrypted with a passphrase: scrypt is slow, so it is asked once and not for each file."""
    import pyrage  # noqa: PLC0415 - see AgeLock

    sealed: bytes = pyrage.passphrase.encrypt(identity.encode(), passphrase)
    return sealed


def unlocked_with(passphrase: str, sealed: bytes) -> str:
    """Return the identity; raises CopyUnusable where the passphrase is not the one."""
    import pyrage  # noqa: PLC0415 - see AgeLock

    try:
        identity: bytes = pyrage.passphrase.decrypt(sealed, passphrase)
    except pyrage.DecryptError:
        msg = "the passphrase does not open the copy"
        raise CopyUnusable(msg) from None
    return identity.decode()


class _Source:
    """Pieces as a file to read from; keeps what they fail with, which the age library would turn into its own."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._held = b""
        self.fault: Exception | None = None

    def read(self, size: int) -> bytes:
        try:
            while not self._held:
                self._held = next(self._pieces)
        except StopIteration:
            return b""
        except Exception as fault:
            self.fault = fault
            raise
        given, self._held = self._held[:size], self._held[size:]
        return given


class _Decrypting:
    """Decrypts in a thread of its own, a few pieces ahead of who reads them."""

    def __init__(self, source: BinaryIO, identities: list[Any]) -> None:
        self._source = source
        self._identities = identities
        self._waiting: queue.Queue[bytes | None] = queue.Queue(PIECES_WAITING)
        self._whole = False
        self._left = threading.Event()

    def __iter__(self) -> Iterator[bytes]:
        thread = threading.Thread(target=self._decrypt, name="decrypting", daemon=True)
        thread.start()
        try:
            while (piece := self._waiting.get()) is not None:
                yield piece
        finally:
            self._left.set()
            while thread.is_alive():  # make room, so that it notices
                with suppress(queue.Empty):
                    self._waiting.get(timeout=0.05)
        if not self._whole:
            raise CopyUnusable

    def write(self, piece: bytes) -> int:
        """Take a piece of plaintext: what the age library writes to."""
        if self._left.is_set():
            raise OSError
        self._waiting.put(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Do nothing: pieces are handed on as they come."""

    def _decrypt(self) -> None:
        import pyrage  # noqa: PLC0415 - see AgeLock

        try:
            pyrage.decrypt_io(self._source, self, self._identities)
            self._whole = True
        except (pyrage.DecryptError, OSError):
            pass
        finally:
            self._waiting.put(None)


def read_identity(path: Path) -> AgeKey:
    """Return the key in an identity file; raises CopyUnusable."""
    try:
        return AgeKey(path.read_text("ascii"))
    except (OSError, UnicodeDecodeError):
        msg = "the identity file cannot be read"
        raise CopyUnusable(msg) from None
