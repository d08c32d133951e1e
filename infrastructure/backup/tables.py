"""The ledger's tables as a backup sees them: their columns in the order in which rows are kept.

Snapshots are left out: they are made again from the events.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from psycopg import Connection, sql

from infrastructure.backup.columns import Row
from infrastructure.backup.manifest import BLOBS, EVENTS, RECEIPTS

PART_ROWS = 2000
PART_BYTES = 4 << 20

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # PostgreSQL counts microseconds from here


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the ledger, its columns and the columns that order the rows of a bucket."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]

    def index(self, column: str) -> int:
        """Return where a column stands in a row."""
        return self.columns.index(column)

    @property
    def identifier(self) -> sql.Identifier:
        """Return the table's name for SQL."""
        return sql.Identifier("ledger", self.name)

    @property
    def listed(self) -> sql.Composed:
        """Return the columns for SQL."""
        return sql.SQL(", ").join(map(sql.Identifier, self.columns))


EVENT_TABLE = Table(
    EVENTS,
    (
        "bucket", "position", "subject_id", "record_id", "version", "kind", "topic", "schema_version", "key_id",
        "recorded_at", "actor_id", "command_id", "correlation_id", "causation_id", "body", "digest",
    ),
    ("position",),
)  # fmt: skip
RECEIPT_TABLE = Table(
    RECEIPTS,
    (
        "bucket", "command_id", "subject_id", "record_id", "version", "position", "recorded_at", "request_digest",
    ),
    ("position",),
)  # fmt: skip
BLOB_TABLE = Table(BLOBS, ("bucket", "blob_id", "subject_id", "record_id", "key_id", "body"), ("blob_id",))

COMPANIONS: tuple[Table, ...] = (
    Table("claims", ("bucket", "claim", "subject_id", "record_id"), ("claim",)),
    Table("sources", ("bucket", "source", "subject_id", "record_id", "content_digest"), ("source",)),
    Table("address_index", ("bucket", "address", "subject_id", "record_id", "kind"), ("record_id", "address")),
    Table(
        "fences",
        ("bucket", "subject_id", "kind", "period", "record_id", "cause", "cause_id"),
        ("subject_id", "kind", "period", "record_id", "cause_id"),
    ),
    Table(
        "holds",
        (
            "bucket", "hold_id", "subject_id", "kind", "record_id", "placed_by", "placed_at", "until", "sealed",
            "by_record", "ended_at",
        ),
        ("hold_id",),
    ),
    Table(
        "hold_reads", ("bucket", "hold_id", "read_id", "record_id", "actor_id", "read_at"), ("hold_id", "read_id")
    ),
    Table(
        "retention_rules",
        ("bucket", "subject_id", "kind", "days", "action", "set_by", "set_at"),
        ("subject_id", "kind"),
    ),
)  # fmt: skip
"""Tables whose rows change in place: the rows of a bucket are kept anew when any of them has changed.

Erasures are not among them: a restore carries out anew what the erasure file says.
"""

COLUMNS: Mapping[str, tuple[str, ...]] = {
    table.name: table.columns for table in (EVENT_TABLE, RECEIPT_TABLE, BLOB_TABLE, *COMPANIONS)
}


def copied(
    connection: Connection[tuple[object, ...]],
    query: sql.Composable,
    parameters: Sequence[object],
    width: int,
) -> Generator[Row, None, None]:
    """Yield the rows of a query as PostgreSQL sends them in binary, one by one.

    Until it is closed the connection waits for it: who may not get to its end closes it.
    """
    statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT BINARY)").format(query)
    with connection.cursor() as cursor, cursor.copy(statement, parameters) as copy:
        copy.set_types(["bytea"] * width)  # the bytes themselves, whatever the column
        yield from copy.rows()


def paste(connection: Connection[tuple[object, ...]], table: Table, rows: Sequence[Row]) -> None:
    """Add rows to a table, all of them or none."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(table.identifier, table.listed)
    _paste(connection, statement, rows, len(table.columns))


def paste_missing(connection: Connection[tuple[object, ...]], table: Table, rows: Sequence[Row]) -> None:
    """Add those rows to a table that it does not have."""
    columns = table.listed
    with connection.transaction():
        connection.execute(
            sql.SQL("CREATE TEMPORARY TABLE incoming (LIKE {}) ON COMMIT DROP").format(table.identifier)
        )
        statement = sql.SQL("COPY incoming ({}) FROM STDIN (FORMAT BINARY)").format(columns)
        _paste(connection, statement, rows, len(table.columns))
        connection.execute(
            sql.SQL("INSERT INTO {} ({}) SELECT {} FROM incoming ON CONFLICT DO NOTHING").format(
                table.identifier, columns, columns
            )
        )


def in_parts(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Cut rows into parts bounded in number and in bytes."""
    part: list[Row] = []
    held = 0
    for row in rows:
        part.append(row)
        held += sum([len(value) for value in row if value is not None])
        if len(part) >= PART_ROWS or held >= PART_BYTES:
            yield part
            part, held = [], 0
    if part:
        yield part


def integer(value: bytes | None) -> int:
    """Return a number PostgreSQL sent in binary, whatever its width."""
    return int.from_bytes(value or b"", signed=True)


def identity(value: bytes | None) -> UUID:
    """Return an id PostgreSQL sent in binary."""
    return UUID(bytes=value)


def moment(value: bytes) -> datetime:
    """Return a time PostgreSQL sent in binary."""
    return _EPOCH + timedelta(microseconds=integer(value))


def _paste(
    connection: Connection[tuple[object, ...]], statement: sql.Composed, rows: Sequence[Row], width: int
) -> None:
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(["bytea"] * width)
        for row in rows:
            copy.write_row(row)
