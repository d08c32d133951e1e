"""The part of a social account that says how the person and it stand to each other."""

from __future__ import annotations

from dataclasses import KW_ONLY
from datetime import datetime

from domain.shared import clock
from domain.shared.content import Content
from domain.shared.values import Moment
from domain.social.social_account_terms import (
    AccountBlocked,
    AccountGone,
    AccountStatus,
    OwnAccount,
    Ownership,
    ownership_of,
)


class Acquaintance(Content):
    """Somebody to follow, to be followed by, to mute or to block: anybody but oneself."""

    _: KW_ONLY
    ownership: Ownership = Ownership.OTHER
    following: bool = False
    followed_by: bool = False
    following_since: datetime | None = None
    muted: bool = False
    blocked: bool = False
    status: AccountStatus = AccountStatus.ACTIVE

    class Event(Content.Event):
        """Any event of a social account."""

    class Followed(Event):
        TOPIC = "social_account.followed"
        following_since: datetime

        def apply(self, account: Acquaintance) -> None:
            account.following = True
            account.following_since = self.following_since
            account.ownership = ownership_of(following=True, followed_by=account.followed_by)

    class Unfollowed(Event):
        TOPIC = "social_account.unfollowed"

        def apply(self, account: Acquaintance) -> None:
            _end_following(account)

    class FollowerGained(Event):
        TOPIC = "social_account.follower_gained"

        def apply(self, account: Acquaintance) -> None:
            account.followed_by = True
            account.ownership = ownership_of(following=account.following, followed_by=True)

    class FollowerLost(Event):
        TOPIC = "social_account.follower_lost"

        def apply(self, account: Acquaintance) -> None:
            account.followed_by = False
            account.ownership = ownership_of(following=account.following, followed_by=False)

    class Muted(Event):
        TOPIC = "social_account.muted"

        def apply(self, account: Acquaintance) -> None:
            account.muted = True

    class Unmuted(Event):
        TOPIC = "social_account.unmuted"

        def apply(self, account: Acquaintance) -> None:
            account.muted = False

    class Blocked(Event):
        TOPIC = "social_account.blocked"

        def apply(self, account: Acquaintance) -> None:
            account.blocked = True
            _end_following(account)

    class Unblocked(Event):
        TOPIC = "social_account.unblocked"

        def apply(self, account: Acquaintance) -> None:
            account.blocked = False

    def follow(self, since: Moment | None = None) -> None:
        self._require_existing()
        self._require_other()
        if self.blocked:
            raise AccountBlocked
        if not self.following:
            self.trigger_event(self.Followed, following_since=since or clock.now())

    def unfollow(self) -> None:
        if self.following:
            self.trigger_event(self.Unfollowed)

    def record_follower(self) -> None:
        self._require_existing()
        self._require_other()
        if not self.followed_by:
            self.trigger_event(self.FollowerGained)

    def record_lost_follower(self) -> None:
        if self.followed_by:
            self.trigger_event(self.FollowerLost)

    def mute(self) -> None:
        self._require_existing()
        self._require_other()
        if not self.muted:
            self.trigger_event(self.Muted)

    def unmute(self) -> None:
        if self.muted:
            self.trigger_event(self.Unmuted)

    def block(self) -> None:
        """Have nothing to do with the account any more; following it ends."""
        self._require_existing()
        self._require_other()
        if not self.blocked:
            self.trigger_event(self.Blocked)

    def unblock(self) -> None:
        """End the block; following does not begin again by itself."""
        if self.blocked:
            self.trigger_event(self.Unblocked)

    def _require_existing(self) -> None:
        if self.status is AccountStatus.GONE:
            raise AccountGone

    def _require_other(self) -> None:
        if self.ownership is Ownership.MINE:
            raise OwnAccount


def _end_following(account: Acquaintance) -> None:
    account.following = False
    account.following_since = None
    account.ownership = ownership_of(following=False, followed_by=account.followed_by)
