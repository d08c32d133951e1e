"""What a person wrote lies in clear in the read tables and nowhere else: not in ledger, keys, WAL, blobs, logs, Redis."""

from __future__ import annotations

import base64
import gzip
import json
import secrets
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote
from uuid import UUID

import psycopg
import pytest
import redis

from domain.catalogue import KINDS, kind_named
from domain.core.user import User
from domain.shared.commands import Command, commands_of
from domain.shared.record import Content as ContentRecord
from domain.shared.record import Source
from infrastructure.bootstrap import open_store
from infrastructure.embedded.servers import EmbeddedServers, stop
from infrastructure.importers.batch import Intake
from infrastructure.importers.draft import Content, Draft, Outcome
from infrastructure.ledger.sealing import OpenedEvent
from infrastructure.settings import Settings
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.privacy.planting import Planter, creating_commands
from tests.privacy.scan import ENCODINGS, Needles, files_below

LEAST_PLANTED = 200
LARGE = 300_000  # bytes: beyond what the ledger keeps inline
CONTENT_SIZES = {"email.receive": LARGE, "document.receive": 2_000, "media.add": LARGE}

RELATIONS_OF_THE_READ_TABLES = """
SELECT pg_relation_filepath(c.oid) FROM pg_class c WHERE pg_relation_filepath(c.oid) IS NOT NULL AND c.oid IN (
    SELECT oid FROM pg_class WHERE relnamespace = 'read'::regnamespace
    UNION SELECT reltoastrelid FROM pg_class WHERE relnamespace = 'read'::regnamespace
    UNION SELECT indexrelid FROM pg_index JOIN pg_class t ON t.reltoastrelid = indrelid
        WHERE t.relnamespace = 'read'::regnamespace)
"""


@dataclass
class Findings:
    """Where planted strings were found."""

    planted: dict[str, str]
    kinds: set[str]
    through_the_keys: set[str]
    answers_in_redis: int
    in_redis: set[str]
    through_sql: set[str]
    beside_the_read_tables_while_running: dict[Path, set[str]]
    folders_looked_through: set[str]
    beside_the_read_tables_when_stopped: dict[Path, set[str]]
    in_the_read_tables_when_stopped: set[str]
    control: str
    control_in_wal: set[str]
    control_in_heap: set[str]

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
            records, purpose = _plant(store, planter)
            store.catch_up()
            me = store.acting_as(records[0], purpose=purpose)
            for _ in range(2):  # the second time from the cache
                _ask(me)
            hits = getattr(store.engine.answers, "hits", 0)
            assert hits
            needles = Needles(planter.planted)
            through_the_keys = _readable(me, records, needles)
            kinds = {me.load(record_id).KIND for record_id in records}
            cluster, read_tables = _prepare_files(servers)
            answers, in_redis = _in_redis(servers, needles)
            through_sql = _through_sql(servers, needles)
            looked_through = _beside(folder, read_tables)
            while_running = needles.in_files(looked_through)
        control, in_wal, in_heap = _write_in_clear(servers, cluster)
    assert stop(folder)
    return Findings(
        planter.planted,
        kinds,
        through_the_keys,
        answers,
        in_redis,
        through_sql,
        while_running,
        {str(path.relative_to(folder)) for path in looked_through},
        needles.in_files(_beside(folder, read_tables)),
        set().union(
            *needles.in_files(path for path in files_below(folder) if _is_of(path, read_tables)).values()
        ),
        control,
        in_wal,
        in_heap,
    )


