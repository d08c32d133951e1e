"""The words of a medium: its kinds, what a camera writes into it, and the rules it may break."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from domain.shared.errors import IllegalTransition, RuleBroken
from domain.shared.values import Country, Line, LocalTime, Number, StoredContent, Text

FileName = Annotated[Line, Field(max_length=255)]
AltText = Annotated[Text, Field(max_length=1000)]
Pixels = Annotated[int, Field(ge=1, le=1_000_000)]
Rating = Annotated[int, Field(ge=0, le=5)]

PerceptualHash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
"""64 bits that differ little between pictures that look alike, in lower-case hexadecimal."""

Orientation = Annotated[int, Field(ge=1, le=8)]
"""How the pixels are to be turned for display (EXIF tag 0x0112); width and height are those before turning."""

ExposureTime = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,10}(\.[0-9]{1,9}|/[1-9][0-9]{0,9})?$")]
"""Seconds as cameras write them, ``1/250`` or ``2.5``: kept as text, because thirds are not decimals."""

Metres = Annotated[float, Field(ge=-1_000_000, le=1_000_000, allow_inf_nan=False)]
Radius = Annotated[float, Field(ge=0, le=50_000_000, allow_inf_nan=False)]

Heading = Annotated[float, Field(ge=0, le=360, allow_inf_nan=False)]
"""Degrees clockwise from true north."""


class MediaKind(StrEnum):
    PHOTO = "photo"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"
    ANIMATION = "animation"
    OTHER = "other"


class Processing(StrEnum):
    """How far the bytes have come: those of most media are there when the medium is recorded, and it is ready."""

    AWAITING_UPLOAD = "awaiting_upload"
    UPLOADED = "uploaded"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"
    QUARANTINED = "quarantined"


class Visibility(StrEnum):
    TIMELINE = "timeline"
    ARCHIVED = "archived"
    HIDDEN = "hidden"
    LOCKED = "locked"


class CaptureOrigin(StrEnum):
    """Where the time of capture was read from."""

    EXIF_OFFSET = "exif_offset"
    EXIF_LOCAL = "exif_local"  # DateTimeOriginal without OffsetTimeOriginal: a time on the wall only
    GPS_UTC = "gps_utc"
    INFERRED_GPS = "inferred_gps"
    DEVICE_TZ = "device_tz"
    FILENAME = "filename"
    FILE_MTIME = "file_mtime"
    USER = "user"


class MediaQuarantined(IllegalTransition):
    """The medium is under quarantine; release it first."""


class NothingUploaded(IllegalTransition):
    """The bytes of the medium are not here; complete the upload first."""


class NothingAwaited(IllegalTransition):
    """The bytes of the medium are here already; replace them."""


class NotProcessing(IllegalTransition):
    """No program is looking at the medium; begin the processing first."""


class CaptureTimeMissing(RuleBroken):
    """Say when it was captured: as a moment, as a local time, or both."""


class PutAwayOtherwise(IllegalTransition):
    """The medium is put away in another way (archived, hidden or locked); undo that first."""


@dataclass(frozen=True, slots=True)
class Camera:
    """What took the picture, and how it was set."""

    make: Line = ""
    model: Line = ""
    lens: Line = ""
    iso: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    f_number: Annotated[Number, Field(gt=0, le=10_000)] | None = None
    exposure_time: ExposureTime | None = None
    focal_mm: Annotated[Number, Field(gt=0, le=1_000_000)] | None = None
    focal_35mm: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """The focal length that would show the same on 35 mm film."""
    flash: bool | None = None


@dataclass(frozen=True, slots=True)
class Encoding:
    """How moving pictures and sound are encoded."""

    codec: Line = ""
    frame_rate: Annotated[Number, Field(gt=0, le=1_000_000)] | None = None  # frames per second
    bitrate: Annotated[int, Field(ge=1, le=2**40)] | None = None  # bits per second
    has_audio: bool | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """The names of where it was captured."""

    city: Line = ""
    region: Line = ""
    country: Country | None = None


@dataclass(frozen=True)
class Position:
    """Where a medium was captured."""

    latitude: float | None
    longitude: float | None
    altitude_m: float | None
    heading_deg: float | None
    accuracy_m: float | None
    place: Place | None


NOWHERE: Final = Position(None, None, None, None, None, None)


@dataclass(frozen=True)
class Announced(Position):
    """What can be said of a medium before its bytes are here."""

    kind: MediaKind
    original_filename: str
    width: int | None
    height: int | None
    orientation: int
    duration_ms: int | None
    encoding: Encoding | None
    captured_at: datetime | None
    captured_local: LocalTime | None
    capture_origin: CaptureOrigin | None
    camera: Camera | None
    caption_text: str
    alt_text: str
    credit: str
    copyright_notice: str
    rating: int
    is_favourite: bool
    visibility: Visibility


@dataclass(frozen=True)
class Details(Announced):
    """What the source of a medium can say of it."""

    content: StoredContent


def wall_of(moment: datetime | None) -> datetime | None:
    """Return what a clock showed there; None of a moment in UTC, which says nothing of where that was."""
    return moment.replace(tzinfo=None) if moment is not None and moment.utcoffset() else None
