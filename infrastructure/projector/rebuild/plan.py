"""What is to be built: which tables, from which kinds, up to which moment."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.catalogue import KINDS
from domain.shared.values import new_id
from infrastructure.errors import UnknownReadModel
from infrastructure.ledger.events import EventRow
from infrastructure.projector.fold import Changes
from projections.catalogue import all_tables, fed_by, view_of
from projections.table import Table


@dataclass(frozen=True)
class Plan:
    """One build.

    ``chosen`` are the tables wanted. The shadow also has the own tables of the kinds that feed them: the
    state of a record is taken from there when it changes while the shadow is built.
    """

    build: UUID
    chosen: frozenset[str]
    kinds: frozenset[str]
    laid: frozenset[str]
    """The names of the tables in the shadow."""
    as_of: datetime | None = None

    @property
    def whole(self) -> bool:
        """Whether every table is wanted."""
        return len(self.chosen) == len(all_tables())

    @property
    def tables(self) -> list[Table]:
        """The tables of the shadow."""
        return [table for table in all_tables() if table.name in self.laid]

    @property
    def wanted(self) -> list[Table]:
        """The tables that are swapped in."""
        return [table for table in all_tables() if table.name in self.chosen]

    def concerns(self, row: EventRow) -> bool:
        """Return whether an event may change a table of the shadow; what is of no kind may change any."""
        return row.kind in self.kinds or row.kind not in KINDS

    def restricted(self, changes: Changes) -> Changes:
        """Return those changes that concern tables of the shadow."""
        if not self.whole:
            for part in (changes.deletes, changes.inserts, changes.sums):
                for table in [table for table in part if table.name not in self.laid]:
                    del part[table]
        return changes


def planned(names: Collection[str] = (), *, as_of: datetime | None = None) -> Plan:
    """Return the plan to build the tables of these names, or all; raises UnknownReadModel."""
    known = {table.name for table in all_tables()}
    if not known.issuperset(names):
        raise UnknownReadModel
    chosen = frozenset(names or known)
    kinds = frozenset(kind for kind in KINDS if chosen & {table.name for table in fed_by(kind)})
    own = {view_of(kind).table.table.name for kind in kinds}
    return Plan(new_id(), chosen, kinds, chosen | own, as_of)
