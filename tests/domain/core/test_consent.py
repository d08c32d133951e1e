"""What a person agrees to and forbids."""

from __future__ import annotations

import pytest

from domain.core.user import User, consents_to, restricts
from domain.core.user_terms import MAX_PURPOSES, ConsentNotFound
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput
from domain.shared.record import TooMany
from tests.domain.core.users import NOON, TEXT, active, topics

pytestmark = pytest.mark.usefixtures("at_noon")

OTHER_TEXT = "b" * 64


def test_consent_is_kept_with_the_words_it_was_given_to() -> None:
    user = active()
    user.give_consent("newsletter", version="2", text_sha256=TEXT)
    (consent,) = user.consents
    assert (consent.purpose, consent.version, consent.text_sha256) == ("newsletter", "2", TEXT)
    assert (consent.given_at, consent.withdrawn_at) == (NOON, None)
    assert consents_to(user, "newsletter")
    assert not consents_to(user, "research")


def test_consent_to_the_same_words_is_not_given_twice() -> None:
    user = active()
    user.give_consent("newsletter", version="2", text_sha256=TEXT)
    version = user.version
    user.give_consent("newsletter", version="2", text_sha256=TEXT)
    assert user.version == version
    user.give_consent("newsletter", version="2", text_sha256=OTHER_TEXT)
    user.give_consent("newsletter", version="3", text_sha256=OTHER_TEXT)
    assert user.version == version + 2
    assert [(each.version, each.text_sha256) for each in user.consents] == [("3", OTHER_TEXT)]


def test_withdrawn_consent_no_longer_counts_until_given_again() -> None:
    user = active()
    user.give_consent("research", version="1", text_sha256=TEXT)
    user.give_consent("newsletter", version="1", text_sha256=TEXT)
    user.withdraw_consent("newsletter")
    user.withdraw_consent("newsletter")
    assert topics(user)[-1] == "user.consent_withdrawn"
    assert topics(user).count("user.consent_withdrawn") == 1
    assert (consents_to(user, "newsletter"), consents_to(user, "research")) == (False, True)
    assert user.consents[-1].withdrawn_at == NOON
    user.give_consent("newsletter", version="1", text_sha256=TEXT)
    assert consents_to(user, "newsletter")


def test_consent_never_given_cannot_be_withdrawn() -> None:
    with pytest.raises(ConsentNotFound):
        active().withdraw_consent("newsletter")


def test_purposes_are_bounded() -> None:
    user = active()
    for number in range(MAX_PURPOSES):
        user.give_consent(f"purpose-{number}", version="1", text_sha256=TEXT)
    with pytest.raises(TooMany):
        user.give_consent("one-more", version="1", text_sha256=TEXT)
    user.give_consent("purpose-0", version="2", text_sha256=TEXT)
    assert len(user.consents) == MAX_PURPOSES


def test_restriction_of_a_kind_leaves_the_others_alone() -> None:
    user = active()
    user.restrict_processing("location")
    user.restrict_processing("location")
    assert topics(user)[2:] == ["user.processing_restricted"]
    assert (restricts(user, "location"), restricts(user, "task")) == (True, False)
    assert user.restrictions[0].since == NOON


def test_restriction_of_everything_is_lifted_by_itself() -> None:
    user = active()
    user.restrict_processing("location")
    user.restrict_processing()
    assert restricts(user, "task")
    user.lift_restriction()
    assert (restricts(user, "location"), restricts(user, "task")) == (True, False)
    user.lift_restriction("location")
    assert user.restrictions == ()
    assert topics(user)[-1] == "user.restriction_lifted"


def test_only_kinds_there_are_can_be_restricted() -> None:
    command = commands_of(User)["restrict_processing"]
    assert command.arguments((), {}) == {"kind": None}
    with pytest.raises(InvalidInput) as refused:
        command.arguments(("my secret",), {})
    assert "secret" not in str(refused.value)
