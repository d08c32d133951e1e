"""Random histories over all kinds, as data: hypothesis draws them, ``live`` carries them out in a store.

    @given(histories(min_size=20))
    def test_...(history):
        lived = live(me, history)

The arguments of a step come from the JSON Schema of its command, so a new command takes part by itself. Many
a step is refused (a task completed twice, a cycle): that is life, and ``live`` goes on with the next. A history
of ``every_kind`` begins with one record of each. References point at records of the same history. Ids and times
are part of the data, so a history that fails shrinks and can be lived again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any
from uuid import UUID

import orjson
from hypothesis import strategies as st

from domain.catalogue import KINDS, kind_named
from domain.shared import clock
from domain.shared.commands import Command, commands_of
from domain.shared.errors import DomainError
from domain.shared.values import new_id
from infrastructure.errors import ClaimTaken, NotFound, ProcessingRestricted
from infrastructure.ledger.events import Receipt
from infrastructure.store.session import Session, named
from tests.privacy.planting import NEEDED

BEGINNING = datetime(2026, 6, 1, 9, tzinfo=UTC)
WORDS = ("oak", "river", "lamp", "Überweisung", "日記", "snow 雪", "Ångström", "x")
SUITABLE: Mapping[str, Mapping[str, Any]] = {
    **NEEDED,
    "link.create": {**NEEDED["link.create"], "query": "oak", "expires_at": None},
    "album.create": {},
    "contact.add": {"name": {"full": "Oak River"}},
    "note.write": {"title": "Oak"},
    "location.record_batch": {
        "points": [{"recorded_at": "2026-06-01T11:00:00+00:00", "latitude": 52.5, "longitude": 13.4}]
    },
    "health_record.record": {**NEEDED["health_record.record"], "record_type": "observation"},
}
"""What a creating command needs besides what its schema tells."""

GRAMMARS: Mapping[str, st.SearchStrategy[str]] = {
    "zone": st.sampled_from(("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata")),
    "rrule|recurrence|^rule$": st.sampled_from(
        ("FREQ=DAILY;COUNT=3", "FREQ=WEEKLY;BYDAY=MO,WE", "FREQ=YEARLY")
    ),
    "url|ur[il]$|moved_to|unsubscribe|^attachments$": st.integers(0, 20).map(
        lambda number: f"https://example.org/{number}"
    ),
    "currency": st.sampled_from(("EUR", "USD", "JPY", "DEM")),
    "country": st.sampled_from(("DE", "FR", "NZ")),
    "^recipient$": st.sampled_from(("5eed" * 16, "ace0" * 16)),
    "email|^address$": st.integers(0, 20).map(lambda number: f"someone{number}@example.org"),
}
"""Texts that follow a grammar the schema does not tell, by what the field's name contains."""


CLOSE = "^day$|arrived_at|left_at|started_at|ended_at"
"""Times that have to lie within a day or beside it, by the field's name."""


@dataclass(frozen=True)
class Step:
    """One command of a history; ``after`` is the time since the step before it."""

    after: timedelta
    command: str
    record: int
    """The number of the record among those of the history; the person's own is number 0."""
    arguments: Mapping[str, Any]
    """As JSON values; a ``Reference`` stands for the id of a record."""


@dataclass(frozen=True)
class Reference:
    """The id of a record of the history, not known before it is lived."""

    record: int


@dataclass
class Lived:
    """What came of a history: the ids of its records, and the moment and receipt of each step that was taken."""

    ids: dict[int, UUID]
    taken: list[tuple[datetime, Receipt]] = field(default_factory=list)
    refused: int = 0

    @property
    def moments(self) -> list[datetime]:
        """Return the moments at which something happened, in order."""
        return [moment for moment, _ in self.taken]


@st.composite
def histories(
    draw: st.DrawFn,
    *,
    kinds: Sequence[str] = tuple(KINDS),
    min_size: int = 5,
    max_size: int = 40,
    every_kind: bool = False,
) -> tuple[Step, ...]:
    """Draw the history of one person who is registered already."""
    records: list[str] = ["user"]
    steps: list[Step] = []
    beginnings = [kind for kind in kinds if kind != "user"] if every_kind else []
    for _ in range(len(beginnings) + draw(st.integers(min_size, max_size))):
        plain = bool(beginnings)
        if plain:
            command, number = _first_command(beginnings.pop()), len(records)
        else:
            command, number = draw(_next(tuple(records), tuple(kinds)))
        if number == len(records):
            records.append(command.kind.KIND)
        schema = _schema(command)
        drawing = _Drawing(draw, schema, tuple(records), plain)
        arguments = drawing.object(schema, SUITABLE.get(command.name, {}))
        after = timedelta(milliseconds=draw(st.sampled_from((0, 1, 1_000, 86_400_000))))
        steps.append(Step(after, command.name, number, arguments))
    return tuple(steps)


