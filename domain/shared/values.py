"""Value types of command arguments: bounded, storable, checked at the border.

Traps these close (NUL, lone surrogates, naive times, urn: ids, Arabic digits, 1e999999) are the ones that
pydantic lets pass and PostgreSQL or JSON refuse later, when the command would already be accepted.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import available_timezones

import uuid_utils.compat
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    NaiveDatetime,
    Strict,
    StringConstraints,
    ValidationInfo,
)

from domain.shared.codes import COUNTRIES, CURRENCIES

T = TypeVar("T")
S = TypeVar("S", bound=str)

FIRST_YEAR, LAST_YEAR = 1000, 2999  # what datetime, PostgreSQL and every UTC offset can all hold

COMMAND: Final = object()
"""The validation context of a command's arguments.

Events and states are read without it: what an older, laxer rule let in must stay readable.
"""

LEDGER_ONLY: Final = "ledger only"
"""Marks a field of the state, or of a part of it (in Annotated), that read tables do not carry.

It is too large, and nobody sorts by it; or it is not to be read in clear.
"""

_WITH_HOST = frozenset({"http", "https", "ftp"})

_NO_ZONES = frozenset({"Factory", "localtime", "posixrules"})
"""What some systems keep beside the zones: another time on another machine, or none."""

_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""The characters of the Unicode categories Cc, Zl and Zp."""

# Compiled here: a day of places has 86,400 moments to read, and looking up a pattern costs more than matching it.
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_DECIMAL = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,12})?([eE][+-]?[0-9]{1,2})?", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_MINUTE = timedelta(minutes=1)


def new_id() -> UUID:
    """Return a UUIDv7 (RFC 9562): unique, and ordered by the time it was made."""
    return uuid_utils.compat.uuid7()


def as_set(values: Iterable[S]) -> tuple[S, ...]:
    """Return each value once, in the order of the alphabet: a set as events and states keep one."""
    return tuple(sorted(set(values)))


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain NUL")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("must not contain lone surrogates") from None
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


def _one_line(text: str) -> str:
    if _BREAKS.search(text):
        raise ValueError("must be a single line without control characters")
    return text


def _canonical_uuid(value: Any) -> Any:  # noqa: ANN401 - whatever a caller sent
    if isinstance(value, str) and not _UUID.fullmatch(value):
        raise ValueError("must be a UUID in its canonical form")
    return value


def _written_out(value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - whatever a caller sent
    """Read a date or time from JSON as ISO 8601 only: pydantic takes bare digits for seconds since 1970."""
    if info.mode != "json" or not isinstance(value, str):
        return value
    if not _ISO_DAY.match(value):
        raise ValueError("must be a date or time in ISO 8601")
    return date.fromisoformat(value) if len(value) == len("2026-12-01") else datetime.fromisoformat(value)


def _in_range(moment: Any) -> Any:  # noqa: ANN401 - a date or a datetime, kept as it is
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError("must lie in the years 1000 to 2999")
    return moment


def _writable(moment: datetime) -> datetime:
    """Put a moment that ISO 8601 cannot write with its offset, as of the local mean times before 1900, into UTC."""
    offset = moment.utcoffset()
    return moment.astimezone(UTC) if offset is None or offset % _MINUTE else moment


def _known_zone(name: str) -> str:
    if name not in _zones():
        raise ValueError("must be an IANA time zone")
    return name


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones()) - _NO_ZONES


def _plain_decimal(value: Any) -> Any:  # noqa: ANN401 - whatever a caller sent
    """Take decimals only as Decimal, int or plain ASCII text: a JSON number has already lost digits.

    A short exponent is plain enough: Decimal writes small numbers so.
    """
    if isinstance(value, bool | float):
        raise ValueError("must be a decimal number written as text")  # noqa: TRY004 - pydantic wants ValueError
    if isinstance(value, str):
        if not _DECIMAL.fullmatch(value):
            raise ValueError("must be a plain decimal number")
        return Decimal(value)
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, Decimal) and not value.is_finite():
        raise ValueError("must be finite")
    return value


def _absolute_url(value: str) -> str:
    try:
        scheme = urlsplit(value).scheme
    except ValueError:
        raise ValueError("must be a URL") from None
    if not scheme:
        raise ValueError("must be an absolute URL")
    return value


def require_url(value: str) -> str:
    """Return an absolute URL; raise ValueError where it is none that could lead anywhere.

    Only addresses of the web must be without blanks: those of bookmarklets have some.
    """
    parts = urlsplit(_absolute_url(_one_line(value)))
    if parts.scheme in _WITH_HOST:
        if not parts.hostname:
            raise ValueError("must name a host")
        if any(char.isspace() for char in value):
            raise ValueError("must be without blanks")
    elif not value.partition(":")[2].strip() or value != value.strip():
        raise ValueError("must be an absolute URL")
    return value


def _known_country(code: str) -> str:
    if code not in COUNTRIES:
        raise ValueError("must be a country of ISO 3166-1")
    return code


def _known_currency(code: str) -> str:
    if code not in CURRENCIES:
        raise ValueError("must be a currency of ISO 4217")
    return code


def _in_commands(check: Callable[[str], str]) -> AfterValidator:
    """Check what commands are given, and nothing that is read back."""

    def checked(value: str, info: ValidationInfo) -> str:
        return check(value) if info.context is COMMAND else value

    return AfterValidator(checked)


