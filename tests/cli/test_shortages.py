"""A machine that has run out of room, memory or processes: one line, and nothing that stops the next attempt."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn
from uuid import uuid4

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command

from infrastructure import migrate
from infrastructure.bootstrap import open_store
from infrastructure.cli import context
from infrastructure.cli.app import EXIT_INTERNAL, EXIT_UNAVAILABLE, _told
from infrastructure.errors import NoRoom, Unavailable
from infrastructure.projector import editions
from infrastructure.settings import Settings
from infrastructure.store.store import Person
from tests.conftest import Databases


@pytest.mark.parametrize(("free", "said"), [(0, NoRoom), (1 << 40, Unavailable)])
def test_a_server_that_is_gone_where_there_is_no_room_is_told_by_the_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, said: type[Unavailable]
) -> None:
    def gone(*_: Any, **__: Any) -> NoReturn:
        raise Unavailable

    monkeypatch.setattr(context, "open_store", gone)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    (tmp_path / "postgres").mkdir()
    with pytest.raises(Unavailable) as caught, context.opened(tmp_path):
        pass
    assert type(caught.value) is said


def test_a_disk_that_is_full_when_a_store_is_opened_is_said(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> NoReturn:
        raise psycopg.errors.DiskFull

    monkeypatch.setattr(editions, "ensure", full)
    with pytest.raises(NoRoom):
        open_store(settings)


def test_a_disk_that_is_full_when_a_schema_is_made_is_said(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> NoReturn:
        raise sa.exc.OperationalError("CREATE", {}, psycopg.errors.DiskFull())

    monkeypatch.setattr(command, "upgrade", full)
    with pytest.raises(psycopg.errors.DiskFull):
        migrate.upgrade(databases.ledger, "ledger")


def test_a_person_who_could_not_be_noted_for_want_of_room_is_noted_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, person = Settings(data_dir=tmp_path), Person(uuid4())

    def full(_: int) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            context.note_default_person(settings, person)
    assert list(tmp_path.iterdir()) == []
    context.note_default_person(settings, person)
    context.note_default_person(settings, Person(uuid4()))
    assert context.default_person(settings).id == person.id
    assert [path.name for path in tmp_path.iterdir()] == ["person"]
    assert (tmp_path / "person").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "x", "secret"), "No space left on device"),
        (OSError(errno.EMFILE, "x", "secret"), "Too many open files"),
        (RuntimeError("can't start new thread"), "ulimit -v"),
        (MemoryError(), "ulimit -v"),
    ],
)
def test_what_the_machine_has_no_more_of_is_said(error: BaseException, said: str) -> None:
    message, code = _told(error)
    assert said in message
    assert "secret" not in message
    assert code == EXIT_UNAVAILABLE


@pytest.mark.parametrize("error", [RuntimeError("secret"), OSError(errno.EINVAL, "secret")])
def test_what_nobody_foresaw_stays_an_internal_error(error: BaseException) -> None:
    message, code = _told(error)
    assert "secret" not in message
    assert code == EXIT_INTERNAL
