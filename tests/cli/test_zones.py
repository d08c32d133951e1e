"""The command line speaks of times as the person's clock shows them."""

from __future__ import annotations

from pathlib import Path

import pytest

from infrastructure.store.store import Store
from tests.cli.test_cli import Run, lines, run

__all__ = ["run"]

CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:1
SUMMARY:Floating
DTSTART:20261126T090000
END:VEVENT
BEGIN:VEVENT
UID:2
SUMMARY:Holiday
DTSTART;VALUE=DATE:20261126
END:VEVENT
BEGIN:VEVENT
UID:3
SUMMARY:Dinner
DTSTART;TZID=America/New_York:20261125T190000
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture
def yorker(run: Run, store: Store, tmp_path: Path) -> Run:
    """The program, after somebody in New York has brought in a calendar."""
    assert run("init", "joe", "joe@example.org", "--timezone", "America/New_York").returncode == 0
    (tmp_path / "plan.ics").write_text(CALENDAR, "utf-8")
    assert run("import", str(tmp_path / "plan.ics")).returncode == 0
    store.catch_up()
    return run


def test_agenda_is_that_of_the_persons_own_days(yorker: Run) -> None:
    shown = yorker("agenda", "--since", "2026-11-25", "--until", "2026-11-26").stdout
    assert "2026-11-25 19:00" in shown
    assert "Holiday" not in shown
    shown = yorker("agenda", "--since", "2026-11-26", "--until", "2026-11-27").stdout
    assert "2026-11-26 09:00" in shown
    assert "2026-11-26 00:00" in shown
    assert "Dinner" not in shown


def test_json_tells_the_instants_of_floating_and_whole_day_events_by_the_persons_zone(yorker: Run) -> None:
    found = lines(yorker("agenda", "--since", "2026-11-25", "--until", "2026-11-27", "--json"))
    assert {each["title"]: each["start"] for each in found} == {
        "Dinner": "2026-11-25T19:00:00-05:00",
        "Holiday": "2026-11-26T00:00:00-05:00",
        "Floating": "2026-11-26T09:00:00-05:00",
    }


def test_timeline_history_and_records_tell_times_by_the_persons_clock(yorker: Run) -> None:
    assert "2026-11-25 19:00" in yorker("timeline", "--since", "2026-11-25", "--until", "2026-11-26").stdout
    task = lines(yorker("do", "task.create", "title=x", "--json"))[0]["id"]
    yorker("do", "task.complete", task, "completed_at=2026-07-01T12:00:00Z")
    assert "2026-07-01 08:00" in yorker("show", task).stdout
    assert "2026-07-01 08:00" in yorker("history", task).stdout
