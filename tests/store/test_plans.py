"""Every question finds its rows by an index, and the planner's statistics hold nothing that people wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, LiteralString
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql

from domain.communication.email import Email
from domain.communication.email_terms import Mailbox
from domain.media.album import Album
from domain.media.album_terms import AlbumKind, AlbumRule
from domain.media.media import Media
from domain.media.media_terms import MediaKind
from domain.productivity.calendar_event import CalendarEvent
from domain.productivity.calendar_event_terms import TimeKind
from domain.productivity.note import Note
from domain.productivity.task import Task
from domain.productivity.task_terms import Status
from domain.shared.record import Record
from domain.shared.values import StoredContent
from infrastructure.projector.schema import CHECKPOINTS, PARKED, SCHEMA
from infrastructure.settings import Settings
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from projections.catalogue import all_tables
from projections.threads import thread_of
from tests.conftest import Databases

ROWS = 100_000
OTHERS_ROWS = 20_000
FEW_BUFFERS = 600
"""A page is 50 rows: each costs a heap page, and sorting or joining it a few index pages."""

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

# What differs from row to row; everything else is as in a row that the projector has written.
SPREAD: Mapping[str, Mapping[str, LiteralString]] = {
    "tasks": {
        "id": "gen_random_uuid()",
        "created_at": "timestamptz '2016-01-01Z' + n * interval '53 minutes'",
        "updated_at": "timestamptz '2016-01-01Z' + (n * 7919 % 100000) * interval '53 minutes'",
        "status": "CASE WHEN n % 50 = 0 THEN 'in_progress' WHEN n % 3 = 0 THEN 'done' ELSE 'todo' END",
        "due": "CASE WHEN n % 2 = 0 THEN date '2016-01-01' + n % 4000 END",
        "deleted_at": "CASE WHEN n % 100 = 0 THEN timestamptz '2026-01-01Z' END",
    },
    "emails": {
        "id": "gen_random_uuid()",
        "created_at": "timestamptz '2016-01-01Z' + n * interval '53 minutes'",
        "updated_at": "timestamptz '2016-01-01Z' + (n * 7919 % 100000) * interval '53 minutes'",
        "received_at": "timestamptz '2016-01-01Z' + (n * 7919 % 100000) * interval '53 minutes'",
        "folder": "CASE WHEN n % 5 = 0 THEN 'inbox' ELSE 'archive' END",
        "is_read": "n % 100 <> 0",
    },
    "media": {"id": "md5('medium ' || n)::uuid", "is_favourite": "n % 1000 = 0"},
    "album_contents": {"part": "n", "arrival": "n", "media_id": "md5('medium ' || n)::uuid"},
    "note_links": {
        "record_id": "gen_random_uuid()",
        "part": "n % 2",
        "title_key": "CASE WHEN n % 2000 = 1 THEN t.title_key ELSE md5('title ' || n / 20)::uuid END",
    },
    "timeline": {
        "record_id": "gen_random_uuid()",
        "at": "timestamptz '2016-01-01Z' + (n * 7919 % 100000) * interval '53 minutes'",
        "kind": "CASE WHEN n % 500 = 0 THEN 'note' WHEN n % 3 = 0 THEN 'task' ELSE 'email' END",
    },
    "search": {
        "record_id": "gen_random_uuid()",
        "title": "'meeting ' || n",
        "body": "CASE WHEN n % 5000 = 0 THEN 'a rare finding' ELSE 'common words of number ' || n % 1000 END",
    },
    "thread_messages": {
        "record_id": "gen_random_uuid()",
        "thread": "md5((n / 5)::text)::uuid",
        "at": "timestamptz '2016-01-01Z' + n * interval '53 minutes'",
        "unread": "n % 100 = 0",
    },
    "agenda": {
        "record_id": "gen_random_uuid()",
        "long": "n % 1000 = 0",
        "first_at": "timestamptz '2016-01-01Z' + n * interval '53 minutes'",
        "last_at": "CASE WHEN n % 1000 > 0 THEN timestamptz '2016-01-03Z' + n * interval '53 minutes' END",
    },
    "audit": {
        "position": "1000 + n",
        "record_id": "md5((n / 4)::text)::uuid",
        "occurred_at": "timestamptz '2016-01-01Z' + n * interval '53 minutes'",
        "action_class": "CASE WHEN n % 500 = 0 THEN 'delete' ELSE 'update' END",
        "kind": "CASE WHEN n % 500 = 0 THEN 'note' ELSE 'task' END",
    },
}

OF_OTHERS: Mapping[str, Mapping[str, LiteralString]] = {
    "audit": {"position": "1000000 + n"},
    "media": {"id": "gen_random_uuid()"},
    "album_contents": {"record_id": "gen_random_uuid()"},
}


@dataclass(frozen=True)
class Plan:
    """How PostgreSQL carried out a statement."""

    scanned: frozenset[str]
    """The tables that were read from end to end."""
    buffers: int

    @classmethod
    def of(cls, connection: psycopg.Connection[Any], statement: Any, parameters: Any) -> Plan:
        explain = sql.SQL("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ")
        text = statement.decode() if isinstance(statement, bytes) else statement
        composed = explain + (sql.SQL(text) if isinstance(text, str) else text)
        row = connection.execute(composed, parameters, prepare=False).fetchone()
        assert row is not None
        top = row[0][0]["Plan"]
        ran = (node for node in _nodes(top) if node["Actual Loops"] > 0)
        scanned = {node["Relation Name"] for node in ran if node["Node Type"] == "Seq Scan"}
        return cls(frozenset(scanned), top["Shared Hit Blocks"] + top["Shared Read Blocks"])


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from _nodes(part)


@dataclass(frozen=True)
class Sent:
    """Collects the statements that go to the read tables."""

    statements: list[tuple[Any, Any]]

    def by(self, ask: Callable[[], object]) -> list[tuple[Any, Any]]:
        """Return what one question sends."""
        self.statements.clear()
        ask()
        assert self.statements
        return list(self.statements)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """Listens to every cursor."""
    listened = Sent([])
    execute = psycopg.Cursor.execute

    def listen(cursor: psycopg.Cursor[Any], query: Any, params: Any = None, **options: Any) -> Any:
        text = query.as_string(None) if isinstance(query, sql.Composable) else str(query)
        if f'"{SCHEMA}"' in text and isinstance(params, dict):
            listened.statements.append((query, params))
        return execute(cursor, query, params, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", listen)
    return listened


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Without Redis, so that every question goes to PostgreSQL."""
    return settings.model_copy(update={"redis_url": None})


