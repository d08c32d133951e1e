"""Values as JSON text: one form for what is stored, cached and compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import Any

import orjson
from pydantic_core import to_json, to_jsonable_python


class ReadOnce(ValueError):
    """What can be read only once, such as a generator, has no form that stays the same."""


def json_of(value: object) -> bytes:
    """Return a value as JSON in UTF-8, as pydantic reads it back; raises ValueError for what has no such form.

    orjson takes a quarter of the time of pydantic's own serialiser, which knows more: whole numbers beyond
    64 bits, keys that are no text.
    """
    try:
        return orjson.dumps(value, default=_other)
    except TypeError as error:
        if isinstance(error.__cause__, ReadOnce):
            raise error.__cause__ from None
        try:
            _require_lasting(value)
        except RecursionError:
            raise ValueError from None  # it holds itself
        return to_json(value, bytes_mode="base64")


def _other(value: object) -> Any:  # noqa: ANN401 - any JSON value
    """Return what orjson does not know: decimals as text, bytes in Base64, whatever else pydantic takes."""
    if not isinstance(value, Decimal):  # most of what comes here, and in numbers
        _require_lasting(value)
    return to_jsonable_python(value, bytes_mode="base64")


def _require_lasting(value: object) -> None:
    """Raise ReadOnce where pydantic would read something to its end that whoever comes next finds empty."""
    if isinstance(value, Iterator):
        raise ReadOnce
    for part in _parts(value):
        _require_lasting(part)


def _parts(value: object) -> Iterable[object]:
    if isinstance(value, str | bytes):
        return ()
    if is_dataclass(value) and not isinstance(value, type):
        return (getattr(value, item.name) for item in fields(value))
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, Iterable) else ()
