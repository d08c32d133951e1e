"""Every migration can be taken back, and leaves the schema as the one before it made it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psycopg
import pytest
from alembic.script import ScriptDirectory
from psycopg import sql

from domain.core.user import User
from domain.productivity.note import Note
from domain.productivity.task import Task
from infrastructure.migrate import Schema, downgrade, head, revision, upgrade
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.conftest import Databases, Servers

SCHEMAS: tuple[Schema, ...] = ("ledger", "keys")

DESCRIBED = """
SELECT 'column', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull::text,
    coalesce(pg_get_expr(d.adbin, d.adrelid), '')
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relnamespace = %(schema)s::text::regnamespace AND c.relkind IN ('r', 'p')
UNION ALL
SELECT 'table', relname, relpersistence::text, relkind::text, coalesce(reloptions::text, ''),
    coalesce((SELECT string_agg(each::text, ',' ORDER BY each::text) FROM unnest(relacl) AS each), '')
FROM pg_class WHERE relnamespace = %(schema)s::text::regnamespace AND relkind IN ('r', 'p', 'S')
UNION ALL
SELECT 'index', tablename, indexname, indexdef, '', '' FROM pg_indexes WHERE schemaname = %(schema)s::text
UNION ALL
SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', ''
FROM pg_constraint WHERE connamespace = %(schema)s::text::regnamespace
UNION ALL
SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(pg_trigger.oid), '', ''
FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
WHERE relnamespace = %(schema)s::text::regnamespace AND NOT tgisinternal
UNION ALL
SELECT 'function', proname, pg_get_functiondef(oid), '', '', ''
FROM pg_proc WHERE pronamespace = %(schema)s::text::regnamespace
"""

Description = frozenset[tuple[str, ...]]


def described(url: str, schema: Schema) -> Description:
    """Return what there is in a schema, but for the table that tells its revision."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(DESCRIBED, {"schema": schema}).fetchall()
    return frozenset(row for row in rows if "schema_version" not in " ".join(row[1:3]))


def revisions(schema: Schema) -> list[str]:
    """Return the revisions of a schema, the first one first."""
    scripts = ScriptDirectory(f"migrations/{schema}")
    return [each.revision for each in reversed(list(scripts.walk_revisions()))]


@pytest.fixture
def empty_database(servers: Servers) -> Iterator[str]:
    """A database without any schema of ours."""
    name = f"lifeledger_{secrets.token_hex(4)}_migrations"
    identifier = sql.Identifier(name)
    with ExitStack() as undo:
        servers.administer(sql.SQL("CREATE DATABASE {}").format(identifier))
        undo.callback(servers.administer, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))
        yield servers.database(name)


@pytest.mark.parametrize("schema", SCHEMAS)
def test_each_migration_down_undoes_the_one_up(empty_database: str, schema: Schema) -> None:
    steps = ["base", *revisions(schema)]
    assert len(steps) > 2
    made: list[Description] = [frozenset()]
    for step in steps[1:]:
        upgrade(empty_database, schema, step)
        made.append(described(empty_database, schema))
        assert made[-1] != made[-2]
    assert (revision(empty_database, schema), steps[-1]) == (head(schema), head(schema))
    for step, before in zip(reversed(steps[:-1]), reversed(made[:-1]), strict=True):
        downgrade(empty_database, schema, step)
        assert described(empty_database, schema) == before
    upgrade(empty_database, schema)
    assert described(empty_database, schema) == made[-1]


def test_databases_that_were_lived_in_go_down_and_up_again(
    store: Store, me: Session, databases: Databases, reopened: Callable[[], Store]
) -> None:
    kept = me.do(Task.create, title="kept").id
    me.do(User.restrict_processing, me.subject_id)
    me.do(User.lift_restriction, me.subject_id)
    me.do(Note.write, title="gone")
    store.erase(
        me.subject_id, grounds="test", kind=Note
    )  # of one record the others' own keys would be dropped
    with psycopg.connect(databases.ledger) as connection:
        (written,) = connection.execute("SELECT count(*) FROM ledger.events").fetchone() or (0,)
    store.close()
    for url, schema in zip((databases.ledger, databases.keys), SCHEMAS, strict=True):
        newest = revisions(schema)
        downgrade(url, schema, newest[0])
        upgrade(url, schema)
        assert revision(url, schema) == newest[-1]
    with psycopg.connect(databases.ledger) as connection:
        assert connection.execute("SELECT count(*) FROM ledger.events").fetchone() == (written,)
    task = reopened().acting_as(me.subject_id).load(kept)
    assert isinstance(task, Task)
    assert task.title == "kept"
