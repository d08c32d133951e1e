"""Social accounts for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from domain.catalogue import topic_of
from domain.shared.record import Origin
from domain.shared.values import new_id
from domain.social.social_account import SocialAccount

NOON = datetime(2023, 8, 1, 12, tzinfo=UTC)


def mine(**profile: Any) -> SocialAccount:
    return SocialAccount.claim(Origin(new_id()), "mastodon", handle="me@example.social", **profile)


def theirs(**known: Any) -> SocialAccount:
    return SocialAccount.discover(Origin(new_id()), "mastodon", handle="ada@example.social", **known)


def topics(account: SocialAccount) -> list[str]:
    return [
        topic_of(cast("type[SocialAccount.Event]", type(event)), SocialAccount)
        for event in account.pending_events
    ]
