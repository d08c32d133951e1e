"""Finds out when a message was sent and when it arrived."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime
from itertools import islice

from infrastructure.importers.mail.headers import Headers

UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
"""When a message arrived that says nothing of the kind.

A record of mail needs a moment to be ordered by. This one is the same at every import, unlike the time of
the import or of the file, sorts below all real mail, and is what mail programs show for mail without a date.
"""

_FIRST_YEAR, _LAST_YEAR = 1965, 2199  # of the first mail, and of mail that is not from a joker
_MAX_CHARACTERS = 200
_MAX_HOPS = 50

_COMMENT = re.compile(r"\([^()]*\)")
_UTC_OFFSET = re.compile(r"\b(?:GMT|UTC?)\s*([+-]\d{4})\b")
_COLON_OFFSET = re.compile(r"([+-]\d{2}):(\d{2})\s*$")
_NO_YEAR = " -0001 "
"""In the date that PHP writes for none: ``Tue, 30 Nov -0001 00:00:00 +0000``."""
_LEAP_SECOND = re.compile(r"(\d:\d{2}):60\b")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}\S*( [+-]\d{4})?")
_ENVELOPE = re.compile(r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b.*", re.DOTALL)
_ZONES = {
    "WET": "+0000",
    "BST": "+0100",
    "WEST": "+0100",
    "CET": "+0100",
    "MET": "+0100",
    "MEZ": "+0100",
    "CEST": "+0200",
    "MEST": "+0200",
    "MESZ": "+0200",
    "EET": "+0200",
    "EEST": "+0300",
    "MSK": "+0300",
    "JST": "+0900",
    "AKST": "-0900",
    "HST": "-1000",
}
"""Names of zones that the standard library does not know, as far as they have one meaning."""


@dataclass(frozen=True, slots=True)
class Dates:
    sent_at: datetime | None
    received_at: datetime


def dates_of(headers: Headers, from_line: bytes, zone: tzinfo) -> Dates:
    """Return when a message was sent and received; ``zone`` is for times that name none.

    It arrived when its last server says, else when it was sent (as for the copy of a sent message), else
    when it was put into the mbox.
    """
    sent = _first((headers.raw("date"), headers.raw("resent-date"), headers.raw("orig-date")), zone)
    hops = (value.rpartition(";")[2] for value in islice(headers.all_raw("received"), _MAX_HOPS))
    arrived = _first(hops, zone) or moment_in(headers.raw("delivery-date"), zone)
    arrived = arrived or sent or _envelope_date(from_line)
    return Dates(sent, arrived or UNDATED)


def offset_minutes(moment: datetime) -> int:
    """Return the minutes a moment's clock is ahead of UTC."""
    offset = moment.utcoffset()
    return 0 if offset is None else round(offset.total_seconds() / 60)


def _first(values: Iterable[str], zone: tzinfo) -> datetime | None:
    return next((moment for value in values if (moment := moment_in(value, zone))), None)


def _envelope_date(from_line: bytes) -> datetime | None:
    """Return the date of the line that begins a message in an mbox, which is in UTC (RFC 4155)."""
    found = _ENVELOPE.search(from_line.decode("latin-1"))
    return moment_in(found[0], UTC) if found else None


def moment_in(text: str, zone: tzinfo) -> datetime | None:
    """Read a date and time as mail has them; None for what is none, or cannot be true."""
    text = " ".join(_COMMENT.sub(" ", text[:_MAX_CHARACTERS]).split())
    if not text or _NO_YEAR in text:
        return None
    moment = _iso(text) if _ISO.match(text) else _rfc(_known_to_library(text))
    if moment is None or not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        return None
    if moment.tzinfo is None:
        # "-0000" is UTC without a word on the sender's zone
        moment = moment.replace(tzinfo=UTC if text.endswith("-0000") else zone)
    return moment


def _known_to_library(text: str) -> str:
    text = _LEAP_SECOND.sub(r"\1:59", text)
    text = _COLON_OFFSET.sub(r"\1\2", _UTC_OFFSET.sub(r"\1", text))
    rest, space, zone = text.rpartition(" ")
    return rest + space + _ZONES.get(zone.upper(), zone)


def _rfc(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None  # the library's parser raises what it stumbles over


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.replace(" +", "+").replace(" -", "-"))
    except ValueError:
        return None
