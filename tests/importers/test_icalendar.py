"""iCalendar files: every entry is accounted for, and real files keep what they say."""

from __future__ import annotations

import contextlib
import re
import warnings
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import icalendar
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.productivity.calendar_event_terms import TimeKind, Transparency
from infrastructure.importers.draft import Draft, Limits, Outcome, Reading, Refused, UnreadableFile
from infrastructure.importers.text import one_line, plain_text
from tests.importers.calendars import IMPORTER, entries, event
from tests.importers.reading import EXAMPLES, MISSING, mutations, read, samples, written

FILES = samples("calendar", ".ics")
ENTRY = re.compile(rb"(?im)^[ \t]*BEGIN:(VEVENT|VTODO|VJOURNAL|VFREEBUSY|VAVAILABILITY)[ \t\r]*$")
OTHERS = {"alarm", "unknown_component"}
needs_samples = pytest.mark.skipif(not FILES, reason=MISSING)


def refusal(folder: Path, *lines: str) -> Refused:
    (refused,) = entries(folder, "\n".join(("BEGIN:VEVENT", *lines, "END:VEVENT")))
    assert isinstance(refused, Refused)
    return refused


@needs_samples
def test_every_entry_of_every_sample_is_a_draft_that_its_command_takes_or_is_refused() -> None:
    kept = 0
    for path in FILES:
        held = len(ENTRY.findall(path.read_bytes()))
        try:
            found = read(IMPORTER, path, timezone="Europe/Berlin")
        except UnreadableFile:
            assert held == 0
            continue
        assert held == len([each for each in found if isinstance(each, Draft) or each.reason not in OTHERS])
        names = [(each.kind, each.source_id) for each in found if isinstance(each, Draft)]
        assert len(set(names)) == len(names), "no two entries of a sample are the same thing"
        kept += len(names)
    assert kept >= 1889


@needs_samples
def test_the_same_file_gives_the_same_names_again() -> None:
    for path in FILES[::3]:
        assert _names(path) == _names(path)


def _names(path: Path) -> list[str]:
    try:
        found = list(IMPORTER.read(path, Reading()))
    except UnreadableFile:
        return []
    return [each.source_id if isinstance(each, Draft) else each.reason for each in found]


@needs_samples
def test_events_say_what_the_library_reads_where_it_can_read() -> None:
    compared = 0
    for path in FILES:
        for component, draft in _beside_the_library(path):
            arguments = draft.arguments
            title = one_line(_lenient(str(component.get("SUMMARY", ""))), 500)
            text = plain_text(_lenient(str(component.get("DESCRIPTION", ""))), 1_000_000)
            assert arguments["title"] == title
            assert arguments["description"].strip().startswith(text.strip())
            start = component["DTSTART"]
            if not isinstance(start, list):
                assert arguments["start_local"] == _on_the_wall(start.dt)
                compared += 1
    assert compared > 1800


