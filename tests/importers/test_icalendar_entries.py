"""What events and tasks of a calendar say, and how it is kept."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from domain.productivity.calendar_event_terms import (
    MAX_ATTACHMENTS,
    Attendee,
    AttendeeKind,
    AttendeeRole,
    Classification,
    IcalStatus,
    Organizer,
    Rsvp,
    Transparency,
)
from domain.productivity.task_terms import Priority, Status
from domain.shared.values import MAX_URL
from infrastructure.importers.draft import Draft, Limits, Reading
from infrastructure.importers.icalendar.components import taken_apart
from tests.importers.calendars import IMPORTER, entries, event, task
from tests.importers.reading import written


def test_people_are_kept_with_role_and_answer(tmp_path: Path) -> None:
    found = event(
        tmp_path,
        "DTSTART:20261224T180000Z",
        "ORGANIZER;CN=Society\\; 2014:MAILTO:soc@example.org",
        'ATTENDEE;CN="Brandt, Tilda";ROLE=CHAIR;PARTSTAT=ACCEPTED;RSVP=TRUE:mailto:tilda@example.org',
        "ATTENDEE;CUTYPE=ROOM;ROLE=NON-PARTICIPANT;EMAIL=room@example.org:urn:uuid:1",
        "ATTENDEE:mailto:TILDA@example.org",
        "ATTENDEE;CN=Nobody:invalid:nomail",
        "ATTENDEE:",
    )
    assert found["organizer"] == Organizer("soc@example.org", "Society; 2014")
    assert found["attendees"] == (
        Attendee(
            "tilda@example.org",
            "Brandt, Tilda",
            role=AttendeeRole.CHAIR,
            rsvp=Rsvp.ACCEPTED,
            rsvp_requested=True,
        ),
        Attendee("room@example.org", kind=AttendeeKind.ROOM, role=AttendeeRole.NON_PARTICIPANT),
        Attendee("Nobody", "Nobody"),
    )


def test_guest_whose_name_is_written_in_two_ways_comes_once(tmp_path: Path) -> None:
    guests = [
        f"ATTENDEE:mailto:{name}@example.org" for name in ("J\u00f6rg", "JO\u0308RG", "gro\u00df", "gross")
    ]
    found = event(tmp_path, "DTSTART:20261224T180000Z", *guests)
    assert [each.address[:-12] for each in found["attendees"]] == ["J\u00f6rg", "gro\u00df", "gross"]


def test_own_answer_is_that_of_the_own_address(tmp_path: Path) -> None:
    text = "BEGIN:VEVENT\nDTSTART:20261224\nATTENDEE;PARTSTAT=DECLINED:mailto:Jo\u0308RG@example.org\nEND:VEVENT\n"
    path = written(tmp_path, "calendar.ics", text)
    (draft,) = IMPORTER.read(path, Reading(addresses=frozenset({"j\u00f6rg@example.org"})))
    assert isinstance(draft, Draft)
    assert draft.arguments["my_rsvp"] is Rsvp.DECLINED


@pytest.mark.parametrize(
    ("line", "is_organizer"),
    [
        ("ORGANIZER;CN=Me:mailto:Me@example.org", True),
        ("ORGANIZER:MAILTO:J\u00f6rg@example.org", True),
        ("ORGANIZER;EMAIL=me@example.org:mailto:2_GEYDA@imip.me.com", True),
        ("ORGANIZER;EMAIL=me@example.org:/principals/7/", True),
        ("ORGANIZER:mailto:soc@example.org", False),
        ("ORGANIZER:soc@example.org", False),
        ("ORGANIZER;EMAIL=soc@example.org:mailto:2_GEYDA@imip.me.com", False),
        ("ORGANIZER:mailto:2_GEYDA@imip.me.com", None),
        ("ORGANIZER;CN=Family:mailto:f7@group.calendar.google.com", None),
        ("ORGANIZER:mailto:unknownorganizer@calendar.google.com", None),
        ("ORGANIZER;CN=Society:that", None),
        ("ORGANIZER:https://soc@example.org/principals/7", None),
        ("ORGANIZER;CN=me@example.org:", None),
        ("ATTENDEE;ROLE=CHAIR:mailto:soc@example.org", None),
    ],
)
def test_whose_event_it_is_tells_the_address_of_the_organiser(
    tmp_path: Path, line: str, *, is_organizer: bool | None
) -> None:
    text = f"BEGIN:VEVENT\nDTSTART:20261224\n{line}\nEND:VEVENT\n"
    path = written(tmp_path, "calendar.ics", text)
    mine = frozenset({"me@example.org", "jo\u0308rg@example.org"})
    (draft,) = IMPORTER.read(path, Reading(addresses=mine))
    assert isinstance(draft, Draft)
    assert draft.arguments["is_organizer"] is is_organizer


def test_nothing_tells_whose_event_it_is_where_no_own_address_is_known(tmp_path: Path) -> None:
    assert event(tmp_path, "DTSTART:20261224", "ORGANIZER:mailto:soc@example.org")["is_organizer"] is None


def test_other_words_are_kept(tmp_path: Path) -> None:
    found = event(
        tmp_path,
        "DTSTART:20261224",
        "LOCATION:Deck\\, upper",
        "GEO:52.5;13.4",
        "URL:www.example.org/party",
        "STATUS:TENTATIVE",
        "TRANSP:TRANSPARENT",
        "CLASS:X-SECRET",
        "PRIORITY:12",
        "SEQUENCE:3",
        "CATEGORIES:Family,Food\\, drink",
        "CATEGORIES:Family",
        "COLOR:teal",
    )
    assert (found["location"], found["latitude"], found["longitude"]) == ("Deck, upper", 52.5, 13.4)
    assert found["url"] == "http://www.example.org/party"
    assert found["ical_status"] is IcalStatus.TENTATIVE
    assert found["transparency"] is Transparency.FREE
    assert found["classification"] is Classification.PRIVATE
    assert (found["priority"], found["sequence"], found["colour"]) == (9, 3, "teal")
    assert found["categories"] == ("Family", "Food, drink")


def test_attachments_are_kept_by_address(tmp_path: Path) -> None:
    agenda = "https://example.org/agenda?a=1,2"
    found = event(
        tmp_path,
        "DTSTART:20261224",
        f"ATTACH;FMTTYPE=application/pdf;FILENAME=Agenda:{agenda}",
        "ATTACH;VALUE=URI:ftp://example.org/min utes",
        "attach:https://example.org/agenda?a=1\\,2",
        "ATTACH:message:%3C1@example.org%3E",
    )
    assert found["attachments"] == (agenda, "ftp://example.org/min%20utes", "message:%3C1@example.org%3E")


@pytest.mark.parametrize(
    "lines",
    [
        ["ATTACH;ENCODING=BASE64;VALUE=BINARY:aHR0cHM6Ly9leGFtcGxlLm9yZy8="],
        ["ATTACH;ENCODING=b:aHR0cHM6Ly9leGFtcGxlLm9yZy8="],
        ["ATTACH;VALUE=BINARY:https://example.org/"],
        ["ATTACH:CID:part3@example.org"],
        ["ATTACH:data:text/plain,Tea"],
        ["ATTACH:C:\\\\Tea.doc"],
        ["ATTACH;VALUE=URI:Tea.wav"],
        ["ATTACH:https:///Tea.doc"],
        ["ATTACH:"],
        [f"ATTACH:https://example.org/{'a' * MAX_URL}"],
        ["BEGIN:VALARM", "TRIGGER:-PT5M", "ATTACH:https://example.org/bell.wav", "END:VALARM"],
        ["IMAGE;VALUE=URI:https://example.org/tea.png"],
    ],
)
def test_attachment_that_has_no_address_of_its_own_is_left_out(tmp_path: Path, lines: list[str]) -> None:
    found = event(tmp_path, "DTSTART:20261224", "SUMMARY:Tea", *lines)
    assert (found["title"], found["attachments"]) == ("Tea", ())


def test_only_lines_that_may_name_an_attachment_are_held() -> None:
    named = b"ATTACH:https://example.org/"
    alarm = (b"BEGIN:VALARM", named, b"END:VALARM")
    text = b"\n".join(
        (b"BEGIN:VEVENT", named, b"ATTACH;ENCODING=BASE64:" + b"Y" * 20_000, *alarm, b"END:VEVENT")
    )
    (entry,) = taken_apart(text, Limits()).entries
    assert entry.lines == [named, b"BEGIN:VALARM", b"END:VALARM"]


def test_no_more_attachments_are_kept_than_an_event_may_have(tmp_path: Path) -> None:
    lines = [f"ATTACH:https://example.org/{number}" for number in range(MAX_ATTACHMENTS + 1)]
    assert len(event(tmp_path, "DTSTART:20261224", *lines)["attachments"]) == MAX_ATTACHMENTS


def test_entry_without_a_uid_is_known_again_whatever_is_attached_to_it(tmp_path: Path) -> None:
    entry = "BEGIN:VEVENT\nDTSTART:20261224\nSUMMARY:Tea\nEND:VEVENT\n"
    (bare,) = entries(tmp_path, entry)
    (with_agenda,) = entries(tmp_path, entry.replace("SUMMARY", "ATTACH:https://example.org/\nSUMMARY"))
    assert isinstance(bare, Draft)
    assert isinstance(with_agenda, Draft)
    assert with_agenda.arguments["attachments"] == ("https://example.org/",)
    assert bare.source_id == with_agenda.source_id


def test_calendar_gives_name_and_cancellation(tmp_path: Path) -> None:
    text = "BEGIN:VCALENDAR\nMETHOD:CANCEL\nBEGIN:VEVENT\nDTSTART:20261224\nEND:VEVENT\nX-WR-CALNAME:Home\nEND:VCALENDAR"
    (draft,) = entries(tmp_path, text)
    assert isinstance(draft, Draft)
    assert draft.arguments["calendar_name"] == "Home"
    assert draft.arguments["ical_status"] is IcalStatus.CANCELLED


def test_description_in_html_is_read_where_there_is_no_other(tmp_path: Path) -> None:
    html = "X-ALT-DESC;FMTTYPE=text/html:<style>p{}</style><p>Bring <b>cake</b></p>"
    assert event(tmp_path, "DTSTART:20261224", html)["description"] == "Bring cake"


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        (
            '<html-blob><b>Bold</b><br>Line &amp\\; more <a href="https://x.example/?a">link</a></html-blob>',
            "Bold\nLine & more [link](https://x.example/?a)",
        ),
        ("Agenda<br>Tea &lt\\; cake<br/>See <u>you</u>", "Agenda\nTea < cake\nSee you"),
        ("<p>One</p>\\n<ul><li>two</li></ul>", "One\n\n- two"),
        ('<a href="https://x.example/1">https://x.example/1</a>', "https://x.example/1"),
    ],
)
def test_description_that_is_html_is_kept_as_text(tmp_path: Path, html: str, kept: str) -> None:
    assert event(tmp_path, "DTSTART:20261224", f"DESCRIPTION:{html}")["description"] == kept
    assert task(tmp_path, "SUMMARY:Tea", f"DESCRIPTION:{html}")["notes"] == kept


@pytest.mark.parametrize(
    "text",
    [
        "a < b and b > a",
        "<john@example.org>",
        "Write to John <b@example.org> and <i@example.org>",
        "The <br> tag",
        "Turn <b> into <strong>",
        "<b>Bold</b> if a < b",
        "<b>One</b>\ntwo\nthree",
        "<name> of <place>",
        "AT&amp;T",
    ],
)
def test_description_that_only_looks_like_html_stays(tmp_path: Path, text: str) -> None:
    line = "DESCRIPTION:" + text.replace("\n", "\\n").replace(";", "\\;")
    assert event(tmp_path, "DTSTART:20261224", line)["description"] == text


def test_task_is_kept_with_its_state(tmp_path: Path) -> None:
    found = task(
        tmp_path,
        "SUMMARY:Book the hut",
        "DTSTART;VALUE=DATE:20270101",
        "DUE;TZID=Europe/Berlin:20270115T120000",
        "PRIORITY:3",
        "STATUS:IN-PROCESS",
        "PERCENT-COMPLETE:40",
        "LOCATION:Alps",
        "DESCRIPTION:for six",
    )
    assert (found["start_on"], found["due"]) == (date(2027, 1, 1), date(2027, 1, 15))
    assert (found["due_at"], found["timezone"]) == (datetime(2027, 1, 15, 12), "Europe/Berlin")  # noqa: DTZ001 - wall time
    assert (found["priority"], found["status"], found["percent_complete"]) == (
        Priority.HIGH,
        Status.IN_PROGRESS,
        40,
    )
    assert found["notes"] == "for six\n\nAlps"


@pytest.mark.parametrize(
    ("rank", "priority"),
    [(0, Priority.NONE), (1, Priority.URGENT), (4, Priority.HIGH), (5, Priority.MEDIUM), (9, Priority.LOW)],
)
def test_ranks_become_priorities(tmp_path: Path, rank: int, priority: Priority) -> None:
    assert task(tmp_path, "SUMMARY:a", f"PRIORITY:{rank}")["priority"] is priority


def test_completed_task_is_done_also_where_only_the_time_says_so(tmp_path: Path) -> None:
    found = task(tmp_path, "SUMMARY:a", "COMPLETED:20261120T154500Z")
    assert (found["status"], found["percent_complete"]) == (Status.DONE, 100)
    assert found["completed_at"] == datetime(2026, 11, 20, 15, 45, tzinfo=UTC)


def test_task_without_a_title_takes_its_first_words(tmp_path: Path) -> None:
    assert task(tmp_path, "DESCRIPTION:Call Ilse\\nabout Sunday")["title"] == "Call Ilse"
    assert task(tmp_path, "UID:1")["title"] == "Untitled"


def test_task_that_starts_after_it_is_due_keeps_the_due_date(tmp_path: Path) -> None:
    found = task(tmp_path, "SUMMARY:a", "DTSTART:20270201", "DUE:20270115")
    assert (found["start_on"], found["due"]) == (None, date(2027, 1, 15))


def test_task_begins_at_a_time_on_the_clock_of_its_end(tmp_path: Path) -> None:
    begin, end = "DTSTART;TZID=Europe/Lisbon:20261120T090000", "DUE;TZID=Europe/Berlin:20261120T120000"
    found = [
        (said["start_on"], said["start_at"], said["due_at"], said["timezone"])
        for said in (task(tmp_path, "SUMMARY:a", *lines) for lines in ((begin,), (begin, end)))
    ]
    day, nine, noon = date(2026, 11, 20), datetime(2026, 11, 20, 9), datetime(2026, 11, 20, 12)  # noqa: DTZ001 - wall times
    assert found == [(day, nine, None, "Europe/Lisbon"), (day, nine.replace(hour=10), noon, "Europe/Berlin")]


def test_task_that_starts_later_on_the_day_it_is_due_keeps_the_day(tmp_path: Path) -> None:
    found = task(tmp_path, "SUMMARY:a", "DTSTART:20270115T130000", "DUE:20270115T120000")
    assert (found["start_on"], found["start_at"]) == (date(2027, 1, 15), None)


@pytest.mark.parametrize(
    ("lines", "notes"),
    [
        (("DTSTART:20270201", "DUE:20270115"), "DTSTART: 20270201"),
        (("DTSTART:20270115T130000", "DUE:20270115T120000"), "DTSTART: 20270115T130000"),
        (("DTSTART:20270115", "DUE:tomorrow"), "DUE: tomorrow"),
        (("DTSTART:soon", "DURATION:P1D"), "DTSTART: soon\nDURATION: P1D"),
        (("DTSTART:20270115T130000", "DUE:20270115"), ""),
        (("DTSTART:20270115", "DURATION:P1D"), ""),
    ],
)
def test_times_that_a_task_cannot_have_are_kept_in_words(
    tmp_path: Path, lines: tuple[str, ...], notes: str
) -> None:
    assert task(tmp_path, "SUMMARY:a", *lines)["notes"] == notes


def test_task_that_says_how_long_it_takes_is_due_then(tmp_path: Path) -> None:
    found = task(tmp_path, "SUMMARY:a", "DTSTART;TZID=Europe/Berlin:20261120T100000", "DURATION:PT2H")
    assert found["due_at"] == datetime(2026, 11, 20, 12)  # noqa: DTZ001 - wall time


@pytest.mark.parametrize(
    ("lines", "rule", "notes"),
    [
        (("DUE;VALUE=DATE:20261101", "RRULE:FREQ=WEEKLY"), "FREQ=WEEKLY", ""),
        (("DUE:20261101", "RRULE:FREQ=WEEKLY;UNTIL=20261201"), "FREQ=WEEKLY;UNTIL=20261201", ""),
        (("RRULE:FREQ=WEEKLY",), None, "RRULE: FREQ=WEEKLY"),
    ],
)
def test_task_recurs_also_where_it_has_no_start(
    tmp_path: Path, lines: tuple[str, ...], rule: str | None, notes: str
) -> None:
    found = task(tmp_path, "SUMMARY:Eggs", *lines)
    assert (found["recurrence"], found["notes"]) == (rule, notes)


def test_addresses_of_what_is_attached_to_a_task_are_in_its_notes(tmp_path: Path) -> None:
    lines = ("URL:https://example.org/a", "ATTACH:https://example.org/a", "ATTACH:https://example.org/b")
    assert task(tmp_path, "SUMMARY:Eggs", *lines)["notes"] == "https://example.org/a\nhttps://example.org/b"


def test_categories_of_a_task_are_tags_and_the_calendar_is_its_list(tmp_path: Path) -> None:
    text = "BEGIN:VCALENDAR\nX-WR-CALNAME:Errands\nBEGIN:VTODO\nSUMMARY:a\nCATEGORIES:x,y\nEND:VTODO\nEND:VCALENDAR"
    (draft,) = entries(tmp_path, text)
    assert isinstance(draft, Draft)
    assert (draft.tags, draft.arguments["list_name"]) == (("x", "y"), "Errands")
    assert draft.update_arguments is not None
    assert "list_name" not in draft.update_arguments
