"""A restored store is the store: every row of the ledger, every object, every row of the read tables."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from domain.productivity.task import Task
from domain.shared import clock
from infrastructure.backup.shelf import Shelf, shelf_at
from infrastructure.backup.verify import verify
from infrastructure.backup.wanted import Wanted
from infrastructure.bootstrap import back_up, bring_back, open_store
from infrastructure.settings import Settings
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.backup.comparing import ledger_of, objects_of, read_tables_of
from tests.backup.conftest import Elsewhere
from tests.backup.living import import_tasks, import_variously
from tests.histories import Step, histories, live


@pytest.mark.slow
@example_settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(histories(min_size=5, every_kind=True), min_size=2, max_size=4), st.integers(0, 2**16))
def test_backup_and_restore_are_the_identity(
    store: Store,
    settings: Settings,
    elsewhere: Elsewhere,
    tmp_path: Path,
    parts: list[tuple[Step, ...]],
    seed: int,
) -> None:
    place = settings.model_copy(update={"backup_url": str(tmp_path / f"backups-{seed}")})
    shelf = shelf_at(str(place.backup_place))
    people = [
        store.acting_as(
            store.register(f"p{clock.now().timestamp()}{number}", f"{clock.now().timestamp()}@x.org")
        )
        for number in range(2)
    ]
    for number, history in enumerate(parts):
        live(people[number % 2], history)
        import_variously(people[number % 2], seed + number)
        back_up(place, shelf)
    assert verify(shelf).damages == []
    empty = elsewhere()
    bring_back(empty, shelf, Wanted())
    assert_equal(settings, empty, store)


def test_a_chain_of_runs_restores_to_the_last(
    me: Session, store: Store, settings: Settings, shelf: Shelf, elsewhere: Elsewhere
) -> None:
    runs = []
    for number in range(4):
        me.do(Task.create, title=f"task {number}")
        import_variously(me, number)
        runs.append(back_up(settings, shelf))
    assert [run.base for run in runs] == [None, *(run.run for run in runs[:-1])]
    assert (
        verify(shelf).events == sum(run.events for run in runs) == sum(store.engine.ledger.heads().values())
    )
    empty = elsewhere()
    bring_back(empty, shelf, Wanted())
    assert_equal(settings, empty, store)


def test_an_earlier_run_restores_to_that_run(
    me: Session, settings: Settings, shelf: Shelf, elsewhere: Elsewhere
) -> None:
    import_variously(me, 1)
    earlier, then = back_up(settings, shelf), ledger_of(settings)
    import_variously(me, 2)
    back_up(settings, shelf)
    empty = elsewhere()
    bring_back(empty, shelf, Wanted(), earlier.run)
    assert ledger_of(empty) == then != ledger_of(settings)


def test_the_restored_store_goes_on_where_the_other_stood(
    me: Session, settings: Settings, shelf: Shelf, elsewhere: Elsewhere
) -> None:
    import_tasks(me, "before")
    back_up(settings, shelf)
    empty = elsewhere()
    bring_back(empty, shelf, Wanted())
    with open_store(empty) as restored:
        mine = restored.acting_as(restored.person("ada"))
        import_tasks(mine, "before")
        assert restored.engine.ledger.heads() == me.engine.ledger.heads()  # all were recognised
        receipt = mine.do(Task.create, title="after")
        restored.catch_up()
        assert {task.title for task in mine.find(Task, after=receipt)} == {
            "after",
            *(f"before {number}" for number in range(25)),
        }
        assert back_up(empty, shelf).base is not None  # the chain goes on too


def assert_equal(settings: Settings, restored: Settings, store: Store) -> None:
    """Compare ledger, large content and, both caught up, the read tables of two stores."""
    assert ledger_of(restored) == ledger_of(settings)
    assert restored.blob_url is not None
    kept = objects_of(Path(restored.blob_url.removeprefix("file://")))
    assert kept == objects_of(settings.data_dir / "blobs") != {}
    with open_store(restored) as opened:
        opened.catch_up()
        store.catch_up()
        assert read_tables_of(restored) == read_tables_of(settings)
        assert opened.engine.projector.lag() == 0
