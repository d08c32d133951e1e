"""Writes calendars with single entries, and reads what becomes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from infrastructure.importers.draft import Draft, Refused
from infrastructure.importers.icalendar.files import ICalendarFiles
from tests.importers.reading import read, written

IMPORTER = ICalendarFiles()


def entries(folder: Path, text: str | bytes, **more: Any) -> list[Draft | Refused]:
    return read(IMPORTER, written(folder, "calendar.ics", text), **more)


def event(folder: Path, *lines: str, **more: Any) -> dict[str, Any]:
    """Return the arguments made of a single VEVENT."""
    return _only(folder, "VEVENT", lines, **more)


def task(folder: Path, *lines: str, **more: Any) -> dict[str, Any]:
    """Return the arguments made of a single VTODO."""
    return _only(folder, "VTODO", lines, **more)


def _only(folder: Path, name: str, lines: tuple[str, ...], **more: Any) -> dict[str, Any]:
    text = "\r\n".join(("BEGIN:VCALENDAR", f"BEGIN:{name}", *lines, f"END:{name}", "END:VCALENDAR", ""))
    (draft,) = entries(folder, text, **more)
    assert isinstance(draft, Draft)
    return dict(draft.arguments)
