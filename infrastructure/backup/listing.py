"""The list of all content of a bucket at the moment of a run: what a restore brings back, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from infrastructure.backup.columns import Row
from infrastructure.backup.manifest import LISTING, Manifest
from infrastructure.backup.shelf import OBJECTS, Shelf
from infrastructure.backup.tables import integer
from infrastructure.blobs.blobs import object_name

_SIZE_BYTES = 8


@dataclass(frozen=True, slots=True)
class Listed:
    """Content in the list; size and digest are those of its object, None where its row has the bytes."""

    size: int | None = None
    sha256: bytes | None = None


def rows_of(listing: Mapping[UUID, Listed]) -> list[Row]:
    """Return a list as rows to pack."""
    return [
        (blob_id.bytes, listed.size.to_bytes(_SIZE_BYTES) if listed.size is not None else None, listed.sha256)
        for blob_id, listed in listing.items()
    ]


def listing_of(shelf: Shelf, manifest: Manifest, bucket: int) -> dict[UUID, Listed]:
    """Return the list of a bucket as it was at a run; raises DamagedBackup."""
    companion = manifest.companions[LISTING].get(bucket)
    if companion is None:
        return {}
    keeper = manifest if companion.run == manifest.run else shelf.manifest(companion.run)
    found: dict[UUID, Listed] = {}
    for place in shelf.places(keeper, LISTING, bucket):
        found |= {
            UUID(bytes=row[0]): Listed(integer(row[1]) if row[1] is not None else None, row[2])
            for row in shelf.rows(place)
        }
    return found


def object_in_backup(blob_id: UUID) -> str:
    """Return the name of an object in a backup."""
    return f"{OBJECTS}/{object_name(blob_id)}"