def _beside_the_library(path: Path) -> Iterator[tuple[Any, Draft]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            calendars = icalendar.Component.from_ical(path.read_bytes(), multiple=True)
            theirs = [
                each for calendar in calendars for each in calendar.walk() if each.name in {"VEVENT", "VTODO"}
            ]
        ours = [
            each
            for each in IMPORTER.read(path, Reading())
            if isinstance(each, Draft) or each.reason in {"no_start", "part_of_series"}
        ]
    except (ValueError, UnreadableFile):
        return
    if len(theirs) == len(ours):
        for component, draft in zip(theirs, ours, strict=True):
            if isinstance(draft, Draft) and draft.kind == "calendar_event":
                yield component, draft


def _lenient(text: str) -> str:
    return text.replace('\\"', '"')


def _on_the_wall(start: date) -> datetime:
    return start.replace(tzinfo=None) if isinstance(start, datetime) else datetime.combine(start, time.min)


def test_example_file_holds_all_sorts_of_entries() -> None:
    found = read(IMPORTER, EXAMPLES / "calendar.ics")
    kinds = [each.kind for each in found if isinstance(each, Draft)]
    assert (kinds.count("calendar_event"), kinds.count("task"), len(found)) == (9, 5, 15)
    choir = next(each for each in found if isinstance(each, Draft))
    assert (len(choir.arguments["exdates"]), len(choir.arguments["overrides"])) == (2, 1)


def test_folds_are_undone_also_after_a_name_and_within_a_letter(tmp_path: Path) -> None:
    text = b"BEGIN:VEVENT\r\nDTSTART\r\n ;VALUE=DATE\r\n :20261224\r\nSUMMARY:Gr"
    text += "ü".encode()[:1] + b"\r\n\t" + "ü".encode()[1:] + b"\xc3\r\n \x9fe\r\nEND:VEVENT\r\n"
    (draft,) = entries(tmp_path, text)
    assert isinstance(draft, Draft)
    assert draft.arguments["title"] == "Grüße"
    assert draft.arguments["time_kind"] is TimeKind.ALL_DAY


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_any_line_end_ends_a_line(tmp_path: Path, line_end: str) -> None:
    lines = ["BEGIN:VEVENT", "DTSTART:20261224T180000", "SUMMARY:Christmas", " Eve", "END:VEVENT"]
    (draft,) = entries(tmp_path, line_end.join(lines))
    assert isinstance(draft, Draft)
    assert draft.arguments["title"] == "ChristmasEve"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1"])
def test_any_usual_charset_is_read(tmp_path: Path, encoding: str) -> None:
    text = "BEGIN:VEVENT\nDTSTART:20261224\nSUMMARY:Dünen in Südafrika\nEND:VEVENT\n"
    (draft,) = entries(tmp_path, text.encode(encoding))
    assert isinstance(draft, Draft)
    assert draft.arguments["title"] == "Dünen in Südafrika"


def test_text_broken_without_folding_is_kept_with_its_lines(tmp_path: Path) -> None:
    found = event(
        tmp_path,
        "DTSTART:20261224",
        "DESCRIPTION:Bring",
        "",
        "Note: a cake",
        "http://example.org/",
        "TRANSP:OPAQUE",
        "X",
    )
    assert found["description"] == "Bring\n\nNote: a cake\nhttp://example.org/"
    assert found["transparency"] is Transparency.BUSY


def test_names_in_lower_case_and_quoted_printable_are_read(tmp_path: Path) -> None:
    found = event(
        tmp_path,
        "dtstart:20261224t180000z",
        "summary;charset=ISO-8859-1;encoding=quoted-printable:Gr=FC=DFe=",
        " aus=20Rom",
    )
    assert (found["title"], found["time_kind"]) == ("Grüße aus Rom", TimeKind.UTC)


def test_entries_without_begin_or_end_of_the_calendar_are_found(tmp_path: Path) -> None:
    text = "BEGIN:VEVENT\nDTSTART:20261224\nBEGIN:VALARM\nTRIGGER:-PT5M\nBEGIN:VEVENT\nDTSTART:20261225\nEND:VCALENDAR\n"
    found = entries(tmp_path, text)
    assert [each.arguments["start_local"].day for each in found if isinstance(each, Draft)] == [24, 25]


def test_titles_are_cut_and_kept_in_full_in_the_description(tmp_path: Path) -> None:
    found = event(tmp_path, "DTSTART:20261224", f"SUMMARY:{'a' * 600}", "DESCRIPTION:b")
    assert found["title"] == "a" * 500
    assert found["description"] == f"{'a' * 600}\n\nb"


def test_event_without_start_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, "SUMMARY:when?") == Refused("no_start")
    assert refusal(tmp_path, "DTSTART:20261340") == Refused("bad_start")


@pytest.mark.parametrize("start", ["09991231", "30000101T000000", "00010101T000000Z"])
def test_dates_that_no_record_holds_are_refused(tmp_path: Path, start: str) -> None:
    assert refusal(tmp_path, f"DTSTART:{start}") == Refused("date_out_of_range")


def test_what_is_no_event_and_no_task_is_counted_as_skipped(tmp_path: Path) -> None:
    names = ["VJOURNAL", "VFREEBUSY", "VAVAILABILITY", "VALARM", "X-OWN"]
    text = "".join(f"BEGIN:{name}\nUID:1\nEND:{name}\n" for name in ["VTIMEZONE", *names])
    found = entries(tmp_path, f"BEGIN:VCALENDAR\n{text}END:VCALENDAR\n")
    reasons = ["journal", "free_busy", "availability", "alarm", "unknown_component"]
    assert found == [Refused(reason, Outcome.SKIPPED) for reason in reasons]


