"""Whatever PostgreSQL refuses, and for whatever reason: the value that was refused is repeated nowhere."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Callable

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from domain.productivity.task import Task
from domain.shared.errors import LifeledgerError
from infrastructure.connections import connections_to, lent
from infrastructure.errors import KeyUnavailable, NoRoom, StatementRefused, Unavailable, VersionConflict
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.cli.test_cli import Run, ada, run
from tests.conftest import ROOT, Databases
from tests.privacy.telling import CANARY, silence, told

__all__ = ["ada", "run", "silence"]

CODES = {
    code[:2]: code
    for _, each in sorted(inspect.getmembers(psycopg.errors, inspect.isclass), reverse=True)
    if issubclass(each, psycopg.Error) and (code := getattr(each, "sqlstate", None))
}
"""One SQLSTATE of each class there is."""

REFUSE = """
CREATE OR REPLACE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION USING ERRCODE = {code}, MESSAGE = {text}, DETAIL = {text}, HINT = {text}, COLUMN = {text},
        CONSTRAINT = {text}, DATATYPE = {text}, TABLE = {text}, SCHEMA = {text};
END $$
"""

STATEMENTS = {
    "a cast": ("22P02", "SELECT %s::int"),
    "a date": ("22007", "SELECT %s::date"),
    "JSON": ("22P02", "SELECT %s::jsonb"),
    "an array": ("22P02", "SELECT %s::int[]"),
    "a pattern": ("2201B", "SELECT 'a' ~ (%s || '(')"),
    "a check": ("23514", "INSERT INTO noted (short) VALUES (%s)"),
    "a missing value": ("23502", "INSERT INTO noted (long, needed) VALUES (%s, NULL)"),
    "a long value": ("22001", "INSERT INTO noted (narrow) VALUES (%s)"),
    "an index": ("54000", "INSERT INTO noted (long) SELECT string_agg(%s || sha512(n::text::bytea)::text, '') FROM generate_series(1, 99) n"),
    "a setting": ("22023", "SELECT set_config('TimeZone', %s, false)"),
    "a role": ("22023", "SELECT set_config('role', %s, false)"),
    "a table": ("42P01", "SELECT %s::regclass"),
    "a function": ("42883", "SELECT (%s || '()')::regprocedure"),
}  # fmt: skip


PROJECT = """
from infrastructure.bootstrap import open_store
with open_store() as store:
    store.catch_up()
