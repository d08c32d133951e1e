"""A rotation leaves every living key readable, and nothing that opens an older copy of the keys database."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import Connection
from psycopg_pool import ConnectionPool

from infrastructure.crypto import epochs, rewrapping, rotation
from infrastructure.crypto.keyring import LEASE, KeyRing
from infrastructure.crypto.root_keys.environment import EnvironmentRootKeys
from infrastructure.crypto.root_keys.file import FileRootKeys
from infrastructure.crypto.rotation import caring, rotate, rotate_if_due, rotation_due
from infrastructure.errors import Erased, KeyCareInProgress, RootKeyProblem
from tests.conftest import ROOT, Databases
from tests.crypto.keyrings import Killed, copied, die_at, fill, living_numbers, openable, opened, roots_left

DAY = timedelta(days=1)


@pytest.fixture
def pool(databases: Databases) -> Iterator[ConnectionPool]:
    with opened(databases.keys) as pool:
        yield pool


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "roots"


@pytest.fixture
def ring(pool: ConnectionPool, folder: Path) -> KeyRing:
    return KeyRing(pool, FileRootKeys(folder))


def destroy(url: str, key_id: object) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(
            "UPDATE keys.period_keys SET wrapped = NULL, destroyed_at = now() WHERE key_id = %s", (key_id,)
        )
        connection.execute("UPDATE keys.destructions SET count = count + 1")


def start(url: str, folder: Path, what: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.crypto.keyrings", what, url, str(folder)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_after_a_rotation_no_older_copy_of_the_keys_database_opens(
    databases: Databases, pool: ConnectionPool, ring: KeyRing, folder: Path
) -> None:
    made = fill(ring, 30)
    destroy(databases.keys, made[0][1])
    old = copied(databases.keys)
    assert openable(old, roots_left(databases.keys, folder), ring.store_id) == 29
    assert rotate(pool, FileRootKeys(folder)) == rotation.Rotated(2, 29)
    left = roots_left(databases.keys, folder)
    assert len(left) == 1
    assert openable(old, left, ring.store_id) == 0
    assert openable(copied(databases.keys), left, ring.store_id) == 29
    assert sorted(path.name for path in folder.iterdir()) == ["root-2.key"]
    fresh = KeyRing(pool, FileRootKeys(folder))
    assert [fresh.key(subject, key).secret for subject, key, _ in made[1:]] == [it[2] for it in made[1:]]
    with pytest.raises(Erased):
        fresh.key(made[0][0], made[0][1]).required()


def test_a_warm_process_reads_and_writes_on_and_learns_of_the_new_epoch(
    databases: Databases, pool: ConnectionPool, ring: KeyRing, folder: Path
) -> None:
    made = fill(KeyRing(pool, FileRootKeys(folder)), 3)
    ring.key(made[0][0], made[0][1])
    rotate(pool, FileRootKeys(folder))
    assert ring.key(made[1][0], made[1][1]).secret == made[1][2]
    (written,) = fill(ring, 1)
    assert [row[6] for row in copied(databases.keys) if row[4] == written[1]] == [2]
    time.sleep(LEASE)
    ring.key(made[2][0], made[2][1])
    assert ring.counts()["epoch"] == 2


def test_a_key_wrapped_under_the_old_epoch_is_never_written_once_the_new_one_has_begun(
    databases: Databases, pool: ConnectionPool, ring: KeyRing, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer wraps under epoch 1, falls asleep until the rotation is over, and only then inserts."""
    held, started, over = epochs.living_epoch_held, threading.Event(), threading.Event()

    def late(connection: Connection[Any], epoch: int) -> Any:
        started.set()
        over.wait(20)
        return held(connection, epoch)

    monkeypatch.setattr("infrastructure.crypto.keyring.living_epoch_held", late)
    found: list[tuple[Any, ...]] = []
    writer = threading.Thread(target=lambda: found.extend(fill(ring, 1)))
    writer.start()
    assert started.wait(10)
    rotate(pool, FileRootKeys(folder))
    over.set()
    writer.join()
    monkeypatch.undo()
    ((subject, key_id, secret),) = found
    assert KeyRing(pool, FileRootKeys(folder)).key(subject, key_id).secret == secret
    assert [row[6] for row in copied(databases.keys) if row[4] == key_id] == [2]


def test_a_new_epoch_waits_for_a_writer_of_the_old_one_and_takes_its_key_along(
    databases: Databases, pool: ConnectionPool, ring: KeyRing, folder: Path
) -> None:
    ((subject, key_id, secret),) = fill(ring, 1)
    with psycopg.connect(databases.keys, autocommit=True) as writer:
        with epochs.living_epoch_held(writer, 1) as held:
            assert held
            writer.execute(
                "INSERT INTO keys.period_keys SELECT bucket, %s, kind, period, number, %s, epoch, NULL, fingerprint"
                " FROM keys.period_keys",
                (uuid4(), uuid4()),
            )
            rotating = threading.Thread(target=rotate, args=(pool, FileRootKeys(folder)))
            rotating.start()
            time.sleep(0.3)
            assert living_numbers(databases.keys) == [1]
        rotating.join()
    assert living_numbers(databases.keys) == [2]
    assert KeyRing(pool, FileRootKeys(folder)).key(subject, key_id).secret == secret


