"""Reads what a camera wrote into a picture (EXIF 3.0), and takes from it only what can be true."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from math import isfinite
from typing import Any, TypeVar

from PIL import Image

from domain.media.media_terms import Camera, CaptureOrigin
from domain.shared.values import FIRST_YEAR, LAST_YEAR
from infrastructure.importers.pictures.xmp import xmp_of
from infrastructure.importers.text import cut_text, decoded, one_line, plain_text

T = TypeVar("T")

BROKEN = (
    SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, AttributeError, AssertionError, EOFError,
    OSError, RuntimeError, struct.error,
)  # fmt: skip
"""What Pillow raises on broken files."""

Tags = Mapping[int, Any]

_EXIF, _GPS = 0x8769, 0x8825  # directories of their own
_LINE_CHARACTERS = 1000
_TEXT_CHARACTERS = 1_000_000
_LABEL_CHARACTERS = 64
_KEYWORDS = 100

_TIME = re.compile(
    r"([0-9]{4})[:/.-]([0-9]{1,2})[:/.-]([0-9]{1,2})[ T]([0-9]{1,2}):([0-9]{1,2})(?::([0-9]{1,2}))?"
    r"(?:[.,][0-9]+)?(.*)"
)
_OFFSET = re.compile(r" ?(?:Z|([+-])([0-9]{2}):?([0-9]{2}))")
_CAPTURED = ((0x9003, 0x9011, 0x9291), (0x9004, 0x9012, 0x9292))
"""The tags of the time, its offset and its fraction: of the shot, else of its digitisation."""
_TIMES = frozenset({"captured_at", "captured_local", "capture_origin"})
_PLACES = frozenset({"latitude", "longitude"})
"""Each of these told by one and the same."""
_FARTHEST_OFFSET = timedelta(hours=14)

_NOT_WRITTEN = re.compile(
    r"(?:sony dsc|(?:olympus|minolta|konica minolta|samsung)? ?digital camera|dcim|default|oznor\w*|cof|untitled"
    r"|screenshot|\W*)",
    re.IGNORECASE,
)
"""What programs put in place of a caption that nobody has written."""

_SHORTEST_EXPOSURE, _LONGEST_EXPOSURE = 1e-6, 1e6  # seconds
_RATINGS = range(1, 6)
_ORIENTATIONS = range(1, 9)


def exif_of(image: Image.Image) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return arguments for Media.add, and tags; a broken part is left out, and never fails the rest.

    What EXIF does not tell is taken from XMP, in which programs repeat it, or write it alone.
    """
    told, tags = _by_camera(image)
    more, words = xmp_of(image)
    missing = {
        name: value
        for name, value in more.items()
        if not told.get(name)
        and not (name in _TIMES and _TIMES & told.keys())
        and not (name in _PLACES and _PLACES & told.keys())
    }
    return told | missing, tuple(dict.fromkeys((*tags, *words)))


def _by_camera(image: Image.Image) -> tuple[dict[str, Any], tuple[str, ...]]:
    exif = _tried(lambda: Image.Image.getexif(image))  # PNG's own would decode the pixels
    if exif is None:
        return {}, ()
    whole = _readable(exif)
    shot = _tried(lambda: exif.get_ifd(_EXIF)) or {}
    place = _tried(lambda: exif.get_ifd(_GPS)) or {}
    orientation, rating = _whole_number(whole.get(0x0112)), _whole_number(whole.get(0x4746))
    arguments: dict[str, Any] = {
        "orientation": orientation if orientation in _ORIENTATIONS else 1,
        "camera": _camera(whole, shot),
        "caption_text": _caption(whole),
        "credit": _text(whole.get(0x013B)) or one_line(_windows_text(whole.get(0x9C9D)), _LINE_CHARACTERS),
        "copyright_notice": _text(whole.get(0x8298)),
        "rating": rating if rating in _RATINGS else 0,
        **_captured(shot, place),
        **_position(place),
    }
    keywords = _windows_text(whole.get(0x9C9E)).split(";")
    tags = dict.fromkeys(one_line(word, _LABEL_CHARACTERS) for word in keywords)
    return arguments, tuple(tag for tag in tags if tag)[:_KEYWORDS]


def _tried(read: Callable[[], T]) -> T | None:
    try:
        return read()
    except BROKEN:
        return None


