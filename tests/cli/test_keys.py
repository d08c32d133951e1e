"""Looking after the keys from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pyrage

from infrastructure.cli.app import EXIT_REFUSED, EXIT_UNAVAILABLE, EXIT_USAGE
from infrastructure.settings import Settings
from tests.cli.test_cli import Run, ada, assert_refused, lines, made, run
from tests.conftest import Databases

__all__ = ["ada", "run"]  # fixtures


def test_a_root_key_is_replaced_and_the_store_goes_on(
    ada: Run, databases: Databases, settings: Settings
) -> None:
    made(ada, "task.create", "title=Before the rotation")
    (before,) = lines(ada("keys", "status", "--json"))
    assert (before["epoch"], before["destroyed_keys"], before["rotation"]) == (1, 0, "nothing to do")
    assert before["since"] is not None
    assert "root-1.key 0600" in before["root_keys"]
    with psycopg.connect(databases.keys) as connection:
        connection.execute(
            "UPDATE keys.period_keys SET wrapped = NULL, destroyed_at = now() WHERE kind = 'task'"
        )
        connection.execute("UPDATE keys.destructions SET count = count + 1")
    (due,) = lines(ada("keys", "status", "--json"))
    assert (due["rotation"], due["destroyed_keys"]) == ("pending", 1)
    (rotated,) = lines(ada("keys", "rotate", "--json"))
    assert rotated == {"epoch": 2, "keys": due["living_keys"]}
    (after,) = lines(ada("keys", "status", "--json"))
    assert (after["epoch"], after["rotation"], after["rotation_due"]) == (2, "nothing to do", None)
    assert after["since"] > before["since"]
    assert [path.name for path in (settings.data_dir / "keys").iterdir()] == ["root-2.key"]
    made(ada, "task.create", "title=After the rotation")


def test_keys_are_backed_up_to_a_recipient_and_brought_back(
    ada: Run, databases: Databases, tmp_path: Path
) -> None:
    identity, file = pyrage.x25519.Identity.generate(), tmp_path / "keys.age"
    (tmp_path / "identity").write_text(str(identity))
    (written,) = lines(ada("keys", "backup", str(file), "--to", str(identity.to_public()), "--json"))
    assert (written["epoch"], written["with_root_keys"]) == (1, True)
    assert_refused(ada("keys", "backup", str(file), "--to", str(identity.to_public())), EXIT_REFUSED)
    with psycopg.connect(databases.keys) as connection:
        connection.execute("TRUNCATE keys.store, keys.root_epochs, keys.period_keys")
    (restored,) = lines(ada("keys", "restore", str(file), "--identity", str(tmp_path / "identity"), "--json"))
    assert restored["store_id"] == written["store_id"]
    assert restored["rows"] == written["rows"]


def test_a_passphrase_comes_from_the_environment_and_is_never_repeated(ada: Run, tmp_path: Path) -> None:
    file, secret = tmp_path / "keys.age", "canary5b8f21c07e"
    given = {"LIFELEDGER_BACKUP_PASSPHRASE": secret}
    assert json.loads(ada("keys", "backup", str(file), "--json", **given).stdout)["rows"] > 0
    assert secret.encode() not in file.read_bytes()
    wrong = {"LIFELEDGER_BACKUP_PASSPHRASE": secret + "x"}
    assert_refused(ada("keys", "restore", str(file), **wrong), EXIT_REFUSED)


def test_errors_are_one_line(ada: Run, settings: Settings, tmp_path: Path) -> None:
    assert_refused(ada("keys", "backup", str(tmp_path / "a.age"), "--to", "canary5b8f21c07e"), EXIT_REFUSED)
    assert_refused(
        ada("keys", "restore", str(tmp_path / "canary5b8f21c07e"), "--identity", "/nowhere"), EXIT_REFUSED
    )
    assert_refused(ada("keys", "backup"), EXIT_USAGE)
    (settings.data_dir / "keys" / "root-1.key").unlink()
    assert_refused(ada("keys", "rotate"), EXIT_UNAVAILABLE)
    assert_refused(ada("keys", "status"), EXIT_UNAVAILABLE)
