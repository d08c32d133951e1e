"""The part of a link that says whom it opens for: anyone who has it, or those whom its owner has invited."""

from __future__ import annotations

from dataclasses import KW_ONLY, replace
from datetime import datetime
from uuid import UUID

from domain.core.link_terms import (
    MAX_RECIPIENTS,
    Audience,
    LinkExpired,
    LinkRevoked,
    NotForRecipients,
    Recipient,
    RecipientDigest,
    RecipientStatus,
    RecipientUnknown,
)
from domain.shared import clock
from domain.shared.content import Content
from domain.shared.known import told
from domain.shared.record import TooMany
from domain.shared.values import Label, new_id


class Recipients(Content):
    """A link until its end, and its recipients where it is for some only.

    A recipient is known by a digest of their address, which only commands look at. Events name them by an id, so that
    a read table can follow them without the digest.
    """

    _: KW_ONLY
    expires_at: datetime
    audience: Audience = Audience.ANYONE_WITH_LINK
    recipients: tuple[Recipient, ...] = ()
    expired_at: datetime | None = None
    revoked_at: datetime | None = None

    class Event(Content.Event):
        """Any event of a link."""

    class RecipientInvited(Event):
        TOPIC = "link.recipient_invited"
        recipient: Recipient

        def apply(self, link: Recipients) -> None:
            others = tuple(each for each in link.recipients if each.id != self.recipient.id)
            link.recipients = (*others, self.recipient)

    class InvitationSent(Event):
        TOPIC = "link.invitation_sent"
        recipient_id: UUID

        def apply(self, link: Recipients) -> None:
            _mark(link, self.recipient_id, RecipientStatus.PENDING)

    class RecipientSeen(Event):
        TOPIC = "link.recipient_seen"
        recipient_id: UUID

        def apply(self, link: Recipients) -> None:
            _mark(link, self.recipient_id, RecipientStatus.SEEN)

    class InvitationAccepted(Event):
        TOPIC = "link.invitation_accepted"
        recipient_id: UUID

        def apply(self, link: Recipients) -> None:
            _mark(link, self.recipient_id, RecipientStatus.ACCEPTED)

    class RecipientRemoved(Event):
        TOPIC = "link.recipient_removed"
        recipient_id: UUID

        def apply(self, link: Recipients) -> None:
            _mark(link, self.recipient_id, RecipientStatus.REVOKED)

    def invite_recipient(self, recipient: RecipientDigest, *, label: Label | None = None) -> None:
        """Let the link open for somebody, also for one who was removed; again, only to call them something else.

        Of the address only a keyed digest comes here. The program that shows links to visitors makes it: HMAC-SHA-256 of
        the address in lower case, under a key that it keeps to itself, since a digest without a key is found by trying
        addresses.
        """
        self._require_living()
        if self.audience is not Audience.NAMED_RECIPIENTS:
            raise NotForRecipients
        known = self._recipient(recipient)
        if known is None:
            if len(self.recipients) >= MAX_RECIPIENTS:
                raise TooMany
            invited = Recipient(new_id(), label, digest=recipient)
        else:
            was_removed = known.status is RecipientStatus.REVOKED
            status = RecipientStatus.NOT_SENT if was_removed else known.status
            invited = replace(known, label=told(label, known.label), status=status)
        if invited != known:
            self.trigger_event(self.RecipientInvited, recipient=invited)

    def confirm_invitation_sent(self, recipient: RecipientDigest) -> None:
        """Record that the invitation is on its way; who has opened the link meanwhile has had it."""
        self._require_living()
        invited = self._invited(recipient)
        if invited.status is RecipientStatus.NOT_SENT:
            self.trigger_event(self.InvitationSent, recipient_id=invited.id)

    def accept_invitation(self, recipient: RecipientDigest) -> None:
        """Record that somebody who is invited says so; they may open the link without."""
        self._require_living()
        invited = self._invited(recipient)
        self._require_before_end()
        if invited.status is not RecipientStatus.ACCEPTED:
            self.trigger_event(self.InvitationAccepted, recipient_id=invited.id)

    def remove_recipient(self, recipient: RecipientDigest) -> None:
        """Shut somebody out; they stay listed as removed."""
        self._require_living()
        known = self._recipient(recipient)
        if known is None:
            raise RecipientUnknown
        if known.status is not RecipientStatus.REVOKED:
            self.trigger_event(self.RecipientRemoved, recipient_id=known.id)

    def _admitted(self, recipient: str | None) -> Recipient | None:
        """Return who opens the link, or None where it asks nobody who they are; raise RecipientUnknown."""
        return self._invited(recipient) if self.audience is Audience.NAMED_RECIPIENTS else None

    def _note_visit(self, visitor: Recipient | None) -> None:
        if visitor is not None and visitor.status in (RecipientStatus.NOT_SENT, RecipientStatus.PENDING):
            self.trigger_event(self.RecipientSeen, recipient_id=visitor.id)

    def _invited(self, digest: str | None) -> Recipient:
        known = self._recipient(digest)
        if known is None or known.status is RecipientStatus.REVOKED:
            raise RecipientUnknown
        return known

    def _recipient(self, digest: str | None) -> Recipient | None:
        return next((each for each in self.recipients if digest is not None and each.digest == digest), None)

    def _require_living(self) -> None:
        if self.revoked_at is not None:
            raise LinkRevoked

    def _require_before_end(self) -> None:
        if self.expired_at is not None or clock.now() >= self.expires_at:
            raise LinkExpired


def _mark(link: Recipients, recipient_id: UUID, status: RecipientStatus) -> None:
    link.recipients = tuple(
        replace(each, status=status) if each.id == recipient_id else each for each in link.recipients
    )