@pytest.fixture
def planner(databases: Databases) -> Iterator[psycopg.Connection[Any]]:
    """A connection that plans as those of the store do."""
    with psycopg.connect(databases.ledger, autocommit=True) as connection:
        for name, value in (("random_page_cost", "1.1"), ("TimeZone", "UTC"), ("jit", "off")):
            connection.execute("SELECT set_config(%s, %s, false)", (name, value))
        yield connection


@pytest.fixture
def crowded(store: Store, me: Session, planner: psycopg.Connection[Any]) -> Session:
    """The session of a person with 100,000 rows in each table, among other people's."""
    task = me.do(Task.create, title="Template")
    mail = me.do(
        Email.receive,
        received_at=NOON,
        source_content=StoredContent(uuid4(), 10, "message/rfc822"),
        from_=(Mailbox("Bob", "bob@example.org"),),
        subject="Template",
        text_body="words " * 50,
    )
    start = datetime(2026, 1, 1)  # noqa: DTZ001 - on the wall
    event = me.do(CalendarEvent.schedule, "Template", time_kind=TimeKind.UTC, start_local=start)
    picture = StoredContent(uuid4(), 10, "image/jpeg")
    photo = me.do(Media.add, picture, kind=MediaKind.PHOTO)
    album = me.do(Album.create, "Template")
    me.do(Album.add_media, album.id, (photo.id,))
    me.do(Album.create, "Best", kind=AlbumKind.SMART, rule=AlbumRule(is_favourite=True))
    note = me.do(Note.write, title="Template", body="[[Template]]")
    store.catch_up()
    templates = {"emails": mail.id, "thread_messages": mail.id, "agenda": event.id, "media": photo.id}
    templates |= {"album_contents": album.id, "note_links": note.id}
    for table in SPREAD:
        _multiply(planner, table, templates.get(table, task.id))
    planner.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.SQL(", ").join(map(_named, SPREAD))))
    return me


def _named(table: str) -> sql.Identifier:
    return sql.Identifier(SCHEMA, table)


