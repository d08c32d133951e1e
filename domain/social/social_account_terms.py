"""The words of a social account: how it relates to its keeper, and the rules it may break."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from domain.shared.errors import IllegalTransition, RuleBroken
from domain.shared.values import Line, Moment, Text, Title

Handle = Annotated[Title, Field(max_length=255)]
"""The name by which the platform shows an account, as written there; it may change."""

ExternalId = Title
"""The name by which the platform knows an account; it does not change."""

MAX_PROFILE_FIELDS = 50


class Ownership(StrEnum):
    MINE = "mine"
    FOLLOWED = "followed"
    FOLLOWER = "follower"
    MUTUAL = "mutual"
    OTHER = "other"


class ActorType(StrEnum):
    """The actor types of ActivityStreams 2.0."""

    PERSON = "person"
    ORGANIZATION = "organization"
    GROUP = "group"
    SERVICE = "service"
    APPLICATION = "application"


class AccountStatus(StrEnum):
    ACTIVE = "active"
    DEACTIVATED = "deactivated"
    SUSPENDED = "suspended"
    MOVED = "moved"
    GONE = "gone"


class AccountGone(IllegalTransition):
    """The account no longer exists."""


class AccountBlocked(IllegalTransition):
    """The account is blocked; unblock it first."""


class OwnAccount(RuleBroken):
    """Nobody follows, mutes or blocks an account of their own."""


class FollowsBlocked(RuleBroken):
    """A blocked account is not followed."""


class MovedToItself(RuleBroken):
    """An account cannot move to itself."""


@dataclass(frozen=True, slots=True)
class ProfileField:
    """A line of a profile, such as a website; verified where the platform has checked that it is theirs."""

    name: Line
    value: Annotated[Text, Field(max_length=2000)]
    verified_at: Moment | None = None


ProfileFields = Annotated[tuple[ProfileField, ...], Field(strict=False, max_length=MAX_PROFILE_FIELDS)]


@dataclass(frozen=True)
class Profile:
    """What an account shows of itself."""

    profile_url: str | None
    display_name: str
    bio: str
    actor_type: ActorType
    profile_fields: tuple[ProfileField, ...]
    avatar_media_id: UUID | None
    banner_media_id: UUID | None
    locked: bool
    bot: bool
    verified: bool


@dataclass(frozen=True)
class Identity(Profile):
    """What names an account, and what it shows of itself."""

    platform: str
    handle: str
    external_id: str | None
    actor_uri: str | None
    joined_at: datetime | None


def ownership_of(*, following: bool, followed_by: bool) -> Ownership:
    """Return whose account it is, of those that are not one's own."""
    if following:
        return Ownership.MUTUAL if followed_by else Ownership.FOLLOWED
    return Ownership.FOLLOWER if followed_by else Ownership.OTHER