def test_writers_in_other_processes_lose_no_key_to_rotations(
    databases: Databases, pool: ConnectionPool, ring: KeyRing, folder: Path
) -> None:
    fill(ring, 50)
    writers = [start(databases.keys, folder, "write") for _ in range(2)]
    for _ in range(4):
        time.sleep(0.3)
        rotate(pool, FileRootKeys(folder))
    told = []
    for writer in writers:
        writer.terminate()
        assert writer.stdout is not None
        told += [line.split() for line in writer.stdout.read().splitlines()]
        writer.stdout.close()
        assert writer.wait() == -signal.SIGTERM
    whole = [line for line in told if len(line) == 3 and len(line[2]) == 64]
    assert len(whole) > 20
    rows = copied(databases.keys)
    assert openable(rows, roots_left(databases.keys, folder), ring.store_id) == len(rows) >= len(whole) + 50
    assert {key for _, key, _ in whole} <= {str(row[4]) for row in rows}
    assert {row[6] for row in rows} == {5}


@pytest.mark.parametrize(
    "place",
    [
        "FileRootKeys.create", "rotation.begin_epoch", "rotation.Rewrapping.run", "rewrapping._write",
        "rotation._end", "FileRootKeys.destroy",
    ],
)  # fmt: skip
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_rotation_cut_short_at_any_step_is_finished_by_the_next(
    databases: Databases,
    pool: ConnectionPool,
    ring: KeyRing,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    when: str,
) -> None:
    made, old = fill(ring, 20), copied(databases.keys)
    monkeypatch.setattr(rewrapping, "CHUNK", 6)
    with monkeypatch.context() as faulty:
        die_at(faulty, place, when)
        with pytest.raises(Killed):
            rotate(pool, FileRootKeys(folder))
    warm = KeyRing(pool, FileRootKeys(folder))
    assert [warm.key(subject, key).secret for subject, key, _ in made] == [it[2] for it in made]
    made += fill(warm, 1)
    rotate(pool, FileRootKeys(folder))
    left = roots_left(databases.keys, folder)
    assert len(left) == len(living_numbers(databases.keys)) == 1
    assert openable(old, left, ring.store_id) == 0
    fresh = KeyRing(pool, FileRootKeys(folder))
    assert [fresh.key(subject, key).secret for subject, key, _ in made] == [it[2] for it in made]


def test_a_rotation_killed_among_the_rows_is_finished_by_the_next(
    databases: Databases, pool: ConnectionPool, ring: KeyRing, folder: Path
) -> None:
    made, old = fill(ring, 400), copied(databases.keys)
    for _ in range(50):  # it may be done before the kill
        rotating = start(databases.keys, folder, "rotate")
        while rotating.poll() is None and len(living_numbers(databases.keys)) != 2:
            time.sleep(0.001)
        rotating.kill()
        rotating.wait()
        assert rotating.stdout is not None
        rotating.stdout.close()
        if len(living_numbers(databases.keys)) == 2:
            break
    else:
        pytest.fail("no rotation was killed among the rows")
    deadline = time.monotonic() + 10
    while True:
        try:
            rotate(pool, FileRootKeys(folder))
            break
        except KeyCareInProgress:  # the killed one's connection is still being given up
            assert time.monotonic() < deadline
            time.sleep(0.05)
    left = roots_left(databases.keys, folder)
    assert len(left) == 1
    assert openable(old, left, ring.store_id) == 0
    assert openable(copied(databases.keys), left, ring.store_id) == len(made)


def test_a_rotation_writes_beside_the_old_rows_and_touches_no_index(
    databases: Databases, ring: KeyRing, folder: Path
) -> None:
    fill(ring, 300)
    with opened(databases.keys, size=4) as pool:
        rotate(pool, FileRootKeys(folder))
    # Whoever leaves has its counts written down.
    with psycopg.connect(databases.keys) as connection:
        deadline = time.monotonic() + 10
        changed = in_place = 0
        while changed < 300 and time.monotonic() < deadline:
            changed, in_place = connection.execute(
                "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'period_keys'"
            ).fetchone() or (0, 0)
            connection.rollback()
    assert (changed, in_place) == (300, 300)


def test_of_two_rotations_at_once_one_is_refused(pool: ConnectionPool, ring: KeyRing, folder: Path) -> None:
    fill(ring, 1)
    with caring(pool), pytest.raises(KeyCareInProgress):
        rotate(pool, FileRootKeys(folder))
    assert rotate(pool, FileRootKeys(folder)).epoch == 2


