"""The file of erasures outlives every database: what a restored backup remembers is forgotten again."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr

from domain.personal.transaction import Transaction
from domain.productivity.task import Task
from infrastructure.bootstrap import open_store
from infrastructure.errors import BrokenErasureFile, Erased, StaleErasureFile, SubjectErased
from infrastructure.settings import Settings
from infrastructure.store.store import Store
from tests.conftest import Databases, Servers
from tests.erasure.lives import live_a_little, readable, rebuilt, tables
from tests.identifiers import without_ids

Backup = Callable[[str], str]


@pytest.fixture
def backup(servers: Servers) -> Iterator[Backup]:
    """Copies a database as it is now; nobody may be connected to it."""
    made: list[str] = []

    def copy(url: str) -> str:
        name = f"lifeledger_{secrets.token_hex(4)}_old"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        template = str(conninfo_to_dict(url)["dbname"])
        servers.administer(statement.format(sql.Identifier(name), sql.Identifier(template)))
        made.append(name)
        return servers.database(name)

    yield copy
    for name in made:
        servers.administer(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.mark.parametrize("restored", [("ledger",), ("keys",), ("ledger", "keys")], ids=" and ".join)
def test_a_restored_backup_is_made_to_forget_before_it_serves(
    settings: Settings, databases: Databases, backup: Backup, restored: tuple[str, ...]
) -> None:
    with open_store(settings) as store:
        people = [live_a_little(store, name).subject_id for name in ("ada", "bob", "cy", "eve")]
        store.catch_up()
        task = store.acting_as(people[2]).find(Task)[0].id
    ada, bob, cy, eve = people
    old = {name: backup(getattr(databases, name)) for name in restored}
    with open_store(settings) as store:
        store.erase(ada, grounds="test")
        store.erase(bob, grounds="test", kind=Transaction)
        store.erase(cy, grounds="test", record_id=task)
        as_it_was = {person: readable(store.acting_as(person)) for person in people}
    assert _tells(old, {"ledger": "ledger.erasures", "keys": "keys.erasures"}) == 0
    urls = {f"{name}_url": SecretStr(url) for name, url in old.items()}
    with open_store(settings.model_copy(update=urls)) as store:
        assert {person: readable(store.acting_as(person)) for person in people} == as_it_was
        assert not any(as_it_was[ada].values())
        assert all(as_it_was[eve].values())
        assert [record_id for record_id, whole in as_it_was[cy].items() if not whole] == [task]
        assert all(store.erasures.verify(erasure.id).holds for erasure in store.erasures.all())
        assert len(store.erasures.all()) == 3
        with pytest.raises(SubjectErased):
            store.acting_as(ada).do(Task.create, title="no")
        with pytest.raises(Erased):
            store.acting_as(cy).load(task)
        ledger = old.get("ledger", databases.ledger)
        store.catch_up()
        assert tables(ledger) == rebuilt(store, ledger)
        assert store.acting_as(cy).do(Task.create, title="goes on").version == 1


def _tells(old: dict[str, str], relations: dict[str, str]) -> int:
    """Return how many erasures the old databases know: the control of what they have to be told."""
    known = 0
    for name, url in old.items():
        with psycopg.connect(url) as connection:
            known += len(connection.execute(f"SELECT * FROM {relations[name]}").fetchall())
    return known


@pytest.fixture
def file(settings: Settings) -> Path:
    """The file of a store in which two kinds were erased, which is closed."""
    with open_store(settings) as store:
        ada = live_a_little(store, "ada").subject_id
        for kind in (Task, Transaction):
            store.erase(ada, grounds="test", kind=kind)
    return settings.data_dir / "erasures" / "erasures.jsonl"


def test_a_file_that_knows_less_than_the_databases_is_refused(settings: Settings, file: Path) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole.splitlines(keepends=True)[0])
    with pytest.raises(StaleErasureFile):
        open_store(settings)
    file.unlink()
    with pytest.raises(StaleErasureFile):
        open_store(settings)
    file.write_bytes(whole)
    open_store(settings).close()


@pytest.mark.parametrize("line", [0, 1])
def test_a_line_that_was_changed_is_refused(settings: Settings, file: Path, line: int) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    assert b'"grounds":"test"' in lines[line]
    lines[line] = lines[line].replace(b'"grounds":"test"', b'"grounds":"none"')
    file.write_bytes(b"".join(lines))
    with pytest.raises(BrokenErasureFile):
        open_store(settings)


def test_a_line_that_a_crash_left_without_its_end_is_cut_off(settings: Settings, file: Path) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole + b'{"number":3,"erasure_')
    open_store(settings).close()
    assert file.read_bytes() == whole


def test_a_second_place_brings_back_a_lost_file(settings: Settings, file: Path, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere" / "erasures.jsonl"
    twice = settings.model_copy(update={"erasure_copy": copy})
    open_store(twice).close()
    assert copy.read_bytes() == file.read_bytes()
    whole = file.read_bytes()
    file.unlink()
    open_store(twice).close()
    assert file.read_bytes() == whole
    assert [path.stat().st_mode & 0o777 for path in (file, copy)] == [0o600, 0o600]


def test_the_file_names_nobody(settings: Settings, file: Path, store: Store) -> None:
    ada = store.person("ada").id
    text = file.read_text()
    assert str(ada) in text
    assert "ada" not in without_ids(text)
    assert "example.org" not in text
    assert settings.data_dir.name not in text
