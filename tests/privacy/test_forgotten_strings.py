"""After an erasure, nothing a person wrote is left in any file: not in the read tables, and not in a backup made before."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from domain.shared.record import Record
from infrastructure.bootstrap import open_store
from infrastructure.embedded.servers import EmbeddedServers, stop
from infrastructure.settings import Settings
from tests.backup.recovery import base_backup
from tests.privacy.inhabited import look_in_redis, look_through_sql, plant, warm
from tests.privacy.planting import Planter
from tests.privacy.scan import Needles, files_below

pytestmark = pytest.mark.slow

LEAST_PLANTED = 350


@dataclass
class Findings:
    """Which planted strings were found where: of whom was erased, and of who stays."""

    before: set[str]
    stays_before: set[str]
    in_base_backup: dict[Path, set[str]]
    files_in_base_backup: int
    after: dict[Path, set[str]]
    stays_after: set[str]
    in_redis: set[str]
    through_sql: set[str]
    holds: bool
    readable: int
    planted: dict[str, str]

    def places(self, found: dict[Path, set[str]]) -> dict[str, list[str]]:
        """Return where the strings of each file were planted."""
        return {str(path): sorted(self.planted[each] for each in strings) for path, strings in found.items()}


@pytest.fixture(scope="module")
def findings() -> Iterator[Findings]:
    folder = Path(tempfile.mkdtemp(prefix="lifeledger-forgotten-"))
    base = Path(tempfile.mkdtemp(prefix="lifeledger-base-"))
    try:
        yield _findings(folder, base)
    finally:
        stop(folder)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(base, ignore_errors=True)


def _findings(folder: Path, base: Path) -> Findings:
    goes, stays = Planter(), Planter()
    settings = Settings(data_dir=folder, project_in_process=False)
    with open_store(settings) as store:
        erased, living = plant(store, goes)[0], plant(store, stays)[0]
        warm(store, erased[0], living[0])
    assert stop(folder)  # unlogged tables are written out by a clean stop only
    needles, everybodys = Needles(goes.planted), Needles({**goes.planted, **stays.planted})
    before = _strings(everybodys.in_files(files_below(folder)))
    with EmbeddedServers(folder) as servers, open_store(settings) as store:
        warm(store, erased[0], living[0])
        base_backup(servers, base / "copy", log="stream")
        erasure = store.erase(erased[0], grounds="drill")
        holds = erasure.done and store.erasures.verify(erasure.id).holds
        me = store.acting_as(living[0])
        readable = sum(isinstance(me.load(record_id), Record) for record_id in living)
        _, in_redis = look_in_redis(servers, needles)
        for database in ("ledger", "keys"):
            with psycopg.connect(servers.postgres_url(database), autocommit=True) as connection:
                connection.execute("ANALYZE")
                connection.execute("CHECKPOINT")
        through_sql = look_through_sql(servers, needles)
    assert stop(folder)
    in_base_backup = list(files_below(base))
    after = everybodys.in_files(files_below(folder))
    return Findings(
        before & goes.planted.keys(),
        before & stays.planted.keys(),
        needles.in_files(in_base_backup),
        len(in_base_backup),
        {path: found for path, strings in after.items() if (found := strings & goes.planted.keys())},
        _strings(after) & stays.planted.keys(),
        in_redis,
        through_sql,
        holds,
        readable,
        goes.planted,
    )


def _strings(found: dict[Path, set[str]]) -> set[str]:
    return set().union(*found.values())


def test_the_scan_sees_what_is_to_be_forgotten(findings: Findings) -> None:
    assert len(findings.before) >= LEAST_PLANTED
    assert len(findings.stays_before) >= LEAST_PLANTED


def test_no_file_of_the_data_directory_holds_any_of_it(findings: Findings) -> None:
    assert findings.places(findings.after) == {}


def test_a_base_backup_made_before_holds_none_of_it_in_clear(findings: Findings) -> None:
    assert findings.files_in_base_backup > 500
    assert findings.places(findings.in_base_backup) == {}


def test_redis_and_the_planner_s_statistics_hold_none_of_it(findings: Findings) -> None:
    assert findings.in_redis == set()
    assert {findings.planted[each] for each in findings.through_sql} == set()


def test_the_neighbour_reads_in_full_and_is_still_found(findings: Findings) -> None:
    assert findings.stays_after == findings.stays_before
    assert findings.readable > 20


def test_the_erasure_verifies(findings: Findings) -> None:
    assert findings.holds
