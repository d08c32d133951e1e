"""What can be asked of social posts."""

from __future__ import annotations

from domain.social.social_post import SocialPost
from projections.record_table import RecordTable
from projections.search import Words, in_search
from projections.timeline import Moment, on_timeline
from projections.view import View

_TITLE_LENGTH = 120


def _moment(post: SocialPost) -> Moment:
    at = post.published_at or post.scheduled_for or post.created_on
    return Moment(at, post.title or post.text[:_TITLE_LENGTH], post.state.value)


def _words(post: SocialPost) -> Words:
    return Words(post.title, "\n".join((post.text, " ".join(post.hashtags))))


VIEW = View(
    SocialPost,
    RecordTable(
        SocialPost,
        "social_posts",
        filters=("state", "social_account_id"),
        orders=("published_at",),
        listed=("published_at", "state", "text"),
    ),
    kept_from=lambda record: _moment(record).at,
    derived=(on_timeline(_moment), in_search(_words)),
)
