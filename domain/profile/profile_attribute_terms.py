"""The words of a profile attribute: types of value, where it comes from, and the rules that may be broken."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, Strict, StringConstraints, TypeAdapter
from pydantic_core import from_json

from domain.shared.errors import IllegalTransition, RuleBroken
from domain.shared.money import require_precision
from domain.shared.values import (
    COMMAND,
    Currency,
    Day,
    EmailAddress,
    Id,
    Label,
    Moment,
    Money,
    Number,
    Phone,
    Text,
    Url,
)

MAX_PAST = 500

Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
"""A namespace or a key: ``work``, ``employer``; without a dot, which joins the two."""

Value = Annotated[Text, StringConstraints(min_length=1, max_length=10_000)]
"""A value written as text, in the one form its type allows."""

Unit = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,64}$")]
"""A unit of measure (UCUM), ``cm``; or, of money, a currency (ISO 4217)."""

Evidence = Annotated[tuple[Id, ...], Strict(strict=False), Field(max_length=100)]


class ValueType(StrEnum):
    STRING = "string"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    URL = "url"
    EMAIL = "email"
    PHONE = "phone"
    ADDRESS = "address"
    MONEY = "money"
    ENUM = "enum"
    JSON = "json"
    MEDIA_REF = "media_ref"


class AttributeStatus(StrEnum):
    PROPOSED = "proposed"
    HELD = "held"
    REJECTED = "rejected"
    RETRACTED = "retracted"


class Provenance(StrEnum):
    USER_STATED = "user_stated"
    IMPORTED = "imported"
    DERIVED = "derived"


ProposedBy = Literal[Provenance.IMPORTED, Provenance.DERIVED]


class Verification(StrEnum):
    UNVERIFIED = "unverified"
    PENDING = "pending"
    VERIFIED = "verified"
    EXPIRED = "expired"
    FAILED = "failed"


class Visibility(StrEnum):
    PRIVATE = "private"
    LINKS = "links"
    CONNECTED_APPS = "connected_apps"
    PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class PastValue:
    """What was true before: from the first day on, until the day before the last."""

    value: Value
    unit: Unit | None
    valid_from: Day | None
    valid_to: Day

    def overlaps(self, other: PastValue) -> bool:
        """Return whether there is a day on which both were true; one without a first day was true on all before the last."""
        begins = max(self.valid_from or date.min, other.valid_from or date.min)
        return begins < min(self.valid_to, other.valid_to)


class NotProposed(IllegalTransition):
    """The attribute is no proposal, or no longer one."""


class NotHeld(IllegalTransition):
    """The attribute is not accepted, or it was retracted."""


class AttributeEnded(IllegalTransition):
    """The attribute is no longer true."""


class NotPending(IllegalTransition):
    """The attribute is not being verified."""


class NotVerified(IllegalTransition):
    """The attribute is not verified."""


class OnlyDerived(RuleBroken):
    """A derived value never stands before a stated one; correct it, if only by itself, to state it."""


class VerificationStanding(IllegalTransition):
    """The verification has not reached its end yet."""


class ValueUnfit(RuleBroken):
    """The value is not written as its type demands."""


class TypeUnfit(RuleBroken):
    """Values of this key are of another type; a fact that was stated before that is retracted and stated anew."""


class UnitUnfit(RuleBroken):
    """Values of this key are in the unit that its name tells."""


class KeyTaken(RuleBroken):
    """This key has one value at a time: correct or supersede the one there is."""


class CurrencyMissing(RuleBroken):
    """An amount of money needs a currency for its unit."""


class EndsBeforeStart(RuleBroken):
    """What is true must not end before it starts."""


class ValidityOverlaps(RuleBroken):
    """Of the values of a fact one is true at a time: each begins after the one before it began, and not before that one was over."""


class VerificationPast(RuleBroken):
    """A verification must end in the future."""


def _like(pattern: str) -> BeforeValidator:
    """Ask for one way of writing; pydantic by itself also reads 1704067200 as a date."""
    form = re.compile(pattern, re.ASCII)

    def check(text: str) -> str:
        if not form.fullmatch(text):
            raise ValueError("must be written as the type demands")
        return text

    return BeforeValidator(check)


_PLAIN = _like(r"-?[0-9]+(\.[0-9]+)?")
_LATE = ConfigDict(defer_build=True)

_READ: Mapping[ValueType, Callable[[str], object]] = {
    ValueType.INTEGER: TypeAdapter(
        Annotated[int, _like(r"0|-?[1-9][0-9]{0,27}")], config=_LATE
    ).validate_strings,
    ValueType.DECIMAL: TypeAdapter(Annotated[Number, _PLAIN], config=_LATE).validate_strings,
    ValueType.BOOLEAN: TypeAdapter(Literal["true", "false"], config=_LATE).validate_strings,
    ValueType.DATE: TypeAdapter(
        Annotated[Day, _like(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")], config=_LATE
    ).validate_strings,
    ValueType.DATETIME: TypeAdapter(
        Annotated[Moment, _like(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}(Z|[+-][0-9:]{5})")], config=_LATE
    ).validate_strings,
    ValueType.URL: partial(TypeAdapter(Url, config=_LATE).validate_strings, context=COMMAND),
    ValueType.EMAIL: TypeAdapter(EmailAddress, config=_LATE).validate_strings,
    ValueType.PHONE: partial(TypeAdapter(Phone, config=_LATE).validate_strings, context=COMMAND),
    ValueType.MONEY: TypeAdapter(Annotated[Money, _PLAIN], config=_LATE).validate_strings,
    ValueType.ENUM: TypeAdapter(Label, config=_LATE).validate_strings,
    ValueType.MEDIA_REF: TypeAdapter(Id, config=_LATE).validate_strings,
    ValueType.JSON: partial(from_json, allow_inf_nan=False),
}
"""How values are read; what is not here is free text."""

_read_currency = partial(TypeAdapter(Currency, config=_LATE).validate_strings, context=COMMAND)


def require_fit(value_type: ValueType, value: str, unit: str | None) -> None:
    """Refuse a value that is not written as its type, or its currency, demands."""
    if value_type is ValueType.MONEY and not (unit and _readable(_read_currency, unit)):
        raise CurrencyMissing
    if value_type in _READ and not _readable(_READ[value_type], value):
        raise ValueUnfit
    if value_type is ValueType.MONEY and unit is not None:
        require_precision(Decimal(value), unit)


def _readable(read: Callable[[str], object], value: str) -> bool:
    try:
        read(value)
    except ValueError:
        return False
    return True
