"""What migrate says of the read tables is what it has found."""

from __future__ import annotations

import psycopg
import pytest

from tests.cli.test_cli import Run, ada, lines, made, run
from tests.conftest import Databases

__all__ = ["ada", "run"]


@pytest.mark.parametrize(
    ("change", "standing", "said"),
    [
        (None, "current", "ledger, keys and read tables are up to date"),
        ("COMMENT ON SCHEMA read IS 'of another version'", "fitting", "serve until they are built anew"),
        ("COMMENT ON SCHEMA read IS ''", "unfit", "the next command builds them anew"),
    ],
)
def test_tables_that_are_to_be_built_anew_are_not_said_to_be_up_to_date(
    ada: Run, databases: Databases, change: str | None, standing: str, said: str
) -> None:
    made(ada, "task.create", "title=kept")
    if change is not None:
        with psycopg.connect(databases.ledger) as connection:
            connection.execute(change)
    (told,) = lines(ada("migrate", "--json"))
    assert told["read_tables"] == standing
    finished = ada("migrate")
    assert (finished.returncode, finished.stdout.count("\n")) == (0, 1)
    assert said in finished.stdout
    assert ("read tables are up to date" in finished.stdout) == (standing == "current")
