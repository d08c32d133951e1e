"""A link by which a person shows some of their records to others, for a time."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from domain.core.link_rules import require_fit, require_password, require_short_life, shown_by
from domain.core.link_terms import (
    DEFAULT_LIFE,
    MAX_TARGETS,
    Audience,
    ExpiryPast,
    IpPrefix,
    LastPermission,
    LastTarget,
    LinkExhausted,
    LinkNotExpired,
    LinkStatus,
    Message,
    NotEarlier,
    NothingShown,
    NotLater,
    PasswordHash,
    Permission,
    RecipientDigest,
    Target,
    TargetKind,
    TargetNotFound,
    TargetsFixed,
    TokenReused,
    Views,
)
from domain.core.recipients import Recipients
from domain.shared import clock
from domain.shared.content import Content
from domain.shared.peers import Claim, PeerRef
from domain.shared.record import Origin, Record, TooMany, peers_of
from domain.shared.values import LEDGER_ONLY, Label, Line, Many, Moment, Sha256, Slug, Title, as_set


class Link(Recipients):
    """A door to some records, opened by a token of which only the digest is known here.

    Whether a link is past its end is a matter of the clock, so ``open`` looks at the clock; the status says
    so from ``expire`` on.
    """

    KIND: ClassVar[str] = "link"
    REVERTIBLE = False
    SHARES: ClassVar[frozenset[str]] = frozenset(
        {
            "create",
            "open",
            "add_target",
            "extend",
            "grant_permission",
            "invite_recipient",
            "clear_password",
            "restore",
        }
    )

    token_hash: str
    password_hash: Annotated[str | None, LEDGER_ONLY] = None
    """In the ledger only, so that a copy of the read tables gives nobody anything to guess at."""
    slug: str | None = None
    title: str | None = None
    message: str = ""
    target_kind: TargetKind = TargetKind.ITEM
    targets: tuple[Target, ...] = ()
    query: str | None = None
    snapshot_at: datetime | None = None
    permissions: tuple[Permission, ...] = (Permission.VIEW,)
    max_views: int | None = None
    view_count: int = 0
    last_opened_at: datetime | None = None
    status: LinkStatus = LinkStatus.ACTIVE
    revoke_reason: str = ""

    class Event(Recipients.Event):
        """Any event of a link."""

    class Created(Event, Content.Created):
        TOPIC = "link.created"
        token_hash: str
        expires_at: datetime
        slug: str | None
        title: str | None
        message: str
        target_kind: TargetKind
        targets: tuple[Target, ...]
        query: str | None
        snapshot_at: datetime | None
        permissions: tuple[Permission, ...]
        audience: Audience
        max_views: int | None

    class Renamed(Event):
        TOPIC = "link.renamed"
        title: str | None

    class PasswordSet(Event):
        TOPIC = "link.password_set"
        password_hash: str

    class PasswordCleared(Event):
        TOPIC = "link.password_cleared"

        def apply(self, link: Link) -> None:
            link.password_hash = None

    class PermissionGranted(Event):
        TOPIC = "link.permission_granted"
        permission: Permission

        def apply(self, link: Link) -> None:
            link.permissions = as_set((*link.permissions, self.permission))

    class PermissionWithdrawn(Event):
        TOPIC = "link.permission_withdrawn"
        permission: Permission

        def apply(self, link: Link) -> None:
            link.permissions = tuple(each for each in link.permissions if each is not self.permission)

    class TargetAdded(Event):
        TOPIC = "link.target_added"
        target: Target

        def apply(self, link: Link) -> None:
            link.targets = (*link.targets, self.target)

    class TargetRemoved(Event):
        TOPIC = "link.target_removed"
        target: Target

        def apply(self, link: Link) -> None:
            link.targets = tuple(each for each in link.targets if each != self.target)

    class Extended(Event):
        TOPIC = "link.extended"
        expires_at: datetime

        def apply(self, link: Link) -> None:
            link.expires_at = self.expires_at
            link.expired_at = None
            link.status = _standing(link)

    class Shortened(Event):
        TOPIC = "link.shortened"
        expires_at: datetime

    class ViewLimitSet(Event):
        TOPIC = "link.view_limit_set"
        max_views: int | None

        def apply(self, link: Link) -> None:
            link.max_views = self.max_views
            link.status = _standing(link)

    class Opened(Event):
        TOPIC = "link.opened"
        ip_prefix: str | None
        ua_family: str | None

        def apply(self, link: Link) -> None:
            link.view_count += 1
            link.last_opened_at = self.timestamp
            link.status = _standing(link)

    class Expired(Event):
        TOPIC = "link.expired"

        def apply(self, link: Link) -> None:
            link.expired_at = self.timestamp
            link.status = _standing(link)

    class Revoked(Event):
        TOPIC = "link.revoked"
        reason: str

        def apply(self, link: Link) -> None:
            link.revoked_at = self.timestamp
            link.revoke_reason = self.reason
            link.status = _standing(link)

    class TokenRotated(Event):
        TOPIC = "link.token_rotated"
        token_hash: str

    @classmethod
    def create(
        cls,
        origin: Origin,
        token_hash: Sha256,
        *,
        targets: Many[Target] = (),
        target_kind: TargetKind = TargetKind.ITEM,
        query: Line | None = None,
        snapshot_at: Moment | None = None,
        slug: Slug | None = None,
        title: Title | None = None,
        message: Message = "",
        permissions: Many[Permission] = (Permission.VIEW,),
        audience: Audience = Audience.ANYONE_WITH_LINK,
        expires_at: Moment | None = None,
        max_views: Views | None = None,
        password_hash: PasswordHash | None = None,
    ) -> Link:
        """Make a link; the caller keeps the token, at least 128 random bits, and gives its SHA-256 digest.

        Of a password, too, only a hash comes here: whoever shows the link to a visitor asks for it before the link is opened.
        """
        require_fit(target_kind, targets, query)
        if not permissions:
            raise LastPermission
        now = clock.now()
        ends = expires_at or now + DEFAULT_LIFE
        if ends <= now:
            raise ExpiryPast
        shown = shown_by(target_kind, targets)
        require_short_life(ends, shown, now)
        require_password(password_hash, shown)
        link = cls._begin(
            origin,
            cls.Created,
            token_hash=token_hash,
            expires_at=ends,
            slug=slug,
            title=title,
            message=message,
            target_kind=target_kind,
            targets=targets,
            query=query,
            snapshot_at=snapshot_at,
            permissions=as_set(permissions),
            audience=audience,
            max_views=max_views,
        )
        if password_hash is not None:
            link.trigger_event(Link.PasswordSet, password_hash=password_hash)
        return link

    def rename(self, title: Title | None) -> None:
        self._require_living()
        if title != self.title:
            self.trigger_event(Link.Renamed, title=title)

    def set_password(self, password_hash: PasswordHash) -> None:
        """Have visitors asked for a password from now on, or for another one."""
        self._require_living()
        if password_hash != self.password_hash:
            self.trigger_event(Link.PasswordSet, password_hash=password_hash)

    def clear_password(self) -> None:
        self._require_living()
        require_password(None, self.shown_kinds)
        if self.password_hash is not None:
            self.trigger_event(Link.PasswordCleared)

    def grant_permission(self, permission: Permission) -> None:
        self._require_living()
        if permission not in self.permissions:
            self.trigger_event(Link.PermissionGranted, permission=permission)

    def withdraw_permission(self, permission: Permission) -> None:
        self._require_living()
        if permission not in self.permissions:
            return
        if len(self.permissions) == 1:
            raise LastPermission
        self.trigger_event(Link.PermissionWithdrawn, permission=permission)

    def add_target(self, target: Target) -> None:
        self._require_living()
        if target in self.targets:
            return
        if self.target_kind is not TargetKind.COLLECTION:
            raise TargetsFixed
        if len(self.targets) >= MAX_TARGETS:
            raise TooMany
        shown = frozenset({target.kind})
        require_short_life(self.expires_at, shown, clock.now())
        require_password(self.password_hash, shown)
        self.trigger_event(Link.TargetAdded, target=target)

    def remove_target(self, target: Target) -> None:
        self._require_living()
        if target not in self.targets:
            raise TargetNotFound
        if len(self.targets) == 1:
            raise LastTarget
        self.trigger_event(Link.TargetRemoved, target=target)

    def extend(self, expires_at: Moment) -> None:
        """Let the link live longer; one that had expired opens again."""
        self._require_living()
        if expires_at <= self.expires_at:
            raise NotLater
        now = clock.now()
        if expires_at <= now:
            raise ExpiryPast
        require_short_life(expires_at, self.shown_kinds, now)
        self.trigger_event(Link.Extended, expires_at=expires_at)

    def shorten(self, expires_at: Moment) -> None:
        """Let the link end earlier; a moment in the past ends it now."""
        self._require_living()
        if expires_at >= self.expires_at:
            raise NotEarlier
        self.trigger_event(Link.Shortened, expires_at=expires_at)

    def set_view_limit(self, max_views: Views | None) -> None:
        """Limit how often the link may be opened in all, or lift the limit."""
        self._require_living()
        if max_views != self.max_views:
            self.trigger_event(Link.ViewLimitSet, max_views=max_views)

    def open(
        self,
        *,
        ip_prefix: IpPrefix | None = None,
        ua_family: Label | None = None,
        recipient: RecipientDigest | None = None,
    ) -> None:
        """Record that a visitor with the token came; refused where the visitor is to see nothing.

        ``recipient`` says who came, as the one who was invited; a link that is not for named recipients does not ask.
        """
        self._require_living()
        visitor = self._admitted(recipient)  # before all else: nobody else learns how the link stands
        self._require_before_end()
        if self.status is LinkStatus.EXHAUSTED:
            raise LinkExhausted
        if self.targets and not any(map(self._shows, self.targets)):
            raise NothingShown
        self.trigger_event(Link.Opened, ip_prefix=ip_prefix, ua_family=ua_family)
        self._note_visit(visitor)

    def expire(self) -> None:
        """Record that the link has reached its end."""
        self._require_living()
        if clock.now() < self.expires_at:
            raise LinkNotExpired
        if self.expired_at is None:
            self.trigger_event(Link.Expired)

    def revoke(self, reason: Line = "") -> None:
        self._require_living()
        self.trigger_event(Link.Revoked, reason=reason)

    def rotate_token(self, token_hash: Sha256) -> None:
        """Let only a new token open the link; who has the old one is shut out."""
        self._require_living()
        if token_hash == self.token_hash:
            raise TokenReused
        self.trigger_event(Link.TokenRotated, token_hash=token_hash)

    @property
    def claims(self) -> frozenset[Claim]:
        """A visitor comes with a token or a slug and no person, so both are unique among all."""
        if self.revoked_at is not None:
            return frozenset()
        held = {Claim("link.token", self.token_hash, everywhere=True)}
        if self.slug is not None:
            held.add(Claim("link.slug", self.slug, everywhere=True))
        return frozenset(held)

    @property
    def shown_kinds(self) -> frozenset[str]:
        return shown_by(self.target_kind, self.targets)

    @property
    def named_peers(self) -> frozenset[PeerRef]:
        return frozenset(PeerRef(each.kind, each.id) for each in self.targets)

    def _shows(self, target: Target) -> bool:
        """Whether a target is there to be seen; in the trash or under quarantine it is not, until it comes back."""
        record = peers_of(self).get(Record, target.id)
        return record is not None and record.presentable


def _standing(link: Link) -> LinkStatus:
    if link.revoked_at is not None:
        return LinkStatus.REVOKED
    if link.expired_at is not None:
        return LinkStatus.EXPIRED
    if link.max_views is not None and link.view_count >= link.max_views:
        return LinkStatus.EXHAUSTED
    return LinkStatus.ACTIVE
