"""The drill: what was erased is found in no byte and comes back from no backup; what stays reads in full: ``make drill``."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from infrastructure.bootstrap import open_store
from infrastructure.embedded.servers import EmbeddedServers, stop
from infrastructure.errors import KeyBackupRefused, RootKeyProblem, StaleErasureFile
from infrastructure.settings import Settings
from tests.privacy.rehearsal import Rehearsal, Seen, WhileItRuns, assert_forgotten
from tests.privacy.scan import Needles, files_below

pytestmark = pytest.mark.drill

LEAST_IN_TABLES = {"person": 450, "kind": 50, "period": 20, "record": 7}
RESTORED = ("base backup", "ledger backup", "key backup", "base backup and key backup")


@dataclass
class Findings:
    """What the drill has brought to light, before the erasures and after."""

    rehearsal: Rehearsal
    kept_before: set[str]
    in_read_tables_before: set[str]
    stays_in_read_tables: tuple[set[str], set[str]]
    """Before and after."""
    before: Seen
    after: Seen
    while_it_runs: WhileItRuns
    files: set[Path]
    in_files: dict[Path, set[str]]
    opened_with_old_root_keys: set[str]
    restored: dict[str, Seen]
    in_files_after_restoring: dict[Path, set[str]]


@pytest.fixture(scope="module")
def findings() -> Iterator[Findings]:
    folder = Path(tempfile.mkdtemp(prefix="lifeledger-drill-"))
    folder.chmod(0o755)  # the account the servers run as has its files below
    rehearsal = Rehearsal(folder)
    (folder / "temp").mkdir()
    try:
        with pytest.MonkeyPatch.context() as patch:  # temporary files that stay are found with the others
            patch.setattr(tempfile, "tempdir", str(folder / "temp"))
            patch.setenv("TMPDIR", str(folder / "temp"))
            found = _findings(rehearsal)
        yield found
    finally:
        for data_dir in (rehearsal.store.data_dir, rehearsal.recovered):
            stop(data_dir)
        shutil.rmtree(folder, ignore_errors=True)


def _findings(rehearsal: Rehearsal) -> Findings:
    rehearsal.inhabit()
    store_dir, lots = rehearsal.store.data_dir, rehearsal.lots
    going, staying = Needles(lots.going_strings), Needles(lots.staying_strings)
    in_read_tables, stays = _strings_below(store_dir, going), _strings_below(store_dir, staying)
    with EmbeddedServers(store_dir) as servers, open_store(rehearsal.store) as store:
        kept = set().union(*(lot.kept(store) for lot in lots.all.values()))
        before = Seen.of(store, lots)
        rehearsal.back_up(servers)
        rehearsal.erase(store)
        after = Seen.of(store, lots)
        while_it_runs = rehearsal.look_while_it_runs(servers, going)
    stop(store_dir)
    files = set(rehearsal.files())
    in_files, stays_after = going.in_files(files), _strings_below(store_dir, staying)
    rehearsal.recover()
    opened = _opened_with_old_root_keys(rehearsal)
    restored = _restored(rehearsal)
    for data_dir in (store_dir, rehearsal.recovered):
        stop(data_dir)
    return Findings(
        rehearsal, kept, in_read_tables, (stays, stays_after), before, after, while_it_runs,
        {path.relative_to(rehearsal.folder) for path in files}, in_files, opened, restored,
        going.in_files(files_below(rehearsal.folder)),
    )  # fmt: skip


def _strings_below(folder: Path, needles: Needles) -> set[str]:
    return set().union(*needles.in_files(files_below(folder)).values())


def _opened_with_old_root_keys(rehearsal: Rehearsal) -> set[str]:
    """Return what somebody reads who has the old server, and the root key of its time: that it is worth restoring."""
    with EmbeddedServers(rehearsal.recovered) as servers:
        urls = servers.postgres_url("ledger"), servers.postgres_url("keys")
        thief = rehearsal.beside(*urls, data_dir=rehearsal.old_root_keys)
        with open_store(thief) as store:
            return rehearsal.lots.going["record"].kept(store)


def _restored(rehearsal: Rehearsal) -> dict[str, Seen]:
    """Bring each backup back beside the keys, or the erasure file, of today; return what each store shows."""
    with EmbeddedServers(rehearsal.store.data_dir) as today, EmbeddedServers(rehearsal.recovered) as old:
        keys, ledger = today.postgres_url("keys"), today.postgres_url("ledger")
        old_ledger = old.postgres_url("ledger")
        with pytest.raises(RootKeyProblem):
            open_store(rehearsal.beside(old_ledger, old.postgres_url("keys")))
        with pytest.raises(KeyBackupRefused):
            rehearsal.restore_keys(rehearsal.store)
        with pytest.raises(StaleErasureFile):
            rehearsal.keys_from_backup(today, ledger, "without_file", erasures=False)
        both = rehearsal.keys_from_backup(old, rehearsal.recovered_again(old), "keys_of_both")
        return {
            "base backup and key backup": _seen(rehearsal, both),
            "base backup": _seen(rehearsal, rehearsal.beside(old_ledger, keys)),
            "ledger backup": _seen(rehearsal, rehearsal.ledger_from_backup(today)),
            "key backup": _seen(rehearsal, rehearsal.keys_from_backup(today, ledger, "keys_again")),
        }


def _seen(rehearsal: Rehearsal, settings: Settings) -> Seen:
    with open_store(settings) as store:
        return Seen.of(store, rehearsal.lots)


def test_before_everything_is_found_where_plaintext_is_allowed(findings: Findings) -> None:
    lots = findings.rehearsal.lots
    assert all(lot.planter.kept <= findings.kept_before for lot in lots.all.values())
    in_tables = {
        name: lot.planter.planted.keys() & findings.in_read_tables_before for name, lot in lots.going.items()
    }
    assert {
        name: len(strings) > LEAST_IN_TABLES[name] for name, strings in in_tables.items()
    } == dict.fromkeys(lots.going, True)
    assert findings.before.erased == set()
    assert all(findings.before.found.values())


def test_what_was_erased_is_in_no_byte_of_any_file(findings: Findings) -> None:
    assert findings.rehearsal.lots.places(findings.in_files) == {}


@pytest.mark.parametrize(
    "part", ["store/postgres/base", "store/postgres/pg_wal", "store/blobs", "store/log", "store/erasures", "archive", "base", "backups", "pages", "keys.age"]
)  # fmt: skip
def test_every_place_was_looked_through(findings: Findings, part: str) -> None:
    assert sum(path.is_relative_to(part) for path in findings.files) >= {"pages": 1000, "base": 500}.get(
        part, 1
    )


def test_what_runs_tells_nothing_of_it(findings: Findings) -> None:
    """Redis, its dump, planner statistics, activity and all statements that PostgreSQL remembers."""
    planted = findings.rehearsal.lots.going_strings
    assert {planted[each] for each in findings.while_it_runs.found} == set()
    assert findings.while_it_runs.statements > 500


def test_what_was_erased_reads_as_erased_and_the_rest_in_full(findings: Findings) -> None:
    assert_forgotten(findings.rehearsal.lots, findings.before, findings.after)
    assert findings.stays_in_read_tables[0] == findings.stays_in_read_tables[1] != set()


def test_an_old_server_and_the_root_key_of_its_time_would_open_it(findings: Findings) -> None:
    """The control of the restores: there was something in these backups to bring back."""
    assert findings.opened_with_old_root_keys == findings.rehearsal.lots.going["record"].planter.kept


@pytest.mark.parametrize("backup", RESTORED)
def test_no_backup_brings_it_back_and_each_brings_back_the_rest(findings: Findings, backup: str) -> None:
    assert_forgotten(findings.rehearsal.lots, findings.before, findings.restored[backup])


def test_no_restore_leaves_any_of_it_in_a_file(findings: Findings) -> None:
    assert findings.rehearsal.lots.places(findings.in_files_after_restoring) == {}
