"""How the values of a fact are written."""

from __future__ import annotations

import pytest

from domain.profile.profile_attribute import ProfileAttribute
from domain.profile.profile_attribute_terms import CurrencyMissing, ValueType, ValueUnfit
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput
from domain.shared.money import ExcessPrecision
from tests.domain.profile.facts import REMARK, proposed, stated


@pytest.mark.parametrize("word", ["Work", "work.employer", "", "1st", "a" * 65])
def test_namespace_and_key_are_single_words(word: str) -> None:
    command = commands_of(ProfileAttribute)["state"]
    assert command.arguments(("work", "employer"), {"value": "Initech"})
    with pytest.raises(InvalidInput):
        command.arguments((word, "employer"), {"value": "Initech"})
    with pytest.raises(InvalidInput):
        command.arguments(("work", word), {"value": "Initech"})


WRITTEN_WELL = [
    ("string", "Initech"),
    ("address", "1 Main Street\nVienna"),
    ("enum", "married"),
    ("integer", "-12"),
    ("decimal", "182.50"),
    ("boolean", "true"),
    ("date", "1990-12-10"),
    ("datetime", "2026-03-01T12:00:00Z"),
    ("datetime", "2026-03-01T12:00:00.5+01:00"),
    ("url", "https://example.org"),
    ("email", "ada@example.org"),
    ("phone", "+43 1 234"),
    ("json", '{"a": [1, null]}'),
    ("media_ref", "0190a0a0-0000-7000-8000-000000000000"),
]


WRITTEN_BADLY = [
    ("enum", "two\nlines"),
    ("integer", "1.0"),
    ("integer", "007"),
    ("integer", "１"),  # noqa: RUF001 - a digit, but not an ASCII one
    ("decimal", "1e5"),
    ("decimal", "NaN"),
    ("boolean", "yes"),
    ("date", "1704067200"),
    ("date", "2026-02-29"),
    ("date", "2026-03-01T00:00:00"),
    ("datetime", "2026-03-01T12:00:00"),
    ("datetime", "1704067200"),
    ("url", "example.org"),
    ("url", "http:"),
    ("phone", "12\n34"),
    ("email", "ada"),
    ("json", "{'a': 1}"),
    ("json", "NaN"),
    ("json", "[" * 10_000),
    ("media_ref", "photo"),
]


@pytest.mark.parametrize(("value_type", "value"), WRITTEN_WELL)
def test_value_is_written_as_its_type_demands(value_type: str, value: str) -> None:
    attribute = stated(**REMARK, value_type=ValueType(value_type), value=value)
    assert (attribute.value_type, attribute.value) == (value_type, value)


@pytest.mark.parametrize(("value_type", "value"), WRITTEN_BADLY)
def test_value_of_another_type_is_refused(value_type: str, value: str) -> None:
    with pytest.raises(ValueUnfit) as refused:
        stated(**REMARK, value_type=ValueType(value_type), value=value)
    assert value not in str(refused.value)
    with pytest.raises(ValueUnfit):
        proposed(**REMARK, value_type=ValueType(value_type), value=value)


def test_changed_value_is_of_the_same_type() -> None:
    attribute = stated(**REMARK, value_type=ValueType.INTEGER, value="3")
    with pytest.raises(ValueUnfit):
        attribute.correct("three")
    with pytest.raises(ValueUnfit):
        attribute.supersede("three")


@pytest.mark.parametrize("amount", ["5e4", "50000.00001", "50,000", "+1", ""])
def test_amount_of_money_is_a_plain_number(amount: str) -> None:
    with pytest.raises(ValueUnfit):
        stated(**REMARK, value_type=ValueType.MONEY, value=amount, unit="EUR")


@pytest.mark.parametrize("unit", [None, "euro", "EURO", "€", "ZZZ"])
def test_money_has_a_currency(unit: str | None) -> None:
    assert stated(**REMARK, value_type=ValueType.MONEY, value="50000.00", unit="EUR").unit == "EUR"
    with pytest.raises(CurrencyMissing):
        stated(**REMARK, value_type=ValueType.MONEY, value="50000.00", unit=unit)


@pytest.mark.parametrize(("amount", "currency"), [("50000.001", "EUR"), ("1.5", "JPY"), ("1.0001", "KWD")])
def test_money_has_no_more_decimals_than_its_currency(amount: str, currency: str) -> None:
    salary = {**REMARK, "value_type": ValueType.MONEY, "value": "50000", "unit": currency}
    for refused in (stated, proposed):
        with pytest.raises(ExcessPrecision):
            refused(**salary | {"value": amount})
    for verb in ("correct", "supersede"):
        with pytest.raises(ExcessPrecision):
            getattr(stated(**salary), verb)(amount, unit=currency)
    assert stated(**salary | {"value": f"{amount[:-1]}0"}).value
