"""Whose data directory it is: root does not work in one that belongs to somebody else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infrastructure.cli.app import EXIT_REFUSED
from infrastructure.data_dir import is_closed_to_root
from infrastructure.errors import ConfigurationError
from infrastructure.settings import Settings
from tests.conftest import ROOT

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gets into the folders of others")
SOMEBODY = 54321


@pytest.fixture
def somebody_elses() -> Iterator[Path]:
    """A data directory of another user, in which a store was made before."""
    folder = Path(tempfile.mkdtemp(prefix="lifeledger-test-")).resolve()
    (folder / "run").mkdir()
    for each in (folder, folder / "run"):
        os.chown(each, SOMEBODY, SOMEBODY)
    yield folder
    shutil.rmtree(folder)


@as_root
@pytest.mark.parametrize(
    "line",
    [
        "init ada ada@example.org",
        "status",
        "find task",
        "do task.create title=x",
        "worker",
        "backup",
        "backups list",
        "keys status",
        "erasures list",
        "stop",
    ],
)
def test_root_is_refused_before_anything_is_written(somebody_elses: Path, line: str) -> None:
    before = sorted(somebody_elses.rglob("*"))
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("LIFELEDGER_")}
    finished = subprocess.run(
        [sys.executable, "-m", "infrastructure.cli", *line.split(), "--data-dir", str(somebody_elses)],
        env=inherited,  # with a standby
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (finished.returncode, finished.stdout) == (EXIT_REFUSED, "")
    assert finished.stderr == (
        f"lifeledger: {somebody_elses} belongs to another user: run lifeledger as that user and not as root, "
        "or give the folder to root (chown)\n"
    )
    assert sorted(somebody_elses.rglob("*")) == before


@as_root
def test_a_link_to_somebody_elses_data_directory_is_refused_too(
    somebody_elses: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = tmp_path / "link"
    link.symlink_to(somebody_elses)
    monkeypatch.setenv("LIFELEDGER_DATA_DIR", str(link))
    with pytest.raises(ConfigurationError, match="belongs to another user"):
        Settings()


def test_ones_own_data_directory_and_one_that_is_to_be_made_are_taken(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "new"):
        assert Settings(data_dir=folder).data_dir == folder


def test_who_is_not_root_is_left_to_the_modes_of_the_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: SOMEBODY)
    assert not is_closed_to_root(str(tmp_path))
