"""Takes an iCalendar file apart into its entries, whatever it forgets to begin or to end."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from time import monotonic

from domain.shared.values import MAX_URL
from infrastructure.importers.content_lines import (
    Component,
    component,
    holds_content,
    logical_lines,
    read_line,
)
from infrastructure.importers.draft import Limits, UnreadableFile
from infrastructure.importers.icalendar.vcal import FirstVersion
from infrastructure.importers.text import one_line

_OWN_ENTRIES = frozenset({"VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VTIMEZONE"})
"""Never parts of another entry: where one begins, the one before has lost its end."""
_KNOWN = _OWN_ENTRIES | {"VCALENDAR", "VALARM", "VAVAILABILITY"}
_SHORT_LINE = 4096
_LONGEST_ATTACHMENT = 2 * MAX_URL
"""In bytes: an address and what a program says of it. Longer ones hold the content itself, and are not kept."""
MAX_LINES = 100_000
"""No entry of a person's calendar has so many."""
_LINES_A_LOOK = 4096
_UID_CHARACTERS = 4096


@dataclass
class Calendar:
    """What a VCALENDAR says of itself."""

    lines: list[bytes] = field(default_factory=list)

    @cached_property
    def first_version(self) -> FirstVersion | None:
        """How its entries are to be read where they are of vCalendar 1.0."""
        return FirstVersion.of(self.described())

    def described(self) -> Component:
        """Return its properties."""
        return component("VCALENDAR", self.lines)


@dataclass(slots=True)
class Entry:
    """One entry as it stands in the file; it is read when its turn comes."""

    name: str
    calendar: Calendar
    lines: list[bytes] = field(default_factory=list)
    uid_line: bytes | None = None
    is_override: bool = False
    fault: str = ""
    """Why it is not to be read."""
    size: int = 0
    open_parts: list[str] = field(default_factory=list)

    def take(self, line: bytes, limits: Limits) -> None:
        """Add a line, within bounds."""
        self.size += len(line)
        if self.size > limits.entry_bytes or len(self.lines) >= MAX_LINES:
            self.fault = "too_large"
        elif len(self.open_parts) > limits.depth:
            self.fault = "too_deep"
        if self.fault:
            self.lines.clear()
            self.open_parts.clear()
        elif not holds_content(line) or self._may_name_attachment(line):
            self.lines.append(line)
            if not self.open_parts:
                self._note(line)

    def _may_name_attachment(self, line: bytes) -> bool:
        """Tell an attachment of the entry itself; that of an alarm is a sound."""
        return not self.open_parts and len(line) <= _LONGEST_ATTACHMENT and line[:6].upper() == b"ATTACH"

    def _note(self, line: bytes) -> None:
        start = line[:14].upper()
        if start.startswith((b"UID:", b"UID;")) and self.uid_line is None:
            self.uid_line = line
        elif start.startswith((b"RECURRENCE-ID:", b"RECURRENCE-ID;")):
            self.is_override = True

    def uid(self) -> str:
        """Return the UID, empty where there is none."""
        line = None if self.uid_line is None else read_line(self.uid_line)
        uid = "" if line is None else one_line(line.text, _UID_CHARACTERS)
        return "" if uid.lower() in {"null", "none", "undefined"} else uid

    def component(self) -> Component:
        """Read its lines."""
        found = component(self.name, self.lines)
        version = self.calendar.first_version
        return found if version is None else version.translated(found)


@dataclass(slots=True)
class CalendarFile:
    """The entries of a file, in its order, and the time zones it describes."""

    entries: list[Entry] = field(default_factory=list)
    zones: list[Entry] = field(default_factory=list)
    left_over: int = 0
    """Entries beyond the limit."""
    is_calendar: bool = False


def taken_apart(data: bytes, limits: Limits) -> CalendarFile:
    """Find the entries of a file; raises UnreadableFile where it is none, or takes too long."""
    taker = _Taker(limits)
    until = monotonic() + limits.seconds
    for number, line in enumerate(logical_lines(data)):
        if number % _LINES_A_LOOK == 0 and monotonic() > until:
            raise UnreadableFile
        keyword, colon, name = line[:200].partition(b":")
        match keyword.strip().upper() if colon else b"":
            case b"BEGIN":
                taker.begin(name.strip().upper().decode("latin-1"), line)
            case b"END":
                taker.end(name.strip().upper().decode("latin-1"), line)
            case _:
                taker.take(line)
    taker.close()
    if not taker.file.is_calendar:
        raise UnreadableFile
    return taker.file


class _Taker:
    """Follows BEGIN and END through a file."""

    def __init__(self, limits: Limits) -> None:
        self.file = CalendarFile()
        self._limits = limits
        self._calendar = Calendar()
        self._entry: Entry | None = None

    def begin(self, name: str, line: bytes) -> None:
        self.file.is_calendar |= name in _KNOWN
        if name == "VCALENDAR":
            self.close()
            self._calendar = Calendar()
        elif self._entry is not None and name not in _OWN_ENTRIES:
            if not self._entry.fault:
                self._entry.open_parts.append(name)
                self._entry.take(line, self._limits)
        else:
            self.close()
            self._entry = Entry(name, self._calendar)

    def end(self, name: str, line: bytes) -> None:
        entry = self._entry
        if name == "VCALENDAR":
            self.close()
            self._calendar = Calendar()
        elif entry is not None and name in entry.open_parts:
            while entry.open_parts and entry.open_parts[-1] != name:  # parts without an end of their own
                _end_part(entry, b"END:" + entry.open_parts[-1].encode("latin-1"), self._limits)
            _end_part(entry, line, self._limits)
        elif entry is not None and name == entry.name:
            self.close()

    def take(self, line: bytes) -> None:
        if self._entry is not None:
            self._entry.take(line, self._limits)
        elif len(line) <= _SHORT_LINE and len(self._calendar.lines) < _LINES_A_LOOK:
            self._calendar.lines.append(line)

    def close(self) -> None:
        """End the open entry, if there is one."""
        entry, self._entry = self._entry, None
        if entry is None:
            return
        if entry.name == "VTIMEZONE":
            self.file.zones.append(entry)
        elif len(self.file.entries) < self._limits.entries:
            self.file.entries.append(entry)
        else:
            self.file.left_over += 1


def _end_part(entry: Entry, line: bytes, limits: Limits) -> None:
    entry.take(line, limits)
    if entry.open_parts:  # there are none any more where that was too much
        entry.open_parts.pop()
