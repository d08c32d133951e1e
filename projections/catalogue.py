"""Where each kind's view is, and the list of all read tables."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module

from domain.catalogue import KINDS, kind_named
from projections import audit, statistics
from projections.table import Table
from projections.view import View

EDITION = 10
"""Raise this whenever a read table or what fills it changes: stores then rebuild their read models."""


@cache
def view_of(kind_name: str) -> View:
    """Return the view of a kind; raises UnknownKind. Like the kinds, views are imported when first used."""
    kind = kind_named(kind_name)
    view: View = import_module(kind.__module__.replace("domain.", "projections.", 1)).VIEW
    return view


def all_views() -> Iterator[View]:
    """Yield the view of every kind."""
    return map(view_of, KINDS)


def summed_tables() -> list[Table]:
    """Return the tables that hold sums per group instead of rows per record or event."""
    tables = {statistics.TABLE.name: statistics.TABLE}
    tables.update((tally.table.name, tally.table) for view in all_views() for tally in view.tallies)
    return list(tables.values())


def fed_by(kind_name: str) -> list[Table]:
    """Return every table that the records of a kind are in, its own one first."""
    view = view_of(kind_name)
    derived = [each.table for each in view.derived] + [tally.table for tally in view.tallies]
    return [view.table.table, *derived, statistics.TABLE, audit.TABLE]


def all_tables() -> list[Table]:
    """Return every read table, each once, in a stable order."""
    tables = {audit.TABLE.name: audit.TABLE, statistics.TABLE.name: statistics.TABLE}
    for view in all_views():
        tables.update((table.name, table) for table in tables_of(view))
    return list(tables.values())


@cache
def kinds_in(table_name: str) -> frozenset[str]:
    """Return the kinds that a read table has rows of."""
    if table_name in (audit.TABLE.name, statistics.TABLE.name):
        return frozenset(KINDS)
    return frozenset(
        view.kind.KIND for view in all_views() if table_name in {table.name for table in tables_of(view)}
    )


def tables_of(view: View) -> list[Table]:
    """Return the tables that a kind has rows in, its own first."""
    derived = [each.table for each in view.derived]
    return [view.table.table, *derived, *(tally.table for tally in view.tallies)]
