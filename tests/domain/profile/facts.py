"""Facts of a profile for tests."""

from __future__ import annotations

from datetime import date
from typing import Any

from domain.profile.profile_attribute import ProfileAttribute
from domain.profile.profile_attribute_terms import Provenance
from domain.shared.peers import NoPeers
from domain.shared.record import Origin
from domain.shared.values import new_id

EMPLOYER, REMARK = {"namespace": "work", "key": "employer"}, {"namespace": "work", "key": "remark"}
"""A key that is known, and one that is free."""

BORN, HIRED, MOVED = date(1990, 12, 10), date(2015, 4, 1), date(2020, 7, 1)


def stated(**details: Any) -> ProfileAttribute:
    given: dict[str, Any] = {"value": "Initech", "valid_from": HIRED}
    return ProfileAttribute.state(_origin(details), **EMPLOYER | given | details)


def proposed(**details: Any) -> ProfileAttribute:
    given: dict[str, Any] = {"value": "Initech", "provenance": Provenance.DERIVED, "confidence": 0.6}
    return ProfileAttribute.propose(_origin(details), **EMPLOYER | given | details)


def topics(attribute: ProfileAttribute) -> list[str]:
    return [event.TOPIC for event in attribute.pending_events if isinstance(event, ProfileAttribute.Event)]


def _origin(details: dict[str, Any]) -> Origin:
    return Origin(new_id(), peers=details.pop("peers", NoPeers()))
