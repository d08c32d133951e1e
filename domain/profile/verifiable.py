"""The part of a profile attribute that says whether somebody has checked it."""

from __future__ import annotations

from dataclasses import KW_ONLY
from datetime import datetime

from domain.profile.profile_attribute_terms import (
    AttributeStatus,
    NotHeld,
    NotPending,
    NotVerified,
    Verification,
    VerificationPast,
    VerificationStanding,
)
from domain.shared import clock
from domain.shared.content import Content
from domain.shared.known import say
from domain.shared.values import Line, Moment


class Verifiable(Content):
    """A fact that is held, and may be checked."""

    _: KW_ONLY
    status: AttributeStatus = AttributeStatus.HELD
    verification: Verification = Verification.UNVERIFIED
    verification_method: str = ""
    verified_by: str = ""
    verified_at: datetime | None = None
    verification_expires_at: datetime | None = None

    class Event(Content.Event):
        """Any event of a profile attribute."""

    class VerificationStarted(Event):
        TOPIC = "profile_attribute.verification_started"
        verification: Verification
        verification_method: str

    class VerificationFailed(Event):
        TOPIC = "profile_attribute.verification_failed"
        verification: Verification
        reason: str

    class Verified(Event):
        TOPIC = "profile_attribute.verified"
        verification_method: str
        verified_by: str
        verification_expires_at: datetime | None

        def apply(self, attribute: Verifiable) -> None:
            super().apply(attribute)
            attribute.verification = Verification.VERIFIED
            attribute.verified_at = self.timestamp

    class VerificationExpired(Event):
        TOPIC = "profile_attribute.verification_expired"

        def apply(self, attribute: Verifiable) -> None:
            attribute.verification = Verification.EXPIRED

    def begin_verification(self, method: Line) -> None:
        """Record that the value is being checked; what was verified before stands until that has an end."""
        self._require_held()
        if self.verification is Verification.VERIFIED:
            raise VerificationStanding
        say(self, self.VerificationStarted, verification=Verification.PENDING, verification_method=method)

    def fail_verification(self, reason: Line = "") -> None:
        """Record that the value did not stand the check."""
        self._require_held()
        if self.verification is not Verification.PENDING:
            raise NotPending
        self.trigger_event(self.VerificationFailed, verification=Verification.FAILED, reason=reason)

    def verify(self, method: Line, *, verified_by: Line = "", expires_at: Moment | None = None) -> None:
        """Record that somebody has checked the value, and how; may be done again."""
        self._require_held()
        if expires_at is not None and expires_at <= clock.now():
            raise VerificationPast
        self.trigger_event(
            self.Verified,
            verification_method=method,
            verified_by=verified_by,
            verification_expires_at=expires_at,
        )

    def expire_verification(self) -> None:
        """Record that the verification has reached its end."""
        self._require_held()
        if self.verification is not Verification.VERIFIED:
            raise NotVerified
        if self.verification_expires_at is None or clock.now() < self.verification_expires_at:
            raise VerificationStanding
        self.trigger_event(self.VerificationExpired)

    def _require_held(self) -> None:
        if self.status is not AttributeStatus.HELD:
            raise NotHeld


def forget_verification(attribute: Verifiable) -> None:
    """Be as never checked, where the value becomes another."""
    attribute.verification = Verification.UNVERIFIED
    attribute.verification_method = attribute.verified_by = ""
    attribute.verified_at = attribute.verification_expires_at = None
