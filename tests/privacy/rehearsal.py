"""A store with everything planted, backed up in every way, erased in every grain: the ground of the drill."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import psycopg
import pyrage
from pydantic import SecretStr

from domain.shared import clock
from infrastructure import migrate
from infrastructure.backup.wanted import Wanted
from infrastructure.bootstrap import back_up, bring_back, open_keys, open_store, shelf_of
from infrastructure.crypto import key_backup, key_restore
from infrastructure.crypto.age_files import Identities, Recipients
from infrastructure.embedded.servers import EmbeddedServers, stop
from infrastructure.servers import ensure_database
from infrastructure.settings import Settings
from infrastructure.store.store import Store
from tests.backup.recovery import (
    archive_the_rest,
    archive_to,
    base_backup,
    configure,
    now_of,
    recover_to,
    wait_until_writable,
)
from tests.privacy.inhabited import warm
from tests.privacy.lots import Lots, plant_lots
from tests.privacy.places import look_while_it_runs, remember_statements, statements_remembered, unpack_logs
from tests.privacy.scan import Needles, files_below

AT_ONCE = 0.0  # hours between an erasure and the rotation that follows


@dataclass
class Seen:
    """What a store shows of all that was planted."""

    portrait: dict[UUID, list[bytes]]
    erased: set[str]
    """The lots of which nothing can be read."""
    found: dict[str, set[UUID]]
    verified: list[bool]

    @classmethod
    def of(cls, store: Store, lots: Lots) -> Seen:
        """Look at a store, after it has done what is outstanding."""
        store.erasures.resume_all()
        warm(store, *lots.people)
        return cls(
            lots.portrait(store),
            {name for name, lot in lots.all.items() if lot.is_erased(store)},
            lots.found(store),
            [store.erasures.verify(erasure.id).holds for erasure in store.erasures.all()],
        )


def assert_forgotten(lots: Lots, before: Seen, after: Seen) -> None:
    """See that what was to go is erased and not found, and that the rest reads and is found as before."""
    assert after.erased == lots.going.keys()
    assert [each for each, told in before.portrait.items() if after.portrait.get(each) != told] == []
    assert after.found == {name: before.found[name] if name in lots.staying else set() for name in lots.all}
    assert after.verified == [True] * len(lots.going)


@dataclass
class WhileItRuns:
    """What was found in Redis, its dump, statistics, activity and statements."""

    found: set[str]
    statements: int


@dataclass
class Rehearsal:
    """The folders of a drill, and what is done in them."""

    folder: Path
    lots: Lots = field(default_factory=Lots)
    moment: str = ""
    """Before anything was erased."""

    def __post_init__(self) -> None:
        self.store = Settings(
            data_dir=self.folder / "store",
            project_in_process=False,
            backup_url=str(self.folder / "backups"),
            rotate_after_hours=AT_ONCE,
        )
        self.archive, self.base = self.folder / "archive", self.folder / "base"
        self.recovered, self.old_root_keys = self.folder / "recovered", self.folder / "stolen"
        self.key_file, self.identity = self.folder / "keys.age", pyrage.x25519.Identity.generate()

    def in_another_place(self, name: str) -> Rehearsal:
        """Return the same store, whose servers are stopped, in a data directory of its own."""
        other = Rehearsal(self.folder / name, self.lots)
        shutil.copytree(
            self.store.data_dir, other.store.data_dir, ignore=shutil.ignore_patterns("run", "sock")
        )  # pipes and sockets cannot be copied, and are made again
        return other

    def files(self) -> Iterator[Path]:
        """Yield every file there is, and every page of a log of PostgreSQL as a file of its own."""
        unpack_logs(self.folder, self.folder / "pages")
        return files_below(self.folder)

    def inhabit(self) -> None:
        """Begin a store with an archive of its log, plant, ask, rebuild, keep a store of an earlier moment; stop."""
        with EmbeddedServers(self.store.data_dir) as servers:
            archive_to(servers, self.archive)
            remember_statements(servers)
            configure(servers, fsync="off")  # no machine dies in this drill
        stop(self.store.data_dir)
        with open_store(self.store) as store:
            self.lots = plant_lots(store)
            warm(store, *self.lots.people)
            store.engine.care.rebuilder.freeze("earlier", clock.now())
            assert store.engine.care.rebuilder.rebuild().equal
        stop(self.store.data_dir)

    def back_up(self, servers: EmbeddedServers) -> None:
        """Make each kind of backup there is."""
        base_backup(servers, self.base)
        back_up(self.store, shelf_of(self.store))
        with open_keys(self.store) as keys:
            key_backup.back_up(
                keys.pool, keys.roots, self.key_file, Recipients([str(self.identity.to_public())])
            )
        shutil.copytree(self.store.data_dir / "keys", self.old_root_keys / "keys")
        self.moment = now_of(servers)

    def erase(self, store: Store) -> None:
        """Erase every lot that goes, and have the janitor replace the root key."""
        assert all(lot.erase(store).done for lot in self.lots.going.values())
        store.tidy()
        assert all((erasure.receipt or {})["unrecoverable_at"] for erasure in store.erasures.all())

    def look_while_it_runs(self, servers: EmbeddedServers, needles: Needles) -> WhileItRuns:
        """Search what runs, then finish the log."""
        found = look_while_it_runs(servers, needles)
        statements, in_statements = statements_remembered(servers, needles)
        archive_the_rest(servers, self.archive)
        return WhileItRuns(found | in_statements, statements)

    def recover(self) -> None:
        """Put the base backup into a place of its own and let it replay the archive, to before the erasures."""
        self.recovered.mkdir(mode=0o755)
        shutil.move(self.base, self.recovered / "postgres")
        recover_to(self.recovered / "postgres", self.archive, self.moment)
        with EmbeddedServers(self.recovered) as servers:
            wait_until_writable(servers)

    def recovered_again(self, servers: EmbeddedServers) -> str:
        """Return a copy of the recovered ledger, which no store may have open."""
        name = "ledger_again"
        with psycopg.connect(servers.postgres_url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE ledger")
        return servers.postgres_url(name)

    def beside(self, ledger: str, keys: str, *, data_dir: Path | None = None) -> Settings:
        """Return the settings of a ledger and a keys database, with the content of the store."""
        return self.store.model_copy(
            update={
                "data_dir": data_dir or self.store.data_dir,
                "ledger_url": SecretStr(ledger),
                "keys_url": SecretStr(keys),
                "blob_url": f"file://{self.store.data_dir}/blobs",
            }
        )

    def ledger_from_backup(self, servers: EmbeddedServers) -> Settings:
        """Restore the backup of the ledger into a database and a folder for content of its own."""
        ledger, keys = servers.postgres_url("ledger_again"), servers.postgres_url("keys")
        content = self.folder / "content"
        content.mkdir()
        empty = self.beside(ledger, keys).model_copy(update={"blob_url": f"file://{content}"})
        bring_back(empty, shelf_of(empty), Wanted())
        return empty

    def keys_from_backup(
        self, servers: EmbeddedServers, ledger: str, name: str, *, erasures: bool = True
    ) -> Settings:
        """Restore the key backup into an empty database, without a root key, beside the erasure file of today."""
        elsewhere = self.folder / name
        elsewhere.mkdir()
        if erasures:
            shutil.copytree(self.store.data_dir / "erasures", elsewhere / "erasures")
        settings = self.beside(ledger, servers.postgres_url(name), data_dir=elsewhere)
        ensure_database(servers.postgres_url(name))
        migrate.upgrade(servers.postgres_url(name), "keys")
        self.restore_keys(settings)
        return settings

    def restore_keys(self, settings: Settings) -> None:
        """Restore the key backup into the keys database of these settings."""
        with open_keys(settings) as keys:
            reader = Identities(str(self.identity))
            key_restore.restore(keys.pool, keys.roots, self.key_file, reader, keys.erasures)


@contextmanager
def rehearsed() -> Iterator[Rehearsal]:
    """Make a store with everything planted, whose servers are stopped, and take it away afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="lifeledger-drill-"))
    folder.chmod(0o755)  # the account the servers run as has its files below
    made = Rehearsal(folder)
    try:
        made.inhabit()
        yield made
    finally:
        stop(made.store.data_dir)
        shutil.rmtree(folder, ignore_errors=True)
