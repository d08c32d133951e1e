"""The words of a saved page: its states, captures and highlights, and the rules it may break."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from domain.shared.errors import IllegalTransition, ItemNotFound, RuleBroken
from domain.shared.values import Count, Id, Label, Moment, StoredContent, Text, Url

MAX_CAPTURES = 1000
MAX_HIGHLIGHTS = 1000
WORDS_PER_MINUTE = 200

PageTitle = Annotated[Text, Field(max_length=2000)]
Quote = Annotated[Text, Field(min_length=1, max_length=20_000)]
Context = Annotated[Text, Field(max_length=1000)]
Rating = Annotated[int, Field(ge=0, le=5)]
HttpStatus = Annotated[int, Field(ge=100, le=599)]


class PageState(StrEnum):
    QUEUED = "queued"
    FETCHING = "fetching"
    SAVED = "saved"
    FAILED = "failed"
    GONE = "gone"


class ReadState(StrEnum):
    UNREAD = "unread"
    READING = "reading"
    READ = "read"
    ARCHIVED = "archived"


class CaptureFormat(StrEnum):
    HTML_SINGLE = "html_single"
    WARC = "warc"
    MHTML = "mhtml"
    PDF = "pdf"
    SCREENSHOT = "screenshot"
    TEXT = "text"


class NeverCaptured(RuleBroken):
    """Of a page that was never captured only a failed capture can be recorded."""


class PageArchived(IllegalTransition):
    """The page is archived; unarchive it first."""


class NotReading(IllegalTransition):
    """The page is not being read; start reading it first."""


class ProgressBackwards(RuleBroken):
    """Within one reading progress only grows."""


class SpanInvalid(RuleBroken):
    """The place of a highlight needs a start and an end, the end after the start."""


class CaptureRepeated(RuleBroken):
    """The page has this capture already."""


class HighlightRepeated(RuleBroken):
    """The page has this highlight already."""


class HighlightUnknown(ItemNotFound):
    """The page has no such highlight."""


@dataclass(frozen=True, slots=True)
class Capture:
    """The page as it was found once; never changed afterwards."""

    id: Id
    captured_at: Moment
    format: CaptureFormat
    content: StoredContent
    final_url: Url | None = None
    http_status: HttpStatus | None = None


@dataclass(frozen=True, slots=True)
class Highlight:
    """A marked passage: TextQuoteSelector and TextPositionSelector of the W3C Web Annotation model."""

    id: Id
    quote: Quote
    highlighted_at: Moment
    prefix: Context = ""
    suffix: Context = ""
    start: Count | None = None
    end: Count | None = None
    colour: Label = "yellow"
    note: Text = ""


@dataclass(frozen=True)
class PageDetails:
    """What a page says of itself."""

    title: str
    byline: str
    site_name: str
    excerpt: str
    language: str | None
    published_at: datetime | None


@dataclass(frozen=True)
class PageText(PageDetails):
    """What a capture has found; empty where it did not tell."""

    canonical_url: str | None
    text: str
    word_count: int
    reading_time_s: int
    links_out: tuple[str, ...]


CAPTURE_FINDS: Final = tuple(item.name for item in fields(PageText))
