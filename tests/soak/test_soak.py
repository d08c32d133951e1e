"""Under load and faults nothing accepted is lost or doubled, and the read models come back: ``make soak``.

SOAK_SECONDS says how long the load lasts: 20 s by default, with one round of every fault; ``make soak`` takes 600.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from domain.productivity.task import Task
from infrastructure.bootstrap import open_store
from infrastructure.settings import Settings
from infrastructure.store.store import Store
from tests.conftest import Databases
from tests.embedded.conftest import end_servers
from tests.embedded.processes import needs_proc
from tests.soak import verdict
from tests.soak.journal import ACCEPTED, BROKEN_OFF, IMPORTED, REBUILT, RECEIPT, REQUEST, Account
from tests.soak.run import soak

SECONDS = float(os.environ.get("SOAK_SECONDS", "20"))
LONG = 600.0  # seconds, in which a rebuild must come to its end
EVERY_FAULT = {"worker killed", "connections cut", "Redis paused", "Redis stopped", "PostgreSQL restarted"}


@pytest.fixture
def data_dir() -> Iterator[Path]:
    # Not pytest's tmp_path: its parents are closed to the account that runs the servers when we are root.
    folder = Path(tempfile.mkdtemp(prefix="lifeledger-soak-")).resolve()
    folder.chmod(0o711)
    try:
        yield folder / "data"
    finally:
        end_servers(folder / "data")
        shutil.rmtree(folder)


@needs_proc
@pytest.mark.slow
def test_nothing_is_lost_or_doubled_while_everything_falls(data_dir: Path, tmp_path: Path) -> None:
    done = soak(SECONDS, data_dir, tmp_path)
    print(  # noqa: T201 - the figures of a soak, shown by pytest -s
        f"\n{SECONDS:.0f} s, {len(done.account.told(ACCEPTED))} commands accepted,"
        f" {len(done.account.told(IMPORTED))} batches imported, longest request {done.account.longest(REQUEST):.1f} s,"
        f" longest wait for a receipt {done.account.longest(RECEIPT):.1f} s, PostgreSQL away for {done.outage:.1f} s,"
        f" {len(done.account.told(REBUILT))} rebuilds finished, {len(done.account.told(BROKEN_OFF))} broken off,"
        f" faults {dict(done.struck)}, memory { ({name: round(mb) for name, mb in done.memory.items()}) } MB"
    )
    assert set(done.struck) == EVERY_FAULT
    assert done.struck["PostgreSQL restarted"] == 2
    assert SECONDS < LONG or done.account.told(REBUILT)


@pytest.fixture
def account(store: Store) -> Account:
    """A store with a command that was accepted, and the journal that says so."""
    me = store.acting_as(store.register("ada", "ada@example.org"))
    receipt = me.do(Task.create, title="accepted")
    store.catch_up()
    entry = {
        "what": ACCEPTED,
        "command_id": str(receipt.command_id),
        "record_id": str(receipt.id),
        "version": receipt.version,
        "bucket": receipt.bucket,
        "position": receipt.position,
        "subject": me.subject_id,
    }
    return Account([entry])


def test_the_verdict_sees_a_command_that_is_lost_or_doubled(databases: Databases, account: Account) -> None:
    (entry,) = account.entries
    writers = [entry["subject"]]
    verdict.assert_every_accepted_command_is_there_once(databases.ledger, account, writers)
    with pytest.raises(AssertionError):
        verdict.assert_every_accepted_command_is_there_once(databases.ledger, Account([entry] * 2), writers)
    with psycopg.connect(databases.ledger) as connection:
        connection.execute(
            "INSERT INTO ledger.events SELECT bucket, position + 1, subject_id, record_id, version + 1, kind, topic,"
            " schema_version, key_id, recorded_at, actor_id, command_id, correlation_id, causation_id, body, digest"
            " FROM ledger.events WHERE command_id = %s",
            (entry["command_id"],),
        )
    with pytest.raises(AssertionError):
        verdict.assert_every_accepted_command_is_there_once(databases.ledger, account, writers)


@pytest.mark.usefixtures("account")
def test_the_verdict_sees_a_hole_in_a_bucket(databases: Databases) -> None:
    verdict.assert_every_bucket_is_dense(databases.ledger)
    with psycopg.connect(databases.ledger) as connection:
        connection.execute("DELETE FROM ledger.events WHERE position = 1")
    with pytest.raises(AssertionError):
        verdict.assert_every_bucket_is_dense(databases.ledger)


@pytest.mark.usefixtures("account")
def test_the_verdict_sees_a_row_that_differs(settings: Settings, databases: Databases) -> None:
    verdict.assert_tables_equal_a_fresh_projection(settings, databases.ledger)
    with psycopg.connect(databases.ledger) as connection:
        connection.execute("UPDATE read.tasks SET title = 'another'")
    with pytest.raises(AssertionError, match="'tasks': 2"):
        verdict.assert_tables_equal_a_fresh_projection(settings, databases.ledger)


@pytest.mark.usefixtures("store")
def test_the_verdict_sees_a_rebuild_that_found_a_difference_and_one_that_left_something(
    databases: Databases,
) -> None:
    equal, unequal = (Account([{"what": REBUILT, "equal": equal}]) for equal in (True, False))
    verdict.assert_rebuilds_were_equal(databases.ledger, equal)
    with pytest.raises(AssertionError):
        verdict.assert_rebuilds_were_equal(databases.ledger, unequal)
    with psycopg.connect(databases.ledger) as connection:
        connection.execute("CREATE SCHEMA read_next")
    with pytest.raises(AssertionError):
        verdict.assert_rebuilds_were_equal(databases.ledger, equal)


def test_the_verdict_sees_what_was_imported_twice(settings: Settings) -> None:
    with open_store(settings) as store:
        me = store.acting_as(store.register("ada", "ada@example.org"))
        me.do(Task.create, title="once")
        account = Account([{"what": IMPORTED, "names": ["once"]}])
        verdict.assert_everything_imported_is_there_once(store, account, me.subject_id)
        me.do(Task.create, title="once")
        with pytest.raises(AssertionError):
            verdict.assert_everything_imported_is_there_once(store, account, me.subject_id)
