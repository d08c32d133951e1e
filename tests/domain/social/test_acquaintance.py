"""How the person and an account stand to each other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from domain.shared import clock
from domain.social.social_account import SocialAccount
from domain.social.social_account_terms import (
    AccountBlocked,
    AccountStatus,
    FollowsBlocked,
    MovedToItself,
    OwnAccount,
    Ownership,
)
from tests.domain.social.accounts import NOON, mine, theirs, topics


@pytest.mark.parametrize(
    ("following", "followed_by", "ownership"),
    [
        (False, False, Ownership.OTHER),
        (True, False, Ownership.FOLLOWED),
        (False, True, Ownership.FOLLOWER),
        (True, True, Ownership.MUTUAL),
    ],
)
def test_following_in_either_direction_makes_the_ownership(
    following: bool,  # noqa: FBT001 - a table of truth
    followed_by: bool,  # noqa: FBT001 - a table of truth
    ownership: Ownership,
) -> None:
    assert theirs(following=following, followed_by=followed_by).ownership is ownership

    account = theirs(following=not following, followed_by=not followed_by)
    (account.follow if following else account.unfollow)()
    (account.record_follower if followed_by else account.record_lost_follower)()

    assert account.ownership is ownership


def test_discovered_account_that_moved_says_where_to() -> None:
    account = theirs(moved_to="https://new.example/users/ada")

    assert account.status is AccountStatus.MOVED
    with pytest.raises(MovedToItself):
        theirs(profile_url="https://example.social/@ada", moved_to="https://example.social/@ada")


def test_blocked_account_is_not_discovered_as_followed() -> None:
    with pytest.raises(FollowsBlocked):
        theirs(following=True, blocked=True)


def test_following_begins_once_and_ends_once() -> None:
    account = theirs()

    account.unfollow()
    with clock.reading(lambda: NOON):
        account.follow()
    account.follow(NOON + timedelta(days=1))
    assert (account.following, account.following_since) == (True, NOON)
    assert account.ownership is Ownership.FOLLOWED
    account.unfollow()
    account.unfollow()

    assert (account.following, account.following_since) == (False, None)
    assert topics(account)[1:] == ["social_account.followed", "social_account.unfollowed"]


def test_time_of_following_is_kept_only_while_following() -> None:
    assert theirs(following=True, following_since=NOON).following_since == NOON
    assert theirs(following_since=NOON).following_since is None


def test_follower_is_gained_and_lost_once() -> None:
    account = theirs()

    account.record_lost_follower()
    account.record_follower()
    account.record_follower()
    account.record_lost_follower()
    account.record_lost_follower()

    assert topics(account)[1:] == ["social_account.follower_gained", "social_account.follower_lost"]


@pytest.mark.parametrize(
    "verb", [SocialAccount.follow, SocialAccount.record_follower, SocialAccount.mute, SocialAccount.block]
)
def test_nobody_follows_mutes_or_blocks_an_own_account(verb: Callable[[SocialAccount], None]) -> None:
    account = mine()

    with pytest.raises(OwnAccount):
        verb(account)

    assert account.ownership is Ownership.MINE


def test_blocking_ends_following_and_forbids_it() -> None:
    account = theirs(following=True, followed_by=True)

    account.block()
    account.block()

    assert (account.blocked, account.following, account.following_since) == (True, False, None)
    assert account.ownership is Ownership.FOLLOWER
    with pytest.raises(AccountBlocked):
        account.follow()
    account.unblock()
    account.unblock()
    assert account.following is False
    account.follow()
    assert topics(account)[1:] == [
        "social_account.blocked",
        "social_account.unblocked",
        "social_account.followed",
    ]


def test_mute_goes_on_and_off_once() -> None:
    account = theirs()

    account.unmute()
    account.mute()
    account.mute()
    assert (account.muted, account.version) == (True, 2)
    account.unmute()
    account.unmute()

    assert topics(account)[1:] == ["social_account.muted", "social_account.unmuted"]
    assert account.muted is False
