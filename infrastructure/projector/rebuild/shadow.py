"""The schema that is built in: its tables, and who has loaded which portion of them.

A row of ``portions`` is the lease of a portion, as the row of a checkpoint is that of a bucket: locked while
its events are loaded, marked done in the same transaction, released by a crash. The checkpoints of the
shadow say from the start up to where the portions are loaded.

A crash of PostgreSQL empties ``portions`` and ``bare`` whatever becomes of the tables, so the rows of a build in
``bare`` prove that what was built is still there, to every transaction on a connection that was made before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, LiteralString

from psycopg import Connection, sql

from infrastructure.errors import RebuildAborted
from infrastructure.ledger.buckets import BUCKETS
from infrastructure.ledger.scan import Stretch
from infrastructure.projector import schema
from infrastructure.projector.editions import marked
from infrastructure.projector.rebuild.plan import Plan
from infrastructure.projector.rebuild.portions import Portion
from infrastructure.projector.schema import SHADOW
from projections.catalogue import summed_tables
from projections.table import Table

_UNWANTED: Final = "aborted"

_PORTIONS = """
CREATE UNLOGGED TABLE {schema}.portions (
    bucket smallint NOT NULL,
    record uuid NOT NULL,
    until_bucket smallint NOT NULL,
    until_record uuid NOT NULL,
    events bigint NOT NULL,
    build uuid NOT NULL,
    done boolean NOT NULL DEFAULT false,
    CONSTRAINT portions_pkey PRIMARY KEY (bucket, record)
)
"""

# Tables that have their rows but not yet their keys and indexes.
_BARE = """
CREATE UNLOGGED TABLE {schema}.bare (
    bucket smallint NOT NULL,
    table_name text NOT NULL,
    build uuid NOT NULL,
    done boolean NOT NULL DEFAULT false,
    CONSTRAINT bare_pkey PRIMARY KEY (bucket, table_name)
)
"""


@dataclass(frozen=True, slots=True)
class Loaded:
    """How far the shadow is: events in loaded portions, of how many; tables that are not indexed yet."""

    events: int
    of: int
    bare: int


def lay(
    connection: Connection[Any],
    plan: Plan,
    reach: Mapping[int, int],
    portions: Iterable[Portion],
    *,
    logged: bool,
) -> None:
    """Create the shadow, empty, to be loaded up to ``reach``; the transaction is the caller's."""
    schema.lay(connection, SHADOW, plan.tables, logged=logged)
    for statement in (_PORTIONS, _BARE):
        connection.execute(_sql(statement))
    rows = [(each.stretch, each.events) for each in portions]
    with connection.cursor() as cursor:
        cursor.executemany(
            _sql(
                "INSERT INTO {schema}.portions (bucket, record, until_bucket, until_record, events, build)"
                " VALUES (%s, %s, %s, %s, %s, %s)"
            ),
            [
                (at.bucket, at.record, at.until_bucket, at.until_record, events, plan.build)
                for at, events in rows
            ],
        )
        cursor.executemany(
            _sql("INSERT INTO {schema}.bare (bucket, table_name, build) VALUES (0, %s, %s)"),
            [(table.name, plan.build) for table in plan.tables if table not in summed_tables()],
        )
    for table in summed_tables():
        if table in plan.tables:
            schema.complete(connection, SHADOW, table)  # amounts are added to groups while it is loaded
    connection.execute(
        _sql(
            "INSERT INTO {schema}.checkpoints (bucket, position)"
            " SELECT n, coalesce(position, 0) FROM generate_series(0, %s::int) AS n"
            " LEFT JOIN unnest(%s::int2[], %s::int8[]) AS reach (bucket, position) ON reach.bucket = n"
        ),
        (BUCKETS - 1, list(reach), list(reach.values())),
    )


def unwanted(connection: Connection[Any]) -> bool:
    """Ask whoever builds the shadow to stop; return whether there is one."""
    there = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (SHADOW,)).fetchone()
    if there:
        connection.execute(_sql(f"COMMENT ON SCHEMA {{schema}} IS '{_UNWANTED}'"))
    return there is not None


def require_whole(connection: Connection[Any], plan: Plan) -> None:
    """Raise RebuildAborted where the shadow is not this build's, was emptied by a crash, or nobody wants it."""
    ours = connection.execute(_sql("SELECT 1 FROM {schema}.bare WHERE build = %s LIMIT 1"), (plan.build,))
    if ours.fetchone() is None or marked(connection, SHADOW) == _UNWANTED:
        raise RebuildAborted


def strip(connection: Connection[Any]) -> None:
    """Drop what only building needs."""
    connection.execute(_sql("DROP TABLE {schema}.portions, {schema}.bare"))


def lease_portion(connection: Connection[Any], plan: Plan) -> Portion | None:
    """Lock a portion that nobody has and nobody has loaded."""
    row = connection.execute(
        _sql(
            "SELECT bucket, record, until_bucket, until_record, events FROM {schema}.portions"
            " WHERE NOT done AND build = %s ORDER BY bucket, record LIMIT 1 FOR UPDATE SKIP LOCKED"
        ),
        (plan.build,),
    ).fetchone()
    return Portion(Stretch(*row[:4]), row[4]) if row else None


def portion_done(connection: Connection[Any], portion: Portion) -> None:
    """Note that a portion is loaded, with the transaction that loads it."""
    connection.execute(
        _sql("UPDATE {schema}.portions SET done = true WHERE bucket = %s AND record = %s"),
        (portion.stretch.bucket, portion.stretch.record),
    )


def lease_bare(connection: Connection[Any], plan: Plan) -> Table | None:
    """Lock a table that nobody gives its indexes yet."""
    row = connection.execute(
        _sql(
            "SELECT table_name FROM {schema}.bare WHERE NOT done AND build = %s"
            " ORDER BY table_name LIMIT 1 FOR UPDATE SKIP LOCKED"
        ),
        (plan.build,),
    ).fetchone()
    return next(table for table in plan.tables if table.name == row[0]) if row else None


def bare_done(connection: Connection[Any], table: Table) -> None:
    """Note that a table has its indexes, with the transaction that makes them."""
    connection.execute(
        _sql("UPDATE {schema}.bare SET done = true WHERE bucket = 0 AND table_name = %s"), (table.name,)
    )


def loaded(connection: Connection[Any], plan: Plan) -> Loaded:
    """Return how far the shadow is; raises RebuildAborted as ``require_whole`` does."""
    require_whole(connection, plan)
    row = connection.execute(
        _sql(
            "SELECT coalesce(sum(events) FILTER (WHERE done), 0)::int8, coalesce(sum(events), 0)::int8,"
            " (SELECT count(*) FROM {schema}.bare WHERE NOT done) FROM {schema}.portions"
        )
    ).fetchone()
    return Loaded(*row) if row else Loaded(0, 0, 0)


def _sql(text: LiteralString) -> sql.Composed:
    return sql.SQL(text).format(schema=sql.Identifier(SHADOW))
