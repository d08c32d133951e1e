"""Reads what photo programs write into a picture besides EXIF: caption, author and keywords (IPTC-IIM)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PIL.ImageFile import ImageFile
from PIL.IptcImagePlugin import getiptcinfo

from domain.media.media_terms import Place
from infrastructure.importers.pictures.exif import BROKEN
from infrastructure.importers.text import decoded, one_line, plain_text

_LINE_CHARACTERS = 1000
_TEXT_CHARACTERS = 1_000_000
_LABEL_CHARACTERS = 64
_KEYWORDS = 100

_HEADLINE, _CAPTION, _KEYWORD, _AUTHOR, _NOTICE, _CITY, _REGION = 105, 120, 25, 80, 116, 90, 95

Fields = Mapping[tuple[int, int], bytes | list[bytes]]


def iptc_of(image: ImageFile) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return arguments for Media.add that are not empty, and tags."""
    try:
        fields: Fields = getiptcinfo(image) or {}
    except BROKEN:
        return {}, ()
    place = Place(city=_line(fields, _CITY), region=_line(fields, _REGION))
    told: dict[str, Any] = {
        "caption_text": plain_text(
            _written(fields, _CAPTION) or _written(fields, _HEADLINE), _TEXT_CHARACTERS
        ).strip(),
        "credit": _line(fields, _AUTHOR),
        "copyright_notice": _line(fields, _NOTICE),
        "place": None if place == Place() else place,
    }
    tags = dict.fromkeys(one_line(word, _LABEL_CHARACTERS) for word in _all(fields, _KEYWORD))
    return {name: value for name, value in told.items() if value}, tuple(filter(None, tags))[:_KEYWORDS]


def _all(fields: Fields, number: int) -> list[str]:
    values = fields.get((2, number), [])
    return [decoded(value) for value in (values if isinstance(values, list) else [values])]


def _written(fields: Fields, number: int) -> str:
    return next(iter(_all(fields, number)), "")


def _line(fields: Fields, number: int) -> str:
    return one_line(_written(fields, number), _LINE_CHARACTERS)
