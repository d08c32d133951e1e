"""Reads what is to remind of an event or a task."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from domain.productivity.reminder_terms import (
    MAX_REMINDERS,
    MAX_REPEATS,
    MINUTES_A_YEAR,
    Proximity,
    Reminder,
    ReminderAction,
    ReminderAnchor,
)
from infrastructure.importers.content_lines import Component, ContentLine
from infrastructure.importers.icalendar.remarks import bounded
from infrastructure.importers.icalendar.times import UnreadableTime, duration, instant
from infrastructure.importers.icalendar.words import Surroundings
from infrastructure.importers.text import one_line

_ACTIONS = {"EMAIL": ReminderAction.EMAIL, "AUDIO": ReminderAction.AUDIO}
_PROXIMITIES = {"ARRIVE": Proximity.ARRIVE, "DEPART": Proximity.DEPART}
_NEVER = datetime(1976, 4, 1, 0, 55, 45, tzinfo=UTC)
"""When an alarm goes off by RFC 9074 that is to do so by being near only."""
_USUAL = frozenset({"", "DISPLAY", "START"})
_WORD_CHARACTERS = 100
_MINUTE = timedelta(minutes=1)


def reminders(
    component: Component, source_id: str, around: Surroundings, *, lasts: timedelta | None = None
) -> tuple[Reminder, ...]:
    """Return the alarms; the ids are the same at every import.

    ``lasts`` is how long an event is. An alarm without a UID is known by when it goes off, at an event reckoned from
    the start, so that it stays the same reminder whichever end it is counted from.
    """
    found = {
        name: replace(reminder, id=uuid5(NAMESPACE_URL, f"{source_id} {name}"))
        for name, reminder in _found(component, around, lasts, []).items()
    }
    return tuple(_snoozed(found, component))


def unkept_reminders(
    component: Component, around: Surroundings, *, lasts: timedelta | None = None
) -> Iterator[str]:
    """Yield as remarks the alarms beyond those that a record has room for, and those that never go off."""
    unkept: list[str] = []
    _found(component, around, lasts, unkept)
    yield from bounded(unkept, "VALARM")


def _found(
    component: Component, around: Surroundings, lasts: timedelta | None, unkept: list[str]
) -> dict[str, Reminder]:
    """Return the alarms by what each is known by; what is not kept is added to ``unkept``, in words."""
    found: dict[str, Reminder] = {}
    for part, trigger in _alarms(component):
        reminder = _reminder(part, trigger, around)
        name = "" if reminder is None else _uid(part) or _name(reminder, trigger, lasts)
        if reminder is None or (name not in found and len(found) >= MAX_REMINDERS):
            unkept.append(_alarm_in_words(part, trigger))
            continue
        if reminder.at == _NEVER and reminder.proximity is not Proximity.NONE:
            reminder = replace(reminder, at=None)
        found.setdefault(name, reminder)
    return found


def alarms_in_words(component: Component) -> Iterator[str]:
    """Yield as remarks when alarms go off, and how if not by being shown."""
    for part, trigger in _alarms(component):
        yield _alarm_in_words(part, trigger)


def _alarm_in_words(part: Component, trigger: ContentLine) -> str:
    said = (("ACTION", part.word("ACTION")), ("RELATED", trigger.param("RELATED").upper()))
    shown = (f";{name}={one_line(word, _WORD_CHARACTERS)}" for name, word in said if word not in _USUAL)
    return f"VALARM{''.join(shown)}: {one_line(trigger.value, _WORD_CHARACTERS)}"


def _alarms(component: Component) -> Iterator[tuple[Component, ContentLine]]:
    """Yield what may go off, with what makes it do so."""
    for part in component.parts:
        trigger = part.first("TRIGGER")
        if part.name == "VALARM" and part.word("ACTION") != "NONE" and trigger is not None:
            yield part, trigger


def _snoozed(found: dict[str, Reminder], component: Component) -> Iterator[Reminder]:
    """Yield the reminders; an alarm that goes off again for another one (RFC 9074) is no reminder but a part of that."""
    for part, _ in _alarms(component):
        again = found.get(_uid(part))
        first = found.get(_snoozes(part)) if again is not None else None
        if again is None or first is None or first is again:
            continue
        del found[_uid(part)]
        if again.at is not None and again.acknowledged_at is None:
            found[_snoozes(part)] = replace(first, snoozed_until=again.at)
    yield from found.values()


def _uid(part: Component) -> str:
    return part.word("UID") or part.word("X-WR-ALARMUID")


def _snoozes(part: Component) -> str:
    """Return the UID of the alarm that this one goes off again for, empty where it is one of its own."""
    lines = part.all("RELATED-TO")
    return next((line.word for line in lines if line.param("RELTYPE").upper() == "SNOOZE"), "")


def _reminder(part: Component, trigger: ContentLine, around: Surroundings) -> Reminder | None:
    """Return what an alarm says, None where it never goes off; its id is still to be given."""
    minutes = _minutes_before(trigger)
    at = None if minutes is not None else _moment(trigger, around)
    if minutes is None and at is None:
        return None
    acknowledged = part.first("ACKNOWLEDGED", "X-MOZ-LASTACK")
    repeat, every = _repetition(part)
    is_from_end = minutes is not None and trigger.param("RELATED").upper() == "END"
    return Reminder(
        NAMESPACE_URL,
        minutes,
        at,
        _ACTIONS.get(part.word("ACTION"), ReminderAction.DISPLAY),
        None if acknowledged is None else _moment(acknowledged, around),
        ReminderAnchor.END if is_from_end else ReminderAnchor.START,
        repeat,
        every,
        proximity=_PROXIMITIES.get(part.word("PROXIMITY") or part.word("X-APPLE-PROXIMITY"), Proximity.NONE),
    )


def _name(reminder: Reminder, trigger: ContentLine, lasts: timedelta | None) -> str:
    """Return what tells an alarm without a UID from the others."""
    minutes, is_from_end = reminder.minutes_before, reminder.relative_to is ReminderAnchor.END
    if is_from_end and lasts is not None:
        minutes = _minutes(trigger, lasts)
    name = f"{minutes} {reminder.at} {reminder.action}"
    if reminder.proximity is not Proximity.NONE:
        name = f"{name} {reminder.proximity}"
    return f"end {name}" if is_from_end and lasts is None else name


def _repetition(part: Component) -> tuple[int, int | None]:
    """Return how many times more an alarm goes off and how many minutes apart; both or neither."""
    times, apart = part.number("REPEAT") or 0, duration(part.word("DURATION"))
    if not times or apart is None or not timedelta() < apart.total <= MINUTES_A_YEAR * _MINUTE:
        return 0, None
    return min(times, MAX_REPEATS), max(round(apart.total / _MINUTE), 1)


def _minutes_before(trigger: ContentLine) -> int | None:
    """Return how long before the start or the end a trigger goes off, None where it names a time."""
    minutes = _minutes(trigger)
    return minutes if minutes is not None and abs(minutes) <= MINUTES_A_YEAR else None


def _minutes(trigger: ContentLine, lasts: timedelta = timedelta()) -> int | None:
    before = duration(trigger.word)
    return None if before is None else round((-before.total - lasts) / _MINUTE)


def _moment(line: ContentLine, around: Surroundings) -> datetime | None:
    try:
        found = instant(line, around.zones)
    except UnreadableTime:
        return None
    return found.moment(around.home) if found.in_range else None
