"""A person with an account: who they are, what they prefer and what they allow to be done with their data."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from typing import ClassVar

from domain.core.core_terms import KindName, Sha256
from domain.core.user_terms import (
    GRACE_DAYS,
    MAX_PURPOSES,
    BornInFuture,
    Consent,
    ConsentNotFound,
    GraceDays,
    NotOneself,
    Preference,
    Preferences,
    PreferredQuietHours,
    QuietHoursEmpty,
    Restriction,
    UserClosing,
    Username,
    UserNotClosing,
    UserNotSuspended,
    UserStatus,
    UserSuspended,
)
from domain.shared import clock
from domain.shared.peers import Claim
from domain.shared.record import Origin, Record, TooMany
from domain.shared.values import (
    Country,
    Day,
    EmailAddress,
    Label,
    Language,
    Line,
    Name,
    Slug,
    TimeZone,
    address_key,
)


class User(Record):
    """A person whose records are kept.

    The status follows from three facts, so that undoing one never undoes another: whether the e-mail address
    is verified, whether the account is suspended, whether it is being closed.
    """

    KIND: ClassVar[str] = "user"
    STAYS = frozenset(
        {
            "username", "email", "email_verified_at", "status", "consents", "restrictions", "suspended_at",
            "suspension_reason", "closing_due_at",
        }
    )  # fmt: skip
    RIGHTS: ClassVar[frozenset[str]] = frozenset(
        {"withdraw_consent", "restrict_processing", "lift_restriction", "request_closure"}
    )

    username: str
    email: str
    email_verified_at: datetime | None = None
    display_name: str | None = None
    locale: str = "en"
    timezone: str = "UTC"
    country: str | None = None
    date_of_birth: date | None = None
    status: UserStatus = UserStatus.PENDING_VERIFICATION
    preferences: Preferences = Preferences()
    consents: tuple[Consent, ...] = ()
    restrictions: tuple[Restriction, ...] = ()
    suspended_at: datetime | None = None
    suspension_reason: str = ""
    closing_due_at: datetime | None = None

    class Event(Record.Event):
        """Any event of a user."""

    class Registered(Event, Record.Created):
        TOPIC = "user.registered"
        username: str
        email: str
        display_name: str | None
        locale: str
        timezone: str
        country: str | None
        date_of_birth: date | None

    class EmailVerified(Event):
        TOPIC = "user.email_verified"

        def apply(self, user: User) -> None:
            user.email_verified_at = self.timestamp
            user.status = _standing(user)

    class EmailChanged(Event):
        TOPIC = "user.email_changed"
        email: str

        def apply(self, user: User) -> None:
            user.email = self.email
            user.email_verified_at = None
            user.status = _standing(user)

    class Renamed(Event):
        TOPIC = "user.renamed"
        display_name: str

    class LocaleChanged(Event):
        TOPIC = "user.locale_changed"
        locale: str

    class TimezoneChanged(Event):
        TOPIC = "user.timezone_changed"
        timezone: str

    class PreferenceSet(Event):
        TOPIC = "user.preference_set"
        preference: Preference

        def apply(self, user: User) -> None:
            user.preferences = _with_preference(user.preferences, self.preference)

    class ConsentGiven(Event):
        TOPIC = "user.consent_given"
        purpose: str
        version: str
        text_sha256: str

        def apply(self, user: User) -> None:
            given = Consent(self.purpose, self.version, self.text_sha256, self.timestamp)
            user.consents = (*(each for each in user.consents if each.purpose != self.purpose), given)

    class ConsentWithdrawn(Event):
        TOPIC = "user.consent_withdrawn"
        purpose: str

        def apply(self, user: User) -> None:
            user.consents = tuple(
                replace(each, withdrawn_at=self.timestamp) if each.purpose == self.purpose else each
                for each in user.consents
            )

    class ProcessingRestricted(Event):
        TOPIC = "user.processing_restricted"
        kind: str | None

        def apply(self, user: User) -> None:
            user.restrictions = (*user.restrictions, Restriction(self.kind, self.timestamp))

    class RestrictionLifted(Event):
        TOPIC = "user.restriction_lifted"
        kind: str | None

        def apply(self, user: User) -> None:
            user.restrictions = tuple(each for each in user.restrictions if each.kind != self.kind)

    class ClosureRequested(Event):
        TOPIC = "user.closure_requested"
        closing_due_at: datetime

        def apply(self, user: User) -> None:
            user.closing_due_at = self.closing_due_at
            user.status = _standing(user)

    class ClosureCancelled(Event):
        TOPIC = "user.closure_cancelled"

        def apply(self, user: User) -> None:
            user.closing_due_at = None
            user.status = _standing(user)

    class Suspended(Event):
        TOPIC = "user.suspended"
        reason: str

        def apply(self, user: User) -> None:
            user.suspended_at = self.timestamp
            user.suspension_reason = self.reason
            user.status = _standing(user)

    class Reinstated(Event):
        TOPIC = "user.reinstated"

        def apply(self, user: User) -> None:
            user.suspended_at = None
            user.suspension_reason = ""
            user.status = _standing(user)

    @classmethod
    def register(
        cls,
        origin: Origin,
        username: Username,
        email: EmailAddress,
        *,
        display_name: Name | None = None,
        locale: Language = "en",
        timezone: TimeZone = "UTC",
        country: Country | None = None,
        date_of_birth: Day | None = None,
    ) -> User:
        if origin.record_id != origin.subject_id:
            raise NotOneself
        if date_of_birth is not None and date_of_birth > clock.now().date():
            raise BornInFuture
        return cls._begin(
            origin,
            cls.Registered,
            username=username,
            email=email,
            display_name=display_name,
            locale=locale,
            timezone=timezone,
            country=country,
            date_of_birth=date_of_birth,
        )

    def verify_email(self) -> None:
        """Record that the person reads mail at the address; the caller has checked it."""
        if self.email_verified_at is None:
            self.trigger_event(User.EmailVerified)

    def change_email(self, email: EmailAddress) -> None:
        """Take another address, which must be verified like the first."""
        self._require_good_standing()
        if email != self.email:
            self.trigger_event(User.EmailChanged, email=email)

    def rename(self, display_name: Name) -> None:
        self._require_good_standing()
        if display_name != self.display_name:
            self.trigger_event(User.Renamed, display_name=display_name)

    def change_locale(self, locale: Language) -> None:
        self._require_good_standing()
        if locale != self.locale:
            self.trigger_event(User.LocaleChanged, locale=locale)

    def change_timezone(self, timezone: TimeZone) -> None:
        self._require_good_standing()
        if timezone != self.timezone:
            self.trigger_event(User.TimezoneChanged, timezone=timezone)

    def set_preference(self, preference: Preference) -> None:
        self._require_good_standing()
        match preference:
            case PreferredQuietHours(quiet_hours=hours) if hours is not None and hours.start == hours.end:
                raise QuietHoursEmpty
        if _with_preference(self.preferences, preference) != self.preferences:
            self.trigger_event(User.PreferenceSet, preference=preference)

    def give_consent(self, purpose: Slug, *, version: Label, text_sha256: Sha256) -> None:
        """Allow a purpose, in the words of which ``text_sha256`` is the digest; replaces an earlier consent."""
        self._require_good_standing()
        held = self._consent(purpose)
        if held is None and len(self.consents) >= MAX_PURPOSES:
            raise TooMany
        if held is None or (held.version, held.text_sha256, held.withdrawn_at) != (
            version,
            text_sha256,
            None,
        ):
            self.trigger_event(User.ConsentGiven, purpose=purpose, version=version, text_sha256=text_sha256)

    # What follows are a person's rights; a suspended account keeps them.

    def withdraw_consent(self, purpose: Slug) -> None:
        held = self._consent(purpose)
        if held is None:
            raise ConsentNotFound
        if held.withdrawn_at is None:
            self.trigger_event(User.ConsentWithdrawn, purpose=purpose)

    def restrict_processing(self, kind: KindName | None = None) -> None:
        """Have a kind of record, or everything if none is named, stored but not processed (GDPR Art. 18)."""
        if all(each.kind != kind for each in self.restrictions):
            self.trigger_event(User.ProcessingRestricted, kind=kind)

    def lift_restriction(self, kind: KindName | None = None) -> None:
        """Lift one restriction; others stay, as a kind may be restricted by itself and with everything."""
        if any(each.kind == kind for each in self.restrictions):
            self.trigger_event(User.RestrictionLifted, kind=kind)

    def request_closure(self, *, grace_days: GraceDays = GRACE_DAYS) -> None:
        if self.closing_due_at is not None:
            raise UserClosing
        self.trigger_event(User.ClosureRequested, closing_due_at=clock.now() + timedelta(days=grace_days))

    def cancel_closure(self) -> None:
        if self.closing_due_at is None:
            raise UserNotClosing
        self.trigger_event(User.ClosureCancelled)

    def suspend(self, reason: Line = "") -> None:
        self._require_good_standing()
        self.trigger_event(User.Suspended, reason=reason)

    def reinstate(self) -> None:
        if self.suspended_at is None:
            raise UserNotSuspended
        self.trigger_event(User.Reinstated)

    @property
    def claims(self) -> frozenset[Claim]:
        return frozenset(
            {
                Claim("user.username", self.username, everywhere=True),
                Claim("user.email", address_key(self.email), everywhere=True),
            }
        )

    @property
    def restricted_kinds(self) -> frozenset[str]:
        return frozenset(each.kind or "" for each in self.restrictions)

    def _require_good_standing(self) -> None:
        if self.suspended_at is not None:
            raise UserSuspended
        if self.closing_due_at is not None:
            raise UserClosing

    def _consent(self, purpose: str) -> Consent | None:
        return next((each for each in self.consents if each.purpose == purpose), None)


def restricts(user: User, kind: str) -> bool:
    """Return whether the person has restricted the processing of a kind of record."""
    return any(each.kind in (None, kind) for each in user.restrictions)


def consents_to(user: User, purpose: str) -> bool:
    """Return whether the person allows a purpose now."""
    return any(each.purpose == purpose and each.withdrawn_at is None for each in user.consents)


def _standing(user: User) -> UserStatus:
    if user.closing_due_at is not None:
        return UserStatus.CLOSING
    if user.suspended_at is not None:
        return UserStatus.SUSPENDED
    if user.email_verified_at is None:
        return UserStatus.PENDING_VERIFICATION
    return UserStatus.ACTIVE


def _with_preference(preferences: Preferences, preference: Preference) -> Preferences:
    (chosen,) = fields(preference)
    return replace(preferences, **{chosen.name: getattr(preference, chosen.name)})
