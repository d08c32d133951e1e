"""Reads one point of a GPX file, of any version and with the extensions that say how exact it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from math import isfinite
from xml.etree.ElementTree import Element, SubElement  # only handed over; see xml_elements.py
from zoneinfo import ZoneInfo

from gpxpy.gpx import GPXException, GPXTrackPoint
from gpxpy.gpxfield import gpx_fields_from_xml

from domain.personal.location_terms import Motion, Point, Sensor
from domain.shared.values import FIRST_YEAR, LAST_YEAR
from infrastructure.importers.offsets import plain

_FIELDS = "1.0"
"""The fields of GPX 1.0 are those of 1.1 and a point's speed and course, which many files of 1.1 have too."""

_NO_TIME = (datetime(1970, 1, 1, tzinfo=UTC), datetime(1901, 12, 13, 20, 45, 52, tzinfo=UTC))
"""What programs write that know no time: the zero and the least of their clocks."""
_LEAP_SECOND = re.compile(r"(:[0-9]{2}):60(?=[.Z+-]|$)")

_SENSORS = {"gps": Sensor.GPS, "fused": Sensor.FUSED}
_MOTIONS = {
    Motion.WALKING: "walk walking hike hiking nordic_walking wandern",
    Motion.RUNNING: "run running jogging trail_running",
    Motion.CYCLING: "cycling biking bike ride road_biking mountain_biking bicycle e-biking",
    Motion.DRIVING: "driving drive car motorcycling",
    Motion.TRAIN: "train rail",
    Motion.FERRY: "ferry",
    Motion.FLYING: "flying flight",
    Motion.SKIING: "skiing ski cross_country_skiing backcountry_skiing alpine_skiing",
}
_MOTION_OF = {word: motion for motion, words in _MOTIONS.items() for word in words.split()}


class Fault(StrEnum):
    """What a point lacks that cannot be kept."""

    NO_TIME = "points_without_time"
    NO_PLACE = "bad_points"


def point_of(node: Element, zone: ZoneInfo) -> Point | Fault:
    """Return a ``trkpt`` or ``wpt`` as a point, with the offset of the zone where its time tells none."""
    read = _read(node)
    if read is None or not (abs(read.latitude) <= 90 and abs(read.longitude) <= 180):  # noqa: PLR2004 - degrees
        return Fault.NO_PLACE
    moment = _moment(read.time, zone)
    if moment is None:
        return Fault.NO_TIME
    more = _extensions(node)
    return Point(
        recorded_at=moment,
        latitude=read.latitude,
        longitude=read.longitude,
        altitude_m=_within(read.elevation, -12_000, 1e7),
        horizontal_accuracy_m=_within(_any(more, "hacc", "accuracy", "horizontal_accuracy"), 0, 1e9),
        vertical_accuracy_m=_within(_any(more, "vacc", "vertical_accuracy"), 0, 1e9),
        speed_mps=_within(_any(more, "speed", field=read.speed), 0, 1e6),
        heading_deg=_within(_any(more, "course", "heading", "bearing", field=read.course), 0, 360),
        sensor=_SENSORS.get((read.source or "").strip().lower()),
    )


def is_geocache(node: Element) -> bool:
    """Tell a ``wpt`` that describes a geocache, by Groundspeak's element or types (``Geocache|…``, ``Waypoint|…``)."""
    kind, of_groundspeak, _ = node.findtext("type", "").strip().lower().partition("|")
    if kind == "geocache" or (kind == "waypoint" and of_groundspeak):
        return True
    return node.find("cache") is not None or node.find("extensions/cache") is not None


def is_saved_place(node: Element) -> bool:
    """Tell a ``wpt`` that OsmAnd shows on its map with a sign of its own: its time is when it was saved, from anywhere."""
    return node.find("extensions/background") is not None


def motion_of(kind: str) -> Motion | None:
    """Return how the device moved on a track of the given ``type``, None for one we do not know."""
    return _MOTION_OF.get(kind.strip().lower().replace(" ", "_"))


def _read(node: Element) -> GPXTrackPoint | None:
    """Read a point with gpxpy; what makes it fail is left out but for the position."""
    time = node.find("time")
    if time is not None and time.text:
        time.text = _LEAP_SECOND.sub(r"\1:59", time.text)
    try:
        return _by_gpxpy(node)
    except (GPXException, ValueError):
        bare = Element(node.tag, {name: value.strip().replace(",", ".") for name, value in node.items()})
        bare.extend(node.iterfind("time"))
        elevation = _number(node.findtext("ele"))
        if elevation is not None:
            SubElement(bare, "ele").text = str(elevation)
    try:
        return _by_gpxpy(bare)
    except (GPXException, ValueError):
        return None


def _by_gpxpy(node: Element) -> GPXTrackPoint:
    point: GPXTrackPoint = gpx_fields_from_xml(GPXTrackPoint, node, _FIELDS)  # type: ignore[arg-type]  # it takes elements
    return point


def _moment(time: datetime | None, zone: ZoneInfo) -> datetime | None:
    """Return a point's time with a plain offset; one without any is UTC, as GPX has it."""
    if time is None or not FIRST_YEAR < time.year < LAST_YEAR:
        return None
    try:
        offset = time.utcoffset() or timedelta()
    except ValueError:  # a day or more
        return None
    moment = time.replace(tzinfo=timezone(offset))
    if moment.replace(microsecond=0) in _NO_TIME:
        return None
    return plain(moment if offset else moment.astimezone(zone))


def _extensions(node: Element) -> Mapping[str, float]:
    extensions = node.find("extensions")
    if extensions is None:
        return {}
    found = {each.tag.lower(): _number(each.text) for each in extensions.iter()}
    return {name: number for name, number in found.items() if number is not None}


def _any(numbers: Mapping[str, float], *names: str, field: float | None = None) -> float | None:
    """Return what the field of GPX 1.0 says, or the first extension of these names."""
    if field is not None:
        return field
    return next((numbers[name] for name in names if name in numbers), None)


def _number(text: str | None) -> float | None:
    try:
        number = float((text or "").replace(",", "."))
    except ValueError:
        return None
    return number if isfinite(number) else None


def _within(number: float | None, least: float, most: float) -> float | None:
    return number if number is not None and least <= number <= most else None