def _readable(exif: Image.Exif) -> Tags:
    """Return the tags of the main directory that can be read."""
    found = {}
    for tag in _tried(lambda: list(exif)) or ():
        try:
            found[tag] = exif[tag]
        except BROKEN:
            continue
    return found


def _camera(whole: Tags, shot: Tags) -> Camera | None:
    flash = _whole_number(shot.get(0x9209))
    camera = Camera(
        make=_text(whole.get(0x010F)),
        model=_text(whole.get(0x0110)),
        lens=_text(shot.get(0xA434)) or _text(whole.get(0xA434)),
        iso=_within(_whole_number(shot.get(0x8827)), 10_000_000),
        f_number=_decimal(shot.get(0x829D), 10_000),
        exposure_time=_exposure(shot.get(0x829A)),
        focal_mm=_decimal(shot.get(0x920A), 1_000_000),
        focal_35mm=_within(_whole_number(shot.get(0xA405)), 1_000_000),
        flash=None if flash is None else bool(flash & 1),
    )
    return None if camera == Camera() else camera


def _caption(whole: Tags) -> str:
    """Return the description, the title and the comments, as far as they differ."""
    written = [plain_text(_decoded(whole.get(0x010E)), _TEXT_CHARACTERS).strip()]
    written += (_windows_text(whole.get(tag)) for tag in (0x9C9B, 0x9C9C, 0x9C9F))
    told = dict.fromkeys(text for text in written if not _NOT_WRITTEN.fullmatch(text[:_LINE_CHARACTERS]))
    return cut_text("\n".join(told), _TEXT_CHARACTERS)


def _captured(shot: Tags, place: Tags) -> dict[str, Any]:
    """Return when it was captured: as a moment where the offset is known, else as a time on the wall.

    The clock of the satellites tells the moment only where the camera's own tells nothing.
    """
    for time_tag, offset_tag, fraction_tag in _CAPTURED:
        time = _TIME.match(_text(shot.get(time_tag)))
        local = _local(time, _text(shot.get(fraction_tag))) if time else None
        if time is None or local is None:
            continue
        zone = _zone(time[7]) or _zone(_text(shot.get(offset_tag)))
        if zone is None:
            return {"captured_local": local, "capture_origin": CaptureOrigin.EXIF_LOCAL}
        return {"captured_at": local.replace(tzinfo=zone), "capture_origin": CaptureOrigin.EXIF_OFFSET}
    moment = _satellite_time(place)
    return {} if moment is None else {"captured_at": moment, "capture_origin": CaptureOrigin.GPS_UTC}


def _local(time: re.Match[str], fraction: str) -> datetime | None:
    year, month, day, hour, minute, second = (int(each or 0) for each in time.groups()[:6])
    microsecond = int(fraction[:6].ljust(6, "0")) if re.fullmatch(r"[0-9]+", fraction) else 0
    try:
        local = datetime(year, month, day, hour, minute, min(second, 59), microsecond)  # noqa: DTZ001 - on the wall
    except ValueError:
        return None
    return local if FIRST_YEAR < year < LAST_YEAR else None


def _zone(written: str) -> timezone | None:
    match = _OFFSET.match(written)
    if match is None:
        return None
    offset = timedelta(hours=int(match[2] or 0), minutes=int(match[3] or 0))
    if offset > _FARTHEST_OFFSET:
        return None
    return timezone(-offset if match[1] == "-" else offset)


def _satellite_time(place: Tags) -> datetime | None:
    day = re.match(r"([0-9]{4})[:/-]([0-9]{1,2})[:/-]([0-9]{1,2})", _text(place.get(29)))
    time = _numbers(place.get(7))
    try:
        hour, minute, second = (0.0 if part is None else part for part in time)
        year, month, date = (int(part) for part in day.groups()) if day else (0, 0, 0)
        moment = datetime(year, month, date, tzinfo=UTC)
        moment += timedelta(hours=hour, minutes=minute, seconds=int(second))
    except (ValueError, OverflowError):
        return None
    return moment if FIRST_YEAR < moment.year < LAST_YEAR else None


