"""What a person wrote lies in clear in the read tables and nowhere else: not in ledger, keys, WAL, blobs, logs, Redis."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from domain.catalogue import KINDS
from domain.shared.values import StoredContent
from infrastructure.bootstrap import open_store
from infrastructure.embedded.servers import EmbeddedServers, stop
from infrastructure.settings import Settings
from tests.privacy.inhabited import (
    CONTENT_SIZES,
    ask_everything,
    beside,
    content_of,
    files_of_read_tables,
    is_of,
    look_in_redis,
    look_through_sql,
    plant,
    readable_strings,
)
from tests.privacy.places import unpack_logs
from tests.privacy.planting import Planter
from tests.privacy.scan import Needles, files_below

LEAST_PLANTED, LEAST_IN_READ_TABLES = 500, 350


@dataclass
class Findings:
    """Where planted strings were found."""

    planted: dict[str, str]
    kept: set[str]
    kinds: set[str]
    through_the_keys: set[str]
    answers_in_redis: int
    in_redis: set[str]
    through_sql: set[str]
    beside_the_read_tables_while_running: dict[Path, set[str]]
    folders_looked_through: set[str]
    beside_the_read_tables_when_stopped: dict[Path, set[str]]
    in_the_read_tables_when_stopped: set[str]
    contents: list[StoredContent]
    ids_of_content_in_the_read_tables: set[bytes]
    digests_anywhere: set[bytes]
    control: str
    control_in_wal: set[str]
    control_in_heap: set[str]
    control_in_pages_of_log: set[str]

    def places(self, found: dict[Path, set[str]]) -> dict[Path, list[str]]:
        """Return where the strings of each file were planted, for the message of a test that fails."""
        return {path: sorted(self.planted[string] for string in strings) for path, strings in found.items()}


@pytest.fixture(scope="module")
def findings() -> Iterator[Findings]:
    """Plant strings in a store with servers of its own, use it, and look everywhere: running, and stopped."""
    # Not below pytest's own temporary folder, which is closed to the user PostgreSQL runs as under root.
    folder = Path(tempfile.mkdtemp(prefix="lifeledger-planted-"))
    try:
        yield _findings(folder)
    finally:
        stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _findings(folder: Path) -> Findings:
    planter = Planter()
    settings = Settings(data_dir=folder, project_in_process=False)
    with ExitStack() as running:
        servers = running.enter_context(EmbeddedServers(folder))
        with open_store(settings) as store:
            records, purpose = plant(store, planter)
            store.catch_up()
            me = store.acting_as(records[0], purpose=purpose)
            for _ in range(2):  # the second time from the cache
                ask_everything(me)
            hits = getattr(store.engine.answers, "hits", 0)
            assert hits
            needles = Needles(planter.planted)
            through_the_keys = readable_strings(me, records, needles)
            contents = [content for each in records if (content := content_of(me.load(each)))]
            kinds = {me.load(record_id).KIND for record_id in records}
            cluster, read_tables = files_of_read_tables(servers)
            answers, in_redis = look_in_redis(servers, needles)
            through_sql = look_through_sql(servers, needles)
            looked_through = beside(folder, read_tables)
            while_running = needles.in_files(looked_through)
        control, *in_clear = _write_in_clear(servers, cluster)
    assert stop(folder)
    own_files = [path for path in files_below(folder) if is_of(path, read_tables)]
    return Findings(
        planter.planted,
        planter.kept,
        kinds,
        through_the_keys,
        answers,
        in_redis,
        through_sql,
        while_running,
        {str(path.relative_to(folder)) for path in looked_through},
        needles.in_files(beside(folder, read_tables)),
        set().union(*needles.in_files(own_files).values()),
        contents,
        _found(own_files, {str(each.blob_id).encode() for each in contents}),
        _found(files_below(folder), {form for each in contents for form in _written(each.digest or "")}),
        control,
        *in_clear,
    )


def _written(digest: str) -> tuple[bytes, bytes]:
    return digest.encode(), bytes.fromhex(digest)


def _found(paths: Iterable[Path], strings: set[bytes]) -> set[bytes]:
    """Return which of some strings stand in files as they are: a look for digests in every encoding takes a minute."""
    return {each for path in paths for data in [path.read_bytes()] for each in strings if each in data}


def _write_in_clear(servers: EmbeddedServers, cluster: Path) -> tuple[str, set[str], set[str], set[str]]:
    """Write a string to an ordinary table of another database; return it, and what is found of it in log, heap, pages."""
    control = "canary" + secrets.token_hex(9)
    with psycopg.connect(servers.postgres_url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE scratch")
    with psycopg.connect(servers.postgres_url("scratch"), autocommit=True) as connection:
        connection.execute("CREATE TABLE noted (text text)")
        connection.execute("INSERT INTO noted VALUES (%s)", (control,))
        connection.execute("CHECKPOINT")
        connection.execute("UPDATE noted SET text = text")
        row = connection.execute("SELECT pg_relation_filepath('noted')").fetchone()
        assert row is not None
    needles = Needles([control])
    pages = cluster.parent / "pages"
    unpack_logs(cluster, pages)
    places = ([*files_below(cluster / "pg_wal")], [cluster / row[0]], [*files_below(pages)])
    in_log, in_heap, in_pages = (set().union(*needles.in_files(place).values()) for place in places)
    return control, in_log, in_heap, in_pages


def test_enough_was_planted_in_every_kind_and_all_of_it_is_kept(findings: Findings) -> None:
    assert len(findings.planted) >= LEAST_PLANTED
    assert findings.kinds == set(KINDS)
    missing = findings.kept - findings.through_the_keys
    assert {findings.planted[each] for each in missing} == set()


def test_no_file_beside_the_read_tables_holds_any_of_it_while_the_servers_run(findings: Findings) -> None:
    assert findings.places(findings.beside_the_read_tables_while_running) == {}


@pytest.mark.parametrize("part", ["pg_wal/", "base/", "global/", "blobs/", "log/", "keys/"])
def test_every_part_of_the_data_directory_was_looked_through(findings: Findings, part: str) -> None:
    assert any(part in path for path in findings.folders_looked_through)


def test_redis_holds_answers_and_none_of_it(findings: Findings) -> None:
    assert findings.answers_in_redis > 0
    assert findings.in_redis == set()


def test_planner_statistics_hold_none_of_it(findings: Findings) -> None:
    assert {findings.planted[each] for each in findings.through_sql} == set()


def test_stopped_servers_leave_it_in_the_read_tables_only(findings: Findings) -> None:
    """What unlogged tables hold is on disk after a clean stop, by design."""
    assert findings.places(findings.beside_the_read_tables_when_stopped) == {}
    assert len(findings.in_the_read_tables_when_stopped) >= LEAST_IN_READ_TABLES


def test_the_digest_of_content_lies_nowhere_in_clear_not_even_in_the_read_tables(findings: Findings) -> None:
    assert {bool(each.digest) for each in findings.contents} == {True}
    assert len(findings.contents) == len(CONTENT_SIZES)
    assert findings.digests_anywhere == set()
    assert findings.ids_of_content_in_the_read_tables == {
        str(each.blob_id).encode() for each in findings.contents
    }


def test_a_string_in_an_ordinary_table_is_found_in_wal_and_heap(findings: Findings) -> None:
    assert findings.control_in_wal == {findings.control}
    assert findings.control_in_heap == {findings.control}
    assert findings.control_in_pages_of_log == {findings.control}
