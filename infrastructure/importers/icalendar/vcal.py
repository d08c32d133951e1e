"""Says what an entry of vCalendar 1.0 says in the words of iCalendar, which has taken its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from domain.shared.recurrence import last_moment
from infrastructure.importers.content_lines import Component, ContentLine

_TIMES = frozenset({"DTSTART", "DTEND", "DUE", "COMPLETED", "RDATE", "EXDATE", "RECURRENCE-ID"})
_RULES = frozenset({"RRULE", "EXRULE"})
_ALARMS = {"AALARM": "AUDIO", "DALARM": "DISPLAY", "MALARM": "EMAIL"}
_OFFSET = re.compile(r"[+-][0-9]{1,2}(?::?[0-9]{2})?")
_SEMICOLON = re.compile(r"(?<!\\);")
_MAX_RULE = 1000

_RULE = re.compile(r"(D|W|MP|MD|YM|YD)([1-9][0-9]{0,3})")
_ENDING = re.compile(r"#([0-9]{1,6})|([0-9]{8}(?:T[0-9]{6}Z?)?)")
_WEEKDAY = re.compile(r"SU|MO|TU|WE|TH|FR|SA")
_PLACE = re.compile(r"([1-5])([+-]?)")
_DAY_OF_MONTH = re.compile(r"([1-9]|[12][0-9]|3[01])([+-]?)")
_MONTH = re.compile(r"[1-9]|1[0-2]")
_DAY_OF_YEAR = re.compile(r"[1-9][0-9]?|[12][0-9]{2}|3[0-5][0-9]|36[0-6]")
_FREQUENCIES = {"D": "DAILY", "W": "WEEKLY", "MP": "MONTHLY", "MD": "MONTHLY", "YM": "YEARLY", "YD": "YEARLY"}
_USUAL_COUNT = 2
"""So often does an event take place whose rule does not say."""


class _Untranslatable(ValueError):
    """It is beyond the part of the grammar that is known here."""


@dataclass(frozen=True, slots=True)
class FirstVersion:
    """A calendar of vCalendar 1.0, and the offset that its times without a zone have, if it tells one."""

    offset: str = ""

    @classmethod
    def of(cls, calendar: Component) -> FirstVersion | None:
        """Tell whether a calendar is one.

        Where it also says when its clocks are set (``DAYLIGHT:TRUE;…``), its times have no one offset: they
        stay floating, which is right on the wall in summer and in winter.
        """
        if calendar.word("VERSION") != "1.0":
            return None
        offset = calendar.word("TZ")
        is_set = any(line.word.startswith("TRUE") for line in calendar.all("DAYLIGHT"))
        return cls(offset if _OFFSET.fullmatch(offset) and not is_set else "")

    def translated(self, entry: Component) -> Component:
        """Return an entry as iCalendar writes it; what it has no words for stays as it is."""
        properties = {
            name: [self._line(line) for line in lines]
            for name, lines in entry.properties.items()
            if name not in _ALARMS
        }
        alarms = [self._alarm(line) for name in _ALARMS for line in entry.all(name)]
        return Component(entry.name, properties, [*entry.parts, *alarms])

    def _line(self, line: ContentLine) -> ContentLine:
        if line.name in _TIMES:
            return self._placed(line)
        if line.name in _RULES:
            return replace(line, value=rule_of(line.value) or line.value)
        if line.name == "CATEGORIES":
            return replace(line, value=_SEMICOLON.sub(",", line.value))
        return line

    def _placed(self, line: ContentLine) -> ContentLine:
        if not self.offset or line.param("TZID") or line.word.endswith("Z"):
            return line
        return replace(line, params={**line.params, "TZID": (self.offset,)})

    def _alarm(self, line: ContentLine) -> Component:
        """Return the alarm that a property was: its time, and then how it goes off and goes on."""
        time = line.value.partition(";")[0].strip()
        trigger = self._placed(ContentLine("TRIGGER", time))
        action = ContentLine("ACTION", _ALARMS[line.name])
        return Component("VALARM", {"TRIGGER": [trigger], "ACTION": [action]})


def rule_of(text: str) -> str | None:
    """Return a rule of vCalendar 1.0 as one of iCalendar; None for any other.

    Times of day and rules within a rule are not taken, nor what must be reckoned from the start (``MP1``). ``YD1`` is
    the same date each year, for which telephones write it, and not the same of the days of a year.
    """
    kind, *words = text.upper().split() if len(text) <= _MAX_RULE else [""]
    match = _RULE.fullmatch(kind)
    if match is None:
        return None
    endings = [end for word in words if (end := _ENDING.fullmatch(word))]
    days = words[: len(words) - len(endings)]
    try:
        parts = (f"INTERVAL={match[2]}", *_days(match[1], days), *_end(endings))
    except ValueError:
        return None
    rule = ";".join((f"FREQ={_FREQUENCIES[match[1]]}", *parts))
    return rule if len(rule) <= _MAX_RULE else None


def _days(kind: str, words: list[str]) -> Iterator[str]:
    """Yield what a rule says of days; raises ValueError for what it may not say."""
    match kind:
        case "W" if words:
            yield f"BYDAY={','.join(_fit(_WEEKDAY, word)[0] for word in words)}"
        case "MP":
            yield f"BYDAY={','.join(_placed_weekdays(words))}"
        case "MD" if words:
            yield f"BYMONTHDAY={','.join(map(_day_of_month, words))}"
        case "YM" if words:
            yield f"BYMONTH={','.join(_fit(_MONTH, word)[0] for word in words)}"
        case "YD" if words:
            yield f"BYYEARDAY={','.join(_fit(_DAY_OF_YEAR, word)[0] for word in words)}"
        case _ if words:
            raise _Untranslatable


def _placed_weekdays(words: list[str]) -> list[str]:
    """Return the weekdays with the places that stand before them: ``1+ 1- FR`` is the first and the last Friday."""
    found: list[str] = []
    places: list[str] = []
    is_named = True
    for word in words:
        if places and _WEEKDAY.fullmatch(word):
            found.extend(f"{place}{word}" for place in places)
            is_named = True
            continue
        place = _fit(_PLACE, word)
        places = [*([] if is_named else places), f"{place[2].strip('+')}{place[1]}"]
        is_named = False
    if not found or not is_named:
        raise _Untranslatable
    return found


def _day_of_month(word: str) -> str:
    if word == "LD":
        return "-1"
    day = _fit(_DAY_OF_MONTH, word)
    return f"{day[2].strip('+')}{day[1]}"


def _end(endings: list[re.Match[str]]) -> Iterator[str]:
    """Yield how often and until when; raises ValueError for a date that there is not."""
    counts = [int(each[1]) for each in endings if each[1]]
    dates = [each[2] for each in endings if each[2]]
    if len(counts) > 1 or len(dates) > 1:
        raise _Untranslatable
    for date in dates:
        last_moment(date)
        yield f"UNTIL={date}"
    for count in counts or ([] if dates else [_USUAL_COUNT]):
        if count:  # none means for ever
            yield f"COUNT={count}"


def _fit(pattern: re.Pattern[str], word: str) -> re.Match[str]:
    match = pattern.fullmatch(word)
    if match is None:
        raise _Untranslatable
    return match
