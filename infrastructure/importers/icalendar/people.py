"""Reads who called an event and who comes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from domain.productivity.calendar_event_terms import (
    MAX_ATTENDEES,
    Attendee,
    AttendeeKind,
    AttendeeRole,
    Organizer,
    Rsvp,
)
from domain.shared.values import address_key
from infrastructure.importers.content_lines import Component, ContentLine
from infrastructure.importers.icalendar.remarks import bounded, head_of
from infrastructure.importers.text import one_line

_ADDRESS_CHARACTERS = 320
_LINE_CHARACTERS = 1000

_KINDS = {"GROUP": AttendeeKind.GROUP, "RESOURCE": AttendeeKind.RESOURCE, "ROOM": AttendeeKind.ROOM}
_ROLES = {
    "CHAIR": AttendeeRole.CHAIR,
    "OPT-PARTICIPANT": AttendeeRole.OPTIONAL,
    "NON-PARTICIPANT": AttendeeRole.NON_PARTICIPANT,
}
_ANSWERS = {
    "ACCEPTED": Rsvp.ACCEPTED,
    "COMPLETED": Rsvp.ACCEPTED,
    "IN-PROCESS": Rsvp.ACCEPTED,
    "CONFIRMED": Rsvp.ACCEPTED,  # vCalendar 1.0
    "DECLINED": Rsvp.DECLINED,
    "TENTATIVE": Rsvp.TENTATIVE,
    "DELEGATED": Rsvp.DELEGATED,
}
_MAIL = re.compile(r"[^\s@:/]+@[^\s@:/]+")
_MADE_UP = re.compile(r".*@(?:imip\.me\.com|(?:[a-z]+\.)?calendar\.google\.com)")
"""Addresses of Apple and Google that stand for somebody known by another one, or for a calendar."""


def organizer(component: Component) -> Organizer | None:
    """Return who called the event."""
    line = component.first("ORGANIZER")
    if line is None:
        return None
    address, name = address_of(line), one_line(line.param("CN"), _LINE_CHARACTERS)
    return Organizer(address, name) if address else None


def is_organizer(component: Component, addresses: frozenset[str]) -> bool | None:
    """Return whether the person called the event; None where the entry, or what is known of them, cannot tell."""
    line = component.first("ORGANIZER")
    if line is None or not addresses:
        return None
    named = {address_key(each) for each in (address_of(line), _given(line))}
    if not named.isdisjoint(addresses):
        return True
    return False if any(_MAIL.fullmatch(each) and not _MADE_UP.fullmatch(each) for each in named) else None


def attendees(component: Component) -> tuple[Attendee, ...]:
    """Return who is invited, each address once, as it comes first."""
    found: dict[str, Attendee] = {}
    for line in component.all("ATTENDEE"):
        address = address_of(line)
        if not address or len(found) >= MAX_ATTENDEES:
            continue
        answer = (line.param("PARTSTAT") or line.param("STATUS")).upper()
        attendee = Attendee(
            address,
            one_line(line.param("CN"), _LINE_CHARACTERS),
            _KINDS.get(line.param("CUTYPE").upper(), AttendeeKind.INDIVIDUAL),
            _ROLES.get(line.param("ROLE").upper(), AttendeeRole.REQUIRED),
            _ANSWERS.get(answer, Rsvp.NEEDS_ACTION),
            line.param("RSVP").upper() in {"TRUE", "YES"},
            one_line(line.param("X-RESPONSE-COMMENT"), _LINE_CHARACTERS),
        )
        found.setdefault(address_key(address), attendee)
    return tuple(found.values())


def unkept_guests(component: Component) -> Iterator[str]:
    """Yield as remarks who is invited beyond those that an event has room for."""
    lines = component.all("ATTENDEE")
    if len(lines) <= MAX_ATTENDEES:
        return
    kept = {address_key(each.address) for each in attendees(component)}
    unkept = (line for line in lines if (address := address_of(line)) and address_key(address) not in kept)
    yield from bounded(map(person_in_words, unkept), "ATTENDEE")


def person_in_words(line: ContentLine) -> str:
    """Return as a remark who called an entry, or is invited to it, and what they have answered."""
    address, name = address_of(line), one_line(line.param("CN"), _LINE_CHARACTERS)
    whom = f"{name} <{address}>" if name and name != address else address
    return f"{head_of(line, 'ROLE', 'PARTSTAT')}: {whom}" if whom else ""


def own_answer(invited: tuple[Attendee, ...], addresses: frozenset[str]) -> Rsvp | None:
    """Return what the person has answered, None where they are not invited."""
    return next((each.rsvp for each in invited if address_key(each.address) in addresses), None)


def address_of(line: ContentLine) -> str:
    """Return the mail address, failing that any other one, failing that the name."""
    address, given = _bare(line.text), _given(line)
    if given and "@" not in address:
        return given
    if address.lower() in {"", "invalid:nomail", "nomail"}:
        return one_line(line.param("CN"), _ADDRESS_CHARACTERS)
    return address


def _given(line: ContentLine) -> str:
    """Return the mail address that stands beside one that programs know better."""
    return _bare(line.param("EMAIL") or line.param("X-EMAIL"))


def _bare(text: str) -> str:
    address = one_line(text, _ADDRESS_CHARACTERS)
    return address[7:].strip() if address[:7].lower() == "mailto:" else address
