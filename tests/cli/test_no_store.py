"""A folder without a store, as a mistyped path is: who asks there is told so, and nothing is made."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from infrastructure.cli.app import EXIT_NOT_FOUND, EXIT_UNAVAILABLE
from infrastructure.cli.commands import COMMANDS
from infrastructure.cli.context import opened, require_store
from infrastructure.errors import NoStore
from infrastructure.settings import Settings
from tests.cli.test_cli import PROGRAM
from tests.conftest import ROOT
from tests.embedded.conftest import temporary_data_dir
from tests.embedded.processes import processes_of

MAKING = {"init", "demo", "migrate", "worker", "restore", "keys restore"}
"""Commands that may be the first in a data directory; an import is where it brings a person along."""
WITHOUT = {"kinds", "stop"}
"""Commands that need no store."""
ID = "00000000-0000-0000-0000-000000000000"

LINES = (
    "show ID", "find task", "timeline", "agenda", "search x", "threads", "history ID", "audit", "diff --from yesterday",
    "revert --record ID --to now", "statistics", "content ID new", "do task.create title=x", "import FILE", "erase --grounds x",
    "erase --record ID --dry-run", "erasures list", "erasures verify ID", "find-person a@example.org", "hold list",
    "hold place --reason r --purpose p --until 2099-01-01 --kind task", "hold release ID", "retention list", "retention run",
    "retention set task --days 1 --then trash", "backup", "backup --place PLACE", "backups list", "backups verify",
    "backups prune", "export new --plain", "keys status", "keys rotate", "keys backup new", "status",
    "projections parked", "projections retry", "rebuild", "rebuild --list",
)  # fmt: skip


Ask = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def ask(standby: Path, tmp_path: Path) -> Ask:
    """Runs the program in an empty folder, with embedded servers and a standby to be started."""
    (tmp_path / "file.md").write_text("# A note\n")
    words = {"ID": ID, "FILE": "file.md", "PLACE": str(tmp_path / "place")}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("LIFELEDGER_")}

    def ask(line: str, data_dir: Path) -> subprocess.CompletedProcess[str]:
        given = [words.get(word, word) for word in line.split()]
        return subprocess.run(
            [sys.executable, "-c", PROGRAM, str(ROOT), str(standby), *given, "--data-dir", str(data_dir)],
            env=inherited,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return ask


def test_every_command_is_known_to_need_a_store_or_not() -> None:
    assert {line.split()[0] for line in LINES} | {line.split()[0] for line in MAKING} | WITHOUT == set(
        COMMANDS
    )


@pytest.mark.parametrize("line", LINES)
def test_a_question_where_no_store_is_says_so_and_makes_nothing(ask: Ask, tmp_path: Path, line: str) -> None:
    mistyped = tmp_path / "mistyped" / "path"
    before = sorted(tmp_path.rglob("*"))
    finished = ask(line, mistyped)
    assert (finished.returncode, finished.stdout) == (EXIT_NOT_FOUND, ""), finished.stderr
    assert finished.stderr == (
        f"lifeledger: there is no store in {mistyped}; lifeledger init NAME EMAIL makes one\n"
    )
    assert sorted(tmp_path.rglob("*")) == before
    assert processes_of(mistyped) == {}


def test_a_folder_that_is_there_and_empty_has_no_store_either(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    finished = ask("find task", tmp_path / "empty")
    assert finished.returncode == EXIT_NOT_FOUND
    assert list((tmp_path / "empty").iterdir()) == []


def test_stop_where_no_store_is_makes_nothing(ask: Ask, tmp_path: Path) -> None:
    finished = ask("stop", tmp_path / "mistyped")
    assert (finished.returncode, finished.stdout) == (0, "no servers were running\n")
    assert not (tmp_path / "mistyped").exists()


def test_backups_of_a_store_that_is_gone_can_be_looked_at(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "data" / "backups").mkdir(parents=True)
    for line in ("backups list", "backups list --place PLACE"):
        finished = ask(line, tmp_path / "data")
        assert (finished.returncode, finished.stdout) == (0, "there are no backups\n")


def test_what_is_no_folder_is_left_to_who_opens_the_store(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    finished = ask("find task", tmp_path / "data")
    assert finished.returncode == EXIT_UNAVAILABLE
    assert "choose another data directory" in finished.stderr


def test_servers_of_ones_own_need_no_folder(settings: Settings) -> None:
    require_store(settings)
    assert not settings.data_dir.exists()


def test_what_may_make_a_store_does_and_the_next_command_finds_it() -> None:
    with temporary_data_dir() as data_dir:
        with pytest.raises(NoStore), opened(data_dir):
            pass
        with opened(data_dir, or_made=True):
            pass
        with opened(data_dir) as store:
            assert store.erasures.all() == []
