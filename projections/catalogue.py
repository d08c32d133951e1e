"""Where each kind's view is, and the list of all read tables."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module

from domain.catalogue import KINDS, kind_named
from projections import audit, statistics
from projections.table import Table
from projections.view import View

EDITION = 2
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


def all_tables() -> list[Table]:
    """Return every read table, each once, in a stable order."""
    tables = {audit.TABLE.name: audit.TABLE, statistics.TABLE.name: statistics.TABLE}
    for view in all_views():
        own = [view.table.table]
        own += [derived.table for derived in view.derived]
        own += [tally.table for tally in view.tallies]
        tables.update((table.name, table) for table in own)
    return list(tables.values())
