"""Several files about one event: its newest state stays, whatever the files are called, and a repeat changes nothing."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from domain.productivity.calendar_event import CalendarEvent
from domain.productivity.calendar_event_terms import IcalStatus, NotOrganizer
from domain.productivity.task import Task
from infrastructure.importers.crew import Crew
from infrastructure.importers.draft import Outcome, Reading
from infrastructure.importers.run import ImportReport, import_paths
from infrastructure.settings import Settings
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.importers.test_icalendar_messages import message

REQUEST = message("REQUEST", "SEQUENCE:3", "DTSTART:20261224T180000Z", "SUMMARY:Tea", "LOCATION:Deck")
OLDER = message("PUBLISH", "SEQUENCE:1", "DTSTART:20261223T180000Z", "SUMMARY:Coffee")
REPLY = message("REPLY", "SEQUENCE:1", "DTSTART:20261224T080000Z", "SUMMARY:Accepted: Tea")
CANCEL = message("CANCEL", "SEQUENCE:4", "STATUS:CANCELLED")


def folder_of(folder: Path, *texts: str) -> Path:
    """Write files, to be read in this order."""
    folder.mkdir()
    for number, text in enumerate(texts):
        (folder / f"{number}.ics").write_text(text, newline="\r\n")
    return folder


def imported(me: Session, folder: Path, *addresses: str) -> tuple[dict[str, int], dict[str, int]]:
    """Import a folder as somebody with these addresses; return the outcomes by name and the reasons."""
    report: ImportReport = import_paths(me, [folder], Reading(addresses=frozenset(addresses)))
    reasons: dict[str, int] = {}
    for file in report.files:
        assert file.entries == 1
        reasons |= file.reasons
    return {outcome.value: count for outcome, count in report.outcomes.items() if count}, reasons


def only(store: Store, me: Session) -> CalendarEvent:
    """Return the one event there is."""
    store.catch_up()
    (found,) = me.find(CalendarEvent)
    event = me.load(found.id)
    assert isinstance(event, CalendarEvent)
    return event


@pytest.mark.parametrize("order", list(permutations((OLDER, REQUEST, REPLY, CANCEL)))[::5])
def test_newest_state_stays_in_whatever_order_files_are_read(
    store: Store, me: Session, tmp_path: Path, order: tuple[str, ...]
) -> None:
    folder = folder_of(tmp_path / "in", *order)
    outcomes, reasons = imported(me, folder)
    assert (sum(outcomes.values()), outcomes["created"], reasons["reply"]) == (4, 1, 1)
    event = only(store, me)
    assert (event.title, event.location, event.sequence) == ("Tea", "Deck", 4)
    assert event.ical_status is IcalStatus.CANCELLED
    for _ in range(2):
        outcomes, _ = imported(me, folder)
        assert outcomes.keys() == {"unchanged", "skipped"}
        assert sum(outcomes.values()) == 4
    assert only(store, me).version == event.version


def test_cancellation_is_heard_last_also_where_several_processes_read(
    store: Store, me: Session, settings: Settings, tmp_path: Path
) -> None:
    folder = folder_of(tmp_path / "in", CANCEL, REQUEST)
    report = import_paths(me, [folder], Reading(), crew=Crew(settings, 2, worth=0))
    assert [dict(file.outcomes) for file in report.files] == [{Outcome.REFRESHED: 1}, {Outcome.CREATED: 1}]
    assert only(store, me).ical_status is IcalStatus.CANCELLED


def test_older_state_changes_nothing_also_after_the_person_has_moved_the_event(
    store: Store, me: Session, tmp_path: Path
) -> None:
    imported(me, folder_of(tmp_path / "new", REQUEST))
    event = only(store, me)
    me.do(CalendarEvent.reschedule, event.id, event.start_local.replace(hour=20))
    assert imported(me, folder_of(tmp_path / "old", OLDER)) == ({"skipped": 1}, {"superseded": 1})
    assert only(store, me).title == "Tea"
    restated = folder_of(tmp_path / "restated", REQUEST.replace("Deck", "Cabin"))
    assert imported(me, restated) == ({"refreshed": 1}, {})
    assert only(store, me).location == "Cabin"


def test_state_that_is_as_new_is_heard_and_a_newer_one_reinstates(
    store: Store, me: Session, tmp_path: Path
) -> None:
    imported(me, folder_of(tmp_path / "one", REQUEST))
    assert imported(me, folder_of(tmp_path / "two", REQUEST.replace("Tea", "Cake"))) == ({"refreshed": 1}, {})
    assert imported(me, folder_of(tmp_path / "three", CANCEL)) == ({"refreshed": 1}, {})
    assert only(store, me).ical_status is IcalStatus.CANCELLED
    newer = REQUEST.replace("SEQUENCE:3", "SEQUENCE:5")
    assert imported(me, folder_of(tmp_path / "four", newer)) == ({"refreshed": 1}, {})
    assert only(store, me).ical_status is IcalStatus.CONFIRMED
    assert imported(me, tmp_path / "three") == ({"skipped": 1}, {"superseded": 1})


def test_state_without_a_sequence_is_heard(store: Store, me: Session, tmp_path: Path) -> None:
    imported(me, folder_of(tmp_path / "one", REQUEST))
    export = REQUEST.replace("SEQUENCE:3\n", "").replace("SEQUENCE:3\r\n", "").replace("Tea", "Cake")
    assert "SEQUENCE" not in export
    assert imported(me, folder_of(tmp_path / "two", export)) == ({"refreshed": 1}, {})
    assert only(store, me).title == "Cake"
    assert imported(me, folder_of(tmp_path / "three", OLDER)) == ({"skipped": 1}, {"superseded": 1})


def test_guests_of_somebody_elses_event_are_left_to_them_until_it_is_taken_over(
    store: Store, me: Session, tmp_path: Path
) -> None:
    theirs = REQUEST.replace("SUMMARY:Tea", "SUMMARY:Tea\nORGANIZER:mailto:ann@example.org")
    folder = folder_of(tmp_path / "one", theirs)
    for outcome in ("created", "unchanged"):
        assert imported(me, folder, "me@example.org") == ({outcome: 1}, {})
    event = only(store, me)
    assert event.version == 2
    with pytest.raises(NotOrganizer):
        me.do(CalendarEvent.invite, event.id, "bob@example.org")
    me.do(CalendarEvent.take_over, event.id)
    me.do(CalendarEvent.invite, event.id, "bob@example.org")
    news = folder_of(tmp_path / "two", theirs.replace("Deck", "Cabin"))
    assert imported(me, news, "me@example.org") == ({"refreshed": 1}, {})
    event = only(store, me)
    assert (event.location, event.is_organizer, len(event.attendees)) == ("Cabin", True, 1)


def test_attachments_are_those_that_the_newest_state_names(store: Store, me: Session, tmp_path: Path) -> None:
    agenda = REQUEST.replace("SUMMARY:Tea", "SUMMARY:Tea\nATTACH:https://example.org/agenda")
    folder = folder_of(tmp_path / "one", agenda)
    for outcome in ("created", "unchanged"):
        assert imported(me, folder) == ({outcome: 1}, {})
    event = only(store, me)
    assert (event.attachments, event.version) == (("https://example.org/agenda",), 2)
    assert imported(me, folder_of(tmp_path / "two", REQUEST)) == ({"refreshed": 1}, {})
    assert only(store, me).attachments == ()


def test_cancellation_of_what_nobody_knows_is_skipped(store: Store, me: Session, tmp_path: Path) -> None:
    assert imported(me, folder_of(tmp_path / "in", CANCEL)) == ({"skipped": 1}, {"not_known": 1})
    store.catch_up()
    assert list(me.find(CalendarEvent)) == []


def test_older_state_of_a_task_changes_nothing(store: Store, me: Session, tmp_path: Path) -> None:
    newer, older = (text.replace("VEVENT", "VTODO") for text in (REQUEST, OLDER))
    folder = folder_of(tmp_path / "in", newer, older)
    for outcome in ("created", "unchanged"):
        assert imported(me, folder) == ({outcome: 1, "skipped": 1}, {"superseded": 1})
    store.catch_up()
    assert [task.title for task in me.find(Task)] == ["Tea"]
