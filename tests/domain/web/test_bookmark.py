"""What may happen to a bookmark, and that a refresh leaves alone what the person changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from domain.catalogue import kind_named, topic_of
from domain.shared import clock
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput, PeerUnusable, RecordTrashed
from domain.shared.peers import Claim
from domain.shared.record import Origin, Source, state_fields
from domain.shared.values import new_id
from domain.web.bookmark import Bookmark
from domain.web.bookmark_terms import BookmarkNeverOpened, LinkHealth
from domain.web.web_page import WebPage
from tests.domain.shelf import Shelf

NOON = datetime(2023, 8, 1, 12, tzinfo=UTC)
URL = "https://example.org/a"
SAID: dict[str, Any] = {
    "title": "Example",
    "description": "An example",
    "folder": ("Toolbar", "Reading"),
    "added_at": NOON,
    "last_visited_at": NOON,
    "visit_count": 3,
    "icon_url": "https://example.org/favicon.ico",
    "is_private": True,
    "to_read": True,
    "is_favourite": True,
    "shortcut_keyword": "ex",
}


class Pages(Shelf):
    """The saved pages of one person."""

    def __init__(self) -> None:
        self.page = WebPage.save(Origin(new_id()), URL)
        super().__init__(self.page)


def bookmark(url: str = URL, **details: Any) -> Bookmark:
    return Bookmark.add(Origin(new_id()), url, **details)


def imported(**details: Any) -> Bookmark:
    return Bookmark.add(Origin(new_id(), source=Source("firefox", "7")), URL, **details)


def topics(mark: Bookmark) -> list[str]:
    return [topic_of(cast("type[Bookmark.Event]", type(event)), Bookmark) for event in mark.pending_events]


def contents(mark: Bookmark) -> dict[str, Any]:
    return {name: getattr(mark, name) for name in state_fields(Bookmark)} | {"version": mark.version}


def test_catalogue_finds_the_kind() -> None:
    assert kind_named("bookmark") is Bookmark


def test_added_bookmark_keeps_what_is_known_of_it() -> None:
    mark = bookmark("https://EXAMPLE.org/a#part", **SAID)

    assert {name: getattr(mark, name) for name in SAID} == SAID
    assert (mark.url, mark.url_key) == ("https://EXAMPLE.org/a#part", URL)
    assert mark.link_health is LinkHealth.UNCHECKED
    assert topics(mark) == ["bookmark.added"]


def test_bookmark_is_added_now_unless_said_otherwise() -> None:
    with clock.reading(lambda: NOON):
        assert bookmark().added_at == NOON


@pytest.mark.parametrize(
    ("change", "name", "value", "topic"),
    [
        (lambda mark: mark.retitle("Other"), "title", "Other", "bookmark.retitled"),
        (lambda mark: mark.describe("Other"), "description", "Other", "bookmark.described"),
        (lambda mark: mark.file_into(("Later",)), "folder", ("Later",), "bookmark.filed"),
        (lambda mark: mark.unfile(), "folder", (), "bookmark.unfiled"),
        (lambda mark: mark.mark_read(), "to_read", False, "bookmark.marked_read"),
        (lambda mark: mark.make_public(), "is_private", False, "bookmark.made_public"),
        (lambda mark: mark.unfavourite(), "is_favourite", False, "bookmark.unfavourited"),
        (lambda mark: mark.assign_keyword("e"), "shortcut_keyword", "e", "bookmark.keyword_assigned"),
        (
            lambda mark: mark.change_url("https://example.net/"),
            "url",
            "https://example.net/",
            "bookmark.url_changed",
        ),
    ],
)
def test_change_is_recorded_once_and_survives_a_refresh(
    change: Callable[[Bookmark], None], name: str, value: Any, topic: str
) -> None:
    mark = imported(**SAID)

    change(mark)
    change(mark)
    assert getattr(mark, name) == value
    assert topics(mark)[1:] == [topic]
    mark.refresh(URL, **SAID)
    assert mark.version == 2
    mark.refresh(URL, **SAID | {"icon_url": None})

    assert getattr(mark, name) == value
    assert mark.icon_url is None


@pytest.mark.parametrize(
    ("on", "off", "name"),
    [
        (Bookmark.mark_to_read, Bookmark.mark_read, "to_read"),
        (Bookmark.make_private, Bookmark.make_public, "is_private"),
        (Bookmark.favourite, Bookmark.unfavourite, "is_favourite"),
    ],
)
def test_switch_goes_on_and_off_once(
    on: Callable[[Bookmark], None], off: Callable[[Bookmark], None], name: str
) -> None:
    mark = bookmark()

    off(mark)
    on(mark)
    on(mark)
    assert (getattr(mark, name), mark.version) == (True, 2)
    off(mark)
    off(mark)

    assert (getattr(mark, name), mark.version) == (False, 3)


def test_changed_address_forgets_the_health_of_the_old_one() -> None:
    mark = bookmark()
    mark.record_health(LinkHealth.BROKEN, http_status=404, checked_at=NOON)

    mark.change_url("https://EXAMPLE.net")

    assert (mark.url, mark.url_key) == ("https://EXAMPLE.net", "https://example.net/")
    assert (mark.link_health, mark.http_status, mark.checked_at) == (LinkHealth.UNCHECKED, None, None)


def test_refreshed_address_forgets_the_health_of_the_old_one() -> None:
    mark = imported(**SAID)
    mark.record_health(LinkHealth.BROKEN, http_status=404, checked_at=NOON)

    mark.refresh(URL, **SAID | {"title": "Other"})
    assert mark.http_status == 404
    mark.refresh("https://example.net/", **SAID)

    assert contents(mark)["http_status"] is None
    assert (mark.link_health, mark.url_key) == (LinkHealth.UNCHECKED, "https://example.net/")


def test_health_is_recorded_once_a_check() -> None:
    mark = bookmark()

    mark.record_health(LinkHealth.REDIRECTED, http_status=301, checked_at=NOON)
    mark.record_health(LinkHealth.REDIRECTED, http_status=301, checked_at=NOON)
    assert mark.version == 2
    with clock.reading(lambda: NOON + timedelta(days=1)):
        mark.record_health(LinkHealth.TIMEOUT)

    assert (mark.link_health, mark.http_status) == (LinkHealth.TIMEOUT, None)
    assert mark.checked_at == NOON + timedelta(days=1)


def test_visits_are_counted_and_the_latest_is_kept() -> None:
    mark = bookmark()

    mark.visit(NOON)
    mark.visit(NOON - timedelta(days=1))

    assert (mark.visit_count, mark.last_visited_at) == (2, NOON)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "place:sort=8"])
@pytest.mark.parametrize(
    "opening",
    [
        lambda mark: mark.visit(),
        lambda mark: mark.record_health(LinkHealth.OK),
        lambda mark: mark.capture(new_id()),
    ],
)
def test_address_that_is_a_program_is_kept_but_never_opened(
    url: str, opening: Callable[[Bookmark], None]
) -> None:
    mark = bookmark(url)

    assert (mark.url, mark.may_be_opened) == (url, False)
    with pytest.raises(BookmarkNeverOpened):
        opening(mark)


@pytest.mark.parametrize("visits", [{"last_visited_at": NOON}, {"visit_count": 1}])
def test_address_that_is_a_program_does_not_come_with_visits(visits: dict[str, Any]) -> None:
    with pytest.raises(BookmarkNeverOpened):
        bookmark("javascript:alert(1)", **visits)
    with pytest.raises(BookmarkNeverOpened):
        imported().refresh("javascript:alert(1)", **visits)


def test_captured_bookmark_names_the_saved_page() -> None:
    pages = Pages()
    mark = Bookmark.add(Origin(new_id(), peers=pages), URL)

    with pytest.raises(PeerUnusable):
        mark.capture(new_id())
    mark.capture(pages.page.id)
    mark.capture(pages.page.id)

    assert mark.web_page_id == pages.page.id
    assert topics(mark)[1:] == ["bookmark.captured"]


@pytest.mark.parametrize("change", [Bookmark.change_url, Bookmark.refresh])
def test_bookmark_of_another_address_names_no_page_that_keeps_the_old_one(
    change: Callable[[Bookmark, str], None],
) -> None:
    pages = Pages()
    mark = Bookmark.add(Origin(new_id(), source=Source("firefox", "7"), peers=pages), URL)
    mark.capture(pages.page.id)

    named = []
    for address in (f"{URL}?utm_source=mail#part", f"{URL}/b", f"{URL}/c"):
        change(mark, address)
        named.append(mark.web_page_id)

    assert named == [pages.page.id, None, None]
    assert topics(mark).count("bookmark.capture_forgotten") == 1


def test_refresh_takes_what_the_source_says_now() -> None:
    mark = imported(**SAID)
    now_said = {"title": "New", "description": "", "folder": (), "to_read": False, "shortcut_keyword": None}

    mark.refresh(URL, **SAID | now_said)

    assert {name: getattr(mark, name) for name in SAID} == SAID | now_said
    assert topics(mark)[1:] == ["bookmark.refreshed"]


def test_refresh_with_nothing_new_records_nothing() -> None:
    mark = imported(**SAID)

    mark.refresh(URL, **SAID)
    mark.refresh(URL, **SAID | {"added_at": None, "last_visited_at": None, "visit_count": 0})

    assert topics(mark) == ["bookmark.added"]


def test_refresh_takes_no_visits_back() -> None:
    mark = imported()
    mark.visit(NOON)

    mark.refresh(URL, last_visited_at=NOON - timedelta(days=1), visit_count=0)
    assert (mark.visit_count, mark.last_visited_at) == (1, NOON)
    mark.refresh(URL, last_visited_at=NOON + timedelta(days=1), visit_count=9)

    assert (mark.visit_count, mark.last_visited_at) == (9, NOON + timedelta(days=1))


def test_address_stands_in_a_folder_once() -> None:
    mark = bookmark(folder=("Reading",))
    held = mark.claims

    assert held == {Claim("bookmark.address", f"1\nReading\n{URL}")}
    assert bookmark("https://EXAMPLE.org/a#part", folder=("Reading",)).claims == held
    assert bookmark(folder=("Reading", "Later")).claims.isdisjoint(held)
    mark.unfile()
    assert mark.claims == bookmark().claims
    assert mark.claims.isdisjoint(held)


def test_trashed_bookmark_makes_room_for_another() -> None:
    mark = bookmark()
    held = mark.claims

    mark.trash()
    assert not mark.claims
    with pytest.raises(RecordTrashed):
        mark.retitle("Other")
    mark.restore()

    assert mark.claims == held


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("add", {"url": "example.org"}),
        ("add", {"url": "https://example.org/" + "x" * 8192}),
        ("add", {"url": URL, "title": "x" * 2001}),
        ("add", {"url": URL, "folder": ["x"] * 33}),
        ("add", {"url": URL, "folder": [" "]}),
        ("add", {"url": URL, "visit_count": -1}),
        ("add", {"url": URL, "added_at": 1690891200}),
        ("add", {"url": URL, "link_health": "ok"}),
        ("file_into", {"folder": []}),
        ("record_health", {"link_health": "unchecked"}),
        ("record_health", {"link_health": "ok", "http_status": 600}),
    ],
)
def test_arguments_out_of_bounds_are_refused(verb: str, body: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        commands_of(Bookmark)[verb].arguments_from_json(json.dumps(body))


def test_arguments_within_bounds_are_taken_from_json() -> None:
    body = {"url": "javascript:alert(1)", "title": "", "folder": ["x"] * 32}

    arguments = commands_of(Bookmark)["add"].arguments_from_json(json.dumps(body))

    assert (arguments["url"], arguments["folder"]) == ("javascript:alert(1)", ("x",) * 32)


def test_repr_shows_nothing_of_the_bookmark() -> None:
    assert "example" not in repr(bookmark(title="Example")).lower()


def test_replaying_the_events_gives_the_same_state() -> None:
    pages = Pages()
    origin = Origin(new_id(), source=Source("firefox", "7"), peers=pages)
    mark = Bookmark.add(origin, URL)
    mark.retitle("Example")
    mark.describe("An example")
    mark.change_url("https://example.net/")
    mark.file_into(("Reading",))
    mark.unfile()
    mark.mark_to_read()
    mark.mark_read()
    mark.visit()
    mark.make_private()
    mark.make_public()
    mark.favourite()
    mark.unfavourite()
    mark.assign_keyword("ex")
    mark.record_health(LinkHealth.OK, http_status=200)
    mark.capture(pages.page.id)
    mark.refresh(URL, icon_url="https://example.org/favicon.ico")
    mark.tag("web")
    mark.trash()

    state: Any = None
    for event in mark.pending_events:
        state = event.mutate(state)

    assert contents(state) == contents(mark)
    assert mark.version == 19


def test_bookmark_is_given_a_place_once() -> None:
    bookmark = Bookmark.add(Origin(new_id()), URL)
    bookmark.reorder("a0")
    bookmark.reorder("a0")
    assert (bookmark.position, bookmark.version) == ("a0", 2)