def _plant(store: Store, planter: Planter) -> tuple[list[UUID], str]:
    """Register somebody and give every creating command, and what else takes text; return the records."""
    register = commands_of(User)["register"]
    person = store.register(**planter.checked(register))
    purpose = planter.string("purpose")
    me = store.acting_as(person, purpose=purpose)
    records = [person.id]
    for command in creating_commands():
        if command.kind is User:
            continue
        record_id = _make(me, command, planter)
        records.append(record_id)
        if issubclass(command.kind, ContentRecord):
            kind = command.kind
            me.do(kind.tag, record_id, planter.string(f"{kind.KIND} tag"))
            me.do(kind.annotate, record_id, planter.string(f"{kind.KIND} annotation"))
            me.do(kind.trash, record_id, planter.string(f"{kind.KIND} trash reason"))
            me.do(kind.restore, record_id)
    return records, purpose


def _make(me: Session, command: Command, planter: Planter) -> UUID:
    arguments = planter.checked(command)
    source_id = planter.string(f"{command.name} source id")
    if command.name not in CONTENT_SIZES:
        source, metadata = (
            Source("file.test", source_id),
            {"label": planter.string(f"{command.name} metadata")},
        )
        given = me.given(source=source, metadata=metadata)
        return given.do(getattr(command.kind, command.verb), **arguments).id
    (parameter,) = {"content", "source_content"} & arguments.keys()
    line = f"Subject: {planter.string(f'{command.name} content')}\n".encode()
    whole = line * (CONTENT_SIZES[command.name] // len(line) + 1)
    draft = Draft(
        command.kind.KIND, command.verb, source_id, arguments, content=Content(parameter, "text/plain", whole)
    )
    (ending,) = Intake(me, "file.test").take([draft])
    assert ending.outcome is Outcome.CREATED
    return _latest(me)


def _latest(me: Session) -> UUID:
    """Return the record of the person's last event."""
    ledger = me.engine.ledger
    (bucket, head), *_ = ((bucket, head) for bucket, head in ledger.heads().items() if head)
    return max(ledger.tail(bucket, head - 1, head), key=lambda row: row.position).record_id


def _ask(me: Session) -> None:
    for name in KINDS:
        me.find(kind_named(name))
        me.search("canary", kind=name)
    since, until = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
    me.timeline()
    me.search("canary or travel")
    me.threads()
    me.agenda(since, until)
    me.audit()
    me.statistics()
    me.task_tree()
    me.spending(date(2026, 1, 1), date(2027, 1, 1))
    me.places()
    me.visits()


def _readable(me: Session, records: list[UUID], needles: Needles) -> set[str]:
    found: set[str] = set()
    for record_id in records:
        record = me.load(record_id)
        for event in me.history(record_id):
            assert isinstance(event, OpenedEvent)
            found |= needles.in_bytes(repr((vars(event.event), event.purpose)).encode())
        content = getattr(record, "content", None) or getattr(record, "source_content", None)
        if content is None and getattr(record, "versions", None):
            content = cast("Any", record).versions[-1].content
        if content is not None:
            found |= needles.in_bytes(b"".join(me.content(content.blob_id)))
    return found


def _prepare_files(servers: EmbeddedServers) -> tuple[Path, list[Path]]:
    """Have everything written out and the statistics made; return the folder of PostgreSQL and the read tables' files."""
    with psycopg.connect(servers.postgres_url("ledger"), autocommit=True) as connection:
        connection.execute("ANALYZE")
        connection.execute("CHECKPOINT")
        row = connection.execute("SHOW data_directory").fetchone()
        assert row is not None
        cluster = Path(row[0])
        names = [name for (name,) in connection.execute(RELATIONS_OF_THE_READ_TABLES)]
    with psycopg.connect(servers.postgres_url("keys"), autocommit=True) as connection:
        connection.execute("ANALYZE")
    assert names
    return cluster, [cluster / name for name in names]


def _is_of(path: Path, relations: list[Path]) -> bool:
    """Tell whether a file is one of the relations' own: its main file, a fork or a further segment."""
    name = path.name.partition("_")[0].partition(".")[0]
    return path.parent / name in relations


def _beside(folder: Path, read_tables: list[Path]) -> list[Path]:
    return [path for path in files_below(folder) if not _is_of(path, read_tables)]


def _in_redis(servers: EmbeddedServers, needles: Needles) -> tuple[int, set[str]]:
    """Look through every key and value; return how many were answers, and what was found."""
    with redis.Redis.from_url(servers.redis_url) as client:
        keys = cast("list[bytes]", list(client.scan_iter()))
        values = [cast("bytes", client.get(key)) for key in keys]
        rest = repr((client.info("everything"), client.client_list(), client.slowlog_get())).encode()
    found = needles.in_bytes(b"\n".join([*keys, *values, rest]))
    return sum(key.startswith(b"a:") for key in keys), found


def _through_sql(servers: EmbeddedServers, needles: Needles) -> set[str]:
    found: set[str] = set()
    for database in ("ledger", "keys", "postgres", "template1"):
        with psycopg.connect(servers.postgres_url(database)) as connection:
            for view in ("pg_statistic", "pg_statistic_ext_data", "pg_stats", "pg_stat_activity"):
                for (row,) in connection.execute(f"SELECT each::text FROM {view} each"):
                    found |= needles.in_bytes(row.encode())
    return found


def _write_in_clear(servers: EmbeddedServers, cluster: Path) -> tuple[str, set[str], set[str]]:
    """Write a string to an ordinary table of another database and look for it in the same way."""
    control = "canary" + secrets.token_hex(9)
    with psycopg.connect(servers.postgres_url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE scratch")
    with psycopg.connect(servers.postgres_url("scratch"), autocommit=True) as connection:
        connection.execute("CREATE TABLE noted (text text)")
        connection.execute("INSERT INTO noted VALUES (%s)", (control,))
        connection.execute("CHECKPOINT")
        row = connection.execute("SELECT pg_relation_filepath('noted')").fetchone()
        assert row is not None
    needles = Needles([control])
    in_wal = needles.in_files(files_below(cluster / "pg_wal"))
    return control, set().union(*in_wal.values()), set().union(*needles.in_files([cluster / row[0]]).values())


def test_enough_was_planted_in_every_kind_and_all_of_it_is_kept(findings: Findings) -> None:
    assert len(findings.planted) >= LEAST_PLANTED
    assert findings.kinds == set(KINDS)
    missing = findings.planted.keys() - findings.through_the_keys
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
    assert len(findings.in_the_read_tables_when_stopped) >= LEAST_PLANTED


def test_a_string_in_an_ordinary_table_is_found_in_wal_and_heap(findings: Findings) -> None:
    assert findings.control_in_wal == {findings.control}
    assert findings.control_in_heap == {findings.control}


NEEDLE = "canary/ü7f3a?x"

WRITTEN: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "gzip of base64": lambda text: gzip.compress(base64.b64encode(text)),
    "json": lambda text: json.dumps({"a": text.decode()}).encode(),
    "url": lambda text: quote(text.decode(), safe="").encode(),
    "base64 in the middle": lambda text: base64.b64encode(b"ab" + text + b"cd"),
    "across pieces": lambda text: b"\0" * ((16 << 20) - 3) + text,
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_scanner_finds_a_string_in_each_encoding(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "file").write_bytes(secrets.token_bytes(999) + ENCODINGS[encoding](NEEDLE) + b"\xff" * 999)
    assert Needles([NEEDLE]).in_files(files_below(tmp_path)) == {tmp_path / "file": {NEEDLE}}


@pytest.mark.parametrize("form", WRITTEN)
def test_the_scanner_finds_what_other_programs_wrote(tmp_path: Path, form: str) -> None:
    (tmp_path / "file").write_bytes(b"before " + WRITTEN[form](NEEDLE.encode()) + b" after")
    assert Needles([NEEDLE]).in_files(files_below(tmp_path)) == {tmp_path / "file": {NEEDLE}}


def test_the_scanner_finds_nothing_where_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(secrets.token_bytes(1 << 20) + b"canary/ but another")
    assert Needles([NEEDLE]).in_files(files_below(tmp_path)) == {}
