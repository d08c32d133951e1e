"""The rule for a position on a record of any kind."""

from __future__ import annotations

from domain.shared.errors import RuleBroken


class HalfPlace(RuleBroken):
    """Latitude and longitude are given together or not at all."""


def require_whole_place(latitude: float | None, longitude: float | None) -> None:
    """Raise HalfPlace where only one of the two is known."""
    if (latitude is None) is not (longitude is None):
        raise HalfPlace
