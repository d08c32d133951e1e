"""How a read table is described: columns, key, indexes, and what the planner may know of their content.

Read tables hold plaintext, because people search and sort and sum. PostgreSQL writes samples of a column into
pg_statistic, which is logged and backed up: therefore statistics are kept only for columns that cannot hold
what a person wrote or what identifies them (see docs/privacy.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Sql(StrEnum):
    """The column types in use."""

    SMALLINT = "smallint"
    BIGINT = "bigint"
    BOOLEAN = "boolean"
    UUID = "uuid"
    TEXT = "text"
    FLOAT = "double precision"
    NUMERIC = "numeric"
    DATE = "date"
    TIMESTAMP = "timestamp"
    TIMESTAMPTZ = "timestamptz"
    BYTEA = "bytea"
    TSVECTOR = "tsvector"
    JSONB = "jsonb"
    TEXTS = "text[]"
    UUIDS = "uuid[]"


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``open`` ones keep planner statistics: closed enumerations, flags, ids, sort times."""

    name: str
    type: Sql
    open: bool = False
    nullable: bool = True
    generated: str | None = None
    """A stored generation expression; such a column is never written."""


@dataclass(frozen=True, slots=True)
class Index:
    """An index over columns; ``method`` gin takes the single column it names."""

    columns: tuple[str, ...]
    method: str = "btree"
    where: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A read table, itself and no other: tables are keys of many a dict. Its first columns are always ``bucket`` and ``subject_id``; its key begins with bucket."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    indexes: tuple[Index, ...] = ()

    @property
    def written(self) -> tuple[Column, ...]:
        """Return the columns that rows are written with, in order."""
        return tuple(column for column in self.columns if column.generated is None)


BUCKET = Column("bucket", Sql.SMALLINT, open=True, nullable=False)
SUBJECT = Column("subject_id", Sql.UUID, open=True, nullable=False)
RECORD = Column("record_id", Sql.UUID, open=True, nullable=False)


def derived_table(
    name: str, columns: tuple[Column, ...], *, indexes: tuple[Index, ...], part: bool = False
) -> Table:
    """Describe a table whose rows are computed from one record each: (bucket, subject_id, record_id, …).

    ``part`` adds a column ``part`` (bigint) to the key, for tables with several rows a record.
    """
    numbered = (Column("part", Sql.BIGINT, open=True, nullable=False),) if part else ()
    key = ("bucket", "record_id", "part") if part else ("bucket", "record_id")
    return Table(name, (BUCKET, SUBJECT, RECORD, *numbered, *columns), key, indexes)