def test_a_key_destroyed_while_it_is_wrapped_anew_stays_destroyed(
    databases: Databases, pool: ConnectionPool, ring: KeyRing, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, write = fill(ring, 10), rewrapping._write

    def erased_first(*arguments: Any) -> tuple[int, int]:
        with psycopg.connect(databases.keys) as connection:
            connection.execute("UPDATE keys.period_keys SET wrapped = NULL WHERE key_id = %s", (made[3][1],))
        return write(*arguments)

    monkeypatch.setattr(rewrapping, "_write", erased_first)
    assert rotate(pool, FileRootKeys(folder)).keys == 9
    assert [row[5] is None for row in copied(databases.keys) if row[4] == made[3][1]] == [True]


def test_an_erasure_in_hand_is_never_the_victim_of_a_deadlock(
    databases: Databases, pool: ConnectionPool, ring: KeyRing, folder: Path
) -> None:
    made = fill(ring, 40)
    with psycopg.connect(databases.keys) as erasure:
        erase = "UPDATE keys.period_keys SET wrapped = NULL, destroyed_at = now() WHERE key_id = %s"
        erasure.execute(erase, (made[-1][1],))
        rotating = threading.Thread(target=rotate, args=(pool, FileRootKeys(folder)))
        rotating.start()
        for _, key_id, _ in reversed(made[:-1]):
            erasure.execute(erase, (key_id,))
            time.sleep(0.03)
        erasure.commit()
    rotating.join()
    assert [row for row in copied(databases.keys) if row[5] is not None] == []
    assert living_numbers(databases.keys) == [2]


def test_a_damaged_key_stops_the_rotation_before_the_old_root_key_is_gone(
    databases: Databases, pool: ConnectionPool, ring: KeyRing, folder: Path
) -> None:
    fill(ring, 3)
    with psycopg.connect(databases.keys) as connection:
        connection.execute(
            "UPDATE keys.period_keys SET wrapped = set_byte(wrapped, 20, 255 - get_byte(wrapped, 20))"
            " WHERE key_id = (SELECT max(key_id::text)::uuid FROM keys.period_keys)"
        )
    with pytest.raises(RootKeyProblem):
        rotate(pool, FileRootKeys(folder))
    assert living_numbers(databases.keys) == [1, 2]
    assert len(roots_left(databases.keys, folder)) == 2


def test_given_keys_are_rotated_when_a_new_one_is_given_and_done_when_the_old_one_is_taken_away(
    databases: Databases, pool: ConnectionPool
) -> None:
    old, new = (base64.b64encode(os.urandom(32)).decode() for _ in range(2))
    made = fill(KeyRing(pool, EnvironmentRootKeys(old)), 3)
    with pytest.raises(RootKeyProblem, match="no new root key is given"):
        rotate(pool, EnvironmentRootKeys(old))
    with pytest.raises(RootKeyProblem, match="LIFELEDGER_ROOT_KEY_PREVIOUS"):
        rotate(pool, EnvironmentRootKeys(new))
    assert living_numbers(databases.keys) == [1]
    with pytest.raises(RootKeyProblem, match="remove LIFELEDGER_ROOT_KEY_PREVIOUS"):
        rotate(pool, EnvironmentRootKeys(new, old))
    assert {row[6] for row in copied(databases.keys)} == {2}
    assert rotate(pool, EnvironmentRootKeys(new)) == rotation.Rotated(2, 0)
    ring = KeyRing(pool, EnvironmentRootKeys(new))
    assert [ring.key(subject, key).secret for subject, key, _ in made] == [it[2] for it in made]


def test_a_rotation_is_due_a_while_after_a_key_was_destroyed_and_not_again(
    databases: Databases, pool: ConnectionPool, ring: KeyRing, folder: Path
) -> None:
    made, roots = fill(ring, 3), FileRootKeys(folder)
    assert rotation_due(pool, DAY) is None
    assert rotate_if_due(pool, roots, timedelta(0)) is None
    destroy(databases.keys, made[0][1])
    due = rotation_due(pool, DAY)
    assert due is not None
    assert abs(due - datetime.now(UTC) - DAY) < timedelta(minutes=1)
    assert rotate_if_due(pool, roots, DAY) is None
    assert rotate_if_due(pool, roots, timedelta(0)) == rotation.Rotated(2, 2)
    assert rotation_due(pool, DAY) is None


def test_a_rotation_cut_short_is_due_at_once(
    pool: ConnectionPool, ring: KeyRing, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(ring, 3)
    with monkeypatch.context() as faulty:
        die_at(faulty, "rotation._end", "before")
        with pytest.raises(Killed):
            rotate(pool, FileRootKeys(folder))
    assert rotate_if_due(pool, FileRootKeys(folder), DAY) == rotation.Rotated(2, 0)
