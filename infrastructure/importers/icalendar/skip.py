"""Says the rules of RFC 7529 that tell what becomes of days that a month lacks (SKIP) without that part."""

from __future__ import annotations

from datetime import date

_YEAR = range(1, 13)  # months
_COMMON_YEAR = 2001
_END_OF_FEBRUARY = 59
"""Its number among the days of a common year."""


def without_skip(parts: dict[str, str], start: date) -> dict[str, str]:
    """Return a rule without SKIP that gives the same days; with it where there is no such rule.

    The days that a month may lack are passed over in any rule, which is SKIP=OMIT.
    """
    rule = {name: value for name, value in parts.items() if name != "SKIP"}
    day = rule.get("BYMONTHDAY", str(start.day))
    may_lack = rule.get("FREQ") in {"MONTHLY", "YEARLY"} and day in {"29", "30", "31"}
    several = "BYMONTHDAY" in rule and not day.isdecimal()
    if parts.get("SKIP", "OMIT") == "OMIT" or not (may_lack or several):
        return rule
    others = rule.keys() & {"BYDAY", "BYSETPOS", "BYYEARDAY", "BYWEEKNO"}
    months = _months(rule, start)
    if several or others or not months:
        return parts
    match parts["SKIP"]:
        case "BACKWARD":
            return _backward(rule, int(day), months) or parts
        case "FORWARD":
            return _forward(rule, int(day), months) or parts
        case _:
            return parts


def _months(rule: dict[str, str], start: date) -> list[int]:
    """Return the months of a year that are meant; none where that changes from year to year, or cannot be read."""
    named = rule.get("BYMONTH", "")
    if named:
        found = [int(each) for each in named.split(",") if each.isdecimal()]
        return found if all(each in _YEAR for each in found) else []
    if rule["FREQ"] == "YEARLY":
        return [start.month]
    interval = rule.get("INTERVAL", "1")
    if not interval.isdecimal() or int(interval) < 1 or len(_YEAR) % int(interval):
        return []
    return [month for month in _YEAR if (month - start.month) % int(interval) == 0]


def _backward(rule: dict[str, str], day: int, months: list[int]) -> dict[str, str] | None:
    """Return the rule by the last day there is, up to the one that is meant: the last of all from the 28th on."""
    if rule["FREQ"] == "YEARLY":
        if len(months) > 1:
            return None
        rule = rule | {"BYMONTH": str(months[0])}
    return rule | {"BYMONTHDAY": ",".join(map(str, range(28, day + 1))), "BYSETPOS": "-1"}


def _forward(rule: dict[str, str], day: int, months: list[int]) -> dict[str, str] | None:
    """Return the rule by the number in the year of the day meant, or of the first one after the month.

    Counted from the end of the year, where 29 February changes nothing; that day, and 1 March for it, are both
    the 60th.
    """
    if rule["FREQ"] == "MONTHLY" and ("BYMONTH" in rule and rule.get("INTERVAL", "1") != "1"):
        return None
    kept = {name: value for name, value in rule.items() if name not in {"BYMONTH", "BYMONTHDAY"}}
    if rule["FREQ"] == "MONTHLY":
        kept.pop("INTERVAL", None)
    numbers = ",".join(str(_number_in_year(month, day)) for month in months)
    return kept | {"FREQ": "YEARLY", "BYYEARDAY": numbers}


def _number_in_year(month: int, day: int) -> int:
    if (month, day) == (2, 29):
        return _END_OF_FEBRUARY + 1
    try:
        place = date(_COMMON_YEAR, month, day).timetuple().tm_yday
    except ValueError:
        place = date(_COMMON_YEAR, month + 1, 1).timetuple().tm_yday
    return place if place <= _END_OF_FEBRUARY else place - 366
