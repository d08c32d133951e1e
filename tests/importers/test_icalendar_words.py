"""What programs write beside the standard about an event is kept as a person would read it."""

from __future__ import annotations

from pathlib import Path
from time import process_time

import pytest

from infrastructure.importers.draft import Awaited, Draft
from tests.importers.calendars import entries, event, task
from tests.importers.reading import CUT

_LINE = "-::~:~::~:~:~:~:~:~:~::~:~::-"
_CALL = f"{_LINE}\\nJoin with Google Meet: https://meet.example/a\\n\\nDo not edit this section.\\n{_LINE}"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("<b>Tea</b><br>and cake", "Tea\nand cake"),
        ("<p>Tea</p><p>&lt\\;3</p>", "Tea\n\n<3"),
        ("Tea if a < b", "Tea if a < b"),
    ],
)
def test_html_above_what_google_adds_of_the_call_is_kept_as_text(
    tmp_path: Path, written: str, kept: str
) -> None:
    found = event(tmp_path, "DTSTART:20261224", f"DESCRIPTION:{written}\\n\\n{_CALL}")
    assert found["description"].split("\n\n-::")[0] == kept
    assert "https://meet.example/a\n\nDo not edit" in found["description"]


@pytest.mark.parametrize("title", ["word " * 400_000, "word" + " " * 9000 + "rest"])
def test_title_too_long_for_its_line_stands_whole_before_the_description(tmp_path: Path, title: str) -> None:
    for found in (
        event(tmp_path, "DTSTART:20261224", f"SUMMARY:{title}", "DESCRIPTION:Tea")["description"],
        task(tmp_path, f"SUMMARY:{title}", "DESCRIPTION:Tea")["notes"],
    ):
        assert found == (f"{title}\n\nTea" if len(title) < 1_000_000 else f"{title[:999_974]}\n\n{CUT}")


def test_description_that_is_cut_says_so_before_the_remarks(tmp_path: Path) -> None:
    rule = "RRULE:FREQ=SECONDLY"
    found = event(tmp_path, "DTSTART:20261224", f"DESCRIPTION:{'x' * 1_100_000}", rule)["description"]
    assert (len(found), found.endswith(f"x\n\n{CUT}\n\nRRULE: FREQ=SECONDLY")) == (1_000_000, True)


def test_remarks_without_number_are_cut_and_say_so(tmp_path: Path) -> None:
    rules = ["RRULE:FREQ=SECONDLY;X-A=" + "A" * 450] * 3000
    found = event(tmp_path, "DTSTART:20261224", "DESCRIPTION:Tea", *rules)["description"]
    assert (found[:5], found.endswith(f"\n\n{CUT}")) == ("Tea\n\n", True)


def test_html_that_is_not_read_to_its_end_says_so(tmp_path: Path) -> None:
    line = f"X-ALT-DESC;FMTTYPE=text/html:<p>{'x' * 300_000}</p>"
    assert event(tmp_path, "DTSTART:20261224", line)["description"].endswith(f"x\n\n{CUT}")


_APPLE = (
    'X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-ADDRESS="12 Rue de Rivoli\\\\n75004 Paris"'
    ';X-APPLE-RADIUS=70;X-TITLE="Le Grand Café":geo:48.8558,2.3584'
)


def test_position_of_a_place_of_apple_is_kept(tmp_path: Path) -> None:
    found = event(tmp_path, "DTSTART:20261224", "LOCATION:Café", _APPLE)
    assert (found["location"], found["latitude"], found["longitude"]) == ("Café", 48.8558, 2.3584)


def test_place_of_apple_has_a_name_where_the_event_gives_none(tmp_path: Path) -> None:
    found = event(tmp_path, "DTSTART:20261224", _APPLE)
    assert found["location"] == "Le Grand Café, 12 Rue de Rivoli, 75004 Paris"


def test_what_an_event_has_no_field_for_stands_below_its_description(tmp_path: Path) -> None:
    lines = ("CONTACT:Jim\\, +1 555 0100", "COMMENT:Bring\\nwine", "RESOURCES:PROJECTOR,VCR", "COMMENT:")
    also = "Comment: Bring wine\nContact: Jim, +1 555 0100\nResources: PROJECTOR,VCR"
    assert event(tmp_path, "DTSTART:20261224", "DESCRIPTION:Tea", *lines)["description"] == f"Tea\n\n{also}"
    assert task(tmp_path, "SUMMARY:Tea", *lines)["notes"] == also


