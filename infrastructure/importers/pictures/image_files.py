"""Imports pictures: their bytes as they are, and what the camera wrote into them; no pixel is decoded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, ClassVar

from domain.media.media_terms import MediaKind
from infrastructure.importers.draft import Content, Draft, Importer, Reading, Refused, UnreadableFile
from infrastructure.importers.pictures.forms import HEAD_BYTES, BrokenPicture, form_of, told_by
from infrastructure.importers.text import one_line

_PIECE_BYTES = 1 << 20
_NAME_CHARACTERS = 255


class ImageFiles(Importer):
    """Reads JPEG, PNG, GIF, WebP, TIFF, AVIF and HEIC, whatever the file is called; its one entry is the picture.

    The same bytes are the same picture under any name. They never change, so there is nothing to refresh.
    """

    platform: ClassVar[str] = "file.image"
    suffixes: ClassVar[frozenset[str]] = frozenset(
        {".jpg", ".jpeg", ".jfif", ".png", ".webp", ".tif", ".tiff", ".gif", ".avif", ".heic", ".heif"}
    )

    def read(self, path: Path, reading: Reading) -> Iterator[Draft | Refused]:
        """Yield the picture; one with broken EXIF is a picture all the same."""
        try:
            size = path.stat().st_size
            if size > reading.limits.bytes:
                raise UnreadableFile
            with path.open("rb") as stream:
                yield _picture(stream, path, size, reading.limits.whole_file_bytes)
        except OSError:
            raise UnreadableFile from None


def _picture(stream: BinaryIO, path: Path, size: int, most: int) -> Draft | Refused:
    form = form_of(stream.read(HEAD_BYTES))
    if form is None:
        raise UnreadableFile
    try:
        arguments, tags = told_by(form, stream, size, most)
    except BrokenPicture:
        return Refused("broken_image")
    return Draft(
        kind="media",
        verb="add",
        source_id=_digest(stream),
        arguments={
            "kind": MediaKind.PHOTO,
            "original_filename": one_line(path.name, _NAME_CHARACTERS),
            **arguments,
        },
        content=Content("content", form.media_type, path=path),
        tags=tags,
    )


def _digest(stream: BinaryIO) -> str:
    digest = hashlib.sha256()
    stream.seek(0)
    while piece := stream.read(_PIECE_BYTES):
        digest.update(piece)
    return digest.hexdigest()
