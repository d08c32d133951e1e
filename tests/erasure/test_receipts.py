"""What an erasure leaves behind: a receipt that holds, names nobody, and processes that can read nothing any more."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from psycopg.types.json import Jsonb

from domain.core.user import User
from domain.personal.document import Document
from domain.productivity.note import Note
from domain.productivity.task import Task
from domain.shared.errors import InvalidInput
from infrastructure.crypto.keyring import EVERYONE
from infrastructure.erasure import compaction
from infrastructure.erasure.signing import canonical
from infrastructure.errors import Erased, NotFound
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.conftest import Databases
from tests.erasure.lives import live_a_little, readable
from tests.identifiers import without_ids

ROOT = Path(__file__).parents[2]


def test_a_receipt_says_what_was_done_and_names_nobody(store: Store, me: Session) -> None:
    me.do(Task.create, title="Renew passport")
    erasure = store.erase(me.subject_id, grounds="art. 17(1)(b)", requested_by=(clerk := uuid4()))
    receipt = erasure.receipt
    assert receipt is not None
    assert (receipt["grain"], receipt["grounds"]) == ("person", "art. 17(1)(b)")
    assert receipt["requested_by"] == str(clerk)
    assert receipt["kinds"] == {"task": {"records": 1, "events": 1}, "user": {"records": 1, "events": 1}}
    assert len(receipt["fingerprints"]) == 2
    assert not any(receipt["verification"]["left"].values())
    text = orjson.dumps(receipt).decode()
    assert "ada" not in without_ids(text)
    assert "passport" not in text


def test_nothing_is_counted_before_the_keys_are_destroyed(
    store: Store, me: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counting takes the longer the more there is; destroying the keys does not."""
    task, count = me.do(Task.create, title="Renew passport").id, compaction.counted
    seen: list[bool] = []

    def counted(*given: Any) -> dict[str, dict[str, int]]:
        seen.append(readable(me)[task])
        return count(*given)

    monkeypatch.setattr(compaction, "counted", counted)
    store.erase(me.subject_id, grounds="test")
    assert seen == [False]


def test_a_receipt_can_be_checked_without_the_store(store: Store, me: Session) -> None:
    receipt = store.erase(me.subject_id, grounds="test").receipt
    assert receipt is not None
    unsigned = {name: value for name, value in receipt.items() if name != "signature"}
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(receipt["public_key"]))
    public.verify(bytes.fromhex(receipt["signature"]), canonical(unsigned))


def test_a_changed_receipt_does_not_verify(store: Store, me: Session, databases: Databases) -> None:
    erasure = store.erase(me.subject_id, grounds="test")
    assert store.erasures.verify(erasure.id).holds
    with psycopg.connect(databases.ledger) as connection:
        changed = {**(erasure.receipt or {}), "grounds": "other"}
        connection.execute("UPDATE ledger.erasures SET receipt = %s", (Jsonb(changed),))
    assert not store.erasures.verify(erasure.id).signed


def test_verifying_finds_what_came_back(store: Store, databases: Databases) -> None:
    ada = live_a_little(store, "ada")
    with psycopg.connect(databases.ledger) as ledger, psycopg.connect(databases.keys) as keys:
        bodies = ledger.execute("SELECT position, body FROM ledger.events WHERE kind = 'task'").fetchall()
        wrapped = keys.execute("SELECT key_id, wrapped FROM keys.period_keys").fetchall()
        erasure = store.erase(ada.subject_id, grounds="test", kind=Task)
        for position, body in bodies[:1]:
            ledger.execute("UPDATE ledger.events SET body = %s WHERE position = %s", (body, position))
        for key_id, secret in wrapped:
            keys.execute("UPDATE keys.period_keys SET wrapped = %s WHERE key_id = %s", (secret, key_id))
    left = store.erasures.verify(erasure.id).left
    assert (left["events"], left["keys"]) == (1, 1)


