"""Tasks in the notes of Evernote stand in the note with all that they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.importers.evernote import CREATED, ENEX, enex, note
from tests.importers.reading import drafts, only_draft

LATE = "<dueDate>20261210T045959Z</dueDate>"
DAY, TIME = (f"<dueDateUIOption>{each}</dueDateUIOption>" for each in ("date_only", "date_time"))
NEW_YORK = "<timeZone>America/New_York</timeZone>"


def task(said: str) -> str:
    return f"<task><title>buy tea</title>{said}</task>"


def line_of(tmp_path: Path, said: str, timezone: str = "UTC") -> str:
    body = only_draft(ENEX, enex(tmp_path, note("", task(said))), timezone=timezone).arguments["body"]
    return str(body).removeprefix("- [ ] buy tea").strip()


@pytest.mark.parametrize(
    ("said", "home", "line"),
    [
        (LATE + DAY + NEW_YORK, "UTC", "(due 2026-12-09)"),
        (LATE + NEW_YORK, "UTC", "(due 2026-12-09)"),
        (LATE + DAY, "America/Lima", "(due 2026-12-09)"),
        (LATE + DAY + "<timeZone>Mars/Olympus</timeZone>", "America/Lima", "(due 2026-12-09)"),
        (LATE + DAY, "UTC", "(due 2026-12-10)"),
        (LATE + TIME + NEW_YORK, "UTC", "(due 2026-12-09 23:59 America/New_York)"),
        (LATE + TIME, "Asia/Tokyo", "(due 2026-12-10 13:59)"),
        ("<dueDate>2757600913T000000Z</dueDate>" + DAY + NEW_YORK, "UTC", ""),
    ],
)
def test_task_is_due_on_the_day_that_it_is_in_its_own_zone(
    tmp_path: Path, said: str, home: str, line: str
) -> None:
    assert line_of(tmp_path, said, home) == line


def test_task_tells_how_it_repeats_what_reminds_of_it_and_its_description(tmp_path: Path) -> None:
    reminders = (
        f"<reminder><reminderDate>20261209T140000Z</reminderDate>{NEW_YORK}</reminder>"
        "<reminder><reminderDate>20261208T000000Z</reminderDate>"
        "<reminderDateUIOption>date_only</reminderDateUIOption></reminder><reminder/>"
    )
    rule = "<recurrence>RRULE:FREQ=WEEKLY;BYDAY=MO,TU</recurrence><repeatAfterCompletion>true</repeatAfterCompletion>"
    flag = "<taskFlag>true</taskFlag><description>green,\n not black</description>"
    assert line_of(tmp_path, f"{LATE}{NEW_YORK}{rule}{reminders}{flag}") == (
        "(due 2026-12-09, reminder 2026-12-09 09:00 America/New_York, reminder 2026-12-08,"
        " repeats FREQ=WEEKLY;BYDAY=MO,TU after completion, flagged): green, not black"
    )


def test_note_without_a_moment_is_known_again_by_what_its_tasks_said_before(tmp_path: Path) -> None:
    more = "<description>green</description><taskFlag>true</taskFlag>"
    before, after, other = (
        drafts(ENEX, enex(tmp_path, note("", task(said), "")))[0].source_id
        for said in (LATE, LATE + NEW_YORK + more, LATE.replace("1210", "1212"))
    )
    assert before == after != other
    first, second = drafts(
        ENEX, enex(tmp_path, note("", CREATED + task("")) + note("", CREATED + task(LATE)))
    )
    assert first.source_id != second.source_id
