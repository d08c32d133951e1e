"""Writes GPX files of tracks and way points."""

from __future__ import annotations

from pathlib import Path

from infrastructure.importers.tracks.gpx_files import GpxFiles
from tests.importers.reading import written

GPX = GpxFiles()


def gpx(tmp_path: Path, body: str | bytes, root: str = '<gpx version="1.1" creator="Tracker 1">') -> Path:
    data = body if isinstance(body, bytes) else f"<?xml version='1.0'?>{root}{body}</gpx>".encode()
    return written(tmp_path, "track.gpx", data)


def track(*points: str) -> str:
    return f"<trk><name>n</name><trkseg>{''.join(points)}</trkseg></trk>"


def point(inside: str = "<time>2026-11-01T10:00:00Z</time>", at: str = 'lat="38.7" lon="-9.2"') -> str:
    return f"<trkpt {at}>{inside}</trkpt>"


def way_point(inside: str) -> str:
    return f"<wpt lat='1' lon='2'><time>2026-11-01T09:00:00Z</time>{inside}</wpt>"
