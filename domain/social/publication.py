"""The part of a social post that says where it stands: drafted, on its way, published, deleted."""

from __future__ import annotations

from dataclasses import KW_ONLY
from datetime import datetime
from uuid import UUID

from domain.shared import clock
from domain.shared.content import Content
from domain.shared.peers import Peers, usable_peer
from domain.shared.record import peers_of
from domain.shared.values import Line, Moment, Url
from domain.social.social_account import SocialAccount
from domain.social.social_post_terms import (
    NotOwnAccount,
    PostNotDraft,
    PostNotPublished,
    PostNotScheduled,
    PostNotUnderWay,
    PostState,
    ScheduleInPast,
)

UNPUBLISHED = frozenset({PostState.DRAFT, PostState.SCHEDULED, PostState.PUBLISH_FAILED})
PUBLISHED = frozenset({PostState.PUBLISHED, PostState.EDITED})
UNDER_WAY = frozenset({PostState.SCHEDULED, PostState.PUBLISHING})  # a platform may keep the schedule itself


class Publication(Content):
    """Something on its way to the public; the platform confirms each step."""

    _: KW_ONLY
    social_account_id: UUID | None = None
    state: PostState = PostState.DRAFT
    scheduled_for: datetime | None = None
    failure: str = ""
    published_at: datetime | None = None
    deleted_at_source: datetime | None = None
    url: str | None = None
    canonical_uri: str | None = None

    class Event(Content.Event):
        """Any event of a social post."""

    class Scheduled(Event):
        TOPIC = "social_post.scheduled"
        scheduled_for: datetime

        def apply(self, post: Publication) -> None:
            post.state = PostState.SCHEDULED
            post.scheduled_for = self.scheduled_for
            post.failure = ""

    class Unscheduled(Event):
        TOPIC = "social_post.unscheduled"

        def apply(self, post: Publication) -> None:
            post.state = PostState.DRAFT
            post.scheduled_for = None

    class PublishRequested(Event):
        TOPIC = "social_post.publish_requested"

        def apply(self, post: Publication) -> None:
            post.state = PostState.PUBLISHING
            post.failure = ""

    class PublishConfirmed(Event):
        TOPIC = "social_post.publish_confirmed"
        url: str | None
        canonical_uri: str | None
        published_at: datetime

        def apply(self, post: Publication) -> None:
            super().apply(post)
            post.state = PostState.PUBLISHED

    class PublishFailed(Event):
        TOPIC = "social_post.publish_failed"
        failure: str

        def apply(self, post: Publication) -> None:
            post.state = PostState.PUBLISH_FAILED
            post.failure = self.failure
            post.scheduled_for = None

    class DeletedAtSource(Event):
        TOPIC = "social_post.deleted_at_source"
        deleted_at_source: datetime

        def apply(self, post: Publication) -> None:
            post.state = PostState.DELETED_AT_SOURCE
            post.deleted_at_source = self.deleted_at_source

    def schedule(self, scheduled_for: Moment) -> None:
        self._require_unpublished()
        self._require_author()
        if scheduled_for <= clock.now():
            raise ScheduleInPast
        if self.state is not PostState.SCHEDULED or scheduled_for != self.scheduled_for:
            self.trigger_event(self.Scheduled, scheduled_for=scheduled_for)

    def unschedule(self) -> None:
        if self.state is not PostState.SCHEDULED:
            raise PostNotScheduled
        self.trigger_event(self.Unscheduled)

    def publish(self) -> None:
        """Ask for the post to be published; the platform's answer comes as a confirmation or a failure."""
        self._require_unpublished()
        self._require_author()
        self.trigger_event(self.PublishRequested)

    def confirm_published(
        self, url: Url | None = None, *, canonical_uri: Url | None = None, published_at: Moment | None = None
    ) -> None:
        self._require_under_way()
        self.trigger_event(
            self.PublishConfirmed,
            url=url,
            canonical_uri=canonical_uri,
            published_at=published_at or clock.now(),
        )

    def fail_publish(self, reason: Line) -> None:
        self._require_under_way()
        self.trigger_event(self.PublishFailed, failure=reason)

    def mark_deleted_at_source(self, deleted_at: Moment | None = None) -> None:
        """Record that the platform shows the post no more; this copy stays."""
        if self.state is PostState.DELETED_AT_SOURCE:
            return
        self._require_published()
        self.trigger_event(self.DeletedAtSource, deleted_at_source=deleted_at or clock.now())

    def _require_unpublished(self) -> None:
        if self.state not in UNPUBLISHED:
            raise PostNotDraft

    def _require_published(self) -> None:
        if self.state not in PUBLISHED:
            raise PostNotPublished

    def _require_under_way(self) -> None:
        if self.state not in UNDER_WAY:
            raise PostNotUnderWay

    def _require_author(self) -> None:
        if self.social_account_id is None:
            raise NotOwnAccount
        require_own(peers_of(self), self.social_account_id)


def require_own(peers: Peers, account_id: UUID | None) -> None:
    """Refuse an account that is not the person's own or not in use; None names none yet."""
    if account_id is not None and not usable_peer(peers, SocialAccount, account_id).may_publish:
        raise NotOwnAccount
