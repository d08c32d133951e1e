"""Questions, from the cache and from the tables: beside a redis GET of the same bytes, and the bare SQL.

A record by id is not cached: PostgreSQL is faster at that than a cache.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import redis
from psycopg import Connection, sql

from benchmarks import payload
from benchmarks.bench import Bench, Beside, Figure
from domain.productivity.calendar_event import CalendarEvent
from domain.productivity.calendar_event_terms import TimeKind
from domain.productivity.task import Task
from infrastructure.bootstrap import open_store
from infrastructure.ledger.buckets import bucket_of
from infrastructure.projector.schema import SCHEMA
from infrastructure.store.questions import Questions
from infrastructure.store.session import Session, call
from projections.agenda import candidates
from projections.catalogue import view_of
from projections.find import Listing
from projections.question import MAX_LIMIT, Question
from projections.search import ask_search

TASKS = 5000
EVENTS = 400
PAGE = 50
ASKED = 400
CHUNK = 500
SINCE = datetime(2026, 1, 2, tzinfo=UTC)
UNTIL = SINCE + timedelta(days=7)
WORD = "harbour -drawer"


@dataclass(frozen=True)
class Asked:
    """A question through the store, and the bare statement behind it."""

    name: str
    ask: Callable[[Questions], object]
    statement: sql.Composed
    parameters: Mapping[str, Any]
    cached: bool = True


def run(bench: Bench) -> list[Figure]:
    me = bench.person()
    _fill(me, bench)
    with ExitStack() as resources:
        plain = resources.enter_context(open_store(bench.settings, keep_answers=False))
        uncached = Questions(plain.engine, me.subject_id)
        bare = resources.enter_context(bench.connect("ledger"))
        client = resources.enter_context(redis.Redis.from_url(bench.servers.redis_url))
        return [
            figure
            for asked in _questions(me)
            for figure in _figures(bench, asked, me, uncached, bare, client)
        ]


def _fill(me: Session, bench: Bench) -> None:
    tasks = bench.count(TASKS)
    for start in range(0, tasks, CHUNK):
        numbers = range(start, min(start + CHUNK, tasks))
        me.do_all([call(Task.create, **payload.task(number)) for number in numbers])
    days = range(bench.count(EVENTS))
    me.do_all(
        [
            call(
                CalendarEvent.schedule,
                title=f"Meeting {day}",
                time_kind=TimeKind.UTC,
                start_local=datetime(2026, 1, 1, 9) + timedelta(days=day / 4),  # noqa: DTZ001 - on the wall
                end_local=datetime(2026, 1, 1, 10) + timedelta(days=day / 4),  # noqa: DTZ001 - on the wall
            )
            for day in days
        ]
    )
    me.engine.projector.run_until_idle()


def _questions(me: Session) -> list[Asked]:
    record_id = me.find(Task, limit=1)[0].id
    own = {"bucket": bucket_of(me.subject_id), "subject_id": me.subject_id}
    listing = Listing(view_of(Task.KIND).table, {}, "created_at", descending=True)
    columns = sql.SQL(", ").join(sql.Identifier(each.name) for each in listing.view.table.columns)
    by_id = sql.SQL("SELECT {} FROM {} WHERE bucket = %(bucket)s AND id = %(id)s").format(
        columns, sql.Identifier(SCHEMA, listing.view.table.name)
    )
    page = listing.page(SCHEMA, nulls=False, after=False)
    return [
        Asked("get", lambda who: who.get(Task, record_id), by_id, {**own, "id": record_id}, cached=False),
        Asked(
            f"list of {PAGE}", lambda who: who.find(Task, limit=PAGE), page, {**own, "limit": PAGE + 1}
        ),
        _asked("search", lambda who: who.search(WORD, limit=20), ask_search(WORD, kind=None), own, 21),
        _asked(
            "agenda of a week", lambda who: who.agenda(SINCE, UNTIL), candidates(SINCE, UNTIL), own, MAX_LIMIT + 1
        ),
    ]  # fmt: skip


def _asked(
    name: str, ask: Callable[[Questions], object], question: Question[Any], own: dict[str, Any], limit: int
) -> Asked:
    first_page = {f"after_{each}": None for each in question.keyset}
    statement = sql.SQL(question.sql).format(schema=sql.Identifier(SCHEMA))
    return Asked(name, ask, statement, {**own, **question.parameters, **first_page, "limit": limit})


def _figures(
    bench: Bench, asked: Asked, me: Session, uncached: Questions, bare: Connection[Any], client: redis.Redis
) -> list[Figure]:
    times = bench.count(ASKED)

    def repeated(work: Callable[[], object]) -> Callable[[], None]:
        def work_again() -> None:
            for _ in range(times):
                work()

        return work_again

    def statement() -> object:
        return bare.execute(asked.statement, asked.parameters, binary=True).fetchall()

    assert statement(), "a question without an answer would be too easy"
    through, plain = bench.alternating(times, repeated(lambda: asked.ask(uncached)), repeated(statement))
    # A time of at most 1.5 of the bare one is a rate of at least two thirds.
    figures = [
        Figure(
            f"{asked.name}, uncached", through, "answers/s", beside=(Beside("the bare SQL", plain, 1 / 1.5),)
        )
    ]
    if asked.cached:
        key = _key_of_answer(client, lambda: asked.ask(me))
        kept, got = bench.alternating(
            times, repeated(lambda: asked.ask(me)), repeated(lambda: client.get(key))
        )
        page = asked.name.startswith("list")
        beside = (Beside("redis GET of the same bytes", got, 0.85 if page else None),)
        goal = 1000 if page else None  # a page in a millisecond
        figures.append(Figure(f"{asked.name}, cached", kept, "answers/s", goal, beside=beside))
    return figures


def _key_of_answer(client: redis.Redis, ask: Callable[[], object]) -> bytes:
    """Return where the answer to a question is kept, once it is."""
    before = set(client.scan_iter("a:*"))
    ask()
    (key,) = set(client.scan_iter("a:*")) - before
    return bytes(key)
