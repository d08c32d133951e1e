"""How far a saved page has been read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from domain.shared import clock
from domain.web.web_page import WebPage
from domain.web.web_page_terms import NotReading, PageArchived, ProgressBackwards, ReadState
from tests.domain.web.pages import NOON, contents, page, topics


def test_page_is_read_from_start_to_end() -> None:
    with clock.reading(lambda: NOON):
        saved = page()
        saved.start_reading()
        saved.start_reading()
    assert (saved.read_state, saved.reading_started_at) == (ReadState.READING, NOON)
    saved.record_progress(0.5)
    assert saved.progress == 0.5
    saved.finish_reading(NOON)
    saved.finish_reading()

    assert contents(saved)["read_state"] is ReadState.READ
    assert (saved.progress, saved.read_at) == (1.0, NOON)
    assert topics(saved)[1:] == [
        "web_page.reading_started",
        "web_page.progress_recorded",
        "web_page.reading_finished",
    ]


def test_page_can_be_read_without_having_been_started() -> None:
    saved = page()

    with clock.reading(lambda: NOON):
        saved.finish_reading()

    assert (saved.read_state, saved.read_at) == (ReadState.READ, NOON)


def test_second_reading_begins_from_the_start() -> None:
    saved = page()
    saved.finish_reading()

    saved.start_reading()
    saved.record_progress(0.1)

    assert (saved.read_state, saved.progress, saved.read_at) == (ReadState.READING, 0.1, None)


def test_progress_only_grows_within_a_reading() -> None:
    saved = page()
    saved.start_reading()
    saved.record_progress(0.5)

    with pytest.raises(ProgressBackwards):
        saved.record_progress(0.4)
    saved.record_progress(0.5)

    assert (saved.progress, saved.version) == (0.5, 3)


@pytest.mark.parametrize("not_reading", [lambda _: None, WebPage.finish_reading, WebPage.archive])
def test_progress_is_made_while_reading_only(not_reading: Callable[[WebPage], None]) -> None:
    saved = page()
    not_reading(saved)

    with pytest.raises(NotReading):
        saved.record_progress(1.0)


@pytest.mark.parametrize("verb", [WebPage.start_reading, WebPage.finish_reading])
def test_page_marked_unread_is_as_if_nobody_had_begun_it(verb: Callable[[WebPage], None]) -> None:
    saved = page()
    saved.highlight("two")
    saved.mark_unread()
    verb(saved)
    saved.mark_unread()
    saved.mark_unread()

    assert contents(saved) | {"highlights": (), "version": 1} == contents(page(saved_at=saved.saved_at))
    assert len(saved.highlights) == 1
    assert topics(saved)[3:] == ["web_page.marked_unread"]
    saved.archive()
    saved.unarchive()
    assert saved.read_state is ReadState.UNREAD


@pytest.mark.parametrize("verb", [WebPage.start_reading, WebPage.finish_reading, WebPage.mark_unread])
def test_archived_page_is_not_read(verb: Callable[[WebPage], None]) -> None:
    saved = page()
    saved.archive()

    with pytest.raises(PageArchived):
        verb(saved)


@pytest.mark.parametrize(
    ("reading", "read_state"),
    [
        ((), ReadState.UNREAD),
        ((WebPage.start_reading,), ReadState.READING),
        ((WebPage.start_reading, WebPage.finish_reading), ReadState.READ),
        ((WebPage.finish_reading, WebPage.start_reading), ReadState.READING),
    ],
)
def test_unarchived_page_is_taken_up_where_reading_had_come_to(
    reading: tuple[Callable[[WebPage], None], ...], read_state: ReadState
) -> None:
    saved = page()
    for verb in reading:
        verb(saved)

    saved.unarchive()
    saved.archive()
    saved.archive()
    assert saved.read_state is ReadState.ARCHIVED
    saved.unarchive()
    saved.unarchive()

    assert contents(saved)["read_state"] is read_state
    assert saved.version == 3 + len(reading)
