"""Writes the tasks in a note of Evernote as lines of the note, with all that they say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from xml.etree.ElementTree import Element  # only handed over; see xml_elements.py
from zoneinfo import ZoneInfo

from domain.shared.values import FIRST_YEAR, LAST_YEAR
from infrastructure.importers.icalendar.zones import zone_named
from infrastructure.importers.offsets import plain
from infrastructure.importers.text import one_line

_TITLE_CHARACTERS = 500
_WORDS_CHARACTERS = 1000
_NAME_CHARACTERS = 64
_MAX_REMINDERS = 20
_DAY, _MINUTE = "%Y-%m-%d", "%Y-%m-%d %H:%M"


def line_of(task: Element, home: str) -> str:
    """Return a task as an item with a check box.

    Times are those of the task's own zone, which stands behind the time of day; where it has none that is known, of
    the zone ``home``.
    """
    said = [each for each in (*_when(task, home), *_how(task)) if each]
    words = one_line(task.findtext("description", ""), _WORDS_CHARACTERS)
    return _item(task) + (f" ({', '.join(said)})" if said else "") + (f": {words}" if words else "")


def first_line_of(task: Element) -> str:
    """Return a task as the first imports wrote it, which notes without a moment are known by."""
    due = moment(task.findtext("dueDate", ""))
    return _item(task) + (f" (due {due.date()})" if due else "")


def moment(written: str) -> datetime | None:
    """Return a time such as ``20261102T083000Z``, in UTC where it names no zone; None for what is none."""
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        return None
    if not FIRST_YEAR < found.year < LAST_YEAR:
        return None
    return plain(found if found.tzinfo else found.replace(tzinfo=UTC))


def _item(task: Element) -> str:
    box = "x" if task.findtext("taskStatus", "").lower() == "completed" else " "
    return f"- [{box}] {one_line(task.findtext('title', ''), _TITLE_CHARACTERS)}"


def _when(task: Element, home: str) -> Iterator[str]:
    """Yield when a task is due, which is a day unless it says otherwise, and what reminds of it."""
    has_time = task.findtext("dueDateUIOption", "") == "date_time"
    if due := _local(task, "dueDate", home, has_time=has_time):
        yield f"due {due}"
    for reminder in islice(task.iterfind("reminder"), _MAX_REMINDERS):
        has_time = reminder.findtext("reminderDateUIOption", "") != "date_only"
        if at := _local(reminder, "reminderDate", home, has_time=has_time):
            yield f"reminder {at}"


def _how(task: Element) -> Iterator[str]:
    """Yield how a task comes back, and that it is flagged."""
    rule = one_line(task.findtext("recurrence", ""), _WORDS_CHARACTERS)
    if rule:
        after = task.findtext("repeatAfterCompletion", "").lower() == "true"
        yield f"repeats {rule.removeprefix('RRULE:')}{' after completion' if after else ''}"
    if task.findtext("taskFlag", "").lower() == "true":
        yield "flagged"


def _local(element: Element, name: str, home: str, *, has_time: bool) -> str:
    at = moment(element.findtext(name, ""))
    if at is None:
        return ""
    zone = zone_named(one_line(element.findtext("timeZone", ""), _NAME_CHARACTERS))
    local = at.astimezone(ZoneInfo(zone or home))
    return local.strftime(_MINUTE) + (f" {zone}" if zone else "") if has_time else local.strftime(_DAY)