def _address(value: str) -> str:
    local, at, domain = value.rpartition("@")
    if not (at and local and domain) or any(char.isspace() for char in value):
        raise ValueError("must be an e-mail address")
    return value


Id = Annotated[UUID, BeforeValidator(_canonical_uuid)]
"""A UUID; as text only in its canonical lower-case form."""

Text = Annotated[str, StringConstraints(max_length=1_000_000), AfterValidator(_storable)]
"""Any text up to a million characters, empty allowed."""

Line = Annotated[
    str, StringConstraints(max_length=1000), AfterValidator(_storable), AfterValidator(_one_line)
]
"""One line up to 1,000 characters, empty allowed."""

Metadata = Annotated[Mapping[Line, Text], Field(max_length=1000)]
"""What a record has no field for, by the name it has at its source: up to 1,000 texts."""

Title = Annotated[
    str,
    StringConstraints(max_length=500),
    AfterValidator(_storable),
    AfterValidator(_one_line),
    AfterValidator(_not_blank),
]
"""One line of 1 to 500 characters that is not blank."""

Name = Annotated[
    str,
    StringConstraints(max_length=200),
    AfterValidator(_storable),
    AfterValidator(_one_line),
    AfterValidator(_not_blank),
]
"""A person's, place's or thing's name: one line of 1 to 200 characters."""

Label = Annotated[
    str,
    StringConstraints(max_length=64),
    AfterValidator(_storable),
    AfterValidator(_one_line),
    AfterValidator(_not_blank),
]
"""A tag or short word: one line of 1 to 64 characters."""

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.:-]{0,63}$")]
"""A machine-readable name in lower-case ASCII."""

MAX_URL = 8192

Url = Annotated[
    str,
    StringConstraints(max_length=MAX_URL),
    AfterValidator(_storable),
    AfterValidator(_absolute_url),
    _in_commands(require_url),
]
"""An absolute URL up to 8,192 characters, of any scheme, that of the web with a host; kept, never opened."""

EmailAddress = Annotated[
    str, StringConstraints(max_length=320), AfterValidator(_storable), AfterValidator(_address)
]
"""An e-mail address, up to 320 characters (RFC 5321), kept as written."""

Phone = Annotated[
    str,
    StringConstraints(max_length=64, min_length=1),
    AfterValidator(_storable),
    _in_commands(_one_line),
    _in_commands(_not_blank),
]
"""A telephone number as written, on one line."""

Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", max_length=35)]
"""A language tag (BCP 47)."""

Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$"), _in_commands(_known_country)]
"""A country code (ISO 3166-1 alpha-2)."""

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$"), _in_commands(_known_currency)]
"""A currency code (ISO 4217), also one that was withdrawn."""

MediaType = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*$", max_length=127)
]
"""A media type (RFC 6838), without parameters."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 digest in lower-case hexadecimal."""

TimeZone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_known_zone)]
"""The name of an IANA time zone."""

Moment = Annotated[
    AwareDatetime, BeforeValidator(_written_out), AfterValidator(_in_range), AfterValidator(_writable)
]
"""A moment with its offset, years 1000 to 2999; in UTC where the offset is no whole number of minutes."""

LocalTime = Annotated[NaiveDatetime, BeforeValidator(_written_out), AfterValidator(_in_range)]
"""A date and time on the wall, without a zone, years 1000 to 2999."""

Day = Annotated[date, BeforeValidator(_written_out), AfterValidator(_in_range)]
"""A calendar date, years 1000 to 2999."""

Number = Annotated[Decimal, BeforeValidator(_plain_decimal), Field(max_digits=28, decimal_places=12)]
"""An exact decimal number; in JSON always text."""

Money = Annotated[Decimal, BeforeValidator(_plain_decimal), Field(max_digits=19, decimal_places=4)]
"""An amount, negative is money out; in JSON always text, at most four decimals."""

Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
"""Degrees north, WGS 84."""

Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
"""Degrees east, WGS 84."""

Count = Annotated[int, Field(ge=0, le=2**53)]
"""A whole number that is not negative."""

Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
"""A share between 0 and 1."""

Percent = Annotated[int, Field(ge=0, le=100)]

Rank = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{1,64}$")]
"""A place in an order that is sorted as text: between any two there is another one."""

MAX_MANY = 10_000
Many = Annotated[tuple[T, ...], Strict(strict=False), Field(max_length=MAX_MANY)]
"""Up to 10,000 values; any sequence is taken and kept as a tuple."""


@dataclass(frozen=True, slots=True)
class StoredContent:
    """Bytes kept, encrypted, beside the events: a mail's source, a photo, a document."""

    blob_id: Id
    size: Count
    media_type: MediaType
    digest: Annotated[Sha256 | None, LEDGER_ONLY] = field(default=None, compare=False)
    """Of the bytes in clear: it betrays a known file, so it stays under encryption.

    None where nobody has computed it, and in what read tables tell: the same content all the same.
    """

    def is_same_as(self, other: StoredContent | None) -> bool:
        """Whether both are known to be the same bytes of the same type, be they stored twice."""
        if other is None or self == other:
            return other is not None
        alike = (self.digest, self.media_type) == (other.digest, other.media_type)
        return alike and self.digest is not None


def text_key(text: str) -> str:
    """Return the form in which texts are compared that look the same: composed (NFC), kept as they were given."""
    return unicodedata.normalize("NFC", text)


def address_key(address: str) -> str:
    """Return the form in which e-mail addresses are compared; lower-casing may undo NFC, so it comes first."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", address).lower())
