"""Real servers for every test: the embedded ones, or those that LIFELEDGER_TEST_POSTGRES_URL and
LIFELEDGER_TEST_REDIS_URL name. Each test makes and drops databases of its own, copied from a migrated template.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr

from infrastructure import migrate
from infrastructure.bootstrap import open_store
from infrastructure.embedded import locks
from infrastructure.embedded.layout import layout_of
from infrastructure.embedded.servers import EmbeddedServers, stop
from infrastructure.projector import editions
from infrastructure.settings import Settings
from infrastructure.standby.launch import end, start_unless_there
from infrastructure.standby.place import socket_in
from infrastructure.store.session import Session
from infrastructure.store.store import Person, Store

ROOT = Path(__file__).parents[1]
SERVERS_DIR = "LIFELEDGER_TEST_SERVERS_DIR"
POSTGRES_URL = "LIFELEDGER_TEST_POSTGRES_URL"
REDIS_URL = "LIFELEDGER_TEST_REDIS_URL"


def pytest_configure(config: pytest.Config) -> None:
    """Choose the servers once for the run; worker processes inherit the choice."""
    os.environ["LIFELEDGER_STANDBY"] = "0"  # see standby(); others would leave one for each store
    if not hasattr(config, "workerinput") and SERVERS_DIR not in os.environ:
        # Not below pytest's own temporary folder, which is closed to the user PostgreSQL runs as under root.
        os.environ[SERVERS_DIR] = tempfile.mkdtemp(prefix="lifeledger-test-", dir=_memory())
        config.stash[_OWNED] = Path(os.environ[SERVERS_DIR])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers this run has started."""
    folder = config.stash.get(_OWNED, None)
    if folder is not None:
        stop(folder)
        shutil.rmtree(folder, ignore_errors=True)
        del os.environ[SERVERS_DIR]


def _memory() -> Path | None:
    """Return a folder in memory if there is room in one.

    Two databases a test are 1,300 files, and ext4 is slow to make files where many were deleted of late: it passes
    over their inodes one by one. There, a quarter of the suite was spent in that.
    """
    folder = Path("/dev/shm")  # noqa: S108 - nothing is expected there; names are drawn
    roomy = folder.is_dir() and os.access(folder, os.W_OK) and shutil.disk_usage(folder).free >= _ROOM
    return folder if roomy else None


_ROOM = 4 << 30  # bytes; the servers of a whole run take less than one
_OWNED = pytest.StashKey[Path]()


@pytest.fixture(autouse=True)
def signals_heard() -> Iterator[None]:
    """Let what a test starts hear signals, also where the tests run under nohup or in the background of a script."""
    ignored = [each for each in (signal.SIGINT, signal.SIGHUP) if signal.getsignal(each) is signal.SIG_IGN]
    for each in ignored:
        signal.signal(each, signal.SIG_DFL)
    yield
    for each in ignored:
        signal.signal(each, signal.SIG_IGN)


@dataclass(frozen=True)
class Servers:
    """Where the servers are; ``postgres`` is a conninfo without a database of its own."""

    postgres: str
    redis: str

    def database(self, name: str) -> str:
        """Return the conninfo of a database."""
        return make_conninfo(self.postgres, dbname=name)

    def administer(self, statement: sql.Composed) -> None:
        """Run a statement that concerns whole databases."""
        with psycopg.connect(self.postgres, autocommit=True) as connection:
            connection.execute(statement)


@dataclass(frozen=True)
class Databases:
    """The databases of one test."""

    ledger: str
    keys: str


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """PostgreSQL and Redis for all tests."""
    postgres, redis = os.environ.get(POSTGRES_URL), os.environ.get(REDIS_URL)
    if postgres and redis:
        yield Servers(postgres, redis)
        return
    with EmbeddedServers(Path(os.environ[SERVERS_DIR])) as embedded:
        _hurry(embedded.postgres_url("postgres"))
        yield Servers(postgres or embedded.postgres_url("postgres"), redis or embedded.redis_url)


