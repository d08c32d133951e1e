"""What belongs to a calendar event elsewhere, by its address."""

from __future__ import annotations

import pytest

from domain.productivity.calendar_event_terms import MAX_ATTACHMENTS, AttachmentNotFound
from domain.shared.record import TooMany
from tests.domain.productivity.appointments import an_imported_event, refresh

AGENDA, MINUTES = "https://example.org/agenda", "https://example.org/minutes"


def test_papers_are_attached_and_detached_by_address() -> None:
    event = an_imported_event(url="https://example.org/")
    event.attach(AGENDA)
    event.attach(MINUTES)
    assert [*event.attachments] == [AGENDA, MINUTES]
    event.detach(AGENDA)
    assert [*event.attachments] == [MINUTES]
    assert (event.url, event.edited_fields) == ("https://example.org/", ("attachments",))


def test_paper_is_attached_once_however_it_comes() -> None:
    event = an_imported_event(attachments=(AGENDA, MINUTES, AGENDA))
    version = event.version
    event.attach(AGENDA)
    assert (event.attachments, event.version) == ((AGENDA, MINUTES), version)
    refresh(event, attachments=(MINUTES, AGENDA, MINUTES))
    assert event.attachments == (MINUTES, AGENDA)


def test_papers_are_bounded() -> None:
    papers = tuple(f"https://example.org/{number}" for number in range(MAX_ATTACHMENTS))
    event = an_imported_event(attachments=papers)
    with pytest.raises(TooMany):
        event.attach(AGENDA)
    with pytest.raises(TooMany):
        an_imported_event(attachments=(*papers, AGENDA))
    with pytest.raises(TooMany):
        refresh(event, attachments=(*papers, AGENDA))
    event.attach(papers[0])
    assert event.attachments == papers


def test_paper_that_is_not_there_cannot_be_detached() -> None:
    event = an_imported_event(attachments=(AGENDA,))
    with pytest.raises(AttachmentNotFound):
        event.detach(MINUTES)


def test_refresh_takes_the_papers_there_are_now() -> None:
    event = an_imported_event(attachments=(AGENDA,))
    for papers in ((MINUTES,), (MINUTES, AGENDA), ()):
        refresh(event, attachments=papers)
        assert event.attachments == papers
    assert event.edited_fields == (), "that was the source, not the person"
