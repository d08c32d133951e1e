"""A key backup comes back whole, for whom it was made, without what was erased since; or not at all."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pyrage
import pytest

from infrastructure.crypto.age_files import Identities, Passphrase, Recipients
from infrastructure.crypto.key_backup import back_up
from infrastructure.crypto.key_restore import KeysRestored, restore
from infrastructure.crypto.keyring import KeyRing
from infrastructure.crypto.root_key import RootKeys
from infrastructure.crypto.root_keys.file import FileRootKeys
from infrastructure.crypto.rotation import caring, rotate
from infrastructure.errors import (
    ConfigurationError,
    KeyBackupRefused,
    KeyCareInProgress,
    KeyUnavailable,
    RootKeyProblem,
)
from tests.conftest import Databases, Servers
from tests.crypto.keyrings import copied, fill, living_numbers, openable, opened, roots_left
from tests.crypto.test_rotation import destroy


class Stale(KeyUnavailable):
    """The erasure ledger at hand is older than the ledger database knows."""


class Erasures:
    """The simplest erasure ledger: ids of period keys."""

    def __init__(self, *, stale: bool = False) -> None:
        self._stale = stale

    def require_current(self) -> None:
        if self._stale:
            raise Stale


class Place:
    """A keys database with a folder of root keys."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        self.pool = opened(url)
        self.roots: RootKeys = FileRootKeys(folder)

    def ring(self) -> KeyRing:
        return KeyRing(self.pool, self.roots)

    def back_up(self, path: Path, readers: Recipients | Passphrase, **how: bool) -> Path:
        return back_up(self.pool, self.roots, path, readers, **how).path

    def restore(
        self, path: Path, reader: Identities | Passphrase, erasures: Erasures | None = None
    ) -> KeysRestored:
        return restore(self.pool, self.roots, path, reader, erasures or Erasures())

    def empty(self) -> bool:
        with psycopg.connect(self.url) as connection:
            return connection.execute("SELECT 1 FROM keys.store").fetchone() is None and not copied(self.url)


@pytest.fixture
def here(databases: Databases, tmp_path: Path) -> Iterator[Place]:
    place = Place(databases.keys, tmp_path / "here")
    yield place
    place.pool.close()


