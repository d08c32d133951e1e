"""Keys: one for each period, wrapped by a root key outside PostgreSQL, gone for good once destroyed."""

from __future__ import annotations

import base64
import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg_pool import ConnectionPool
from pydantic import SecretStr

from domain.productivity.task import Task
from infrastructure.bootstrap import open_store
from infrastructure.crypto import keyring
from infrastructure.crypto.keyring import KeyRing
from infrastructure.crypto.period_key import period_of
from infrastructure.crypto.root_keys.environment import EnvironmentRootKeys
from infrastructure.crypto.root_keys.file import FileRootKeys
from infrastructure.errors import Erased, KeyUnavailable, RootKeyProblem
from infrastructure.settings import Settings
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.conftest import Databases


@pytest.fixture
def pool(databases: Databases) -> Iterator[ConnectionPool]:
    with ConnectionPool(databases.keys, kwargs={"autocommit": True}, min_size=1, max_size=20) as opened:
        yield opened


@pytest.fixture
def roots(tmp_path: Path) -> FileRootKeys:
    return FileRootKeys(tmp_path / "roots")


def destroy(databases: Databases, key_id: object) -> None:
    """Do what an erasure does: take the secret away and count it."""
    with psycopg.connect(databases.keys) as connection:
        connection.execute(
            "UPDATE keys.period_keys SET wrapped = NULL, destroyed_at = now() WHERE key_id = %s", (key_id,)
        )
        connection.execute("UPDATE keys.destructions SET count = count + 1")


def test_a_period_is_a_year_and_for_locations_a_month() -> None:
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    assert (period_of("task", moment), period_of("location", moment)) == ("2026", "2026-03")


def test_the_same_period_has_the_same_key_in_every_process(pool: ConnectionPool, roots: FileRootKeys) -> None:
    subject = uuid4()
    one, other = KeyRing(pool, roots), KeyRing(pool, roots)
    key = one.key_for_new(subject, "task", "2026")
    assert other.key_for_new(subject, "task", "2026") == key
    assert other.key(subject, key.id) == key


def test_kinds_periods_and_people_have_keys_of_their_own(pool: ConnectionPool, roots: FileRootKeys) -> None:
    ring, ada, eve = KeyRing(pool, roots), uuid4(), uuid4()
    coordinates = [(ada, "task", "2026"), (ada, "task", "2027"), (ada, "note", "2026"), (eve, "task", "2026")]
    assert len({ring.key_for_new(*each).secret for each in coordinates}) == 4


def test_first_writers_at_the_same_moment_end_with_one_key(pool: ConnectionPool, roots: FileRootKeys) -> None:
    subject, found, start = uuid4(), [], threading.Barrier(8)
    rings = [KeyRing(pool, roots) for _ in range(8)]

    def write(ring: KeyRing) -> None:
        start.wait()
        found.append(ring.key_for_new(subject, "task", "2026"))

    threads = [threading.Thread(target=write, args=(ring,)) for ring in rings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_destroyed_key_is_noticed_within_a_second_by_a_warm_process(
    pool: ConnectionPool, roots: FileRootKeys, databases: Databases
) -> None:
    subject, ring = uuid4(), KeyRing(pool, roots)
    key = ring.key_for_new(subject, "task", "2026")
    destroy(databases, key.id)
    deadline = time.monotonic() + 1
    while ring.key(subject, key.id).secret is not None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    with pytest.raises(Erased):
        ring.record_cipher(ring.key(subject, key.id), uuid4())


def test_a_destroyed_key_is_never_made_again_under_its_number(
    pool: ConnectionPool, roots: FileRootKeys, databases: Databases
) -> None:
    subject = uuid4()
    first = KeyRing(pool, roots).key_for_new(subject, "task", "2026")
    destroy(databases, first.id)
    second = KeyRing(pool, roots).key_for_new(subject, "task", "2026")
    assert second.id != first.id
    assert second.secret is not None
    with psycopg.connect(databases.keys) as connection:
        numbers = connection.execute(
            "SELECT number, wrapped IS NULL FROM keys.period_keys WHERE subject_id = %s ORDER BY number",
            (subject,),
        ).fetchall()
    assert numbers == [(1, True), (2, False)]


def test_keys_are_not_used_when_the_database_cannot_be_asked(
    databases: Databases, roots: FileRootKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "LEASE", 0.0)
    with ConnectionPool(databases.keys, kwargs={"autocommit": True}, min_size=1, timeout=0.5) as pool:
        subject, ring = uuid4(), KeyRing(pool, roots)
        key = ring.key_for_new(subject, "task", "2026")
    with pytest.raises(KeyUnavailable):
        ring.key(subject, key.id)


def test_another_root_key_is_refused_before_anything_is_read(pool: ConnectionPool) -> None:
    encoded = [base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2)]
    KeyRing(pool, EnvironmentRootKeys(encoded[0]))
    with pytest.raises(RootKeyProblem):
        KeyRing(pool, EnvironmentRootKeys(encoded[1]))


def test_a_lost_root_key_is_not_replaced_by_a_new_one(settings: Settings) -> None:
    with open_store(settings):
        pass
    (settings.data_dir / "keys" / "root-1.key").unlink()
    with pytest.raises(RootKeyProblem):
        open_store(settings)
    assert not (settings.data_dir / "keys" / "root-1.key").exists()


def test_the_root_key_may_come_from_the_environment(settings: Settings) -> None:
    encoded = base64.b64encode(os.urandom(32)).decode()
    given = settings.model_copy(update={"root_key": SecretStr(encoded)})
    with open_store(given) as store:
        person = store.register("env", "env@example.org")
    with open_store(given) as store:
        assert store.acting_as(person).load(person.id).version == 1
    assert not (settings.data_dir / "keys").exists()


def test_a_record_whose_key_is_destroyed_reads_as_erased_and_leaves_the_tables(
    store: Store, me: Session, databases: Databases, reopened: Callable[[], Store]
) -> None:
    gone = me.do(Task.create, title="to be forgotten")
    store.catch_up()
    (event,) = me.history(gone.id)
    destroy(databases, event.row.key_id)
    other = reopened()
    with pytest.raises(Erased):
        other.acting_as(me.subject_id).load(gone.id)
    (remains,) = other.acting_as(me.subject_id).history(gone.id)
    assert not hasattr(remains, "event")
    with psycopg.connect(databases.ledger) as connection:
        connection.execute("UPDATE read.checkpoints SET position = 0")
        connection.execute(
            "TRUNCATE read.tasks, read.timeline, read.search, read.audit, read.statistics, read.users"
        )
        connection.execute("TRUNCATE read.task_tree")
    other.catch_up()
    assert other.engine.projector.parked() == []
    assert list(other.acting_as(me.subject_id).find(Task)) == []
