"""A saved web page: its captures, how far it is read, and what was highlighted in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID

from domain.shared import clock
from domain.shared.content import Content
from domain.shared.peers import Claim
from domain.shared.record import Origin, TooMany
from domain.shared.values import (
    Count,
    Fraction,
    Id,
    Label,
    Language,
    Line,
    Many,
    Moment,
    StoredContent,
    Text,
    Url,
    new_id,
)
from domain.web.url_key import url_key
from domain.web.web_page_terms import (
    CAPTURE_FINDS,
    MAX_CAPTURES,
    MAX_HIGHLIGHTS,
    WORDS_PER_MINUTE,
    Capture,
    CaptureFormat,
    CaptureRepeated,
    Context,
    Highlight,
    HighlightRepeated,
    HighlightUnknown,
    HttpStatus,
    NeverCaptured,
    NotReading,
    PageArchived,
    PageDetails,
    PageState,
    PageText,
    PageTitle,
    ProgressBackwards,
    Quote,
    Rating,
    ReadState,
    SpanInvalid,
)


class WebPage(Content):
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
    failure: str = ""
    captures: tuple[Capture, ...] = ()
    text: str = ""
    word_count: int = 0
    reading_time_s: int = 0
    links_out: tuple[str, ...] = ()
    read_state: ReadState = ReadState.UNREAD
    progress: float = 0.0
    reading_started_at: datetime | None = None
    read_at: datetime | None = None
    highlights: tuple[Highlight, ...] = ()
    is_favourite: bool = False
    rating: int = 0

    class Event(Content.Event):
        """Any event of a saved page."""

    class Saved(Event, Content.Created, PageDetails):
        TOPIC = "web_page.saved"
        url: str
        url_key: str
        saved_at: datetime
        is_favourite: bool

    class Captured(Event, PageText):
        TOPIC = "web_page.captured"
        capture: Capture

        def apply(self, page: WebPage) -> None:
            for name in CAPTURE_FINDS:
                if found := getattr(self, name):
                    setattr(page, name, found)
            page.captures = (*page.captures, self.capture)
            page.state = PageState.SAVED
            page.failure = ""

    class CaptureFailed(Event):
        TOPIC = "web_page.capture_failed"
        failure: str
        http_status: int | None

        def apply(self, page: WebPage) -> None:
            page.failure = self.failure
            if not page.captures:
                page.state = PageState.FAILED

    class Gone(Event):
        TOPIC = "web_page.gone"

        def apply(self, page: WebPage) -> None:
            page.state = PageState.GONE

    class ReadingStarted(Event):
        TOPIC = "web_page.reading_started"

        def apply(self, page: WebPage) -> None:
            page.read_state = ReadState.READING
            page.reading_started_at = self.timestamp
            page.read_at = None
            page.progress = 0.0

    class ProgressRecorded(Event):
        TOPIC = "web_page.progress_recorded"
        progress: float

    class ReadingFinished(Event):
        TOPIC = "web_page.reading_finished"
        read_at: datetime

        def apply(self, page: WebPage) -> None:
            page.read_state = ReadState.READ
            page.read_at = self.read_at
            page.progress = 1.0

    class Highlighted(Event):
        TOPIC = "web_page.highlighted"
        highlight: Highlight

        def apply(self, page: WebPage) -> None:
            page.highlights = (*page.highlights, self.highlight)

    class HighlightAnnotated(Event):
        TOPIC = "web_page.highlight_annotated"
        highlight_id: UUID
        note: str

        def apply(self, page: WebPage) -> None:
            page.highlights = tuple(
                replace(each, note=self.note) if each.id == self.highlight_id else each
                for each in page.highlights
            )

    class HighlightRemoved(Event):
        TOPIC = "web_page.highlight_removed"
        highlight_id: UUID

        def apply(self, page: WebPage) -> None:
            page.highlights = tuple(each for each in page.highlights if each.id != self.highlight_id)

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

    class Archived(Event):
        TOPIC = "web_page.archived"

        def apply(self, page: WebPage) -> None:
            page.read_state = ReadState.ARCHIVED

    class Unarchived(Event):
        TOPIC = "web_page.unarchived"

        def apply(self, page: WebPage) -> None:
            page.read_state = _read_so_far(page)

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
        """Record a capture that did not succeed; a page that was captured before stays saved."""
        self.trigger_event(WebPage.CaptureFailed, failure=reason, http_status=http_status)

    def mark_gone(self) -> None:
        """Record that the site no longer has the page; the captures stay."""
        if not self.captures:
            raise NeverCaptured
        if self.state is not PageState.GONE:
            self.trigger_event(WebPage.Gone)

    def start_reading(self) -> None:
        """Begin to read, from the start, also a page that was read before."""
        self._require_unarchived()
        if self.read_state is not ReadState.READING:
            self.trigger_event(WebPage.ReadingStarted)

    def record_progress(self, progress: Fraction) -> None:
        if self.read_state is not ReadState.READING:
            raise NotReading
        if progress < self.progress:
            raise ProgressBackwards
        if progress > self.progress:
            self.trigger_event(WebPage.ProgressRecorded, progress=progress)

    def finish_reading(self, read_at: Moment | None = None) -> None:
        self._require_unarchived()
        if self.read_state is not ReadState.READ:
            self.trigger_event(WebPage.ReadingFinished, read_at=read_at or clock.now())

    def highlight(
        self,
        quote: Quote,
        *,
        prefix: Context = "",
        suffix: Context = "",
        start: Count | None = None,
        end: Count | None = None,
        colour: Label = "yellow",
        note: Text = "",
        highlighted_at: Moment | None = None,
        highlight_id: Id | None = None,
    ) -> None:
        """Mark a passage; ``start`` and ``end`` count the characters of the text."""
        if len(self.highlights) >= MAX_HIGHLIGHTS:
            raise TooMany
        if any(each.id == highlight_id for each in self.highlights):
            raise HighlightRepeated
        if (start is None) != (end is None) or (start is not None and end is not None and end <= start):
            raise SpanInvalid
        self.trigger_event(
            WebPage.Highlighted,
            highlight=Highlight(
                id=highlight_id or new_id(),
                quote=quote,
                highlighted_at=highlighted_at or clock.now(),
                prefix=prefix,
                suffix=suffix,
                start=start,
                end=end,
                colour=colour,
                note=note,
            ),
        )

    def annotate_highlight(self, highlight_id: Id, note: Text) -> None:
        if note != self._highlight(highlight_id).note:
            self.trigger_event(WebPage.HighlightAnnotated, highlight_id=highlight_id, note=note)

    def remove_highlight(self, highlight_id: Id) -> None:
        self._highlight(highlight_id)
        self.trigger_event(WebPage.HighlightRemoved, highlight_id=highlight_id)

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

    def archive(self) -> None:
        if self.read_state is not ReadState.ARCHIVED:
            self.trigger_event(WebPage.Archived)

    def unarchive(self) -> None:
        """Take the page up again where reading had come to."""
        if self.read_state is ReadState.ARCHIVED:
            self.trigger_event(WebPage.Unarchived)

    @property
    def claims(self) -> frozenset[Claim]:
        """An address is saved once at any one moment; a page in the trash is still the one saved then."""
        saved_at = self.saved_at.astimezone(UTC).isoformat()
        return frozenset({Claim("web_page.snapshot", f"{saved_at} {self.url_key}")})

    def _require_unarchived(self) -> None:
        if self.read_state is ReadState.ARCHIVED:
            raise PageArchived

    def _highlight(self, highlight_id: UUID) -> Highlight:
        for each in self.highlights:
            if each.id == highlight_id:
                return each
        raise HighlightUnknown


def _read_so_far(page: WebPage) -> ReadState:
    if page.read_at is not None:
        return ReadState.READ
    return ReadState.UNREAD if page.reading_started_at is None else ReadState.READING
