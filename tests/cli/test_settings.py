"""Settings that say nothing or something that cannot be meant: told by name, never by value, and nothing is begun."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infrastructure.blobs.objects import object_store
from infrastructure.bootstrap import open_store
from infrastructure.cli.app import EXIT_REFUSED, EXIT_UNAVAILABLE, EXIT_USAGE
from infrastructure.errors import ConfigurationError
from infrastructure.settings import Settings
from infrastructure.standby.place import data_dir_of, wanted
from tests.cli.test_cli import CANARY, ROOT, Run, ada, assert_refused, run

__all__ = ["ada", "run"]  # the fixtures

WRONG = {
    "IDLE_MINUTES": ("-1", CANARY, "nan"),
    "CACHE_TTL_SECONDS": ("-5", "0", "1.5", CANARY),
    "STATEMENT_TIMEOUT_SECONDS": ("0", "-1", "inf", "0.0001"),
    "BACKUP_EVERY_HOURS": ("-1", "inf"),
    "BACKUP_KEEP_DAYS": ("-0.5", "1e9"),
    "ROTATE_AFTER_HOURS": ("-24", CANARY),
    "READ_TABLES": (CANARY,),
    "STANDBY": ("maybe",),
    "PROJECT_IN_PROCESS": (CANARY,),
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in WRONG for value in WRONG[name]])
def test_a_setting_that_cannot_be_meant_is_refused_by_name(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"LIFELEDGER_{name}", value)
    with pytest.raises(ConfigurationError, match=rf"^LIFELEDGER_{name} must be [^;]+$") as caught:
        open_store()
    assert CANARY not in repr(caught.value)
    with pytest.raises(ConfigurationError, match=rf"^{name.lower()} must be [^;]+$"):
        Settings(**{name.lower(): value})


def test_all_that_is_wrong_is_said_at_once_in_one_line(ada: Run) -> None:
    finished = ada(
        "find",
        "task",
        LIFELEDGER_IDLE_MINUTES=CANARY,
        LIFELEDGER_READ_TABLES=CANARY,
        LIFELEDGER_STANDBY="maybe",
    )
    assert_refused(finished, EXIT_REFUSED)
    assert finished.stderr == (
        "lifeledger: LIFELEDGER_READ_TABLES must be 'unlogged' or 'logged'; "
        "LIFELEDGER_IDLE_MINUTES must be a valid number; LIFELEDGER_STANDBY must be true or false\n"
    )


def test_a_name_that_is_no_setting_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"^there is no setting idle_hours$"):
        Settings(idle_hours=CANARY)


def test_the_least_and_the_most_that_can_be_meant_are_taken() -> None:
    Settings(idle_minutes=0, backup_every_hours=0, backup_keep_days=0, rotate_after_hours=0)
    Settings(cache_ttl_seconds=1, statement_timeout_seconds=0.001, backup_keep_days=365_000)


def test_an_empty_variable_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"LIFELEDGER_{name.upper()}" for name in Settings.model_fields]
    for name in names:
        monkeypatch.delenv(name, raising=False)
    unset = Settings()
    place, standby = data_dir_of([]), wanted()
    for name in names:
        monkeypatch.setenv(name, "")
    assert Settings() == unset
    assert (data_dir_of([]), wanted()) == (place, standby)
    assert place is not None
    assert Path(place) == unset.data_dir.resolve() != Path.cwd()


def test_who_has_no_home_names_a_data_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIFELEDGER_DATA_DIR", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    monkeypatch.setenv("HOME", "/home/ada")
    assert Path("/home/ada") in Settings().data_dir.parents
    monkeypatch.setattr(
        os.path, "expanduser", lambda path: path
    )  # as where neither HOME nor /etc/passwd tells
    assert data_dir_of([]) is None
    with pytest.raises(ConfigurationError, match="LIFELEDGER_DATA_DIR"):
        Settings()
    assert Settings(data_dir=Path("/srv/ada")).data_dir == Path("/srv/ada")


@pytest.mark.parametrize("name", ["LIFELEDGER_LEDGER_URL", "LIFELEDGER_KEYS_URL", "LIFELEDGER_READ_URL"])
@pytest.mark.parametrize(
    "address", [CANARY, f"mysql://{CANARY}@h/d", f"postgresql://{CANARY}@h/", "postgresql://["]
)
def test_an_address_that_cannot_be_one_is_refused_by_name(
    environment: dict[str, str], name: str, address: str
) -> None:
    good = {"LIFELEDGER_LEDGER_URL": "postgresql:///l", "LIFELEDGER_KEYS_URL": "postgresql:///k"}
    finished = subprocess.run(
        [sys.executable, "-m", "infrastructure.cli", "status"],
        env={**environment, **good, name: address},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == EXIT_REFUSED
    assert finished.stderr == f"lifeledger: {name} must be an address of PostgreSQL that names a database\n"


def test_an_erasure_file_that_cannot_be_used_is_said(ada: Run, tmp_path: Path) -> None:
    finished = ada("status", LIFELEDGER_ERASURE_FILE=str(tmp_path))
    assert finished.returncode == EXIT_UNAVAILABLE
    assert "LIFELEDGER_ERASURE_FILE" in finished.stderr


def test_an_empty_data_directory_is_wrong_usage(ada: Run, tmp_path: Path) -> None:
    for words in (["--data-dir", ""], ["--data-dir="]):
        assert_refused(ada("find", "task", *words), EXIT_USAGE)
        assert data_dir_of(["task", *words]) != str(Path.cwd())
    other = str(tmp_path / "other")
    assert other in ada("find", "task", "--data-dir", other).stderr  # what is named is what it looks into


@pytest.mark.parametrize("address", [CANARY, f"foo://{CANARY}"])
@pytest.mark.parametrize(("name", "command"), [("REDIS_URL", "status"), ("BACKUP_URL", "backup")])
def test_an_address_of_what_there_is_not_is_refused_by_name(
    ada: Run, tmp_path: Path, name: str, command: str, address: str
) -> None:
    if (name, address) == ("BACKUP_URL", CANARY):
        address = str(tmp_path / "a" / "folder")  # a place without a scheme is a folder
        assert ada(command, LIFELEDGER_BACKUP_URL=address).returncode == 0
        return
    finished = ada(command, **{f"LIFELEDGER_{name}": address})
    assert_refused(finished, EXIT_REFUSED)
    assert f"LIFELEDGER_{name} must" in finished.stderr


def test_a_place_for_content_that_cannot_be_is_refused_by_name(tmp_path: Path) -> None:
    for url in (CANARY, f"foo://{CANARY}"):
        with pytest.raises(ConfigurationError, match="LIFELEDGER_BLOB_URL must be an address"):
            object_store(url, tmp_path)
