"""Data directories that leave no server behind."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from infrastructure.embedded.servers import EmbeddedServers, running, stop
from tests.embedded.processes import processes_of, wait_until


def end_servers(data_dir: Path) -> None:
    status = running(data_dir)
    stop(data_dir, timeout=20.0)
    if status is not None:
        for pid in filter(None, (status.keeper_pid, status.postgres_pid, status.redis_pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not processes_of(data_dir))


@contextmanager
def temporary_data_dir(name: str = "data") -> Iterator[Path]:
    # Not pytest's tmp_path: its parents are closed to the account that runs the servers when we are root.
    folder = Path(tempfile.mkdtemp(prefix="lifeledger-test-")).resolve()
    folder.chmod(0o711)
    try:
        yield folder / name
    finally:
        end_servers(folder / name)
        shutil.rmtree(folder)


@pytest.fixture
def unused_data_dir() -> Iterator[Path]:
    """A place for a data directory, where nothing is yet."""
    with temporary_data_dir() as folder:
        yield folder


@pytest.fixture(scope="package")
def used_data_dir() -> Iterator[Path]:
    with temporary_data_dir() as folder:
        yield folder


@pytest.fixture
def data_dir(used_data_dir: Path) -> Iterator[Path]:
    """A data directory that earlier tests may have used, with nothing running: initdb takes most of a first start."""
    yield used_data_dir
    end_servers(used_data_dir)


@pytest.fixture(scope="package")
def shared_servers() -> Iterator[EmbeddedServers]:
    """Running servers for the tests that only look."""
    with temporary_data_dir("shared") as folder, EmbeddedServers(folder) as servers:
        yield servers


@pytest.fixture(scope="package")
def shared_data_dir(shared_servers: EmbeddedServers) -> Path:
    return shared_servers._layout.root
