"""Imports GPX files: where a device was, day by day."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import ClassVar
from xml.etree.ElementTree import Element  # only handed over; see xml_elements.py
from zoneinfo import ZoneInfo

from domain.personal.location_terms import MAX_POINTS, Point, new_points
from infrastructure.importers.draft import PARTED, Draft, Importer, Outcome, Reading, Refused, UnreadableFile
from infrastructure.importers.text import one_line, plain_text
from infrastructure.importers.tracks.gpx_points import Fault, is_geocache, is_saved_place, motion_of, point_of
from infrastructure.importers.xml_elements import Elements, Stopped

BATCH_POINTS = 10_000  # what one command takes
_DEVICE_CHARACTERS = 64
_SAID_IN = ("name", "cmt", "desc")
_WORDS_CHARACTERS = 10_000
_WORDS_OF = {"trk": "tracks", "wpt": "points"}
"""Under which name the words of an element are kept with the record."""
_WANTED = {
    "trk": "<gpx>",
    "trkpt": "<gpx><trk><trkseg>",
    "wpt": "<gpx>",
    "rte": "<gpx>",
    "rtept": "<gpx><rte>",
    "metadata": "<gpx>",
}
_OF_FILE = frozenset({"name", "desc"})
"""What GPX 1.0 says of the whole file, where 1.1 has ``metadata``."""
_SAYS_OF_FILE = _OF_FILE | {"metadata"}


class GpxFiles(Importer):
    """Reads GPX 1.0 and 1.1: the points of tracks and way points, put together by day and device.

    An entry is a day of the device that wrote the file, or 10,000 points of one. What does not become part
    of a day is an entry, too: a track or way point without times (``points_without_time``), the points of a
    track that alone have none (``some_points_without_time``) or that have no place (``bad_points``), a track
    without points (``no_points``), a route, which is a plan and nowhere anybody was (``route``), a geocache
    or a way point of one, whose time is when it was hidden (``geocache``), and a favourite of OsmAnd
    (``saved_place``).

    What tracks and way points are called and described as is metadata of the day's record, ``tracks`` and ``points``;
    so is what the file itself is called and described as, ``file``, with every day of it.
    """

    platform: ClassVar[str] = "file.gpx"
    suffixes: ClassVar[frozenset[str]] = frozenset({".gpx"})

    def read(self, path: Path, reading: Reading) -> Iterator[Draft | Refused]:
        """Yield what is no day in the order of the file, then the days; a file that breaks off gives those it has."""
        try:
            if path.stat().st_size > reading.limits.whole_file_bytes:
                raise UnreadableFile
            with path.open("rb") as stream:
                elements = Elements(stream, _WANTED, reading.limits, outer=_OF_FILE)
                days = _Days(reading)
                yield from _tracks(elements, days, reading.limits.entries)
                root = elements.root
        except OSError:
            raise UnreadableFile from None
        if root is None or root.tag != "gpx":
            raise UnreadableFile
        yield from days.drafts(one_line(root.get("creator", ""), _DEVICE_CHARACTERS) or "gpx")


def _tracks(elements: Elements, days: _Days, most: int) -> Iterator[Refused]:
    """Take all points in; yield what is refused."""
    track = _Track()
    try:
        for number, found in enumerate(elements):
            if number >= most:
                raise Stopped("too_many_entries")  # noqa: TRY301 - as the elements stop by themselves
            if found is None:
                yield Refused("broken_xml")
                continue
            element, whole = found
            days.describe(element)
            if nowhere := _nowhere(element):
                yield Refused(nowhere, Outcome.SKIPPED)
                continue
            if element.tag in {"trkpt", "wpt"}:
                track.take(days.point(element) if whole else Fault.NO_PLACE)
            if element.tag in {"trk", "wpt"}:  # a way point is a track of one
                yield from track.refused()
                days.take(track.points, element)
                track = _Track()
    except Stopped as stopped:
        if track.points or track.faults:
            yield from track.refused()
            days.take(track.points)
        if elements.root is not None and elements.root.tag == "gpx":
            yield Refused(stopped.reason)


def _nowhere(element: Element) -> str:
    """Return what an element is that tells nothing of where anybody was; an empty text where it may tell."""
    if element.tag == "rte":
        return "route"
    if element.tag != "wpt":
        return ""
    return "geocache" if is_geocache(element) else "saved_place" if is_saved_place(element) else ""


class _Track:
    """The points of a track, and how many were of no use."""

    def __init__(self) -> None:
        self.points: list[Point] = []
        self.faults: Counter[Fault] = Counter()

    def take(self, point: Point | Fault) -> None:
        if isinstance(point, Fault):
            self.faults[point] += 1
        else:
            self.points.append(point)

    def refused(self) -> Iterator[Refused]:
        if not self.points and not self.faults:
            yield Refused("no_points", Outcome.SKIPPED)
        if self.faults[Fault.NO_TIME]:
            some = "some_" if self.points else ""
            yield Refused(some + Fault.NO_TIME.value, Outcome.SKIPPED)
        if self.faults[Fault.NO_PLACE]:
            yield Refused(Fault.NO_PLACE.value)


class _Words:
    """What the tracks, or the way points, of a day are called and described as; the same words once."""

    def __init__(self) -> None:
        self._said: dict[str, None] = {}
        self._room = _WORDS_CHARACTERS + 1  # one more than are kept, so that it shows whether there were more

    def take(self, said: Iterable[str]) -> None:
        """Take in what one of them says of itself, its name first."""
        texts = (" ".join(text.split()) for text in said)
        words = ": ".join(dict.fromkeys(text for text in texts if text))[: _WORDS_CHARACTERS + 1]
        if words and words not in self._said and self._room > 0:
            self._said[words] = None
            self._room -= len(words)

    def __str__(self) -> str:
        return plain_text(PARTED.join(self._said), _WORDS_CHARACTERS)


class _Days:
    """The points of a file by the calendar of the person's zone."""

    def __init__(self, reading: Reading) -> None:
        self._zone = ZoneInfo(reading.timezone)
        self._points: defaultdict[date, list[Point]] = defaultdict(list)
        self._words: defaultdict[tuple[date, str], _Words] = defaultdict(_Words)
        self._file: dict[str, str] = {}

    def point(self, element: Element) -> Point | Fault:
        return point_of(element, self._zone)

    def take(self, points: list[Point], element: Element | None = None) -> None:
        """Take in the points of a track; its type says how the device moved, its words are those of its days."""
        motion = None if element is None else motion_of(element.findtext("type", ""))
        days = set()
        for point in points:
            day = point.recorded_at.astimezone(self._zone).date()
            self._points[day].append(point if motion is None else replace(point, motion=motion))
            days.add(day)
        if element is not None:
            for day in days:
                self._words[day, _WORDS_OF[element.tag]].take(element.findtext(name, "") for name in _SAID_IN)

    def describe(self, element: Element) -> None:
        """Take in what the file says of itself, each thing once; of other elements nothing."""
        if element.tag not in _SAYS_OF_FILE:
            return
        for each in (element,) if element.tag in _OF_FILE else element:
            if each.tag in _SAID_IN and each.text:
                self._file.setdefault(each.tag, each.text[: 2 * _WORDS_CHARACTERS])

    def drafts(self, device: str) -> Iterator[Draft | Refused]:
        """Yield the days; the second batch of a day and those after it add to the first."""
        of_file = _Words()
        of_file.take(self._file.get(name, "") for name in _SAID_IN)
        for day in sorted(self._points):
            points = new_points((), self._points[day])
            words = {name: str(self._words[day, name]) for name in _WORDS_OF.values()}
            words["file"] = str(of_file)
            for start in range(0, len(points), BATCH_POINTS):
                batch = points[start : start + BATCH_POINTS]
                if start + len(batch) > MAX_POINTS:
                    yield Refused("too_many_points")
                    continue
                yield Draft(
                    kind="location",
                    verb="record_batch",
                    source_id=f"{device}:{day}",
                    arguments={"day": day, "device": device, "points": batch},
                    update="add_batch",
                    update_arguments={"points": batch},
                    metadata={name: said for name, said in words.items() if said},
                    tells_a_part=True,
                )