def test_part_of_a_task_comes_behind_the_whole_and_lies_under_it(tmp_path: Path) -> None:
    parts = ("RELATED-TO:1", "RELATED-TO;RELTYPE=PARENT:1", "RELATED-TO:gone", "RELATED-TO;RELTYPE=SIBLING:1")
    text = "".join(f"BEGIN:VTODO\nSUMMARY:Paint\nUID:p{part}\n{part}\nEND:VTODO\n" for part in parts)
    found = entries(tmp_path, text + "BEGIN:VTODO\nUID:1\nSUMMARY:Kitchen\nEND:VTODO\n")
    sibling = "RELATED-TO;RELTYPE=SIBLING: 1"
    told = [(each.arguments["notes"], each.under) for each in found if isinstance(each, Draft)]
    assert told == [("", None), ("", "1"), ("", "1"), ("Part of: gone", "gone"), (sibling, None)]


def test_task_comes_behind_what_it_waits_for(tmp_path: Path) -> None:
    def waits(uid: str, *others: str) -> str:
        lines = "".join(f"RELATED-TO;RELTYPE=DEPENDS-ON;GAP=P1D:{each}\n" for each in others)
        return f"BEGIN:VTODO\nSUMMARY:{uid}\nUID:{uid}\n{lines}END:VTODO\n"

    text = waits("c", "d", "b") + waits("b", "a", "a", "gone") + waits("a") + waits("d", "a", "b")
    found = [each for each in entries(tmp_path, text) if isinstance(each, Draft)]
    assert [each.source_id for each in found] == ["a", "b", "d", "c"]
    assert [each.awaited for each in found] == [
        (),
        (Awaited("a", 1440), Awaited("gone", 1440)),
        (Awaited("a", 1440), Awaited("b", 1440)),
        (Awaited("d", 1440), Awaited("b", 1440)),
    ]
    assert [each.arguments["notes"] for each in found] == ["", "Waits for: gone", "", ""]


def test_ties_in_time_that_may_be_meant_both_ways_stand_in_the_notes(tmp_path: Path) -> None:
    lines = ("RELATED-TO;RELTYPE=FINISHTOSTART;GAP=P1D:1", "RELATED-TO;RELTYPE=starttostart:2")
    notes = "RELATED-TO;RELTYPE=FINISHTOSTART;GAP=P1D: 1\nRELATED-TO;RELTYPE=STARTTOSTART: 2"
    assert task(tmp_path, "SUMMARY:Tea", *lines)["notes"] == notes


@pytest.mark.parametrize(("gap", "minutes"), [("PT90M", 90), ("-P1D", 0), ("soon", 0), ("P999999D", 0)])
def test_gap_is_the_lag_and_one_that_cannot_be_stands_in_the_notes(
    tmp_path: Path, gap: str, minutes: int
) -> None:
    text = f"BEGIN:VTODO\nSUMMARY:x\nRELATED-TO;RELTYPE=DEPENDS-ON;GAP={gap}:1\nEND:VTODO\n"
    (found,) = entries(tmp_path, text)
    assert isinstance(found, Draft)
    assert found.awaited == (Awaited("1", minutes),)
    said = "" if minutes else f"RELATED-TO;RELTYPE=DEPENDS-ON;GAP={gap}: 1"
    assert found.arguments["notes"].removeprefix("Waits for: 1").strip() == said


def test_tasks_that_are_part_of_each_other_are_all_told_once(tmp_path: Path) -> None:
    circle = [(str(number), str((number + 1) % 40)) for number in range(40)]
    text = "".join(
        f"BEGIN:VTODO\nSUMMARY:{one}\nUID:{one}\nRELATED-TO:{two}\nEND:VTODO\n" for one, two in circle
    )
    found = entries(tmp_path, text)
    assert sorted(each.source_id for each in found if isinstance(each, Draft)) == sorted(
        one for one, _ in circle
    )


@pytest.mark.parametrize(
    "line",
    [
        "DESCRIPTION:" + "\\n" * 300_000 + "x",
        "DESCRIPTION:" + "-::~:~::~" * 50_000,
        "DESCRIPTION:-::~:~::~" + ":~" * 300_000,
        'X-APPLE-STRUCTURED-LOCATION;X-ADDRESS="' + "\\" * 500_000 + '":geo:1,1',
    ],
)
def test_words_that_are_meant_to_harm_are_read_soon(tmp_path: Path, line: str) -> None:
    begun = process_time()
    event(tmp_path, "DTSTART:20261224", line)
    assert process_time() - begun < 5  # it takes a tenth of a second