def _multiply(connection: psycopg.Connection[Any], name: str, template: UUID) -> None:
    (table,) = (each for each in all_tables() if each.name == name)
    spread = dict(SPREAD[name])
    own = next(column.name for column in table.columns if column.name in ("id", "record_id"))
    for others in (False, True):
        if others:  # in the same bucket, and in others
            spread["subject_id"] = "md5('person ' || n % 20)::uuid"
            spread["bucket"] = "CASE WHEN n % 2 = 0 THEN t.bucket ELSE (t.bucket + n) % 1024 END"
            spread |= OF_OTHERS.get(name, {})
        values = [
            sql.SQL(spread[column.name]) if column.name in spread else sql.Identifier("t", column.name)
            for column in table.written
        ]
        statement = sql.SQL(
            "INSERT INTO {table} ({columns}) SELECT {values} FROM (SELECT * FROM {table} WHERE {own} = {id} LIMIT 1)"
            " AS t, generate_series(1, {rows}) AS n"
        )
        connection.execute(
            statement.format(
                table=_named(name),
                columns=sql.SQL(", ").join(sql.Identifier(column.name) for column in table.written),
                values=sql.SQL(", ").join(values),
                own=sql.Identifier(own),
                id=sql.Literal(template),
                rows=sql.Literal(OTHERS_ROWS if others else ROWS),
            )
        )


