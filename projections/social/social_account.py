"""What can be asked of social accounts."""

from __future__ import annotations

from domain.social.social_account import SocialAccount
from projections.record_table import RecordTable
from projections.search import Words, in_search
from projections.timeline import Moment, on_timeline
from projections.view import View


def _moment(account: SocialAccount) -> Moment | None:
    if account.joined_at is None:
        return None
    return Moment(account.joined_at, account.display_name or account.handle, f"joined {account.platform}")


def _words(account: SocialAccount) -> Words:
    return Words(account.display_name or account.handle, f"{account.handle}\n{account.bio}")


VIEW = View(
    SocialAccount,
    RecordTable(
        SocialAccount,
        "social_accounts",
        filters=("ownership",),
        orders=("handle",),
        listed=("platform", "handle", "display_name", "ownership"),
    ),
    derived=(on_timeline(_moment), in_search(_words)),
)
