"""The keys of a profile that everybody means the same by, and what each demands of its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain.profile.profile_attribute_terms import TypeUnfit, UnitUnfit, ValueType, require_fit
from domain.shared.peers import Claim


class Cardinality(StrEnum):
    """How many values of a key may be true at a time."""

    ONE = "one"
    MANY = "many"


@dataclass(frozen=True, slots=True)
class KnownKey:
    """What a key demands; where it names no type or no unit, any will do."""

    value_type: ValueType | None
    cardinality: Cardinality
    unit: str | None = None


_ONE, _MANY = Cardinality.ONE, Cardinality.MANY
_FREE = KnownKey(None, _MANY)

KNOWN_KEYS: Final[Mapping[str, KnownKey]] = MappingProxyType(
    {
        # One where OpenID Connect has one claim and nobody has two at a time; stage names and the like are free keys.
        "identity.legal_name": KnownKey(ValueType.STRING, _ONE),
        "identity.given_name": KnownKey(ValueType.STRING, _ONE),
        "identity.family_name": KnownKey(ValueType.STRING, _ONE),
        "identity.date_of_birth": KnownKey(ValueType.DATE, _ONE),  # OIDC birthdate, with its year
        # OIDC for identity assurance has a list; each state may issue passports of its own, some two at a time.
        "identity.nationality": KnownKey(ValueType.ENUM, _MANY),
        "travel.passport": KnownKey(ValueType.STRING, _MANY),
        # vCard repeats TEL, EMAIL and URL; which of them OIDC would show is what the primary one is for.
        "contact.phone": KnownKey(ValueType.PHONE, _MANY),
        "contact.email": KnownKey(ValueType.EMAIL, _MANY),
        "contact.website": KnownKey(ValueType.URL, _MANY),
        # The principal residence, of which law and OIDC (address) know one; a second home is a free key.
        "address.home": KnownKey(ValueType.ADDRESS, _ONE),
        # schema.org repeats worksFor, jobTitle and hasCredential: two jobs and two degrees are common.
        "work.employer": KnownKey(ValueType.STRING, _MANY),
        "work.title": KnownKey(ValueType.STRING, _MANY),
        "education.degree": KnownKey(ValueType.STRING, _MANY),
        # The unit is in the name: a reader of the key must not have to convert.
        "body.height_cm": KnownKey(ValueType.DECIMAL, _ONE, "cm"),
        "body.weight_kg": KnownKey(ValueType.DECIMAL, _ONE, "kg"),
        "body.blood_type": KnownKey(ValueType.ENUM, _ONE),
        "family.marital_status": KnownKey(ValueType.ENUM, _ONE),
        # schema.org repeats suitableForDiet and knowsLanguage: kosher and gluten-free, Catalan and Spanish.
        "preference.diet": KnownKey(ValueType.ENUM, _MANY),
        "skill.language": KnownKey(ValueType.ENUM, _MANY),
    }
)
"""By ``namespace.key``. Any other key is free: values of any type, as many as there are."""


def key_name(namespace: str, key: str) -> str:
    """Return the name a key has in the registry and in claims."""
    return f"{namespace}.{key}"


def fitted(
    name: str, value_type: ValueType | None, value: str, unit: str | None
) -> tuple[ValueType, str | None]:
    """Return the type and the unit of a value that fits them and its key.

    What is not told (None) is what the key demands; where it demands nothing, plain text without a unit.
    """
    known = KNOWN_KEYS.get(name, _FREE)
    value_type, unit = value_type or known.value_type or ValueType.STRING, unit or known.unit
    require_known_form(name, value_type, unit)
    require_fit(value_type, value, unit)
    return value_type, unit


def require_known_form(name: str, value_type: ValueType, unit: str | None) -> None:
    """Refuse a type or a unit that the key does not allow."""
    known = KNOWN_KEYS.get(name, _FREE)
    if known.value_type not in {None, value_type}:
        raise TypeUnfit
    if known.unit not in {None, unit}:
        raise UnitUnfit


def key_claims(name: str) -> frozenset[Claim]:
    """Return the claim to a key that has one value at a time; none for any other."""
    if KNOWN_KEYS.get(name, _FREE).cardinality is Cardinality.MANY:
        return frozenset()
    return frozenset({Claim("profile_attribute.key", name)})
