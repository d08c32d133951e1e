"""How changed occurrences come together with their series."""

from __future__ import annotations

from pathlib import Path
from time import process_time

from domain.productivity.calendar_event_terms import IcalStatus
from infrastructure.importers.draft import Draft, Reading
from tests.importers.calendars import IMPORTER, entries
from tests.importers.reading import written


def test_many_changes_of_many_series_with_one_uid_end_soon(tmp_path: Path) -> None:
    def day(number: int) -> str:
        return f"{2025 + number // 336}{1 + number // 28 % 12:02}{1 + number % 28:02}"

    many = 1500
    wholes = (f"DTSTART:{day(each)}T000000Z\nSUMMARY:{each}\nRRULE:FREQ=DAILY" for each in range(many))
    changes = (f"RECURRENCE-ID:{day(each)}T120000Z\nDTSTART:20250101T000000Z" for each in range(many))
    text = "".join(f"BEGIN:VEVENT\nUID:s\n{each}\nEND:VEVENT\n" for each in (*wholes, *changes))
    path = written(tmp_path, "calendar.ics", text)
    begun = process_time()
    found = list(IMPORTER.read(path, Reading()))
    assert process_time() - begun < 8  # it takes one second, and took 18
    assert sum(isinstance(each, Draft) for each in found) == 2 * many


def test_every_entry_is_read_in_its_own_calendar(tmp_path: Path) -> None:
    calendars = (
        f"BEGIN:VCALENDAR\nMETHOD:{method}\nX-WR-CALNAME:{method}\nBEGIN:VEVENT\nUID:u\nSEQUENCE:{sequence}\n"
        "DTSTART:20261224\nEND:VEVENT\nEND:VCALENDAR\n"
        for sequence, method in enumerate(("CANCEL", "REQUEST"))
    )
    _, newer = entries(tmp_path, "".join(calendars))
    assert isinstance(newer, Draft)
    assert newer.arguments["calendar_name"] == "REQUEST"
    assert newer.arguments["ical_status"] is IcalStatus.CONFIRMED