@pytest.mark.parametrize("data", [b"", b"\x00\x01\x02", b"BEGIN:VCARD\nFN:a\nEND:VCARD\n", b"<html></html>"])
def test_file_of_another_format_is_unreadable(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(UnreadableFile):
        entries(tmp_path, data)


def test_entries_without_uid_are_told_apart_by_what_they_say(tmp_path: Path) -> None:
    events = [
        f"BEGIN:VEVENT\nDTSTART:202612{day:02}\nDTSTAMP:20260101T000000Z\nEND:VEVENT\n"
        for day in range(1, 31)
    ]
    tasks = [f"BEGIN:VTODO\nSUMMARY:{count}\nEND:VTODO\n" for count in range(30)]
    found = entries(tmp_path, "".join(events + tasks))
    assert len({each.source_id for each in found if isinstance(each, Draft)}) == 60
    restamped = entries(tmp_path, "".join(events[::-1]).replace("DTSTAMP:2026", "DTSTAMP:2027"))
    assert {each.source_id for each in restamped if isinstance(each, Draft)} < {
        each.source_id for each in found if isinstance(each, Draft)
    }


def test_different_things_with_one_uid_are_told_apart(tmp_path: Path) -> None:
    def named(*days: str) -> dict[str, str]:
        text = "".join(f"BEGIN:VEVENT\nUID:u\nDTSTART:{day}\nSUMMARY:{day}\nEND:VEVENT\n" for day in days)
        return {
            each.arguments["title"]: each.source_id
            for each in entries(tmp_path, text)
            if isinstance(each, Draft)
        }

    names = named("20261201", "20261202", "20261203")
    assert names["20261201"] == "u"
    assert len(set(names.values())) == 3
    assert named("20261203", "20261202", "20261201") == names, "whatever their order"


def test_newer_state_of_an_event_replaces_the_older_one(tmp_path: Path) -> None:
    text = "".join(
        f"BEGIN:VEVENT\nUID:u\nSEQUENCE:{sequence}\nDTSTART:2026120{sequence}\nEND:VEVENT\n"
        for sequence in (2, 1)
    )
    newer, older = entries(tmp_path, text)
    assert isinstance(newer, Draft)
    assert newer.source_id == "u"
    assert older == Refused("superseded", Outcome.SKIPPED)


def test_uid_longer_than_a_name_may_be_is_shortened(tmp_path: Path) -> None:
    (draft,) = entries(tmp_path, f"BEGIN:VEVENT\nUID:{'u' * 5000}\nDTSTART:20261224\nEND:VEVENT\n")
    assert isinstance(draft, Draft)
    assert len(draft.source_id) == 64


def test_nesting_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    deep = "BEGIN:VALARM\n" * 50_000
    assert entries(tmp_path, f"BEGIN:VEVENT\nDTSTART:20261224\n{deep}END:VEVENT\n") == [Refused("too_deep")]


def test_entry_beyond_the_limit_is_refused_and_the_next_one_kept(tmp_path: Path) -> None:
    text = f"BEGIN:VEVENT\nSUMMARY:{'a' * 9000}\nEND:VEVENT\nBEGIN:VEVENT\nDTSTART:20261224\nEND:VEVENT\n"
    first, second = entries(tmp_path, text, limits=Limits(entry_bytes=8000))
    assert first == Refused("too_large")
    assert isinstance(second, Draft)


def test_entries_beyond_the_limit_are_counted(tmp_path: Path) -> None:
    found = entries(tmp_path, "BEGIN:VEVENT\nDTSTART:20261224\nEND:VEVENT\n" * 5, limits=Limits(entries=2))
    assert found[2:] == [Refused("too_many_entries")] * 3


def test_file_beyond_the_limit_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile):
        entries(tmp_path, "BEGIN:VCALENDAR\n" * 100, limits=Limits(whole_file_bytes=1000))


def test_entries_left_when_time_is_up_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "BEGIN:VEVENT\nDTSTART:20261224\nEND:VEVENT\n" * 3
    reading = IMPORTER.read(written(tmp_path, "calendar.ics", text), Reading())
    next(reading)
    monkeypatch.setattr("infrastructure.importers.icalendar.files.monotonic", lambda: float("inf"))
    assert list(reading) == [Refused("out_of_time")] * 2


def test_long_lines_and_many_lines_end_soon(tmp_path: Path) -> None:
    text = f"BEGIN:VEVENT\nDTSTART:20261224\nDESCRIPTION:{'a' * 2_000_000}\nATTENDEE;{'A=1;' * 100_000}:b\n"
    (draft,) = entries(tmp_path, text + "\n " * 100_000 + "\nX-A:1" * 100_000)
    assert draft == Refused("too_large")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300) | mutations((EXAMPLES / "calendar.ics").read_bytes()))
def test_damaged_files_raise_nothing_but_unreadable_file(tmp_path: Path, data: bytes) -> None:
    with contextlib.suppress(UnreadableFile):
        entries(tmp_path, data)
