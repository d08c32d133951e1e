"""The words of a social post: its kinds and states, what hangs on it, and the rules it may break."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from domain.shared.errors import IllegalTransition, RuleBroken
from domain.shared.place import require_whole_place
from domain.shared.values import Count, Id, Latitude, Line, Longitude, Moment, Name, Text, Title, Url


class PostKind(StrEnum):
    NOTE = "note"
    ARTICLE = "article"
    REPLY = "reply"
    REPOST = "repost"
    QUOTE = "quote"
    POLL = "poll"
    CHECKIN = "checkin"
    STORY = "story"
    EVENT = "event"
    REVIEW = "review"


class PostState(StrEnum):
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    PUBLISHING = "publishing"  # asked for, not yet confirmed by the platform
    PUBLISHED = "published"
    EDITED = "edited"
    DELETED_AT_SOURCE = "deleted_at_source"
    PUBLISH_FAILED = "publish_failed"


class PostVisibility(StrEnum):
    PUBLIC = "public"
    UNLISTED = "unlisted"
    FOLLOWERS = "followers"
    DIRECT = "direct"
    CIRCLE = "circle"
    PRIVATE = "private"


class AttachmentKind(StrEnum):
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    LINK = "link"
    DOCUMENT = "document"


class PostNotDraft(IllegalTransition):
    """The post is published, or on its way; it is a draft no more."""


class PostNotScheduled(IllegalTransition):
    """The post is not scheduled."""


class PostNotUnderWay(IllegalTransition):
    """Nothing is known of this post being published at this moment."""


class PostNotPublished(IllegalTransition):
    """The post is not published, or not any more."""


class ScheduleInPast(RuleBroken):
    """A post can be scheduled for the future only."""


class NotOwnAccount(RuleBroken):
    """Only an account of one's own, in use, publishes posts; say which."""


class ReferenceMissing(RuleBroken):
    """A reply, repost or quote must say to what post it refers."""


class RepostHasContent(RuleBroken):
    """A repost has no content of its own; quote the post instead."""


class PollMissing(RuleBroken):
    """A poll needs its options."""


class PollVotedOn(RuleBroken):
    """A poll cannot be changed after the first vote."""


class VotesUnfit(RuleBroken):
    """Own votes name options that the poll has, each once, and more than one only where several may be chosen."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A picture, recording or link on a post, in the order shown."""

    kind: AttachmentKind
    url: Url | None = None
    media_id: Id | None = None
    alt: Annotated[Text, Field(max_length=10_000)] = ""
    preview_title: Line = ""
    preview_description: Annotated[Text, Field(max_length=10_000)] = ""


@dataclass(frozen=True, slots=True)
class Mention:
    """Somebody named in a post."""

    handle: Annotated[Title, Field(max_length=255)]
    uri: Url | None = None
    contact_id: Id | None = None


@dataclass(frozen=True, slots=True)
class PollOption:
    text: Line
    votes: Count = 0


@dataclass(frozen=True, slots=True)
class Poll:
    """A question put to the readers; ``own_votes`` counts the options from 0."""

    options: Annotated[tuple[PollOption, ...], Field(strict=False, min_length=2, max_length=10)]
    multiple: bool = False
    closes_at: Moment | None = None
    own_votes: Annotated[
        tuple[Annotated[int, Field(ge=0, le=9)], ...], Field(strict=False, max_length=10)
    ] = ()

    @property
    def voted_on(self) -> bool:
        """Whether anybody has voted."""
        return bool(self.own_votes) or any(option.votes for option in self.options)

    @property
    def offers_own_votes(self) -> bool:
        """Whether the own votes are for its options, no two for the same, and several only where that is offered."""
        most = len(self.options) if self.multiple else 1
        each_once = len(set(self.own_votes)) == len(self.own_votes) <= most
        return each_once and all(vote < len(self.options) for vote in self.own_votes)


@dataclass(frozen=True, slots=True)
class PostPlace:
    """Where a post was written, or whereof it speaks."""

    name: Line
    latitude: Latitude | None = None
    longitude: Longitude | None = None


Attachments = Annotated[tuple[Attachment, ...], Field(strict=False, max_length=40)]
Mentions = Annotated[tuple[Mention, ...], Field(strict=False, max_length=500)]
Hashtags = Annotated[tuple[Name, ...], Field(strict=False, max_length=500)]
ContentWarning = Annotated[Line, Field(max_length=500)]


@dataclass(frozen=True)
class Composition:
    """What the author of a post can change of it."""

    text: str
    title: str
    language: str | None
    content_warning: str
    sensitive: bool
    visibility: PostVisibility
    attachments: tuple[Attachment, ...]
    mentions: tuple[Mention, ...]
    hashtags: tuple[str, ...]
    poll: Poll | None
    place: PostPlace | None


@dataclass(frozen=True)
class Reference:
    """What a post is, by whom, and what it refers to: settled when it begins."""

    kind: PostKind
    social_account_id: UUID | None
    in_reply_to_id: UUID | None
    in_reply_to_uri: str | None
    thread_root_uri: str | None
    quoted_uri: str | None
    reposted_uri: str | None


@dataclass(frozen=True)
class Published(Composition, Reference):
    """A post as its platform shows it."""

    html: str
    published_at: datetime | None
    edited_at: datetime | None
    url: str | None
    canonical_uri: str | None
    likes: int | None
    reposts: int | None
    replies: int | None
    views: int | None
    counted_at: datetime | None
    liked: bool
    bookmarked: bool


def require_sound_parts(poll: Poll | None, place: PostPlace | None) -> None:
    """Refuse votes that the poll does not offer and half a position."""
    if place is not None:
        require_whole_place(place.latitude, place.longitude)
    if poll is not None and not poll.offers_own_votes:
        raise VotesUnfit
