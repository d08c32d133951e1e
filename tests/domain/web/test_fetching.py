"""A page that is being fetched, and what it is when that has come to an end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from domain.shared.record import TooMany
from domain.shared.values import StoredContent, new_id
from domain.web import web_page as web_page_module
from domain.web.web_page import WebPage
from domain.web.web_page_terms import NeverCaptured, PageState
from tests.domain.web.pages import page, state_of, topics


def html() -> StoredContent:
    return StoredContent(new_id(), 1000, "text/html")


def failed() -> WebPage:
    saved = page()
    saved.fail_capture("timeout")
    return saved


def captured() -> WebPage:
    saved = page()
    saved.capture(html())
    return saved


def gone() -> WebPage:
    saved = captured()
    saved.mark_gone()
    return saved


EVERY = [page, failed, captured, gone]


@pytest.mark.parametrize("made", EVERY)
def test_any_page_can_be_fetched_once_at_a_time(made: Callable[[], WebPage]) -> None:
    saved = made()
    before = saved.version
    saved.begin_capture()
    saved.begin_capture()
    assert (saved.state, saved.version) == (PageState.FETCHING, before + 1)
    assert topics(saved)[-1] == "web_page.capture_begun"
    saved.capture(html())
    assert (state_of(saved), saved.state_before_fetching) == (PageState.SAVED, None)


@pytest.mark.parametrize(
    ("made", "state"),
    [
        (page, PageState.FAILED),
        (failed, PageState.FAILED),
        (captured, PageState.SAVED),
        (gone, PageState.GONE),
    ],
)
def test_page_is_what_it_was_when_it_could_not_be_fetched(
    made: Callable[[], WebPage], state: PageState
) -> None:
    saved = made()
    for _ in range(2):
        saved.begin_capture()
        saved.fail_capture("timeout")
        assert (saved.state, saved.state_before_fetching, saved.failure) == (state, None, "timeout")


def test_page_may_turn_out_to_be_gone_while_it_is_fetched() -> None:
    saved = captured()
    saved.begin_capture()
    saved.mark_gone()
    assert state_of(saved) is PageState.GONE
    saved.fail_capture("404")
    assert state_of(saved) is PageState.GONE


def test_page_never_captured_is_not_gone_either_while_it_is_fetched() -> None:
    saved = page()
    saved.begin_capture()
    with pytest.raises(NeverCaptured):
        saved.mark_gone()


def test_capture_that_could_not_be_kept_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_page_module, "MAX_CAPTURES", 1)
    with pytest.raises(TooMany):
        captured().begin_capture()
    page().begin_capture()
