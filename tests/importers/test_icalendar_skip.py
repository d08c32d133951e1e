"""What becomes of days that a month lacks (SKIP, RFC 7529)."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from pathlib import Path

import pytest

from domain.productivity.occurrences import occurrences
from tests.importers.calendars import event


@pytest.mark.parametrize(
    ("start", "rule", "days"),
    [
        ("20260131", "FREQ=MONTHLY;SKIP=BACKWARD", ["01-31", "02-28", "03-31", "04-30"]),
        ("20260130", "FREQ=MONTHLY;SKIP=BACKWARD;COUNT=3", ["01-30", "02-28", "03-30"]),
        ("20280229", "FREQ=YEARLY;SKIP=BACKWARD", ["02-29", "02-28", "02-28", "02-28"]),
        ("20260131", "FREQ=MONTHLY;SKIP=OMIT", ["01-31", "03-31", "05-31", "07-31"]),
        ("20260115", "FREQ=MONTHLY;SKIP=FORWARD", ["01-15", "02-15", "03-15", "04-15"]),
        ("20260131", "FREQ=MONTHLY;SKIP=FORWARD", ["01-31", "03-01", "03-31", "05-01"]),
        ("20280131", "FREQ=MONTHLY;SKIP=FORWARD", ["01-31", "03-01", "03-31", "05-01"]),
        ("20271231", "FREQ=MONTHLY;INTERVAL=2;SKIP=FORWARD", ["12-31", "03-01", "05-01", "07-01"]),
        ("20260130", "FREQ=MONTHLY;SKIP=FORWARD;COUNT=3", ["01-30", "03-01", "03-30"]),
        ("20280229", "FREQ=MONTHLY;SKIP=FORWARD", ["02-29", "03-29", "04-29", "05-29"]),
        ("20280229", "FREQ=YEARLY;SKIP=FORWARD", ["02-29", "03-01", "03-01", "03-01"]),
        ("20260131", "FREQ=YEARLY;BYMONTH=1,4;SKIP=FORWARD", ["01-31", "05-01", "01-31", "05-01"]),
        ("20260131", "FREQ=MONTHLY;BYMONTH=1,2;SKIP=FORWARD", ["01-31", "03-01", "01-31", "03-01"]),
        ("20260131", "FREQ=WEEKLY;SKIP=FORWARD", ["01-31", "02-07", "02-14", "02-21"]),
    ],
)
def test_rule_gives_the_days_that_its_skip_means(
    tmp_path: Path, start: str, rule: str, days: list[str]
) -> None:
    found = event(tmp_path, f"DTSTART;VALUE=DATE:{start}", f"RRULE:RSCALE=GREGORIAN;{rule}")
    begin = found["start_local"]
    end = datetime(2040, 1, 1)  # noqa: DTZ001 - wall time
    all_days = occurrences(begin, found["rrule"], (), (), after=begin, before=end, timezone=None)
    assert [f"{day:%m-%d}" for day in islice(all_days, 4)] == days


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=MONTHLY;INTERVAL=5;SKIP=FORWARD",
        "FREQ=MONTHLY;BYMONTHDAY=30,31;SKIP=BACKWARD",
        "FREQ=YEARLY;BYMONTH=2,4;SKIP=BACKWARD",
        "FREQ=MONTHLY;SKIP=SIDEWAYS",
    ],
)
def test_rule_that_no_other_is_equal_to_stands_in_the_description(tmp_path: Path, rule: str) -> None:
    found = event(tmp_path, "DTSTART;VALUE=DATE:20260131", f"RRULE:RSCALE=GREGORIAN;{rule}")
    assert found["rrule"] is None
    assert "SKIP=" in found["description"]
