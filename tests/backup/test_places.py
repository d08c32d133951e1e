"""Where backups lie, what they show, when they are made by themselves, and what pruning leaves."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from obstore.store import MemoryStore

from domain.productivity.task import Task
from domain.shared import clock
from infrastructure.backup.schedule import back_up_if_due, kept_backed_up
from infrastructure.backup.shelf import Shelf
from infrastructure.backup.verify import verify
from infrastructure.backup.wanted import Wanted
from infrastructure.blobs.blobs import INLINE_BYTES
from infrastructure.bootstrap import back_up, bring_back, prune_backups, shelf_of
from infrastructure.errors import ConfigurationError
from infrastructure.settings import Settings
from infrastructure.store.session import Session
from tests.backup.comparing import ledger_of
from tests.backup.conftest import Elsewhere
from tests.backup.living import import_variously, keep_mail
from tests.conftest import Databases

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


def test_an_object_store_takes_backups_like_a_folder(
    me: Session, settings: Settings, elsewhere: Elsewhere
) -> None:
    shelf = Shelf(MemoryStore())
    for number in range(2):
        import_variously(me, number)
        back_up(settings, shelf)
    shelf.write("runs/00000003-abcdef/000001.part", b"left behind")
    back_up(settings, shelf, full=True)
    assert verify(shelf).damages == []
    empty = elsewhere()
    bring_back(empty, shelf, Wanted())
    assert ledger_of(empty) == ledger_of(settings)


def test_nothing_a_person_wrote_is_in_a_backup(me: Session, settings: Settings, shelf: Shelf) -> None:
    planted = secrets.token_hex(16)
    task = me.do(Task.create, title=planted).id
    me.do(Task.annotate, task, planted)
    manifest = back_up(settings, shelf)
    files = [path for path in Path(str(settings.backup_place)).rglob("*") if path.is_file()]
    assert len(files) == 2
    values = {
        value
        for table in manifest.columns
        for bucket in manifest.tips
        for place in shelf.places(manifest, table, bucket)
        for row in shelf.rows(place)
        for value in row
        if value is not None
    }
    assert {b"task.created", b"task.annotated", task.bytes} <= values  # the packed rows are looked into
    assert not any(planted.encode() in said for said in (*values, *(path.read_bytes() for path in files)))
    assert not any(b"ada@example" in path.read_bytes() for path in files)
    assert Path(str(settings.backup_place)).stat().st_mode & 0o077 == 0


def test_objects_that_no_run_lists_any_more_go_with_the_last_run_that_did(
    me: Session, settings: Settings, shelf: Shelf, databases: Databases
) -> None:
    for number in range(2):
        keep_mail(me, number, INLINE_BYTES * 2)
    with clock.reading(lambda: NOON):
        back_up(settings, shelf)
    with psycopg.connect(databases.ledger) as connection:  # as an erasure does
        connection.execute(
            "DELETE FROM ledger.blobs WHERE blob_id = (SELECT min(blob_id::text)::uuid FROM ledger.blobs)"
        )
    with clock.reading(lambda: NOON + timedelta(days=10)):
        assert back_up(settings, shelf).base is None
        assert prune_backups(settings, shelf).objects == 0
    assert len(shelf.names("objects/")) == 2
    with clock.reading(lambda: NOON + timedelta(days=31)):
        pruned = prune_backups(settings, shelf)
    assert (pruned.runs, pruned.objects) == (1, 1)
    assert len(shelf.names("objects/")) == 1
    assert verify(shelf_of(settings)).objects == 1


def test_a_backup_is_due_once_in_every_period(me: Session, settings: Settings, shelf: Shelf) -> None:
    made = []
    for hours in (0, 1, 23.9, 24, 25, 48):
        me.do(Task.create, title="task")
        with clock.reading(lambda hours=hours: NOON + timedelta(hours=hours)):  # type: ignore[misc]  # bound now
            made.append(back_up_if_due(settings, shelf))
    assert made == [True, False, False, True, False, True]


def test_a_worker_makes_a_backup_that_is_due_and_none_where_no_place_is_set(
    me: Session, settings: Settings, shelf: Shelf
) -> None:
    without_place = settings.model_copy(update={"backup_url": None})
    me.do(Task.create, title="task")
    with pytest.raises(ConfigurationError):
        shelf_of(without_place)
    with kept_backed_up(without_place):
        pass
    assert shelf.survey().runs == ()
    with kept_backed_up(settings):
        give_up = datetime.now(UTC) + timedelta(seconds=30)
        while not shelf.survey().runs:
            assert datetime.now(UTC) < give_up
    assert verify(shelf).events == 2
