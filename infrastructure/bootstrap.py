"""The composition root: reads the settings and puts the parts of a store together."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import psycopg
from obstore.store import ObjectStore
from psycopg import Connection
from psycopg_pool import ConnectionPool
from pydantic import SecretStr

from domain.shared import clock
from infrastructure import migrate
from infrastructure.backup.session import refuse_unfinished
from infrastructure.blobs.blobs import Blobs, object_store
from infrastructure.cache.answers import AnswerCache, NoCache
from infrastructure.cache.wakeups import LocalBell, RedisBell
from infrastructure.crypto.keyring import KeyRing
from infrastructure.crypto.root_key import EnvironmentRootKey, FileRootKeys, RootKeys
from infrastructure.embedded.servers import EmbeddedServers
from infrastructure.errors import ConfigurationError
from infrastructure.ledger.ledger import Ledger
from infrastructure.ledger.repository import Repository
from infrastructure.ledger.sealing import Sealer
from infrastructure.projector import rows, schema
from infrastructure.projector.projector import Projector
from infrastructure.settings import Settings
from infrastructure.store.engine import Bell, Engine
from infrastructure.store.reader import Reader
from infrastructure.store.store import Store

if TYPE_CHECKING:
    import redis

    from infrastructure.backup.manifest import Manifest
    from infrastructure.backup.prune import Pruned
    from infrastructure.backup.restore import Restored
    from infrastructure.backup.shelf import Shelf
    from infrastructure.backup.wanted import Wanted

APP_ROLE = "lifeledger_app"
REDIS_TIMEOUT = 0.5  # seconds: a cache that takes longer is slower than none
POOL_SIZE = 10


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the servers of a store are."""

    ledger: str
    keys: str
    read: str
    redis: str | None


def open_store(settings: Settings | None = None, *, keep_answers: bool = True) -> Store:
    """Open the store the settings name: with embedded servers in the data directory unless they say otherwise.

    Without ``keep_answers`` questions go past the cache: for programs that ask once and leave.
    Raises ConfigurationError, RootKeyProblem, Unavailable, EmbeddedServerError.
    """
    settings = settings or Settings()
    with ExitStack() as resources:
        addresses = reach_servers(settings, resources)
        if settings.embedded:
            prepare(addresses, settings)
        else:
            migrate.require(addresses.ledger, "ledger")
            migrate.require(addresses.keys, "keys")
            schema.ensure(addresses.read, logged=settings.read_tables == "logged")
        refuse_unfinished(addresses.ledger)
        engine = assemble(settings, addresses, resources, keep_answers=keep_answers)
        project = settings.embedded if settings.project_in_process is None else settings.project_in_process
        return Store(engine, resources.pop_all(), project=project)


def shelf_of(settings: Settings) -> Shelf:
    """Return where backups go; raises ConfigurationError where no place is set, BackupUnavailable."""
    from infrastructure.backup.shelf import shelf_at  # noqa: PLC0415 - few commands need backups

    if settings.backup_place is None:
        msg = "there is no place for backups: set LIFELEDGER_BACKUP_URL"
        raise ConfigurationError(msg)
    return shelf_at(settings.backup_place)


def back_up(settings: Settings, shelf: Shelf, *, full: bool = False) -> Manifest:
    """Make one run of a backup; raises what ``take`` raises."""
    from infrastructure.backup import finishing, take  # noqa: PLC0415 - see shelf_of

    with ExitStack() as resources:
        addresses = reach_servers(settings, resources)
        migrate.require(addresses.ledger, "ledger")
        migrate.require(addresses.keys, "keys")
        refuse_unfinished(addresses.ledger)
        ledger = take.LedgerToKeep(
            addresses.ledger,
            finishing.known_store(addresses.keys),
            migrate.head("ledger"),
            finishing.NoErasures().known(),
            _objects(settings) if settings.backup_content else None,
        )
        return take.take(ledger, shelf, clock.now(), full=full)


def prune_backups(settings: Settings, shelf: Shelf) -> Pruned:
    """Throw away the backups that are old enough; raises what ``prune`` raises."""
    from infrastructure.backup import prune  # noqa: PLC0415 - see shelf_of

    with ExitStack() as resources:
        addresses = reach_servers(settings, resources)
        return prune.prune(addresses.ledger, shelf, timedelta(days=settings.backup_keep_days), clock.now())


def bring_back(settings: Settings, shelf: Shelf, wanted: Wanted, run: str | None = None) -> Restored:
    """Restore a backup into the empty store the settings name; raises what ``restore`` raises."""
    from infrastructure.backup import finishing, restore  # noqa: PLC0415 - see shelf_of

    with ExitStack() as resources:
        addresses = reach_servers(settings, resources)
        prepare(addresses, settings)
        engine = cache(lambda: assemble(settings, addresses, resources, keep_answers=False))
        logged = settings.read_tables == "logged"
        last_steps = finishing.Finishing(engine, finishing.NoErasures(), addresses.read, logged=logged)
        destination = restore.Destination(
            addresses.ledger,
            finishing.known_store(addresses.keys),
            migrate.head("ledger"),
            _objects(settings),
        )
        return restore.restore(shelf, destination, last_steps, wanted, run)


