"""A store in which a string of its own lies in every text of every kind, and the places to look for them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import psycopg
import redis

from domain.catalogue import KINDS, kind_named
from domain.core.user import User
from domain.shared.commands import Command, commands_of
from domain.shared.content import Content as ContentRecord
from domain.shared.errors import LifeledgerError
from domain.shared.record import Record, Source
from domain.shared.values import StoredContent
from infrastructure.embedded.servers import EmbeddedServers
from infrastructure.errors import Erased
from infrastructure.importers.batch import Intake
from infrastructure.importers.draft import Content, Draft, Outcome
from infrastructure.ledger.buckets import bucket_of
from infrastructure.ledger.sealing import OpenedEvent
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.privacy.planting import Planter, creating_commands
from tests.privacy.scan import Needles, files_below

LARGE = 300_000  # bytes: beyond what the ledger keeps inline
NOT_FOR_PLANTING = frozenset({"tag", "untag", "annotate", "trash", "place_hold", "add_version"})
"""Commands given by themselves, one that needs content, and a hold, which would outlive an erasure."""

ENDINGS = frozenset({
    "cancel", "mark_entered_in_error", "reject", "retire", "retract", "reverse", "revoke", "stop_medication", "suspend",
})  # fmt: skip
"""Commands after which a record takes few others: given last."""

CONTENT_SIZES = {"email.receive": LARGE, "document.receive": 2_000, "media.add": LARGE}

VIEWS = (
    "pg_statistic", "pg_statistic_ext_data", "pg_stats", "pg_stats_ext", "pg_stats_ext_exprs", "pg_stat_activity",
)  # fmt: skip
"""What PostgreSQL tells of the values it has seen."""

RELATIONS_OF_THE_READ_TABLES = """
SELECT pg_relation_filepath(c.oid) FROM pg_class c WHERE pg_relation_filepath(c.oid) IS NOT NULL AND c.oid IN (
    SELECT oid FROM pg_class WHERE relnamespace = 'read'::regnamespace
    UNION SELECT reltoastrelid FROM pg_class WHERE relnamespace = 'read'::regnamespace
    UNION SELECT indexrelid FROM pg_index JOIN pg_class t ON t.reltoastrelid = indrelid
        WHERE t.relnamespace = 'read'::regnamespace)
"""


def plant(store: Store, planter: Planter, without: Collection[str] = ()) -> tuple[list[UUID], str]:
    """Register somebody and have them make a record by every way there is; return the records, themselves first."""
    register = commands_of(User)["register"]
    person = store.register(**planter.checked(register))
    purpose = planter.string("purpose")
    me = store.acting_as(person, purpose=purpose)
    change(me, User, person.id, planter)
    return [person.id, *plant_records(me, planter, set(KINDS) - {"user", *without})], purpose


def plant_records(me: Session, planter: Planter, kinds: Collection[str]) -> list[UUID]:
    """Give every creating command of some kinds, and what else takes text; return the records."""
    records = []
    for command in creating_commands():
        kind = command.kind
        if kind.KIND not in kinds:
            continue
        record_id = make(me, command, planter)
        records.append(record_id)
        change(me, kind, record_id, planter)
        if issubclass(kind, ContentRecord):
            me.do(kind.tag, record_id, planter.string(f"{kind.KIND} tag"))
            me.do(kind.annotate, record_id, planter.string(f"{kind.KIND} annotation"))
            me.do(kind.trash, record_id, planter.string(f"{kind.KIND} trash reason"))
            me.do(kind.restore, record_id)
    return records


def change(me: Session, kind: type[Record], record_id: UUID, planter: Planter) -> None:
    """Give every other command that takes text, as far as the record's state allows it."""
    commands = [command for command in commands_of(kind).values() if not command.creates]
    for command in sorted(commands, key=lambda each: each.verb in ENDINGS):
        if command.verb in kind.RIGHTS | kind.SHARES | NOT_FOR_PLANTING:
            continue
        before = dict(planter.planted)
        try:
            arguments = planter.checked(command)
            if planter.planted.keys() == before.keys():
                continue
            me.do(getattr(kind, command.verb), record_id, **arguments)
        except LifeledgerError:
            planter.planted = before
            continue
        told = repr([vars(each.event) for each in me.history(record_id) if isinstance(each, OpenedEvent)])
        planter.dropped |= {each for each in planter.planted.keys() - before.keys() if each not in told}


