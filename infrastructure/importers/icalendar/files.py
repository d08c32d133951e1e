"""Imports iCalendar files: events and tasks, from RFC 5545 back to vCalendar 1.0."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from time import monotonic
from typing import ClassVar

from domain.shared.values import address_key
from infrastructure.importers.content_lines import whole_file
from infrastructure.importers.draft import Draft, Importer, Outcome, Reading, Refused
from infrastructure.importers.icalendar.components import CalendarFile, Entry, taken_apart
from infrastructure.importers.icalendar.events import events_of
from infrastructure.importers.icalendar.tasks import awaited_by, parent_of, task_of
from infrastructure.importers.icalendar.words import Surroundings
from infrastructure.importers.icalendar.zones import Zones, definitions
from infrastructure.importers.text import digest_of, one_line

_NAME_CHARACTERS = 200
_NOT_KEPT = {
    "VJOURNAL": "journal",
    "VFREEBUSY": "free_busy",
    "VAVAILABILITY": "availability",
    "VALARM": "alarm",
}
_MESSAGES = {
    "REPLY": "reply",
    "REFRESH": "refresh_request",
    "COUNTER": "counter_proposal",
    "DECLINECOUNTER": "counter_declined",
    "ADD": "added_occurrence",
}
"""Methods of RFC 5546 by which people talk about an entry, without saying how it stands as a whole."""

UNREADABLE = Refused("unreadable")


class ICalendarFiles(Importer):
    """Reads ``.ics``, and ``.vcs`` as vCalendar 1.0 is called.

    Every component of a calendar is an entry but VTIMEZONE, and so are the entries within an unknown one.
    A VEVENT with a RECURRENCE-ID whose series is in the file becomes part of the series: it is counted as
    skipped, ``part_of_series``, so that drafts and refused entries add up to what the file holds. So is what a
    calendar with a METHOD says about an entry that is not the state of it: an answer, a counter-proposal.
    """

    platform: ClassVar[str] = "file.ics"
    suffixes: ClassVar[frozenset[str]] = frozenset({".ics", ".vcs"})

    def read(self, path: Path, reading: Reading) -> Iterator[Draft | Refused]:
        """Yield the entries in the order of the file, but for tasks whose whole, or what they wait for, comes after them: it is told first."""
        until = monotonic() + reading.limits.seconds
        file = taken_apart(whole_file(path, reading.limits), reading.limits)
        run = _Run(file, reading)
        for place in run.places():
            yield run.result(place) if monotonic() < until else Refused("out_of_time")
        for _ in range(file.left_over):
            yield Refused("too_many_entries")


class _Run:
    """Goes through the entries of one file; those that share a UID are read together, with the first of them."""

    def __init__(self, file: CalendarFile, reading: Reading) -> None:
        self._entries = file.entries
        self._reading = reading
        described = (each.component() for each in file.zones if not each.fault)
        self._zones = Zones(definitions(described), reading.timezone)
        self._methods: dict[int, str] = {}
        self._around: dict[int, Surroundings] = {}
        self._results: dict[int, Draft | Refused] = {}
        self._related = self._places_by_uid()
        self._titles: dict[str, str] = {}

    def places(self) -> Iterator[int]:
        """Yield the place of every entry once, that of a task behind those of the tasks it lies in or waits for."""
        looked_at: set[int] = set()
        told: set[int] = set()
        for place in range(len(self._entries)):
            line = [place]
            while line:
                each = line[-1]
                before = [] if each in looked_at else self._before(each)
                looked_at.add(each)
                ahead = [
                    first for first in before if first not in looked_at
                ]  # the others are told, or in a circle
                if ahead:
                    line.extend(ahead)
                    continue
                line.pop()
                if each not in told:
                    told.add(each)
                    yield each

    def result(self, place: int) -> Draft | Refused:
        """Return what becomes of an entry."""
        entry = self._entries[place]
        if entry.fault:
            return Refused(entry.fault)
        if entry.name not in {"VEVENT", "VTODO"}:
            return Refused(_NOT_KEPT.get(entry.name, "unknown_component"), Outcome.SKIPPED)
        if self._method(entry) in _MESSAGES:
            return Refused(_MESSAGES[self._method(entry)], Outcome.SKIPPED)
        if place in self._results:
            return self._results.pop(place)
        uid = entry.uid()
        places: Sequence[int] = self._related.get(uid, (place,)) if entry.name == "VEVENT" else (place,)
        try:
            results = self._read(uid, entry, places)
        except (ValueError, ArithmeticError, LookupError, RecursionError):
            results = [UNREADABLE] * len(places)  # what we have overlooked costs an entry, not the file
        self._results.update(zip(places, results, strict=True))
        return self._results.pop(place)

    def _read(self, uid: str, entry: Entry, places: Sequence[int]) -> Sequence[Draft | Refused]:
        if entry.name == "VEVENT":
            events = [self._entries[each] for each in places]
            return events_of(uid, [(each.component(), self._surroundings(each)) for each in events])
        component = entry.component()
        whole, awaited = parent_of(component), awaited_by(component)
        task = task_of(uid, component, self._surroundings(entry), whole, awaited, here=self._tasks)
        title = task.arguments["title"]
        if self._titles.setdefault(task.source_id, title) != title:  # another task with the same UID
            task = replace(task, source_id=digest_of(task.source_id, title))
        return [task]

    def _before(self, place: int) -> list[int]:
        """Return the places of the tasks that are told before a task, where they are in the file."""
        entry = self._entries[place]
        if entry.name != "VTODO" or entry.fault or len(self._tasks) == 1:
            return []
        component = entry.component()
        named = (parent_of(component), *(each.source_id for each in awaited_by(component)))
        return [self._tasks[uid] for uid in named if uid and uid in self._tasks]

    @cached_property
    def _tasks(self) -> dict[str, int]:
        """The places of tasks by UID, of several with the same that of the first."""
        tasks = (
            (place, each)
            for place, each in enumerate(self._entries)
            if each.name == "VTODO" and not each.fault
        )
        found: dict[str, int] = {}
        for place, each in tasks:
            found.setdefault(each.uid(), place)
        return found

    def _surroundings(self, entry: Entry) -> Surroundings:
        key = id(entry.calendar)
        if key not in self._around:
            calendar = entry.calendar.described()
            name = one_line(calendar.text("X-WR-CALNAME", "NAME"), _NAME_CHARACTERS)
            self._around[key] = Surroundings(
                self._zones.within(calendar),
                self._reading.timezone,
                frozenset(map(address_key, self._reading.addresses)),
                name,
                self._method(entry) == "CANCEL",
            )
        return self._around[key]

    def _method(self, entry: Entry) -> str:
        key = id(entry.calendar)
        if key not in self._methods:
            self._methods[key] = entry.calendar.described().word("METHOD")
        return self._methods[key]

    def _places_by_uid(self) -> dict[str, list[int]]:
        """Return the places of VEVENTs that share a UID."""
        places: defaultdict[str, list[int]] = defaultdict(list)
        for place, entry in enumerate(self._entries):
            if entry.name != "VEVENT" or entry.fault or entry.uid_line is None:
                continue
            if self._method(entry) not in _MESSAGES:
                places[entry.uid()].append(place)
        places.pop("", None)
        return {uid: found for uid, found in places.items() if len(found) > 1}
