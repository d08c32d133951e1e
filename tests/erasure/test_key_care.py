"""The root key goes after an erasure, receipts say since when, and old copies of the keys bring nothing back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from domain.productivity.task import Task
from infrastructure.bootstrap import open_keys, open_store
from infrastructure.crypto.age_files import Passphrase
from infrastructure.crypto.key_backup import back_up
from infrastructure.crypto.key_restore import restore
from infrastructure.crypto.key_status import key_status
from infrastructure.errors import StaleErasureFile
from infrastructure.settings import Settings
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.conftest import Databases
from tests.erasure.lives import live_a_little, readable

GROUNDS = "art. 17(1)(b), consent withdrawn"
WORDS = Passphrase("four words of a test")


@pytest.fixture
def ada(store: Store) -> Session:
    return live_a_little(store, "ada")


def empty_keys(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(
            "TRUNCATE keys.store, keys.root_epochs, keys.period_keys, keys.record_keys, keys.fences, keys.erasures"
        )


def test_a_receipt_is_dated_when_the_root_key_has_been_replaced(
    store: Store, ada: Session, settings: Settings
) -> None:
    erasure = store.erase(ada.subject_id, grounds=GROUNDS, kind=Task)
    assert erasure.receipt is not None
    assert erasure.receipt["unrecoverable_at"] is None
    store.tidy()  # a day has not passed
    before = store.engine.keys.epoch
    with open_store(settings.model_copy(update={"rotate_after_hours": 0.0})) as later:
        later.tidy()
        assert later.engine.keys.counts()["epoch"] == before + 1
        found = later.erasures.show(erasure.id)
        assert found.receipt is not None
        assert found.receipt["unrecoverable_at"] is not None
        assert later.erasures.verify(erasure.id).holds
        later.tidy()  # nothing is destroyed since: the root key stays
        assert later.engine.keys.counts()["epoch"] == before + 1
        assert sum(readable(later.acting_as(ada.subject_id)).values()) > 0


def test_the_store_counts_its_keys_as_the_keys_database_does(
    store: Store, ada: Session, settings: Settings
) -> None:
    store.catch_up()
    store.erase(ada.subject_id, grounds=GROUNDS, record_id=ada.find(Task)[0].id)
    counts = store.engine.keys.counts()
    with open_keys(settings) as keys:
        told = key_status(keys.pool, keys.roots, timedelta(hours=24))
    assert (counts["living"], counts["destroyed"]) == (told.living_keys, told.destroyed_keys)
    assert counts["destroyed"] > 1  # the period's key, and that of the record alone


def test_keys_from_a_backup_are_destroyed_again_before_anything_is_served(
    store: Store, ada: Session, settings: Settings, databases: Databases, tmp_path: Path
) -> None:
    file = tmp_path / "keys.age"
    store.catch_up()
    tasks = [task.id for task in ada.find(Task)]
    assert tasks
    with open_keys(settings) as keys:
        back_up(keys.pool, keys.roots, file, WORDS)
    store.erase(ada.subject_id, grounds=GROUNDS, kind=Task)
    empty_keys(databases.keys)
    with open_keys(settings) as keys:
        restore(keys.pool, keys.roots, file, WORDS, keys.erasures)
    with open_store(settings) as again:
        found = readable(again.acting_as(ada.subject_id))
        assert not any(found[task] for task in tasks)
        assert sum(found.values()) == len(found) - len(tasks)


def test_keys_are_not_restored_beside_a_file_that_has_lost_an_erasure(
    store: Store, ada: Session, settings: Settings, databases: Databases, tmp_path: Path
) -> None:
    file = tmp_path / "keys.age"
    with open_keys(settings) as keys:
        back_up(keys.pool, keys.roots, file, WORDS)
    store.erase(ada.subject_id, grounds=GROUNDS, kind=Task)
    (settings.data_dir / "erasures" / "erasures.jsonl").unlink()
    empty_keys(databases.keys)
    with open_keys(settings) as keys, pytest.raises(StaleErasureFile):
        restore(keys.pool, keys.roots, file, WORDS, keys.erasures)
