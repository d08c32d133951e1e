"""How a fact about a person is stated, proposed, changed and taken back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter

from domain.profile.profile_attribute import ProfileAttribute
from domain.profile.profile_attribute_terms import (
    AttributeEnded,
    AttributeStatus,
    EndsBeforeStart,
    NotHeld,
    NotProposed,
    OnlyDerived,
    Provenance,
    ValueType,
    Verification,
    Visibility,
)
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput
from domain.shared.peers import Claim
from domain.shared.record import Origin, Source, state_fields
from domain.shared.values import new_id
from tests.domain.profile.facts import BORN, HIRED, MOVED, REMARK, proposed, stated, topics
from tests.domain.profile.hands import NOON, TODAY, Hands

pytestmark = pytest.mark.usefixtures("hands")


def rejected() -> ProfileAttribute:
    attribute = proposed()
    attribute.reject("not me")
    return attribute


def retracted() -> ProfileAttribute:
    attribute = stated()
    attribute.retract("private")
    return attribute


def status_of(attribute: ProfileAttribute) -> AttributeStatus:
    return attribute.status


def is_primary(attribute: ProfileAttribute) -> bool:
    return attribute.is_primary


def state_of(attribute: ProfileAttribute) -> dict[str, Any]:
    return {name: getattr(attribute, name) for name in (*state_fields(ProfileAttribute), "version")}


def test_stated_fact_is_held_on_the_word_of_the_person() -> None:
    contract = new_id()
    attribute = stated(valid_to=MOVED, evidence=(contract,), visibility=Visibility.LINKS)
    assert topics(attribute) == ["profile_attribute.stated"]
    assert (attribute.namespace, attribute.key, attribute.value) == ("work", "employer", "Initech")
    assert (attribute.valid_from, attribute.valid_to) == (HIRED, MOVED)
    assert (attribute.provenance, attribute.confidence) == (Provenance.USER_STATED, 1.0)
    assert (attribute.status, attribute.visibility) == (AttributeStatus.HELD, Visibility.LINKS)
    assert attribute.evidence == (contract,)


def test_proposed_fact_holds_nothing_until_accepted() -> None:
    attribute = proposed()
    assert topics(attribute) == ["profile_attribute.proposed"]
    assert status_of(attribute) is AttributeStatus.PROPOSED
    with pytest.raises(NotHeld):
        attribute.make_primary()
    attribute.accept()
    assert status_of(attribute) is AttributeStatus.HELD
    assert (attribute.provenance, attribute.confidence) == (Provenance.DERIVED, 0.6)
    assert topics(attribute)[1:] == ["profile_attribute.accepted"]


def test_rejected_proposal_stays_rejected() -> None:
    attribute = rejected()
    assert (attribute.status, attribute.close_reason) == (AttributeStatus.REJECTED, "not me")
    with pytest.raises(NotProposed):
        attribute.accept()
    with pytest.raises(NotProposed):
        attribute.reject()


def test_only_a_proposal_is_accepted() -> None:
    with pytest.raises(NotProposed):
        stated().accept()
    with pytest.raises(NotProposed):
        stated().reject()


def test_nobody_proposes_in_the_name_of_the_person() -> None:
    command = commands_of(ProfileAttribute)["propose"]
    given = {"namespace": "work", "key": "employer", "value": "Initech", "confidence": 0.5}
    assert command.arguments_from_json(json.dumps(given | {"provenance": "imported"}))
    with pytest.raises(InvalidInput):
        command.arguments_from_json(json.dumps(given | {"provenance": "user_stated"}))
    with pytest.raises(InvalidInput):
        command.arguments_from_json(json.dumps(given | {"provenance": "imported", "confidence": 1.1}))


def test_fact_does_not_end_before_it_starts() -> None:
    assert stated(valid_from=HIRED, valid_to=HIRED).valid_to == HIRED
    with pytest.raises(EndsBeforeStart):
        stated(valid_from=MOVED, valid_to=HIRED)
    with pytest.raises(EndsBeforeStart):
        proposed(valid_from=MOVED, valid_to=HIRED)
    with pytest.raises(EndsBeforeStart):
        stated(valid_from=HIRED).end(BORN)


def test_correction_replaces_what_was_wrong() -> None:
    attribute = stated(evidence=(new_id(),))
    attribute.verify("payslip", verified_by="employer")
    attribute.correct("Initrode")
    assert (attribute.value, attribute.valid_from, attribute.past) == ("Initrode", HIRED, ())
    assert attribute.verification is Verification.UNVERIFIED
    assert (attribute.verification_method, attribute.verified_by, attribute.verified_at) == ("", "", None)
    assert attribute.evidence == ()
    assert topics(attribute)[-1] == "profile_attribute.corrected"


def test_corrected_proposal_rests_on_the_word_of_the_person() -> None:
    attribute = proposed()
    attribute.accept()
    attribute.correct("Initrode")
    assert (attribute.provenance, attribute.confidence) == (Provenance.USER_STATED, 1.0)


def test_correction_of_nothing_leaves_no_event() -> None:
    attribute = stated(**REMARK, value_type=ValueType.DECIMAL, value="182", unit="cm")
    attribute.correct("182", unit="cm")
    attribute.supersede("182", unit="cm")
    assert topics(attribute) == ["profile_attribute.stated"]
    attribute.correct("182", unit="mm")
    assert attribute.unit == "mm"


def test_ended_fact_keeps_its_value() -> None:
    attribute = stated()
    attribute.end(MOVED)
    attribute.end(MOVED)
    assert (attribute.value, attribute.valid_to) == ("Initech", MOVED)
    assert topics(attribute)[1:] == ["profile_attribute.ended"]


def test_visibility_changes_once() -> None:
    attribute = stated()
    attribute.change_visibility(Visibility.PRIVATE)
    attribute.change_visibility(Visibility.PUBLIC)
    assert attribute.visibility is Visibility.PUBLIC
    assert topics(attribute)[1:] == ["profile_attribute.visibility_changed"]


def test_primary_fact_claims_its_key_until_it_yields() -> None:
    attribute = stated()
    assert attribute.claims == frozenset()
    attribute.yield_primary()
    attribute.make_primary()
    attribute.make_primary()
    assert attribute.claims == {Claim("profile.primary", "work.employer")}
    attribute.yield_primary()
    assert attribute.claims == frozenset()
    assert topics(attribute)[1:] == ["profile_attribute.made_primary", "profile_attribute.primacy_yielded"]


def test_derived_value_never_stands_before_a_stated_one() -> None:
    attribute = proposed(provenance=Provenance.DERIVED)
    attribute.accept()
    with pytest.raises(OnlyDerived):
        attribute.make_primary()
    attribute.correct(attribute.value)  # the person says so, too
    attribute.make_primary()
    assert (attribute.provenance, is_primary(attribute)) == (Provenance.USER_STATED, True)
    version = attribute.version
    attribute.correct(attribute.value)
    assert attribute.version == version


def test_imported_value_may_be_primary() -> None:
    attribute = proposed(provenance=Provenance.IMPORTED)
    attribute.accept()
    attribute.make_primary()
    assert is_primary(attribute)


def test_trashed_fact_leaves_the_place_of_the_primary_one_to_another() -> None:
    attribute = stated()
    attribute.make_primary()
    held = attribute.claims
    attribute.trash()
    assert held
    assert attribute.claims == frozenset()
    attribute.restore()
    assert attribute.claims == held


def test_fact_no_longer_true_is_not_primary() -> None:
    attribute = stated()
    attribute.make_primary()
    attribute.end(TODAY)
    assert not is_primary(attribute)
    with pytest.raises(AttributeEnded):
        attribute.make_primary()


def test_fact_that_will_end_is_primary_until_then() -> None:
    attribute = stated()
    attribute.make_primary()
    attribute.end(TODAY + timedelta(days=1))
    assert is_primary(attribute)
    attribute.yield_primary()
    attribute.make_primary()
    assert is_primary(attribute)


def test_retracted_fact_is_hidden_and_no_longer_primary() -> None:
    attribute = stated(visibility=Visibility.PUBLIC)
    attribute.make_primary()
    attribute.retract("private")
    assert (attribute.status, attribute.close_reason) == (AttributeStatus.RETRACTED, "private")
    assert (attribute.visibility, attribute.claims) == (Visibility.PRIVATE, frozenset())
    assert topics(attribute)[-1] == "profile_attribute.retracted"


NEEDS_HELD: list[Callable[[ProfileAttribute], None]] = [
    lambda attribute: attribute.correct("Initrode"),
    lambda attribute: attribute.supersede("Initrode"),
    lambda attribute: attribute.add_past("Initrode", valid_to=BORN),
    lambda attribute: attribute.end(MOVED),
    lambda attribute: attribute.verify("passport"),
    lambda attribute: attribute.expire_verification(),
    lambda attribute: attribute.change_visibility(Visibility.PUBLIC),
    lambda attribute: attribute.make_primary(),
    lambda attribute: attribute.yield_primary(),
    lambda attribute: attribute.retract(),
]


@pytest.mark.parametrize("command", NEEDS_HELD)
@pytest.mark.parametrize("make", [proposed, rejected, retracted])
def test_only_a_fact_that_is_held_changes(
    make: Callable[[], ProfileAttribute], command: Callable[[ProfileAttribute], None]
) -> None:
    attribute = make()
    before = topics(attribute)
    with pytest.raises(NotHeld):
        command(attribute)
    assert topics(attribute) == before


def test_correction_of_an_import_counts_as_an_edit() -> None:
    origin = Origin(new_id(), source=Source("linkedin", "position-1"))
    attribute = ProfileAttribute.propose(
        origin, "work", "employer", value="Initech", provenance=Provenance.IMPORTED, confidence=0.9
    )
    attribute.accept()
    assert not attribute.edited_fields
    attribute.correct("Initrode")
    assert set(attribute.edited_fields) == {"unit", "value"}


def test_fact_is_not_shown_in_a_traceback() -> None:
    assert "Initech" not in repr(stated())


def test_events_tell_the_whole_story(hands: Hands) -> None:
    attribute = proposed(valid_from=HIRED, evidence=(new_id(),))
    attribute.accept()
    attribute.correct("Initrode")
    attribute.verify("payslip", expires_at=NOON + timedelta(days=1))
    attribute.make_primary()
    attribute.yield_primary()
    attribute.make_primary()
    hands.pass_days(1)
    attribute.expire_verification()
    attribute.supersede("Hooli", valid_from=MOVED)
    attribute.add_past("Acme", valid_from=BORN, valid_to=HIRED)
    attribute.change_visibility(Visibility.PUBLIC)
    attribute.end(TODAY)
    attribute.tag("job")
    attribute.retract("private")
    for each in (attribute, stated(valid_to=MOVED), rejected()):
        folded: Any = None
        for event in each.pending_events:
            stored = TypeAdapter(type(event)).dump_json(event)
            folded = TypeAdapter(type(event)).validate_json(stored).mutate(folded)
        assert state_of(folded) == state_of(each)
