"""Bytes as an argument of a command, which are stored when it is carried out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import BinaryIO, cast

from domain.shared.errors import InvalidInput
from domain.shared.values import StoredContent


@dataclass(frozen=True, slots=True)
class Upload:
    """Bytes in memory or in a file, as an argument of a command."""

    source: Path | bytes = field(repr=False)
    media_type: str
    digest: str
    """SHA-256 in hexadecimal, of the bytes when they were given."""

    @property
    def told(self) -> Mapping[str, str]:
        """What tells these bytes from others, wherever they come from: a repeated command brings the same."""
        return {"media_type": self.media_type, "sha256": self.digest}

    def opened(self) -> BinaryIO:
        """Return the bytes as a stream; raises InvalidInput."""
        return _opened(self.source)


def upload(source: Path | bytes, media_type: str) -> StoredContent:
    """Return bytes, or those of a file, in the place of stored content in the arguments of a command.

    They are stored when the command is carried out, piece by piece, and taken back where it is refused. A file is
    read twice: now, so that a repeat of the command is recognised, and then. ``media_type`` is one of RFC 6838
    (``image/jpeg``). Raises InvalidInput for a file that cannot be read.
    """
    with _opened(source) as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    # What commands take is stored content; a type checker is to see that, and nothing else, in its place.
    return cast("StoredContent", Upload(source, media_type, digest))


def _opened(source: Path | bytes) -> BufferedReader | BytesIO:
    if isinstance(source, bytes):
        return BytesIO(source)
    try:
        return source.open("rb")
    except OSError:
        msg = "the file cannot be read"  # its name may be personal
        raise InvalidInput(msg) from None
