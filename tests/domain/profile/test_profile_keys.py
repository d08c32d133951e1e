"""What known keys demand of their values, and what becomes of facts from before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from domain.profile import profile_keys
from domain.profile.profile_attribute import ProfileAttribute
from domain.profile.profile_attribute_terms import (
    AttributeStatus,
    PastValue,
    TypeUnfit,
    UnitUnfit,
    ValueType,
    ValueUnfit,
)
from domain.profile.profile_keys import KNOWN_KEYS
from domain.shared.commands import commands_of
from tests.domain.profile.facts import HIRED, MOVED, REMARK, proposed, stated

Make = Callable[..., ProfileAttribute]

HEIGHT = {"namespace": "body", "key": "height_cm", "value": "182"}
BIRTHDAY = {"namespace": "identity", "key": "date_of_birth", "value": "1990-12-10"}


def before_the_key_was_known(make: Make, monkeypatch: pytest.MonkeyPatch, **details: Any) -> ProfileAttribute:
    """Return a fact that was stated, or proposed, when its key was still a free one, read from its events."""
    with monkeypatch.context() as before:
        before.setattr(profile_keys, "KNOWN_KEYS", {})
        attribute = make(**details)
    folded: Any = None
    for event in attribute.collect_events():
        folded = event.mutate(folded)
    assert isinstance(folded, ProfileAttribute)
    return folded


@pytest.mark.parametrize("name", KNOWN_KEYS)
def test_known_key_can_be_stated(name: str) -> None:
    namespace, key = name.split(".")
    command = commands_of(ProfileAttribute)["state"]
    assert command.arguments((namespace, key), {"value": "x", "unit": KNOWN_KEYS[name].unit})


@pytest.mark.parametrize("make", [stated, proposed])
@pytest.mark.parametrize("name", KNOWN_KEYS)
def test_value_of_a_known_key_has_no_other_type(name: str, make: Make) -> None:
    namespace, key = name.split(".")
    for other in set(ValueType) - {KNOWN_KEYS[name].value_type}:
        with pytest.raises(TypeUnfit):
            make(namespace=namespace, key=key, value="true", value_type=other)


@pytest.mark.parametrize("make", [stated, proposed])
def test_value_without_a_type_has_that_of_its_key(make: Make) -> None:
    assert make(**BIRTHDAY).value_type is ValueType.DATE
    assert make(**BIRTHDAY, value_type=ValueType.DATE).value_type is ValueType.DATE
    assert make(**REMARK).value_type is ValueType.STRING
    with pytest.raises(ValueUnfit):
        make(**BIRTHDAY | {"value": "10 December"})


@pytest.mark.parametrize("make", [stated, proposed])
def test_value_has_the_unit_its_key_tells(make: Make) -> None:
    assert (make(**HEIGHT).unit, make(**HEIGHT, unit="cm").unit) == ("cm", "cm")
    with pytest.raises(UnitUnfit):
        make(**HEIGHT, unit="m")
    assert make(**REMARK, unit="m").unit == "m"
    assert make(**REMARK).unit is None


def test_changed_value_keeps_the_unit_of_its_key() -> None:
    height = stated(**HEIGHT)
    for change in (height.correct, height.supersede):
        with pytest.raises(UnitUnfit):
            change("1.83", unit="m")
    height.correct("183")
    height.supersede("184", valid_from=MOVED)
    assert (height.unit, height.past) == ("cm", (PastValue("183", "cm", HIRED, MOVED),))


def test_fact_stated_before_its_key_was_known_is_read_and_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    attribute = before_the_key_was_known(stated, monkeypatch, **BIRTHDAY | {"value": "10 December"})
    assert (attribute.value_type, attribute.value) == (ValueType.STRING, "10 December")
    for change in (attribute.correct, attribute.supersede):
        with pytest.raises(TypeUnfit):
            change("11 December")
    attribute.retract()
    assert attribute.status is AttributeStatus.RETRACTED


@pytest.mark.parametrize(
    ("details", "refusal"),
    [(BIRTHDAY, TypeUnfit), (HEIGHT | {"value_type": ValueType.DECIMAL, "unit": "m"}, UnitUnfit)],
)
def test_proposal_made_before_its_key_was_known_is_accepted_only_in_its_form(
    monkeypatch: pytest.MonkeyPatch, details: dict[str, Any], refusal: type[Exception]
) -> None:
    attribute = before_the_key_was_known(proposed, monkeypatch, **details)
    with pytest.raises(refusal):
        attribute.accept()
    attribute.reject()
    assert attribute.status is AttributeStatus.REJECTED
