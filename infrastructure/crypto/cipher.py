"""Authenticated encryption of small bodies: AES-256-GCM with a format byte and a random nonce.

Layout: format byte 0x01, 12 bytes nonce, ciphertext, 16 bytes tag (NIST SP 800-38D). The nonce is never
derived from a version: lost races and restores encrypt different plaintext under the same version.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infrastructure.errors import CorruptEvent

KEY_BYTES = 32
NONCE_BYTES = 12
_FORMAT = b"\x01"
_HEADER = len(_FORMAT) + NONCE_BYTES
_LENGTH = struct.Struct(">I")


class Cipher:
    """Seals and opens under one key."""

    __slots__ = ("_aead",)

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    def seal(self, plaintext: bytes, associated_data: bytes) -> bytes:
        """Encrypt and bind to ``associated_data``; 29 bytes longer than the plaintext."""
        nonce = os.urandom(NONCE_BYTES)
        return _FORMAT + nonce + self._aead.encrypt(nonce, plaintext, associated_data)

    def open(self, sealed: bytes, associated_data: bytes) -> bytes:
        """Decrypt; raises CorruptEvent where format, key, ciphertext or associated data do not fit."""
        if sealed[:1] != _FORMAT:
            raise CorruptEvent
        try:
            return self._aead.decrypt(sealed[1:_HEADER], sealed[_HEADER:], associated_data)
        except InvalidTag:
            raise CorruptEvent from None


def derive(key: bytes, purpose: bytes, context: bytes = b"") -> bytes:
    """Derive a 32-byte key: keyed BLAKE2b-256 (RFC 7693), one ``purpose`` (16 bytes at most) per use."""
    return hashlib.blake2b(context, digest_size=KEY_BYTES, key=key, person=purpose).digest()


def blind(key: bytes, *parts: str) -> bytes:
    """Return the blind index of a value: HMAC-SHA-256 over its length-prefixed parts."""
    message = b""
    for part in parts:
        raw = part.encode(errors="surrogatepass")  # of what somebody asks for; what is kept has none
        message += _LENGTH.pack(len(raw)) + raw
    return hmac.digest(key, message, "sha256")
