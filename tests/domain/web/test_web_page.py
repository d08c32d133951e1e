"""What may happen to a saved page: captures, reading, highlights."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, cast

import pytest

from domain.catalogue import kind_named
from domain.shared import clock
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput, RecordTrashed
from domain.shared.peers import Claim
from domain.shared.record import Origin, TooMany
from domain.shared.values import StoredContent, new_id
from domain.web import reading as reading_module
from domain.web import web_page as web_page_module
from domain.web.web_page import WebPage
from domain.web.web_page_terms import (
    Capture,
    CaptureFormat,
    CaptureRepeated,
    Highlight,
    HighlightRepeated,
    HighlightUnknown,
    NeverCaptured,
    PageState,
    ReadState,
    SpanInvalid,
)
from tests.domain.web.pages import NOON, URL, contents, page, topics

HTML = StoredContent(new_id(), 1000, "text/html")
SHOT = StoredContent(new_id(), 9000, "image/png")
TOLD: dict[str, Any] = {
    "title": "Engines",
    "byline": "Ada",
    "site_name": "Example",
    "excerpt": "Of engines",
    "language": "en",
    "published_at": NOON,
}


FOUND: dict[str, Any] = TOLD | {
    "text": "one two three " * 100,
    "canonical_url": "https://example.org/canonical",
    "links_out": ("https://example.net/",),
}


def captured() -> WebPage:
    saved = page()
    saved.capture(HTML, **FOUND)
    return saved


def test_catalogue_finds_the_kind() -> None:
    assert kind_named("web_page") is WebPage


def test_saved_page_waits_for_its_capture() -> None:
    saved = WebPage.save(Origin(new_id()), URL + "#part", saved_at=NOON, is_favourite=True, **TOLD)

    assert {name: getattr(saved, name) for name in TOLD} == TOLD
    assert (saved.url, saved.url_key, saved.saved_at) == (URL + "#part", URL, NOON)
    assert (saved.state, saved.read_state, saved.is_favourite) == (PageState.QUEUED, ReadState.UNREAD, True)
    assert topics(saved) == ["web_page.saved"]


def test_page_is_saved_now_unless_said_otherwise() -> None:
    with clock.reading(lambda: NOON):
        assert page().saved_at == NOON


def test_capture_keeps_what_was_found() -> None:
    saved, capture_id = page(), new_id()

    saved.capture(
        HTML,
        capture_format=CaptureFormat.MHTML,
        final_url="https://example.org/b",
        http_status=200,
        captured_at=NOON,
        capture_id=capture_id,
        **FOUND,
    )

    assert saved.captures == (
        Capture(capture_id, NOON, CaptureFormat.MHTML, HTML, "https://example.org/b", 200),
    )
    assert {name: getattr(saved, name) for name in FOUND} == FOUND
    assert (saved.word_count, saved.reading_time_s) == (300, 90)
    assert saved.state is PageState.SAVED
    assert topics(saved)[1:] == ["web_page.captured"]


def test_words_may_be_counted_by_who_knows_better() -> None:
    saved = page()

    saved.capture(HTML, text="一二三四", word_count=4)

    assert saved.word_count == 4


def test_what_a_capture_does_not_tell_stays() -> None:
    saved = captured()

    saved.capture(SHOT, capture_format=CaptureFormat.SCREENSHOT, title="Looms")

    assert {name: getattr(saved, name) for name in FOUND} == FOUND | {"title": "Looms"}
    assert (saved.word_count, saved.reading_time_s) == (300, 90)
    assert [each.content for each in saved.captures] == [HTML, SHOT]
    assert cast("Any", saved.pending_events[-1]).text == ""


def test_capture_is_kept_once() -> None:
    saved, capture_id = page(), new_id()
    saved.capture(HTML, capture_id=capture_id)

    with pytest.raises(CaptureRepeated):
        saved.capture(SHOT, capture_id=capture_id)


def test_captures_and_highlights_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    saved = captured()
    saved.highlight("two")
    monkeypatch.setattr(web_page_module, "MAX_CAPTURES", 1)
    monkeypatch.setattr(reading_module, "MAX_HIGHLIGHTS", 1)

    with pytest.raises(TooMany):
        saved.capture(SHOT)
    with pytest.raises(TooMany):
        saved.highlight("three")


def test_failed_capture_is_made_good_by_the_next() -> None:
    saved = page()

    saved.fail_capture("timeout", http_status=504)
    assert (saved.state, saved.failure) == (PageState.FAILED, "timeout")
    saved.capture(HTML)

    assert (saved.state, saved.failure) == (PageState.SAVED, "")


def test_page_once_captured_stays_saved_when_a_later_capture_fails() -> None:
    saved = captured()

    saved.fail_capture("timeout")
    assert (saved.state, saved.failure) == (PageState.SAVED, "timeout")
    saved.mark_gone()
    saved.fail_capture("404")

    assert contents(saved)["state"] is PageState.GONE


def test_page_gone_from_its_site_keeps_its_captures() -> None:
    saved = captured()

    saved.mark_gone()
    saved.mark_gone()
    assert (saved.state, len(saved.captures), saved.version) == (PageState.GONE, 1, 3)
    saved.capture(SHOT)

    assert contents(saved)["state"] is PageState.SAVED


def test_page_never_captured_cannot_be_gone() -> None:
    saved = page()
    saved.fail_capture("404")

    with pytest.raises(NeverCaptured):
        saved.mark_gone()

    assert saved.state is PageState.FAILED


def test_highlight_quotes_a_passage() -> None:
    saved, highlight_id = captured(), new_id()

    saved.highlight(
        "two",
        prefix="one ",
        suffix=" three",
        start=4,
        end=7,
        colour="green",
        note="really?",
        highlighted_at=NOON,
        highlight_id=highlight_id,
    )

    assert saved.highlights == (
        Highlight(highlight_id, "two", NOON, "one ", " three", 4, 7, "green", "really?"),
    )
    with pytest.raises(HighlightRepeated):
        saved.highlight("three", highlight_id=highlight_id)


@pytest.mark.parametrize("span", [{"start": 4}, {"end": 7}, {"start": 4, "end": 4}, {"start": 7, "end": 4}])
def test_place_of_a_highlight_has_a_start_and_a_later_end(span: dict[str, int]) -> None:
    with pytest.raises(SpanInvalid):
        captured().highlight("two", **cast("Any", span))


def test_highlight_is_annotated_and_removed_by_itself() -> None:
    saved, first, second = captured(), new_id(), new_id()
    saved.highlight("one", highlight_id=first)
    saved.highlight("two", highlight_id=second)

    saved.annotate_highlight(second, "really?")
    saved.annotate_highlight(second, "really?")
    assert [each.note for each in saved.highlights] == ["", "really?"]
    saved.remove_highlight(first)

    assert [each.id for each in saved.highlights] == [second]
    assert topics(saved)[4:] == ["web_page.highlight_annotated", "web_page.highlight_removed"]


def test_highlight_that_is_not_there_is_neither_annotated_nor_removed() -> None:
    saved = captured()
    saved.highlight("one")

    with pytest.raises(HighlightUnknown):
        saved.annotate_highlight(new_id(), "really?")
    with pytest.raises(HighlightUnknown):
        saved.remove_highlight(new_id())


def test_favourite_and_rating_are_recorded_once() -> None:
    saved = page()

    saved.unfavourite()
    saved.favourite()
    saved.favourite()
    saved.rate(4)
    saved.rate(4)
    assert (saved.is_favourite, saved.rating, saved.version) == (True, 4, 3)
    saved.unfavourite()

    assert topics(saved)[1:] == ["web_page.favourited", "web_page.rated", "web_page.unfavourited"]
    assert contents(saved)["is_favourite"] is False


def test_address_is_saved_once_at_a_time() -> None:
    saved = page(saved_at=NOON)
    held = saved.claims

    assert held == {Claim("web_page.snapshot", f"2023-08-01T12:00:00+00:00 {URL}")}
    assert page(saved_at=NOON + timedelta(seconds=1)).claims.isdisjoint(held)
    saved.trash()
    assert saved.claims == held
    with pytest.raises(RecordTrashed):
        saved.start_reading()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("text", "x" * 1_000_001),
        ("http_status", 99),
        ("links_out", ["/relative"]),
        ("capture_format", "vellum"),
        ("capture_id", "1"),
        ("word_count", -1),
        ("language", "not a tag"),
    ],
)
def test_arguments_out_of_bounds_are_refused(name: str, value: Any) -> None:
    capture = commands_of(WebPage)["capture"]
    body = {
        "content": {"blob_id": str(HTML.blob_id), "size": 1000, "media_type": "text/html"},
        "links_out": ["https://example.net/"],
        "text": "x" * 1_000_000,
    }
    assert capture.arguments_from_json(json.dumps(body))["content"] == HTML

    with pytest.raises(InvalidInput) as refused:
        capture.arguments_from_json(json.dumps(body | {name: value}))

    assert name in str(refused.value)


@pytest.mark.parametrize("progress", [-0.1, 1.1, "NaN"])
def test_progress_is_a_share_of_the_whole(progress: Any) -> None:
    with pytest.raises(InvalidInput):
        commands_of(WebPage)["record_progress"].arguments_from_json(json.dumps({"progress": progress}))


def test_repr_shows_nothing_of_the_page() -> None:
    assert "ngines" not in repr(captured())


def test_replaying_the_events_gives_the_same_state() -> None:
    saved, highlight_id = page(), new_id()
    saved.begin_capture()
    saved.fail_capture("timeout")
    saved.capture(HTML, **FOUND)
    saved.begin_capture()
    saved.capture(SHOT)
    saved.mark_gone()
    saved.begin_capture()
    saved.fail_capture("404")
    saved.start_reading()
    saved.mark_unread()
    saved.start_reading()
    saved.record_progress(0.5)
    saved.highlight("two")
    saved.highlight("one", highlight_id=highlight_id)
    saved.annotate_highlight(highlight_id, "really?")
    saved.remove_highlight(highlight_id)
    saved.finish_reading()
    saved.archive()
    saved.unarchive()
    saved.favourite()
    saved.unfavourite()
    saved.rate(5)
    saved.annotate("good")
    saved.trash()

    state: Any = None
    for event in saved.pending_events:
        state = event.mutate(state)

    assert contents(state) == contents(saved)
    assert saved.version == 25
