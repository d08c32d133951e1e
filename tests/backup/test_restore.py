"""What comes back: everything, what was there at a moment, one person; and how a restore is broken off."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

import psycopg
import pytest

from domain.core.user import User
from domain.productivity.task import Task
from domain.shared import clock
from domain.shared.values import new_id
from domain.web.bookmark import Bookmark
from infrastructure.backup.shelf import Shelf
from infrastructure.backup.verify import verify
from infrastructure.backup.wanted import Wanted
from infrastructure.bootstrap import back_up, bring_back, open_store
from infrastructure.errors import BackupRunning, ClaimTaken, Erased, NotEmpty, NotFound, RestoreUnfinished
from infrastructure.ledger.buckets import bucket_of
from infrastructure.settings import Settings
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.backup.comparing import count as value_of
from tests.backup.comparing import ledger_of
from tests.backup.conftest import Elsewhere
from tests.backup.living import import_tasks, import_variously
from tests.conftest import ROOT

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def events_of(settings: Settings) -> list[tuple[UUID, int, bytes]]:
    """Return record, version and digest of every event, bucket by bucket in order."""
    assert settings.ledger_url is not None
    with psycopg.connect(settings.ledger_url.get_secret_value()) as connection:
        return connection.execute(
            "SELECT record_id, version, digest FROM ledger.events ORDER BY bucket, position"
        ).fetchall()


def register_beside(store: Store, me: Session) -> Session:
    """Register somebody whose events lie in the same bucket."""
    subject_id = next(made for made in iter(new_id, None) if bucket_of(made) == bucket_of(me.subject_id))
    neighbour = store.acting_as(subject_id)
    neighbour.given(record_id=subject_id).do(User.register, "neighbour", "neighbour@example.org")
    return neighbour


@pytest.fixture
def me_at_noon(store: Store) -> Session:
    with clock.reading(lambda: NOON):
        return store.acting_as(store.register("ada", "ada@example.org"))


def test_a_restore_to_a_moment_brings_back_what_was_recorded_until_then(
    me_at_noon: Session, settings: Settings, shelf: Shelf, elsewhere: Elsewhere
) -> None:
    me, taken = me_at_noon, []
    for minute in range(1, 11):
        with clock.reading(lambda minute=minute: at(minute)):  # type: ignore[misc]  # bound now
            taken.append(me.do(Task.create, title=f"minute {minute}").id)
            import_tasks(me, f"minute {minute}", 3)
        if minute % 4 == 0:
            back_up(settings, shelf)
    back_up(settings, shelf)
    empty = elsewhere()
    bring_back(empty, shelf, Wanted(until=at(6)))
    with open_store(empty) as store:
        mine = store.acting_as(me.subject_id)
        store.catch_up()
        assert {task.title for task in mine.find(Task)} == {
            *(f"minute {minute}" for minute in range(1, 7)),
            *(f"minute 6 {number}" for number in range(3)),
        }
        assert all(
            (row.recorded_at or NOON) <= at(6)
            for row in store.engine.ledger.tail(bucket_of(me.subject_id), 0, 999)
        )
        with pytest.raises(NotFound):
            mine.load(taken[6])
        import_tasks(mine, "minute 10", 3)  # what the file said after the moment is heard again
        store.catch_up()
        assert "minute 10 2" in {task.title for task in mine.find(Task)}
        assert "minute 6 2" not in {task.title for task in mine.find(Task)}


def test_names_are_held_by_those_who_held_them_at_the_moment(
    store: Store, me_at_noon: Session, settings: Settings, shelf: Shelf, elsewhere: Elsewhere
) -> None:
    """After the moment a name is given up and taken by somebody else; before it, that was the other way round."""
    me = me_at_noon
    with clock.reading(lambda: at(1)):
        early = me.do(Bookmark.add, url="https://example.org/kept").id
        me.do(Bookmark.add, url="https://example.org/untouched")
    with clock.reading(lambda: at(3)):
        me.do(User.change_email, me.subject_id, "countess@example.org")
        me.do(Bookmark.trash, early)
        late = me.do(Bookmark.add, url="https://example.org/kept").id
        store.register("late", "ada@example.org")
    back_up(settings, shelf)
    empty = elsewhere()
    bring_back(empty, shelf, Wanted(until=at(2)))
    with open_store(empty) as restored:
        assert restored.person("ada").id == me.subject_id
        with pytest.raises(NotFound):
            restored.person("late")
        with pytest.raises(ClaimTaken):
            restored.register("late", "ada@example.org")
        mine = restored.acting_as(me.subject_id)
        for url in ("kept", "untouched"):
            with pytest.raises(ClaimTaken):
                mine.do(Bookmark.add, url=f"https://example.org/{url}")
        with pytest.raises(NotFound):
            mine.load(late)
        restored.register("late", "countess@example.org")


def test_a_clock_that_went_back_cuts_each_bucket_at_its_first_event_after_the_moment(
    me_at_noon: Session, settings: Settings, shelf: Shelf, elsewhere: Elsewhere
) -> None:
    for minute in (1, 5, 2, 3):
        with clock.reading(lambda minute=minute: at(minute)):  # type: ignore[misc]  # bound now
            me_at_noon.do(Task.create, title=f"minute {minute}")
    back_up(settings, shelf)
    empty = elsewhere()
    bring_back(empty, shelf, Wanted(until=at(4)))
    assert events_of(empty) == events_of(settings)[:2]


def test_one_person_comes_back_alone_with_dense_positions(
    store: Store, me: Session, settings: Settings, shelf: Shelf, elsewhere: Elsewhere
) -> None:
    neighbour = register_beside(store, me)
    receipts = []
    for number in range(3):
        import_variously(me, number)
        import_variously(neighbour, 10 + number)
        receipts.append(me.given(command_id=UUID(int=number + 1)).do(Task.create, title=f"mine {number}"))
        back_up(settings, shelf)
    whole = events_of(settings)
    mine_only = [row for row in whole if me.engine.ledger.stream(me.subject_id, row[0])]
    empty = elsewhere()
    bring_back(empty, shelf, Wanted(subject_id=me.subject_id))
    assert events_of(empty) == mine_only != whole
    assert value_of(empty, "SELECT count(DISTINCT subject_id) FROM ledger.events") == 1
    for table in ("events", "command_receipts", "claims", "sources", "blobs"):
        others = f"SELECT count(*) FROM ledger.{table} WHERE subject_id <> '{me.subject_id}'"
        assert value_of(empty, others) == 0
        assert value_of(settings, others) > 0
    with open_store(empty) as restored:
        mine = restored.acting_as(restored.person("ada"))
        restored.catch_up()
        assert restored.engine.projector.lag() == 0
        for number, receipt in enumerate(receipts):
            again = mine.given(command_id=receipt.command_id).do(Task.create, title=f"mine {number}")
            assert (again.id, again.version) == (receipt.id, receipt.version)
            (row,) = restored.engine.ledger.stream(me.subject_id, receipt.id)
            assert again.position == row.position
        with pytest.raises(NotFound):
            restored.person("neighbour")


def test_what_was_erased_after_the_backup_is_erased_again_before_anything_opens_the_store(
    store: Store, me: Session, settings: Settings, shelf: Shelf, elsewhere: Elsewhere
) -> None:
    kept, erased = (me.do(Task.create, title=title).id for title in ("kept", "erased"))
    back_up(settings, shelf)
    store.erase(me.subject_id, grounds="test", record_id=erased)
    file = settings.data_dir / "erasures" / "erasures.jsonl"
    empty = elsewhere().model_copy(update={"erasure_file": file})
    assert bring_back(empty, shelf, Wanted()).erasures == 1
    with open_store(empty) as restored:
        mine = restored.acting_as(me.subject_id)
        assert mine.load(kept).version == 1
        with pytest.raises(Erased):
            mine.load(erased)
        restored.catch_up()
        assert [task.id for task in mine.find(Task)] == [kept]
        assert [erasure.done for erasure in restored.erasures.all()] == [True]
    back_up(empty, shelf, full=True)  # blanked rows are backed up, and read through, as what they are
    found = verify(shelf)
    assert (found.erased, found.damages) == (1, [])


def test_a_store_with_events_is_never_restored_into(
    me: Session, settings: Settings, shelf: Shelf, elsewhere: Elsewhere
) -> None:
    me.do(Task.create, title="task")
    back_up(settings, shelf)
    before = ledger_of(settings)
    with pytest.raises(NotEmpty):
        bring_back(settings, shelf, Wanted())
    assert ledger_of(settings) == before
    with open_store(settings):
        pass
    empty = elsewhere()
    bring_back(empty, shelf, Wanted())
    with pytest.raises(NotEmpty):
        bring_back(empty, shelf, Wanted())


@pytest.mark.slow
@pytest.mark.parametrize("whole", [True, False])
def test_a_restore_killed_at_any_step_ends_the_same_when_it_is_given_again(
    store: Store,
    me: Session,
    settings: Settings,
    shelf: Shelf,
    elsewhere: Elsewhere,
    environment: dict[str, str],
    *,
    whole: bool,
) -> None:
    """Of everything, and of what was there at a moment, after which names were given up that are held again."""
    other = store.acting_as(store.register("eve", "eve@example.org"))
    for number in range(2):
        import_variously(me, number)
        import_variously(other, 10 + number)
        moment = clock.now()
        other.do(User.change_email, other.subject_id, f"eve{number}@example.org")
        back_up(settings, shelf)
    until = None if whole else moment
    uninterrupted, empty = elsewhere(), elsewhere()
    bring_back(uninterrupted, shelf, Wanted(until=until))
    wanted = ledger_of(uninterrupted)
    assert (wanted == ledger_of(settings)) == whole
    killed_at = []
    for step in count(1, 3):  # each time some steps further, on what the last one left
        assert empty.ledger_url is not None
        finished = subprocess.run(
            [
                sys.executable,
                "-m",
                "tests.backup.dying",
                "restore",
                str(step),
                until.isoformat() if until else "",
            ],
            env={
                **environment,
                "LIFELEDGER_BACKUP_URL": str(settings.backup_place),
                "LIFELEDGER_LEDGER_URL": empty.ledger_url.get_secret_value(),
                "LIFELEDGER_BLOB_URL": str(empty.blob_url),
            },
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        if finished.returncode == 0:
            break
        assert finished.returncode == -signal.SIGKILL, finished.stderr
        killed_at.append(step)
        if value_of(empty, "SELECT count(*) FROM ledger.events"):
            with pytest.raises(RestoreUnfinished):
                open_store(empty)
            with pytest.raises((RestoreUnfinished, BackupRunning)):
                bring_back(empty, shelf, Wanted(until=NOON))
    assert len(killed_at) > 5
    assert ledger_of(empty) == wanted
    with open_store(empty) as restored:
        assert restored.catch_up() == len(wanted["events"])
