"""Arguments for every creating command, read from its JSON Schema, with a string of its own in every text."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from domain.catalogue import KINDS, kind_named
from domain.shared.commands import Command, commands_of
from tests.domain.core.links import PHC

SOME_MOMENT, SOME_DAY = "2026-05-04T10:00:00+02:00", "2026-05-04"
SOME_ID = "01890000-0000-7000-8000-000000000000"
FORMATS = {"date-time": SOME_MOMENT, "date": SOME_DAY, "uuid": SOME_ID}

NEEDED: Mapping[str, Mapping[str, Any]] = {
    "link.create": {"target_kind": "query", "targets": [], "password_hash": PHC},
    "album.create": {"kind": "smart"},
    "link.set_password": {"password_hash": PHC},
    "integration.connect": {"kind": "file_import", "data_kinds": ["task"]},
    "integration.begin_connect": {"kind": "oauth2", "data_kinds": ["task"]},
    "calendar_event.schedule": {
        "time_kind": "zoned",
        "timezone": "Europe/Berlin",
        "start_local": "2026-05-04T10:00:00",
        "end_local": "2026-05-04T11:00:00",
    },
    "transaction.record": {"amount": "-12.50", "currency": "EUR", "booked_on": SOME_DAY},
    "health_record.record": {"effective_at": SOME_MOMENT, "value_quantity": "1.5", "value_text": None},
    "location.record_batch": {
        "day": SOME_DAY,
        "points": [{"recorded_at": SOME_MOMENT, "latitude": 52.5, "longitude": 13.4}],
    },
}
"""What a command needs that is no text, where its schema does not tell."""

NO_FREE_TEXT = frozenset(
    {
        "timezone",
        "rrule",
        "recurrence",
        "about",
        "fhir",
        "measures_for",
        "poll",
        "overrides",
        "provenance",
        "tax",
    }
)
"""Fields whose text is of a closed set or a grammar, or that go only with others."""


class Planter:
    """Makes strings that occur nowhere else, and knows all it has made."""

    def __init__(self) -> None:
        self.planted: dict[str, str] = {}
        """Where each string was planted."""
        self.dropped: set[str] = set()
        """Those of them that were given, and rightly kept nowhere: a refresh leaves alone what a person has edited."""

    @property
    def kept(self) -> set[str]:
        """Return the strings that are to be read again."""
        return self.planted.keys() - self.dropped

    def string(self, place: str) -> str:
        """Return a new string: lower-case letters and digits, so that most fields take it."""
        made = "canary" + secrets.token_hex(9)
        self.planted[made] = place
        return made

    def arguments(self, command: Command) -> dict[str, Any]:
        """Return arguments, as JSON values, for a creating command."""
        schema = command.json_schema()
        required = set(schema.get("required", ()))
        given = dict(NEEDED.get(command.name, {}))
        for name, described in schema["properties"].items():
            if name in given or (name in NO_FREE_TEXT and name not in required):
                continue
            before = len(self.planted)
            value = self._value(described, schema, f"{command.name} {name}", needed=name in required)
            if name in required or len(self.planted) > before:
                given[name] = value
        return given

    def checked(self, command: Command) -> dict[str, Any]:
        """Return arguments, as Python values that the signature has passed, for a creating command."""
        return command.arguments_from_json(orjson.dumps(self.arguments(command)))

    def _value(self, described: Any, schema: Any, place: str, *, needed: bool) -> Any:
        option = next(each for each in described.get("anyOf", [described]) if each.get("type") != "null")
        if "$ref" in option:
            option = schema["$defs"][option["$ref"].rpartition("/")[2]]
        if "enum" in option:
            return option["enum"][0] if needed else None
        match option.get("type"):
            case "object" if "properties" in option:
                return self._object(option, schema, place)
            case "array":
                item = self._value(option["items"], schema, place, needed=needed)
                return None if item is None else [item]
            case "string":
                return self._text(option, place, needed=needed)
            case "integer" | "number":
                return option.get("minimum", 1) if needed else None
        return None

    def _object(self, option: Any, schema: Any, place: str) -> Any:
        required = set(option.get("required", ()))
        made = {
            name: self._value(each, schema, f"{place}.{name}", needed=name in required)
            for name, each in option["properties"].items()
            if name not in NO_FREE_TEXT
        }
        return {name: value for name, value in made.items() if value is not None} or None

    def _text(self, option: Any, place: str, *, needed: bool) -> Any:
        if option.get("format") in FORMATS:
            return FORMATS[option["format"]] if needed else None
        made = self.string(place)
        text = _written(made, place)
        pattern = option.get("pattern")
        if len(text) <= option.get("maxLength", len(text)) and (not pattern or re.search(pattern, text)):
            return text
        del self.planted[made]
        return _of_pattern(pattern) if needed else None


def creating_commands() -> Iterator[Command]:
    """Yield every creating command of every kind."""
    return (command for command in all_commands() if command.creates)


def all_commands() -> Iterator[Command]:
    """Yield every command of every kind."""
    for name in KINDS:
        yield from commands_of(kind_named(name)).values()


def _written(made: str, place: str) -> str:
    """Return the string in the form that a field of this name wants."""
    leaf = re.split(r"[ .]", place)[-1]
    if re.search("url|ur[il]|moved_to|unsubscribe|^attachments$", leaf):
        return f"https://{made}.example/"
    return f"{made}@example.org" if leaf in {"email", "address"} else made


def _of_pattern(pattern: str) -> str:
    """Return a text that a pattern of the value types takes."""
    return next(
        text
        for text in (
            secrets.token_hex(32),
            secrets.token_hex(8),
            "EUR",
            "DE",
            "text/plain",
            "day",
            "DE12500105",
        )
        if re.search(pattern, text)
    )
