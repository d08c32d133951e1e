"""A photo, video or recording: its bytes, when and where it was captured, and what its owner says of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from domain.media.extensions import extension_of
from domain.media.media_terms import (
    NOWHERE,
    AltText,
    Announced,
    Camera,
    CaptureOrigin,
    CaptureTimeMissing,
    Details,
    Encoding,
    FileName,
    Heading,
    MediaKind,
    Metres,
    Orientation,
    Pixels,
    Place,
    Position,
    Processing,
    Radius,
    Rating,
    Visibility,
    wall_of,
)
from domain.media.putting_away import PuttingAway
from domain.media.recognition import Recognition, forget_findings
from domain.shared.content import Content
from domain.shared.known import say
from domain.shared.peers import Claim
from domain.shared.place import require_whole_place
from domain.shared.record import Origin
from domain.shared.values import Count, Latitude, Line, LocalTime, Longitude, Moment, StoredContent, Text


class Media(Recognition, PuttingAway):
    """Something seen or heard, kept as bytes.

    Events that flip a switch carry the value they flip it to, so that a later refresh leaves it alone.
    """

    KIND: ClassVar[str] = "media"
    TOLD: ClassVar[tuple[str, ...]] = ("extension", "display_size")
    CONTENT_CLAIM: ClassVar[str] = "media.content"

    kind: MediaKind
    original_filename: str = ""
    encoding: Encoding | None = None
    captured_at: datetime | None = None
    captured_local: LocalTime | None = None
    capture_origin: CaptureOrigin | None = None
    camera: Camera | None = None
    latitude: float | None = None
    longitude: float | None = None
    altitude_m: float | None = None
    heading_deg: float | None = None
    accuracy_m: float | None = None
    place: Place | None = None
    caption_text: str = ""
    alt_text: str = ""
    credit: str = ""
    copyright_notice: str = ""
    rating: int = 0
    is_favourite: bool = False

    class Event(Recognition.Event, PuttingAway.Event):
        """Any event of a medium."""

    class Added(Event, Content.Created, Details):
        TOPIC = "media.added"

    class UploadBegun(Event, Content.Created, Announced):
        TOPIC = "media.upload_begun"

        def apply(self, media: Media) -> None:
            media.processing = Processing.AWAITING_UPLOAD

    class Captioned(Event):
        TOPIC = "media.captioned"
        caption_text: str

    class Described(Event):
        TOPIC = "media.described"
        alt_text: str

    class CaptureTimeCorrected(Event):
        TOPIC = "media.capture_time_corrected"
        captured_at: datetime | None
        captured_local: LocalTime | None
        capture_origin: CaptureOrigin
        reason: str

    class Geotagged(Event, Position):
        TOPIC = "media.geotagged"

    class GeotagRemoved(Event, Position):
        TOPIC = "media.geotag_removed"

    class Rated(Event):
        TOPIC = "media.rated"
        rating: int

    class Favourited(Event):
        TOPIC = "media.favourited"
        is_favourite: bool

    class Unfavourited(Event):
        TOPIC = "media.unfavourited"
        is_favourite: bool

    class Refreshed(Event, Details):
        TOPIC = "media.refreshed"
        BY_SOURCE = True

        def apply(self, media: Media) -> None:
            if self.content != media.content:
                forget_findings(media)
            super().apply(media)

    @classmethod
    def add(
        cls,
        origin: Origin,
        content: StoredContent,
        *,
        kind: MediaKind,
        original_filename: FileName = "",
        width: Pixels | None = None,
        height: Pixels | None = None,
        orientation: Orientation = 1,
        duration_ms: Count | None = None,
        encoding: Encoding | None = None,
        captured_at: Moment | None = None,
        captured_local: LocalTime | None = None,
        capture_origin: CaptureOrigin | None = None,
        camera: Camera | None = None,
        latitude: Latitude | None = None,
        longitude: Longitude | None = None,
        altitude_m: Metres | None = None,
        heading_deg: Heading | None = None,
        accuracy_m: Radius | None = None,
        place: Place | None = None,
        caption_text: Text = "",
        alt_text: AltText = "",
        credit: Line = "",
        copyright_notice: Line = "",
        rating: Rating = 0,
        is_favourite: bool = False,
        visibility: Visibility = Visibility.TIMELINE,
    ) -> Media:
        """Keep a medium; an importer gives no position where a camera wrote 0, 0."""
        require_whole_place(latitude, longitude)
        return cls._begin(
            origin,
            cls.Added,
            kind=kind,
            content=content,
            original_filename=original_filename,
            width=width,
            height=height,
            orientation=orientation,
            duration_ms=duration_ms,
            encoding=encoding,
            captured_at=captured_at,
            captured_local=captured_local or wall_of(captured_at),
            capture_origin=capture_origin if captured_at or captured_local else None,
            camera=camera,
            latitude=latitude,
            longitude=longitude,
            altitude_m=altitude_m,
            heading_deg=heading_deg,
            accuracy_m=accuracy_m,
            place=place,
            caption_text=caption_text,
            alt_text=alt_text,
            credit=credit,
            copyright_notice=copyright_notice,
            rating=rating,
            is_favourite=is_favourite,
            visibility=visibility,
        )

    @classmethod
    def begin_upload(
        cls,
        origin: Origin,
        *,
        kind: MediaKind,
        original_filename: FileName = "",
        width: Pixels | None = None,
        height: Pixels | None = None,
        orientation: Orientation = 1,
        duration_ms: Count | None = None,
        encoding: Encoding | None = None,
        captured_at: Moment | None = None,
        captured_local: LocalTime | None = None,
        capture_origin: CaptureOrigin | None = None,
        camera: Camera | None = None,
        latitude: Latitude | None = None,
        longitude: Longitude | None = None,
        altitude_m: Metres | None = None,
        heading_deg: Heading | None = None,
        accuracy_m: Radius | None = None,
        place: Place | None = None,
        caption_text: Text = "",
        alt_text: AltText = "",
        credit: Line = "",
        copyright_notice: Line = "",
        rating: Rating = 0,
        is_favourite: bool = False,
        visibility: Visibility = Visibility.TIMELINE,
    ) -> Media:
        """Announce a medium whose bytes are still to come by ``complete_upload``; all that is known of it may be said now."""
        require_whole_place(latitude, longitude)
        return cls._begin(
            origin,
            cls.UploadBegun,
            kind=kind,
            original_filename=original_filename,
            width=width,
            height=height,
            orientation=orientation,
            duration_ms=duration_ms,
            encoding=encoding,
            captured_at=captured_at,
            captured_local=captured_local or wall_of(captured_at),
            capture_origin=capture_origin if captured_at or captured_local else None,
            camera=camera,
            latitude=latitude,
            longitude=longitude,
            altitude_m=altitude_m,
            heading_deg=heading_deg,
            accuracy_m=accuracy_m,
            place=place,
            caption_text=caption_text,
            alt_text=alt_text,
            credit=credit,
            copyright_notice=copyright_notice,
            rating=rating,
            is_favourite=is_favourite,
            visibility=visibility,
        )

    def refresh(
        self,
        content: StoredContent | None = None,
        *,
        kind: MediaKind,
        original_filename: FileName = "",
        width: Pixels | None = None,
        height: Pixels | None = None,
        orientation: Orientation = 1,
        duration_ms: Count | None = None,
        encoding: Encoding | None = None,
        captured_at: Moment | None = None,
        captured_local: LocalTime | None = None,
        capture_origin: CaptureOrigin | None = None,
        camera: Camera | None = None,
        latitude: Latitude | None = None,
        longitude: Longitude | None = None,
        altitude_m: Metres | None = None,
        heading_deg: Heading | None = None,
        accuracy_m: Radius | None = None,
        place: Place | None = None,
        caption_text: Text = "",
        alt_text: AltText = "",
        credit: Line = "",
        copyright_notice: Line = "",
        rating: Rating = 0,
        is_favourite: bool = False,
        visibility: Visibility = Visibility.TIMELINE,
    ) -> None:
        """Take what the source of an imported medium says now; its bytes only where they have changed, or were awaited."""
        require_whole_place(latitude, longitude)
        if content is None:
            self._require_bytes()
        self._refresh(
            Media.Refreshed,
            kind=kind,
            content=content or self.content,
            original_filename=original_filename,
            width=width,
            height=height,
            orientation=orientation,
            duration_ms=duration_ms,
            encoding=encoding,
            captured_at=captured_at,
            captured_local=captured_local or wall_of(captured_at),
            capture_origin=capture_origin if captured_at or captured_local else None,
            camera=camera,
            latitude=latitude,
            longitude=longitude,
            altitude_m=altitude_m,
            heading_deg=heading_deg,
            accuracy_m=accuracy_m,
            place=place,
            caption_text=caption_text,
            alt_text=alt_text,
            credit=credit,
            copyright_notice=copyright_notice,
            rating=rating,
            is_favourite=is_favourite,
            visibility=visibility,
        )

    def caption(self, text: Text) -> None:
        say(self, Media.Captioned, caption_text=text)

    def describe(self, alt_text: AltText) -> None:
        """Say what is to be seen or heard, for people who cannot (IPTC Alt Text)."""
        say(self, Media.Described, alt_text=alt_text)

    def correct_capture_time(
        self, captured_at: Moment | None = None, *, captured_local: LocalTime | None = None, reason: Line = ""
    ) -> None:
        """Set the time of capture; one of the two that is left out is no longer known, but for the local one an offset tells."""
        if captured_at is None and captured_local is None:
            raise CaptureTimeMissing
        captured_local = captured_local or wall_of(captured_at)
        told = (captured_at, _offset(captured_at), captured_local, CaptureOrigin.USER)
        if told != (self.captured_at, _offset(self.captured_at), self.captured_local, self.capture_origin):
            self.trigger_event(
                Media.CaptureTimeCorrected,
                captured_at=captured_at,
                captured_local=captured_local,
                capture_origin=CaptureOrigin.USER,
                reason=reason,
            )

    def geotag(
        self,
        latitude: Latitude,
        *,
        longitude: Longitude,
        altitude_m: Metres | None = None,
        heading_deg: Heading | None = None,
        accuracy_m: Radius | None = None,
        place: Place | None = None,
    ) -> None:
        position = Position(latitude, longitude, altitude_m, heading_deg, accuracy_m, place)
        say(self, Media.Geotagged, **vars(position))

    def remove_geotag(self) -> None:
        say(self, Media.GeotagRemoved, **vars(NOWHERE))

    def rate(self, rating: Rating) -> None:
        """Give one to five stars; zero takes them back."""
        say(self, Media.Rated, rating=rating)

    def favourite(self) -> None:
        say(self, Media.Favourited, is_favourite=True)

    def unfavourite(self) -> None:
        say(self, Media.Unfavourited, is_favourite=False)

    @property
    def extension(self) -> str:
        """The ending of its file, from the name or else from the type of the bytes; see ``extension_of``."""
        return extension_of(self.original_filename, self.content.media_type if self.content else None)

    @property
    def display_size(self) -> tuple[int, int] | None:
        """Width and height in pixels as it is shown: orientations from five on lie on their side."""
        if self.width is None or self.height is None:
            return None
        return (self.height, self.width) if self.orientation >= 5 else (self.width, self.height)  # noqa: PLR2004 - EXIF

    @property
    def claims(self) -> frozenset[Claim]:
        """One medium for the same bytes, be it in the trash: by their digest, and by their id for who does not know it."""
        if self.content is None:
            return frozenset()
        names = (str(self.content.blob_id), self.content.digest)
        return frozenset(Claim(self.CONTENT_CLAIM, each) for each in names if each is not None)


def _offset(moment: datetime | None) -> timedelta | None:
    """Return the offset by itself: moments that differ in nothing else are equal to Python."""
    return None if moment is None else moment.utcoffset()
