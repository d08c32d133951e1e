"""A person with an account: who they are, what they prefer and what they allow to be done with their data."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from typing import ClassVar

from domain.core.account import Account
from domain.core.core_terms import KindName
from domain.core.user_terms import (
    MAX_PURPOSES,
    BornInFuture,
    Consent,
    ConsentNotFound,
    NotOneself,
    Preference,
    Preferences,
    PreferredQuietHours,
    QuietHoursEmpty,
    Restriction,
    Username,
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
    Name,
    Sha256,
    Slug,
    TimeZone,
    address_key,
)


class User(Account):
    """A person whose records are kept."""

    KIND: ClassVar[str] = "user"
    STAYS = frozenset(
        {
            "username", "email", "email_verified_at", "status", "consents", "restrictions", "suspended_at",
            "suspension_reason", "closing_due_at", "locked_at", "lock_reason", "mfa", "recovery_codes_left",
            "storage_quota_bytes",
        }
    )  # fmt: skip
    RIGHTS: ClassVar[frozenset[str]] = frozenset(
        {"withdraw_consent", "restrict_processing", "lift_restriction", "request_closure"}
    )

    username: str
    display_name: str | None = None
    locale: str = "en"
    timezone: str = "UTC"
    country: str | None = None
    date_of_birth: date | None = None
    preferences: Preferences = Preferences()
    consents: tuple[Consent, ...] = ()
    restrictions: tuple[Restriction, ...] = ()

    class Event(Account.Event):
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

    def _consent(self, purpose: str) -> Consent | None:
        return next((each for each in self.consents if each.purpose == purpose), None)


def restricts(user: User, kind: str) -> bool:
    """Return whether the person has restricted the processing of a kind of record."""
    return any(each.kind in (None, kind) for each in user.restrictions)


def consents_to(user: User, purpose: str) -> bool:
    """Return whether the person allows a purpose now."""
    return any(each.purpose == purpose and each.withdrawn_at is None for each in user.consents)


def _with_preference(preferences: Preferences, preference: Preference) -> Preferences:
    (chosen,) = fields(preference)
    return replace(preferences, **{chosen.name: getattr(preference, chosen.name)})
