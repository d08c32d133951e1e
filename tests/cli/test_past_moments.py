"""How the command line reads a moment of the past."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import typer

from infrastructure.cli.past_moments import past_moment

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(
    2026, 3, 30, 8, 15, tzinfo=UTC
)  # a Monday, 10:15 in Berlin; the clocks went forward the day before


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01", "2026-03-01T00:00:00+01:00"),
        ("2026-03-01T12:00", "2026-03-01T12:00:00+01:00"),
        ("2026-03-30T12:00", "2026-03-30T12:00:00+02:00"),
        ("2026-03-01T12:00Z", "2026-03-01T12:00:00+00:00"),
        ("now", "2026-03-30T08:15:00+00:00"),
        ("today", "2026-03-30T23:59:59.999999+02:00"),
        ("Yesterday", "2026-03-29T23:59:59.999999+02:00"),
        ("last friday", "2026-03-27T23:59:59.999999+01:00"),
        ("last  Monday", "2026-03-23T23:59:59.999999+01:00"),
        ("last sunday", "2026-03-29T23:59:59.999999+02:00"),
        ("90 minutes ago", "2026-03-30T06:45:00+00:00"),
        ("an hour ago", "2026-03-30T07:15:00+00:00"),
        ("3 days ago", "2026-03-27T10:15:00+01:00"),
        ("1 week ago", "2026-03-23T10:15:00+01:00"),
        ("a month ago", "2026-02-28T10:15:00+01:00"),
        ("2 years ago", "2024-03-30T10:15:00+01:00"),
    ],
)
def test_a_moment_is_read_in_the_persons_zone(text: str, moment: str) -> None:
    assert past_moment(text, BERLIN, NOW) == datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    "text", ["", "soon", "last", "next friday", "3 days", "-1 days ago", "99999 years ago"]
)
def test_what_names_no_moment_is_wrong_usage(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        past_moment(text, BERLIN, NOW)
