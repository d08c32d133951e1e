"""Backups from the command line: made, listed, verified, brought back, carried away."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infrastructure.embedded.servers import stop
from tests.backup.conftest import Elsewhere
from tests.cli.test_cli import Run, ada, lines, made, run
from tests.conftest import ROOT

__all__ = ["ada", "run"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data directory for servers of its own, below a folder that is open to the account they run as."""
    made_folder = Path(tempfile.mkdtemp(prefix="lifeledger-offer-"))
    yield made_folder
    stop(made_folder)
    shutil.rmtree(made_folder, ignore_errors=True)


def test_a_backup_is_made_verified_and_brought_back(ada: Run, elsewhere: Elsewhere, tmp_path: Path) -> None:
    place = str(tmp_path / "place")
    task = made(ada, "task.create", "title=Renew passport")
    (first,) = lines(ada("backup", "--place", place, "--json"))
    made(ada, "task.create", "title=Pack")
    (second,) = lines(ada("backup", "--place", place, "--json"))
    assert (first["base"], second["base"], second["events"]) == (None, first["run"], 1)
    listed = lines(ada("backups", "list", "--place", place, "--json"))
    assert [(run["kind"], run["total_events"]) for run in listed] == [("full", 2), ("incremental", 3)]
    (verified,) = lines(ada("backups", "verify", "--place", place, "--json"))
    assert (verified["events"], verified["damaged"]) == (3, 0)
    empty = elsewhere()
    assert empty.ledger_url is not None
    there = {
        "LIFELEDGER_LEDGER_URL": empty.ledger_url.get_secret_value(),
        "LIFELEDGER_BLOB_URL": str(empty.blob_url),
    }
    (restored,) = lines(ada("restore", "--place", place, "--json", **there))
    assert restored["events"] == 3
    (shown,) = lines(ada("show", task, "--json", **there))
    assert shown["title"] == "Renew passport"
    assert ada("restore", "--place", place, **there).returncode == 1


def test_a_damaged_backup_is_named_and_is_an_exit_code(ada: Run, tmp_path: Path) -> None:
    lines(ada("backup", "--place", str(tmp_path / "place"), "--json"))
    (part,) = (tmp_path / "place").rglob("*.part")
    part.write_bytes(part.read_bytes()[:-1])
    finished = ada("backups", "verify", "--place", str(tmp_path / "place"))
    assert finished.returncode == 1
    assert f"damaged: runs/{part.parent.name}/{part.name}, bucket " in finished.stdout


def test_a_copy_is_exported_and_imported_with_a_passphrase(ada: Run, tmp_path: Path) -> None:
    made(ada, "task.create", "title=Renew passport")
    secret = {"LIFELEDGER_EXPORT_PASSPHRASE": "correct horse"}
    (exported,) = lines(ada("export", "--json", str(tmp_path / "copy"), **secret))
    assert (exported["records"], exported["encrypted"]) == (2, True)
    (imported,) = lines(ada("import", str(tmp_path / "copy"), "--json", **secret))
    assert (imported["unchanged"], imported["events"], imported["skipped"]) == (2, 0, {})
    wrong = ada("import", str(tmp_path / "copy"), LIFELEDGER_EXPORT_PASSPHRASE="wrong")  # noqa: S106 - a test's
    assert (wrong.returncode, wrong.stderr) == (1, "lifeledger: the passphrase does not open the copy\n")


def test_an_empty_data_directory_with_backups_offers_them_and_begins_nothing(folder: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LIFELEDGER_")}
    environment["LIFELEDGER_STANDBY"] = "0"

    def program(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "infrastructure.cli", *arguments, "--data-dir", str(folder)],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    assert program("init", "ada", "ada@example.org").returncode == 0
    assert program("backup").returncode == 0
    assert program("status").returncode == 0
    stop(folder)
    shutil.rmtree(folder / "postgres")
    for command in (("init", "eve", "eve@example.org"), ("status",)):
        refused = program(*command)
        assert refused.returncode == 1
        assert re.fullmatch("lifeledger: [^\n]* lifeledger restore[^\n]*\n", refused.stderr)
    assert not (folder / "postgres").exists()
