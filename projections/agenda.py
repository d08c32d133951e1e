"""Read model ``agenda``: calendar events by when they may take place, expanded into occurrences when asked.

A row holds the bounds of an event in UTC, wide enough for any zone, and the series itself as the calendar
wrote it. Which occurrences lie in a window, and when exactly, is computed at the question, with the time zone
rules of that day: rules change, and what was planned for nine o'clock stays at nine o'clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import chain, islice
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from domain.productivity.calendar_event_terms import IcalStatus, Override, TimeKind
from domain.productivity.occurrences import MAX_OCCURRENCES, every_occurrence, occurs_at
from projections.question import Question
from projections.table import Column, Index, Sql, derived_table

ANY_ZONE = timedelta(hours=16)
"""No zone is further from UTC; the sun of Manila was 15:56 behind until 1844."""

EARLIEST, LATEST = datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)
"""All years that a calendar event can lie in, and around them room for any zone."""

LONG = timedelta(days=31)
"""Events longer than this are looked for like recurring ones."""


MAX_LISTED = 100_000
"""How many occurrences an answer holds of all events."""


class TooManyOccurrences(ValueError):
    """A series takes place more often in a window than MAX_OCCURRENCES, or all of them more often than MAX_LISTED."""


TABLE = derived_table(
    "agenda",
    (
        Column("long", Sql.BOOLEAN, open=True, nullable=False),
        Column("first_at", Sql.TIMESTAMPTZ, open=True, nullable=False),
        Column("last_at", Sql.TIMESTAMPTZ, open=True),
        Column("series", Sql.JSONB, nullable=False),
    ),
    indexes=(Index(("bucket", "subject_id", "long", "first_at")),),
)


@dataclass(frozen=True, slots=True)
class Series:
    """A calendar event as far as the agenda needs it; times are on the wall."""

    time_kind: TimeKind
    start_local: datetime
    end_local: datetime | None
    timezone: str | None
    rrule: str | None
    rdates: tuple[datetime, ...]
    exdates: tuple[datetime, ...]
    overrides: tuple[Override, ...]
    title: str
    location: str
    status: IcalStatus


@dataclass(frozen=True, slots=True)
class Candidate:
    """An event that may take place in a window."""

    record_id: UUID
    series: str


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time an event takes place; an all-day one runs from midnight to midnight in the asker's zone."""

    start: datetime
    end: datetime
    all_day: bool
    title: str
    location: str
    status: str
    record_id: UUID


def candidates(since: datetime, until: datetime) -> Question[Candidate]:
    """Ask for the events that may take place in a window; ``expand`` tells when."""
    return Question(
        "agenda",
        "calendar_event",
        """
        SELECT record_id, series::text AS series FROM (
            SELECT record_id, series FROM {schema}.agenda
            WHERE bucket = %(bucket)s AND subject_id = %(subject_id)s AND NOT long
                AND first_at >= %(since)s::timestamptz - interval '33 days' AND first_at < %(until)s
                AND last_at >= %(since)s
            UNION ALL
            SELECT record_id, series FROM {schema}.agenda
            WHERE bucket = %(bucket)s AND subject_id = %(subject_id)s AND long
                AND first_at < %(until)s AND (last_at IS NULL OR last_at >= %(since)s)
        ) AS found
        WHERE %(after_record_id)s::uuid IS NULL OR record_id > %(after_record_id)s
        ORDER BY record_id
        LIMIT %(limit)s
        """,
        Candidate,
        {"since": since, "until": until},
        keyset=("record_id",),
    )


def expand(found: Iterable[Candidate], since: datetime, until: datetime, zone: str) -> list[Occurrence]:
    """Return every occurrence that overlaps [since, until), in order; ``zone`` is the asker's.

    Raises TooManyOccurrences.
    """
    reader = _series_reader()
    since, until = _clipped(since), _clipped(until)
    listed: list[Occurrence] = []
    for candidate in found:
        series = reader.validate_json(candidate.series)
        occurrences = _in_window(candidate.record_id, series, since, until, zone)
        listed += islice(occurrences, MAX_OCCURRENCES)
        if next(occurrences, None) is not None or len(listed) > MAX_LISTED:
            raise TooManyOccurrences
    return sorted(listed, key=lambda each: (each.start, each.end, each.record_id))


