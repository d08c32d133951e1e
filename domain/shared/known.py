"""What a command is told beside what its record knows: an argument left out (None) keeps what is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from domain.shared.record import Record

T = TypeVar("T")


def told(new: T | None, known: T) -> T:
    """Return what was told, or what is known where nothing was."""
    return known if new is None else new


def with_known(record: Record, **facts: object) -> dict[str, object]:
    """Return facts about fields of the record's state, each by its name; None stands for what is known."""
    return {name: told(value, getattr(record, name)) for name, value in facts.items()}


def differs(record: Record, facts: Mapping[str, object]) -> bool:
    """Whether any of the facts is news to the record."""
    return any(getattr(record, name) != value for name, value in facts.items())


def say(record: Record, event_class: type[Record.Event], **facts: object) -> None:
    """Trigger an event unless everything it says of the state is so already."""
    if differs(record, facts):
        record.trigger_event(event_class, **facts)