def make(me: Session, command: Command, planter: Planter) -> UUID:
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
    return latest_record(me)


def latest_record(me: Session) -> UUID:
    """Return the record of the person's last event."""
    ledger, bucket = me.engine.ledger, bucket_of(me.subject_id)
    (last,) = ledger.tail(bucket, ledger.head(bucket) - 1, 1)
    assert last.subject_id == me.subject_id
    return last.record_id


def ask_everything(me: Session) -> None:
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


def warm(store: Store, *people: UUID) -> None:
    """Fill the read tables, and ask everything twice: the second time from the cache."""
    store.catch_up()
    for person in people:
        for _ in range(2):
            ask_everything(store.acting_as(person))


def readings(me: Session, record_id: UUID) -> Iterator[bytes]:
    """Yield what a record is and was, with purposes and content; raises Erased where any of it cannot be read."""
    record = me.load(record_id)
    yield as_told(record)
    for event in me.history(record_id):
        if not isinstance(event, OpenedEvent):
            raise Erased
        yield repr((sorted(vars(event.event).items()), event.purpose)).encode()
    content = content_of(record)
    if content is not None:
        yield b"".join(me.content(content.blob_id))


def content_of(record: Record) -> StoredContent | None:
    """Return the bytes a record keeps; of a document, those of its newest version."""
    content = getattr(record, "content", None) or getattr(record, "source_content", None)
    if content is None and getattr(record, "versions", None):
        content = cast("Any", record).versions[-1].content
    return cast("StoredContent | None", content)


def as_told(record: Record) -> bytes:
    """Return the state of a record as text, to search in and to compare."""
    state = {name: value for name, value in vars(record).items() if not name.startswith("_")}
    told = repr((record.id, record.version, record.created_on, record.modified_on, sorted(state.items())))
    return told.replace("TzInfo(0)", "datetime.timezone.utc").encode()  # UTC, in an answer from the cache


def readable_strings(me: Session, records: Iterable[UUID], needles: Needles) -> set[str]:
    return {string for each in records for text in readings(me, each) for string in needles.in_bytes(text)}


def files_of_read_tables(servers: EmbeddedServers) -> tuple[Path, list[Path]]:
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


def is_of(path: Path, relations: list[Path]) -> bool:
    """Tell whether a file is one of the relations' own: its main file, a fork or a further segment."""
    name = path.name.partition("_")[0].partition(".")[0]
    return path.parent / name in relations


def beside(folder: Path, read_tables: list[Path]) -> list[Path]:
    return [path for path in files_below(folder) if not is_of(path, read_tables)]


def look_in_redis(servers: EmbeddedServers, needles: Needles) -> tuple[int, set[str]]:
    """Look through every key and value; return how many were answers, and what was found."""
    with redis.Redis.from_url(servers.redis_url) as client:
        keys = cast("list[bytes]", list(client.scan_iter()))
        values = [cast("bytes", client.get(key)) for key in keys]
        rest = repr((client.info("everything"), client.client_list(), client.slowlog_get())).encode()
    found = needles.in_bytes(b"\n".join([*keys, *values, rest]))
    return sum(key.startswith(b"a:") for key in keys), found


def look_through_sql(servers: EmbeddedServers, needles: Needles) -> set[str]:
    found: set[str] = set()
    for database in ("ledger", "keys", "postgres", "template1"):
        with psycopg.connect(servers.postgres_url(database)) as connection:
            for view in VIEWS:
                for (row,) in connection.execute(f"SELECT each::text FROM {view} each"):
                    found |= needles.in_bytes(row.encode())
    return found