def _in_window(
    record_id: UUID, series: Series, since: datetime, until: datetime, zone: str
) -> Iterator[Occurrence]:
    if series.status is IcalStatus.CANCELLED:
        return
    place = _zone_of(series, zone)
    length = _length(series)
    changed = {each.occurrence: each for each in series.overrides}
    window = _wide_window(since, until, length)
    starts = every_occurrence(
        series.start_local, series.rrule, series.rdates, series.exdates,
        after=window[0], before=window[1], timezone=series.timezone,
    )  # fmt: skip
    moved_in = [each for each in changed if not window[0] <= each < window[1] and each not in series.exdates]
    for start in chain(starts, moved_in):
        override = changed.get(start)
        if override is not None and override.cancelled:
            continue
        occurrence = _occurrence(record_id, series, start, override, length, place)
        if override is None and _is_double(series, start, occurrence.start.replace(tzinfo=None)):
            continue
        if occurrence.start < until and (occurrence.end > since or occurrence.start >= since):
            yield occurrence


def _is_double(series: Series, start: datetime, shown: datetime) -> bool:
    """Whether clocks that are set forward move an occurrence to where the series has another one: they are one."""
    if shown == start or shown in series.exdates:
        return False
    return occurs_at(series.start_local, series.rrule, series.rdates, shown, timezone=series.timezone)


def _occurrence(
    record_id: UUID,
    series: Series,
    start: datetime,
    override: Override | None,
    length: timedelta,
    place: ZoneInfo,
) -> Occurrence:
    begins, title, location, ends = start, series.title, series.location, None
    if override is not None:
        begins, ends = override.start_local or start, override.end_local
        title = series.title if override.title is None else override.title
        location = series.location if override.location is None else override.location
    all_day = series.time_kind is TimeKind.ALL_DAY
    begin, end = _stretch(begins, ends or begins + length, place, all_day=all_day)
    return Occurrence(begin, end, all_day, title, location, series.status.value, record_id)


def _length(series: Series) -> timedelta:
    if series.end_local is not None:
        return series.end_local - series.start_local
    return timedelta(days=1) if series.time_kind is TimeKind.ALL_DAY else timedelta()


def _zone_of(series: Series, asker: str) -> ZoneInfo:
    """Return where the wall is that the series is written on: floating and all-day times hang on the asker's."""
    if series.time_kind is TimeKind.UTC:
        return ZoneInfo("UTC")
    return ZoneInfo(series.timezone if series.time_kind is TimeKind.ZONED and series.timezone else asker)


def _stretch(
    begins: datetime, ends: datetime, place: ZoneInfo, *, all_day: bool
) -> tuple[datetime, datetime]:
    """Return the moments of two wall times; where a clock change moves the start, the end moves with it.

    The end of an all-day event stays a midnight: the day is shorter then.
    """
    begin, end = _moment(begins, place), _moment(ends, place)
    if begin.replace(tzinfo=None) != begins and not all_day:
        end = (begin.astimezone(UTC) + (ends - begins)).astimezone(place)
    return begin, max(begin, end)


def _moment(wall: datetime, place: ZoneInfo) -> datetime:
    """Return the moment of a wall time; one that a clock change skips lies as far after it as it would have."""
    return wall.replace(tzinfo=place).astimezone(UTC).astimezone(place)


def _clipped(moment: datetime) -> datetime:
    """Return the moment in UTC, or the nearest one that every zone can tell."""
    return min(max(moment, EARLIEST), LATEST).astimezone(UTC)


def _wide_window(since: datetime, until: datetime, length: timedelta) -> tuple[datetime, datetime]:
    """Return wall times between which all starts lie that may overlap [since, until), in whatever zone."""
    lasting = min(length, since - EARLIEST)  # an event may last longer than there are years to go back
    return (since - lasting).replace(tzinfo=None) - ANY_ZONE, until.replace(tzinfo=None) + ANY_ZONE


@cache
def _series_reader() -> TypeAdapter[Series]:
    return TypeAdapter(Series)
