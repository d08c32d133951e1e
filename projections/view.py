"""How a kind of record becomes rows: its own table, what is derived from it, and what is counted of it.

Everything here is a pure function of one record's current state. The projector folds a record's new events
into the state it finds in the record's own table, then asks these functions for the rows of before and after.
A new event needs no projection code: it changes the state, and the rows follow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.shared.record import Record
from projections.record_table import RecordTable
from projections.table import Table

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Derived:
    """Rows of another table that one record gives; a record in the trash gives none.

    ``rows`` yields the values of the table's written columns after bucket, subject_id and record_id; where
    the table has ``part``, that comes first.
    """

    table: Table
    rows: Callable[[Any], Iterable[Row]]


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums kept per group: a record adds its amounts when it comes and takes them off when it changes.

    ``amounts`` yields (group key after bucket and subject_id, amounts), for the columns of the table that are
    part of its key and for those that are not.
    """

    table: Table
    amounts: Callable[[Any], Iterable[tuple[Row, Row]]]


@dataclass(frozen=True, slots=True)
class View:
    """All that can be asked of one kind."""

    kind: type[Record]
    table: RecordTable
    derived: tuple[Derived, ...] = ()
    tallies: tuple[Tally, ...] = ()
    kept_from: Callable[[Any], datetime] | None = None
    """From when on a record is kept for some days; from when it was made where the view does not say."""
