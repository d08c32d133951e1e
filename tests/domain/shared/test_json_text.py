"""One form of JSON, whichever serialiser writes it: pydantic reads back what was written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest
from pydantic import ConfigDict, TypeAdapter

from domain.shared.json_text import json_of


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
