"""A question over the read tables: its SQL, its parameters and the type of its rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, LiteralString, TypeVar

T = TypeVar("T")

EVERY_KIND = "*"
"""The scope of questions that range over all kinds."""

MAX_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """What to ask, of which kind's answers it is one, and how a row reads.

    ``sql`` names tables as ``{schema}.tasks`` and parameters as ``%(name)s``; ``bucket`` and ``subject_id``
    are given by whoever asks. ``row`` is a frozen dataclass whose fields are named as the columns.
    ``keyset`` are the fields whose values in the last row say where the next page begins, given back as
    parameters ``after_<field>``; a question that is not paged has none.
    """

    name: str
    scope: str
    sql: LiteralString
    row: type[T]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    keyset: tuple[str, ...] = ()
    analysis: bool = False
    """It draws conclusions from many records: refused where the processing of its scope is restricted."""

    @property
    def tables(self) -> frozenset[str]:
        """Return the names of the tables that are asked."""
        return frozenset(re.findall(r"\{schema\}\.(\w+)", self.sql))
