"""What of a backup is to be brought back: all of it, what was there at a moment, or one person."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from infrastructure.backup.columns import Row
from infrastructure.backup.tables import EVENT_TABLE, RECEIPT_TABLE, Table, identity, integer, moment

_POSITION_BYTES = 8


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events come back: those of one person, or those before the first one recorded after ``until``.

    A clock may have gone backwards, so an event that was recorded earlier but stands after that first one stays
    away too: each bucket comes back as a dense beginning of what it was.
    """

    until: datetime | None = None
    subject_id: UUID | None = None

    def has(self, table: Table, row: Row) -> bool:
        """Return whether a row is of somebody who comes back."""
        if self.subject_id is None:
            return True
        return "subject_id" in table.columns and row[table.index("subject_id")] == self.subject_id.bytes

    def ends_before(self, row: Row) -> bool:
        """Return whether a bucket ends before this event."""
        at = row[EVENT_TABLE.index("recorded_at")]  # blank where the event was erased
        return self.until is not None and at is not None and moment(at) > self.until


@dataclass(slots=True)
class Cut:
    """What changed after the moment that is brought back, and so is not as the backup's last run has it."""

    changed: dict[UUID, UUID] = field(default_factory=dict)
    """Records that were there already, and whose they are."""
    unborn: set[UUID] = field(default_factory=set)
    """Records that were not there yet."""

    def note(self, row: Row) -> None:
        """Take in an event that does not come back."""
        record_id = identity(row[EVENT_TABLE.index("record_id")])
        if integer(row[EVENT_TABLE.index("version")]) == 1:
            self.unborn.add(record_id)
        elif record_id not in self.unborn:
            self.changed[record_id] = identity(row[EVENT_TABLE.index("subject_id")])


class Places:
    """The positions a bucket's events get: dense, so those of one person are counted anew."""

    def __init__(self, wanted: Wanted, cut: Cut) -> None:
        self._wanted = wanted
        self._cut = cut
        self._ended = False
        self._taken = array("q")  # the old position of each new one

    def events(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield those events that come back, at their new positions; call it with all of a bucket, in order."""
        at = EVENT_TABLE.index("position")
        for row in rows:
            self._ended = self._ended or self._wanted.ends_before(row)
            if not self._wanted.has(EVENT_TABLE, row):
                continue
            if self._ended:
                self._cut.note(row)
                continue
            self._taken.append(integer(row[at]))
            yield _at_position(row, at, len(self._taken))

    def receipts(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield those receipts that come back; the events up to theirs have been given before."""
        at = RECEIPT_TABLE.index("position")
        last = self._taken[-1] if self._taken else 0
        for row in rows:
            position = integer(row[at])
            if position <= last and self._wanted.has(RECEIPT_TABLE, row):
                yield _at_position(row, at, bisect_right(self._taken, position))


def _at_position(row: Row, at: int, position: int) -> Row:
    return (*row[:at], position.to_bytes(_POSITION_BYTES), *row[at + 1 :])
