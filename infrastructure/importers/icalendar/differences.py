"""Says in words how a changed occurrence differs from its series in what is kept of the series only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from domain.productivity.calendar_event_terms import MAX_ATTENDEES
from domain.shared.values import address_key
from infrastructure.importers.content_lines import Component
from infrastructure.importers.icalendar.alarms import alarms_in_words
from infrastructure.importers.icalendar.people import address_of, person_in_words
from infrastructure.importers.icalendar.remarks import bounded, remark
from infrastructure.importers.icalendar.words import attachments_of, labels

_USUALLY = {"STATUS": "CONFIRMED", "TRANSP": "OPAQUE", "CLASS": "PUBLIC", "PRIORITY": "0"}
"""Words that stand for themselves, and what it means where there is none."""
_CANCELLED = frozenset({"CANCELLED", "CANCELED"})
"""What an occurrence has a field for."""
_LINES = ("URL", "CONFERENCE", "X-GOOGLE-CONFERENCE", "GEO", "COLOR")
_MAX_MISSING = 10


@dataclass(frozen=True, slots=True)
class Told:
    """What an entry says that the change of one occurrence has no field for."""

    words: Mapping[str, str]
    lines: Mapping[str, tuple[str, ...]]
    """By property, as remarks."""
    labels: tuple[str, ...]
    guests: Mapping[str, str]
    """By address, in the form in which they are compared, as remarks; as many as an event has room for."""
    addresses: Mapping[str, str]
    """Those of the guests, as they are written."""
    alarms: tuple[str, ...]


def told_of(component: Component) -> Told:
    """Return what an entry says."""
    lines = {
        name: tuple(remark(line, "LABEL") for line in component.all(name) if line.value.strip())
        for name in _LINES
    }
    lines["ATTACH"] = tuple(f"ATTACH: {each}" for each in attachments_of(component))
    lines["ORGANIZER"] = tuple(filter(None, map(person_in_words, component.all("ORGANIZER"))))
    guests = [(address_of(line), person_in_words(line)) for line in component.all("ATTENDEE")[:MAX_ATTENDEES]]
    return Told(
        {name: component.word(name) for name in _USUALLY},
        lines,
        labels(component),
        {address_key(address): said for address, said in guests if address},
        {address_key(address): address for address, _ in guests if address},
        tuple(alarms_in_words(component)),
    )


def differences(own: Told, usual: Told) -> Iterator[str]:
    """Yield as remarks what an occurrence says otherwise than its series; where it says nothing it is like that."""
    for name, word in own.words.items():
        if word and word not in _CANCELLED and word != (usual.words[name] or _USUALLY[name]):
            yield from bounded((f"{name}: {word[:100]}",), name)
    for name, lines in own.lines.items():
        yield from bounded((each for each in lines if each not in usual.lines[name]), name)
    if own.labels and frozenset(own.labels) != frozenset(usual.labels):
        yield from bounded((f"CATEGORIES: {each}" for each in own.labels), "CATEGORIES")
    guests = (said for key, said in own.guests.items() if usual.guests.get(key) != said)
    yield from bounded(guests, "ATTENDEE")
    missing = usual.guests.keys() - own.guests.keys() if own.guests else frozenset()
    if missing:
        named = [usual.addresses[key] for key in usual.guests if key in missing]
        more = f", {len(named) - _MAX_MISSING} more" if len(named) > _MAX_MISSING else ""
        yield f"ATTENDEE: not {', '.join(named[:_MAX_MISSING])}{more}"
    if own.alarms and frozenset(own.alarms) != frozenset(usual.alarms):
        yield from bounded(own.alarms, "VALARM")