def every_page(me: Session) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield questions that show a page, with what they are called when one fails."""
    todo, started = {"status": Status.TODO}, {"status": Status.IN_PROGRESS}
    listings: tuple[tuple[type[Record], tuple[str, ...], tuple[dict[str, Any], ...]], ...] = (
        (Task, ("created_at", "updated_at"), ({},)),
        (Task, ("due",), ({}, todo, started)),
        (Email, ("created_at", "updated_at"), ({},)),
        (Email, ("received_at",), ({}, {"is_read": False}, {"folder": "inbox"})),
    )
    for kind, orders, filters in listings:
        for order_by in (*orders, *(f"-{order}" for order in orders)):
            for chosen in filters:
                ask = partial(me.find, kind, order_by=order_by, **chosen)
                yield f"find {kind.KIND} by {order_by} {chosen}", ask
                yield f"find {kind.KIND} by {order_by} {chosen}, next", partial(ask, cursor=ask().next)
    window = {"since": MARCH, "until": MARCH + timedelta(days=31)}
    narrowed: tuple[dict[str, Any], ...] = (
        {}, {"kind": "note"}, {"kind": "email"}, window, {"kind": "task", **window},
    )  # fmt: skip
    for chosen in narrowed:
        following = me.timeline(**chosen).next
        yield f"timeline {chosen}", partial(me.timeline, **chosen)
        yield f"timeline {chosen}, next", partial(me.timeline, **chosen, cursor=following)
    yield "search", lambda: me.search("rare finding")
    yield "search of a kind", lambda: me.search("rare", kind="task")
    yield "threads", me.threads
    yield "threads, next", lambda: me.threads(cursor=me.threads().next)
    yield "unread threads", lambda: me.threads(unread=True)
    yield "thread", lambda: me.thread(me.threads()[3].thread)
    yield "no such thread", lambda: me.thread(thread_of("none"))
    yield "agenda", lambda: me.agenda(MARCH, MARCH + timedelta(days=7))
    album = next(one for one in me.find(Album) if not one.rule)
    yield "album", lambda: me.album_contents(album.id)
    yield "album, next", lambda: me.album_contents(album.id, cursor=me.album_contents(album.id).next)
    note = next(iter(me.find(Note)))
    yield "backlinks", lambda: me.backlinks(note.id)
    yield "audit", me.audit
    yield "audit, next", lambda: me.audit(cursor=me.audit().next)
    yield "audit of a record", lambda: me.audit(record_id=me.audit()[9].record_id)
    yield "audit of a kind", lambda: me.audit(kind="note")
    yield "audit of a class", lambda: me.audit(action_class="delete")
    yield "audit of an actor", lambda: me.audit(actor_id=me.subject_id)


@pytest.mark.slow
def test_no_page_of_a_hundred_thousand_rows_reads_more_than_a_few_of_them(
    crowded: Session, planner: psycopg.Connection[Any], sent: Sent
) -> None:
    asked = 0
    too_much: list[tuple[str, Plan]] = []
    for name, ask in every_page(crowded):
        for statement, parameters in sent.by(ask):
            plan = Plan.of(planner, statement, parameters)
            asked += 1
            if plan.scanned & set(SPREAD) or plan.buffers > FEW_BUFFERS:
                too_much.append((name, plan))
    assert too_much == []
    assert asked > 50

    # What has to read all of a person's rows reads them through an index, and nobody else's.
    for ask in (
        lambda: crowded.count(Task),
        lambda: crowded.find(Task, trashed=True),
        lambda: crowded.count(Task, status=Status.TODO),
        lambda: crowded.find(Task, order_by="created_at", status=Status.IN_PROGRESS),
        lambda: crowded.find(Email, order_by="updated_at", folder="inbox"),
        lambda: crowded.search("common"),
        lambda: crowded.album_contents(next(one.id for one in crowded.find(Album) if one.rule)),
        lambda: crowded.album_dates(next(one.id for one in crowded.find(Album) if one.rule)),
        lambda: crowded.album_dates(next(one.id for one in crowded.find(Album) if not one.rule)),
        lambda: crowded.audit(actor_id=uuid4()),
        lambda: crowded.audit(since=MARCH, until=MARCH + timedelta(days=1)),
    ):
        for statement, parameters in sent.by(ask):
            stranger = {**parameters, "subject_id": uuid4()}
            plans = [Plan.of(planner, statement, given) for given in (parameters, stranger)]
            assert not plans[1].scanned & set(SPREAD)
            assert plans[1].buffers <= FEW_BUFFERS

    # Control: what has no index is seen to read everything.
    by_title = "SELECT * FROM read.tasks WHERE title = %(title)s"
    plan = Plan.of(planner, by_title, {"title": "x"})
    assert plan.scanned == {"tasks"}
    assert plan.buffers > FEW_BUFFERS

    # The planner has seen all those rows, and keeps nothing of what is in them.
    sampled = planner.execute(
        "SELECT tablename, attname FROM pg_stats WHERE schemaname = 'read'"
        " AND tablename NOT IN ('checkpoints', 'parked')"  # positions and ids only
    ).fetchall()
    assert set(sampled) <= _open_columns()
    assert ("tasks", "due") in sampled  # control
    assert unguarded(planner, SCHEMA) == []


def _open_columns() -> set[tuple[str, str]]:
    return {(table.name, column.name) for table in all_tables() for column in table.columns if column.open}


def unguarded(connection: psycopg.Connection[Any], schema: str) -> list[str]:
    """Return the tables of a schema that reach the WAL, and the columns of which samples may be kept."""
    allowed = _open_columns()
    found = connection.execute(
        """
        SELECT c.relname, NULL FROM pg_class AS c
        WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind IN ('r', 'p', 'm', 't', 'i', 'S')
            AND c.relpersistence <> 'u'
        UNION ALL
        SELECT c.relname, a.attname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
        WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind IN ('r', 'p', 'm')
            AND c.relname <> ALL(%(plain)s) AND a.attnum > 0 AND NOT a.attisdropped
            AND a.attstattarget IS DISTINCT FROM 0
        UNION ALL
        SELECT c.relname, a.attname FROM pg_class AS c
        JOIN pg_index AS i ON i.indexrelid = c.oid JOIN pg_attribute AS a ON a.attrelid = c.oid
        WHERE c.relnamespace = %(schema)s::regnamespace AND i.indkey[a.attnum - 1] = 0
            AND a.attstattarget IS DISTINCT FROM 0
        UNION ALL
        SELECT stxname, NULL FROM pg_statistic_ext
        WHERE stxnamespace = %(schema)s::regnamespace AND stxstattarget IS DISTINCT FROM 0
        """,
        {"schema": schema, "plain": [CHECKPOINTS, PARKED]},
    ).fetchall()
    return [
        table if column is None else f"{table}.{column}"
        for table, column in found
        if (table, column) not in allowed
    ]


def test_what_people_wrote_reaches_neither_the_log_nor_the_statistics(
    planner: psycopg.Connection[Any],
) -> None:
    assert unguarded(planner, SCHEMA) == []
    described = {(table.name, column.name) for table in all_tables() for column in table.columns}
    assert ("search", "words") in described - _open_columns()
    there = planner.execute(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = %s", (SCHEMA,)
    ).fetchall()
    assert {(table, column) for table, column in there if table not in (CHECKPOINTS, PARKED)} == described


def test_a_table_without_these_guards_is_reported(planner: psycopg.Connection[Any]) -> None:
    planner.execute("CREATE SCHEMA careless")
    planner.execute("CREATE TABLE careless.diary (entry text, mood text)")
    planner.execute("ALTER TABLE careless.diary ALTER COLUMN mood SET STATISTICS 0")
    planner.execute("CREATE INDEX diary_lower_idx ON careless.diary (lower(mood))")
    planner.execute("CREATE STATISTICS careless.diary_both ON entry, mood FROM careless.diary")
    assert sorted(unguarded(planner, "careless")) == [
        "diary", "diary.entry", "diary_both", "diary_lower_idx", "diary_lower_idx.lower",
    ]  # fmt: skip
    planner.execute("DROP STATISTICS careless.diary_both")
    planner.execute("ALTER INDEX careless.diary_lower_idx ALTER COLUMN 1 SET STATISTICS 0")
    planner.execute("ALTER TABLE careless.diary ALTER COLUMN entry SET STATISTICS 0")
    planner.execute("ALTER TABLE careless.diary SET UNLOGGED")
    assert unguarded(planner, "careless") == []
