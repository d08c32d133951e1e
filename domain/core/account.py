"""The part of a user that is their account: its address, how it is protected, and whether it may be used."""

from __future__ import annotations

from dataclasses import KW_ONLY
from datetime import datetime, timedelta

from domain.core.user_terms import (
    GRACE_DAYS,
    RECOVERY_CODES,
    GraceDays,
    Mfa,
    NoRecoveryCode,
    SecondFactor,
    UserClosing,
    UserLocked,
    UserNotClosing,
    UserNotLocked,
    UserNotSuspended,
    UserStatus,
    UserSuspended,
)
from domain.shared import clock
from domain.shared.known import say
from domain.shared.record import Record
from domain.shared.values import Count, EmailAddress, Line


class Account(Record):
    """An account of which the secrets lie elsewhere: whoever signs people in says here what became of it.

    The status follows from four facts, so that undoing one never undoes another: whether the e-mail address
    is verified, whether the account is locked, whether it is suspended, whether it is being closed.
    """

    _: KW_ONLY
    email: str
    email_verified_at: datetime | None = None
    status: UserStatus = UserStatus.PENDING_VERIFICATION
    mfa: Mfa = Mfa.NONE
    recovery_codes_left: int = 0
    storage_quota_bytes: int | None = None
    locked_at: datetime | None = None
    lock_reason: str = ""
    suspended_at: datetime | None = None
    suspension_reason: str = ""
    closing_due_at: datetime | None = None

    class Event(Record.Event):
        """Any event of a user."""

    class EmailVerified(Event):
        TOPIC = "user.email_verified"

        def apply(self, user: Account) -> None:
            user.email_verified_at = self.timestamp
            user.status = _standing(user)

    class EmailChanged(Event):
        TOPIC = "user.email_changed"
        email: str

        def apply(self, user: Account) -> None:
            user.email = self.email
            user.email_verified_at = None
            user.status = _standing(user)

    class MfaEnabled(Event):
        TOPIC = "user.mfa_enabled"
        mfa: Mfa
        recovery_codes_left: int

    class MfaDisabled(Event):
        TOPIC = "user.mfa_disabled"
        mfa: Mfa
        recovery_codes_left: int

    class RecoveryCodesRegenerated(Event):
        TOPIC = "user.recovery_codes_regenerated"
        recovery_codes_left: int

    class RecoveryCodeUsed(Event):
        TOPIC = "user.recovery_code_used"
        recovery_codes_left: int

    class StorageQuotaSet(Event):
        TOPIC = "user.storage_quota_set"
        storage_quota_bytes: int | None

    class Locked(Event):
        TOPIC = "user.locked"
        reason: str

        def apply(self, user: Account) -> None:
            user.locked_at = self.timestamp
            user.lock_reason = self.reason
            user.status = _standing(user)

    class Unlocked(Event):
        TOPIC = "user.unlocked"

        def apply(self, user: Account) -> None:
            user.locked_at = None
            user.lock_reason = ""
            user.status = _standing(user)

    class ClosureRequested(Event):
        TOPIC = "user.closure_requested"
        closing_due_at: datetime

        def apply(self, user: Account) -> None:
            user.closing_due_at = self.closing_due_at
            user.status = _standing(user)

    class ClosureCancelled(Event):
        TOPIC = "user.closure_cancelled"

        def apply(self, user: Account) -> None:
            user.closing_due_at = None
            user.status = _standing(user)

    class Suspended(Event):
        TOPIC = "user.suspended"
        reason: str

        def apply(self, user: Account) -> None:
            user.suspended_at = self.timestamp
            user.suspension_reason = self.reason
            user.status = _standing(user)

    class Reinstated(Event):
        TOPIC = "user.reinstated"

        def apply(self, user: Account) -> None:
            user.suspended_at = None
            user.suspension_reason = ""
            user.status = _standing(user)

    def verify_email(self) -> None:
        """Record that the person reads mail at the address; the caller has checked it."""
        if self.email_verified_at is None:
            self.trigger_event(self.EmailVerified)

    def change_email(self, email: EmailAddress) -> None:
        """Take another address, which must be verified like the first."""
        self._require_good_standing()
        if email != self.email:
            self.trigger_event(self.EmailChanged, email=email)

    def enable_mfa(self, second_factor: SecondFactor) -> None:
        """Note that signing in takes a second factor now, with ten new recovery codes besides."""
        self._require_good_standing()
        if self.mfa is not second_factor:
            self.trigger_event(self.MfaEnabled, mfa=second_factor, recovery_codes_left=RECOVERY_CODES)

    def disable_mfa(self) -> None:
        self._require_good_standing()
        if self.mfa is not Mfa.NONE:
            self.trigger_event(self.MfaDisabled, mfa=Mfa.NONE, recovery_codes_left=0)

    def regenerate_recovery_codes(self) -> None:
        """Note that the person has ten new recovery codes, and that the old ones are void."""
        self._require_good_standing()
        if self.mfa is Mfa.NONE:
            raise NoRecoveryCode
        self.trigger_event(self.RecoveryCodesRegenerated, recovery_codes_left=RECOVERY_CODES)

    def use_recovery_code(self) -> None:
        """Note that one of the recovery codes was taken for the second factor."""
        if self.recovery_codes_left == 0:
            raise NoRecoveryCode
        self.trigger_event(self.RecoveryCodeUsed, recovery_codes_left=self.recovery_codes_left - 1)

    def set_storage_quota(self, storage_quota_bytes: Count | None) -> None:
        """Say how much the person may keep, None for any amount: for those who offer the room to hold to."""
        say(self, self.StorageQuotaSet, storage_quota_bytes=storage_quota_bytes)

    def lock(self, reason: Line = "") -> None:
        """Keep the account from being changed, as after too many failed attempts to sign in."""
        if self.locked_at is not None:
            raise UserLocked
        self.trigger_event(self.Locked, reason=reason)

    def unlock(self) -> None:
        if self.locked_at is None:
            raise UserNotLocked
        self.trigger_event(self.Unlocked)

    def request_closure(self, *, grace_days: GraceDays = GRACE_DAYS) -> None:
        if self.closing_due_at is not None:
            raise UserClosing
        self.trigger_event(self.ClosureRequested, closing_due_at=clock.now() + timedelta(days=grace_days))

    def cancel_closure(self) -> None:
        if self.closing_due_at is None:
            raise UserNotClosing
        self.trigger_event(self.ClosureCancelled)

    def suspend(self, reason: Line = "") -> None:
        self._require_good_standing()
        self.trigger_event(self.Suspended, reason=reason)

    def reinstate(self) -> None:
        if self.suspended_at is None:
            raise UserNotSuspended
        self.trigger_event(self.Reinstated)

    def _require_good_standing(self) -> None:
        if self.suspended_at is not None:
            raise UserSuspended
        if self.locked_at is not None:
            raise UserLocked
        if self.closing_due_at is not None:
            raise UserClosing


def _standing(user: Account) -> UserStatus:
    if user.closing_due_at is not None:
        return UserStatus.CLOSING
    if user.suspended_at is not None:
        return UserStatus.SUSPENDED
    if user.locked_at is not None:
        return UserStatus.LOCKED
    if user.email_verified_at is None:
        return UserStatus.PENDING_VERIFICATION
    return UserStatus.ACTIVE