def test_the_rotation_of_the_root_key_is_the_second_date(store: Store, me: Session) -> None:
    erasure = store.erase(me.subject_id, grounds="test")
    assert (erasure.receipt or {})["unrecoverable_at"] is None
    at = datetime(2026, 12, 1, tzinfo=UTC)
    store.erasures.note_rotation(0, at)
    assert (store.erasures.show(erasure.id).receipt or {})["unrecoverable_at"] is None
    store.erasures.note_rotation(1, at)
    assert (store.erasures.show(erasure.id).receipt or {})["unrecoverable_at"] == at.isoformat()
    assert store.erasures.verify(erasure.id).holds


def test_what_cannot_be_meant_is_refused_before_anything_happens(store: Store, me: Session) -> None:
    task = me.do(Task.create, title="stays").id
    for refused in (
        {"kind": User},
        {"record_id": me.subject_id},
        {"period": "2026"},
        {"kind": Task, "record_id": task},
    ):
        with pytest.raises(InvalidInput):
            store.erase(me.subject_id, grounds="test", **refused)
    for grounds in ("", "two\nlines", "x" * 301):
        with pytest.raises(InvalidInput):
            store.erase(me.subject_id, grounds=grounds)
    with pytest.raises(InvalidInput):
        store.erase(EVERYONE, grounds="test")
    for nothing in (uuid4(), replace(store.person("ada"), id=uuid4())):
        with pytest.raises(NotFound):
            store.erase(nothing, grounds="test")
    with pytest.raises(NotFound):
        store.erase(me.subject_id, grounds="test", kind=Note)
    assert store.erasures.all() == []
    assert me.load(task).version == 1


def test_an_address_may_register_again_and_nothing_tells_of_the_old(store: Store) -> None:
    old = live_a_little(store, "ada")
    store.erase(old.subject_id, grounds="test")
    with pytest.raises(NotFound):
        store.person("ada")
    new = live_a_little(store, "ada")
    assert new.subject_id != old.subject_id
    assert store.person("ada").id == new.subject_id
    assert all(readable(new).values())
    store.catch_up()
    assert len(new.find(Task)) == 4
    assert store.erase(old.subject_id, grounds="again").done
    assert all(readable(new).values())


READER = """
import sys, time
from uuid import UUID
from infrastructure.bootstrap import open_store
from infrastructure.errors import Erased
from infrastructure.settings import Settings
with open_store(Settings()) as store:
    me = store.acting_as(UUID(sys.argv[1]))
    rows = store.engine.ledger.stream(me.subject_id, UUID(sys.argv[2]))
    def reads():
        return hasattr(store.engine.sealer.open(rows[0]), "event")
    print("warm" if reads() else "cold", flush=True)
    sys.stdin.readline()
    print("reads" if reads() else "erased", flush=True)
"""


@pytest.mark.parametrize("redis", ["redis", "no redis"])
def test_a_warm_process_reads_nothing_a_second_after_an_erasure(
    store: Store, me: Session, environment: dict[str, str], redis: str
) -> None:
    task = me.do(Task.create, title="warm").id
    if redis == "no redis":
        environment = {**environment, "LIFELEDGER_REDIS_URL": "unix:///nowhere/redis.sock"}
    command = [sys.executable, "-c", READER, str(me.subject_id), str(task)]
    with subprocess.Popen(
        command, env=environment, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"warm\n"  # the rows are in its memory, the key in its cache
        erasure = store.erase(me.subject_id, grounds="test")
        erased_at = datetime.fromisoformat(erasure.steps["keys"]["at"])
        time.sleep(max(0.0, 1 - (datetime.now(UTC) - erased_at).total_seconds()))
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"erased\n"


def test_content_in_the_object_store_goes_with_its_record(
    store: Store, reopened: Callable[[], Store]
) -> None:
    ada, eve = live_a_little(store, "ada"), live_a_little(store, "eve")
    blobs = {me.subject_id: _content_of(me) for me in (ada, eve)}
    store.erase(ada.subject_id, grounds="test")
    other = reopened()
    assert b"".join(other.acting_as(eve.subject_id).content(blobs[eve.subject_id]))
    with pytest.raises((NotFound, Erased)):
        list(other.acting_as(ada.subject_id).content(blobs[ada.subject_id]))


def _content_of(me: Session) -> UUID:
    documents = [record for record in map(me.load, readable(me)) if isinstance(record, Document)]
    return documents[0].versions[-1].content.blob_id
