"""Recurrence rules (RFC 5545 section 3.3.10), checked so that expanding one always ends.

dateutil loops without end on rules that never match and takes INTERVAL=0 without a word; therefore a rule
is read against a closed list of parts before it is stored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, time
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

_PARTS = {
    "FREQ": r"SECONDLY|MINUTELY|HOURLY|DAILY|WEEKLY|MONTHLY|YEARLY",
    "INTERVAL": r"[1-9][0-9]{0,3}",
    "COUNT": r"[1-9][0-9]{0,3}|10000",
    "UNTIL": r"[0-9]{8}(T[0-9]{6}Z?)?",
    "WKST": r"MO|TU|WE|TH|FR|SA|SU",
    "BYDAY": r"[+-]?([1-9]|[1-4][0-9]|5[0-3])?(MO|TU|WE|TH|FR|SA|SU)",
    "BYMONTH": r"[1-9]|1[0-2]",
    "BYMONTHDAY": r"[+-]?([1-9]|[12][0-9]|3[01])",
    "BYYEARDAY": r"[+-]?([1-9]|[1-9][0-9]|[12][0-9]{2}|3[0-5][0-9]|36[0-6])",
    "BYWEEKNO": r"[+-]?([1-9]|[1-4][0-9]|5[0-3])",
    "BYSETPOS": r"[+-]?([1-9]|[1-9][0-9]|[12][0-9]{2}|3[0-5][0-9]|36[0-6])",
    "BYHOUR": r"[0-9]|1[0-9]|2[0-3]",
    "BYMINUTE": r"[0-9]|[1-5][0-9]",
    "BYSECOND": r"[0-9]|[1-5][0-9]|60",
}
_LISTS = {name for name in _PARTS if name.startswith("BY")}


def normal_rule(text: str) -> str:
    """Return the rule in upper case with its parts checked; raise ValueError for anything else.

    COUNT together with UNTIL is refused, and so is an UNTIL that no calendar has.
    """
    parts: dict[str, str] = {}
    for piece in text.strip().rstrip(";").upper().split(";"):
        name, equals, value = piece.partition("=")
        if not equals or name in parts or name not in _PARTS:
            raise ValueError("must be a recurrence rule of known parts, each once")
        for item in value.split(",") if name in _LISTS else [value]:
            if not re.fullmatch(_PARTS[name], item):
                raise ValueError("must be a recurrence rule with valid values")
        parts[name] = value
    if "UNTIL" in parts:
        last_moment(parts["UNTIL"])
    if "FREQ" not in parts:
        raise ValueError("must name a frequency")
    if "COUNT" in parts and "UNTIL" in parts:
        raise ValueError("must not have both COUNT and UNTIL")
    return ";".join(f"{name}={value}" for name, value in parts.items())


def counted_down(rule: str, passed: Iterable[object]) -> str:
    """Return the rule for what is left of a series after the occurrences passed, which are looked at only for COUNT."""
    name, equals, count = rule.rpartition("COUNT=")
    if not equals:
        return rule
    count, semicolon, rest = count.partition(";")
    return f"{name}COUNT={int(count) - sum(1 for _ in passed)}{semicolon}{rest}"


def last_moment(until: str) -> datetime:
    """Return the time that an UNTIL writes, as if on the wall; raise ValueError where there is no such time.

    A date means the whole of that day; there are no leap seconds, 60 means 59.
    """
    try:
        day = datetime.strptime(until[:8], "%Y%m%d")  # noqa: DTZ007 - wall time; a Z is the caller's to read
        if len(until) == len("20260101"):
            return datetime.combine(day, time.max)
        clock = time(int(until[9:11]), int(until[11:13]), min(int(until[13:15]), 59))
    except ValueError:
        raise ValueError("must end at a time that there is") from None
    return datetime.combine(day, clock)


RecurrenceRule = Annotated[str, StringConstraints(max_length=1000), AfterValidator(normal_rule)]
"""An RFC 5545 RRULE value, such as ``FREQ=WEEKLY;BYDAY=MO,WE``."""
