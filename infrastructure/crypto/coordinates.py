"""Where a wrapped key belongs: the bytes it is bound to, so that in another row it does not unwrap."""

from __future__ import annotations

from uuid import UUID


def period_key_coordinates(
    store_id: UUID, subject_id: UUID, kind: str, period: str, number: int, key_id: UUID
) -> bytes:
    """Return the associated data of a wrapped period key."""
    names = f"{kind}\x1f{period}\x1f{number}".encode()
    return b"lifeledger key\x01" + store_id.bytes + subject_id.bytes + key_id.bytes + names


def record_key_coordinates(store_id: UUID, subject_id: UUID, key_id: UUID, record_id: UUID) -> bytes:
    """Return the associated data of the wrapped own key of a record."""
    ids = store_id.bytes + subject_id.bytes + key_id.bytes + record_id.bytes
    return b"lifeledger record key\x01" + ids
