"""The words of a link: what it shows, to whom, for how long, and the rules that may be broken."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from domain.core.core_terms import KindName
from domain.shared.errors import IllegalTransition, ItemNotFound, RuleBroken
from domain.shared.values import LEDGER_ONLY, Id, Label, Sha256, Text

DEFAULT_LIFE = timedelta(days=7)
MAX_LIFE = timedelta(days=365)
MAX_LIFE_SPECIAL = timedelta(days=7)
SPECIAL_KINDS = frozenset({"health_record"})
"""Kinds whose records are special category data by their nature (GDPR Art. 9)."""

MAX_TARGETS = 1000
MAX_RECIPIENTS = 1000  # those removed are among them

_NOT_SHARED = frozenset({"user", "integration", "link", "notification"})
_COARSE = {4: 24, 6: 48}


def _shareable(kind: str) -> str:
    if kind in _NOT_SHARED:
        raise ValueError("must be a kind of record that can be shared")
    return kind


def _coarse(text: str) -> str:
    try:
        network = ip_network(text)
    except ValueError:
        raise ValueError("must be an IP network") from None
    if network.prefixlen > _COARSE[network.version]:
        raise ValueError("must be an IP network of /24 (IPv4) or /48 (IPv6), or larger")
    return str(network)


SharedKind = Annotated[KindName, AfterValidator(_shareable)]

IpPrefix = Annotated[str, StringConstraints(max_length=64), AfterValidator(_coarse)]
"""A network too large to name one visitor: 192.0.2.0/24 or 2001:db8::/48."""

PasswordHash = Annotated[
    str,
    StringConstraints(
        pattern=r"^\$argon2id\$v=19\$m=[0-9]{1,10},t=[0-9]{1,10},p=[0-9]{1,3}\$[A-Za-z0-9+/]{11,64}\$[A-Za-z0-9+/]{16,86}$"
    ),
]
"""What is kept of a password: its Argon2id hash (RFC 9106) as a PHC string."""

RecipientDigest = Sha256
"""A keyed digest of somebody's address (HMAC-SHA-256) in lower-case hexadecimal; the caller makes it."""

Views = Annotated[int, Field(ge=1, le=1_000_000)]
Message = Annotated[Text, StringConstraints(max_length=2000)]


class TargetKind(StrEnum):
    ITEM = "item"
    """The records named when the link was made; never more."""
    COLLECTION = "collection"
    """Records that the owner may add to."""
    QUERY = "query"
    """Whatever a saved filter finds: now, or as of ``snapshot_at``."""


class Permission(StrEnum):
    VIEW = "view"
    DOWNLOAD = "download"
    COMMENT = "comment"
    UPLOAD = "upload"
    VIEW_METADATA = "view_metadata"
    VIEW_LOCATION = "view_location"


class Audience(StrEnum):
    ANYONE_WITH_LINK = "anyone_with_link"
    NAMED_RECIPIENTS = "named_recipients"
    """Those who are invited, and nobody before the first of them is."""
    SIGNED_IN_USERS = "signed_in_users"


class RecipientStatus(StrEnum):
    NOT_SENT = "not_sent"
    """May open the link, and has not been told of it yet."""
    PENDING = "pending"
    SEEN = "seen"
    """Has opened the link."""
    ACCEPTED = "accepted"
    REVOKED = "revoked"
    """Was removed."""


class LinkStatus(StrEnum):
    ACTIVE = "active"
    EXPIRED = "expired"
    EXHAUSTED = "exhausted"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Target:
    """A record that the link shows."""

    kind: SharedKind
    id: Id


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody whom a link opens for, as its owner calls them."""

    id: Id
    label: Label | None = None
    status: RecipientStatus = RecipientStatus.NOT_SENT
    digest: Annotated[RecipientDigest | None, LEDGER_ONLY] = field(default=None, compare=False)
    """Of the address; never told by read tables: who has the key could try addresses. The id says who it is there."""


class LinkRevoked(IllegalTransition):
    """The link is revoked for good; make a new one."""


class NothingShown(IllegalTransition):
    """Everything the link shows is in the trash, under quarantine, or not uploaded yet."""


class LinkExpired(IllegalTransition):
    """The link has expired."""


class LinkNotExpired(IllegalTransition):
    """The link has not reached its end yet."""


class LinkExhausted(IllegalTransition):
    """The link has been opened as often as it may be."""


class NotForRecipients(IllegalTransition):
    """The link is not one for named recipients, so nobody is invited to it."""


class ExpiryPast(RuleBroken):
    """A link must end in the future."""


class LifeTooLong(RuleBroken):
    """A link lives at most 365 days from now, and 7 days where it shows health records or a query."""


class PasswordMissing(RuleBroken):
    """A link that shows health records or a query needs a password."""


class NotLater(RuleBroken):
    """Extending a link must move its end to a later moment."""


class NotEarlier(RuleBroken):
    """Shortening a link must move its end to an earlier moment."""


class TargetsUnfit(RuleBroken):
    """A link names 1 to 1,000 different records, or a saved filter and no records."""


class TargetsFixed(RuleBroken):
    """Only a link to a collection can show more records than it was made for."""


class LastTarget(RuleBroken):
    """A link must keep at least one record; revoke it instead."""


class LastPermission(RuleBroken):
    """A link must keep at least one permission; revoke it instead."""


class TokenReused(RuleBroken):
    """A rotated link needs a new token."""


class TargetNotFound(ItemNotFound):
    """The link does not show this record."""


class RecipientUnknown(ItemNotFound):
    """The link opens for those who are invited, and this is none of them."""
