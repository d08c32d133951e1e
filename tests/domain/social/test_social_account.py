"""What may happen to an account, and how it stands to the person who keeps it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from domain.catalogue import kind_named
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput, RecordTrashed
from domain.shared.peers import Claim
from domain.shared.record import state_fields
from domain.shared.values import new_id
from domain.social.social_account import SocialAccount
from domain.social.social_account_terms import (
    AccountGone,
    AccountStatus,
    ActorType,
    MovedToItself,
    Ownership,
    ProfileField,
)
from tests.domain.social.accounts import NOON, mine, theirs, topics
from tests.identifiers import without_ids

PROFILE: dict[str, Any] = {
    "external_id": "109",
    "profile_url": "https://example.social/@ada",
    "actor_uri": "https://example.social/users/ada",
    "actor_type": ActorType.SERVICE,
    "display_name": "Ada",
    "bio": "<p>Numbers</p>",
    "profile_fields": (ProfileField("Web", "https://ada.example", NOON),),
    "avatar_media_id": new_id(),
    "banner_media_id": new_id(),
    "joined_at": NOON,
    "locked": True,
    "bot": True,
    "verified": True,
}


def contents(account: SocialAccount) -> dict[str, Any]:
    return {name: getattr(account, name) for name in state_fields(SocialAccount)} | {
        "version": account.version
    }


def replayed(account: SocialAccount) -> Any:
    state: Any = None
    for event in account.pending_events:
        state = event.mutate(state)
    return state


def test_catalogue_finds_the_kind() -> None:
    assert kind_named("social_account") is SocialAccount


def test_claimed_account_is_ones_own() -> None:
    account = mine(**PROFILE)

    assert {name: getattr(account, name) for name in PROFILE} == PROFILE
    assert (account.platform, account.handle) == ("mastodon", "me@example.social")
    assert (account.ownership, account.status) == (Ownership.MINE, AccountStatus.ACTIVE)
    assert topics(account) == ["social_account.claimed"]


def test_discovered_account_keeps_how_one_stands_to_it() -> None:
    known = {"followed_by": True, "muted": True, "blocked": True, "status": AccountStatus.SUSPENDED}

    account = theirs(**PROFILE, **known)

    assert {name: getattr(account, name) for name in PROFILE | known} == PROFILE | known
    assert topics(account) == ["social_account.discovered"]


def test_handle_is_changed_once() -> None:
    account = theirs()

    account.change_handle("countess@example.social")
    account.change_handle("countess@example.social")

    assert account.handle == "countess@example.social"
    assert topics(account)[1:] == ["social_account.handle_changed"]


def test_updated_profile_keeps_what_is_left_out() -> None:
    account = theirs(**PROFILE)

    account.update_profile("Countess", bot=False, profile_fields=())

    changed = {"display_name": "Countess", "bot": False, "profile_fields": ()}
    assert {name: getattr(account, name) for name in PROFILE} == PROFILE | changed


def test_profile_that_shows_the_same_is_not_recorded() -> None:
    account = theirs(display_name="Ada", bio="")

    account.update_profile("Ada", bio="", locked=False)
    account.update_profile()

    assert topics(account) == ["social_account.discovered"]


def test_counts_are_recorded_when_they_change() -> None:
    account = theirs()

    account.record_counts(10, following_count=0, counted_at=NOON)
    account.record_counts(10, counted_at=NOON + timedelta(days=1))
    assert account.counted_at == NOON
    account.record_counts(posts_count=3, counted_at=NOON + timedelta(days=2))

    assert (account.followers_count, account.following_count, account.posts_count) == (10, 0, 3)
    assert account.counted_at == NOON + timedelta(days=2)
    assert account.version == 3


def test_contact_is_linked_and_unlinked_once() -> None:
    account, contact_id = theirs(), new_id()

    account.unlink_contact()
    account.link_contact(contact_id)
    account.link_contact(contact_id)
    assert (account.contact_id, account.version) == (contact_id, 2)
    account.unlink_contact()

    assert account.contact_id is None
    assert topics(account)[1:] == ["social_account.contact_linked", "social_account.contact_unlinked"]


def test_account_cannot_move_to_itself() -> None:
    account = theirs(**PROFILE)

    for own in (PROFILE["profile_url"], PROFILE["actor_uri"]):
        with pytest.raises(MovedToItself):
            account.move(own)
    account.move("https://new.example/@ada")
    with pytest.raises(MovedToItself):
        account.update_profile(profile_url="https://new.example/@ada")
    account.update_profile(profile_url="https://old.example/@ada")


def test_account_moves_once_and_comes_back_when_reactivated() -> None:
    account = theirs()

    account.move("https://new.example/users/ada")
    account.move("https://new.example/users/ada")
    assert (account.status, account.moved_to) == (AccountStatus.MOVED, "https://new.example/users/ada")
    account.reactivate()

    assert (account.status, account.moved_to) == (AccountStatus.ACTIVE, None)
    assert topics(account)[1:] == ["social_account.moved", "social_account.reactivated"]


@pytest.mark.parametrize(
    ("verb", "status"),
    [
        (SocialAccount.deactivate, AccountStatus.DEACTIVATED),
        (SocialAccount.suspend, AccountStatus.SUSPENDED),
        (SocialAccount.mark_gone, AccountStatus.GONE),
    ],
)
def test_account_out_of_use_is_recorded_once(
    verb: Callable[[SocialAccount], None], status: AccountStatus
) -> None:
    account = theirs()

    account.reactivate()
    verb(account)
    verb(account)

    assert (account.status, account.version) == (status, 2)


@pytest.mark.parametrize(
    "change",
    [
        lambda account: account.follow(),
        lambda account: account.record_follower(),
        lambda account: account.mute(),
        lambda account: account.block(),
        lambda account: account.change_handle("other"),
        lambda account: account.update_profile("Other"),
        lambda account: account.record_counts(1),
        lambda account: account.move("https://new.example/users/ada"),
        lambda account: account.deactivate(),
        lambda account: account.suspend(),
        lambda account: account.reactivate(),
    ],
)
def test_account_that_is_gone_stays_gone(change: Callable[[SocialAccount], None]) -> None:
    account = theirs()
    account.mark_gone()

    with pytest.raises(AccountGone):
        change(account)


def test_ties_to_an_account_that_is_gone_can_be_cut() -> None:
    account = theirs(following=True, followed_by=True, muted=True)
    account.link_contact(new_id())
    account.mark_gone()

    account.unfollow()
    account.record_lost_follower()
    account.unmute()
    account.unlink_contact()

    assert (account.ownership, account.muted, account.contact_id) == (Ownership.OTHER, False, None)


def test_only_an_own_account_in_use_may_publish() -> None:
    account = mine()
    assert account.may_publish
    assert not theirs(following=True).may_publish

    account.suspend()

    assert account.may_publish is False


def test_account_of_a_platform_is_kept_once_whatever_its_handle() -> None:
    account = theirs(external_id="109")
    before = account.claims

    account.change_handle("countess@example.social")

    assert account.claims == before == {Claim("social_account.account", "mastodon id 109")}
    assert mine(external_id="109").claims == before
    assert theirs(external_id="110").claims != before


def test_account_known_by_its_handle_only_is_kept_once_in_any_spelling() -> None:
    account = theirs()
    before = account.claims

    account.change_handle("ADA@example.social")
    assert account.claims == before
    account.change_handle("countess@example.social")

    assert account.claims.isdisjoint(before)


def test_trashed_account_is_still_known() -> None:
    account = theirs(external_id="109")
    held = account.claims

    account.trash()
    assert account.claims == held
    with pytest.raises(RecordTrashed):
        account.follow()
    account.restore()

    assert account.claims == held


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("platform", "My Space"),
        ("handle", " "),
        ("handle", "x" * 256),
        ("external_id", ""),
        ("profile_url", "example.social"),
        ("actor_type", "robot"),
        ("profile_fields", [{"name": "x", "value": "y"}] * 51),
        ("ownership", "mine"),
    ],
)
def test_arguments_out_of_bounds_are_refused(name: str, value: Any) -> None:
    discover = commands_of(SocialAccount)["discover"]
    body = {"platform": "mastodon", "handle": "ada", "profile_fields": [{"name": "x", "value": "y"}]}
    assert discover.arguments_from_json(json.dumps(body))["profile_fields"] == (ProfileField("x", "y"),)

    with pytest.raises(InvalidInput):
        discover.arguments_from_json(json.dumps(body | {name: value}))


def test_repr_shows_nothing_of_the_account() -> None:
    assert "ada" not in without_ids(repr(theirs()).lower())


def test_replaying_the_events_gives_the_same_state() -> None:
    account = theirs(**PROFILE)
    account.follow()
    account.record_follower()
    account.record_lost_follower()
    account.change_handle("countess")
    account.update_profile("Countess")
    account.record_counts(1)
    account.mute()
    account.unmute()
    account.unfollow()
    account.follow()
    account.block()
    account.unblock()
    account.link_contact(new_id())
    account.unlink_contact()
    account.move("https://new.example/users/ada")
    account.reactivate()
    account.deactivate()
    account.suspend()
    account.mark_gone()
    account.trash()

    assert contents(replayed(account)) == contents(account)
    assert account.version == 21
    own = mine(**PROFILE)
    assert contents(replayed(own)) == contents(own)
