"""Root keys given as settings: the present one, and while it is being replaced the previous one."""

from __future__ import annotations

from uuid import UUID

from infrastructure.crypto.root_key import RootEpoch, fingerprint, fitting
from infrastructure.crypto.root_keys.file import decoded
from infrastructure.errors import RootKeyProblem


class EnvironmentRootKeys:
    """One root key given in base64, and the one before it; which epoch each belongs to shows its fingerprint."""

    def __init__(self, present: str, previous: str | None = None) -> None:
        self._present = decoded(present.encode())
        given = [self._present] + ([decoded(previous.encode())] if previous is not None else [])
        self._by_fingerprint = {fingerprint(secret): secret for secret in given}

    def secret(self, epoch: RootEpoch) -> bytes:
        """Return the key of that fingerprint; raises RootKeyProblem where neither is."""
        secret = self._by_fingerprint.get(epoch.fingerprint)
        if secret is None:
            msg = (
                f"LIFELEDGER_ROOT_KEY is not the root key of epoch {epoch.number}, with which this keys database"
                " is wrapped; while it is being replaced, LIFELEDGER_ROOT_KEY_PREVIOUS names the one before it"
            )
            raise RootKeyProblem(msg)
        return fitting(secret, epoch)

    def create(self, store_id: UUID, number: int) -> bytes:  # noqa: ARG002 - a given key is not made
        """Return the present key: whoever replaces it has made it."""
        return self._present

    def destroy(self, epoch: RootEpoch) -> None:
        """Make sure that the key is no longer given; only who gave it can take it away."""
        if epoch.fingerprint in self._by_fingerprint:
            msg = (
                f"every key is wrapped anew; to end epoch {epoch.number}, remove LIFELEDGER_ROOT_KEY_PREVIOUS"
                " wherever it is set, destroy that key and rotate again"
            )
            raise RootKeyProblem(msg)

    def describe(self) -> str:
        """Say how many keys are given."""
        return "environment" if len(self._by_fingerprint) == 1 else "environment (two keys are given)"
