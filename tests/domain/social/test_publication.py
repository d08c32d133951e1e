"""How a post gets to its platform, and goes from it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from domain.shared import clock
from domain.social.social_post import SocialPost
from domain.social.social_post_terms import (
    PostNotDraft,
    PostNotPublished,
    PostNotScheduled,
    PostNotUnderWay,
    PostState,
    ScheduleInPast,
)
from tests.domain.social.posts import LATER, NOON, POST, Home, collected, contents, gone, topics


def test_post_is_scheduled_for_the_future_only(home: Home) -> None:
    post = home.draft()

    with clock.reading(lambda: NOON):
        with pytest.raises(ScheduleInPast):
            post.schedule(NOON)
        post.schedule(NOON + timedelta(seconds=1))

    assert (post.state, post.scheduled_for) == (PostState.SCHEDULED, NOON + timedelta(seconds=1))


def test_schedule_is_moved_and_taken_back(home: Home) -> None:
    post = home.draft()

    with pytest.raises(PostNotScheduled):
        post.unschedule()
    post.schedule(LATER)
    post.schedule(LATER)
    post.schedule(LATER + timedelta(days=1))
    post.unschedule()

    assert (post.state, post.scheduled_for) == (PostState.DRAFT, None)
    assert topics(post)[1:] == ["social_post.scheduled"] * 2 + ["social_post.unscheduled"]


def test_post_is_published_when_its_platform_confirms_it(home: Home) -> None:
    post = home.publishing()
    assert post.state is PostState.PUBLISHING

    post.confirm_published("https://example.social/@me/1", canonical_uri=POST, published_at=NOON)

    assert contents(post)["state"] is PostState.PUBLISHED
    assert (post.url, post.canonical_uri, post.published_at) == ("https://example.social/@me/1", POST, NOON)
    assert topics(post)[1:] == ["social_post.publish_requested", "social_post.publish_confirmed"]


def test_scheduled_post_may_be_published_by_its_platform_alone(home: Home) -> None:
    post = home.draft()
    post.schedule(LATER)

    with clock.reading(lambda: NOON):
        post.confirm_published()

    assert (post.state, post.published_at) == (PostState.PUBLISHED, NOON)


def test_failed_post_is_revised_and_published_again(home: Home) -> None:
    post = home.draft()
    post.schedule(LATER)

    post.fail_publish("too long")
    assert (post.state, post.failure, post.scheduled_for) == (PostState.PUBLISH_FAILED, "too long", None)
    post.revise("Hi")
    post.publish()

    assert (post.state, post.failure) == (PostState.PUBLISHING, "")


def test_failed_post_can_be_scheduled_again(home: Home) -> None:
    post = home.publishing()
    post.fail_publish("server down")

    post.schedule(LATER)

    assert (post.state, post.failure) == (PostState.SCHEDULED, "")


@pytest.mark.parametrize(
    "verb", [lambda post: post.revise("Hi"), lambda post: post.schedule(LATER), lambda post: post.publish()]
)
def test_post_on_its_way_or_published_is_no_draft(home: Home, verb: Callable[[SocialPost], None]) -> None:
    for post in (home.publishing(), collected(), collected(edited_at=NOON), gone()):
        with pytest.raises(PostNotDraft):
            verb(post)


@pytest.mark.parametrize(
    "verb", [lambda post: post.confirm_published(), lambda post: post.fail_publish("too long")]
)
def test_platform_answers_only_what_it_was_asked(home: Home, verb: Callable[[SocialPost], None]) -> None:
    for post in (home.draft(), collected(), gone()):
        with pytest.raises(PostNotUnderWay):
            verb(post)


def test_post_deleted_at_its_source_stays_here(home: Home) -> None:
    post = collected(edited_at=NOON)

    post.mark_deleted_at_source(NOON)
    post.mark_deleted_at_source(LATER)

    assert (post.state, post.deleted_at_source) == (PostState.DELETED_AT_SOURCE, NOON)
    assert (post.text, post.deleted_at) == ("Hello", None)
    assert post.version == 2
    with pytest.raises(PostNotPublished):
        home.draft().mark_deleted_at_source()
