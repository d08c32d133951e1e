"""Tells what kind of picture some bytes are, and what its camera wrote into it; no pixel is decoded."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, BinaryIO

from PIL.AvifImagePlugin import AvifImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.Image import DecompressionBombError
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from domain.media.media_terms import MediaKind
from infrastructure.importers.pictures.exif import BROKEN, exif_of
from infrastructure.importers.pictures.heif import HeifImageFile
from infrastructure.importers.pictures.iptc import iptc_of

HEAD_BYTES = 64
"""So much of a file tells what it is."""

_BEFORE_PIXELS_BYTES = 32 << 20
_SIDE_PIXELS = 1_000_000

Told = tuple[dict[str, Any], tuple[str, ...]]
"""Arguments for Media.add, and tags."""


class BrokenPicture(Exception):
    """The bytes begin like a picture and are none that can be read."""


class _Needs(Enum):
    """How much of a file is read for what stands before the pixels."""

    HEAD = "the beginning"
    WHOLE = "all of it, by a library that takes nothing less"
    PLACES = "places in it, wherever they lie"


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of picture."""

    media_type: str
    begins: re.Pattern[bytes]
    opener: Callable[[BinaryIO], ImageFile]
    may_move: bool = False
    needs: _Needs = _Needs.HEAD


# Not Image.open(): it refuses the header of a picture of 200 megapixels, which telephones take.
_FORMS = (
    Form("image/jpeg", re.compile(rb"\xff\xd8\xff"), JpegImageFile),
    Form("image/png", re.compile(rb"\x89PNG\r\n\x1a\n"), PngImageFile, may_move=True),
    Form("image/gif", re.compile(rb"GIF8[79]a"), GifImageFile, may_move=True),
    Form("image/webp", re.compile(rb"RIFF.{4}WEBP", re.DOTALL), WebPImageFile, may_move=True, needs=_Needs.WHOLE),
    Form("image/tiff", re.compile(rb"II[*+]\0|MM\0[*+]"), TiffImageFile, needs=_Needs.WHOLE),
    Form(
        "image/avif", re.compile(rb".{4}ftyp(?:.{4})*?avi[fs]", re.DOTALL), AvifImageFile, may_move=True,
        needs=_Needs.WHOLE,
    ),
    Form("image/heic", re.compile(rb".{4}ftyp(?:.{4})*?he[iv][cxms]", re.DOTALL), HeifImageFile, needs=_Needs.PLACES),
    Form("image/heif", re.compile(rb".{4}ftypm[is]f1", re.DOTALL), HeifImageFile, needs=_Needs.PLACES),
)  # fmt: skip

KNOWN_TYPES = frozenset(form.media_type for form in _FORMS)
"""The media types of pictures that their bytes tell."""


def form_of(head: bytes) -> Form | None:
    """Return what kind of picture begins with these bytes, whatever it is called; None where it is none."""
    return next((form for form in _FORMS if form.begins.match(head)), None)


def told_by(form: Form, stream: BinaryIO, size: int, most: int) -> Told:
    """Return what a picture tells of itself; raises BrokenPicture.

    One that would have to be read as a whole and is larger than ``most`` tells nothing.
    """
    if form.needs is _Needs.WHOLE and size > most:
        return {}, ()
    stream.seek(0)
    if form.needs is _Needs.HEAD:
        # Pillow looks for the header of a JPEG byte by byte, to the end of the file if need be.
        stream = io.BytesIO(stream.read(min(size, _BEFORE_PIXELS_BYTES)))
    try:
        return _told(form, stream)
    except DecompressionBombError:  # of WebP, which allocates the picture when it is opened
        return {}, ()
    except BROKEN:
        raise BrokenPicture from None


def _told(form: Form, source: BinaryIO) -> Told:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of broken EXIF; Pillow's words may quote it
        with form.opener(source) as image:
            by_camera, camera_tags = exif_of(image)
            by_program, program_tags = iptc_of(image)
            width, height = image.size
            moves = form.may_move and _moves(image)
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
