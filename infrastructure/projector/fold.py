"""Folds a batch of events into the rows they change: all in memory, no I/O but through what it is given."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from domain.shared.peers import NoPeers
from domain.shared.record import Record, attach, subject_of
from domain.system.audit import action_class_of
from infrastructure.errors import Busy, KeyUnavailable
from infrastructure.ledger.events import EventRow
from infrastructure.ledger.sealing import ErasedEvent, ErasureEvent, OpenedEvent
from infrastructure.projector.rows import Key
from projections import audit, statistics
from projections.catalogue import view_of
from projections.table import Table
from projections.view import Row, View

Opened = OpenedEvent | ErasedEvent | ErasureEvent

SURROUNDINGS = (KeyUnavailable, Busy)
"""What no record is to blame for: it stops the work and parks nothing."""


Amount = tuple[Table, Row, Sequence[Any]]
"""A table, the group in it, and what a record adds to that group."""

Derived = Mapping[Table, list[Row]]
"""The rows that a record has beside its own, by table."""


@dataclass(slots=True)
class Changes:
    """What one transaction writes: rows to delete by record, rows to insert, amounts to add."""

    deletes: dict[Table, list[Key]] = field(default_factory=lambda: defaultdict(list))
    inserts: dict[Table, list[Row]] = field(default_factory=lambda: defaultdict(list))
    sums: dict[Table, dict[Row, list[Any]]] = field(default_factory=lambda: defaultdict(dict))
    parked: list[tuple[EventRow, str]] = field(default_factory=list)
    """The first event each record could not take, with the class of the error."""
    touched: set[tuple[UUID, str]] = field(default_factory=set)
    """Subjects and kinds whose answers are no longer what they were."""
    records: dict[Key, Record | None] = field(default_factory=dict)
    """How the records that are not parked stand after it; None for one that is erased."""
    passed_over: frozenset[Key] = frozenset()
    """Records whose events were left alone, since they are parked."""

    def add(self, amount: Amount, sign: int) -> None:
        """Add an amount to its group, or take it off."""
        table, group, values = amount
        sums = self.sums[table].setdefault(group, [0] * len(values))
        for number, value in enumerate(values):
            sums[number] += sign * value


@dataclass(frozen=True, slots=True)
class _Rows:
    """All that the tables hold of a record."""

    own: Row | None
    derived: Derived
    amounts: list[Amount]

    @classmethod
    def of(cls, bucket: int, record: Record | None) -> _Rows:
        if record is None:
            return _NO_ROWS
        view = view_of(record.KIND)
        return cls(
            view.table.row(bucket, record), derived_of(bucket, record, view), amounts_of(bucket, record, view)
        )


_NO_ROWS = _Rows(None, {}, [])


@dataclass(slots=True)
class _Fold:
    """One record of the batch on its way from what the tables say to what the events say."""

    kind: str
    existed: bool
    last: EventRow | None = None
    record: Record | None = None
    before: _Rows = _NO_ROWS
    """Without its own, which any event changes."""


class BatchFold:
    """Takes the events of a batch in order and gives the changes they make."""

    def __init__(
        self,
        found: Iterable[tuple[int, Record]],
        parked: set[Key],
        unwritable: Mapping[Key, str] | None = None,
    ) -> None:
        """``found`` are the records of the batch that the tables already hold, each with its bucket.

        ``parked`` are passed over; so are those ``unwritable``, which are parked now, for the reason given.
        """
        self._changes = Changes(passed_over=frozenset(parked))
        self._counts: dict[tuple[int, UUID, str], list[int]] = defaultdict(lambda: [0, 0])
        self._parked = set(parked)
        self._unwritable = dict(unwritable or {})
        self._folds: dict[Key, _Fold] = {}
        for bucket, record in found:
            key, view = (bucket, record.id), view_of(record.KIND)
            try:
                before = _Rows(None, derived_of(bucket, record, view), amounts_of(bucket, record, view))
            except Exception as error:  # noqa: BLE001 - see take, which parks it with its first event here
                self._unwritable[key] = type(error).__name__
                continue
            self._folds[key] = _Fold(record.KIND, existed=True, record=record, before=before)

    def take(self, row: EventRow, opener: Callable[[EventRow], Opened]) -> None:
        """Apply one event; a record that cannot take it is parked and everything else goes on.

        Only faults of the record itself park it: an opener that cannot get at the keys raises
        KeyUnavailable or Busy, which stops the work.
        """
        key = (row.bucket, row.record_id)
        purpose = None
        if self._unwritable and key in self._unwritable:
            self._park(key, row, self._unwritable.pop(key))
        if not self._parked or key not in self._parked:
            try:
                opened = opener(row)
                if isinstance(opened, ErasureEvent):
                    self._audit(row, None)  # what it erased has left the tables already, see purge.py
                    return
                purpose = opened.purpose if isinstance(opened, OpenedEvent) else None
                self._apply(key, row, opened)
            except SURROUNDINGS:
                raise
            except Exception as error:  # noqa: BLE001 - any fault an event can cause concerns its record only
                self._park(key, row, type(error).__name__)
        self._note(row, purpose)

    def refold(self, events: Sequence[EventRow], opener: Callable[[EventRow], Opened]) -> Changes:
        """Return the changes that put one record right from its whole stream; what ``take`` counted stays."""
        self._changes.deletes[audit.TABLE] += self._keys_of(events)
        for fold in self._folds.values():
            fold.record = None
        for row in events:
            self._changes.touched.add((row.subject_id, row.kind or ""))
            try:
                opened = opener(row)
                if not isinstance(opened, ErasureEvent):
                    self._apply((row.bucket, row.record_id), row, opened)
                self._audit(row, opened.purpose if isinstance(opened, OpenedEvent) else None)
            except SURROUNDINGS:
                raise
            except Exception as error:  # noqa: BLE001 - see take
                self._park((row.bucket, row.record_id), row, type(error).__name__)
                return self._changes
        return self.finish()

    def part(self, going_on: Key) -> Changes:
        """Return the changes so far and begin anew, but for one record whose stream goes on."""
        last = self._folds.pop(going_on, None)
        changes, self._changes = self.finish(), Changes()
        self._folds = {} if last is None else {going_on: last}
        return changes

    def finish(self) -> Changes:
        """Return the changes of the whole batch."""
        for key, fold in self._folds.items():
            if fold.last is None or (self._parked and key in self._parked):
                continue
            try:
                after = _Rows.of(key[0], fold.record)
            except Exception as error:  # noqa: BLE001 - see take
                self._park(key, fold.last, type(error).__name__)
                continue
            self._replace(key, fold, after)
            self._changes.records[key] = fold.record
        for group, counted in self._counts.items():
            self._changes.touched.add(group[1:])
            self._changes.add((statistics.TABLE, group, (0, 0, *counted)), +1)
        self._counts.clear()
        return self._changes

    def _apply(self, key: Key, row: EventRow, opened: OpenedEvent | ErasedEvent) -> None:
        fold = self._folds.get(key)
        if fold is None:
            fold = self._folds[key] = _Fold(row.kind or "", existed=False)
        fold.last = row
        if isinstance(opened, ErasedEvent):
            fold.record = None
            return
        fold.record = opened.event.mutate(fold.record)
        if row.version == 1 and fold.record is not None:
            attach(fold.record, row.subject_id, NoPeers())

    def _replace(self, key: Key, fold: _Fold, after: _Rows) -> None:
        own = view_of(fold.kind).table.table
        if fold.existed:
            self._changes.deletes[own].append(key)
        if after.own is not None:
            self._changes.inserts[own].append(after.own)
        for table in {**fold.before.derived, **after.derived}:
            rows = after.derived.get(table, [])
            if fold.before.derived.get(table, []) == rows:
                continue  # a task that was started has the words it had: writing them again costs most of all
            if fold.existed:
                self._changes.deletes[table].append(key)
            self._changes.inserts[table] += rows
        if fold.before.amounts == after.amounts:
            return
        for amount in fold.before.amounts:
            self._changes.add(amount, -1)
        for amount in after.amounts:
            self._changes.add(amount, +1)

    def _park(self, key: Key, row: EventRow, reason: str) -> None:
        self._parked.add(key)
        self._changes.parked.append((row, reason))

    def _note(self, row: EventRow, purpose: str | None) -> None:
        """Write what every event leaves behind, whether it could be read or not."""
        count = self._counts[row.bucket, row.subject_id, row.kind or ""]
        count[0] += 1
        count[1] += _size(row)
        self._audit(row, purpose)

    def _audit(self, row: EventRow, purpose: str | None) -> None:
        action_class = action_class_of(row.topic).value if row.topic else None
        self._changes.inserts[audit.TABLE].append(
            (
                row.bucket, row.position, row.subject_id, row.record_id, row.kind, row.topic, action_class,
                row.recorded_at, row.actor_id, row.command_id, row.correlation_id, row.causation_id, purpose,
                row.key_id, _size(row),
            )
        )  # fmt: skip

    @staticmethod
    def _keys_of(events: Sequence[EventRow]) -> list[Key]:
        return sorted({(row.bucket, row.record_id) for row in events})


def _size(row: EventRow) -> int:
    return len(row.body) if row.body is not None else 0


def derived_of(bucket: int, record: Record, view: View) -> Derived:
    """Return the rows of a record beside its own; one in the trash has none."""
    if record.deleted_at is not None:
        return {}
    head = (bucket, subject_of(record), record.id)
    rows: defaultdict[Table, list[Row]] = defaultdict(list)
    for each in view.derived:
        rows[each.table] += [(*head, *row) for row in each.rows(record)]
    return rows


def amounts_of(bucket: int, record: Record, view: View) -> list[Amount]:
    """Return what a record adds to the sums of the tables."""
    head = (bucket, subject_of(record))
    living, trashed = statistics.of_record(record)
    amounts: list[Amount] = [(statistics.TABLE, (*head, record.KIND), (living, trashed, 0, 0))]
    if record.deleted_at is None:
        amounts += [
            (each.table, (*head, *group), values)
            for each in view.tallies
            for group, values in each.amounts(record)
        ]
    return amounts
