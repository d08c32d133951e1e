"""Dates of notes: read in the forms that people and programs write, and nothing else taken for one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.importers.notes.note_dates import moment_of

BERLIN = ZoneInfo("Europe/Berlin")
DAY = datetime(2024, 1, 2, tzinfo=BERLIN)
MORNING = datetime(2024, 1, 2, 3, 4, 5, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2024-01-02", DAY),
        ("20240102", DAY),
        ("2024/01/02", DAY),
        ("2024.1.2", DAY),
        ("January 2, 2024", DAY),
        ("Jan 2nd, 2024", DAY),
        ("Tuesday, January 2, 2024", DAY),
        ("2. January 2024", DAY),
        ("02-Jan-2024", DAY),
        ("[[2024-01-02]]", DAY),
        ("[2024-01-02]", DAY),
        ("[[2024-01-02|a Tuesday]]", DAY),
        ("[2024-01-02](2024-01-02.md)", DAY),
        ("2024-01-02, 03:04:05", MORNING),
        ("2024/01/02 03:04:05", MORNING),
        ("02.01.2024 3:04:05", MORNING),
        ("20240102030405", MORNING),
        ("January 2, 2024 at 3:04:05 AM", MORNING),
        ("202401020304", MORNING.replace(second=0)),
        ("02-01-2024 03:04 AM", MORNING.replace(second=0)),
        ("02/01/2024 12:04 am", MORNING.replace(hour=0, second=0)),
        ("02/01/2024 12:04 p.m.", MORNING.replace(hour=12, second=0)),
        ("28/09/2021 20:57", datetime(2021, 9, 28, 20, 57, tzinfo=BERLIN)),
        ("Tue, 02 Jan 2024 03:04:05 GMT", MORNING.replace(tzinfo=UTC)),
        ("Tue, 2 Jan 2024 03:04:05 -0500", MORNING.replace(tzinfo=timezone(timedelta(hours=-5)))),
        ("Tue Jan 02 2024 03:04:05 GMT+0100 (Central European Standard Time)", MORNING),
        ("2024-01-02 03:04:05 +01:00", MORNING),
        ("1704164645", MORNING.replace(tzinfo=UTC)),
        ("1704164645.7", MORNING.replace(tzinfo=UTC)),
        ("1704164645000", MORNING.replace(tzinfo=UTC)),
    ],
)
def test_date_is_read_as_it_is_written(written: str, moment: datetime) -> None:
    assert moment_of(written, BERLIN) == moment


@pytest.mark.parametrize(
    ("written", "month", "day"),
    [("03/04/2024", 4, 3), ("13/04/2024", 4, 13), ("04/13/2024", 4, 13), ("04-13-2024", 4, 13)],
)
def test_day_comes_before_the_month_but_where_it_cannot(written: str, month: int, day: int) -> None:
    assert moment_of(written, UTC) == datetime(2024, month, day, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "", "last week", "2024", "Maybe 2, 2024", "31/02/2024", "13/13/2024", "2024-13-01", "2024/13/01", "02/01.2024",
        "2. Monat 2024", "2 Jan 2024 25:00", "2 Jan 2024 13:00 PM", "2 Jan 2024 0:30 am", "2 Jan 2024 and later",
        "2 Jan 2024 03:04 +99:99", "0", "12345", "99999999999", "9" * 500, "[[2024-01-02", "[[Monday]]", "1/1/0001",
        "1704164645" * 2, "\u0662\u0660\u0662\u0664-\u0660\u0661-\u0660\u0662",
    ],
)  # fmt: skip
def test_what_is_no_date_is_none(written: str) -> None:
    assert moment_of(written, BERLIN) is None


@given(
    written=st.text(max_size=120)
    | st.from_regex(r"[0-9]{1,4}[/.-][0-9]{1,2}[/.-][0-9]{1,4}[ T]?[0-9:+-]{0,12}")
)
def test_any_text_is_a_moment_that_can_be_kept_or_none(written: str) -> None:
    moment = moment_of(written, BERLIN)
    assert moment is None or (moment.utcoffset() or timedelta()) % timedelta(minutes=1) == timedelta()
