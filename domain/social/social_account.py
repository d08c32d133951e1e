"""An account on a social platform: one's own, or one that somebody else has."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from domain.shared import clock
from domain.shared.content import Content
from domain.shared.known import differs, with_known
from domain.shared.peers import Claim, PeerRef, peer_refs
from domain.shared.record import Origin
from domain.shared.values import Count, Id, Line, Moment, Slug, Text, Url
from domain.social.acquaintance import Acquaintance
from domain.social.social_account_terms import (
    AccountStatus,
    ActorType,
    ExternalId,
    FollowsBlocked,
    Handle,
    Identity,
    MovedToItself,
    Ownership,
    Profile,
    ProfileField,
    ProfileFields,
    ownership_of,
)


class SocialAccount(Acquaintance):
    """Someone on a platform."""

    KIND: ClassVar[str] = "social_account"

    platform: str
    handle: str
    external_id: str | None = None
    profile_url: str | None = None
    actor_uri: str | None = None
    actor_type: ActorType = ActorType.PERSON
    display_name: str = ""
    bio: str = ""
    profile_fields: tuple[ProfileField, ...] = ()
    avatar_media_id: UUID | None = None
    banner_media_id: UUID | None = None
    joined_at: datetime | None = None
    locked: bool = False
    bot: bool = False
    verified: bool = False
    followers_count: int | None = None
    following_count: int | None = None
    posts_count: int | None = None
    counted_at: datetime | None = None
    contact_id: UUID | None = None
    moved_to: str | None = None

    class Event(Acquaintance.Event):
        """Any event of a social account."""

    class Claimed(Event, Content.Created, Identity):
        TOPIC = "social_account.claimed"
        ownership: Ownership

    class Discovered(Event, Content.Created, Identity):
        TOPIC = "social_account.discovered"
        ownership: Ownership
        following: bool
        followed_by: bool
        following_since: datetime | None
        muted: bool
        blocked: bool
        status: AccountStatus
        moved_to: str | None

    class HandleChanged(Event):
        TOPIC = "social_account.handle_changed"
        handle: str

    class ProfileUpdated(Event, Profile):
        TOPIC = "social_account.profile_updated"

    class CountsRecorded(Event):
        TOPIC = "social_account.counts_recorded"
        followers_count: int | None
        following_count: int | None
        posts_count: int | None
        counted_at: datetime

    class ContactLinked(Event):
        TOPIC = "social_account.contact_linked"
        contact_id: UUID

    class ContactUnlinked(Event):
        TOPIC = "social_account.contact_unlinked"

        def apply(self, account: SocialAccount) -> None:
            account.contact_id = None

    class Moved(Event):
        TOPIC = "social_account.moved"
        moved_to: str

        def apply(self, account: SocialAccount) -> None:
            account.status = AccountStatus.MOVED
            account.moved_to = self.moved_to

    class Deactivated(Event):
        TOPIC = "social_account.deactivated"

        def apply(self, account: SocialAccount) -> None:
            account.status = AccountStatus.DEACTIVATED

    class Suspended(Event):
        TOPIC = "social_account.suspended"

        def apply(self, account: SocialAccount) -> None:
            account.status = AccountStatus.SUSPENDED

    class Reactivated(Event):
        TOPIC = "social_account.reactivated"

        def apply(self, account: SocialAccount) -> None:
            account.status = AccountStatus.ACTIVE
            account.moved_to = None

    class Gone(Event):
        TOPIC = "social_account.gone"

        def apply(self, account: SocialAccount) -> None:
            account.status = AccountStatus.GONE

    @classmethod
    def claim(
        cls,
        origin: Origin,
        platform: Slug,
        *,
        handle: Handle,
        external_id: ExternalId | None = None,
        profile_url: Url | None = None,
        actor_uri: Url | None = None,
        actor_type: ActorType = ActorType.PERSON,
        display_name: Line = "",
        bio: Text = "",
        profile_fields: ProfileFields = (),
        avatar_media_id: Id | None = None,
        banner_media_id: Id | None = None,
        joined_at: Moment | None = None,
        locked: bool = False,
        bot: bool = False,
        verified: bool = False,
    ) -> SocialAccount:
        """Begin with an account of one's own; only these publish."""
        return cls._begin(
            origin,
            cls.Claimed,
            platform=platform,
            handle=handle,
            external_id=external_id,
            profile_url=profile_url,
            actor_uri=actor_uri,
            actor_type=actor_type,
            display_name=display_name,
            bio=bio,
            profile_fields=profile_fields,
            avatar_media_id=avatar_media_id,
            banner_media_id=banner_media_id,
            joined_at=joined_at,
            locked=locked,
            bot=bot,
            verified=verified,
            ownership=Ownership.MINE,
        )

    @classmethod
    def discover(
        cls,
        origin: Origin,
        platform: Slug,
        *,
        handle: Handle,
        external_id: ExternalId | None = None,
        profile_url: Url | None = None,
        actor_uri: Url | None = None,
        actor_type: ActorType = ActorType.PERSON,
        display_name: Line = "",
        bio: Text = "",
        profile_fields: ProfileFields = (),
        avatar_media_id: Id | None = None,
        banner_media_id: Id | None = None,
        joined_at: Moment | None = None,
        locked: bool = False,
        bot: bool = False,
        verified: bool = False,
        following: bool = False,
        followed_by: bool = False,
        following_since: Moment | None = None,
        muted: bool = False,
        blocked: bool = False,
        status: AccountStatus = AccountStatus.ACTIVE,
        moved_to: Url | None = None,
    ) -> SocialAccount:
        """Begin with an account that somebody else has."""
        if following and blocked:
            raise FollowsBlocked
        if moved_to is not None and moved_to in (actor_uri, profile_url):
            raise MovedToItself
        return cls._begin(
            origin,
            cls.Discovered,
            platform=platform,
            handle=handle,
            external_id=external_id,
            profile_url=profile_url,
            actor_uri=actor_uri,
            actor_type=actor_type,
            display_name=display_name,
            bio=bio,
            profile_fields=profile_fields,
            avatar_media_id=avatar_media_id,
            banner_media_id=banner_media_id,
            joined_at=joined_at,
            locked=locked,
            bot=bot,
            verified=verified,
            ownership=ownership_of(following=following, followed_by=followed_by),
            following=following,
            followed_by=followed_by,
            following_since=following_since if following else None,
            muted=muted,
            blocked=blocked,
            status=AccountStatus.MOVED if moved_to else status,
            moved_to=moved_to,
        )

    def change_handle(self, handle: Handle) -> None:
        self._require_existing()
        if handle != self.handle:
            self.trigger_event(SocialAccount.HandleChanged, handle=handle)

    def update_profile(
        self,
        display_name: Line | None = None,
        *,
        bio: Text | None = None,
        profile_url: Url | None = None,
        actor_type: ActorType | None = None,
        profile_fields: ProfileFields | None = None,
        avatar_media_id: Id | None = None,
        banner_media_id: Id | None = None,
        locked: bool | None = None,
        bot: bool | None = None,
        verified: bool | None = None,
    ) -> None:
        """Say what the account shows now; what is left out stays as it is."""
        self._require_existing()
        shown = with_known(
            self,
            display_name=display_name,
            bio=bio,
            profile_url=profile_url,
            actor_type=actor_type,
            profile_fields=profile_fields,
            avatar_media_id=avatar_media_id,
            banner_media_id=banner_media_id,
            locked=locked,
            bot=bot,
            verified=verified,
        )
        if profile_url is not None and profile_url == self.moved_to:
            raise MovedToItself
        if differs(self, shown):
            self.trigger_event(SocialAccount.ProfileUpdated, **shown)

    def record_counts(
        self,
        followers_count: Count | None = None,
        *,
        following_count: Count | None = None,
        posts_count: Count | None = None,
        counted_at: Moment | None = None,
    ) -> None:
        """Keep what the platform counts now; what is left out stays as it is."""
        self._require_existing()
        counts = with_known(
            self, followers_count=followers_count, following_count=following_count, posts_count=posts_count
        )
        if differs(self, counts):
            self.trigger_event(SocialAccount.CountsRecorded, **counts, counted_at=counted_at or clock.now())

    def link_contact(self, contact_id: Id) -> None:
        if contact_id != self.contact_id:
            self.trigger_event(SocialAccount.ContactLinked, contact_id=contact_id)

    def unlink_contact(self) -> None:
        if self.contact_id is not None:
            self.trigger_event(SocialAccount.ContactUnlinked)

    def move(self, moved_to: Url) -> None:
        """Record that the account goes on under another address."""
        self._require_existing()
        if moved_to in (self.actor_uri, self.profile_url):
            raise MovedToItself
        if self.status is not AccountStatus.MOVED or moved_to != self.moved_to:
            self.trigger_event(SocialAccount.Moved, moved_to=moved_to)

    def deactivate(self) -> None:
        self._require_existing()
        if self.status is not AccountStatus.DEACTIVATED:
            self.trigger_event(SocialAccount.Deactivated)

    def suspend(self) -> None:
        """Record that the platform has suspended the account."""
        self._require_existing()
        if self.status is not AccountStatus.SUSPENDED:
            self.trigger_event(SocialAccount.Suspended)

    def reactivate(self) -> None:
        self._require_existing()
        if self.status is not AccountStatus.ACTIVE:
            self.trigger_event(SocialAccount.Reactivated)

    def mark_gone(self) -> None:
        """Record that the account exists no more, which is final."""
        if self.status is not AccountStatus.GONE:
            self.trigger_event(SocialAccount.Gone)

    @property
    def claims(self) -> frozenset[Claim]:
        """One record for each account of a platform, by its unchanging name if that is known, be it in the trash."""
        name = f"id {self.external_id}" if self.external_id else f"handle {_folded(self.handle)}"
        return frozenset({Claim("social_account.account", f"{self.platform} {name}")})

    @property
    def named_peers(self) -> frozenset[PeerRef]:
        contacts = peer_refs("contact", self.contact_id)
        return contacts | peer_refs("media", self.avatar_media_id, self.banner_media_id)

    @property
    def may_publish(self) -> bool:
        """Whether posts may be published from here."""
        return self.ownership is Ownership.MINE and self.status is AccountStatus.ACTIVE


def _folded(handle: str) -> str:
    return unicodedata.normalize("NFC", handle).casefold()
