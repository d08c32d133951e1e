"""The circumstances of commands, checked when they are given: what is stored with an event must be readable for good."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from typing import Annotated, Any, TypeVar, get_type_hints
from uuid import UUID

from pydantic import Field, TypeAdapter, ValidationError

from domain.shared.errors import InvalidInput
from domain.shared.record import Source
from domain.shared.values import Id, Line, Metadata, Slug, Text

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Given:
    """The circumstances of the next command, where they are not the usual ones."""

    expected_version: Annotated[int, Field(ge=0)] | None = None
    """Fail with VersionConflict instead of trying again when the record is at another version."""
    command_id: Id | None = None
    """A repeat of the id returns the first receipt."""
    correlation_id: Id | None = None
    causation_id: Id | None = None
    record_id: Id | None = None
    """The id of the record to make."""
    source: Source | None = None
    """Where the record to make comes from."""
    metadata: Metadata = field(default_factory=dict)

    def with_others(self, circumstances: Mapping[str, Any]) -> Given:
        """Return these with some replaced; raises InvalidInput, and TypeError for a name there is none of."""
        checked = {
            name: _checked(name, _adapter(name), value) if name in _fields() else value
            for name, value in circumstances.items()
        }
        return replace(self, **checked)


def checked_purpose(purpose: object) -> str | None:
    """Return the purpose of a session as it can be stored; raises InvalidInput."""
    return _checked("purpose", _OPTIONAL_TEXT, purpose)


def checked_id(name: str, value: object) -> UUID:
    """Return an id that was given as a UUID, or as text in its canonical form; raises InvalidInput."""
    return _checked(name, _ID, value)


def checked_line(name: str, value: object) -> str:
    """Return one line of text as it can be stored; raises InvalidInput."""
    return _checked(name, _LINE, value, "must be one line of up to 1,000 characters")


def checked_slug(name: str, value: object) -> str:
    """Return a name as machines read it, as it can be stored; raises InvalidInput."""
    return _checked(
        name, _SLUG, value, "must be 1 to 64 of a-z, 0-9 and _.:-, and begin with a letter or digit"
    )


def _checked(name: str, adapter: TypeAdapter[T], value: object, fault: str = "not valid") -> T:
    # A source is a dataclass, which is not looked into again once it is one.
    plain = asdict(value) if isinstance(value, Source) else value
    with suppress(ValidationError):
        return adapter.validate_python(plain)
    msg = f"{name}: {fault}"
    raise InvalidInput(msg)


@cache
def _fields() -> Mapping[str, Any]:
    return get_type_hints(Given, include_extras=True)


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(_fields()[name])


_ID: TypeAdapter[UUID] = TypeAdapter(Id)
_LINE: TypeAdapter[str] = TypeAdapter(Line)
_SLUG: TypeAdapter[str] = TypeAdapter(Slug)
_OPTIONAL_TEXT: TypeAdapter[str | None] = TypeAdapter(Text | None)
