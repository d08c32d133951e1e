"""Events and states as JSON, and back: one reader per event class, made when it is first needed.

The body of an event is ``{"purpose": …, "data": {…}}``. Older schema versions pass through the class's
``upcast_v1_v2`` and so on (the eventsourcing library's convention) before they are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from functools import cache
from operator import itemgetter
from typing import Any, NamedTuple, cast, get_type_hints
from uuid import UUID

import orjson
from eventsourcing.utils import get_topic
from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from domain.catalogue import UnknownKind, events_of, kind_named
from domain.shared.json_text import json_of
from domain.shared.record import Record, event_of, restored, reverted_fields, state_fields
from infrastructure.errors import CorruptEvent

_ENVELOPE = frozenset({"originator_id", "originator_version", "timestamp", "originator_topic"})
_CONFIG = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64", hide_input_in_errors=True)


def encode_event(event: Record.Event, purpose: str | None) -> bytes:
    """Return the plaintext body of an event."""
    values = vars(event)
    data = {name: values[name] for name in _own_fields(type(event))}
    return json_of({"purpose": purpose, "data": data})


def decode_event(
    kind_name: str, topic: str, schema_version: int, envelope: tuple[UUID, int, datetime], plaintext: bytes
) -> tuple[Record.Event, str | None]:
    """Return the event and the purpose it was recorded for; raises CorruptEvent, which quotes nothing.

    ``envelope`` is (record id, version, recorded at). Only topics of the kind are known: a name in the
    database never leads to an import.
    """
    try:
        reading = _reading(kind_name, topic)
        if schema_version < reading.version:
            plaintext = _upcast(reading.event_class, schema_version, plaintext)
        body = reading.body.validate_json(plaintext)
    except (KeyError, UnknownKind, ValidationError, orjson.JSONDecodeError):
        raise CorruptEvent from None
    values = body["data"]
    values["originator_id"], values["originator_version"], values["timestamp"] = envelope
    if reading.of_kind is not None:
        values["originator_topic"] = reading.of_kind
    return event_of(reading.event_class, values), body["purpose"]


def schema_version_of(event_class: type[Record.Event]) -> int:
    """Return the schema version an event class is written with."""
    version: int = getattr(event_class, "class_version", 1)
    return version


def encode_state(record: Record) -> bytes:
    """Return the state of a record as JSON, for a snapshot."""
    values = vars(record)
    return json_of({name: values[name] for name in state_fields(type(record))})


def decode_state(kind: type[Record], plaintext: bytes) -> dict[str, Any]:
    """Return the values of a kind's state fields; raises CorruptEvent."""
    try:
        return _state_reader(kind).validate_json(plaintext)
    except ValidationError:
        raise CorruptEvent from None


def encode_records(kind: type[Record], records: Sequence[Record]) -> bytes:
    """Return records as JSON, for the cache: identity and state, by place; not what only the ledger keeps."""
    values = itemgetter(*state_fields(kind))
    return json_of(
        [(each.id, each.version, each.created_on, each.modified_on, *values(vars(each))) for each in records]
    )


def decode_records(kind: type[Record], answer: bytes) -> list[Record]:
    """Return the records of ``encode_records``."""
    names = state_fields(kind)
    return [
        restored(kind, row[0], row[1], row[2], row[3], zip(names, row[4:], strict=True))
        for row in _records_reader(kind).validate_json(answer)
    ]


@cache
def _records_reader(kind: type[Record]) -> TypeAdapter[list[tuple[Any, ...]]]:
    list_of, tuple_of = cast("Any", list), cast("Any", tuple)  # their items are types made at run time
    row = tuple_of[(UUID, int, datetime, datetime, *state_hints(kind).values())]
    return TypeAdapter(list_of[row], config=_CONFIG)


@cache
def state_hints(kind: type[Record]) -> Mapping[str, Any]:
    """Return the type of each state field of a kind, Annotated kept."""
    hints = get_type_hints(kind, include_extras=True)
    return {name: hints[name] for name in state_fields(kind)}


@cache
def _own_fields(event_class: type[Record.Event]) -> tuple[str, ...]:
    return tuple(item.name for item in fields(event_class) if item.name not in _ENVELOPE)


class _Reading(NamedTuple):
    """How the events of one topic are read."""

    event_class: type[Record.Event]
    version: int
    body: TypeAdapter[Any]
    of_kind: str | None
    """The library's name of the kind, which a record's first event carries."""


@cache
def _reading(kind_name: str, topic: str) -> _Reading:
    """Find out how a topic of a kind is read; raises UnknownKind, KeyError."""
    kind = kind_named(kind_name)
    event_class = events_of(kind)[topic]
    hints = get_type_hints(event_class, include_extras=True)
    if issubclass(event_class, Record.Reverted):
        hints["state"] = _earlier_state(kind)
    data = _shape("data", {name: hints[name] for name in _own_fields(event_class)})
    body = TypeAdapter[Any](_shape("body", {"purpose": str | None, "data": data}))
    first = issubclass(event_class, Record.Created)
    return _Reading(event_class, schema_version_of(event_class), body, get_topic(kind) if first else None)


@cache
def _state_reader(kind: type[Record]) -> TypeAdapter[dict[str, Any]]:
    return TypeAdapter(_shape("state", state_hints(kind)))


def _earlier_state(kind: type[Record]) -> Any:  # noqa: ANN401 - a type, made from types
    """Return the type of a state that an event carries: other code may have written it, with other fields."""
    hints = state_hints(kind)
    return _shape("state", {name: hints[name] for name in reverted_fields(kind)}, total=False)


def _shape(name: str, hints: Mapping[str, Any], *, total: bool = True) -> Any:  # noqa: ANN401 - a type, made from types
    make: Any = TypedDict  # the functional form, with fields known only at run time
    return with_config(_CONFIG)(make(name, dict(hints), total=total))


def _upcast(event_class: type[Record.Event], version: int, plaintext: bytes) -> bytes:
    body = orjson.loads(plaintext)
    while version < schema_version_of(event_class):
        getattr(event_class, f"upcast_v{version}_v{version + 1}")(body["data"])
        version += 1
    return orjson.dumps(body)
