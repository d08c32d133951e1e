"""No kept answer outlives what it was made from, whoever asks, and whatever happens to Redis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from random import Random
from uuid import UUID, uuid4

import psycopg
import pytest
import redis

from domain.productivity.note import Note
from domain.productivity.task import Task
from infrastructure.bootstrap import open_store
from infrastructure.cache.answers import AnswerCache, NoCache
from infrastructure.settings import Settings
from infrastructure.store import reader
from infrastructure.store.session import Session
from infrastructure.store.store import Person, Store
from tests.cache.mortal_redis import MortalRedis, answers_of, titles

PLANTED = "Quarterly biopsy Wintermute"


@pytest.fixture(params=["redis", "none"])
def any_store(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Store]:
    """A store with each of the ways to keep answers."""
    if request.param == "none":
        settings = settings.model_copy(update={"redis_url": None})
    with open_store(settings) as opened:
        assert isinstance(opened.engine.answers, NoCache if request.param == "none" else AnswerCache)
        yield opened


def test_whatever_keeps_answers_they_are_those_of_the_tables(any_store: Store) -> None:
    me = any_store.acting_as(any_store.register("ada", "ada@example.org"))
    random = Random(5)
    kept: dict[UUID, str] = {}
    for number in range(40):
        if not kept or random.random() < 0.4:
            receipt = me.do(Task.create, title=f"made {number}")
            kept[receipt.id] = f"made {number}"
        elif random.random() < 0.3:
            record_id = random.choice(list(kept))
            del kept[record_id]
            receipt = me.do(Task.trash, record_id)
        else:
            record_id = random.choice(list(kept))
            kept[record_id] = f"changed {number}"
            receipt = me.do(Task.retitle, record_id, f"changed {number}")
        any_store.catch_up()
        for _ in range(2):
            assert titles(me, after=receipt) == sorted(kept.values())
            assert sorted(entry.title for entry in me.timeline(kind="task")) == sorted(kept.values())
            assert me.count(Task) == len(kept)


def test_an_answer_left_by_a_version_with_other_fields_is_asked_for_anew(
    any_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    me = any_store.acting_as(any_store.register("ada", "ada@example.org"))
    me.do(Task.create, title="Renew the passport")
    any_store.catch_up()
    with monkeypatch.context() as earlier:
        earlier.setattr(reader, "encode_records", lambda _kind, _records: b'[["of", "other", "fields"]]')
        titles(me)
    hits = any_store.engine.answers.hits if isinstance(any_store.engine.answers, AnswerCache) else None
    assert titles(me) == ["Renew the passport"]
    if isinstance(any_store.engine.answers, AnswerCache):
        assert any_store.engine.answers.hits == (hits or 0) + 1, "the earlier answer was not met"


def test_whatever_keeps_answers_one_from_before_a_change_is_never_given_after_it(any_store: Store) -> None:
    answers, subject_id = any_store.engine.answers, uuid4()
    _, ticket = answers.find(subject_id, "task", "q")
    with answers.changing([(subject_id, "task")]):
        if ticket is not None:
            answers.keep(ticket, b"old")
        assert answers.find(subject_id, "task", "q") == (None, None)
    assert answers.find(subject_id, "task", "q")[0] is None


def test_whatever_keeps_answers_an_error_inside_a_change_leaves_them_usable(any_store: Store) -> None:
    answers, subject_id = any_store.engine.answers, uuid4()
    with suppress(psycopg.OperationalError), answers.changing([(subject_id, "task")]):
        raise psycopg.OperationalError
    answer, ticket = answers.find(subject_id, "task", "q")
    assert answer is None
    assert (ticket is not None) == isinstance(answers, AnswerCache)


def test_an_answer_is_found_again_also_by_another_store(
    store: Store, me: Session, person: Person, reopened: Callable[[], Store]
) -> None:
    me.do(Task.create, title="Once")
    store.catch_up()
    first = me.find(Task)
    hits, misses = answers_of(store).hits, answers_of(store).misses
    assert titles(me) == [task.title for task in first] == ["Once"]
    assert (answers_of(store).hits, answers_of(store).misses) == (hits + 1, misses)
    other = reopened()
    assert titles(other.acting_as(person)) == ["Once"]
    assert (answers_of(other).hits, answers_of(other).misses) == (1, 0)


def test_an_answer_of_an_earlier_generation_is_a_miss(store: Store, me: Session) -> None:
    made = me.do(Task.create, title="Before")
    store.catch_up()
    assert titles(me) == titles(me) == ["Before"]
    hits = answers_of(store).hits
    assert hits == 1
    me.do(Task.retitle, made.id, "After")
    store.catch_up()
    assert titles(me) == ["After"]
    assert answers_of(store).hits == hits


def test_a_change_of_one_kind_or_person_leaves_the_answers_of_others(store: Store, me: Session) -> None:
    stranger = store.acting_as(store.register("eve", "eve@example.org"))
    me.do(Task.create, title="Mine")
    store.catch_up()
    titles(me)
    me.timeline()
    me.do(Note.write, title="Another kind")
    stranger.do(Task.create, title="Another person")
    store.catch_up()
    hits = answers_of(store).hits
    assert titles(me) == ["Mine"]
    assert answers_of(store).hits == hits + 1
    assert len(me.timeline(kind="note")) == 1  # control: what ranges over all kinds is asked anew
    assert len(me.timeline()) == 3
    assert answers_of(store).hits == hits + 1


def test_two_people_or_two_questions_never_share_an_answer(store: Store, me: Session) -> None:
    stranger = store.acting_as(store.register("eve", "eve@example.org"))
    me.do(Task.create, title="A")
    me.do(Task.create, title="B")
    store.catch_up()
    for _ in range(2):
        assert titles(me) == ["A", "B"]
        assert titles(stranger) == []
        assert [task.title for task in me.find(Task, order_by="created_at", limit=1)] == ["A"]
        assert [task.title for task in me.find(Task, order_by="-created_at", limit=1)] == ["B"]
        assert len(me.find(Task, trashed=True)) == 0
    assert answers_of(store).hits == 5


def test_an_answer_moved_to_another_key_is_not_opened(
    store: Store, me: Session, servers_redis: redis.Redis
) -> None:
    me.do(Task.create, title="A")
    store.catch_up()
    titles(me)
    (key,) = servers_redis.scan_iter(match=f"a:{me.subject_id.hex}:*")
    kept = servers_redis.get(key)
    assert isinstance(kept, bytes)
    servers_redis.set(key, kept[:-1] + bytes([kept[-1] ^ 1]), ex=60)
    hits = answers_of(store).hits
    assert titles(me) == ["A"]
    assert answers_of(store).hits == hits
    assert titles(me) == ["A"]  # control: put right again
    assert answers_of(store).hits == hits + 1


@pytest.fixture
def servers_redis(settings: Settings) -> Iterator[redis.Redis]:
    assert settings.redis_url is not None
    client = redis.Redis.from_url(settings.redis_url.get_secret_value())
    yield client
    client.close()


def test_redis_holds_no_clear_text_and_no_key_for_ever(on_mortal: Settings, mortal: MortalRedis) -> None:
    with open_store(on_mortal) as store, mortal.client() as client:
        me = store.acting_as(store.register("wintermute", "wintermute@example.org"), purpose=PLANTED)
        receipt = me.do(Task.create, title=PLANTED, notes=PLANTED)
        store.catch_up()
        for _ in range(2):
            assert titles(me) == [PLANTED]
            assert [hit.record_id for hit in me.search("wintermute", kind="task")] == [receipt.id]
            assert len(me.timeline()) == 2
            assert me.audit(record_id=receipt.id)[0].purpose == PLANTED
            assert len(me.task_tree()) == 1
        assert answers_of(store).hits == 5
        keys = list(client.scan_iter())
        names = [key.decode() for key in keys]
        content = b"\n".join(key + b" " + (client.get(key) or b"") for key in keys)
        assert sum(name.startswith("a:") for name in names) == 5
        assert all(client.ttl(key) > 0 for key in keys)
        assert {name.split(":")[0] for name in names} == {"a", "g"}
        store_id = store.engine.keys.store_id
        assert {name.split(":")[1] for name in names} == {me.subject_id.hex, store_id.hex}
        for word in (PLANTED, *PLANTED.split(), "wintermute", "example.org"):
            assert word.lower().encode() not in content.lower()
    with psycopg.connect(_ledger_url(on_mortal)) as connection:  # control: there is something to be seen
        assert connection.execute("SELECT title FROM read.tasks").fetchall() == [(PLANTED,)]


def _ledger_url(settings: Settings) -> str:
    assert settings.ledger_url is not None
    return settings.ledger_url.get_secret_value()
