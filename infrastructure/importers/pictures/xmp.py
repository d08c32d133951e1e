"""Reads what photo programs write into a picture as XMP: Lightroom, digiKam and others, often in place of EXIF."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any
from xml.etree.ElementTree import (  # only handed over; what is read goes through defusedxml
    Element,
    ParseError,
)

from defusedxml.ElementTree import fromstring
from PIL import Image

from domain.media.media_terms import CaptureOrigin
from domain.shared.values import FIRST_YEAR, LAST_YEAR
from infrastructure.importers.offsets import plain
from infrastructure.importers.text import one_line, plain_text

_MAX_BYTES = 1 << 20
_MAX_PROPERTIES, _MAX_ITEMS = 10_000, 1000
_LINE_CHARACTERS = 1000
_TEXT_CHARACTERS = 1_000_000
_LABEL_CHARACTERS = 64
_KEYWORDS = 100

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_NAMESPACES = {
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
}
_CAPTURED = ("exif:DateTimeOriginal", "photoshop:DateCreated", "xmp:CreateDate")
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
)
_DEGREES = re.compile(
    r"([0-9]{1,3}),([0-9]{1,2}(?:\.[0-9]{1,20})?)(?:,([0-9]{1,2}(?:\.[0-9]{1,20})?))?([NSEW])"
)

Properties = Mapping[str, tuple[str, ...]]


def xmp_of(image: Image.Image) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return arguments for Media.add that are not empty, and tags; nothing where it cannot be read."""
    written = _written(image)
    try:
        root = fromstring(written.strip(b"\0 \t\r\n"), forbid_dtd=True) if written else None
    except (ParseError, ValueError, LookupError):
        return {}, ()
    found = {} if root is None else _properties(root)
    rating = _first(found, "xmp:Rating").partition(".")[0]
    told: dict[str, Any] = {
        "caption_text": plain_text(_first(found, "dc:description", "dc:title"), _TEXT_CHARACTERS).strip(),
        "credit": one_line(_first(found, "dc:creator"), _LINE_CHARACTERS),
        "copyright_notice": one_line(_first(found, "dc:rights"), _LINE_CHARACTERS),
        "rating": int(rating) if re.fullmatch(r"[1-5]", rating) else 0,
    }
    tags = dict.fromkeys(one_line(word, _LABEL_CHARACTERS) for word in found.get("dc:subject", ()))
    kept = {name: value for name, value in told.items() if value} | _captured(found) | _position(found)
    return kept, tuple(filter(None, tags))[:_KEYWORDS]


def _written(image: Image.Image) -> bytes:
    written = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    data = written.encode("utf-8", "replace") if isinstance(written, str) else written
    return data if isinstance(data, bytes) and len(data) <= _MAX_BYTES else b""


def _properties(root: Element) -> Properties:
    """Return the properties of the picture itself by their usual names; those within others are of other things."""
    found: dict[str, tuple[str, ...]] = {}
    whole = next(root.iter(f"{_RDF}RDF"), None)
    for part in () if whole is None else whole.findall(f"{_RDF}Description"):
        for name, values in islice(_said(part), _MAX_PROPERTIES):
            namespace, _, local = name.removeprefix("{").partition("}")
            if namespace in _NAMESPACES and values:
                found.setdefault(f"{_NAMESPACES[namespace]}:{local}", values)
    return found


def _said(part: Element) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, value in part.items():
        yield name, (value,)
    for child in part:
        items = tuple(each.text or "" for each in islice(child.iterfind(f"*/{_RDF}li"), _MAX_ITEMS))
        texts = tuple(each for each in items or (child.text or "",) if each.strip())
        yield child.tag, texts


def _first(found: Properties, *names: str) -> str:
    return next((found[name][0].strip() for name in names if name in found), "")


def _captured(found: Properties) -> dict[str, Any]:
    """Return when it was captured, as EXIF would tell it; a day without a time of day tells too little."""
    for written in (_first(found, name) for name in _CAPTURED):
        try:
            moment = datetime.fromisoformat(written) if _TIME.fullmatch(written[:40]) else None
        except ValueError:
            continue
        if moment is None or not FIRST_YEAR < moment.year < LAST_YEAR:
            continue
        if moment.tzinfo is None:
            return {"captured_local": moment, "capture_origin": CaptureOrigin.EXIF_LOCAL}
        return {"captured_at": plain(moment), "capture_origin": CaptureOrigin.EXIF_OFFSET}
    return {}


def _position(found: Properties) -> dict[str, float]:
    latitude = _degrees(_first(found, "exif:GPSLatitude"), "NS", 90)
    longitude = _degrees(_first(found, "exif:GPSLongitude"), "EW", 180)
    if latitude is None or longitude is None or not (latitude or longitude):
        return {}
    return {"latitude": latitude, "longitude": longitude}


def _degrees(written: str, hemispheres: str, most: int) -> float | None:
    """Read ``38,43.338N`` or ``38,43,20N``."""
    match = _DEGREES.fullmatch(written)
    if match is None or match[4] not in hemispheres:
        return None
    degrees = round(int(match[1]) + float(match[2]) / 60 + float(match[3] or 0) / 3600, 8)
    return (-degrees if match[4] in "SW" else degrees) if degrees <= most else None
