"""What the person does with a published post, and whom it answers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from domain.social.social_post import SocialPost
from domain.social.social_post_terms import PostKind, PostNotPublished, ReferenceMissing
from tests.domain.social.posts import POST, Home, collected, contents, gone, topics

REACTIONS = [
    (SocialPost.like, SocialPost.unlike, "liked", "unliked"),
    (SocialPost.bookmark, SocialPost.unbookmark, "bookmarked", "unbookmarked"),
    (SocialPost.repost, SocialPost.undo_repost, "reposted", "repost_undone"),
]
Verb = Callable[[SocialPost], None]


@pytest.mark.parametrize(("do", "undo", "field", "undone"), REACTIONS)
def test_a_reaction_goes_on_and_off_once(do: Verb, undo: Verb, field: str, undone: str) -> None:
    post = collected()
    before = contents(post)
    undo(post)
    for _ in range(2):
        do(post)
    assert contents(post) == before | {field: True, "version": 2}
    for _ in range(2):
        undo(post)
    assert contents(post) == before | {"version": 3}
    assert topics(post)[1:] == [f"social_post.{field}", f"social_post.{undone}"]


@pytest.mark.parametrize(("do", "undo", "field", "undone"), REACTIONS)
def test_a_reaction_to_a_deleted_post_can_be_taken_back(
    do: Verb, undo: Verb, field: str, undone: str
) -> None:
    post = collected()
    do(post)
    post.mark_deleted_at_source()
    undo(post)
    assert contents(post)[field] is False
    assert topics(post)[-1] == f"social_post.{undone}"


@pytest.mark.parametrize(("do", "undo", "field", "undone"), REACTIONS)
def test_only_a_published_post_is_reacted_to(
    home: Home, do: Verb, undo: Verb, field: str, undone: str
) -> None:
    for post in (home.draft(), home.publishing(), gone()):
        before = contents(post)
        with pytest.raises(PostNotPublished):
            do(post)
        undo(post)
        assert contents(post) == before, (field, undone)


def test_a_reply_says_whom_it_answers(home: Home) -> None:
    reply = home.draft(kind=PostKind.REPLY, in_reply_to_uri=POST)
    for _ in range(2):
        reply.attribute_reply("bob@example.social")
    assert reply.in_reply_to_account == "bob@example.social"
    assert topics(reply)[1:] == ["social_post.reply_attributed"]
    with pytest.raises(ReferenceMissing):
        collected().attribute_reply("bob@example.social")