def live(session: Session, history: Sequence[Step], *, start: datetime = BEGINNING) -> Lived:
    """Carry out a history, each step at its time; what the domain refuses is passed over."""
    lived, now = Lived({0: session.subject_id}), start
    for step in history:
        now += step.after
        kind, _, verb = step.command.partition(".")
        creates = commands_of(kind_named(kind))[verb].creates
        record_id = lived.ids.setdefault(step.record, new_id())
        arguments = orjson.dumps(_resolved(step.arguments, lived.ids))
        try:
            with clock.reading(_fixed(now)):
                made = session.given(record_id=record_id) if creates else session
                call = named(kind, verb, None if creates else record_id, arguments)
                lived.taken.append((now, made.do_all([call])[-1]))
        # NotFound: the command that was to make it was refused
        except (DomainError, ClaimTaken, NotFound, ProcessingRestricted):
            lived.refused += 1
    return lived


def _fixed(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment


def _resolved(value: Any, ids: dict[int, UUID]) -> Any:
    match value:
        case Reference(record=number):
            return str(ids.setdefault(number, new_id()))
        case Mapping():
            return {name: _resolved(each, ids) for name, each in value.items()}
        case list():
            return [_resolved(each, ids) for each in value]
    return value


def _first_command(kind: str) -> Command:
    return next(each for each in commands_of(kind_named(kind)).values() if each.creates)


@st.composite
def _next(draw: st.DrawFn, records: tuple[str, ...], kinds: tuple[str, ...]) -> tuple[Command, int]:
    """Draw a command and the record it is for: a new one in one case of five."""
    known = [number for number, kind in enumerate(records) if kind in kinds]
    new_kinds = [kind for kind in kinds if kind != "user"]
    if new_kinds and (not known or draw(st.integers(0, 4)) == 0):
        return _first_command(draw(st.sampled_from(new_kinds))), len(records)
    number = draw(st.sampled_from(known))
    verbs = [each for each in commands_of(kind_named(records[number])).values() if not each.creates]
    return draw(st.sampled_from(verbs)), number


@dataclass(frozen=True)
class _Drawing:
    """Draws values that a JSON Schema describes."""

    draw: st.DrawFn
    root: Any
    records: tuple[str, ...]
    """The kinds of the records there are."""
    plain: bool
    """Only what is required."""

    def value(self, described: Any, name: str) -> Any:
        options = described.get("anyOf", [described])
        if {"number", "string"} <= {each.get("type") for each in options}:  # a decimal
            return f"{self.draw(st.integers(1, 9999)) / 100:.2f}"
        option = self.draw(st.sampled_from(options))
        if "$ref" in option:
            option = self.root["$defs"][option["$ref"].rpartition("/")[2]]
        return self.value(option, name) if "anyOf" in option else self.single(option, name)

    def single(self, option: Any, name: str) -> Any:
        match option:
            case {"const": value}:
                return value
            case {"enum": values}:
                return self.draw(st.sampled_from(values))
            case {"type": "array"}:
                least = option.get("minItems", 0)
                size = self.draw(st.integers(least, max(least, 2)))
                return [self.value(option.get("items", {"type": "string"}), name) for _ in range(size)]
            case {"type": "object"}:
                return self.object(option)
        return self.draw(_scalars(option, name, self.records))

    def object(self, option: Any, given: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
        made = dict(given)
        required = set(option.get("required", ()))
        for name, described in option.get("properties", {}).items():
            if name not in made and (
                name in required or (not self.plain and self.draw(st.integers(0, 3)) == 0)
            ):
                made[name] = self.value(described, name)
        return made


def _scalars(option: Any, name: str, records: tuple[str, ...]) -> st.SearchStrategy[Any]:
    match option:
        case {"type": "boolean"}:
            return st.booleans()
        case {"type": "integer" | "number"}:
            low = int(option.get("minimum", 0))
            return st.integers(low, int(min(option.get("maximum", low + 90), low + 90)))
        case {"type": "string", "format": "uuid"}:
            fitting = [number for number, kind in enumerate(records) if kind in name]
            return st.sampled_from(fitting or range(len(records))).map(Reference)
        case {"type": "string", "format": "date" | "date-time" as form}:
            local = name.endswith(("_local", "due_at")) or "occurrence" in name
            far = st.integers(-30, 30).map(lambda day: 24 * day)
            hours = st.integers(-32, 32) if re.search(CLOSE, name) else far
            return hours.map(lambda each: _written(each, form, local=local))
        case {"type": "string"}:
            return _texts(option, name)
    return st.none()


def _written(hours: int, form: str, *, local: bool) -> str:
    moment = BEGINNING + timedelta(hours=hours)
    if form == "date":
        return moment.date().isoformat()
    return (moment.replace(tzinfo=None) if local else moment).isoformat()


def _texts(option: Any, name: str) -> st.SearchStrategy[str]:
    for words, texts in GRAMMARS.items():
        if re.search(words, name):
            return texts
    if "pattern" in option:
        pattern = option["pattern"].removeprefix("^").removesuffix("$")
        return st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True)
    return st.sampled_from(WORDS).map(lambda word: word[: option.get("maxLength", len(word))])


@cache
def _schema(command: Command) -> dict[str, Any]:
    return command.json_schema()
