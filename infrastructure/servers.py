"""Where the servers of a store are: those of its own data directory, or those its settings name."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import Connection
from pydantic import SecretStr

from infrastructure.embedded.servers import EmbeddedServers
from infrastructure.errors import ConfigurationError
from infrastructure.settings import Settings, plain

_CONNECT_PAUSE = 0.1  # seconds between attempts to connect


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the servers of a store are."""

    ledger: str
    keys: str
    read: str
    redis: str | None


def reach_servers(settings: Settings, resources: ExitStack) -> Addresses:
    """Return where the servers are, the embedded ones started; they are released with ``resources``."""
    redis_url = plain(settings.redis_url)
    if redis_url is not None and not redis_url.startswith(("redis://", "rediss://", "unix://")):
        msg = "LIFELEDGER_REDIS_URL must begin with redis://, rediss:// or unix://"
        raise ConfigurationError(msg)
    if settings.ledger_url is None:
        if settings.keys_url or settings.read_url:
            msg = "LIFELEDGER_KEYS_URL and LIFELEDGER_READ_URL need LIFELEDGER_LEDGER_URL"
            raise ConfigurationError(msg)
        servers = EmbeddedServers(settings.data_dir, idle_seconds=settings.idle_minutes * 60)
        resources.enter_context(servers)
        ledger = servers.postgres_url("ledger")
        return Addresses(ledger, servers.postgres_url("keys"), ledger, redis_url or servers.redis_url)
    ledger = _address("LIFELEDGER_LEDGER_URL", settings.ledger_url)
    if settings.keys_url is None:
        msg = "LIFELEDGER_LEDGER_URL needs LIFELEDGER_KEYS_URL beside it: keys lie in a database of their own"
        raise ConfigurationError(msg)
    return Addresses(
        ledger,
        _address("LIFELEDGER_KEYS_URL", settings.keys_url),
        ledger if settings.read_url is None else _address("LIFELEDGER_READ_URL", settings.read_url),
        redis_url,
    )


def _address(name: str, url: SecretStr) -> str:
    """Return an address of PostgreSQL as it was given; raises ConfigurationError where it cannot be one."""
    try:
        known = psycopg.conninfo.conninfo_to_dict(url.get_secret_value())
    except psycopg.ProgrammingError:
        known = {}
    if not known.get("dbname"):
        msg = f"{name} must be an address of PostgreSQL that names a database"
        raise ConfigurationError(msg)
    return url.get_secret_value()


def ensure_database(url: str, *, patience: float = 0.0) -> None:
    """Create the database a URL names where the server has none of that name; raises ConfigurationError.

    Tries for ``patience`` seconds to connect. PostgreSQL takes nobody while it recovers from the death of one of its
    processes; the keeper of embedded servers does not hear of that, because the server itself lives.
    """
    info = psycopg.conninfo.conninfo_to_dict(url)
    name = str(info.pop("dbname"))
    with _connected(info, patience) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
        if known is None:
            try:
                connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
            except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                return  # another process was first
            except psycopg.errors.InsufficientPrivilege:
                msg = "a database is missing, and the role may not create it; see docs/operations.md"
                raise ConfigurationError(msg) from None


def _connected(info: dict[str, Any], patience: float) -> Connection[Any]:
    deadline = time.monotonic() + patience
    while True:
        try:
            return psycopg.connect(**info, dbname="postgres", autocommit=True)
        except psycopg.OperationalError:  # it has no SQLSTATE that would tell what passes from what does not
            if time.monotonic() + _CONNECT_PAUSE > deadline:
                raise
        time.sleep(_CONNECT_PAUSE)
