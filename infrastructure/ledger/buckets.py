"""Which bucket a person's events go to: the unit of ordering, of projector parallelism and of distribution."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from uuid import UUID

BUCKETS = 1024
"""Fixed for ever: changing it would move every event."""


@lru_cache(maxsize=100_000)
def bucket_of(subject_id: UUID) -> int:
    """Return the bucket of a subject, 0 to 1023: the first two bytes of SHA-256 of its id, mod 1024."""
    return bucket_of_digest(sha256(subject_id.bytes).digest())


def bucket_of_digest(digest: bytes) -> int:
    """Return the bucket for something that has no subject, such as a claim held among all people."""
    return int.from_bytes(digest[:2]) % BUCKETS
