"""Files in the format of age (age-encryption.org/v1): to named recipients, or to whoever knows a passphrase."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import IO, Protocol

from infrastructure.errors import ConfigurationError, KeyBackupRefused


class Readable(Protocol):
    """What is to be encrypted."""

    def read(self, size: int = -1) -> bytes:
        """Return up to ``size`` bytes, all that are left without it; none at the end."""
        ...


class Writable(Protocol):
    """Where decrypted bytes go."""

    def write(self, content: bytes) -> int:
        """Take bytes; they are authentic, but only the end of the file tells that it is whole."""
        ...

    def flush(self) -> None:
        """Take note that this was all."""
        ...


class Recipients:
    """Encrypts to public keys (``age1…``), piece by piece."""

    def __init__(self, names: Sequence[str]) -> None:
        import pyrage  # noqa: PLC0415 - only key backups need it

        try:
            self._recipients = [pyrage.x25519.Recipient.from_str(name) for name in names]
        except pyrage.RecipientError:
            raise ConfigurationError("a recipient is a public key of age: age1…") from None

    def seal(self, plaintext: Readable, target: IO[bytes]) -> None:
        """Encrypt all there is to read."""
        import pyrage  # noqa: PLC0415 - see above

        pyrage.encrypt_io(plaintext, target, self._recipients)


class Identities:
    """Decrypts with secret keys: lines ``AGE-SECRET-KEY-…``, as age-keygen writes them."""

    def __init__(self, text: str) -> None:
        import pyrage  # noqa: PLC0415 - see above

        lines = [line.strip() for line in text.splitlines()]
        try:
            self._identities = [
                pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")
            ]
        except pyrage.IdentityError:
            raise ConfigurationError(
                "an identity is a line AGE-SECRET-KEY-…, as age-keygen writes it"
            ) from None

    def open(self, source: IO[bytes], target: Writable) -> None:
        """Decrypt a file; raises KeyBackupRefused where it is damaged, cut short or for somebody else."""
        import pyrage  # noqa: PLC0415 - see above

        try:
            pyrage.decrypt_io(source, target, self._identities)
        except (pyrage.DecryptError, OSError):
            raise _unopened() from None


class Passphrase:
    """Encrypts and decrypts by a passphrase; all of it passes through memory at once."""

    def __init__(self, passphrase: str) -> None:
        if not passphrase:
            raise ConfigurationError("an empty passphrase protects nothing")
        self._passphrase = passphrase

    def seal(self, plaintext: Readable, target: IO[bytes]) -> None:
        """Encrypt all there is to read."""
        import pyrage  # noqa: PLC0415 - see above

        target.write(pyrage.passphrase.encrypt(plaintext.read(), self._passphrase))

    def open(self, source: IO[bytes], target: Writable) -> None:
        """Decrypt a file; raises KeyBackupRefused where it is damaged, cut short or the passphrase another."""
        import pyrage  # noqa: PLC0415 - see above

        try:
            content = io.BytesIO(pyrage.passphrase.decrypt(source.read(), self._passphrase))
        except (pyrage.DecryptError, OSError):
            raise _unopened() from None
        while piece := content.read(io.DEFAULT_BUFFER_SIZE):
            target.write(piece)


def _unopened() -> KeyBackupRefused:
    return KeyBackupRefused("the key backup does not open: damaged, cut short, or made for another reader")
