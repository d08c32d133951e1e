"""Posts and the accounts they come from, for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from domain.catalogue import topic_of
from domain.shared.record import Origin, Record, state_fields
from domain.shared.values import new_id
from domain.social.social_account import SocialAccount
from domain.social.social_post import SocialPost
from tests.domain.shelf import Shelf

R = TypeVar("R", bound=Record)
NOON = datetime(2023, 8, 1, 12, tzinfo=UTC)
LATER = datetime(2900, 1, 1, tzinfo=UTC)
POST = "https://example.social/users/ada/statuses/1"


class Home(Shelf):
    """The accounts and posts of one person."""

    def __init__(self) -> None:
        super().__init__()
        self.subject_id = new_id()
        self.account = self.keep(SocialAccount.claim(self.origin(), "mastodon", handle="me"))

    def origin(self) -> Origin:
        return Origin(self.subject_id, peers=self)

    def keep(self, record: R) -> R:
        self.records[record.id] = record
        return record

    def draft(self, text: str = "Hello", **details: Any) -> SocialPost:
        return SocialPost.draft(self.origin(), text, **{"social_account_id": self.account.id} | details)

    def publishing(self) -> SocialPost:
        post = self.draft()
        post.publish()
        return post


def collected(text: str = "Hello", **details: Any) -> SocialPost:
    return SocialPost.collect(Origin(new_id()), text, **details)


def gone() -> SocialPost:
    post = collected()
    post.mark_deleted_at_source(NOON)
    return post


def topics(post: SocialPost) -> list[str]:
    return [
        topic_of(cast("type[SocialPost.Event]", type(event)), SocialPost) for event in post.pending_events
    ]


def contents(post: SocialPost) -> dict[str, Any]:
    return {name: getattr(post, name) for name in state_fields(SocialPost)} | {"version": post.version}
