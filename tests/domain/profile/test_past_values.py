"""What was true before: it is followed by another value, or added later for a time of which nothing else is known."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from domain.profile.profile_attribute import ProfileAttribute
from domain.profile.profile_attribute_terms import (
    MAX_PAST,
    EndsBeforeStart,
    PastValue,
    UnitUnfit,
    ValidityOverlaps,
    ValueType,
    ValueUnfit,
)
from domain.shared.peers import Claim, PeerRef
from domain.shared.record import TooMany
from domain.shared.values import new_id
from tests.domain.profile.facts import BORN, HIRED, MOVED, REMARK, stated, topics
from tests.domain.profile.hands import TODAY

HOME = {"namespace": "address", "key": "home", "value": "1 Main Street"}
HEIGHT = {"namespace": "body", "key": "height_cm", "value": "182"}
LEFT = date(2010, 9, 1)

pytestmark = pytest.mark.usefixtures("hands")


def spans(attribute: ProfileAttribute) -> list[tuple[date | None, date]]:
    return [(each.valid_from, each.valid_to) for each in attribute.past]


def test_new_value_closes_the_old_one() -> None:
    attribute = stated()
    attribute.supersede("Initrode", valid_from=MOVED)
    assert (attribute.value, attribute.valid_from, attribute.valid_to) == ("Initrode", MOVED, None)
    assert attribute.past == (PastValue("Initech", None, HIRED, MOVED),)
    assert topics(attribute)[-1] == "profile_attribute.superseded"
    attribute.supersede("Hooli")
    assert attribute.valid_from == TODAY
    assert attribute.past[-1] == PastValue("Initrode", None, MOVED, TODAY)


def test_values_of_a_fact_never_overlap() -> None:
    attribute = stated(valid_from=HIRED, valid_to=date(2030, 1, 1))
    with pytest.raises(ValidityOverlaps):
        attribute.supersede("Initrode", valid_from=HIRED)
    attribute.supersede("Initrode", valid_from=MOVED)
    assert attribute.past[-1].valid_to == MOVED


def test_gap_between_values_stays_a_gap() -> None:
    attribute = stated()
    attribute.end(date(2018, 1, 1))
    attribute.supersede("Initech", valid_from=MOVED)
    assert attribute.past == (PastValue("Initech", None, HIRED, date(2018, 1, 1)),)
    assert (attribute.valid_from, attribute.valid_to) == (MOVED, None)


def test_past_is_bounded() -> None:
    attribute = stated(valid_from=None)
    for number in range(MAX_PAST):
        attribute.supersede(f"employer {number}", valid_from=HIRED + timedelta(days=number))
    with pytest.raises(TooMany):
        attribute.supersede("one more")


def test_earlier_value_of_a_key_with_one_value_is_added_to_the_past_of_its_fact() -> None:
    home = stated(**HOME)
    home.add_past("7 Old Lane", valid_from=BORN, valid_to=HIRED)
    assert home.past == (PastValue("7 Old Lane", None, BORN, HIRED),)
    assert (home.value, home.valid_from, home.valid_to) == ("1 Main Street", HIRED, None)
    assert home.claims == {Claim("profile_attribute.key", "address.home")}


def test_past_stays_in_order_and_gaps_in_it_are_filled() -> None:
    home = stated(**HOME)
    home.supersede("2 Main Street", valid_from=MOVED)
    home.add_past("7 Old Lane", valid_to=BORN)
    home.add_past("college", valid_from=LEFT - timedelta(days=90), valid_to=LEFT)
    home.add_past("lodgings", valid_from=LEFT, valid_to=HIRED)
    assert [each.value for each in home.past] == ["7 Old Lane", "college", "lodgings", "1 Main Street"]
    version = home.version
    home.add_past("lodgings", valid_from=LEFT, valid_to=HIRED)
    assert home.version == version


@pytest.mark.parametrize(
    ("valid_from", "valid_to"),
    [
        (BORN, HIRED + timedelta(days=1)),
        (MOVED, MOVED + timedelta(days=1)),
        (LEFT - timedelta(days=1), HIRED),
        (BORN, LEFT),
        (None, LEFT),
        (None, BORN + timedelta(days=1)),
    ],
)
def test_value_that_was_true_beside_another_is_refused(valid_from: date | None, valid_to: date) -> None:
    home = stated(**HOME)
    home.add_past("7 Old Lane", valid_from=BORN, valid_to=LEFT)
    with pytest.raises(ValidityOverlaps):
        home.add_past("lodgings", valid_from=valid_from, valid_to=valid_to)
    assert spans(home) == [(BORN, LEFT)]


def test_nothing_comes_before_a_value_of_which_nobody_knows_the_first_day() -> None:
    home = stated(**HOME, valid_from=None)
    with pytest.raises(ValidityOverlaps):
        home.add_past("7 Old Lane", valid_from=BORN, valid_to=HIRED)
    home.supersede("2 Main Street", valid_from=MOVED)
    with pytest.raises(ValidityOverlaps):
        home.add_past("7 Old Lane", valid_from=BORN, valid_to=HIRED)


def test_past_value_is_written_and_measured_as_its_key_demands() -> None:
    height = stated(**HEIGHT)
    height.add_past("171", valid_to=HIRED)
    assert height.past == (PastValue("171", "cm", None, HIRED),)
    with pytest.raises(UnitUnfit):
        height.add_past("1.6", valid_to=BORN, unit="m")
    with pytest.raises(ValueUnfit):
        height.add_past("small", valid_to=BORN)
    with pytest.raises(EndsBeforeStart):
        height.add_past("50", valid_from=MOVED, valid_to=BORN)


def test_past_that_is_full_takes_no_more() -> None:
    home = stated(**HOME)
    for number in range(MAX_PAST):
        home.add_past(
            f"lodgings {number}",
            valid_to=HIRED - timedelta(days=number),
            valid_from=HIRED - timedelta(days=number + 1),
        )
    with pytest.raises(TooMany):
        home.add_past("7 Old Lane", valid_to=BORN)
    assert spans(home) == sorted(spans(home))


def test_past_value_that_is_a_medium_is_named() -> None:
    now, then = new_id(), new_id()
    portrait = stated(**REMARK | {"value": str(now)}, value_type=ValueType.MEDIA_REF)
    portrait.add_past(str(then), valid_to=BORN)
    assert portrait.named_peers == {PeerRef("media", now), PeerRef("media", then)}
