"""Imports pictures: their bytes as they are, and what the camera wrote into them; no pixel is decoded."""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from PIL.AvifImagePlugin import AvifImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.Image import DecompressionBombError
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from domain.media.media_terms import MediaKind
from infrastructure.importers.draft import Content, Draft, Importer, Outcome, Reading, Refused, UnreadableFile
from infrastructure.importers.exif import BROKEN, exif_of
from infrastructure.importers.iptc import iptc_of
from infrastructure.importers.text import one_line

_PIECE_BYTES = 1 << 20
_HEAD_BYTES = 64
_BEFORE_PIXELS_BYTES = 32 << 20
_NAME_CHARACTERS = 255
_SIDE_PIXELS = 1_000_000

# Not Image.open(): it refuses the header of a picture of 200 megapixels, which telephones take.
_FORMATS: tuple[tuple[re.Pattern[bytes], str, Callable[[BinaryIO], ImageFile]], ...] = (
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg", JpegImageFile),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png", PngImageFile),
    (re.compile(rb"GIF8[79]a"), "image/gif", GifImageFile),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "image/webp", WebPImageFile),
    (re.compile(rb"II[*+]\0|MM\0[*+]"), "image/tiff", TiffImageFile),
    (re.compile(rb".{4}ftyp(?:.{4})*?avi[fs]", re.DOTALL), "image/avif", AvifImageFile),
)
_HEIF = re.compile(rb".{4}ftyp(?:hei[cxms]|hev[cxms]|mif1|msf1)", re.DOTALL)
_READ_AS_A_WHOLE = frozenset({"image/webp", "image/avif", "image/tiff"})
_MAY_MOVE = frozenset({"image/gif", "image/webp", "image/png", "image/avif"})  # the pages of a TIFF do not


class ImageFiles(Importer):
    """Reads JPEG, PNG, GIF, WebP, TIFF and AVIF, whatever the file is called; its one entry is the picture.

    The same bytes are the same picture under any name. They never change, so there is nothing to refresh.
    """

    platform: ClassVar[str] = "file.image"
    suffixes: ClassVar[frozenset[str]] = frozenset(
        {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".gif", ".avif", ".heic"}
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
    head = stream.read(_HEAD_BYTES)
    found = next((each for each in _FORMATS if each[0].match(head)), None)
    if found is None:
        if _HEIF.match(head):
            return Refused("heic_not_supported", Outcome.SKIPPED)
        raise UnreadableFile
    _, media_type, opener = found
    digest = _digest(stream)
    arguments: dict[str, Any] = {}
    tags: tuple[str, ...] = ()
    as_a_whole = media_type in _READ_AS_A_WHOLE
    if size <= most or not as_a_whole:
        stream.seek(0)
        # Pillow looks for the header of a JPEG byte by byte, to the end of the file if need be.
        source = stream if as_a_whole else io.BytesIO(stream.read(min(size, _BEFORE_PIXELS_BYTES)))
        try:
            arguments, tags = _told(opener, source, may_move=media_type in _MAY_MOVE)
        except DecompressionBombError:  # of WebP, which allocates the picture when it is opened
            pass
        except BROKEN:
            return Refused("broken_image")
    return Draft(
        kind="media",
        verb="add",
        source_id=digest,
        arguments={
            "kind": MediaKind.PHOTO,
            "original_filename": one_line(path.name, _NAME_CHARACTERS),
            **arguments,
        },
        content=Content("content", media_type, path=path),
        tags=tags,
    )


def _digest(stream: BinaryIO) -> str:
    digest = hashlib.sha256()
    stream.seek(0)
    while piece := stream.read(_PIECE_BYTES):
        digest.update(piece)
    return digest.hexdigest()


def _told(
    opener: Callable[[BinaryIO], ImageFile], source: BinaryIO, *, may_move: bool
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return what a picture tells of itself; raises what Pillow raises where it cannot be opened."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of broken EXIF; Pillow's words may quote it
        with opener(source) as image:
            by_camera, camera_tags = exif_of(image)
            by_program, program_tags = iptc_of(image)
            width, height = image.size
            moves = may_move and _moves(image)
    told = {
        **by_program,
        **{name: value for name, value in by_camera.items() if value or name not in by_program},
    }
    told["kind"] = MediaKind.ANIMATION if moves else MediaKind.PHOTO
    if max(width, height) <= _SIDE_PIXELS:
        told |= {"width": width, "height": height}
    return told, tuple(dict.fromkeys((*camera_tags, *program_tags)))


def _moves(image: ImageFile) -> bool:
    try:
        return bool(getattr(image, "is_animated", False))
    except BROKEN:
        return False
