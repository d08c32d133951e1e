"""A bookmark: an address worth coming back to, and where it is filed."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from domain.shared import clock
from domain.shared.content import Content
from domain.shared.known import say
from domain.shared.peers import Claim
from domain.shared.record import Origin
from domain.shared.values import Count, Id, Label, Moment, Rank, Text, Url, text_key
from domain.web.bookmark_terms import (
    BookmarkNeverOpened,
    CheckedHealth,
    Details,
    Folder,
    HttpStatus,
    LinkHealth,
    LongTitle,
    SomeFolder,
)
from domain.web.url_key import may_be_opened, url_key
from domain.web.web_page import WebPage


class Bookmark(Content):
    """An address kept for later; javascript:, data: and place: addresses are kept but never opened.

    Events that flip a switch carry the value they flip it to, so that a later refresh leaves it alone.
    """

    KIND: ClassVar[str] = "bookmark"

    url: str
    url_key: str
    added_at: datetime
    title: str = ""
    description: str = ""
    folder: tuple[str, ...] = ()
    position: str | None = None
    """Sorted as text, among the bookmarks of its folder."""
    last_visited_at: datetime | None = None
    visit_count: int = 0
    icon_url: str | None = None
    is_private: bool = False
    to_read: bool = False
    is_favourite: bool = False
    shortcut_keyword: str | None = None
    link_health: LinkHealth = LinkHealth.UNCHECKED
    checked_at: datetime | None = None
    http_status: int | None = None
    web_page_id: UUID | None = None

    class Event(Content.Event):
        """Any event of a bookmark."""

    class Added(Event, Content.Created, Details):
        TOPIC = "bookmark.added"

    class Retitled(Event):
        TOPIC = "bookmark.retitled"
        title: str

    class Described(Event):
        TOPIC = "bookmark.described"
        description: str

    class UrlChanged(Event):
        TOPIC = "bookmark.url_changed"
        url: str
        url_key: str

        def apply(self, bookmark: Bookmark) -> None:
            super().apply(bookmark)
            _forget_health(bookmark)

    class Filed(Event):
        TOPIC = "bookmark.filed"
        folder: tuple[str, ...]

    class Unfiled(Event):
        TOPIC = "bookmark.unfiled"
        folder: tuple[str, ...]

    class Reordered(Event):
        TOPIC = "bookmark.reordered"
        position: str

    class MarkedToRead(Event):
        TOPIC = "bookmark.marked_to_read"
        to_read: bool

    class MarkedRead(Event):
        TOPIC = "bookmark.marked_read"
        to_read: bool

    class Visited(Event):
        TOPIC = "bookmark.visited"
        visited_at: datetime

        def apply(self, bookmark: Bookmark) -> None:
            bookmark.visit_count += 1
            bookmark.last_visited_at = max(bookmark.last_visited_at or self.visited_at, self.visited_at)

    class MadePrivate(Event):
        TOPIC = "bookmark.made_private"
        is_private: bool

    class MadePublic(Event):
        TOPIC = "bookmark.made_public"
        is_private: bool

    class Favourited(Event):
        TOPIC = "bookmark.favourited"
        is_favourite: bool

    class Unfavourited(Event):
        TOPIC = "bookmark.unfavourited"
        is_favourite: bool

    class KeywordAssigned(Event):
        TOPIC = "bookmark.keyword_assigned"
        shortcut_keyword: str

    class HealthRecorded(Event):
        TOPIC = "bookmark.health_recorded"
        link_health: LinkHealth
        http_status: int | None
        checked_at: datetime

    class Captured(Event):
        TOPIC = "bookmark.captured"
        web_page_id: UUID

    class CaptureForgotten(Event):
        """The page that was captured keeps another address than the bookmark has now.

        An event of its own beside the change of the address: those that were recorded without it are read as they were.
        """

        TOPIC = "bookmark.capture_forgotten"
        EDITS = ("web_page_id",)

        def apply(self, bookmark: Bookmark) -> None:
            bookmark.web_page_id = None

    class Refreshed(Event, Details):
        TOPIC = "bookmark.refreshed"
        BY_SOURCE = True

        def apply(self, bookmark: Bookmark) -> None:
            if self.url != bookmark.url:
                _forget_health(bookmark)
            super().apply(bookmark)

    @classmethod
    def add(
        cls,
        origin: Origin,
        url: Url,
        *,
        title: LongTitle = "",
        description: Text = "",
        folder: Folder = (),
        added_at: Moment | None = None,
        last_visited_at: Moment | None = None,
        visit_count: Count = 0,
        icon_url: Url | None = None,
        is_private: bool = False,
        to_read: bool = False,
        is_favourite: bool = False,
        shortcut_keyword: Label | None = None,
    ) -> Bookmark:
        _require_visitable(url, last_visited_at, visit_count)
        return cls._begin(
            origin,
            cls.Added,
            url=url,
            url_key=url_key(url),
            title=title,
            description=description,
            folder=folder,
            added_at=added_at or clock.now(),
            last_visited_at=last_visited_at,
            visit_count=visit_count,
            icon_url=icon_url,
            is_private=is_private,
            to_read=to_read,
            is_favourite=is_favourite,
            shortcut_keyword=shortcut_keyword,
        )

    def refresh(
        self,
        url: Url,
        *,
        title: LongTitle = "",
        description: Text = "",
        folder: Folder = (),
        added_at: Moment | None = None,
        last_visited_at: Moment | None = None,
        visit_count: Count = 0,
        icon_url: Url | None = None,
        is_private: bool = False,
        to_read: bool = False,
        is_favourite: bool = False,
        shortcut_keyword: Label | None = None,
    ) -> None:
        """Take what the source of an imported bookmark says now; visits are never taken back."""
        _require_visitable(url, last_visited_at, visit_count)
        before = self.url_key
        known_visits = [each for each in (self.last_visited_at, last_visited_at) if each is not None]
        self._refresh(
            Bookmark.Refreshed,
            url=url,
            url_key=url_key(url),
            title=title,
            description=description,
            folder=folder,
            added_at=added_at or self.added_at,
            last_visited_at=max(known_visits, default=None),
            visit_count=max(self.visit_count, visit_count),
            icon_url=icon_url,
            is_private=is_private,
            to_read=to_read,
            is_favourite=is_favourite,
            shortcut_keyword=shortcut_keyword,
        )
        self._forget_capture_unless_of(before)

    def retitle(self, title: LongTitle) -> None:
        say(self, Bookmark.Retitled, title=title)

    def describe(self, description: Text) -> None:
        say(self, Bookmark.Described, description=description)

    def change_url(self, url: Url) -> None:
        """Point to another address; what was found out about the old one, and which page keeps a copy of it, is forgotten."""
        before = self.url_key
        say(self, Bookmark.UrlChanged, url=url, url_key=url_key(url))
        self._forget_capture_unless_of(before)

    def file_into(self, folder: SomeFolder) -> None:
        say(self, Bookmark.Filed, folder=folder)

    def unfile(self) -> None:
        say(self, Bookmark.Unfiled, folder=())

    def reorder(self, position: Rank) -> None:
        say(self, Bookmark.Reordered, position=position)

    def mark_to_read(self) -> None:
        say(self, Bookmark.MarkedToRead, to_read=True)

    def mark_read(self) -> None:
        say(self, Bookmark.MarkedRead, to_read=False)

    def visit(self, visited_at: Moment | None = None) -> None:
        self._require_openable()
        self.trigger_event(Bookmark.Visited, visited_at=visited_at or clock.now())

    def make_private(self) -> None:
        say(self, Bookmark.MadePrivate, is_private=True)

    def make_public(self) -> None:
        say(self, Bookmark.MadePublic, is_private=False)

    def favourite(self) -> None:
        say(self, Bookmark.Favourited, is_favourite=True)

    def unfavourite(self) -> None:
        say(self, Bookmark.Unfavourited, is_favourite=False)

    def assign_keyword(self, keyword: Label) -> None:
        """Set the word that opens the bookmark when typed into a browser's address line."""
        say(self, Bookmark.KeywordAssigned, shortcut_keyword=keyword)

    def record_health(
        self,
        link_health: CheckedHealth,
        *,
        http_status: HttpStatus | None = None,
        checked_at: Moment | None = None,
    ) -> None:
        """Keep what a check of the address has found."""
        self._require_openable()
        say(
            self,
            Bookmark.HealthRecorded,
            link_health=link_health,
            http_status=http_status,
            checked_at=checked_at or clock.now(),
        )

    def capture(self, web_page_id: Id) -> None:
        """Say which saved page keeps a copy of what is found at the address."""
        self._require_openable()
        self._peer(WebPage, web_page_id)
        say(self, Bookmark.Captured, web_page_id=web_page_id)

    @property
    def claims(self) -> frozenset[Claim]:
        """The place of an address in a folder; in the trash it is free for another."""
        if self.deleted_at is not None:
            return frozenset()
        place = (str(len(self.folder)), *map(text_key, self.folder), self.url_key)
        return frozenset({Claim("bookmark.address", "\n".join(place))})

    @property
    def may_be_opened(self) -> bool:
        """Whether following the bookmark is safe as far as its scheme tells."""
        return may_be_opened(self.url)

    def _forget_capture_unless_of(self, key: str) -> None:
        if self.url_key != key and self.web_page_id is not None:
            self.trigger_event(Bookmark.CaptureForgotten)

    def _require_openable(self) -> None:
        if not self.may_be_opened:
            raise BookmarkNeverOpened


def _require_visitable(url: str, last_visited_at: datetime | None, visit_count: int) -> None:
    if (last_visited_at is not None or visit_count) and not may_be_opened(url):
        raise BookmarkNeverOpened


def _forget_health(bookmark: Bookmark) -> None:
    bookmark.link_health = LinkHealth.UNCHECKED
    bookmark.checked_at = bookmark.http_status = None