"""


def refuse(url: str, table: str, code: str) -> None:
    """Have every insert into a table refused with a text that holds what must not be told."""
    with psycopg.connect(url, autocommit=True) as connection:
        literals = {"code": sql.Literal(code), "text": sql.Literal(CANARY)}
        connection.execute(sql.SQL(REFUSE).format(**literals))
        connection.execute(
            sql.SQL(
                "CREATE OR REPLACE TRIGGER refuse BEFORE INSERT ON {} FOR EACH ROW EXECUTE FUNCTION public.refuse()"
            ).format(sql.Identifier(*table.split(".")))
        )


def error_of(attempt: Callable[[], object]) -> LifeledgerError:
    """Return the error of our own that an attempt ends with, having seen that it tells nothing."""
    with pytest.raises(LifeledgerError) as caught:
        attempt()
    assert CANARY not in told(caught.value)
    return caught.value


def test_there_is_a_code_of_every_class() -> None:
    assert {
        "08",
        "22",
        "23",
        "25",
        "28",
        "40",
        "42",
        "53",
        "54",
        "55",
        "57",
        "58",
        "P0",
        "XX",
    } <= CODES.keys()
    assert len(CODES) > 35


@pytest.mark.slow
@pytest.mark.usefixtures("silence")
def test_commands_that_postgresql_refuses_for_any_reason_repeat_nothing(
    store: Store, me: Session, databases: Databases
) -> None:
    me.do(Task.create, title="makes the key")
    for code in CODES.values():
        refuse(databases.ledger, "ledger.events", code)
        error = error_of(lambda: me.do(Task.create, title=CANARY))
        assert isinstance(error, Unavailable | VersionConflict), code
        refuse(databases.keys, "keys.period_keys", code)
        assert isinstance(error_of(lambda: store.register("eve", f"{CANARY}@example.org")), KeyUnavailable)
    with psycopg.connect(databases.ledger) as connection:
        assert connection.execute("SELECT max(position) FROM ledger.events").fetchone() == (2,)


@pytest.mark.parametrize("code", ["22001", "23505", "42501", "XX000"])
def test_a_row_that_a_read_table_refuses_repeats_nothing_in_the_log(
    store: Store, me: Session, databases: Databases, environment: dict[str, str], code: str
) -> None:
    store.catch_up()
    refuse(databases.ledger, "read.tasks", code)
    record = me.do(Task.create, title=CANARY).id
    command = [sys.executable, "-c", PROJECT]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    assert str(record) in done.stderr
    assert CANARY not in done.stderr + repr(store.engine.projector.parked())


@pytest.mark.usefixtures("silence")
@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_statement_with_an_offending_value_repeats_nothing(databases: Databases, statement: str) -> None:
    code, text = STATEMENTS[statement]
    with psycopg.connect(databases.ledger, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE noted (short text CHECK (length(short) < 5), needed int NOT NULL DEFAULT 1,"
            " narrow varchar(3), long text UNIQUE)"
        )
        with pytest.raises(psycopg.Error) as plain:
            connection.execute(text.encode(), (CANARY,))
        assert plain.value.sqlstate == code
    with (
        connections_to(databases.ledger, 1000) as pool,
        pytest.raises((StatementRefused, Unavailable)) as caught,
        lent(pool) as connection,
    ):
        connection.execute(text.encode(), (CANARY,))
    assert CANARY not in told(caught.value)


def test_postgresql_by_itself_repeats_what_was_put_in(databases: Databases) -> None:
    with psycopg.connect(databases.ledger) as connection, pytest.raises(psycopg.Error) as caught:
        connection.execute(STATEMENTS["a cast"][1].encode(), (CANARY,))
    assert CANARY in told(caught.value)


def test_a_role_or_database_of_that_name_is_not_repeated_where_none_can_be_reached(
    databases: Databases,
) -> None:
    for missing in ({"user": CANARY}, {"dbname": CANARY}):
        url = make_conninfo(databases.ledger, **missing)
        with connections_to(url, 1000, warm=False) as pool:
            pool.timeout = 0.3
            with pytest.raises(Unavailable) as caught, lent(pool):
                raise AssertionError
        assert CANARY not in told(caught.value)


@pytest.mark.parametrize("code", ["23514", "22P02", "P0001", "57014", "08006"])
def test_the_command_line_says_one_line_without_it(ada: Run, databases: Databases, code: str) -> None:
    refuse(databases.ledger, "ledger.events", code)
    finished = ada("do", "task.create", f"title={CANARY}")
    assert finished.returncode == 4
    assert len(finished.stderr.splitlines()) == 1
    assert CANARY not in finished.stdout + finished.stderr


def test_a_full_disk_is_told_in_words_of_its_own(ada: Run, store: Store, databases: Databases) -> None:
    me = store.acting_as(store.person("ada"))
    me.do(Task.create, title="makes the key")
    refuse(databases.keys, "keys.period_keys", "53100")
    error = error_of(lambda: store.register("eve", f"{CANARY}@example.org"))
    assert (type(error), str(error)) == (KeyUnavailable, "the keys database has no room on its disk")
    refuse(databases.keys, "keys.period_keys", "53200")  # another lack of the same class
    assert "room" not in str(error_of(lambda: store.register("eve", f"{CANARY}@example.org")))
    refuse(databases.ledger, "ledger.events", "53100")
    assert isinstance(error_of(lambda: me.do(Task.create, title=CANARY)), NoRoom)
    finished = ada("do", "task.create", f"title={CANARY}")
    said = "lifeledger: The database has no room on its disk; make some, and repeat.\n"
    assert (finished.returncode, finished.stdout, finished.stderr) == (4, "", said)
