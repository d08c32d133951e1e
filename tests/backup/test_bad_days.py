"""Backups on bad days: full disks, spoilt files, two at once, a clock that goes back. Nothing is lost by any."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from threading import Thread

import obstore
import pytest

from domain.productivity.task import Task
from domain.shared import clock
from infrastructure.backup import tables, take
from infrastructure.backup.manifest import Manifest, digest
from infrastructure.backup.session import alone
from infrastructure.backup.shelf import Shelf
from infrastructure.backup.verify import verify
from infrastructure.backup.wanted import Wanted
from infrastructure.bootstrap import back_up, bring_back, prune_backups, shelf_of
from infrastructure.errors import (
    BackupRunning,
    BackupUnavailable,
    DamagedBackup,
    ForeignBackup,
    NewerBackup,
    NoBackup,
)
from infrastructure.ledger.buckets import bucket_of
from infrastructure.settings import Settings
from infrastructure.store.session import Session
from tests.backup.comparing import ledger_of
from tests.backup.conftest import Elsewhere
from tests.backup.living import import_tasks, import_variously, keep_mail

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)

BACK_UP_IN_LITTLE_SPACE = """
import resource, sys
from infrastructure.bootstrap import back_up, shelf_of
from infrastructure.errors import BackupUnavailable
from infrastructure.settings import Settings
settings = Settings()
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
try:
    back_up(settings, shelf_of(settings))
except BackupUnavailable as error:
    print(error)
    sys.exit(7)
