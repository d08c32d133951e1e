"""Finds the series that a changed occurrence belongs to, and says how it differs from it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from domain.productivity.calendar_event_terms import IcalStatus, Override, TimeKind
from domain.productivity.occurrences import MAX_OCCURRENCES, occurrences
from domain.shared.values import LAST_YEAR
from infrastructure.importers.content_lines import Component
from infrastructure.importers.icalendar.differences import Told, differences, told_of
from infrastructure.importers.icalendar.series import Series, Unfit, span_on_wall, unkept_end
from infrastructure.importers.icalendar.times import Instant, UnreadableTime, instant
from infrastructure.importers.icalendar.words import (
    LABEL_CHARACTERS,
    Surroundings,
    described,
    place_of,
    remarked,
    title_of,
)
from infrastructure.importers.text import cut_text, one_line

MAX_SERIES_ASKED = 32
"""Among how many series of one UID that of a changed occurrence is looked for."""

MAX_FOLLOWING = 1000
"""How many later occurrences change with one that all of them follow."""

_REPEATED_CHARACTERS = 2000
"""How much of the series' description stands in an occurrence that has only something to add to it."""

_RANGE = "RECURRENCE-ID;RANGE=THISANDFUTURE"
_LAST = datetime(LAST_YEAR, 12, 31)  # noqa: DTZ001 - wall time
_STATES = {
    "TENTATIVE": IcalStatus.TENTATIVE,
    "CANCELLED": IcalStatus.CANCELLED,
    "CANCELED": IcalStatus.CANCELLED,
}


@dataclass
class Whole:
    """An event that stands for itself: a series, or something that takes place once."""

    place: int
    component: Component
    around: Surroundings
    series: Series
    name: str = ""
    overrides: dict[datetime, Override] = field(default_factory=dict)
    moved_out: list[datetime] = field(default_factory=list)
    """Occurrences that are events of their own."""
    ranges: dict[datetime, Override] = field(default_factory=dict)
    """Those of the overrides that all later occurrences follow."""
    called_off: int | None = None
    """The SEQUENCE of another VEVENT that cancels it, and says nothing else of it."""

    @property
    def identity(self) -> tuple[datetime, str]:
        """What tells it from another one with the same UID."""
        return self.series.span.start.local, title_of(self.component)

    @cached_property
    def words(self) -> tuple[str, str, str]:
        """Title, place and description, with which those of changed occurrences are compared."""
        return title_of(self.component), place_of(self.component), described(self.component)

    @cached_property
    def told(self) -> Told:
        """What else those of changed occurrences are compared with."""
        return told_of(self.component)


@dataclass(frozen=True, slots=True)
class Change:
    """A VEVENT that says how one occurrence of a series differs."""

    place: int
    component: Component
    around: Surroundings
    occurrence: Instant | None

    @property
    def occurrence_name(self) -> str:
        """What tells it from the other changes, in whatever zone its file names the occurrence."""
        if self.occurrence is not None:
            return self.occurrence.utc().isoformat()
        return one_line(self.component.text("RECURRENCE-ID"), LABEL_CHARACTERS)

    @property
    def is_followed(self) -> bool:
        """Whether all later occurrences change with it (RFC 5545 section 3.2.13)."""
        line = self.component.first("RECURRENCE-ID")
        return line is not None and line.param("RANGE").upper() == "THISANDFUTURE"

    @property
    def remarks(self) -> tuple[str, ...]:
        """What it says that an event of its own cannot hold, for a person to read."""
        text = one_line(self.component.text("RECURRENCE-ID"), LABEL_CHARACTERS)
        return (f"{_RANGE}: {text}",) if self.is_followed else ()


def change_of(place: int, component: Component, around: Surroundings) -> Change:
    """Read which occurrence a VEVENT with a RECURRENCE-ID is about."""
    line = component.first("RECURRENCE-ID")
    try:
        found = None if line is None else instant(line, around.zones)
    except UnreadableTime:
        found = None
    return Change(place, component, around, found if found is not None and found.in_range else None)


def status_of(component: Component, around: Surroundings) -> IcalStatus:
    """Return whether it takes place: nothing does in a calendar that cancels."""
    if around.is_cancelled:
        return IcalStatus.CANCELLED
    return _STATES.get(component.word("STATUS"), IcalStatus.CONFIRMED)


def cancels(component: Component, around: Surroundings) -> bool:
    """Return whether a VEVENT does nothing but cancel what is known by its UID: it need not say when that is."""
    has_start = component.first("DTSTART") is not None
    return not has_start and status_of(component, around) is IcalStatus.CANCELLED


