"""A saved web page: where it is, and its captures."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

from domain.shared import clock
from domain.shared.content import Content
from domain.shared.peers import Claim
from domain.shared.record import Origin, TooMany
from domain.shared.values import Count, Id, Language, Line, Many, Moment, StoredContent, Text, Url, new_id
from domain.web.reading import Reading
from domain.web.url_key import url_key
from domain.web.web_page_terms import (
    CAPTURE_FINDS,
    MAX_CAPTURES,
    WORDS_PER_MINUTE,
    Capture,
    CaptureFormat,
    CaptureRepeated,
    HttpStatus,
    NeverCaptured,
    PageDetails,
    PageState,
    PageText,
    PageTitle,
    Rating,
)


class WebPage(Reading):
    """A page kept to be read, and to outlive its site."""

    KIND: ClassVar[str] = "web_page"

    url: str
    url_key: str
    saved_at: datetime
    canonical_url: str | None = None
    title: str = ""
    byline: str = ""
    site_name: str = ""
    excerpt: str = ""
    language: str | None = None
    published_at: datetime | None = None
    state: PageState = PageState.QUEUED
    state_before_fetching: PageState | None = None
    failure: str = ""
    captures: tuple[Capture, ...] = ()
    text: str = ""
    word_count: int = 0
    reading_time_s: int = 0
    links_out: tuple[str, ...] = ()
    is_favourite: bool = False
    rating: int = 0

    class Event(Reading.Event):
        """Any event of a saved page."""

    class Saved(Event, Content.Created, PageDetails):
        TOPIC = "web_page.saved"
        url: str
        url_key: str
        saved_at: datetime
        is_favourite: bool

    class CaptureBegun(Event):
        TOPIC = "web_page.capture_begun"

        def apply(self, page: WebPage) -> None:
            page.state_before_fetching = page.state
            page.state = PageState.FETCHING

    class Captured(Event, PageText):
        TOPIC = "web_page.captured"
        capture: Capture

        def apply(self, page: WebPage) -> None:
            for name in CAPTURE_FINDS:
                if found := getattr(self, name):
                    setattr(page, name, found)
            page.captures = (*page.captures, self.capture)
            page.state = PageState.SAVED
            page.state_before_fetching = None
            page.failure = ""

    class CaptureFailed(Event):
        TOPIC = "web_page.capture_failed"
        failure: str
        http_status: int | None

        def apply(self, page: WebPage) -> None:
            page.failure = self.failure
            if not page.captures:
                page.state = PageState.FAILED
            elif page.state_before_fetching is not None:
                page.state = page.state_before_fetching
            page.state_before_fetching = None

    class Gone(Event):
        TOPIC = "web_page.gone"

        def apply(self, page: WebPage) -> None:
            page.state = PageState.GONE
            page.state_before_fetching = None

    class Favourited(Event):
        TOPIC = "web_page.favourited"

        def apply(self, page: WebPage) -> None:
            page.is_favourite = True

    class Unfavourited(Event):
        TOPIC = "web_page.unfavourited"

        def apply(self, page: WebPage) -> None:
            page.is_favourite = False

    class Rated(Event):
        TOPIC = "web_page.rated"
        rating: int

    @classmethod
    def save(
        cls,
        origin: Origin,
        url: Url,
        *,
        title: PageTitle = "",
        byline: Line = "",
        site_name: Line = "",
        excerpt: Text = "",
        language: Language | None = None,
        published_at: Moment | None = None,
        saved_at: Moment | None = None,
        is_favourite: bool = False,
    ) -> WebPage:
        return cls._begin(
            origin,
            cls.Saved,
            url=url,
            url_key=url_key(url),
            title=title,
            byline=byline,
            site_name=site_name,
            excerpt=excerpt,
            language=language,
            published_at=published_at,
            saved_at=saved_at or clock.now(),
            is_favourite=is_favourite,
        )

    def begin_capture(self) -> None:
        """Record that the page is being fetched, for the first time or again; also one that had gone may be back.

        Whoever fetches ends it with ``capture``, ``fail_capture`` or ``mark_gone``.
        """
        if len(self.captures) >= MAX_CAPTURES:
            raise TooMany
        if self.state is not PageState.FETCHING:
            self.trigger_event(WebPage.CaptureBegun)

    def capture(
        self,
        content: StoredContent,
        *,
        capture_format: CaptureFormat = CaptureFormat.HTML_SINGLE,
        text: Text = "",
        title: PageTitle = "",
        byline: Line = "",
        site_name: Line = "",
        excerpt: Text = "",
        language: Language | None = None,
        published_at: Moment | None = None,
        canonical_url: Url | None = None,
        links_out: Many[Url] = (),
        word_count: Count | None = None,
        final_url: Url | None = None,
        http_status: HttpStatus | None = None,
        captured_at: Moment | None = None,
        capture_id: Id | None = None,
    ) -> None:
        """Keep the page as it was found just now; what the capture does not tell stays as it was."""
        if len(self.captures) >= MAX_CAPTURES:
            raise TooMany
        if any(each.id == capture_id for each in self.captures):
            raise CaptureRepeated
        words = len(text.split()) if word_count is None else word_count
        self.trigger_event(
            WebPage.Captured,
            capture=Capture(
                capture_id or new_id(),
                captured_at or clock.now(),
                capture_format,
                content,
                final_url,
                http_status,
            ),
            title=title,
            byline=byline,
            site_name=site_name,
            excerpt=excerpt,
            language=language,
            published_at=published_at,
            canonical_url=canonical_url,
            text=text,
            word_count=words,
            reading_time_s=words * 60 // WORDS_PER_MINUTE,
            links_out=links_out,
        )

    def fail_capture(self, reason: Line, *, http_status: HttpStatus | None = None) -> None:
        """Record a capture that did not succeed; a page that was captured before is again what it was."""
        self.trigger_event(WebPage.CaptureFailed, failure=reason, http_status=http_status)

    def mark_gone(self) -> None:
        """Record that the site no longer has the page; the captures stay."""
        if not self.captures:
            raise NeverCaptured
        if self.state is not PageState.GONE:
            self.trigger_event(WebPage.Gone)

    def favourite(self) -> None:
        if not self.is_favourite:
            self.trigger_event(WebPage.Favourited)

    def unfavourite(self) -> None:
        if self.is_favourite:
            self.trigger_event(WebPage.Unfavourited)

    def rate(self, rating: Rating) -> None:
        """Give one to five stars; zero takes them back."""
        if rating != self.rating:
            self.trigger_event(WebPage.Rated, rating=rating)

    @property
    def claims(self) -> frozenset[Claim]:
        """An address is saved once at any one moment; a page in the trash is still the one saved then."""
        saved_at = self.saved_at.astimezone(UTC).isoformat()
        return frozenset({Claim("web_page.snapshot", f"{saved_at} {self.url_key}")})
