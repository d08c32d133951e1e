"""What known keys demand of their values, and how those with one value at a time keep it at one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from domain.profile import profile_keys
from domain.profile.profile_attribute import ProfileAttribute
from domain.profile.profile_attribute_terms import (
    AttributeStatus,
    KeyTaken,
    PastValue,
    TypeUnfit,
    UnitUnfit,
    ValidityOverlaps,
    ValueType,
    ValueUnfit,
)
from domain.profile.profile_keys import KNOWN_KEYS, Cardinality
from domain.shared import clock
from domain.shared.commands import commands_of
from domain.shared.peers import Claim
from domain.shared.record import attach, subject_of
from tests.domain.profile.facts import EMPLOYER, HIRED, MOVED, REMARK, proposed, stated
from tests.domain.shelf import Shelf

Make = Callable[..., ProfileAttribute]

HOME = {"namespace": "address", "key": "home", "value": "1 Main Street"}
HEIGHT = {"namespace": "body", "key": "height_cm", "value": "182"}
BIRTHDAY = {"namespace": "identity", "key": "date_of_birth", "value": "1990-12-10"}
HOME_CLAIM = Claim("profile_attribute.key", "address.home")

WRITTEN: Mapping[ValueType | None, str] = {
    ValueType.DATE: "1990-12-10",
    ValueType.DECIMAL: "70",
    ValueType.EMAIL: "ada@example.org",
}
"""Values of types that do not take just any text."""


def kept(shelf: Shelf, make: Make = stated, /, **details: Any) -> ProfileAttribute:
    attribute = make(**HOME | details, peers=shelf)
    shelf.add(attribute)
    return attribute


def as_it_is(attribute: ProfileAttribute) -> ProfileAttribute:
    """Return the fact as it would be loaded later at this version."""
    earlier = deepcopy(attribute)
    attach(earlier, subject_of(attribute), Shelf())
    return earlier


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


@pytest.mark.parametrize("name", KNOWN_KEYS)
def test_only_a_key_with_one_value_is_taken_by_it(name: str) -> None:
    namespace, key = name.split(".")
    value = WRITTEN.get(KNOWN_KEYS[name].value_type, "https://example.org")
    shelf, details = Shelf(), {"namespace": namespace, "key": key, "value": value}
    kept(shelf, **details)
    if KNOWN_KEYS[name].cardinality is Cardinality.MANY:
        kept(shelf, **details)
        return
    with pytest.raises(KeyTaken):
        kept(shelf, **details)


def test_held_fact_has_its_key_to_itself() -> None:
    shelf = Shelf()
    home = kept(shelf)
    assert home.claims == {HOME_CLAIM}
    with pytest.raises(KeyTaken):
        kept(shelf)
    home.make_primary()
    assert home.claims == {HOME_CLAIM, Claim("profile.primary", "address.home")}
    home.end(MOVED)
    assert home.claims == {HOME_CLAIM}
    with pytest.raises(KeyTaken):
        kept(shelf, valid_from=MOVED)
    home.retract()
    assert home.claims == frozenset()
    kept(shelf)


def test_free_key_is_taken_by_nobody() -> None:
    shelf = Shelf()
    assert kept(shelf, **REMARK).claims == kept(shelf, **REMARK).claims == frozenset()


def test_the_one_fact_of_a_key_may_change() -> None:
    home = kept(Shelf())
    home.correct("2 Main Street")
    home.supersede("3 Main Street")
    home.verify("rent contract")
    assert [each.value for each in home.past] == ["2 Main Street"]
    assert home.claims == {HOME_CLAIM}


def test_proposal_takes_its_key_when_it_is_accepted() -> None:
    shelf = Shelf()
    home, other = kept(shelf), kept(shelf, proposed)
    assert other.claims == frozenset()
    with pytest.raises(KeyTaken):
        other.accept()
    home.retract()
    other.accept()
    assert other.claims == {HOME_CLAIM}
    with pytest.raises(KeyTaken):
        kept(shelf)


def test_rejected_proposal_does_not_stand_in_the_way() -> None:
    shelf = Shelf()
    kept(shelf, proposed).reject()
    kept(shelf)


def test_fact_in_the_trash_leaves_its_key_to_another_and_comes_back_only_to_a_free_one() -> None:
    shelf = Shelf()
    home = kept(shelf)
    home.trash()
    assert home.claims == frozenset()
    other = kept(shelf)
    with pytest.raises(KeyTaken):
        home.restore()
    other.trash()
    home.restore()
    assert home.claims == {HOME_CLAIM}


def test_what_does_not_hold_its_key_comes_back_from_the_trash_at_any_time() -> None:
    shelf = Shelf()
    gone, proposal = kept(shelf), kept(shelf, proposed)
    gone.retract()
    kept(shelf)
    for each in (gone, proposal):
        each.trash()
        each.restore()
        assert each.deleted_at is None


def test_revert_brings_back_no_second_fact_of_a_key() -> None:
    shelf = Shelf()
    home = kept(shelf)
    held = as_it_is(home)
    home.retract()
    retracted = as_it_is(home)
    other = kept(shelf)
    with pytest.raises(KeyTaken):
        home.revert_to(held, "")
    other.retract()
    home.revert_to(held, "")
    home.revert_to(retracted, "")
    assert home.claims == frozenset()


def test_revert_of_the_one_fact_of_a_key_leaves_it_the_one() -> None:
    home = kept(Shelf())
    before = as_it_is(home)
    home.supersede("2 Main Street")
    home.revert_to(before, "")
    assert home.value == "1 Main Street"
    assert home.claims == {HOME_CLAIM}


def test_revert_into_the_trash_takes_no_key() -> None:
    shelf = Shelf()
    home = kept(shelf)
    home.trash()
    trashed = as_it_is(home)
    home.restore()
    home.retract()
    kept(shelf)
    home.revert_to(trashed, "")
    assert home.deleted_at is not None


@pytest.mark.parametrize("details", [EMPLOYER, HOME], ids=["many values", "one value"])
def test_value_that_is_over_is_followed_by_none_from_before_its_end(details: dict[str, str]) -> None:
    attribute = stated(**details, valid_to=MOVED)
    with pytest.raises(ValidityOverlaps):
        attribute.supersede("another", valid_from=MOVED - timedelta(days=1))
    attribute.supersede("another", valid_from=MOVED)
    assert (attribute.past[-1].valid_to, attribute.valid_from, attribute.valid_to) == (MOVED, MOVED, None)
    attribute.end(date(2021, 1, 1))
    attribute.supersede("a third", valid_from=date(2022, 1, 1))
    assert (attribute.past[-1].valid_to, attribute.valid_to) == (date(2021, 1, 1), None)


def test_value_replaces_what_was_to_end_later() -> None:
    with clock.reading(lambda: datetime(2019, 1, 1, tzinfo=UTC)):
        attribute = stated(**HOME, valid_to=MOVED)
        attribute.supersede("2 Main Street", valid_from=date(2020, 6, 30))
    assert attribute.past == (PastValue("1 Main Street", None, HIRED, date(2020, 6, 30)),)