def _position(place: Tags) -> dict[str, Any]:
    """Return where it was captured; 0, 0 is what cameras write that do not know."""
    latitude = _degrees(place.get(2), _text(place.get(1)), "NS", 90)
    longitude = _degrees(place.get(4), _text(place.get(3)), "EW", 180)
    if latitude is None or longitude is None or not (latitude or longitude):
        return {}
    altitude = _number(place.get(6))
    if altitude is not None and place.get(5) in {b"\x01", 1}:
        altitude = -altitude
    heading = _number(place.get(17))
    magnetic = _text(place.get(16)).upper().startswith("M")
    accuracy = _number(place.get(31))
    return {
        "latitude": latitude,
        "longitude": longitude,
        "altitude_m": altitude if altitude is not None and abs(altitude) <= 1_000_000 else None,  # noqa: PLR2004
        "heading_deg": heading if heading is not None and 0 <= heading <= 360 and not magnetic else None,  # noqa: PLR2004
        "accuracy_m": accuracy if accuracy is not None and 0 <= accuracy <= 50_000_000 else None,  # noqa: PLR2004
    }


def _degrees(value: Any, hemisphere: str, hemispheres: str, most: int) -> float | None:  # noqa: ANN401 - as Pillow gives it
    """Return degrees, minutes and seconds as degrees; without its hemisphere a number is no place."""
    side = hemispheres.find(hemisphere[:1].upper()) if hemisphere else -1
    parts = _numbers(value)
    if side < 0 or not parts or parts[0] is None or (parts[0].is_integer() and parts[1:2] == [None]):
        return None
    # What has the minutes as a fraction often has 0/0 seconds.
    degrees = round(sum((part or 0.0) / 60**place for place, part in enumerate(parts[:3])), 8)
    return (-degrees if side else degrees) if 0 <= degrees <= most else None


def _numbers(value: Any) -> list[float | None]:  # noqa: ANN401 - as Pillow gives it
    return [_number(each) for each in value] if isinstance(value, tuple | list) else [_number(value)]


def _number(value: Any) -> float | None:  # noqa: ANN401 - as Pillow gives it
    if isinstance(value, tuple | list):
        value = value[0] if value else None
    try:
        number = float(value)
    except BROKEN:
        return None
    return number if isfinite(number) else None


def _whole_number(value: Any) -> int | None:  # noqa: ANN401 - as Pillow gives it
    number = _number(value)
    return int(number) if number is not None and not isinstance(value, str | bytes) else None


def _within(number: int | None, most: int) -> int | None:
    return number if number is not None and 1 <= number <= most else None


def _decimal(value: Any, most: int) -> Decimal | None:  # noqa: ANN401 - as Pillow gives it
    number = _number(value)
    decimal = None if number is None else Decimal(_plain(number, 4))
    return decimal if decimal is not None and 0 < decimal <= most else None


def _exposure(value: Any) -> str | None:  # noqa: ANN401 - as Pillow gives it
    """Return seconds as cameras show them: ``1/250``, ``2.5``."""
    seconds = _number(value)
    if seconds is None or not _SHORTEST_EXPOSURE < seconds < _LONGEST_EXPOSURE:
        return None
    parts = round(1 / seconds)
    if parts > 1 and abs(1 / seconds - parts) < parts / 50:  # or it is none of the times cameras have
        return f"1/{parts}"
    return _plain(seconds, 6)


def _plain(number: float, places: int) -> str:
    return f"{number:.{places}f}".rstrip("0").rstrip(".")


def _decoded(value: Any) -> str:  # noqa: ANN401 - as Pillow gives it
    """Return a text tag, which Pillow takes for Latin-1 whatever it is."""
    if isinstance(value, str):
        value = value.encode("latin-1", "replace")
    return decoded(value.rstrip(b"\0")) if isinstance(value, bytes) else ""


def _text(value: Any) -> str:  # noqa: ANN401 - as Pillow gives it
    return one_line(_decoded(value).replace("\0", " "), _LINE_CHARACTERS)


def _windows_text(value: Any) -> str:  # noqa: ANN401 - as Pillow gives it
    """Return what Windows writes of a picture: UTF-16 in a list of bytes."""
    try:
        data = value if isinstance(value, bytes) else bytes(value or ())
    except BROKEN:
        return ""
    return plain_text(data.decode("utf-16-le", "ignore").partition("\0")[0], _TEXT_CHARACTERS).strip()
