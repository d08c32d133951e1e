"""Signs what an erasure leaves behind, with Ed25519 under a secret of the store that lies in the keys database."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from infrastructure.crypto.keyring import EVERYONE, SIGNING, KeyRing

SIGNATURE = "signature"


class Signer:
    """Signs JSON objects and checks its own signatures. Safe to share between threads."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    def prepare(self) -> None:
        """Make the store's signing key where it has none: every backup of the keys is to hold it."""
        self._keys.subject_secret(EVERYONE, SIGNING)

    @property
    def public_key(self) -> str:
        """Return the public key, in hexadecimal."""
        return self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()

    def signed(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return the document with its signature, over everything else in it."""
        unsigned = {name: value for name, value in document.items() if name != SIGNATURE}
        return {**unsigned, SIGNATURE: self._private.sign(canonical(unsigned)).hex()}

    def accepts(self, document: Mapping[str, Any]) -> bool:
        """Return whether this store has signed the document as it is."""
        unsigned = {name: value for name, value in document.items() if name != SIGNATURE}
        try:
            signature = bytes.fromhex(document[SIGNATURE])
            self._private.public_key().verify(signature, canonical(unsigned))
        except (KeyError, TypeError, ValueError, InvalidSignature):
            return False
        return True

    @cached_property
    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self._keys.subject_secret(EVERYONE, SIGNING))


def canonical(document: Mapping[str, Any]) -> bytes:
    """Return a JSON object as the bytes that are signed: names sorted, no spaces."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
