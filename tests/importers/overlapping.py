"""Files that name the same things: what several processes at one import get into each other's way with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

Write = Callable[[Path, int, int], None]
"""Writes a file, given its number among the files and how many entries it has."""

_POINT = (
    '<trkpt lat="{lat:.5f}" lon="8.0"><time>2026-{month:02}-{day:02}T{hour:02}:00:{second:02}Z</time></trkpt>'
)


def tasks_alike(path: Path, _number: int, entries: int) -> None:
    """Write the same tasks as every other file."""
    tasks(path, ((f"todo-{entry}", f"Task {entry}") for entry in range(entries)))


def tasks_that_differ(path: Path, number: int, entries: int) -> None:
    """Write the tasks of every other file with other titles."""
    tasks(path, ((f"todo-{entry}", f"Task {entry}, as file {number} has it") for entry in range(entries)))


def tasks_apart(path: Path, number: int, entries: int) -> None:
    """Write tasks that no other file has."""
    tasks(path, ((f"todo-{number}-{entry}", f"Task {number} {entry}") for entry in range(entries)))


def bookmarks(path: Path, number: int, entries: int) -> None:
    """Write bookmarks of addresses that only one record may have, with other titles than every other file."""
    links = "\n".join(
        f'<DT><A HREF="{address(entry)}" ADD_DATE="1700000000">{entry} in {number}</A>'
        for entry in range(entries)
    )
    path.with_suffix(".html").write_text(
        f"<!DOCTYPE NETSCAPE-Bookmark-file-1>\n<TITLE>Bookmarks</TITLE>\n<DL><p>\n{links}\n</DL><p>\n"
    )


def address(entry: int) -> str:
    """Return the address of a bookmark."""
    return f"https://example.org/{entry}"


def tracks(path: Path, number: int, entries: int) -> None:
    """Write a point of each of so many days, of which each is one record, at an hour of the file's own."""
    points = "".join(
        _POINT.format(
            lat=40 + entry / 1000, month=1 + entry // 28, day=1 + entry % 28, hour=number, second=entry % 60
        )
        for entry in range(entries)
    )
    path.with_suffix(".gpx").write_text(
        '<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>'
        f"{points}</trkseg></trk></gpx>"
    )


def tasks(path: Path, named: Iterable[tuple[str, str]]) -> None:
    """Write a calendar of tasks, each with its UID and title."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//y//EN"]
    for uid, title in named:
        lines += ["BEGIN:VTODO", f"UID:{uid}", f"SUMMARY:{title}", "END:VTODO"]
    path.with_suffix(".ics").write_text("\n".join([*lines, "END:VCALENDAR", ""]), newline="\r\n")


def folder_of(place: Path, write: Write, files: int, entries: int) -> Path:
    """Make a folder of so many files."""
    place.mkdir()
    for number in range(files):
        write(place / f"{number}", number, entries)
    return place
