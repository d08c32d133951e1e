"""Brings the durable schemas to the revision this code needs, or says that they are not there.

Alembic is imported only where there is something to do: a look at one row decides.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Literal

import psycopg

from infrastructure.connections import unavailable
from infrastructure.errors import ConfigurationError

Schema = Literal["ledger", "keys"]


def revision(url: str, schema: Schema) -> str | None:
    """Return the revision a database is at, None where it has none; raises Unavailable."""
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            known = connection.execute("SELECT to_regclass(%s)", (f"{schema}.schema_version",)).fetchone()
            if known is None or known[0] is None:
                return None
            row = connection.execute(
                psycopg.sql.SQL("SELECT version_num FROM {}.schema_version").format(
                    psycopg.sql.Identifier(schema)
                )
            ).fetchone()
    except psycopg.OperationalError as error:
        raise unavailable(error) from None
    except psycopg.errors.InsufficientPrivilege:
        msg = f"the role may not read the schema {schema}; see docs/operations.md"
        raise ConfigurationError(msg) from None
    return row[0] if row else None


def head(schema: Schema) -> str:
    """Return the revision this code needs."""
    found: str = import_module(f"migrations.{schema}").HEAD
    return found


def upgrade(url: str, schema: Schema, to: str = "head") -> None:
    """Migrate a database up; several processes may try at once, one of them does it."""
    _run(url, schema, "upgrade", to)


def downgrade(url: str, schema: Schema, to: str) -> None:
    """Migrate a database down to a revision, or to ``base``; drops what later revisions made."""
    _run(url, schema, "downgrade", to)


def require(url: str, schema: Schema) -> None:
    """Raise ConfigurationError unless the database is at the revision this code needs."""
    found = revision(url, schema)
    if found != head(schema):
        msg = f"the {schema} database is at revision {found}, this version needs {head(schema)}: lifeledger migrate"
        raise ConfigurationError(msg)


def _run(url: str, schema: Schema, direction: Literal["upgrade", "downgrade"], to: str) -> None:
    import sqlalchemy as sa  # noqa: PLC0415 - slow to import and rarely needed
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    engine = sa.create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=sa.NullPool
    )
    config = Config()
    config.set_main_option(
        "script_location", str(Path(str(import_module(f"migrations.{schema}").__file__)).parent)
    )
    try:
        with engine.begin() as connection:
            # Only migrations take this lock, and only to wait for each other.
            connection.execute(
                sa.text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": f"migrate {schema}"}
            )
            if direction == "upgrade":
                connection.execute(sa.text(f"CREATE SCHEMA IF NOT EXISTS {schema}"))
            config.attributes["connection"] = connection
            getattr(command, direction)(config, to)
    except sa.exc.DBAPIError as error:
        raise error.orig or error from None  # PostgreSQL's own, as everywhere else
    finally:
        engine.dispose()
