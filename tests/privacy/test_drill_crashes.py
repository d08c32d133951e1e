"""The drill with SIGKILL: whichever step an erasure dies in, whoever comes next leaves nothing of it: ``make drill``."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from infrastructure.bootstrap import open_store
from infrastructure.embedded.servers import EmbeddedServers, stop
from infrastructure.erasure.steps import STEPS
from tests.conftest import environment_of
from tests.erasure.dying import kill_at
from tests.privacy.places import look_while_it_runs
from tests.privacy.rehearsal import Rehearsal, Seen, assert_forgotten, rehearsed
from tests.privacy.scan import Needles

pytestmark = pytest.mark.drill


@pytest.fixture(scope="module")
def rehearsal() -> Iterator[Rehearsal]:
    """A store with everything planted, whose servers are stopped."""
    with rehearsed() as made:
        yield made


@pytest.fixture
def copied(rehearsal: Rehearsal) -> Iterator[Rehearsal]:
    """The same store in a data directory of its own, for one death."""
    again = rehearsal.in_another_place("dies")
    yield again
    stop(again.store.data_dir)
    shutil.rmtree(again.folder)


@pytest.mark.parametrize("step", STEPS)
def test_erasures_killed_at_a_step_leave_nothing_once_they_are_finished(copied: Rehearsal, step: str) -> None:
    lots, data_dir = copied.lots, copied.store.data_dir
    going = Needles(lots.going_strings)
    with EmbeddedServers(data_dir) as servers:
        settings = copied.beside(servers.postgres_url("ledger"), servers.postgres_url("keys"))
        with open_store(settings) as store:
            before = Seen.of(store, lots)
            for lot in lots.going.values():
                kill_at(step, environment_of(settings), lot.subject_id, **lot.asked)
            *_, last = lots.going.values()
            last.erase(store)  # asked for again; the janitor goes on with the others
            store.tidy()
            assert [erasure.done for erasure in store.erasures.all()] == [True] * len(lots.going)
            after = Seen.of(store, lots)
            told = look_while_it_runs(servers, going)
    stop(data_dir)
    assert {lots.going_strings[each] for each in told} == set()
    assert lots.places(going.in_files(copied.files())) == {}
    assert_forgotten(lots, before, after)
