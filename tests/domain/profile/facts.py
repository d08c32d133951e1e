"""Facts of a profile for tests."""

from __future__ import annotations

from datetime import date
from typing import Any

from domain.profile.profile_attribute import ProfileAttribute
from domain.profile.profile_attribute_terms import Provenance
from domain.shared.record import Origin
from domain.shared.values import new_id

BORN, HIRED, MOVED = date(1990, 12, 10), date(2015, 4, 1), date(2020, 7, 1)


def stated(**details: Any) -> ProfileAttribute:
    given: dict[str, Any] = {"value": "Initech", "valid_from": HIRED}
    return ProfileAttribute.state(Origin(new_id()), "work", "employer", **given | details)


def proposed(**details: Any) -> ProfileAttribute:
    given: dict[str, Any] = {"value": "Initech", "provenance": Provenance.DERIVED, "confidence": 0.6}
    return ProfileAttribute.propose(Origin(new_id()), "work", "employer", **given | details)
