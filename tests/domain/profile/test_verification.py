"""How a fact is verified, and for how long that holds."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.profile.profile_attribute import ProfileAttribute
from domain.profile.profile_attribute_terms import (
    NotPending,
    NotVerified,
    Verification,
    VerificationPast,
    VerificationStanding,
)
from tests.domain.profile.facts import stated, topics
from tests.domain.profile.hands import NOON, Hands

pytestmark = pytest.mark.usefixtures("hands")


def verification_of(attribute: ProfileAttribute) -> Verification:
    return attribute.verification


def test_verification_says_who_checked_and_how() -> None:
    attribute = stated()
    attribute.verify("passport", verified_by="notary", expires_at=NOON + timedelta(days=365))
    assert attribute.verification is Verification.VERIFIED
    assert (attribute.verification_method, attribute.verified_by) == ("passport", "notary")
    assert (attribute.verified_at, attribute.verification_expires_at) == (NOON, NOON + timedelta(days=365))
    assert topics(attribute)[-1] == "profile_attribute.verified"


def test_verification_begins_and_fails_or_ends_in_one() -> None:
    attribute = stated()
    with pytest.raises(NotPending):
        attribute.fail_verification()
    attribute.begin_verification("passport")
    attribute.begin_verification("passport")
    begun = verification_of(attribute)
    attribute.fail_verification("unreadable")
    failed = verification_of(attribute)
    attribute.begin_verification("notary")
    attribute.verify("notary")
    with pytest.raises(VerificationStanding):
        attribute.begin_verification("passport")
    assert (begun, failed) == (Verification.PENDING, Verification.FAILED)
    assert topics(attribute)[1:] == [
        "profile_attribute.verification_started",
        "profile_attribute.verification_failed",
        "profile_attribute.verification_started",
        "profile_attribute.verified",
    ]


def test_verification_ends_in_the_future() -> None:
    with pytest.raises(VerificationPast):
        stated().verify("passport", expires_at=NOON)


def test_verification_expires_when_its_end_is_reached(hands: Hands) -> None:
    attribute = stated()
    with pytest.raises(NotVerified):
        attribute.expire_verification()
    attribute.verify("passport", expires_at=NOON + timedelta(days=10))
    hands.pass_days(9)
    with pytest.raises(VerificationStanding):
        attribute.expire_verification()
    hands.pass_days(1)
    attribute.expire_verification()
    assert verification_of(attribute) is Verification.EXPIRED
    assert topics(attribute)[-1] == "profile_attribute.verification_expired"
    with pytest.raises(NotVerified):
        attribute.expire_verification()
    attribute.verify("new passport")
    assert verification_of(attribute) is Verification.VERIFIED
    with pytest.raises(VerificationStanding):
        attribute.expire_verification()