"""


def files_of(settings: Settings) -> dict[str, bytes]:
    """Return every file of the backups."""
    folder = Path(str(settings.backup_place))
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def at(moment: datetime, settings: Settings, shelf: Shelf) -> Manifest:
    """Make a backup at a moment."""
    with clock.reading(lambda: moment):
        return back_up(settings, shelf)


@pytest.mark.parametrize("space", [100, 5_000, 150_000])
def test_a_full_disk_ends_a_backup_with_one_error_and_leaves_the_chain_whole(
    me: Session,
    settings: Settings,
    shelf: Shelf,
    elsewhere: Elsewhere,
    environment: dict[str, str],
    space: int,
) -> None:
    import_variously(me, 1)
    back_up(settings, shelf)
    before = files_of(settings)
    keep_mail(me, 5, 300_000)
    keep_mail(me, 6, 60_000)
    finished = subprocess.run(
        [sys.executable, "-c", BACK_UP_IN_LITTLE_SPACE, str(space)],
        env=_with_place(environment, settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert finished.returncode == 7, finished.stderr
    assert finished.stdout == "the place of the backups cannot be used: File too large\n"
    left = files_of(settings)
    assert {name: left[name] for name in before} == before
    assert not any(name.startswith("runs/") for name in left.keys() - before.keys())
    assert back_up(settings, shelf).number == 2
    assert verify(shelf_of(settings)).damages == []
    empty = elsewhere()
    bring_back(empty, shelf_of(settings), Wanted())
    assert ledger_of(empty) == ledger_of(settings)


def test_a_place_that_fails_while_rows_are_still_coming_ends_the_backup_at_once(
    me: Session, settings: Settings, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_variously(me, 1)
    monkeypatch.setattr(take, "FILE_BYTES", 1)
    monkeypatch.setattr(tables, "PART_ROWS", 1)

    def full(*_: object) -> None:
        raise BackupUnavailable("no room")

    monkeypatch.setattr(shelf, "write", full)
    ended: list[BaseException] = []

    def try_it() -> None:
        try:
            back_up(settings, shelf)
        except BackupUnavailable as error:
            ended.append(error)

    trying = Thread(target=try_it, daemon=True)
    trying.start()
    trying.join(30)
    assert [str(error) for error in ended] == ["no room"]


def test_what_the_disk_of_a_folder_says_is_said(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise obstore.exceptions.GenericError("Unable to copy data: No space left on device (os error 28)")

    monkeypatch.setattr(obstore, "put", full)
    with pytest.raises(BackupUnavailable, match=r"cannot be used: No space left on device$"):
        shelf.write("runs/x", b"x")


@pytest.mark.parametrize("spoil", ["flip", "truncate", "remove", "append"])
def test_a_spoilt_file_is_named_with_its_buckets_and_never_restored_silently(
    me: Session, settings: Settings, shelf: Shelf, elsewhere: Elsewhere, spoil: str
) -> None:
    import_variously(me, 1)
    back_up(settings, shelf)
    assert verify(shelf).damages == []
    random = Random(spoil)
    folder = Path(str(settings.backup_place))
    for name, whole in files_of(settings).items():
        path, where = folder / name, random.randrange(len(whole))
        _spoil(path, whole, spoil, where)
        if name.endswith("manifest.json"):
            with pytest.raises(NoBackup if spoil == "remove" else DamagedBackup) as damaged:
                verify(shelf_of(settings))
            assert spoil == "remove" or name in str(damaged.value)
        else:
            (damage,) = verify(shelf_of(settings)).damages
            assert damage.file == name
            assert bucket_of(me.subject_id) in damage.buckets or not name.startswith("objects/")
            if spoil in {"truncate", "flip"}:
                with pytest.raises(DamagedBackup):
                    bring_back(elsewhere(), shelf_of(settings), Wanted())
        path.write_bytes(whole)
    assert verify(shelf_of(settings)).damages == []


def _spoil(path: Path, whole: bytes, spoil: str, where: int) -> None:
    match spoil:
        case "flip":
            path.write_bytes(whole[:where] + bytes([whole[where] ^ 1]) + whole[where + 1 :])
        case "truncate":
            path.write_bytes(whole[:where])
        case "append":
            path.write_bytes(whole + b"\0")
        case _:
            path.unlink()


def test_rows_that_were_exchanged_between_records_are_found_although_every_checksum_fits(
    me: Session, settings: Settings, shelf: Shelf
) -> None:
    """Who can write to the ledger can move a ciphertext, and the backup copies it as it lies."""
    import psycopg  # noqa: PLC0415 - only here: the test plays somebody who has the database

    import_tasks(me, "task", 4)
    assert settings.ledger_url is not None
    with psycopg.connect(settings.ledger_url.get_secret_value()) as connection:
        connection.execute(
            "UPDATE ledger.events SET body = (SELECT body FROM ledger.events WHERE position = 3) WHERE position = 2"
        )
    back_up(settings, shelf)
    (damage,) = verify(shelf).damages
    assert damage.buckets == (bucket_of(me.subject_id),)


def test_of_two_backups_at_once_the_second_is_refused(me: Session, settings: Settings, shelf: Shelf) -> None:
    me.do(Task.create, title="task")
    assert settings.ledger_url is not None
    with alone(settings.ledger_url.get_secret_value()):
        with pytest.raises(BackupRunning):
            back_up(settings, shelf)
        with pytest.raises(BackupRunning):
            prune_backups(settings, shelf)
    assert back_up(settings, shelf).number == 1


def test_of_backups_begun_at_once_by_several_processes_one_works_at_a_time(
    me: Session, settings: Settings, environment: dict[str, str]
) -> None:
    import_variously(me, 1)
    command = [sys.executable, "-m", "infrastructure.cli", "backup"]
    begun = [
        subprocess.Popen(command, env=_with_place(environment, settings), stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = [process.communicate(timeout=120)[1] for process in begun]
    refused = [words for process, words in zip(begun, said, strict=True) if process.returncode]
    assert all("another backup or restore of this store is at work" in words.lower() for words in refused)
    runs = shelf_of(settings).survey().runs
    assert [run.number for run in runs] == list(range(1, 4 - len(refused)))
    assert verify(shelf_of(settings)).damages == []


@pytest.mark.slow
def test_a_backup_killed_at_any_step_leaves_the_chain_whole_and_is_swept_by_the_next(
    me: Session, settings: Settings, shelf: Shelf, elsewhere: Elsewhere, environment: dict[str, str]
) -> None:
    import_variously(me, 1)
    first = back_up(settings, shelf)
    import_variously(me, 2)
    before = files_of(settings)
    for step in count(1):
        finished = subprocess.run(
            [sys.executable, "-m", "tests.backup.dying", "backup", str(step)],
            env=_with_place(environment, settings),
            check=False,
            timeout=120,
        )
        left = files_of(settings)
        assert {name: left[name] for name in before} == before
        if finished.returncode == 0:
            break
        assert finished.returncode == -signal.SIGKILL
        assert shelf_of(settings).survey().runs[0] == first
        assert verify(shelf_of(settings)).damages == []
    assert step > 3
    assert verify(shelf_of(settings)).damages == []
    folders = {name.split("/")[1] for name in files_of(settings) if name.startswith("runs/")}
    assert folders == {run.run for run in shelf_of(settings).survey().runs}
    empty = elsewhere()
    bring_back(empty, shelf_of(settings), Wanted())
    assert ledger_of(empty) == ledger_of(settings)


def _with_place(environment: dict[str, str], settings: Settings) -> dict[str, str]:
    return {**environment, "LIFELEDGER_BACKUP_URL": str(settings.backup_place)}


def test_what_a_killed_backup_left_is_swept_by_the_next(
    me: Session, settings: Settings, shelf: Shelf
) -> None:
    import_variously(me, 1)
    run = back_up(settings, shelf)
    shelf.write("runs/00000002-abcdef/000001.part", b"cut off")
    assert back_up(settings, shelf).number == 2
    assert not any("abcdef" in name for name in files_of(settings))
    assert shelf_of(settings).manifest(run.run) == run


def test_a_backup_of_a_newer_version_is_refused_by_name(
    me: Session, settings: Settings, shelf: Shelf, elsewhere: Elsewhere
) -> None:
    me.do(Task.create, title="task")
    path = Path(str(settings.backup_place)) / back_up(settings, shelf).folder / "manifest.json"
    said = json.loads(path.read_bytes().splitlines()[0])
    for newer in ({"format": 2, "unheard": "of"}, {**said, "revision": "9999"}):
        line = json.dumps(newer).encode()
        path.write_bytes(line + b"\n" + digest(line).encode() + b"\n")
        with pytest.raises(NewerBackup):
            bring_back(elsewhere(), shelf_of(settings), Wanted())
    path.write_bytes(b"{}\n")
    with pytest.raises(DamagedBackup):
        verify(shelf_of(settings))


def test_a_clock_that_goes_back_neither_breaks_the_chain_nor_throws_anything_away(
    me: Session, settings: Settings, shelf: Shelf
) -> None:
    me.do(Task.create, title="one")
    first = at(NOON, settings, shelf)
    me.do(Task.create, title="two")
    second = at(NOON - timedelta(days=400), settings, shelf)
    assert (second.base, second.number) == (first.run, 2)
    with clock.reading(lambda: NOON - timedelta(days=800)):
        assert prune_backups(settings, shelf).runs == 0
    assert [run.number for run in shelf_of(settings).survey().runs] == [1, 2]
    assert verify(shelf_of(settings)).events == sum(me.engine.ledger.heads().values())


def test_a_ledger_that_was_set_back_begins_a_new_chain(
    me: Session, settings: Settings, shelf: Shelf, elsewhere: Elsewhere
) -> None:
    for number in range(3):
        me.do(Task.create, title=f"task {number}")
        last = back_up(settings, shelf)
    me.do(Task.create, title="never backed up")
    other = elsewhere()
    bring_back(other, shelf, Wanted(), shelf.survey().runs[0].run)
    from infrastructure.bootstrap import open_store  # noqa: PLC0415

    with open_store(other) as store:
        mine = store.acting_as(me.subject_id)
        for number in range(5):  # further than the last run, along another way
            mine.do(Task.create, title=f"another {number}")
    after = back_up(other, shelf)
    assert (after.base, after.number) == (None, last.number + 1)
    assert verify(shelf_of(settings)).damages == []


def test_a_place_that_has_another_stores_backups_is_refused(
    me: Session, settings: Settings, shelf: Shelf, elsewhere: Elsewhere
) -> None:
    import psycopg  # noqa: PLC0415

    me.do(Task.create, title="task")
    back_up(settings, shelf)
    empty = elsewhere()
    assert settings.keys_url is not None
    with psycopg.connect(settings.keys_url.get_secret_value()) as connection:
        connection.execute("UPDATE keys.store SET store_id = gen_random_uuid()")
    with pytest.raises(ForeignBackup):
        back_up(settings, shelf_of(settings))
    with pytest.raises(ForeignBackup):
        bring_back(empty, shelf_of(settings), Wanted())


def chains(settings: Settings, shelf: Shelf, me: Session, *days: int) -> Iterator[Manifest]:
    """Make one backup on each of several days."""
    for day in days:
        keep_mail(me, day, 70_000)
        yield at(NOON + timedelta(days=day), settings, shelf)


def test_pruning_takes_whole_chains_and_never_the_newest(
    me: Session, settings: Settings, shelf: Shelf, elsewhere: Elsewhere
) -> None:
    runs = list(chains(settings, shelf, me, 0, 3, 8, 9, 20, 21))
    assert [run.base is None for run in runs] == [
        True,
        False,
        True,
        False,
        True,
        False,
    ]  # a new chain each week
    with clock.reading(lambda: NOON + timedelta(days=35)):
        assert prune_backups(settings, shelf).runs == 2  # the chain of days 0 and 3
        assert prune_backups(settings, shelf).runs == 0  # that of days 8 and 9 has a run of 26 days
    with clock.reading(lambda: NOON + timedelta(days=400)):
        assert prune_backups(settings, shelf).runs == 2
    assert [run.run for run in shelf_of(settings).survey().runs] == [run.run for run in runs[-2:]]
    assert verify(shelf_of(settings)).damages == []
    empty = elsewhere()
    bring_back(empty, shelf_of(settings), Wanted())
    assert ledger_of(empty) == ledger_of(settings)
