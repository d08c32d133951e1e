"""The words of a user: standing, preferences, consents and the rules that may be broken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from domain.core.core_terms import KindName
from domain.shared.errors import IllegalTransition, ItemNotFound, RuleBroken
from domain.shared.values import Currency, Label, Moment, Sha256, Slug

GRACE_DAYS = 30
MAX_PURPOSES = 100
RECOVERY_CODES = 10

Username = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
"""A login name: 1 to 64 characters of lower-case ASCII, so that no two look alike."""

GraceDays = Annotated[int, Field(ge=1, le=90)]
WeekDay = Annotated[int, Field(ge=1, le=7)]
"""A day of the week (ISO 8601): 1 is Monday."""


def _without_zone(value: time) -> time:
    if value.tzinfo is not None:
        raise ValueError("must be a time on the wall, without a zone")
    return value


WallTime = Annotated[time, AfterValidator(_without_zone)]


class UserStatus(StrEnum):
    PENDING_VERIFICATION = "pending_verification"
    ACTIVE = "active"
    LOCKED = "locked"
    SUSPENDED = "suspended"
    CLOSING = "closing"


class Mfa(StrEnum):
    """What is asked for besides the password, or instead of it."""

    NONE = "none"
    TOTP = "totp"
    WEBAUTHN = "webauthn"


SecondFactor = Literal[Mfa.TOTP, Mfa.WEBAUTHN]


class Theme(StrEnum):
    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Units(StrEnum):
    METRIC = "metric"
    IMPERIAL = "imperial"


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When a person is not to be disturbed, in their own time zone; may run past midnight."""

    start: WallTime
    end: WallTime


@dataclass(frozen=True, slots=True)
class Preferences:
    """How a person likes things shown."""

    theme: Theme = Theme.SYSTEM
    first_day_of_week: WeekDay = 1
    units: Units = Units.METRIC
    default_currency: Currency | None = None
    quiet_hours: QuietHours | None = None


@dataclass(frozen=True, slots=True)
class PreferredTheme:
    theme: Theme


@dataclass(frozen=True, slots=True)
class PreferredFirstDay:
    first_day_of_week: WeekDay


@dataclass(frozen=True, slots=True)
class PreferredUnits:
    units: Units


@dataclass(frozen=True, slots=True)
class PreferredCurrency:
    default_currency: Currency | None


@dataclass(frozen=True, slots=True)
class PreferredQuietHours:
    quiet_hours: QuietHours | None


Preference = PreferredTheme | PreferredFirstDay | PreferredUnits | PreferredCurrency | PreferredQuietHours
"""One of the ``Preferences``, named by its field: ``{"theme": "dark"}``."""


@dataclass(frozen=True, slots=True)
class Consent:
    """The person's word that their data may serve a purpose (GDPR Art. 7): the latest per purpose."""

    purpose: Slug
    version: Label
    text_sha256: Sha256
    given_at: Moment
    withdrawn_at: Moment | None = None


@dataclass(frozen=True, slots=True)
class Restriction:
    """A person's demand that a kind of record, or everything, is stored but not processed (GDPR Art. 18)."""

    kind: KindName | None
    since: Moment


class UserLocked(IllegalTransition):
    """The account is locked; it must be unlocked first."""


class UserNotLocked(IllegalTransition):
    """The account is not locked."""


class NoRecoveryCode(RuleBroken):
    """There is no recovery code; they come with a second factor."""


class UserSuspended(IllegalTransition):
    """The account is suspended; it must be reinstated first."""


class UserNotSuspended(IllegalTransition):
    """The account is not suspended."""


class UserClosing(IllegalTransition):
    """The account is being closed; cancel the closure first."""


class UserNotClosing(IllegalTransition):
    """The account is not being closed."""


class NotOneself(RuleBroken):
    """A person is registered under their own id: with `lifeledger init`, or `Store.register`."""


class BornInFuture(RuleBroken):
    """A date of birth cannot lie in the future."""


class QuietHoursEmpty(RuleBroken):
    """Quiet hours must not end when they start."""


class ConsentNotFound(ItemNotFound):
    """No consent was given for this purpose."""
