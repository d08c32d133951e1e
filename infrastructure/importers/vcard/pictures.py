"""Reads the picture of whom a vCard is about, from its PHOTO or else its LOGO."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from urllib.parse import unquote_to_bytes

from infrastructure.importers.attached_files import AttachedFile
from infrastructure.importers.content_lines import ContentLine, raw_line, unescaped
from infrastructure.importers.draft import Outcome, Refused
from infrastructure.importers.pictures.forms import HEAD_BYTES, form_of

_PICTURES = ("PHOTO", "LOGO")
_NOT_KEPT = {"PHOTO": "second_picture", "LOGO": "second_picture", "SOUND": "sound", "KEY": "public_key"}
_ADDRESS = re.compile(r"\s*(?:https?|ftps?|ldaps?)://", re.IGNORECASE)
_OTHER_PICTURE = re.compile(r"image/[a-z0-9][a-z0-9.+-]{0,60}")
"""A type of pictures that is not told by the bytes, such as SVG."""
_ADDRESS_BYTES = 8192
_HEAD_CHARACTERS = 200
_ENCODED = frozenset({"B", "BASE64"})


def is_address(line: bytes) -> bool:
    """Tell the lines that say where content is, and do not hold it."""
    said = raw_line(line) if len(line) <= _ADDRESS_BYTES else None
    return said is not None and _ADDRESS.match(said.value) is not None


def picture_of(lines: Sequence[bytes]) -> AttachedFile | None:
    """Return the picture that is in a card, by the lines of it that hold content; raises ValueError for a broken one."""
    said = _said(lines)
    line = _picture(said)
    if line is None:
        return None
    data, media_type = _bytes_of(line), _media_type(line)
    if form_of(data[:HEAD_BYTES]) is None and not _OTHER_PICTURE.fullmatch(media_type):
        raise ValueError
    return AttachedFile(data, "", media_type)


def not_kept(lines: Sequence[bytes]) -> Iterator[Refused]:
    """Yield what else is in a card: a picture besides that of the contact, a sound, a key."""
    said = _said(lines)
    picture = _picture(said)
    for line in said:
        if line is not picture:
            yield Refused(_NOT_KEPT.get(line.name, "attachment"), Outcome.SKIPPED)


def _said(lines: Sequence[bytes]) -> list[ContentLine]:
    return [line for line in map(raw_line, lines) if line is not None and line.value.strip()]


def _picture(said: Sequence[ContentLine]) -> ContentLine | None:
    return next((line for name in _PICTURES for line in said if line.name == name), None)


def _bytes_of(line: ContentLine) -> bytes:
    if line.param("ENCODING").upper() in _ENCODED:
        return _decoded(line.value)
    value = unescaped(line.value.strip())
    if value[:5].lower() != "data:":  # Base64, and nobody says so
        return _decoded(value)
    head, _, body = value.partition(",")
    return _decoded(body) if head.lower().endswith(";base64") else unquote_to_bytes(body)


def _decoded(text: str) -> bytes:
    """Return what is in Base64, whose end programs leave out; raises ValueError."""
    digits = "".join(text.split()).rstrip("=")
    return base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True)


def _media_type(line: ContentLine) -> str:
    """Return the media type that is said, such as ``image/svg+xml``; the bytes of most pictures know better."""
    head = unescaped(line.value[:_HEAD_CHARACTERS].strip()).lower()
    if head.startswith("data:"):
        return head[5:].partition(",")[0].partition(";")[0]
    said = (line.param("MEDIATYPE") or line.param("TYPE")).lower()
    return said if "/" in said else f"image/{said}"
