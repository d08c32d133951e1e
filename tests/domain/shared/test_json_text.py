"""One form of JSON, whichever serialiser writes it: pydantic reads back what was written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest
from pydantic import ConfigDict, TypeAdapter

from domain.shared.json_text import ReadOnce, json_of


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Part:
    amount: Decimal
    raw: bytes


@pytest.mark.parametrize(
    ("shape", "value"),
    [
        (datetime, datetime(2026, 6, 1, 9, 0, 0, 1, tzinfo=UTC)),
        (date, date(2026, 6, 1)),
        (Decimal, Decimal("0.10")),
        (bytes, b"\x00\xff\xfe"),
        (UUID, UUID(int=7)),
        (Colour, Colour.RED),
        (tuple[str, ...], ("oak", "日記")),
        (tuple[Part, ...], (Part(Decimal("-12.50"), b"\xfb\xef"),)),
        (dict[str, tuple[Part, ...]], {"parts": (Part(Decimal(1), b""),)}),
        (int, 2**80),
        (dict[int, str], {1: "one"}),
    ],
)
def test_a_value_is_read_back_as_it_was_written(shape: Any, value: object) -> None:
    reader: TypeAdapter[Any] = TypeAdapter(shape, config=ConfigDict(val_json_bytes="base64"))
    assert reader.validate_json(json_of(value)) == value


@pytest.mark.parametrize(
    "value", ["\ud800", object(), {"deep": object()}], ids=["surrogate", "object", "deep"]
)
def test_what_has_no_form_is_refused(value: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - pydantic's own kind of it, which may quote the value
        json_of(value)


@pytest.mark.parametrize(
    "hold",
    [
        lambda once: {"deep": [once]},
        lambda once: (2**80, once),
        lambda once: {once},
        lambda once: [frozenset({(once,)})],
        lambda once: Part(once, b""),
        lambda once: (2**80, {"deep": Part(once, b"")}),
    ],
    ids=["list", "with a long number", "set", "tuple in a set", "part", "part with a long number"],
)
def test_what_can_be_read_once_is_refused_unread(hold: Callable[[Any], object]) -> None:
    once = iter([1, 2])
    with pytest.raises(ReadOnce):
        json_of(hold(once))
    assert list(once) == [1, 2]


def test_what_holds_itself_has_no_form() -> None:
    ring: list[Any] = [2**80]
    ring.append(ring)
    with pytest.raises(ValueError):  # noqa: PT011 - see above
        json_of(ring)
