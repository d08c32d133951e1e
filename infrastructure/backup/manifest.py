"""What one run of a backup consists of; written last, so that a run without it does not exist.

A manifest is one line of JSON and a second line with the first one's SHA-256.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from infrastructure.errors import DamagedBackup, NewerBackup

FORMAT = 1
EVENTS, RECEIPTS, BLOBS, LISTING = "events", "command_receipts", "blobs", "listing"


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one table and one bucket, packed, in the middle of a file."""

    table: str
    bucket: int
    rows: int
    bytes: int
    first: int = 0
    """The position of the first event; 0 where rows have no position."""
    last: int = 0


@dataclass(frozen=True, slots=True)
class File:
    """One file of a run: its parts, one after another."""

    name: str
    bytes: int
    sha256: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Tip:
    """The last event of a bucket: by its digest another history at the same position is told apart."""

    position: int
    digest: str


@dataclass(frozen=True, slots=True)
class Companion:
    """The state of one bucket of a table that changes in place, and the run that has its rows."""

    state: str
    run: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """One run of a backup. A run without a base holds everything and begins a chain."""

    format: int
    store_id: UUID
    run: str
    number: int
    """Counts the runs of a place: their order, whatever the clock said."""
    base: str | None
    base_sha256: str | None
    created_at: datetime
    revision: str
    """The revision of the ledger's schema."""
    erasures: int
    """The number of the last erasure the ledger knew."""
    content: bool
    """Whether the objects of large content are in the backup too."""
    missing: int
    """How many objects were not there to be copied."""
    columns: dict[str, tuple[str, ...]]
    tips: dict[int, Tip]
    companions: dict[str, dict[int, Companion]]
    files: tuple[File, ...]

    @property
    def folder(self) -> str:
        """Return the name of the run's folder."""
        return f"runs/{self.run}"

    @property
    def events(self) -> int:
        """Return how many events the run brings."""
        return sum(part.rows for file in self.files for part in file.parts if part.table == EVENTS)

    @property
    def bytes(self) -> int:
        """Return the size of the run's files."""
        return sum(file.bytes for file in self.files)


def encode(manifest: Manifest) -> bytes:
    """Return a manifest as the bytes of its file."""
    line = to_json(manifest)
    return line + b"\n" + digest(line).encode() + b"\n"


def decode(data: bytes) -> Manifest:
    """Return the manifest in a file; raises DamagedBackup, NewerBackup."""
    line, _, rest = data.partition(b"\n")
    if rest != digest(line).encode() + b"\n":
        raise DamagedBackup
    try:
        said: Any = orjson.loads(line)
        if said["format"] > FORMAT:
            raise NewerBackup
        return _reader().validate_json(line)
    except (orjson.JSONDecodeError, ValidationError, KeyError, TypeError):
        raise DamagedBackup from None


def digest(data: bytes) -> str:
    """Return the SHA-256 of bytes in hexadecimal digits."""
    return sha256(data).hexdigest()


@cache
def _reader() -> TypeAdapter[Manifest]:
    return TypeAdapter(Manifest)