@pytest.fixture
def there(servers: Servers, templates: tuple[str, str], tmp_path: Path) -> Iterator[Place]:
    """An empty keys database elsewhere, without the root keys."""
    database = f"lifeledger_{secrets.token_hex(4)}_keys"
    name, template = psycopg.sql.Identifier(database), psycopg.sql.Identifier(templates[1])
    servers.administer(psycopg.sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, template))
    place = Place(servers.database(database), tmp_path / "there")
    yield place
    place.pool.close()
    servers.administer(psycopg.sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@pytest.fixture
def identity() -> pyrage.x25519.Identity:
    return pyrage.x25519.Identity.generate()


@pytest.fixture
def readers(identity: pyrage.x25519.Identity) -> Recipients:
    return Recipients([str(identity.to_public())])


@pytest.fixture
def reader(identity: pyrage.x25519.Identity) -> Identities:
    return Identities(f"# created: today\n{identity}\n")


def test_a_backup_comes_back_where_nothing_is_left_under_a_new_root_key(
    here: Place, there: Place, readers: Recipients, reader: Identities, tmp_path: Path
) -> None:
    ring = here.ring()
    made = fill(ring, 40)
    destroy(here.url, made[0][1])
    path = here.back_up(tmp_path / "keys.age", readers)
    assert path.stat().st_mode & 0o777 == 0o600
    restored = there.restore(path, reader)
    assert (restored.store_id, restored.epoch) == (ring.store_id, 2)
    assert sorted(each.name for each in there.folder.iterdir()) == ["root-2.key"]
    again = there.ring()
    assert again.store_id == ring.store_id
    assert [again.key(subject, key).secret for subject, key, _ in made] == [None, *(it[2] for it in made[1:])]
    assert openable(copied(there.url), roots_left(here.url, here.folder), ring.store_id) == 0
    fill(again, 1)


def test_a_backup_without_root_keys_comes_back_beside_them_and_nowhere_else(
    here: Place, there: Place, readers: Recipients, reader: Identities, tmp_path: Path
) -> None:
    made = fill(here.ring(), 3)
    path = here.back_up(tmp_path / "keys.age", readers, root_keys=False)
    with pytest.raises(RootKeyProblem):
        there.restore(path, reader)
    assert there.empty()
    there.roots = here.roots
    assert there.restore(path, reader).epoch == 1
    assert [there.ring().key(subject, key).secret for subject, key, _ in made] == [it[2] for it in made]
    assert copied(there.url) == copied(here.url)


def test_a_passphrase_opens_a_backup_and_another_does_not(here: Place, there: Place, tmp_path: Path) -> None:
    made = fill(here.ring(), 3)
    path = here.back_up(tmp_path / "keys.age", Passphrase("correct horse"))
    with pytest.raises(KeyBackupRefused):
        there.restore(path, Passphrase("battery staple"))
    assert there.empty()
    there.restore(path, Passphrase("correct horse"))
    assert there.ring().key(*made[1][:2]).secret == made[1][2]


def test_nothing_is_restored_beside_erasures_that_are_older_than_the_ledger_knows(
    here: Place, there: Place, readers: Recipients, reader: Identities, tmp_path: Path
) -> None:
    made = fill(here.ring(), 3)
    path = here.back_up(tmp_path / "keys.age", readers)
    with pytest.raises(Stale):
        there.restore(path, reader, Erasures(stale=True))
    assert there.empty()
    there.restore(path, reader, Erasures())
    ring = there.ring()
    assert [ring.key(*each[:2]).secret for each in made] == [each[2] for each in made]


def test_a_database_that_lost_rows_is_mended_and_one_that_knows_more_is_left_alone(
    here: Place, readers: Recipients, reader: Identities, tmp_path: Path
) -> None:
    made = fill(here.ring(), 5)
    path, before = here.back_up(tmp_path / "keys.age", readers), sorted(copied(here.url))
    with psycopg.connect(here.url) as connection:
        connection.execute("DELETE FROM keys.period_keys WHERE key_id = %s", (made[2][1],))
    assert here.restore(path, reader).rows == 1
    assert sorted(copied(here.url)) == before
    destroy(here.url, made[3][1])
    with pytest.raises(KeyBackupRefused, match="knows more"):
        here.restore(path, reader)
    assert [row[5] for row in copied(here.url) if row[4] == made[3][1]] == [None]
    rotate(here.pool, here.roots)
    with pytest.raises(KeyBackupRefused, match="replaced"):
        here.restore(path, reader)
    assert living_numbers(here.url) == [2]


def test_a_key_made_since_is_not_overruled(
    here: Place, readers: Recipients, reader: Identities, tmp_path: Path
) -> None:
    fill(here.ring(), 2)
    path = here.back_up(tmp_path / "keys.age", readers)
    fill(here.ring(), 1)
    after = copied(here.url)
    with pytest.raises(KeyBackupRefused, match="knows more"):
        here.restore(path, reader)
    assert copied(here.url) == after


def test_a_backup_of_another_store_is_refused(
    here: Place, there: Place, readers: Recipients, reader: Identities, tmp_path: Path
) -> None:
    fill(here.ring(), 2)
    fill(there.ring(), 2)
    path, before = here.back_up(tmp_path / "keys.age", readers), copied(there.url)
    with pytest.raises(KeyBackupRefused, match="another store"):
        there.restore(path, reader)
    assert copied(there.url) == before


def test_a_damaged_or_shortened_file_restores_nothing(
    here: Place, there: Place, readers: Recipients, reader: Identities, tmp_path: Path
) -> None:
    fill(here.ring(), 400)
    content = here.back_up(tmp_path / "keys.age", readers).read_bytes()
    assert len(content) > 2 * 65536
    damaged = tmp_path / "damaged.age"
    places = (0, 40, 150, len(content) // 2, len(content) - 1)
    flipped = [content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :] for at in places]
    shortened = [content[:at] for at in (0, 100, 65536, len(content) - 70_000, len(content) - 1)]
    for each in (*flipped, *shortened, content + b"x"):
        damaged.write_bytes(each)
        with pytest.raises(KeyBackupRefused):
            there.restore(damaged, reader)
        assert there.empty()


def test_lines_that_are_not_whole_are_refused_even_if_the_encryption_is(
    here: Place, there: Place, identity: pyrage.x25519.Identity, reader: Identities, tmp_path: Path
) -> None:
    fill(here.ring(), 5)
    path = here.back_up(tmp_path / "keys.age", Recipients([str(identity.to_public())]))
    lines = pyrage.decrypt(path.read_bytes(), [identity]).splitlines(keepends=True)
    newer = json.loads(lines[0]) | {"version": 2}
    changed = {
        "without the last line": lines[:-1],
        "without a row": [*lines[:3], *lines[4:]],
        "rows in another order": [*lines[:3], lines[4], lines[3], *lines[5:]],
        "lines after the last": [*lines, lines[3]],
        "a newer version": [json.dumps(newer).encode() + b"\n", *lines[1:]],
        "no header": lines[1:],
        "not JSON": [b"\xff\n", *lines[1:]],
        "nothing": [],
    }
    for content in changed.values():
        path.write_bytes(pyrage.encrypt(b"".join(content), [identity.to_public()]))
        with pytest.raises(KeyBackupRefused):
            there.restore(path, reader)
        assert there.empty()
    path.write_bytes(pyrage.encrypt(b"".join(lines), [identity.to_public()]))
    assert there.restore(path, reader).rows == len(lines) - 3


def test_a_backup_is_written_whole_or_not_at_all_and_never_over_another(
    here: Place, readers: Recipients, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(here.ring(), 2)
    path = here.back_up(tmp_path / "keys.age", readers)
    content = path.read_bytes()
    with pytest.raises(KeyBackupRefused, match="already"):
        here.back_up(path, readers)
    assert path.read_bytes() == content

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KeyBackupRefused, match="No space left"):
        here.back_up(tmp_path / "other.age", readers)
    with pytest.raises(KeyBackupRefused, match="No such file"):
        here.back_up(tmp_path / "no" / "folder.age", readers)
    assert [each.name for each in tmp_path.glob("*.age")] == ["keys.age"]
    assert list(tmp_path.glob(".*age*")) == []


def test_backups_and_rotations_do_not_run_into_each_other(
    here: Place, readers: Recipients, tmp_path: Path
) -> None:
    fill(here.ring(), 1)
    with caring(here.pool, shared=True):
        here.back_up(tmp_path / "keys.age", readers)
        with pytest.raises(KeyCareInProgress):
            rotate(here.pool, here.roots)
    with caring(here.pool), pytest.raises(KeyCareInProgress):
        here.back_up(tmp_path / "second.age", readers)


@pytest.mark.parametrize("name", ["", "age1", "ssh-ed25519 AAAA", "AGE-SECRET-KEY-1"])
def test_a_recipient_is_a_public_key_of_age(name: str) -> None:
    with pytest.raises(ConfigurationError):
        Recipients([name])
