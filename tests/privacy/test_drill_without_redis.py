"""The drill without Redis: it dies, or hangs, before anything is erased, and what it kept serves nobody: ``make drill``."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from infrastructure.bootstrap import open_store
from infrastructure.embedded.servers import EmbeddedServers, stop
from infrastructure.erasure.journal import Erasure
from infrastructure.settings import Settings
from infrastructure.store.store import Store
from tests.cache.mortal_redis import MortalRedis, answers_of
from tests.conftest import ROOT, environment_of
from tests.privacy.inhabited import look_through_sql, warm
from tests.privacy.lots import Lot
from tests.privacy.rehearsal import Rehearsal, Seen, assert_forgotten, rehearsed
from tests.privacy.scan import Needles

pytestmark = pytest.mark.drill

NOTICED_SECONDS = 1.0


@dataclass
class Reader:
    """Another process, which knows all keys before anything is erased."""

    process: subprocess.Popen[str]

    def reads(self, lot: Lot) -> int:
        """Return how much of a lot it can read."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(" ".join(map(str, (lot.subject_id, *lot.records))) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@pytest.fixture
def rehearsal() -> Iterator[Rehearsal]:
    """A store with everything planted, whose servers are stopped."""
    with rehearsed() as made:
        yield made


@pytest.fixture
def redis() -> Iterator[MortalRedis]:
    """A Redis that is not the store's own, which would be started again."""
    folder = Path(tempfile.mkdtemp(prefix="lifeledger-redis-"))
    mortal = MortalRedis(folder)
    try:
        yield mortal
    finally:
        mortal.kill()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def reading(settings: Settings) -> Iterator[Reader]:
    command = [sys.executable, "-m", "tests.privacy.warm_reader"]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, env=environment_of(settings), cwd=ROOT, stdin=pipe, stdout=pipe, text=True
    ) as process:
        try:
            yield Reader(process)
        finally:
            process.kill()


@pytest.mark.parametrize("fault", ["dies", "hangs"])
def test_without_redis_nothing_of_it_is_left_and_no_process_reads_it_a_second_later(
    rehearsal: Rehearsal, redis: MortalRedis, fault: str
) -> None:
    lots = rehearsal.lots
    with EmbeddedServers(rehearsal.store.data_dir) as servers:
        settings = rehearsal.beside(servers.postgres_url("ledger"), servers.postgres_url("keys"))
        settings = settings.model_copy(update={"redis_url": SecretStr(redis.url)})
        with open_store(settings) as store, reading(settings) as reader:
            before = Seen.of(store, lots)
            warm(store, *lots.people)
            assert answers_of(store).hits > 0
            could_read = {name: reader.reads(lot) for name, lot in lots.all.items()}
            redis.tell(signal.SIGKILL if fault == "dies" else signal.SIGSTOP)
            can_read = {name: _erased_under_the_eyes(store, reader, lot) for name, lot in lots.going.items()}
            can_read |= {name: reader.reads(lot) for name, lot in lots.staying.items()}
            store.tidy()
            redis.tell(signal.SIGCONT)
            after = Seen.of(store, lots)
            told = look_through_sql(servers, Needles(lots.going_strings))
    stop(rehearsal.store.data_dir)
    assert all(could_read.values())
    assert can_read == {name: could_read[name] if name in lots.staying else 0 for name in lots.all}
    assert told == set()
    assert lots.places(Needles(lots.going_strings).in_files(rehearsal.files())) == {}
    assert_forgotten(lots, before, after)


def _erased_under_the_eyes(store: Store, reader: Reader, lot: Lot) -> int:
    """Erase a lot; return how much of it the reader reads a second after its keys are destroyed."""
    with ThreadPoolExecutor(1) as beside:
        under_way = beside.submit(lot.erase, store)
        destroyed_at = _keys_destroyed(store, lot)
        time.sleep(max(0.0, NOTICED_SECONDS - (datetime.now(UTC) - destroyed_at).total_seconds()))
        can_read = reader.reads(lot)
        assert under_way.result().done
    return can_read


def _keys_destroyed(store: Store, lot: Lot) -> datetime:
    """Wait until an erasure of the lot has destroyed its keys; return when."""
    while True:
        for erasure in store.erasures.all():
            if _is_of(erasure, lot) and "keys" in erasure.steps:
                return datetime.fromisoformat(erasure.steps["keys"]["at"])
        time.sleep(0.01)


def _is_of(erasure: Erasure, lot: Lot) -> bool:
    asked = erasure.request
    record_id = next(iter(asked.record_ids), None)
    said = {"kind": asked.kind, "period": asked.period, "record_id": str(record_id) if record_id else ""}
    return (
        asked.subject_id == lot.subject_id
        and {name: each for name, each in said.items() if each} == lot.asked
    )