def reach_servers(settings: Settings, resources: ExitStack) -> Addresses:
    """Return where the servers are, the embedded ones started; they are released with ``resources``."""
    if settings.ledger_url is None:
        if settings.keys_url or settings.read_url:
            msg = "LIFELEDGER_KEYS_URL and LIFELEDGER_READ_URL need LIFELEDGER_LEDGER_URL"
            raise ConfigurationError(msg)
        servers = EmbeddedServers(settings.data_dir, idle_seconds=settings.idle_minutes * 60)
        resources.enter_context(servers)
        redis_url = _plain(settings.redis_url) or servers.redis_url
        ledger = servers.postgres_url("ledger")
        return Addresses(ledger, servers.postgres_url("keys"), ledger, redis_url)
    ledger = settings.ledger_url.get_secret_value()
    if settings.keys_url is None:
        msg = "LIFELEDGER_LEDGER_URL needs LIFELEDGER_KEYS_URL beside it: keys lie in a database of their own"
        raise ConfigurationError(msg)
    return Addresses(
        ledger,
        settings.keys_url.get_secret_value(),
        _plain(settings.read_url) or ledger,
        _plain(settings.redis_url),
    )


def prepare(addresses: Addresses, settings: Settings) -> None:
    """Bring databases and read tables to what this code needs; does nothing where they are."""
    for url, name in ((addresses.ledger, "ledger"), (addresses.keys, "keys")):
        _ensure_database(url)
        if migrate.revision(url, name) != migrate.head(name):  # type: ignore[arg-type]  # both names are schemas
            migrate.upgrade(url, name)  # type: ignore[arg-type]  # both names are schemas
    schema.ensure(addresses.read, logged=settings.read_tables == "logged")


def assemble(
    settings: Settings, addresses: Addresses, resources: ExitStack, *, keep_answers: bool = True
) -> Engine:
    """Connect the parts; everything that has to be closed is closed with ``resources``."""
    timeout = int(settings.statement_timeout_seconds * 1000)
    ledger_pool = _pool(resources, addresses.ledger, timeout, role=APP_ROLE)
    keys_pool = _pool(resources, addresses.keys, timeout)
    read_pool = _pool(resources, addresses.read, timeout, autocommit=False, planner_settings=True)
    keys = KeyRing(keys_pool, _root_keys(settings))
    ledger, sealer = Ledger(ledger_pool), Sealer(keys)
    answers, bell = _cache(settings, addresses, keys, resources)
    return Engine(
        keys=keys,
        ledger=ledger,
        sealer=sealer,
        repository=Repository(ledger, sealer, keys),
        reader=Reader(read_pool, answers if keep_answers else NoCache(), keys),
        projector=Projector(ledger, sealer, read_pool, answers),
        blobs=Blobs(ledger_pool, keys, _objects(settings)),
        answers=answers,
        bell=bell,
    )


def _objects(settings: Settings) -> ObjectStore:
    return object_store(settings.blob_url, settings.data_dir / "blobs")


def _root_keys(settings: Settings) -> RootKeys:
    if settings.root_key is not None:
        return EnvironmentRootKey(settings.root_key.get_secret_value())
    return FileRootKeys(settings.data_dir / "keys")


def _cache(
    settings: Settings, addresses: Addresses, keys: KeyRing, resources: ExitStack
) -> tuple[AnswerCache | NoCache, Bell]:
    if addresses.redis is None:
        return NoCache(), LocalBell()
    url, made = addresses.redis, ExitStack()
    resources.callback(made.close)

    @cache
    def connect() -> redis.Redis:
        from redis import Redis  # noqa: PLC0415 - 0.1 s, and not every command needs it

        client = Redis.from_url(url, socket_timeout=REDIS_TIMEOUT, socket_connect_timeout=REDIS_TIMEOUT)
        made.callback(client.close)
        return client

    return AnswerCache(connect, keys, settings.cache_ttl_seconds), RedisBell(connect)


def _pool(
    resources: ExitStack,
    url: str,
    timeout_ms: int,
    *,
    role: str | None = None,
    autocommit: bool = True,
    planner_settings: bool = False,
) -> ConnectionPool[Connection[Any]]:
    def configure(connection: Connection[Any]) -> None:
        connection.autocommit = True
        settings = {
            "TimeZone": "UTC",
            "statement_timeout": f"{timeout_ms}ms",
            "idle_in_transaction_session_timeout": f"{timeout_ms}ms",
        }
        if planner_settings:
            settings["random_page_cost"] = "1.1"
            rows.adapt(connection)
        for name, value in settings.items():
            connection.execute("SELECT set_config(%s, %s, false)", (name, value))
        if role is not None:
            connection.execute(psycopg.sql.SQL("SET ROLE {}").format(psycopg.sql.Identifier(role)))
        connection.autocommit = autocommit

    pool: ConnectionPool[Connection[Any]] = ConnectionPool(
        url, min_size=1, max_size=POOL_SIZE, timeout=10.0, configure=configure, open=False
    )
    resources.callback(pool.close)
    pool.open()
    return pool


def _ensure_database(url: str) -> None:
    """Create the database a URL names where the server has none of that name."""
    info = psycopg.conninfo.conninfo_to_dict(url)
    name = str(info.pop("dbname"))
    with psycopg.connect(**info, dbname="postgres", autocommit=True) as connection:  # type: ignore[arg-type]  # a conninfo
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
        if known is None:
            try:
                connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
            except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                return  # another process was first


def _plain(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret is not None else None
