"""Root keys wrapped by AWS KMS: ``root-1.kms`` holds the data key as KMS encrypted it.

KMS decrypts it only under the encryption context it was made with: the store and the epoch.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from infrastructure.crypto.cipher import KEY_BYTES
from infrastructure.crypto.root_key import RootEpoch, fitting
from infrastructure.crypto.root_keys.private_folder import PrivateFolder
from infrastructure.errors import ConfigurationError, KeyUnavailable, RootKeyProblem

TIMEOUT = 5  # seconds for a connection, and again for an answer


class KmsClient(Protocol):
    """What is asked of KMS, in the words of boto3."""

    def generate_data_key(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - boto3's own signature
        """Return a new key as ``Plaintext``, and encrypted as ``CiphertextBlob``."""
        ...

    def decrypt(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - see above
        """Return the ``Plaintext`` of an encrypted key."""
        ...


class KmsRootKeys:
    """Root keys that a key in AWS KMS has wrapped. Safe to share between threads."""

    def __init__(self, folder: Path, key_id: str, connect: Callable[[], KmsClient] | None = None) -> None:
        self._folder = PrivateFolder(folder)
        self._key_id = key_id
        self._connect = connect or connected
        self._client: KmsClient | None = None
        self._lock = threading.Lock()

    def secret(self, epoch: RootEpoch) -> bytes:
        """Let KMS decrypt a root key; raises RootKeyProblem where it refuses, KeyUnavailable without an answer."""
        return fitting(self._opened(epoch.store_id, epoch.number), epoch)

    def create(self, store_id: UUID, number: int) -> bytes:
        """Let KMS make a root key, and keep what it encrypted; where another process was first, return that one."""
        if self._folder.read(_name(number)) is None:
            with self._asking() as kms:
                made = kms.generate_data_key(
                    KeyId=self._key_id, NumberOfBytes=KEY_BYTES, EncryptionContext=_context(store_id, number)
                )
            self._folder.write_once(_name(number), made["CiphertextBlob"])
        return self._opened(store_id, number)

    def destroy(self, epoch: RootEpoch) -> None:
        """Overwrite and remove the file; the key in KMS stays, it wraps the next epoch."""
        self._folder.destroy(_name(epoch.number))

    def describe(self) -> str:
        """Name the modes of folder and files."""
        return f"AWS KMS ({self._folder.modes()})"

    def _opened(self, store_id: UUID, number: int) -> bytes:
        encrypted = self._folder.read(_name(number))
        if encrypted is None:
            msg = f"no root key of epoch {number} can be read in {self._folder.path}"
            raise RootKeyProblem(msg)
        with self._asking() as kms:
            answer = kms.decrypt(
                KeyId=self._key_id, CiphertextBlob=encrypted, EncryptionContext=_context(store_id, number)
            )
        secret: bytes = answer["Plaintext"]
        return secret

    @contextmanager
    def _asking(self) -> Iterator[KmsClient]:
        with self._lock:
            self._client = self._client or self._connect()
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - only KMS needs it

        try:
            yield self._client
        except ClientError as error:
            msg = f"AWS KMS refused: {error.response.get('Error', {}).get('Code', 'without a reason')}"
            raise RootKeyProblem(msg) from None
        except BotoCoreError as error:
            msg = f"AWS KMS cannot be asked ({type(error).__name__})"
            raise KeyUnavailable(msg) from None


def connected() -> KmsClient:
    """Return a client by AWS's own settings (AWS_REGION, AWS_PROFILE, …); raises ConfigurationError."""
    try:
        import boto3  # noqa: PLC0415 - an extra, and 0.3 s
        from botocore.config import Config  # noqa: PLC0415
        from botocore.exceptions import BotoCoreError  # noqa: PLC0415
    except ImportError:
        msg = "a root key in AWS KMS needs boto3: pip install 'lifeledger[aws]'"
        raise ConfigurationError(msg) from None
    limits = Config(connect_timeout=TIMEOUT, read_timeout=TIMEOUT, retries={"mode": "standard"})
    try:
        client: KmsClient = boto3.client("kms", config=limits)
    except (BotoCoreError, ValueError):
        msg = "AWS KMS needs a region and credentials, by AWS's own settings"
        raise ConfigurationError(msg) from None
    return client


def _context(store_id: UUID, number: int) -> dict[str, str]:
    return {"lifeledger:store": str(store_id), "lifeledger:epoch": str(number)}


def _name(number: int) -> str:
    return f"root-{number}.kms"
