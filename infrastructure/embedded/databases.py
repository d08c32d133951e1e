"""The databases in a PostgreSQL server of ours."""

from __future__ import annotations

import psycopg
from psycopg import sql
from psycopg.errors import DuplicateDatabase, UniqueViolation

from infrastructure.embedded.errors import ServerDidNotStart


def ensure_database(maintenance_url: str, name: str) -> None:
    """Make the database unless it is there; other processes may do the same at this moment.

    ServerDidNotStart: PostgreSQL does not answer, or cannot make it.
    """
    try:
        with psycopg.connect(maintenance_url, autocommit=True) as connection:
            found = connection.execute("SELECT FROM pg_database WHERE datname = %s", (name,)).fetchone()
            if found is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    except (DuplicateDatabase, UniqueViolation):
        pass  # another process was faster: either error means that the database is there
    except psycopg.Error as error:
        message = f"cannot make the database '{name}': {type(error).__name__}"
        raise ServerDidNotStart(message) from None
