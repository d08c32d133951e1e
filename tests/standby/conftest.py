"""Standbys of the echo program beside a lock that stands for the keeper's, and of the real one beside real servers."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from infrastructure.embedded import locks
from infrastructure.embedded.layout import layout_of
from infrastructure.standby.launch import start_unless_there
from infrastructure.standby.place import LOCK, socket_in
from tests.embedded.processes import PROC, processes_of, wait_until

ROOT = Path(__file__).parents[2]
_ASK = "import sys; sys.path.insert(0, sys.argv.pop(1)); from tests.standby.echo import ask; ask()"


def standby_of(data_dir: Path) -> int | None:
    """Return the process that stands by and listens."""
    path = socket_in(str(data_dir))
    if path is None or not locks.file_is_held(data_dir / LOCK):
        return None
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(path)  # a name alone may be that of one that was killed
        except OSError:
            return None
    return int((data_dir / LOCK).read_text())


def has_loaded(data_dir: Path) -> bool:
    """Whether a standby has nothing left to load: it sleeps until somebody asks. Until then it may keep a caller waiting."""
    pid = standby_of(data_dir)
    return pid is not None and all(_sleeps(pid) for _ in range(10))


def _sleeps(pid: int) -> bool:
    time.sleep(0.02)
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] == "S"
    except OSError:
        return False  # it has just ended


@dataclass
class Echo:
    """The echo program on a data directory of its own, whose keeper's lock the test holds."""

    data_dir: Path
    root: Path = ROOT
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    folder: Path = Path("/")

    @property
    def socket(self) -> str:
        return str(socket_in(str(self.data_dir)))

    def stand_by(self) -> int:
        """Start a standby and return its number when it can be asked."""
        self.start()
        wait_until(lambda: standby_of(self.data_dir))
        return int((self.data_dir / LOCK).read_text())

    def start(self) -> None:
        start_unless_there(str(self.data_dir), "tests.standby.echo")

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-c", _ASK, str(self.root), self.socket, *words]

    def begin(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*words),
            env=self.environment,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ask(self, *words: str, given: str = "", by_itself: bool = False) -> subprocess.CompletedProcess[str]:
        """Run the program; see whether the standby has run it."""
        finished = subprocess.run(
            self.command(*words),
            env=self.environment,
            cwd=self.folder,
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ("by itself" in finished.stderr) == by_itself, finished.stderr
        finished.stderr = finished.stderr.removeprefix("by itself\n")
        return finished


@contextmanager
def folder_of_data() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="lifeledger-test-")).resolve()
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def keeper() -> Iterator[Callable[[Path], int]]:
    """Takes the lock of the keeper of a data directory, as long as a keeper would live."""
    held: list[int] = []

    def keep(data_dir: Path) -> int:
        layout = layout_of(data_dir)
        for place in (layout.run, layout.log("standby").parent):
            place.mkdir(parents=True, exist_ok=True)
        held.append(locks.open_lock(layout.keeper_lock))
        assert locks.try_exclusive(held[-1])
        return held[-1]

    yield keep
    for each in held:
        locks.release(each)
        os.close(each)


@pytest.fixture
def echo(keeper: Callable[[Path], int]) -> Iterator[Echo]:
    with folder_of_data() as data_dir:
        lock = keeper(data_dir)
        yield Echo(data_dir)
        locks.release(lock)
        wait_until(lambda: not processes_of(data_dir))