@pytest.fixture(scope="session")
def templates(servers: Servers) -> Iterator[tuple[str, str]]:
    """Names of a migrated ledger with empty read tables and of a migrated keys database."""
    mark = secrets.token_hex(4)
    names = (f"lifeledger_{mark}_ledger", f"lifeledger_{mark}_keys")
    for name in names:
        servers.administer(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    migrate.upgrade(servers.database(names[0]), "ledger")
    editions.ensure(servers.database(names[0]))
    migrate.upgrade(servers.database(names[1]), "keys")
    yield names
    for name in names:
        _drop(servers, name)


@pytest.fixture
def databases(servers: Servers, templates: tuple[str, str]) -> Iterator[Databases]:
    """A fresh ledger and a fresh keys database."""
    with fresh_databases(servers, templates) as made:
        yield made


@contextmanager
def fresh_databases(servers: Servers, templates: tuple[str, str]) -> Iterator[Databases]:
    """Make a ledger and a keys database for the length of the block."""
    mark = secrets.token_hex(4)
    names = (f"lifeledger_{mark}_ledger", f"lifeledger_{mark}_keys")
    for name, template in zip(names, templates, strict=True):
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        servers.administer(statement.format(sql.Identifier(name), sql.Identifier(template)))
    yield Databases(*map(servers.database, names))
    for name in names:
        _drop(servers, name)


@pytest.fixture
def settings(servers: Servers, databases: Databases, tmp_path: Path) -> Settings:
    """Settings of a store on the test's own databases that projects only when asked to."""
    return Settings(
        data_dir=tmp_path / "data",
        ledger_url=SecretStr(databases.ledger),
        keys_url=SecretStr(databases.keys),
        redis_url=SecretStr(servers.redis),
        project_in_process=False,
    )


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    """The settings as the environment of another process."""
    return environment_of(settings)


def environment_of(settings: Settings) -> dict[str, str]:
    """Return settings as the environment of another process."""
    given = {name: getattr(settings, name) for name in settings.model_fields_set}
    return {**os.environ, "PYTHONPATH": str(ROOT)} | {
        f"LIFELEDGER_{name.upper()}": value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in given.items()
        if value is not None
    }


@pytest.fixture(scope="session")
def standby() -> Iterator[Path]:
    """The socket of a process that has the program loaded: commands of tests need not load it each."""
    with tempfile.TemporaryDirectory(prefix="lifeledger-test-") as name:
        data_dir = Path(name).resolve()
        layout = layout_of(data_dir)
        for place in (layout.run, layout.log("standby").parent):
            place.mkdir(parents=True)
        keeper = locks.open_lock(layout.keeper_lock)  # a standby lives as long as the keeper of the servers
        assert locks.try_exclusive(keeper)
        start_unless_there(name, "infrastructure.cli.standby_process")
        path = Path(str(socket_in(str(data_dir))))
        deadline = time.monotonic() + 60
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        yield path
        locks.release(keeper)
        end(data_dir)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """An open store."""
    with open_store(settings) as opened:
        yield opened


@pytest.fixture
def person(store: Store) -> Person:
    """Somebody registered in the store."""
    return store.register("ada", "ada@example.org")


@pytest.fixture
def me(store: Store, person: Person) -> Session:
    """The person's own session."""
    return store.acting_as(person, purpose="testing")


@pytest.fixture
def reopened(settings: Settings) -> Iterator[Callable[[], Store]]:
    """Opens the same store again, as another process would; closes what it opened."""
    opened: list[Store] = []

    def reopen() -> Store:
        opened.append(open_store(settings))
        return opened[-1]

    yield reopen
    for each in opened:
        each.close()


def _hurry(postgres: str) -> None:
    """Let the tests' own PostgreSQL skip fsync: what they prove is that nothing is lost when processes die."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes"):
            connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
        connection.execute("SELECT pg_reload_conf()")


def _drop(servers: Servers, name: str) -> None:
    servers.administer(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
