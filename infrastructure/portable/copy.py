"""What a portable copy consists of: a manifest in clear, a file of JSON Lines per kind, and content beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from infrastructure.errors import CopyUnusable

FORMAT = 1
MANIFEST = "lifeledger-export.json"
IDENTITY = "identity.age"
CONTENT = "content"
_PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class CopiedFile:
    """A file as it lies there, encrypted or not."""

    name: str
    sha256: str
    records: int = 0
    events: int = 0


@dataclass(frozen=True, slots=True)
class CopiedContent:
    """Content of a record, in a file of its own."""

    blob_id: UUID
    record_id: UUID
    file: CopiedFile


@dataclass(frozen=True, slots=True)
class CopyManifest:
    """What the copy holds; written last, so that a folder without it is no copy."""

    format: int
    exported_at: datetime
    subject_id: UUID
    encrypted: bool
    files: tuple[CopiedFile, ...]
    content: tuple[CopiedContent, ...]


def is_copy(folder: Path) -> bool:
    """Return whether a folder holds a portable copy."""
    return (folder / MANIFEST).is_file()


def write_manifest(folder: Path, manifest: CopyManifest) -> None:
    """Write the manifest of a copy; raises OSError."""
    (folder / MANIFEST).write_bytes(to_json(manifest, indent=2) + b"\n")


def read_manifest(folder: Path) -> CopyManifest:
    """Return the manifest of a copy of which every file is as it was written; raises CopyUnusable."""
    try:
        manifest = _reader().validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValidationError):
        raise CopyUnusable from None
    if manifest.format > FORMAT:
        msg = "the portable copy was made by a newer version of lifeledger"
        raise CopyUnusable(msg)
    for file in (*manifest.files, *(each.file for each in manifest.content)):
        # Names are ours: letters, digits and the folder of content. Nothing else is followed.
        if Path(file.name).is_absolute() or ".." in Path(file.name).parts:
            raise CopyUnusable
        if digest_of_file(folder / file.name) != file.sha256:
            msg = f"a file of the portable copy is missing, cut off or changed: {file.name}"
            raise CopyUnusable(msg)
    return manifest


def digest_of_file(path: Path) -> str | None:
    """Return the SHA-256 of a file, None where it cannot be read."""
    hashed = sha256()
    try:
        for piece in _pieces(path):
            hashed.update(piece)
    except OSError:
        return None
    return hashed.hexdigest()


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            yield piece


@cache
def _reader() -> TypeAdapter[CopyManifest]:
    return TypeAdapter(CopyManifest)
