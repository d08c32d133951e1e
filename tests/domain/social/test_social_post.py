"""What may happen to a post on its way to its readers, and after it was published."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from domain.catalogue import kind_named
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput, PeerUnusable, RecordTrashed
from domain.shared.peers import Claim
from domain.shared.values import new_id
from domain.social.social_account import SocialAccount
from domain.social.social_post import SocialPost
from domain.social.social_post_terms import (
    Attachment,
    AttachmentKind,
    Mention,
    NotOwnAccount,
    Poll,
    PollOption,
    PostKind,
    PostNotPublished,
    PostPlace,
    PostState,
    PostVisibility,
    ReferenceMissing,
    RepostHasContent,
)
from tests.domain.social.posts import LATER, NOON, POST, Home, collected, contents, gone, topics

POLL = Poll((PollOption("yes"), PollOption("no")))
WRITTEN: dict[str, Any] = {
    "title": "On engines",
    "language": "en",
    "content_warning": "maths",
    "sensitive": True,
    "visibility": PostVisibility.UNLISTED,
    "attachments": (Attachment(AttachmentKind.IMAGE, media_id=new_id(), alt="An engine"),),
    "mentions": (Mention("babbage@example.social"),),
    "hashtags": ("engines",),
    "poll": POLL,
    "place": PostPlace("London", 51.5, -0.1),
}


def replayed(post: SocialPost) -> Any:
    state: Any = None
    for event in post.pending_events:
        state = event.mutate(state)
    return state


def test_catalogue_finds_the_kind() -> None:
    assert kind_named("social_post") is SocialPost


def test_draft_keeps_what_was_written(home: Home) -> None:
    answered = home.keep(collected())
    references = {
        "kind": PostKind.REPLY,
        "in_reply_to_id": answered.id,
        "in_reply_to_uri": POST,
        "thread_root_uri": POST,
        "quoted_uri": POST,
    }

    post = home.draft("Hello", **WRITTEN, **references)

    assert {name: getattr(post, name) for name in WRITTEN | references} == WRITTEN | references
    assert (post.text, post.state, post.social_account_id) == ("Hello", PostState.DRAFT, home.account.id)
    assert topics(post) == ["social_post.drafted"]


def test_collected_post_keeps_how_it_was_published() -> None:
    shown: dict[str, Any] = {
        "html": "<p>Hello</p>",
        "published_at": NOON,
        "url": "https://example.social/@ada/1",
        "canonical_uri": POST,
        "likes": 3,
        "reposts": 2,
        "replies": 1,
        "views": 100,
        "counted_at": NOON,
        "liked": True,
        "bookmarked": True,
    }

    post = collected(**WRITTEN, **shown)

    assert {name: getattr(post, name) for name in WRITTEN | shown} == WRITTEN | shown
    assert post.state is PostState.PUBLISHED
    assert topics(post) == ["social_post.collected"]


def test_collected_post_that_was_edited_says_so() -> None:
    assert collected(edited_at=NOON).state is PostState.EDITED


@pytest.mark.parametrize("kind", [PostKind.REPLY, PostKind.QUOTE, PostKind.REPOST])
def test_reply_quote_and_repost_need_what_they_refer_to(home: Home, kind: PostKind) -> None:
    with pytest.raises(ReferenceMissing):
        home.draft("", kind=kind)
    with pytest.raises(ReferenceMissing):
        collected("", kind=kind)


@pytest.mark.parametrize(
    "reference",
    [
        {"kind": PostKind.REPLY, "in_reply_to_uri": POST},
        {"kind": PostKind.QUOTE, "quoted_uri": POST},
        {"kind": PostKind.REPOST, "reposted_uri": POST},
    ],
)
def test_reference_may_be_an_address(home: Home, reference: dict[str, Any]) -> None:
    assert home.draft("", **reference).kind is reference["kind"]
    assert collected("", **reference).kind is reference["kind"]


def test_draft_answers_a_post_that_is_there(home: Home) -> None:
    trashed = home.keep(collected())
    trashed.trash()

    for unusable in (trashed.id, new_id(), home.account.id):
        with pytest.raises(PeerUnusable):
            home.draft(kind=PostKind.REPLY, in_reply_to_id=unusable)


@pytest.mark.parametrize(
    "content",
    [
        {"text": "Look!"},
        {"text": "", "title": "Look!"},
        {"text": "", "attachments": (Attachment(AttachmentKind.LINK, url=POST),)},
        {"text": "", "poll": POLL},
    ],
)
def test_repost_has_no_content_of_its_own(home: Home, content: dict[str, Any]) -> None:
    repost = {"kind": PostKind.REPOST, "reposted_uri": POST}

    with pytest.raises(RepostHasContent):
        home.draft(**repost, **content)
    with pytest.raises(RepostHasContent):
        home.draft("", **repost).revise(**{"text": None} | content)
    with pytest.raises(RepostHasContent):
        collected("", **repost).edit(**{"text": None} | content)

    assert collected(**{"text": "as its source sent it"} | repost).text


def test_only_an_own_account_in_use_drafts_and_publishes(home: Home) -> None:
    other = home.keep(SocialAccount.discover(home.origin(), "mastodon", handle="ada"))
    post = home.draft()

    with pytest.raises(NotOwnAccount):
        home.draft(social_account_id=other.id)
    with pytest.raises(NotOwnAccount):
        post.revise(social_account_id=other.id)
    with pytest.raises(PeerUnusable):
        home.draft(social_account_id=new_id())
    home.account.deactivate()
    with pytest.raises(NotOwnAccount):
        post.publish()
    with pytest.raises(NotOwnAccount):
        post.schedule(LATER)

    assert post.state is PostState.DRAFT


def test_post_without_an_account_is_a_draft_until_one_is_chosen(home: Home) -> None:
    post = home.draft(social_account_id=None)

    with pytest.raises(NotOwnAccount):
        post.publish()
    with pytest.raises(NotOwnAccount):
        post.schedule(LATER)
    post.revise(social_account_id=home.account.id)
    post.publish()

    assert post.state is PostState.PUBLISHING


def test_revision_keeps_what_is_left_out(home: Home) -> None:
    post = home.draft(**WRITTEN)

    post.revise("Good morning", sensitive=False, hashtags=())

    changed = {"sensitive": False, "hashtags": ()}
    assert post.text == "Good morning"
    assert {name: getattr(post, name) for name in WRITTEN} == WRITTEN | changed
    assert post.social_account_id == home.account.id


def test_revision_that_changes_nothing_is_not_recorded(home: Home) -> None:
    post = home.draft(**WRITTEN)

    post.revise("Hello", **WRITTEN)
    post.revise()

    assert post.version == 1


@pytest.mark.parametrize(
    "verb",
    [
        lambda post: post.edit("Hi"),
        lambda post: post.like(),
        lambda post: post.bookmark(),
        lambda post: post.repost(),
        lambda post: post.record_counts(1),
    ],
)
def test_post_that_is_not_published_is_not_edited_liked_or_counted(
    home: Home, verb: Callable[[SocialPost], None]
) -> None:
    for post in (home.draft(), home.publishing(), gone()):
        with pytest.raises(PostNotPublished):
            verb(post)


def test_edited_post_keeps_what_is_left_out_but_not_the_old_markup() -> None:
    post = collected(**WRITTEN, html="<p>Hello</p>")

    post.edit(title="On looms", edited_at=NOON)
    assert (post.html, post.edited_at, post.state) == ("<p>Hello</p>", NOON, PostState.EDITED)
    post.edit("Good morning")

    assert (post.text, post.html) == ("Good morning", "")
    assert {name: getattr(post, name) for name in WRITTEN} == WRITTEN | {"title": "On looms"}
    assert topics(post)[1:] == ["social_post.edited"] * 2


def test_edit_that_changes_nothing_is_not_recorded() -> None:
    post = collected()

    post.edit("Hello", edited_at=NOON)

    assert (post.version, post.state) == (1, PostState.PUBLISHED)


def test_counts_are_recorded_when_they_change() -> None:
    post = collected(likes=1)

    post.record_counts(1, counted_at=NOON)
    assert post.counted_at is None
    post.record_counts(2, views=10, counted_at=NOON)
    post.record_counts(reposts=4, replies=5, counted_at=NOON + timedelta(days=1))

    assert (post.likes, post.reposts, post.replies, post.views) == (2, 4, 5, 10)
    assert contents(post)["counted_at"] == NOON + timedelta(days=1)
    assert post.version == 3


def test_post_is_collected_once_under_its_canonical_address(home: Home) -> None:
    post = home.publishing()
    assert not post.claims
    post.confirm_published(canonical_uri=POST)

    assert post.claims == {Claim("social_post.uri", POST)} == collected(canonical_uri=POST).claims
    post.trash()
    assert post.claims == {Claim("social_post.uri", POST)}
    with pytest.raises(RecordTrashed):
        post.like()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("poll", {"options": [{"text": "only"}]}),
        ("poll", {"options": [{"text": "x"}] * 11}),
        ("attachments", [{"kind": "link"}] * 41),
        ("attachments", [{"kind": "hologram"}]),
        ("visibility", "secret"),
        ("content_warning", "x" * 501),
        ("hashtags", [""]),
        ("likes", -1),
        ("published_at", "2023-08-01T12:00:00"),
        ("canonical_uri", "1"),
        ("state", "draft"),
    ],
)
def test_arguments_out_of_bounds_are_refused(name: str, value: Any) -> None:
    collect = commands_of(SocialPost)["collect"]
    body = {
        "text": "Hello",
        "poll": {"options": [{"text": "yes", "votes": 3}, {"text": "no"}]},
        "attachments": [{"kind": "link", "url": POST}],
        "published_at": "2023-08-01T12:00:00Z",
    }
    assert collect.arguments_from_json(json.dumps(body))["poll"] == Poll(
        (PollOption("yes", 3), PollOption("no"))
    )

    with pytest.raises(InvalidInput):
        collect.arguments_from_json(json.dumps(body | {name: value}))


def test_repr_shows_nothing_of_the_post() -> None:
    assert "Hello" not in repr(collected())


def test_replaying_the_events_gives_the_same_state(home: Home) -> None:
    post = home.draft(**WRITTEN)
    post.revise("Hi")
    post.schedule(LATER)
    post.unschedule()
    post.publish()
    post.fail_publish("too long")
    post.publish()
    post.confirm_published(POST)
    post.edit("Good morning")
    post.like()
    post.unlike()
    post.bookmark()
    post.unbookmark()
    post.record_counts(1)
    post.mark_deleted_at_source()
    post.tag("engines")
    post.trash()

    assert contents(replayed(post)) == contents(post)
    assert post.version == 17
    other = collected(**WRITTEN, html="<p>Hello</p>", published_at=NOON, edited_at=NOON, liked=True)
    assert contents(replayed(other)) == contents(other)