def placed(
    changes: Iterable[Change], masters: Sequence[Whole]
) -> Iterator[tuple[Change, tuple[Whole, datetime] | None]]:
    """Yield each change with the series that has its occurrence, and the local start it has there.

    Only the first MAX_SERIES_ASKED series are looked at: programs that give several one UID give it to few.
    """
    found: dict[int, tuple[Whole, datetime]] = {}
    sought = {each.place: each.occurrence for each in changes if each.occurrence is not None}
    for master in [each for each in masters if each.series.recurs][:MAX_SERIES_ASKED]:
        frame = master.series.span.start
        asked = {place: occurrence.as_in(frame) for place, occurrence in sought.items()}
        meant = master.series.meant(asked.values())
        found.update((place, (master, meant[time])) for place, time in asked.items() if time in meant)
        sought = {place: occurrence for place, occurrence in sought.items() if place not in found}
    for each in changes:
        yield each, found.get(each.place)


def override_of(change: Change, occurrence: datetime, master: Whole) -> Override | None:
    """Return how the occurrence differs; None where the series cannot hold it (a timed day of an all-day one)."""
    component, around = change.component, change.around
    frame, length = master.series.span.start, master.series.span.length
    start: datetime | None = None
    end: datetime | None = None
    remarks: tuple[str, ...] = ()
    if component.first("DTSTART") is not None:
        try:
            span = span_on_wall(component, around.zones)
        except Unfit:
            return None
        if (span.start.kind is TimeKind.ALL_DAY) is not (frame.kind is TimeKind.ALL_DAY):
            return None
        remarks = unkept_end(component, span, around.zones)
        start = span.start.as_in(frame)
        if span.end is not None:
            end = Instant(span.start.kind, span.end, span.start.zone).as_in(frame)
            end = None if end <= start or end - start == length else end
        start = None if start == occurrence else start
    cancelled = status_of(component, around) is IcalStatus.CANCELLED
    if not cancelled:
        remarks = (*remarks, *differences(told_of(component), master.told))
    words = title_of(component), place_of(component), described(component)
    title, place, text = (
        None if own in {"", usual} else own for own, usual in zip(words, master.words, strict=True)
    )
    if remarks:
        usual = cut_text(master.words[-1], _REPEATED_CHARACTERS)
        text = described(component, remarks) if text is not None else remarked(usual, remarks)
    return Override(occurrence, start, end, title, place, text, cancelled)


def spread(master: Whole) -> None:
    """Let the occurrences after one that they follow differ as it does, but for those changed by themselves.

    They move by as much as it has moved. It is followed up to the next such one, and by MAX_FOLLOWING at the
    most: a series that goes on beyond ends there if it is cancelled, and says so in its remarks if it is not.
    """
    if not master.ranges:
        return
    leaders = [master.ranges[each] for each in sorted(master.ranges)]
    starts = _starts_from(leaders[0].occurrence, master)
    apart = {*master.overrides, *master.moved_out}
    for leader, end in zip(leaders, [*(each.occurrence for each in leaders[1:]), _LAST], strict=True):
        if leader == Override(leader.occurrence):  # from here on it is as it was
            continue
        following = starts[bisect_right(starts, leader.occurrence) : bisect_left(starts, end)]
        held = following[: min(MAX_FOLLOWING, MAX_OCCURRENCES - len(master.overrides))]
        master.overrides |= {each: _like(leader, each) for each in held if each not in apart}
        if len(held) < len(following) or (len(starts) == MAX_OCCURRENCES and end > starts[-1]):
            _break_off(master, leader, held[-1] if held else leader.occurrence)


def _starts_from(first: datetime, master: Whole) -> list[datetime]:
    """Return the local starts from one on, as long as what moves with it stays in years that a record can hold."""
    start, series = master.series.span.start, master.series
    reach = max(
        time - leader.occurrence
        for leader in master.ranges.values()
        for time in (leader.occurrence, leader.start_local, leader.end_local)
        if time is not None
    )
    skipped = [each for each in series.skipped if each not in master.ranges]
    return list(
        occurrences(
            start.local,
            series.rule,
            series.extra,
            skipped,
            after=first,
            before=_LAST - reach,
            timezone=start.zone,
        )
    )


def _like(leader: Override, occurrence: datetime) -> Override:
    shift = occurrence - leader.occurrence
    start, end = (None if each is None else each + shift for each in (leader.start_local, leader.end_local))
    return replace(leader, occurrence=occurrence, start_local=start, end_local=end)


def _break_off(master: Whole, leader: Override, last: datetime) -> None:
    """End a series after the last occurrence that could be cancelled; remark on a change that it cannot hold."""
    series = master.series
    form = "%Y%m%d" if series.span.start.kind is TimeKind.ALL_DAY else "%Y%m%dT%H%M%S"
    if leader.cancelled and max((*master.overrides, *master.moved_out)) <= last:
        parts = [] if series.rule is None else series.rule.split(";")
        kept = [each for each in parts if not each.startswith(("COUNT=", "UNTIL="))]
        master.series = replace(
            series,
            rule=";".join((*kept, f"UNTIL={last.strftime(form)}")) if kept else None,
            extra=tuple(each for each in series.extra if each <= last),
            skipped=tuple(each for each in series.skipped if each <= last),
        )
    else:
        remark = f"{_RANGE}: {leader.occurrence.strftime(form)}"
        master.series = replace(series, remarks=(*series.remarks, remark))
