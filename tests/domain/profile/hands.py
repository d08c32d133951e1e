"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TODAY = NOON.date()


class Hands:
    """The hands of the clock, which a test may move."""

    def __init__(self) -> None:
        self.at = NOON

    def pass_days(self, days: float) -> None:
        self.at += timedelta(days=days)
