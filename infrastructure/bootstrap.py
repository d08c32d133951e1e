"""The composition root: reads the settings and puts the parts of a store together."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg import Connection

from domain.shared import clock
from infrastructure import migrate
from infrastructure.backup.session import refuse_unfinished
from infrastructure.blobs.blobs import Blobs
from infrastructure.blobs.objects import Objects, object_store
from infrastructure.cache.answers import AnswerCache, NoCache
from infrastructure.cache.wakeups import LocalBell, RedisBell
from infrastructure.connections import POOL_PATIENCE, Connections, connections_to, lent, reported
from infrastructure.crypto.keyring import EVERYONE, SIGNING, KeyRing
from infrastructure.crypto.root_key import RootKeys
from infrastructure.crypto.root_keys.environment import EnvironmentRootKeys
from infrastructure.crypto.root_keys.file import FileRootKeys
from infrastructure.errors import ConfigurationError
from infrastructure.ledger.fences import Fences
from infrastructure.ledger.frozen import FrozenLedger
from infrastructure.ledger.ledger import Ledger
from infrastructure.ledger.moments import Moments
from infrastructure.ledger.repository import Repository
from infrastructure.ledger.sealing import Sealer
from infrastructure.projector import editions, rows, schema
from infrastructure.projector.editions import Standing
from infrastructure.projector.projector import Projector
from infrastructure.servers import Addresses, ensure_database, reach_servers
from infrastructure.settings import Settings, plain
from infrastructure.store.engine import Bell, Engine
from infrastructure.store.reader import Reader
from infrastructure.store.store import Store

if TYPE_CHECKING:
    import redis
    from obstore.store import ObjectStore

    from infrastructure.backup.manifest import Manifest
    from infrastructure.backup.prune import Pruned
    from infrastructure.backup.restore import Restored
    from infrastructure.backup.shelf import Shelf
    from infrastructure.backup.wanted import Wanted
    from infrastructure.crypto.key_restore import ErasureLedger
    from infrastructure.projector.rebuild.rebuilder import Tell
    from infrastructure.store.care import Care

T = TypeVar("T")

APP_ROLE, ERASER_ROLE = "lifeledger_app", "lifeledger_eraser"
REDIS_TIMEOUT = 0.5  # seconds: a cache that takes longer is slower than none


@dataclass(frozen=True, slots=True)
class KeysDatabase:
    """The keys database and its root keys, for those who look after the keys themselves."""

    pool: Connections
    roots: RootKeys
    erasures: ErasureLedger
    ledger_is_empty: Callable[[], bool]


def open_store(
    settings: Settings | None = None,
    *,
    as_of_name: str | None = None,
    keep_answers: bool = True,
    tell: Tell = lambda _stage: None,
) -> Store:
    """Open the store the settings name: with embedded servers in the data directory unless they say otherwise.

    ``as_of_name`` opens a store of an earlier moment, made by ``lifeledger rebuild --as-of … --into NAME``;
    commands on it raise ReadOnlyStore. Without ``keep_answers`` questions go past the cache: for programs
    that ask once and leave. Read tables of another edition that cannot serve are rebuilt first, which
    ``tell`` hears of.
    Erasures that a restored database does not know are carried out again first.
    Raises ConfigurationError, RootKeyProblem, Unavailable, ErasureFileProblem, EmbeddedServerError; ErasureUnfinished
    where that takes long: the next attempt goes on with it; UnknownReadModel and RebuildRefused for a store of an
    earlier moment that is not there or cannot be asked any more.
    """
    settings = settings or Settings()
    if as_of_name is not None:
        settings = settings.model_copy(update={"read_schema": as_of_name})
    with reported(), ExitStack() as resources:
        addresses = reach_servers(settings, resources)
        if settings.embedded:
            standing = prepare(addresses, settings)
        else:
            migrate.require(addresses.ledger, "ledger")
            migrate.require(addresses.keys, "keys")
            standing = _ensure_read_tables(addresses, settings)
        refuse_unfinished(addresses.ledger)
        engine = assemble(settings, addresses, resources, keep_answers=keep_answers)
        if settings.read_schema is not None:
            return Store(engine, resources.pop_all(), project=False)
        _clear_up(addresses.read, engine)
        if standing is Standing.UNFIT:
            engine.care.rebuilder.renew(wait=True, tell=tell)
        project = settings.embedded if settings.project_in_process is None else settings.project_in_process
        _forget_again(settings, engine)
        return Store(engine, resources.pop_all(), project=project, outdated=standing is Standing.FITTING)


def _clear_up(read_url: str, engine: Engine) -> None:
    """Drop what a rebuild that died has left."""
    with psycopg.connect(read_url) as connection:
        left = schema.exists(connection, schema.SHADOW, schema.OLD)
    if left:
        engine.care.rebuilder.tidy()


def _forget_again(settings: Settings, engine: Engine) -> None:
    """Carry out the erasures that one of file, ledger and keys knows and another does not, or that are not done."""
    engine.keys.subject_secret(EVERYONE, SIGNING)  # made now, so that every backup of the keys has it
    files = (_erasure_file(settings), settings.erasure_copy)
    if not (
        any(file is not None and file.exists() for file in files)
        or engine.ledger.has_erasures()
        or engine.keys.has_erasures()
    ):
        return
    if engine.care.erasures.apply_missing() and settings.embedded:
        engine.care.erasures.resume_all()


@contextmanager
def reach_engine(settings: Settings) -> Iterator[Engine]:
    """Connect to a store that another process has opened, and look after nothing in it."""
    with ExitStack() as resources:
        yield assemble(settings, reach_servers(settings, resources), resources)


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
    from infrastructure.erasure.erasure_file import count_of  # noqa: PLC0415 - see shelf_of

    with ExitStack() as resources:
        addresses = reach_servers(settings, resources)
        migrate.require(addresses.ledger, "ledger")
        migrate.require(addresses.keys, "keys")
        refuse_unfinished(addresses.ledger)
        ledger = take.LedgerToKeep(
            addresses.ledger,
            finishing.known_store(addresses.keys),
            migrate.head("ledger"),
            count_of(_erasure_file(settings)),
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
        last_steps = finishing.Finishing(engine, addresses.read, logged=logged)
        destination = restore.Destination(
            addresses.ledger,
            finishing.known_store(addresses.keys),
            migrate.head("ledger"),
            _objects(settings),
        )
        return restore.restore(shelf, destination, last_steps, wanted, run)


@reported()
def prepare(addresses: Addresses, settings: Settings) -> Standing:
    """Bring the databases to what this code needs, make read tables where there is nothing to fill them with.

    Does nothing where they are; returns how the read tables stand. Embedded servers that cannot be reached are waited
    for as a caller of a pool would. Raises Unavailable, its NoRoom.
    """
    patience = POOL_PATIENCE if settings.embedded else 0.0
    for url, name in ((addresses.ledger, "ledger"), (addresses.keys, "keys")):
        ensure_database(url, patience=patience)
        if migrate.revision(url, name) != migrate.head(name):  # type: ignore[arg-type]  # both names are schemas
            migrate.upgrade(url, name)  # type: ignore[arg-type]  # both names are schemas
    return _ensure_read_tables(addresses, settings)


def _ensure_read_tables(addresses: Addresses, settings: Settings) -> Standing:
    logged = settings.read_tables == "logged"
    return editions.ensure(
        addresses.read, logged=logged, ledger_is_empty=partial(_is_empty, addresses.ledger)
    )


def _is_empty(ledger_url: str) -> bool:
    with psycopg.connect(ledger_url) as connection:
        begun = "SELECT 1 FROM ledger.bucket_heads WHERE position > 0 LIMIT 1"
        return connection.execute(begun).fetchone() is None


def assemble(
    settings: Settings, addresses: Addresses, resources: ExitStack, *, keep_answers: bool = True
) -> Engine:
    """Connect the parts; everything that has to be closed is closed with ``resources``."""
    timeout = int(settings.statement_timeout_seconds * 1000)
    ledger_pool = _pool(resources, addresses.ledger, timeout, role=APP_ROLE)
    keys_pool = _pool(resources, addresses.keys, timeout)
    read_pool = _pool(resources, addresses.read, timeout, autocommit=False, prepare=rows.prepare)
    questions_pool = _pool(resources, addresses.read, timeout, prepare=rows.prepare, warm=False)
    roots = root_keys(settings)
    keys = KeyRing(keys_pool, roots)
    sealer, fences = Sealer(keys), Fences(ledger_pool, keys.forget)
    answers, bell = _cache(settings, addresses, keys, resources)
    ledger, tables = Ledger(ledger_pool, fences), schema.SCHEMA
    logged = settings.read_tables == "logged"
    if settings.read_schema is not None:
        from infrastructure.projector.rebuild import frozen  # noqa: PLC0415 - few look at an earlier moment

        with lent(read_pool) as connection:
            earlier = frozen.usable(connection, settings.read_schema, logged=logged)
        ledger, tables = FrozenLedger(ledger_pool, fences, earlier.as_of), frozen.schema_of(earlier.name)
        keep_answers = False  # those kept are of the present

    def take_care() -> Care:
        from infrastructure.caretaking import Premises, care_of  # noqa: PLC0415 - most commands need none of it

        at = Premises(
            ledger_pool,
            keys_pool,
            read_pool,
            partial(_pool, resources, addresses.ledger, timeout, role=ERASER_ROLE, warm=False),
            roots,
            timedelta(hours=settings.rotate_after_hours),
            _erasure_file(settings),
            settings.erasure_copy,
            logged,
        )
        return care_of(engine, at)

    engine = Engine(
        keys=keys,
        ledger=ledger,
        moments=Moments(ledger_pool),
        sealer=sealer,
        repository=Repository(ledger, sealer, keys),
        reader=Reader(questions_pool, answers if keep_answers else NoCache(), keys, tables),
        projector=Projector(ledger, sealer, read_pool, answers, schema=tables),
        blobs=Blobs(ledger_pool, keys, Objects(settings.blob_url, settings.data_dir / "blobs")),
        answers=answers,
        bell=bell,
        connect_apart=lambda: connections_to(
            addresses.read, timeout, size=1, lifetime=math.inf, autocommit=False, prepare=rows.prepare
        ),
        take_care=_once(take_care),
    )
    return engine


def _once(make: Callable[[], T]) -> Callable[[], T]:
    """Return a function that makes something at its first call and returns the same ever after, to any thread."""
    made, lock = cache(make), threading.Lock()

    def get() -> T:
        with lock:
            return made()

    return get


def _objects(settings: Settings) -> ObjectStore:
    return object_store(settings.blob_url, settings.data_dir / "blobs")


def _erasure_file(settings: Settings) -> Path:
    return settings.erasure_file or settings.data_dir / "erasures" / "erasures.jsonl"


@contextmanager
def open_keys(settings: Settings) -> Iterator[KeysDatabase]:
    """Open the keys database alone, which may be empty; raises ConfigurationError, Unavailable, RootKeyProblem."""
    with ExitStack() as resources:
        addresses = reach_servers(settings, resources)
        if settings.embedded:
            prepare(addresses, settings)
        else:
            migrate.require(addresses.keys, "keys")
        timeout = int(settings.statement_timeout_seconds * 1000)
        from infrastructure.erasure.on_hand import ErasuresOnHand  # noqa: PLC0415 - see shelf_of

        erasures = ErasuresOnHand(_erasure_file(settings), settings.erasure_copy, addresses.ledger)
        yield KeysDatabase(
            _pool(resources, addresses.keys, timeout),
            root_keys(settings),
            erasures,
            partial(_is_empty, addresses.ledger),
        )


def root_keys(settings: Settings) -> RootKeys:
    """Return where the root keys come from: which setting is there decides. Raises ConfigurationError."""
    given = (settings.root_key, settings.root_key_kms, settings.root_passphrase)
    if sum(each is not None for each in given) > 1:
        msg = "only one of LIFELEDGER_ROOT_KEY, LIFELEDGER_ROOT_KEY_KMS and LIFELEDGER_ROOT_PASSPHRASE may be set"
        raise ConfigurationError(msg)
    if settings.root_key_previous is not None and settings.root_key is None:
        msg = "LIFELEDGER_ROOT_KEY_PREVIOUS needs LIFELEDGER_ROOT_KEY beside it"
        raise ConfigurationError(msg)
    folder = settings.data_dir / "keys"
    if settings.root_key is not None:
        return EnvironmentRootKeys(settings.root_key.get_secret_value(), plain(settings.root_key_previous))
    if settings.root_key_kms is not None:
        from infrastructure.crypto.root_keys.aws_kms import KmsRootKeys  # noqa: PLC0415 - few stores use it

        return KmsRootKeys(folder, settings.root_key_kms)
    if settings.root_passphrase is not None:
        from infrastructure.crypto.root_keys.passphrase import PassphraseRootKeys  # noqa: PLC0415 - see above

        return PassphraseRootKeys(folder, settings.root_passphrase.get_secret_value())
    return FileRootKeys(folder)


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

    bell = RedisBell(connect)
    resources.callback(bell.close)
    return AnswerCache(connect, keys, settings.cache_ttl_seconds), bell


def _pool(
    resources: ExitStack,
    url: str,
    timeout_ms: int,
    *,
    role: str | None = None,
    autocommit: bool = True,
    prepare: Callable[[Connection[Any]], None] | None = None,
    warm: bool = True,
) -> Connections:
    pool = connections_to(url, timeout_ms, role=role, autocommit=autocommit, prepare=prepare, warm=warm)
    resources.callback(pool.close)
    pool.open()
    return pool
